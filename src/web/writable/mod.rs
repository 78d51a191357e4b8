//! Writable streams: handles, writers, and what is made of them.
use futures_sink::Sink;
use js_sys::Error;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

mod default_writer;
mod into_async_write;
mod into_sink;
mod underlying_sink;

pub use default_writer::WritableStreamDefaultWriter;
pub use into_async_write::IntoAsyncWrite;
pub use into_sink::{IntoSink, IntoTypedSink};

use super::{StreamOptions, raw};

/// The classes of [`web_sys`] that the handles are made of. A JavaScript value of another class with the same methods is cast
/// with `unchecked_into()`.
pub mod sys {
    pub use web_sys::WritableStream;
    pub use web_sys::WritableStreamDefaultWriter;
}

/// A JavaScript [`WritableStream`](https://streams.spec.whatwg.org/#ws-class): the engine's, the npm package's, or any object
/// with its methods.
///
/// Dropping the handle does nothing to the stream, which JavaScript may hold as well. Dropping what
/// [`into_sink`](Self::into_sink) or [`into_async_write`](Self::into_async_write) has made aborts it, unless it is closed.
///
/// ```no_run
/// use futures_util::SinkExt;
/// use tidegate::web::WritableStream;
/// use wasm_bindgen::JsValue;
///
/// # async fn save(file: web_sys::WritableStream) -> Result<(), JsValue> {
/// let mut sink = WritableStream::from_raw(file).into_sink();
/// sink.send("name,size\n".into()).await?;
/// sink.close().await
/// # }
/// ```
#[derive(Debug)]
pub struct WritableStream {
    raw: sys::WritableStream,
}

impl WritableStream {
    /// The handle of a JavaScript stream.
    ///
    /// ```no_run
    /// # use tidegate::web::WritableStream;
    /// # fn file(raw: web_sys::WritableStream) {
    /// let stream = WritableStream::from_raw(raw);
    /// # }
    /// ```
    pub fn from_raw(raw: sys::WritableStream) -> Self {
        Self { raw }
    }

    /// The handle of any object that has the methods of a stream; gives the value back if it has not.
    ///
    /// ```no_run
    /// # use tidegate::web::WritableStream;
    /// # use wasm_bindgen::JsValue;
    /// # fn take(value: JsValue) -> Result<(), JsValue> {
    /// let stream = WritableStream::from_js(value)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_js(value: JsValue) -> Result<Self, JsValue> {
        if raw::has_methods(&value, &["getWriter", "abort"]) {
            Ok(Self::from_raw(value.unchecked_into()))
        } else {
            Err(value)
        }
    }

    /// A new JavaScript stream that writes into a Rust sink. A write is over when the sink has flushed the chunk.
    ///
    /// The sink is dropped when it is closed or has failed, when the JavaScript stream is aborted, even while a write is pending,
    /// and when that is garbage. [`from_sink_with_options`](Self::from_sink_with_options) has a longer queue, or a class other
    /// than the engine's.
    ///
    /// # Panics
    ///
    /// If there is no global `WritableStream`.
    ///
    /// ```no_run
    /// # use futures_util::{SinkExt, sink};
    /// # use tidegate::web::WritableStream;
    /// # use wasm_bindgen::JsValue;
    /// let nowhere = sink::drain().sink_map_err(|never| match never {});
    /// let stream = WritableStream::from_sink::<_>(nowhere);
    /// ```
    pub fn from_sink<Si>(sink: Si) -> Self
    where
        Si: Sink<JsValue, Error = JsValue> + 'static,
    {
        Self::from_sink_with_options(sink, &StreamOptions::new())
            .expect_throw("WritableStream::from_sink(): cannot make a WritableStream")
    }

    /// As [`from_sink`](Self::from_sink), with options. The high-water mark is 1 chunk unless it is set. Fails with what the
    /// class's constructor throws.
    ///
    /// ```no_run
    /// # use futures_util::{SinkExt, sink};
    /// # use tidegate::web::{StreamOptions, WritableStream};
    /// # use wasm_bindgen::JsValue;
    /// # fn make() -> Result<WritableStream, JsValue> {
    /// let ahead = StreamOptions::new().high_water_mark(8.0);
    /// let nowhere = sink::drain().sink_map_err(|never| match never {});
    /// WritableStream::from_sink_with_options(nowhere, &ahead)
    /// # }
    /// ```
    pub fn from_sink_with_options<Si>(sink: Si, options: &StreamOptions) -> Result<Self, JsValue>
    where
        Si: Sink<JsValue, Error = JsValue> + 'static,
    {
        let sink = underlying_sink::underlying_sink(sink);
        let raw = options.construct("WritableStream", &sink, 1.0)?;
        Ok(Self::from_raw(raw.unchecked_into()))
    }

    /// As [`from_sink`](Self::from_sink), for a sink of any items that a JavaScript value can be converted to. A chunk that cannot
    /// fails the stream.
    ///
    /// ```no_run
    /// # use futures_util::SinkExt;
    /// # use tidegate::channel::{QueuingStrategy, channel};
    /// # use tidegate::web::{Chunk, JsReason, WritableStream};
    /// # use wasm_bindgen::JsValue;
    /// let (sender, receiver) = channel::<Chunk>(QueuingStrategy::count(4));
    /// let sender = sender.sink_map_err(|failure| js_sys::Error::new(&failure.to_string()));
    /// let stream = WritableStream::from_typed_sink(sender);
    /// ```
    pub fn from_typed_sink<Si, T>(sink: Si) -> Self
    where
        Si: Sink<T> + 'static,
        Si::Error: Into<JsValue>,
        T: TryFrom<JsValue> + 'static,
        T::Error: Into<JsValue>,
    {
        Self::from_sink(underlying_sink::Values::new(sink))
    }

    /// The JavaScript stream.
    ///
    /// ```no_run
    /// # fn raw(stream: &tidegate::web::WritableStream) {
    /// let raw: &web_sys::WritableStream = stream.as_raw();
    /// # }
    /// ```
    pub fn as_raw(&self) -> &sys::WritableStream {
        &self.raw
    }

    /// The JavaScript stream, to hand it to JavaScript.
    ///
    /// ```no_run
    /// # fn raw(stream: tidegate::web::WritableStream) {
    /// let raw: web_sys::WritableStream = stream.into_raw();
    /// # }
    /// ```
    pub fn into_raw(self) -> sys::WritableStream {
        self.raw
    }

    fn stream(&self) -> &raw::Writable {
        self.raw.unchecked_ref()
    }

    /// Whether a writer or a pipe has the stream.
    ///
    /// ```no_run
    /// # fn free(stream: &tidegate::web::WritableStream) -> bool {
    /// !stream.is_locked()
    /// # }
    /// ```
    pub fn is_locked(&self) -> bool {
        self.stream().locked()
    }

    /// Aborts the stream: what is queued is dropped. Fails if it is locked.
    ///
    /// ```no_run
    /// # async fn stop(mut stream: tidegate::web::WritableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// stream.abort().await
    /// # }
    /// ```
    pub async fn abort(&mut self) -> Result<(), JsValue> {
        self.abort_with_reason(&JsValue::UNDEFINED).await
    }

    /// Aborts the stream with a reason. Fails if it is locked.
    ///
    /// ```no_run
    /// # async fn stop(mut stream: tidegate::web::WritableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// stream.abort_with_reason(&"the user left".into()).await
    /// # }
    /// ```
    pub async fn abort_with_reason(&mut self, reason: &JsValue) -> Result<(), JsValue> {
        JsFuture::from(self.stream().abort(reason)).await.map(drop)
    }

    /// Closes the stream, and waits until everything is written. Fails if it is locked.
    ///
    /// ```no_run
    /// # async fn close(mut stream: tidegate::web::WritableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// stream.close().await
    /// # }
    /// ```
    pub async fn close(&mut self) -> Result<(), JsValue> {
        self.try_get_writer()?.close().await
    }

    /// A writer, which locks the stream until it is dropped.
    ///
    /// # Panics
    ///
    /// If the stream is locked.
    ///
    /// ```no_run
    /// # fn write(mut stream: tidegate::web::WritableStream) {
    /// let writer = stream.get_writer();
    /// # }
    /// ```
    pub fn get_writer(&mut self) -> WritableStreamDefaultWriter<'_> {
        self.try_get_writer()
            .expect_throw("WritableStream::get_writer(): the stream is locked")
    }

    /// As [`get_writer`](Self::get_writer); fails if the stream is locked.
    ///
    /// ```no_run
    /// # fn write(mut stream: tidegate::web::WritableStream) -> Result<(), js_sys::Error> {
    /// let writer = stream.try_get_writer()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_get_writer(&mut self) -> Result<WritableStreamDefaultWriter<'_>, Error> {
        WritableStreamDefaultWriter::acquire(self.stream())
    }

    /// A Rust sink of the chunks. Its drop aborts this stream, unless it is closed or has failed.
    ///
    /// # Panics
    ///
    /// If the stream is locked.
    ///
    /// ```no_run
    /// # use futures_util::SinkExt;
    /// # async fn save(stream: tidegate::web::WritableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// let mut sink = stream.into_sink();
    /// sink.send("hello".into()).await?;
    /// sink.close().await
    /// # }
    /// ```
    pub fn into_sink(self) -> IntoSink<'static> {
        match self.try_into_sink() {
            Ok(sink) => sink,
            Err((error, _)) => wasm_bindgen::throw_val(error.into()),
        }
    }

    /// As [`into_sink`](Self::into_sink); fails if the stream is locked, and gives it back.
    ///
    /// ```no_run
    /// # fn chunks(stream: tidegate::web::WritableStream) {
    /// if let Ok(sink) = stream.try_into_sink() {
    ///     // write to it
    /// }
    /// # }
    /// ```
    pub fn try_into_sink(self) -> Result<IntoSink<'static>, (Error, Self)> {
        match WritableStreamDefaultWriter::acquire(self.stream()) {
            Ok(writer) => Ok(IntoSink::new(writer, true)),
            Err(error) => Err((error, self)),
        }
    }

    /// As [`into_sink`](Self::into_sink), with items of a type that becomes a JavaScript value: strings, numbers,
    /// [`Chunk`](super::Chunk), types with `#[wasm_bindgen]`.
    ///
    /// # Panics
    ///
    /// If the stream is locked.
    ///
    /// ```no_run
    /// # use futures_util::SinkExt;
    /// # async fn save(stream: tidegate::web::WritableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// let mut sink = stream.into_typed_sink::<f64>();
    /// sink.send(1.5).await?;
    /// sink.close().await
    /// # }
    /// ```
    pub fn into_typed_sink<T: Into<JsValue>>(self) -> IntoTypedSink<'static, T> {
        IntoTypedSink::new(self.into_sink())
    }

    /// A Rust writer, which writes `Uint8Array`s. Its drop aborts this stream, unless it is closed or has failed.
    ///
    /// # Panics
    ///
    /// If the stream is locked.
    ///
    /// ```no_run
    /// # use futures_util::AsyncWriteExt;
    /// # async fn save(stream: tidegate::web::WritableStream) -> std::io::Result<()> {
    /// let mut writer = stream.into_async_write();
    /// writer.write_all(b"hello").await?;
    /// writer.close().await
    /// # }
    /// ```
    pub fn into_async_write(self) -> IntoAsyncWrite<'static> {
        IntoAsyncWrite::new(self.into_sink())
    }

    /// As [`into_async_write`](Self::into_async_write); fails if the stream is locked, and gives it back.
    ///
    /// ```no_run
    /// # fn bytes(stream: tidegate::web::WritableStream) {
    /// if let Ok(writer) = stream.try_into_async_write() {
    ///     // write to it
    /// }
    /// # }
    /// ```
    pub fn try_into_async_write(self) -> Result<IntoAsyncWrite<'static>, (Error, Self)> {
        self.try_into_sink().map(IntoAsyncWrite::new)
    }
}

impl<Si> From<Si> for WritableStream
where
    Si: Sink<JsValue, Error = JsValue> + 'static,
{
    /// As [`from_sink`](WritableStream::from_sink).
    fn from(sink: Si) -> Self {
        Self::from_sink(sink)
    }
}

impl From<WritableStream> for JsValue {
    fn from(stream: WritableStream) -> Self {
        stream.into_raw().into()
    }
}
