use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::{FusedStream, Stream};
use wasm_bindgen::prelude::*;

use super::ReadableStreamDefaultReader;
use crate::web::ItemError;

/// A JavaScript stream as a [`Stream`] of its chunks.
///
/// [`ReadableStream::into_stream`](super::ReadableStream::into_stream) makes one whose drop cancels the stream unless it has
/// ended, [`ReadableStreamDefaultReader::into_stream`] one whose drop releases the lock.
///
/// ```no_run
/// use futures_util::TryStreamExt;
/// # use tidegate::web::ReadableStream;
/// # use wasm_bindgen::JsValue;
/// # async fn all(stream: ReadableStream) -> Result<Vec<JsValue>, JsValue> {
/// stream.into_stream().try_collect().await
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a stream does nothing unless it is polled"]
pub struct IntoStream<'reader> {
    reader: Option<ReadableStreamDefaultReader<'reader>>,
    cancel_on_drop: bool,
}

impl<'reader> IntoStream<'reader> {
    pub(super) fn new(reader: ReadableStreamDefaultReader<'reader>, cancel_on_drop: bool) -> Self {
        Self {
            reader: Some(reader),
            cancel_on_drop,
        }
    }

    /// Cancels the stream, and waits until its source has done so.
    ///
    /// ```no_run
    /// # async fn stop(stream: tidegate::web::ReadableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// stream.into_stream().cancel().await
    /// # }
    /// ```
    pub async fn cancel(self) -> Result<(), JsValue> {
        self.cancel_with_reason(&JsValue::UNDEFINED).await
    }

    /// Cancels the stream with a reason.
    ///
    /// ```no_run
    /// # async fn stop(stream: tidegate::web::ReadableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// stream.into_stream().cancel_with_reason(&"the user left".into()).await
    /// # }
    /// ```
    pub async fn cancel_with_reason(mut self, reason: &JsValue) -> Result<(), JsValue> {
        match self.reader.take() {
            Some(mut reader) => reader.cancel_with_reason(reason).await,
            None => Ok(()),
        }
    }
}

impl Stream for IntoStream<'_> {
    type Item = Result<JsValue, JsValue>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(reader) = &mut self.reader else {
            return Poll::Ready(None);
        };
        let chunk = ready!(reader.poll_read(context)).transpose();
        if !matches!(chunk, Some(Ok(_))) {
            self.reader = None;
        }
        Poll::Ready(chunk)
    }
}

impl FusedStream for IntoStream<'_> {
    fn is_terminated(&self) -> bool {
        self.reader.is_none()
    }
}

impl Drop for IntoStream<'_> {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.take().filter(|_| self.cancel_on_drop) {
            reader.cancel_and_forget();
        }
    }
}

/// As [`IntoStream`], with items of a type that a [`JsValue`] can be converted to.
///
/// A chunk that cannot be converted is an item with [`ItemError::Item`]; the stream goes on after it.
///
/// ```no_run
/// use futures_util::TryStreamExt;
/// # use tidegate::web::{ItemError, ReadableStream};
/// # use wasm_bindgen::JsValue;
/// # async fn all(stream: ReadableStream) -> Result<String, ItemError<JsValue>> {
/// stream.into_typed_stream::<String>().try_collect().await
/// # }
/// ```
#[must_use = "a stream does nothing unless it is polled"]
pub struct IntoTypedStream<'reader, T> {
    stream: IntoStream<'reader>,
    item: PhantomData<fn() -> T>,
}

impl<'reader, T> IntoTypedStream<'reader, T> {
    pub(super) fn new(stream: IntoStream<'reader>) -> Self {
        Self {
            stream,
            item: PhantomData,
        }
    }

    /// The stream of JavaScript values.
    ///
    /// ```no_run
    /// # fn values(stream: tidegate::web::ReadableStream) {
    /// let values = stream.into_typed_stream::<String>().into_inner();
    /// # }
    /// ```
    pub fn into_inner(self) -> IntoStream<'reader> {
        self.stream
    }
}

impl<T: TryFrom<JsValue>> Stream for IntoTypedStream<'_, T> {
    type Item = Result<T, ItemError<T::Error>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let chunk = ready!(Pin::new(&mut self.stream).poll_next(context));
        Poll::Ready(chunk.map(|chunk| {
            let chunk = chunk.map_err(ItemError::Stream)?;
            T::try_from(chunk).map_err(ItemError::Item)
        }))
    }
}

impl<T: TryFrom<JsValue>> FusedStream for IntoTypedStream<'_, T> {
    fn is_terminated(&self) -> bool {
        self.stream.is_terminated()
    }
}

impl<T> fmt::Debug for IntoTypedStream<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("IntoTypedStream")
            .field(&self.stream)
            .finish()
    }
}
