use std::marker::PhantomData;
use std::panic::UnwindSafe;
use std::task::{Context, Poll, ready};

use js_sys::{Error, Object, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::{IntoAsyncRead, ReadableStream, sys};
use crate::web::raw;
use crate::web::settle::Settling;

/// A [BYOB reader](https://streams.spec.whatwg.org/#byob-reader-class) of a byte stream, which locks its stream.
///
/// [`get_byob_reader`](ReadableStream::get_byob_reader) makes one. Its drop releases the lock.
///
/// ```no_run
/// # use tidegate::web::ReadableStream;
/// # use wasm_bindgen::JsValue;
/// # async fn head(mut file: ReadableStream) -> Result<[u8; 4], JsValue> {
/// let mut reader = file.get_byob_reader();
/// let mut magic = [0; 4];
/// let mut at = 0;
/// while at < 4 {
///     match reader.read(&mut magic[at..]).await? {
///         0 => break,
///         bytes => at += bytes,
///     }
/// }
/// # Ok(magic)
/// # }
/// ```
#[derive(Debug)]
pub struct ReadableStreamBYOBReader<'stream> {
    raw: sys::ReadableStreamBYOBReader,
    settling: Settling,
    released: bool,
    stream: PhantomData<&'stream mut ReadableStream>,
}

// The borrow of the stream is for the lock only: nothing behind it changes in Rust.
impl UnwindSafe for ReadableStreamBYOBReader<'_> {}

impl<'stream> ReadableStreamBYOBReader<'stream> {
    pub(super) fn acquire(stream: &raw::Readable) -> Result<Self, Error> {
        let options = Object::new();
        raw::set(&options, "mode", &"byob".into());
        Ok(Self {
            raw: stream.get_reader_with(&options)?.unchecked_into(),
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
    /// let reader = stream.get_byob_reader();
    /// let raw: &web_sys::ReadableStreamByobReader = reader.as_raw();
    /// # }
    /// ```
    pub fn as_raw(&self) -> &sys::ReadableStreamBYOBReader {
        &self.raw
    }

    /// Waits until the stream is closed. Fails with the stream's error, or if the lock is released before.
    ///
    /// ```no_run
    /// # async fn wait(stream: &mut tidegate::web::ReadableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// stream.get_byob_reader().closed().await
    /// # }
    /// ```
    pub async fn closed(&self) -> Result<(), JsValue> {
        JsFuture::from(self.reader().closed()).await.map(drop)
    }

    /// Cancels the stream.
    ///
    /// ```no_run
    /// # async fn stop(stream: &mut tidegate::web::ReadableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// stream.get_byob_reader().cancel().await
    /// # }
    /// ```
    pub async fn cancel(&mut self) -> Result<(), JsValue> {
        self.cancel_with_reason(&JsValue::UNDEFINED).await
    }

    /// Cancels the stream with a reason.
    ///
    /// ```no_run
    /// # async fn stop(stream: &mut tidegate::web::ReadableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// stream.get_byob_reader().cancel_with_reason(&"the user left".into()).await
    /// # }
    /// ```
    pub async fn cancel_with_reason(&mut self, reason: &JsValue) -> Result<(), JsValue> {
        JsFuture::from(self.reader().cancel(reason)).await.map(drop)
    }

    /// Reads at most as many bytes as `target` has; 0 at the end of the stream, or once it is cancelled.
    ///
    /// Each call makes a JavaScript buffer of that length, because no stream may write into a module's memory.
    /// [`read_with_buffer`](Self::read_with_buffer) and [`into_async_read`](Self::into_async_read) use theirs again.
    ///
    /// ```no_run
    /// # async fn read(stream: &mut tidegate::web::ReadableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// let mut bytes = [0; 1024];
    /// let length = stream.get_byob_reader().read(&mut bytes).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read(&mut self, target: &mut [u8]) -> Result<usize, JsValue> {
        let buffer = Uint8Array::new_with_length(view_length(target));
        Ok(self.read_with_buffer(target, buffer).await?.0)
    }

    /// As [`read`](Self::read), through a buffer that comes back, unless the stream was cancelled.
    ///
    /// The buffer is transferred, so other views of it are empty afterwards.
    ///
    /// ```no_run
    /// # use js_sys::Uint8Array;
    /// # async fn read(stream: &mut tidegate::web::ReadableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// let mut reader = stream.get_byob_reader();
    /// let (mut bytes, mut buffer) = ([0; 1024], Uint8Array::new_with_length(1024));
    /// while let (length @ 1.., Some(same)) = reader.read_with_buffer(&mut bytes, buffer).await? {
    ///     println!("{:?}", &bytes[..length]);
    ///     buffer = same;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_with_buffer(
        &mut self,
        target: &mut [u8],
        buffer: Uint8Array,
    ) -> Result<(usize, Option<Uint8Array>), JsValue> {
        let (offset, length) = (buffer.byte_offset(), buffer.length());
        let view = buffer.subarray(0, view_length(target));
        let result = JsFuture::from(self.reader().read_into(&view)).await?;
        let result: raw::ReadResult = result.unchecked_into();
        let value = result.value();
        if value.is_undefined() {
            return Ok((0, None));
        }
        let filled: Uint8Array = value.unchecked_into();
        let bytes = filled.length() as usize;
        filled.copy_to(&mut target[..bytes]);
        let same = Uint8Array::new_with_byte_offset_and_length(&filled.buffer(), offset, length);
        Ok((bytes, Some(same)))
    }

    /// Whether a read was begun whose result nobody has taken.
    pub(super) fn is_reading(&self) -> bool {
        self.settling.is_busy()
    }

    pub(super) fn start(&mut self, view: &Uint8Array) {
        let promise = self.reader().read_into(view);
        self.settling.start(&promise);
    }

    /// What the read that was begun has filled; `None` at the end.
    pub(super) fn poll_filled(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Uint8Array>, JsValue>> {
        let result = ready!(self.settling.poll(context))?;
        let result = result.unchecked_ref::<raw::ReadResult>();
        Poll::Ready(Ok((!result.done()).then(|| result.value().unchecked_into())))
    }

    pub(super) fn cancel_and_forget(&self) {
        raw::ignore(self.reader().cancel(&JsValue::UNDEFINED));
    }

    /// Releases the lock, as the drop does. A read that is pending fails.
    ///
    /// ```no_run
    /// # fn release(stream: &mut tidegate::web::ReadableStream) {
    /// stream.get_byob_reader().release_lock();
    /// assert!(!stream.is_locked());
    /// # }
    /// ```
    pub fn release_lock(self) {}

    /// Releases the lock. Engines older than 2022 refuse that while a read is pending.
    ///
    /// ```no_run
    /// # fn release(stream: &mut tidegate::web::ReadableStream) {
    /// if let Err((error, _reader)) = stream.get_byob_reader().try_release_lock() {
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

    /// This reader as an `AsyncRead`. Its drop releases the lock and does not cancel, so the rest can be read otherwise.
    ///
    /// ```no_run
    /// # use futures_util::AsyncReadExt;
    /// # async fn header(stream: &mut tidegate::web::ReadableStream) -> std::io::Result<[u8; 10]> {
    /// let mut header = [0; 10];
    /// stream.get_byob_reader().into_async_read().read_exact(&mut header).await?;
    /// # Ok(header)
    /// # }
    /// ```
    pub fn into_async_read(self) -> IntoAsyncRead<'stream> {
        IntoAsyncRead::borrowing(self)
    }
}

/// As many bytes as a view can have.
pub(super) fn view_length(target: &[u8]) -> u32 {
    u32::try_from(target.len()).unwrap_or(u32::MAX)
}

impl Drop for ReadableStreamBYOBReader<'_> {
    fn drop(&mut self) {
        if !self.released {
            let _ = self.reader().release_lock();
        }
    }
}
