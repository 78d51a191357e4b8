//! Chains of codecs over `AsyncBufRead`, and their output as one.
use std::error::Error;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncBufRead, AsyncRead};

use super::chain::Room;
use super::stream::{DecodeError, Decoded, Input, feed, sealed};
use super::{Chain, Decoder};

/// From how many bytes on a reader's buffer is decoded into. Each time costs a decompressor the copy of a window.
const DIRECT: usize = 16 * 1024;

/// A reader as a chain's input.
///
/// ```
/// use tidegate::codec::{Decoder, Reader, decode_reader};
///
/// let decoder: Decoder<Reader<&[u8]>> = decode_reader(&b"text"[..]);
/// # drop(decoder);
/// ```
pub struct Reader<R>(Pin<Box<R>>);

impl<R> sealed::Sealed for Reader<R> {}

impl<R: AsyncBufRead> Input for Reader<R> {
    type Error = io::Error;

    fn poll_feed(
        &mut self,
        context: &mut Context<'_>,
        chain: &mut Chain,
    ) -> Poll<io::Result<bool>> {
        let bytes = ready!(self.0.as_mut().poll_fill_buf(context))?;
        if bytes.is_empty() {
            return Poll::Ready(Ok(false));
        }
        let fed = feed(chain, bytes);
        self.0.as_mut().consume(fed);
        Poll::Ready(Ok(true))
    }
}

/// Decodes what a reader reads: add codecs, then ask for [bytes](Decoder::bytes) or [records](Decoder::records). The bytes go
/// from the reader's buffer into the chain, without a chunk in between.
///
/// ```
/// use futures_util::AsyncReadExt;
/// use tidegate::codec::{LinesOptions, decode_reader};
///
/// # futures_executor::block_on(async {
/// let mut reader = decode_reader(&b"one\r\ntwo"[..]).lines(LinesOptions::default()).bytes();
/// let mut text = String::new();
/// reader.read_to_string(&mut text).await?;
/// assert_eq!(text, "one\ntwo\n");
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub fn decode_reader<R: AsyncBufRead>(reader: R) -> Decoder<Reader<R>> {
    Decoder::new(Reader(Box::pin(reader)))
}

impl<E: Error + Send + Sync + 'static> From<DecodeError<E>> for io::Error {
    /// A codec's error has the kind [`InvalidData`](io::ErrorKind::InvalidData). A source's error that is an `io::Error` stays
    /// what it is.
    fn from(error: DecodeError<E>) -> Self {
        match error {
            DecodeError::Codec(error) => Self::new(io::ErrorKind::InvalidData, error),
            DecodeError::Source(error) => {
                let error: Box<dyn Error + Send + Sync> = Box::new(error);
                match error.downcast::<Self>() {
                    Ok(error) => *error,
                    Err(error) => Self::other(error),
                }
            }
        }
    }
}

impl<I> AsyncBufRead for Decoded<I>
where
    I: Input + Unpin,
    I::Error: Error + Send + Sync + 'static,
{
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        if !this.shown {
            if !ready!(this.poll_batch(context))? {
                return Poll::Ready(Ok(&[]));
            }
            this.chain.batch();
            (this.shown, this.read) = (true, 0);
        }
        let read = this.read;
        Poll::Ready(Ok(&this.chain.shown()[read..]))
    }

    fn consume(self: Pin<&mut Self>, bytes: usize) {
        let this = self.get_mut();
        this.read += bytes;
        if this.shown && this.read >= this.chain.shown().len() {
            (this.shown, this.read) = (false, 0);
        }
    }
}

impl<I> Decoded<I>
where
    I: Input + Unpin,
    I::Error: Error + Send + Sync + 'static,
{
    /// Reads without a batch in between.
    fn poll_into(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut room = Room {
            bytes: buffer,
            length: 0,
        };
        ready!(self.poll_work(context, |chain| {
            let state = chain.run_into(&mut room)?;
            Ok((state, room.length > 0))
        }))?;
        Poll::Ready(Ok(room.length))
    }
}

impl<I> AsyncRead for Decoded<I>
where
    I: Input + Unpin,
    I::Error: Error + Send + Sync + 'static,
{
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if buffer.len() >= DIRECT && !self.shown && self.chain.writes_anywhere() {
            return self.get_mut().poll_into(context, buffer);
        }
        let bytes = ready!(self.as_mut().poll_fill_buf(context))?;
        let length = bytes.len().min(buffer.len());
        buffer[..length].copy_from_slice(&bytes[..length]);
        self.consume(length);
        Poll::Ready(Ok(length))
    }
}
