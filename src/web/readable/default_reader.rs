use std::future::poll_fn;
use std::marker::PhantomData;
use std::panic::UnwindSafe;
use std::task::{Context, Poll, ready};

use js_sys::Error;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::{IntoStream, IntoTypedStream, ReadableStream, sys};
use crate::web::raw;
use crate::web::settle::Settling;

/// A [default reader](https://streams.spec.whatwg.org/#default-reader-class), which locks its stream.
///
/// [`get_reader`](ReadableStream::get_reader) makes one. Its drop releases the lock.
///
/// ```no_run
/// # use tidegate::web::ReadableStream;
/// # use wasm_bindgen::JsValue;
/// # async fn count(mut stream: ReadableStream) -> Result<u32, JsValue> {
/// let mut reader = stream.get_reader();
/// let mut chunks = 0;
/// while let Some(_chunk) = reader.read().await? {
///     chunks += 1;
/// }
/// # Ok(chunks)
/// # }
/// ```
#[derive(Debug)]
pub struct ReadableStreamDefaultReader<'stream> {
    raw: sys::ReadableStreamDefaultReader,
    settling: Settling,
    released: bool,
    stream: PhantomData<&'stream mut ReadableStream>,
}

// The borrow of the stream is for the lock only: nothing behind it changes in Rust.
impl UnwindSafe for ReadableStreamDefaultReader<'_> {}

impl<'stream> ReadableStreamDefaultReader<'stream> {
    pub(super) fn acquire(stream: &raw::Readable) -> Result<Self, Error> {
        Ok(Self {
            raw: stream.get_reader()?.unchecked_into(),
            settling: Settling::new(),
            released: false,
            stream: PhantomData,
        })
    }

    fn reader(&self) -> &raw::Reader {
        self.raw.unchecked_ref()
    }

    /// The JavaScript reader.
    ///
    /// ```no_run
    /// # fn raw(stream: &mut tidegate::web::ReadableStream) {
    /// let reader = stream.get_reader();
    /// let raw: &web_sys::ReadableStreamDefaultReader = reader.as_raw();
    /// # }
    /// ```
    pub fn as_raw(&self) -> &sys::ReadableStreamDefaultReader {
        &self.raw
    }

    /// Waits until the stream is closed. Fails with the stream's error, or if the lock is released before.
    ///
    /// ```no_run
    /// # async fn wait(stream: &mut tidegate::web::ReadableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// stream.get_reader().closed().await
    /// # }
    /// ```
    pub async fn closed(&self) -> Result<(), JsValue> {
        JsFuture::from(self.reader().closed()).await.map(drop)
    }

    /// Cancels the stream.
    ///
    /// ```no_run
    /// # async fn stop(stream: &mut tidegate::web::ReadableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// stream.get_reader().cancel().await
    /// # }
    /// ```
    pub async fn cancel(&mut self) -> Result<(), JsValue> {
        self.cancel_with_reason(&JsValue::UNDEFINED).await
    }

    /// Cancels the stream with a reason.
    ///
    /// ```no_run
    /// # async fn stop(stream: &mut tidegate::web::ReadableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// stream.get_reader().cancel_with_reason(&"the user left".into()).await
    /// # }
    /// ```
    pub async fn cancel_with_reason(&mut self, reason: &JsValue) -> Result<(), JsValue> {
        JsFuture::from(self.reader().cancel(reason)).await.map(drop)
    }

    /// The next chunk; `None` at the end of the stream.
    ///
    /// A future that is dropped before it is ready loses no chunk: the next `read()` gets it.
    ///
    /// ```no_run
    /// # async fn first(stream: &mut tidegate::web::ReadableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// let mut reader = stream.get_reader();
    /// let first = reader.read().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read(&mut self) -> Result<Option<JsValue>, JsValue> {
        poll_fn(|context| self.poll_read(context)).await
    }

    pub(super) fn poll_read(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<JsValue>, JsValue>> {
        if !self.settling.is_busy() {
            let promise = self.reader().read();
            self.settling.start(&promise);
        }
        let result = ready!(self.settling.poll(context))?;
        let result = result.unchecked_ref::<raw::ReadResult>();
        Poll::Ready(Ok((!result.done()).then(|| result.value())))
    }

    pub(super) fn cancel_and_forget(&self) {
        raw::ignore(self.reader().cancel(&JsValue::UNDEFINED));
    }

    /// Releases the lock, as the drop does. A read that is pending fails.
    ///
    /// ```no_run
    /// # async fn skip_one(stream: &mut tidegate::web::ReadableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// let mut reader = stream.get_reader();
    /// reader.read().await?;
    /// reader.release_lock();
    /// assert!(!stream.is_locked());
    /// # Ok(())
    /// # }
    /// ```
    pub fn release_lock(self) {}

    /// Releases the lock. Engines older than 2022 refuse that while a read is pending.
    ///
    /// ```no_run
    /// # fn release(stream: &mut tidegate::web::ReadableStream) {
    /// if let Err((error, _reader)) = stream.get_reader().try_release_lock() {
    ///     eprintln!("still locked: {error:?}");
    /// }
    /// # }
    /// ```
    pub fn try_release_lock(mut self) -> Result<(), (Error, Self)> {
        match self.reader().release_lock() {
            Ok(()) => {
                self.released = true;
                Ok(())
            }
            Err(error) => Err((error, self)),
        }
    }

    /// This reader as a stream. Its drop releases the lock and does not cancel, so the rest can be read otherwise.
    ///
    /// ```no_run
    /// # use futures_util::StreamExt;
    /// # async fn skip_two(stream: &mut tidegate::web::ReadableStream) {
    /// let mut head = stream.get_reader().into_stream().take(2);
    /// while let Some(_chunk) = head.next().await {}
    /// # }
    /// ```
    pub fn into_stream(self) -> IntoStream<'stream> {
        IntoStream::new(self, false)
    }

    /// As [`into_stream`](Self::into_stream), with typed items.
    ///
    /// ```no_run
    /// # fn texts(stream: &mut tidegate::web::ReadableStream) {
    /// let texts = stream.get_reader().into_typed_stream::<String>();
    /// # }
    /// ```
    pub fn into_typed_stream<T: TryFrom<JsValue>>(self) -> IntoTypedStream<'stream, T> {
        IntoTypedStream::new(self.into_stream())
    }
}

impl Drop for ReadableStreamDefaultReader<'_> {
    fn drop(&mut self) {
        if !self.released {
            let _ = self.reader().release_lock();
        }
    }
}
