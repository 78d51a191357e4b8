//! Chains of codecs over streams and readers.
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::{FusedStream, Stream};

use super::{Chain, ChainState, Codec, CodecError, Decoder, DigestAlgorithm, RecordBatch};

/// Why a stream of a [`Decoder`] failed.
///
/// ```
/// use futures_util::{StreamExt, stream};
/// use tidegate::codec::{DecodeError, LinesOptions, decode};
///
/// # futures_executor::block_on(async {
/// let source = stream::iter([Ok("one\n"), Err("the connection is gone")]);
/// let mut lines = decode(source).lines(LinesOptions::default()).records();
/// assert_eq!(lines.next().await.unwrap().unwrap().len(), 1);
/// assert_eq!(lines.next().await, Some(Err(DecodeError::Source("the connection is gone"))));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError<E> {
    /// The source failed.
    Source(E),
    /// A codec refused its input.
    Codec(CodecError),
}

impl<E: fmt::Display> fmt::Display for DecodeError<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(error) => write!(formatter, "the source failed: {error}"),
            Self::Codec(error) => error.fmt(formatter),
        }
    }
}

impl<E: Error + 'static> Error for DecodeError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(match self {
            Self::Source(error) => error,
            Self::Codec(error) => error,
        })
    }
}

/// Where a chain's input comes from: a stream of chunks, or a reader. [`decode`] and
/// `decode_reader` (with the feature `futures-io`) make one.
///
/// ```
/// use tidegate::codec::{Decoder, Input, LinesOptions, RecordStream, decode_reader};
///
/// /// Takes any source of bytes.
/// fn lines<I: Input>(decoder: Decoder<I>) -> RecordStream<I> {
///     decoder.lines(LinesOptions::default()).records()
/// }
///
/// let lines = lines(decode_reader(&b"one\n"[..]));
/// # drop(lines);
/// ```
pub trait Input: sealed::Sealed {
    /// What it fails with.
    type Error;

    /// Puts bytes into the chain; `false` at the end.
    #[doc(hidden)]
    fn poll_feed(
        &mut self,
        context: &mut Context<'_>,
        chain: &mut Chain,
    ) -> Poll<Result<bool, Self::Error>>;
}

pub(super) mod sealed {
    pub trait Sealed {}
}

/// A stream of chunks as a chain's input.
///
/// ```
/// use futures_util::stream;
/// use tidegate::codec::{Chunks, Decoder, decode};
///
/// let source = stream::empty::<Result<Vec<u8>, std::io::Error>>();
/// let decoder: Decoder<Chunks<_, Vec<u8>>> = decode(source);
/// # drop(decoder);
/// ```
pub struct Chunks<S, B> {
    source: Pin<Box<S>>,
    /// What was read, and how much of it the chain has.
    chunk: Option<(B, usize)>,
}

// The stream is pinned on the heap, and chunks are not pinned.
impl<S, B> Unpin for Chunks<S, B> {}

impl<S, B> sealed::Sealed for Chunks<S, B> {}

impl<S, B, E> Input for Chunks<S, B>
where
    S: Stream<Item = Result<B, E>>,
    B: AsRef<[u8]>,
{
    type Error = E;

    fn poll_feed(&mut self, context: &mut Context<'_>, chain: &mut Chain) -> Poll<Result<bool, E>> {
        let (chunk, taken) = match self.chunk.take() {
            Some(rest) => rest,
            None => match ready!(self.source.as_mut().poll_next(context)) {
                Some(chunk) => (chunk?, 0),
                None => return Poll::Ready(Ok(false)),
            },
        };
        let fed = feed(chain, &chunk.as_ref()[taken..]);
        if taken + fed < chunk.as_ref().len() {
            self.chunk = Some((chunk, taken + fed));
        }
        Poll::Ready(Ok(true))
    }
}

/// Puts as many bytes into the chain as it has room for; says how many.
pub(super) fn feed(chain: &mut Chain, bytes: &[u8]) -> usize {
    let room = chain.input(bytes.len());
    let fed = room.len();
    room.copy_from_slice(&bytes[..fed]);
    chain.commit(fed);
    fed
}

/// Decodes a stream of chunks of bytes: add codecs, then ask for [bytes](Decoder::bytes) or [records](Decoder::records).
///
/// ```
/// use futures_util::{TryStreamExt, stream};
/// use tidegate::codec::{CsvOptions, decode};
///
/// # futures_executor::block_on(async {
/// let chunks = ["name,si", "ze\nwhale,", "30\nmouse,0\n"];
/// let source = stream::iter(chunks.map(Ok::<_, std::convert::Infallible>));
/// let mut batches = decode(source).csv(CsvOptions::default()).records();
/// let mut sizes = Vec::new();
/// while let Some(batch) = batches.try_next().await? {
///     for row in &batch {
///         sizes.push(row[1].to_owned());
///     }
/// }
/// assert_eq!(sizes, ["size", "30", "0"]);
/// # Ok::<(), tidegate::codec::DecodeError<std::convert::Infallible>>(())
/// # }).unwrap();
/// ```
pub fn decode<S, B, E>(source: S) -> Decoder<Chunks<S, B>>
where
    S: Stream<Item = Result<B, E>>,
    B: AsRef<[u8]>,
{
    Decoder::new(Chunks {
        source: Box::pin(source),
        chunk: None,
    })
}

/// The bytes of a [`Decoder`].
///
/// ```
/// use futures_util::AsyncReadExt;
/// use tidegate::codec::decode_reader;
///
/// # futures_executor::block_on(async {
/// // It is a stream of `Bytes` and a reader.
/// let mut bytes = decode_reader(&b"text"[..]).sha256().bytes();
/// let mut text = String::new();
/// bytes.read_to_string(&mut text).await.unwrap();
/// assert_eq!(text, "text");
/// # });
/// ```
#[must_use = "a stream does nothing unless it is polled"]
pub struct Decoded<I: Input> {
    pub(super) input: I,
    pub(super) chain: Chain,
    /// The source's error, once what came before it has been taken.
    error: Option<I::Error>,
    /// Bytes of the batch that a reader has consumed.
    pub(super) read: usize,
    /// The batch is the one that [`Decoded::poll_batch`] found last.
    pub(super) shown: bool,
    ended: bool,
    over: bool,
}

impl<I: Input> Decoded<I> {
    pub(super) fn new(input: I, codecs: Vec<Box<dyn Codec>>) -> Self {
        Self {
            input,
            chain: Chain::new(codecs),
            error: None,
            read: 0,
            shown: false,
            ended: false,
            over: false,
        }
    }

    /// The digest that the codec of this number has computed, once everything has been read.
    ///
    /// ```
    /// use futures_util::{StreamExt, stream};
    /// use tidegate::codec::decode;
    ///
    /// # futures_executor::block_on(async {
    /// let source = stream::iter([Ok::<_, std::io::Error>("abc")]);
    /// let mut bytes = decode(source).sha256().bytes();
    /// while bytes.next().await.is_some() {}
    /// assert_eq!(bytes.digest(0).unwrap()[..4], [0xba, 0x78, 0x16, 0xbf]);
    /// # });
    /// ```
    pub fn digest(&self, codec: usize) -> Option<&[u8]> {
        self.chain.digest(codec)
    }

    /// The digest that the codec of this number has computed by one algorithm, once everything has been read.
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use tidegate::codec::{DigestAlgorithm, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let both = [DigestAlgorithm::Sha1, DigestAlgorithm::Md5];
    /// let mut bytes = decode_reader(&b"abc"[..]).digests(&both).bytes();
    /// while bytes.next().await.is_some() {}
    /// assert_eq!(bytes.digest_of(0, DigestAlgorithm::Md5).unwrap()[..4], [0x90, 0x01, 0x50, 0x98]);
    /// # });
    /// ```
    pub fn digest_of(&self, codec: usize, algorithm: DigestAlgorithm) -> Option<&[u8]> {
        self.chain.digest_of(codec, algorithm)
    }

    /// Works until there is a batch, which `chain.batch()` then shows, once; `false` at the end.
    pub(super) fn poll_batch(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<bool, DecodeError<I::Error>>> {
        self.poll_work(context, |chain| {
            let state = chain.run()?;
            Ok((state, chain.has_output()))
        })
    }

    /// Has `run` run the chain until there is output; `false` at the end.
    pub(super) fn poll_work(
        &mut self,
        context: &mut Context<'_>,
        mut run: impl FnMut(&mut Chain) -> Result<(ChainState, bool), CodecError>,
    ) -> Poll<Result<bool, DecodeError<I::Error>>> {
        if self.over {
            return Poll::Ready(Ok(false));
        }
        if let Some(error) = self.error.take() {
            self.over = true;
            return Poll::Ready(Err(DecodeError::Source(error)));
        }
        loop {
            let has_output = match run(&mut self.chain) {
                Ok((ChainState::HasBatch, _)) => return Poll::Ready(Ok(true)),
                Ok((ChainState::NeedInput, has_output)) => has_output,
                Ok((ChainState::Finished, last)) => {
                    self.over = !last;
                    return Poll::Ready(Ok(last));
                }
                Err(error) => {
                    self.over = true;
                    return Poll::Ready(Err(DecodeError::Codec(error)));
                }
            };
            match self.input.poll_feed(context, &mut self.chain) {
                Poll::Ready(Ok(true)) => {}
                Poll::Ready(Ok(false)) if self.ended => {
                    self.over = true;
                    return Poll::Ready(Ok(false));
                }
                Poll::Ready(Ok(false)) => {
                    self.ended = true;
                    self.chain.end_input();
                }
                Poll::Ready(Err(error)) => {
                    if has_output {
                        self.error = Some(error);
                        return Poll::Ready(Ok(true));
                    }
                    self.over = true;
                    return Poll::Ready(Err(DecodeError::Source(error)));
                }
                // What there is goes on, rather than to wait for a full batch.
                Poll::Pending if has_output => return Poll::Ready(Ok(true)),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl<I: Input + Unpin> Stream for Decoded<I> {
    type Item = Result<Bytes, DecodeError<I::Error>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if std::mem::take(&mut this.shown) {
            let rest = &this.chain.shown()[std::mem::take(&mut this.read)..];
            return Poll::Ready(Some(Ok(Bytes::copy_from_slice(rest))));
        }
        if !ready!(this.poll_batch(context))? {
            return Poll::Ready(None);
        }
        let bytes = Bytes::copy_from_slice(this.chain.batch().bytes);
        Poll::Ready(Some(Ok(bytes)))
    }
}

// The input is not pinned: it pins what needs that on the heap.
impl<I: Input> Unpin for Decoded<I> {}

impl<I: Input + Unpin> FusedStream for Decoded<I> {
    fn is_terminated(&self) -> bool {
        self.over
    }
}

impl<I: Input> fmt::Debug for Decoded<I> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Decoded")
            .field("over", &self.over)
            .finish_non_exhaustive()
    }
}

/// The records of a [`Decoder`], in batches.
///
/// ```
/// use futures_util::TryStreamExt;
/// use tidegate::codec::{LinesOptions, decode_reader};
///
/// # futures_executor::block_on(async {
/// let lines = decode_reader(&b"one\ntwo\n"[..]).lines(LinesOptions::default()).records();
/// let batches: Vec<_> = lines.try_collect().await.unwrap();
/// assert_eq!(batches.iter().map(|batch| batch.len()).sum::<usize>(), 2);
/// # });
/// ```
#[must_use = "a stream does nothing unless it is polled"]
pub struct RecordStream<I: Input>(Decoded<I>);

impl<I: Input> RecordStream<I> {
    pub(super) fn new(decoded: Decoded<I>) -> Self {
        Self(decoded)
    }

    /// The digest that the codec of this number has computed, once everything has been read.
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use tidegate::codec::{LinesOptions, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let mut lines = decode_reader(&b"abc"[..]).sha256().lines(LinesOptions::default()).records();
    /// while lines.next().await.is_some() {}
    /// assert_eq!(lines.digest(0).unwrap()[..4], [0xba, 0x78, 0x16, 0xbf]);
    /// # });
    /// ```
    pub fn digest(&self, codec: usize) -> Option<&[u8]> {
        self.0.digest(codec)
    }

    /// The digest that the codec of this number has computed by one algorithm, once everything has been read.
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use tidegate::codec::{DigestAlgorithm, LinesOptions, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let both = [DigestAlgorithm::Sha1, DigestAlgorithm::Md5];
    /// let mut lines = decode_reader(&b"abc"[..]).digests(&both).lines(LinesOptions::default()).records();
    /// while lines.next().await.is_some() {}
    /// assert_eq!(lines.digest_of(0, DigestAlgorithm::Md5).unwrap()[..4], [0x90, 0x01, 0x50, 0x98]);
    /// # });
    /// ```
    pub fn digest_of(&self, codec: usize, algorithm: DigestAlgorithm) -> Option<&[u8]> {
        self.0.digest_of(codec, algorithm)
    }

    /// Calls `each` with every record, which borrows from the chain: nothing is copied but what `each` copies. An error of
    /// `each` ends the stream.
    ///
    /// ```
    /// use futures_util::stream;
    /// use tidegate::codec::{CsvOptions, decode};
    ///
    /// # futures_executor::block_on(async {
    /// let source = stream::iter([Ok::<_, std::io::Error>("a,1\nb,2\n")]);
    /// let mut sum = 0;
    /// decode(source)
    ///     .csv(CsvOptions::default())
    ///     .records()
    ///     .for_each(|row| sum += row[1].parse::<u32>().unwrap_or(0))
    ///     .await?;
    /// assert_eq!(sum, 3);
    /// # Ok::<(), tidegate::codec::DecodeError<std::io::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn for_each(
        mut self,
        mut each: impl FnMut(super::Record<'_>),
    ) -> Result<(), DecodeError<I::Error>> {
        while std::future::poll_fn(|context| self.0.poll_batch(context)).await? {
            self.0.chain.batch().records().for_each(&mut each);
        }
        Ok(())
    }
}

impl<I: Input + Unpin> Stream for RecordStream<I> {
    type Item = Result<RecordBatch, DecodeError<I::Error>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut self.get_mut().0;
        if !ready!(this.poll_batch(context))? {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(Ok(RecordBatch::from(this.chain.batch()))))
    }
}

impl<I: Input> Unpin for RecordStream<I> {}

impl<I: Input + Unpin> FusedStream for RecordStream<I> {
    fn is_terminated(&self) -> bool {
        self.0.over
    }
}

impl<I: Input> fmt::Debug for RecordStream<I> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("RecordStream")
            .field(&self.0)
            .finish()
    }
}
