//! Readable streams: handles, readers, and what is made of them.
use futures_core::Stream;
use futures_io::AsyncRead;
use js_sys::{Error, Object, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

mod byob_reader;
mod byte_source;
mod default_reader;
mod into_async_read;
mod into_stream;
mod pipe;
mod pipe_options;
mod source;

pub use byob_reader::ReadableStreamBYOBReader;
pub use default_reader::ReadableStreamDefaultReader;
pub use into_async_read::IntoAsyncRead;
pub use into_stream::{IntoStream, IntoTypedStream};
pub use pipe_options::PipeOptions;

use super::{StreamOptions, TransformStream, WritableStream, raw};

/// The classes of [`web_sys`] that the handles are made of. A JavaScript value of another class with the same methods is cast
/// with `unchecked_into()`.
pub mod sys {
    pub use web_sys::ReadableStream;
    pub use web_sys::ReadableStreamByobReader as ReadableStreamBYOBReader;
    pub use web_sys::ReadableStreamDefaultReader;
    pub use web_sys::StreamPipeOptions as PipeOptions;
}

/// A JavaScript [`ReadableStream`](https://streams.spec.whatwg.org/#rs-class): the engine's, the npm package's, or any object
/// with its methods.
///
/// Dropping the handle does nothing to the stream, which JavaScript may hold as well. Dropping what
/// [`into_stream`](Self::into_stream) or [`into_async_read`](Self::into_async_read) has made cancels it.
///
/// ```no_run
/// use futures_util::{StreamExt, stream};
/// use tidegate::web::ReadableStream;
/// use wasm_bindgen::JsValue;
///
/// # async fn pass(file: web_sys::ReadableStream) -> web_sys::ReadableStream {
/// let sizes = ReadableStream::from_raw(file)
///     .into_stream()
///     .map(|chunk| Ok(JsValue::from(js_sys::Uint8Array::new(&chunk?).length())));
/// ReadableStream::from_stream(sizes).into_raw()
/// # }
/// ```
#[derive(Debug)]
pub struct ReadableStream {
    raw: sys::ReadableStream,
}

impl ReadableStream {
    /// The handle of a JavaScript stream.
    ///
    /// ```no_run
    /// # use tidegate::web::ReadableStream;
    /// # fn body(response: js_sys::Object) {
    /// # let body: web_sys::ReadableStream = wasm_bindgen::JsCast::unchecked_into(response);
    /// let stream = ReadableStream::from_raw(body);
    /// # }
    /// ```
    pub fn from_raw(raw: sys::ReadableStream) -> Self {
        Self { raw }
    }

    /// The handle of any object that has the methods of a stream; gives the value back if it has not.
    ///
    /// ```no_run
    /// # use tidegate::web::ReadableStream;
    /// # use wasm_bindgen::JsValue;
    /// # fn take(value: JsValue) -> Result<(), JsValue> {
    /// let stream = ReadableStream::from_js(value)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_js(value: JsValue) -> Result<Self, JsValue> {
        if raw::has_methods(&value, &["getReader", "cancel", "pipeTo", "tee"]) {
            Ok(Self::from_raw(value.unchecked_into()))
        } else {
            Err(value)
        }
    }

    /// A new JavaScript stream of the items of a Rust stream, which is polled when the stream is read and not before.
    ///
    /// It is dropped when it ends or fails, when the JavaScript stream is cancelled, and when that is garbage.
    /// [`from_stream_with_options`](Self::from_stream_with_options) has a queue, or a class other than the engine's.
    ///
    /// # Panics
    ///
    /// If there is no global `ReadableStream`.
    ///
    /// ```no_run
    /// # use futures_util::stream;
    /// # use tidegate::web::ReadableStream;
    /// # use wasm_bindgen::JsValue;
    /// let letters = ["a", "b"].map(|letter| Ok(JsValue::from(letter)));
    /// let stream = ReadableStream::from_stream(stream::iter(letters));
    /// ```
    pub fn from_stream<St>(stream: St) -> Self
    where
        St: Stream<Item = Result<JsValue, JsValue>> + 'static,
    {
        Self::from_stream_with_options(stream, &StreamOptions::new())
            .expect_throw("ReadableStream::from_stream(): cannot make a ReadableStream")
    }

    /// As [`from_stream`](Self::from_stream), with options. The high-water mark is 0 chunks unless it is set. Fails with what the
    /// class's constructor throws.
    ///
    /// ```no_run
    /// # use futures_util::stream;
    /// # use tidegate::web::{ReadableStream, StreamOptions};
    /// # use wasm_bindgen::JsValue;
    /// # fn make() -> Result<ReadableStream, JsValue> {
    /// let ahead = StreamOptions::new().high_water_mark(8.0);
    /// ReadableStream::from_stream_with_options(stream::repeat(Ok(JsValue::NULL)), &ahead)
    /// # }
    /// ```
    pub fn from_stream_with_options<St>(
        stream: St,
        options: &StreamOptions,
    ) -> Result<Self, JsValue>
    where
        St: Stream<Item = Result<JsValue, JsValue>> + 'static,
    {
        let source = source::underlying_source(stream);
        let raw = options.construct("ReadableStream", &source, 0.0)?;
        Ok(Self::from_raw(raw.unchecked_into()))
    }

    /// As [`from_stream`](Self::from_stream), of any items and errors that become JavaScript values: strings, numbers,
    /// [`Chunk`](super::Chunk)s, types with `#[wasm_bindgen]`.
    ///
    /// ```no_run
    /// # use futures_util::stream;
    /// # use tidegate::web::ReadableStream;
    /// let numbers = stream::iter([Ok(1.5), Ok(2.5), Err("no more numbers")]);
    /// let stream = ReadableStream::from_typed_stream(numbers);
    /// ```
    pub fn from_typed_stream<St, T, E>(stream: St) -> Self
    where
        St: Stream<Item = Result<T, E>> + 'static,
        T: Into<JsValue> + 'static,
        E: Into<JsValue> + 'static,
    {
        Self::from_stream(source::Values(Box::pin(stream)))
    }

    /// A new JavaScript byte stream of what a Rust reader reads, when it is read. Reads are of `default_buffer_len` bytes, or of
    /// the length of the consumer's view. An engine without byte streams gets a stream of `Uint8Array`s.
    ///
    /// # Panics
    ///
    /// If there is no global `ReadableStream`.
    ///
    /// ```no_run
    /// # use futures_util::io::Cursor;
    /// # use tidegate::web::ReadableStream;
    /// let stream = ReadableStream::from_async_read(Cursor::new(b"a whale"), 64 * 1024);
    /// ```
    pub fn from_async_read<R>(async_read: R, default_buffer_len: usize) -> Self
    where
        R: AsyncRead + 'static,
    {
        Self::from_async_read_with_options(async_read, default_buffer_len, &StreamOptions::new())
            .expect_throw("ReadableStream::from_async_read(): cannot make a ReadableStream")
    }

    /// As [`from_async_read`](Self::from_async_read), with options. The high-water mark is 0 bytes unless it is set. Fails with
    /// what the class's constructor throws.
    ///
    /// ```no_run
    /// # use futures_util::io::Cursor;
    /// # use tidegate::web::{ReadableStream, StreamOptions};
    /// # use wasm_bindgen::JsValue;
    /// # fn make() -> Result<ReadableStream, JsValue> {
    /// let ahead = StreamOptions::new().high_water_mark(1_000_000.0);
    /// ReadableStream::from_async_read_with_options(Cursor::new(b"a whale"), 65_536, &ahead)
    /// # }
    /// ```
    pub fn from_async_read_with_options<R>(
        async_read: R,
        default_buffer_len: usize,
        options: &StreamOptions,
    ) -> Result<Self, JsValue>
    where
        R: AsyncRead + 'static,
    {
        let source = byte_source::underlying_byte_source(async_read, default_buffer_len);
        let raw = options
            .construct("ReadableStream", &source, 0.0)
            .or_else(|_| {
                // WebKit before Safari 26.4 has no byte streams. Where there is another reason, this fails as well.
                raw::set(&source, "type", &JsValue::UNDEFINED);
                options.construct("ReadableStream", &source, 0.0)
            })?;
        Ok(Self::from_raw(raw.unchecked_into()))
    }

    /// `ReadableStream.from(asyncIterable)` of the engine. See [`try_from`](Self::try_from).
    ///
    /// # Panics
    ///
    /// If the engine has no such method, or the value is not iterable.
    ///
    /// ```no_run
    /// # use tidegate::web::ReadableStream;
    /// let stream = ReadableStream::from(js_sys::Array::of2(&1.into(), &2.into()).into());
    /// ```
    #[allow(clippy::should_implement_trait, reason = "the name in wasm-streams")]
    pub fn from(async_iterable: Object) -> Self {
        Self::try_from(async_iterable).unwrap_throw()
    }

    /// `ReadableStream.from(asyncIterable)` of the engine. Chromium 148 has none; the npm package's polyfill brings it.
    ///
    /// ```no_run
    /// # use tidegate::web::ReadableStream;
    /// # fn make(iterable: js_sys::Object) -> Result<ReadableStream, js_sys::Error> {
    /// ReadableStream::try_from(iterable)
    /// # }
    /// ```
    #[allow(clippy::should_implement_trait, reason = "the name in wasm-streams")]
    pub fn try_from(async_iterable: Object) -> Result<Self, Error> {
        let class = raw::global("ReadableStream").unwrap_or_default();
        let from = Reflect::get(&class, &"from".into()).unwrap_or_default();
        let Some(from) = from.dyn_ref::<js_sys::Function>() else {
            return Err(js_sys::TypeError::new(
                "ReadableStream::from(): the engine has no ReadableStream.from: use from_stream(), or a polyfill",
            ).into());
        };
        match from.call1(&class, &async_iterable) {
            Ok(raw) => Ok(Self::from_raw(raw.unchecked_into())),
            Err(error) => Err(error.unchecked_into()),
        }
    }

    /// The JavaScript stream.
    ///
    /// ```no_run
    /// # fn raw(stream: &tidegate::web::ReadableStream) {
    /// let raw: &web_sys::ReadableStream = stream.as_raw();
    /// # }
    /// ```
    pub fn as_raw(&self) -> &sys::ReadableStream {
        &self.raw
    }

    /// The JavaScript stream, to hand it to JavaScript.
    ///
    /// ```no_run
    /// # fn raw(stream: tidegate::web::ReadableStream) {
    /// let raw: web_sys::ReadableStream = stream.into_raw();
    /// # }
    /// ```
    pub fn into_raw(self) -> sys::ReadableStream {
        self.raw
    }

    fn stream(&self) -> &raw::Readable {
        self.raw.unchecked_ref()
    }

    /// Whether a reader or a pipe has the stream.
    ///
    /// ```no_run
    /// # fn free(stream: &tidegate::web::ReadableStream) -> bool {
    /// !stream.is_locked()
    /// # }
    /// ```
    pub fn is_locked(&self) -> bool {
        self.stream().locked()
    }

    /// Cancels the stream. Fails if it is locked.
    ///
    /// ```no_run
    /// # async fn stop(mut stream: tidegate::web::ReadableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// stream.cancel().await
    /// # }
    /// ```
    pub async fn cancel(&mut self) -> Result<(), JsValue> {
        self.cancel_with_reason(&JsValue::UNDEFINED).await
    }

    /// Cancels the stream with a reason. Fails if it is locked.
    ///
    /// ```no_run
    /// # async fn stop(mut stream: tidegate::web::ReadableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// stream.cancel_with_reason(&"the user left".into()).await
    /// # }
    /// ```
    pub async fn cancel_with_reason(&mut self, reason: &JsValue) -> Result<(), JsValue> {
        JsFuture::from(self.stream().cancel(reason)).await.map(drop)
    }

    /// A reader, which locks the stream until it is dropped.
    ///
    /// # Panics
    ///
    /// If the stream is locked.
    ///
    /// ```no_run
    /// # fn read(mut stream: tidegate::web::ReadableStream) {
    /// let reader = stream.get_reader();
    /// # }
    /// ```
    pub fn get_reader(&mut self) -> ReadableStreamDefaultReader<'_> {
        self.try_get_reader()
            .expect_throw("ReadableStream::get_reader(): the stream is locked")
    }

    /// As [`get_reader`](Self::get_reader); fails if the stream is locked.
    ///
    /// ```no_run
    /// # fn read(mut stream: tidegate::web::ReadableStream) -> Result<(), js_sys::Error> {
    /// let reader = stream.try_get_reader()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_get_reader(&mut self) -> Result<ReadableStreamDefaultReader<'_>, Error> {
        ReadableStreamDefaultReader::acquire(self.stream())
    }

    /// A BYOB reader, which locks the stream until it is dropped.
    ///
    /// # Panics
    ///
    /// If the stream is locked, or is no byte stream.
    ///
    /// ```no_run
    /// # fn read(mut stream: tidegate::web::ReadableStream) {
    /// let reader = stream.get_byob_reader();
    /// # }
    /// ```
    pub fn get_byob_reader(&mut self) -> ReadableStreamBYOBReader<'_> {
        self.try_get_byob_reader().expect_throw(
            "ReadableStream::get_byob_reader(): the stream is locked, or is no byte stream",
        )
    }

    /// As [`get_byob_reader`](Self::get_byob_reader); fails if the stream is locked, or is no byte stream.
    ///
    /// ```no_run
    /// # fn is_byte_stream(mut stream: tidegate::web::ReadableStream) -> bool {
    /// stream.try_get_byob_reader().is_ok()
    /// # }
    /// ```
    pub fn try_get_byob_reader(&mut self) -> Result<ReadableStreamBYOBReader<'_>, Error> {
        ReadableStreamBYOBReader::acquire(self.stream())
    }

    /// Pipes the stream into a sink, which is closed at the end.
    ///
    /// The stream and the sink may be of different classes: the engine's, the npm package's, a polyfill's. A future that is
    /// dropped does not stop the pipe; [`PipeOptions::signal`] does.
    ///
    /// ```no_run
    /// # use tidegate::web::{ReadableStream, WritableStream};
    /// # use wasm_bindgen::JsValue;
    /// # async fn save(mut body: ReadableStream, mut file: WritableStream) -> Result<(), JsValue> {
    /// body.pipe_to(&mut file).await
    /// # }
    /// ```
    pub async fn pipe_to<'a>(&'a mut self, dest: &'a mut WritableStream) -> Result<(), JsValue> {
        self.pipe_to_with_options(dest, &PipeOptions::new()).await
    }

    /// As [`pipe_to`](Self::pipe_to), with options.
    ///
    /// ```no_run
    /// # use tidegate::web::readable::PipeOptions;
    /// # use tidegate::web::{ReadableStream, WritableStream};
    /// # use wasm_bindgen::JsValue;
    /// # async fn save(mut body: ReadableStream, mut file: WritableStream) -> Result<(), JsValue> {
    /// let mut options = PipeOptions::new();
    /// options.prevent_close(true).prevent_abort(true);
    /// body.pipe_to_with_options(&mut file, &options).await
    /// # }
    /// ```
    pub async fn pipe_to_with_options<'a>(
        &'a mut self,
        dest: &'a mut WritableStream,
        options: &PipeOptions,
    ) -> Result<(), JsValue> {
        JsFuture::from(pipe::pipe_to(self, dest, options))
            .await
            .map(drop)
    }

    /// Pipes the stream through a pair of a sink and a stream, and returns that stream. The pipe's errors reach it through the
    /// pair.
    ///
    /// # Panics
    ///
    /// If the stream or the pair's sink is locked.
    ///
    /// ```no_run
    /// # use tidegate::web::{ReadableStream, TransformStream};
    /// # fn unpack(file: ReadableStream, decompression: web_sys::TransformStream) -> ReadableStream {
    /// file.pipe_through(TransformStream::from_raw(decompression))
    /// # }
    /// ```
    pub fn pipe_through(self, transform: TransformStream) -> ReadableStream {
        match self.try_pipe_through(transform, &PipeOptions::new()) {
            Ok(stream) => stream,
            Err((error, _)) => wasm_bindgen::throw_val(error.into()),
        }
    }

    /// As [`pipe_through`](Self::pipe_through), with options; fails if one of the two is locked, and gives the stream back.
    ///
    /// ```no_run
    /// # use tidegate::web::readable::PipeOptions;
    /// # use tidegate::web::{ReadableStream, TransformStream};
    /// # fn unpack(file: ReadableStream, through: TransformStream) -> Result<ReadableStream, js_sys::Error> {
    /// file.try_pipe_through(through, &PipeOptions::new())
    ///     .map_err(|(error, _file)| error)
    /// # }
    /// ```
    pub fn try_pipe_through(
        self,
        transform: TransformStream,
        options: &PipeOptions,
    ) -> Result<ReadableStream, (Error, Self)> {
        pipe::pipe_through(&self, &transform, options).map_err(|error| (error, self))
    }

    /// Two streams that both get every chunk, the same value. What one of them has not read is queued without a bound.
    ///
    /// # Panics
    ///
    /// If the stream is locked.
    ///
    /// ```no_run
    /// # fn both(stream: tidegate::web::ReadableStream) {
    /// let (left, right) = stream.tee();
    /// # }
    /// ```
    pub fn tee(self) -> (ReadableStream, ReadableStream) {
        match self.try_tee() {
            Ok(branches) => branches,
            Err((error, _)) => wasm_bindgen::throw_val(error.into()),
        }
    }

    /// As [`tee`](Self::tee); fails if the stream is locked, and gives it back.
    ///
    /// ```no_run
    /// # fn both(stream: tidegate::web::ReadableStream) {
    /// if let Ok((left, right)) = stream.try_tee() {
    ///     // read both
    /// }
    /// # }
    /// ```
    pub fn try_tee(self) -> Result<(ReadableStream, ReadableStream), (Error, Self)> {
        match self.stream().tee() {
            Ok(branches) => {
                let branch = |index| Self::from_raw(branches.get(index).unchecked_into());
                Ok((branch(0), branch(1)))
            }
            Err(error) => Err((error, self)),
        }
    }

    /// A Rust stream of the chunks. Its drop cancels this one unless it has ended.
    ///
    /// # Panics
    ///
    /// If the stream is locked.
    ///
    /// ```no_run
    /// # use futures_util::StreamExt;
    /// # async fn each(stream: tidegate::web::ReadableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// let mut chunks = stream.into_stream();
    /// while let Some(chunk) = chunks.next().await {
    ///     let chunk = chunk?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_stream(self) -> IntoStream<'static> {
        match self.try_into_stream() {
            Ok(stream) => stream,
            Err((error, _)) => wasm_bindgen::throw_val(error.into()),
        }
    }

    /// As [`into_stream`](Self::into_stream); fails if the stream is locked, and gives it back.
    ///
    /// ```no_run
    /// # fn chunks(stream: tidegate::web::ReadableStream) {
    /// if let Ok(chunks) = stream.try_into_stream() {
    ///     // read them
    /// }
    /// # }
    /// ```
    pub fn try_into_stream(self) -> Result<IntoStream<'static>, (Error, Self)> {
        match ReadableStreamDefaultReader::acquire(self.stream()) {
            Ok(reader) => Ok(IntoStream::new(reader, true)),
            Err(error) => Err((error, self)),
        }
    }

    /// As [`into_stream`](Self::into_stream), with items of a type that a JavaScript value can be converted to: `String`, `f64`,
    /// [`Chunk`](super::Chunk), or one of your own. `f64` converts as JavaScript does: a text becomes a number or NaN.
    ///
    /// # Panics
    ///
    /// If the stream is locked.
    ///
    /// ```no_run
    /// # use futures_util::TryStreamExt;
    /// # use tidegate::web::{Chunk, ReadableStream};
    /// # async fn size(stream: ReadableStream) -> Option<usize> {
    /// let chunks: Vec<_> = stream.into_typed_stream::<Chunk>().try_collect().await.ok()?;
    /// # Some(chunks.len())
    /// # }
    /// ```
    pub fn into_typed_stream<T: TryFrom<JsValue>>(self) -> IntoTypedStream<'static, T> {
        IntoTypedStream::new(self.into_stream())
    }

    /// A Rust reader of the bytes, whether or not this is a byte stream. Its drop cancels the stream unless it has ended.
    ///
    /// Never panics: where the stream is locked, or a chunk is not bytes, a read fails.
    ///
    /// ```no_run
    /// # use futures_util::AsyncReadExt;
    /// # async fn text(stream: tidegate::web::ReadableStream) -> std::io::Result<String> {
    /// let mut text = String::new();
    /// stream.into_async_read().read_to_string(&mut text).await?;
    /// # Ok(text)
    /// # }
    /// ```
    pub fn into_async_read(self) -> IntoAsyncRead<'static> {
        match self.try_into_async_read() {
            Ok(reader) => reader,
            Err((error, _)) => IntoAsyncRead::refused(error.into()),
        }
    }

    /// As [`into_async_read`](Self::into_async_read); fails if the stream is locked, and gives it back.
    ///
    /// ```no_run
    /// # fn bytes(stream: tidegate::web::ReadableStream) {
    /// if let Ok(reader) = stream.try_into_async_read() {
    ///     // read it
    /// }
    /// # }
    /// ```
    pub fn try_into_async_read(self) -> Result<IntoAsyncRead<'static>, (Error, Self)> {
        if let Ok(reader) = ReadableStreamBYOBReader::acquire(self.stream()) {
            return Ok(IntoAsyncRead::owning(reader));
        }
        match ReadableStreamDefaultReader::acquire(self.stream()) {
            Ok(reader) => Ok(IntoAsyncRead::owning_default(reader)),
            Err(error) => Err((error, self)),
        }
    }
}

impl<St> From<St> for ReadableStream
where
    St: Stream<Item = Result<JsValue, JsValue>> + 'static,
{
    /// As [`from_stream`](ReadableStream::from_stream).
    fn from(stream: St) -> Self {
        Self::from_stream(stream)
    }
}

impl From<ReadableStream> for JsValue {
    fn from(stream: ReadableStream) -> Self {
        stream.into_raw().into()
    }
}
