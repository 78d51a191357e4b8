use std::marker::PhantomData;
use std::panic::UnwindSafe;

use js_sys::Error;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::{IntoAsyncWrite, IntoSink, IntoTypedSink, WritableStream, sys};
use crate::web::raw;

/// A [writer](https://streams.spec.whatwg.org/#default-writer-class), which locks its stream.
///
/// [`get_writer`](WritableStream::get_writer) makes one. Its drop releases the lock, and neither closes nor aborts.
///
/// ```no_run
/// # use tidegate::web::WritableStream;
/// # use wasm_bindgen::JsValue;
/// # async fn hello(mut stream: WritableStream) -> Result<(), JsValue> {
/// let mut writer = stream.get_writer();
/// writer.write("hello".into()).await?;
/// writer.close().await
/// # }
/// ```
#[derive(Debug)]
pub struct WritableStreamDefaultWriter<'stream> {
    raw: sys::WritableStreamDefaultWriter,
    stream: PhantomData<&'stream mut WritableStream>,
}

// The borrow of the stream is for the lock only: nothing behind it changes in Rust.
impl UnwindSafe for WritableStreamDefaultWriter<'_> {}

impl<'stream> WritableStreamDefaultWriter<'stream> {
    pub(super) fn acquire(stream: &raw::Writable) -> Result<Self, Error> {
        Ok(Self {
            raw: stream.get_writer()?.unchecked_into(),
            stream: PhantomData,
        })
    }

    pub(super) fn writer(&self) -> &raw::Writer {
        self.raw.unchecked_ref()
    }

    /// The JavaScript writer.
    ///
    /// ```no_run
    /// # fn raw(stream: &mut tidegate::web::WritableStream) {
    /// let writer = stream.get_writer();
    /// let raw: &web_sys::WritableStreamDefaultWriter = writer.as_raw();
    /// # }
    /// ```
    pub fn as_raw(&self) -> &sys::WritableStreamDefaultWriter {
        &self.raw
    }

    /// Waits until the stream is closed. Fails with the stream's error, or if the lock is released before.
    ///
    /// ```no_run
    /// # async fn wait(stream: &mut tidegate::web::WritableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// stream.get_writer().closed().await
    /// # }
    /// ```
    pub async fn closed(&self) -> Result<(), JsValue> {
        JsFuture::from(self.writer().closed()).await.map(drop)
    }

    /// How much the queue has room for; 0 or less while there is backpressure, `None` once the stream has failed.
    ///
    /// ```no_run
    /// # fn has_room(stream: &mut tidegate::web::WritableStream) -> bool {
    /// stream.get_writer().desired_size().is_some_and(|size| size > 0.0)
    /// # }
    /// ```
    pub fn desired_size(&self) -> Option<f64> {
        self.writer().desired_size().unwrap_or_default()
    }

    /// Waits until there is no backpressure. Fails with the stream's error.
    ///
    /// ```no_run
    /// # async fn wait(stream: &mut tidegate::web::WritableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// stream.get_writer().ready().await
    /// # }
    /// ```
    pub async fn ready(&self) -> Result<(), JsValue> {
        JsFuture::from(self.writer().ready()).await.map(drop)
    }

    /// Aborts the stream: what is queued is dropped.
    ///
    /// ```no_run
    /// # async fn stop(stream: &mut tidegate::web::WritableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// stream.get_writer().abort().await
    /// # }
    /// ```
    pub async fn abort(&mut self) -> Result<(), JsValue> {
        self.abort_with_reason(&JsValue::UNDEFINED).await
    }

    /// Aborts the stream with a reason.
    ///
    /// ```no_run
    /// # async fn stop(stream: &mut tidegate::web::WritableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// stream.get_writer().abort_with_reason(&"the user left".into()).await
    /// # }
    /// ```
    pub async fn abort_with_reason(&mut self, reason: &JsValue) -> Result<(), JsValue> {
        JsFuture::from(self.writer().abort(reason)).await.map(drop)
    }

    /// Writes a chunk, and waits until the sink has taken it. It does not wait for [`ready`](Self::ready) first.
    ///
    /// ```no_run
    /// # async fn write(stream: &mut tidegate::web::WritableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// stream.get_writer().write("hello".into()).await
    /// # }
    /// ```
    pub async fn write(&mut self, chunk: JsValue) -> Result<(), JsValue> {
        JsFuture::from(self.writer().write(&chunk)).await.map(drop)
    }

    /// Closes the stream, and waits until everything is written.
    ///
    /// ```no_run
    /// # async fn close(stream: &mut tidegate::web::WritableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// stream.get_writer().close().await
    /// # }
    /// ```
    pub async fn close(&mut self) -> Result<(), JsValue> {
        JsFuture::from(self.writer().close()).await.map(drop)
    }

    /// This writer as a sink. Its drop releases the lock, and neither closes nor aborts.
    ///
    /// ```no_run
    /// # use futures_util::SinkExt;
    /// # async fn header(stream: &mut tidegate::web::WritableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// stream.get_writer().into_sink().send("name,size".into()).await
    /// # }
    /// ```
    pub fn into_sink(self) -> IntoSink<'stream> {
        IntoSink::new(self, false)
    }

    /// As [`into_sink`](Self::into_sink), with typed items.
    ///
    /// ```no_run
    /// # fn texts(stream: &mut tidegate::web::WritableStream) {
    /// let texts = stream.get_writer().into_typed_sink::<&str>();
    /// # }
    /// ```
    pub fn into_typed_sink<T: Into<JsValue>>(self) -> IntoTypedSink<'stream, T> {
        IntoTypedSink::new(self.into_sink())
    }

    /// This writer as an `AsyncWrite`. Its drop releases the lock, and neither closes nor aborts.
    ///
    /// ```no_run
    /// # use futures_util::AsyncWriteExt;
    /// # async fn header(stream: &mut tidegate::web::WritableStream) -> std::io::Result<()> {
    /// stream.get_writer().into_async_write().write_all(b"name,size\n").await
    /// # }
    /// ```
    pub fn into_async_write(self) -> IntoAsyncWrite<'stream> {
        IntoAsyncWrite::new(self.into_sink())
    }
}

impl Drop for WritableStreamDefaultWriter<'_> {
    fn drop(&mut self) {
        let _ = self.writer().release_lock();
    }
}
