use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncBufRead, AsyncRead};
use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use super::byob_reader::view_length;
use super::{ReadableStreamBYOBReader, ReadableStreamDefaultReader};
use crate::web::chunk::bytes_of;
use crate::web::{JsReason, raw};

/// What a read asks a byte stream for at least, if it may read ahead.
const AHEAD: u32 = 64 * 1024;

/// A JavaScript stream as an [`AsyncRead`] and an [`AsyncBufRead`].
///
/// [`ReadableStream::into_async_read`](super::ReadableStream::into_async_read) makes one of any stream whose chunks are bytes;
/// its drop cancels the stream unless it has ended. [`ReadableStreamBYOBReader::into_async_read`] makes one that reads no more
/// than it is asked for (but [`fill_buf`](AsyncBufRead::poll_fill_buf) does), and whose drop releases the lock.
///
/// Its errors hold a [`JsReason`].
///
/// ```no_run
/// use tidegate::codec::{CsvOptions, decode_reader};
/// # use tidegate::web::ReadableStream;
/// # async fn rows(file: ReadableStream) -> Result<u32, Box<dyn std::error::Error>> {
/// let mut rows = 0;
/// decode_reader(file.into_async_read())
///     .gunzip(Default::default())
///     .csv(CsvOptions::default())
///     .records()
///     .for_each(|_row| rows += 1)
///     .await?;
/// # Ok(rows)
/// # }
/// ```
#[must_use = "a reader does nothing unless it is polled"]
pub struct IntoAsyncRead<'reader> {
    reader: Reader<'reader>,
    /// What a view is made of, between two reads.
    buffer: Option<Uint8Array>,
    /// The rest of a chunk that was larger than what was asked for, from `at` on.
    rest: Vec<u8>,
    at: usize,
    /// Whether the stream is this reader's own: it may read ahead, and its drop cancels.
    owned: bool,
}

enum Reader<'reader> {
    Byob(ReadableStreamBYOBReader<'reader>),
    Default(ReadableStreamDefaultReader<'reader>),
    /// The stream could not be locked: what the next read fails with.
    Refused(JsReason),
    Over,
}

impl<'reader> IntoAsyncRead<'reader> {
    pub(super) fn borrowing(reader: ReadableStreamBYOBReader<'reader>) -> Self {
        Self::new(Reader::Byob(reader), false)
    }

    pub(super) fn owning(reader: ReadableStreamBYOBReader<'reader>) -> Self {
        Self::new(Reader::Byob(reader), true)
    }

    pub(super) fn owning_default(reader: ReadableStreamDefaultReader<'reader>) -> Self {
        Self::new(Reader::Default(reader), true)
    }

    pub(super) fn refused(reason: JsValue) -> Self {
        Self::new(Reader::Refused(JsReason::new(reason)), true)
    }

    fn new(reader: Reader<'reader>, owned: bool) -> Self {
        Self {
            reader,
            buffer: None,
            rest: Vec::new(),
            at: 0,
            owned,
        }
    }

    /// Cancels the stream, and waits until its source has done so.
    ///
    /// ```no_run
    /// # async fn stop(stream: tidegate::web::ReadableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// stream.into_async_read().cancel().await
    /// # }
    /// ```
    pub async fn cancel(self) -> Result<(), JsValue> {
        self.cancel_with_reason(&JsValue::UNDEFINED).await
    }

    /// Cancels the stream with a reason.
    ///
    /// ```no_run
    /// # async fn stop(stream: tidegate::web::ReadableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// stream.into_async_read().cancel_with_reason(&"the user left".into()).await
    /// # }
    /// ```
    pub async fn cancel_with_reason(mut self, reason: &JsValue) -> Result<(), JsValue> {
        match std::mem::replace(&mut self.reader, Reader::Over) {
            Reader::Byob(mut reader) => reader.cancel_with_reason(reason).await,
            Reader::Default(mut reader) => reader.cancel_with_reason(reason).await,
            Reader::Refused(error) => Err(error.into_value()),
            Reader::Over => Ok(()),
        }
    }

    /// The next bytes that the stream has; `None` at the end. `length` is what the caller has room for.
    fn poll_chunk(
        &mut self,
        context: &mut Context<'_>,
        length: u32,
    ) -> Poll<io::Result<Option<Uint8Array>>> {
        let chunk = match &mut self.reader {
            Reader::Byob(reader) => {
                if !reader.is_reading() {
                    let ahead = if self.owned { AHEAD } else { 0 };
                    reader.start(&view_of(self.buffer.take(), length.max(ahead), length));
                }
                ready!(reader.poll_filled(context))
            }
            Reader::Default(reader) => match ready!(reader.poll_read(context)) {
                Ok(Some(chunk)) => bytes_of(&chunk).map(Some).inspect_err(|reason| {
                    raw::ignore(
                        reader
                            .as_raw()
                            .unchecked_ref::<raw::Reader>()
                            .cancel(reason),
                    );
                }),
                Ok(None) => Ok(None),
                Err(reason) => Err(reason),
            },
            Reader::Refused(error) => {
                let error = error.clone();
                self.reader = Reader::Over;
                return Poll::Ready(Err(error.into()));
            }
            Reader::Over => return Poll::Ready(Ok(None)),
        };
        Poll::Ready(match chunk {
            Ok(Some(chunk)) => Ok(Some(chunk)),
            Ok(None) => {
                self.reader = Reader::Over;
                Ok(None)
            }
            Err(reason) => {
                self.reader = Reader::Over;
                Err(JsReason::new(reason).into())
            }
        })
    }

    /// Keeps the memory of a chunk that was copied, if it is ours.
    fn reuse(&mut self, chunk: &Uint8Array) {
        if matches!(self.reader, Reader::Byob(_)) {
            self.buffer = Some(Uint8Array::new(&chunk.buffer()));
        }
    }

    /// Copies a chunk into memory, for the reads to come.
    fn keep(&mut self, chunk: &Uint8Array) {
        self.rest.resize(chunk.length() as usize, 0);
        chunk.copy_to(&mut self.rest);
        self.at = 0;
        self.reuse(chunk);
    }
}

/// A view of `wanted` bytes, or of fewer where the buffer that is there has at least `least` of them.
fn view_of(buffer: Option<Uint8Array>, wanted: u32, least: u32) -> Uint8Array {
    match buffer {
        Some(buffer) if buffer.length() == wanted => buffer,
        Some(buffer) if buffer.length() >= least => buffer.subarray(0, wanted),
        _ => Uint8Array::new_with_length(wanted),
    }
}

impl AsyncRead for IntoAsyncRead<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        target: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        loop {
            if target.is_empty() {
                return Poll::Ready(Ok(0));
            }
            if this.at < this.rest.len() {
                let bytes = target.len().min(this.rest.len() - this.at);
                target[..bytes].copy_from_slice(&this.rest[this.at..this.at + bytes]);
                this.at += bytes;
                return Poll::Ready(Ok(bytes));
            }
            let Some(chunk) = ready!(this.poll_chunk(context, view_length(target)))? else {
                return Poll::Ready(Ok(0));
            };
            let bytes = chunk.length() as usize;
            if bytes > target.len() {
                this.keep(&chunk);
            } else {
                chunk.copy_to(&mut target[..bytes]);
                this.reuse(&chunk);
                if bytes > 0 {
                    return Poll::Ready(Ok(bytes));
                }
                // An empty chunk is not the end.
            }
        }
    }
}

impl AsyncBufRead for IntoAsyncRead<'_> {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        while this.at == this.rest.len() {
            match ready!(this.poll_chunk(context, AHEAD))? {
                Some(chunk) => this.keep(&chunk),
                None => break,
            }
        }
        Poll::Ready(Ok(&this.rest[this.at..]))
    }

    fn consume(mut self: Pin<&mut Self>, bytes: usize) {
        self.at = (self.at + bytes).min(self.rest.len());
    }
}

impl Drop for IntoAsyncRead<'_> {
    fn drop(&mut self) {
        match &self.reader {
            Reader::Byob(reader) if self.owned => reader.cancel_and_forget(),
            Reader::Default(reader) => reader.cancel_and_forget(),
            _ => {}
        }
    }
}

impl fmt::Debug for IntoAsyncRead<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reader = match self.reader {
            Reader::Byob(_) => "byob",
            Reader::Default(_) => "default",
            Reader::Refused(_) => "refused",
            Reader::Over => "over",
        };
        formatter
            .debug_struct("IntoAsyncRead")
            .field("reader", &reader)
            .field("buffered", &(self.rest.len() - self.at))
            .finish()
    }
}
