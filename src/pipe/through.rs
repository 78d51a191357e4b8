//! A pipe into one half of a pair, whose other half is read.
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::{FusedStream, Stream};
use futures_sink::Sink;

use super::BoxError;
use super::to::{PipeError, PipeTo, pipe_to};

/// Pipes `source` into the writable half of a pair, and returns a stream of what its readable half gives. The pipe moves when
/// the stream is polled.
///
/// The first error ends the stream, as its last item. The end of the readable half, or a drop of the stream, cancels the source
/// and aborts the writable half.
///
/// ```
/// use futures_util::{StreamExt, TryStreamExt, stream};
/// use tidegate::channel::{Failure, QueuingStrategy, channel};
/// use tidegate::pipe::pipe_through;
///
/// # futures_executor::block_on(async {
/// let (writable, values) = channel(QueuingStrategy::count(1));
/// let readable = values.map(|value: Result<u32, Failure>| value.map(|value| value * 2));
/// let source = stream::iter([Ok::<_, Failure>(1), Ok(2)]);
/// let doubled: Vec<_> = pipe_through(source, (writable, readable)).try_collect().await?;
/// assert_eq!(doubled, [2, 4]);
/// # Ok::<(), tidegate::pipe::BoxError>(())
/// # }).unwrap();
/// ```
pub fn pipe_through<S, D, R, T, U, E, F>(
    source: S,
    (writable, readable): (D, R),
) -> PipeThrough<S, D, R, T, E>
where
    S: Stream<Item = Result<T, E>>,
    D: Sink<T>,
    R: Stream<Item = Result<U, F>>,
{
    PipeThrough {
        pipe: Some(pipe_to(source, writable)),
        sink_error: None,
        readable: Some(Box::pin(readable)),
    }
}

/// The stream of [`pipe_through`].
///
/// ```
/// use futures_util::{StreamExt, stream};
/// use tidegate::channel::{QueuingStrategy, channel};
/// use tidegate::pipe::pipe_through;
///
/// # futures_executor::block_on(async {
/// let source = stream::iter([1].map(Ok::<_, std::io::Error>));
/// let mut ahead = pipe_through(source, channel(QueuingStrategy::count(8)));
/// assert_eq!(ahead.next().await.unwrap().unwrap(), 1);
/// assert!(ahead.next().await.is_none());
/// # });
/// ```
#[must_use = "a stream does nothing unless it is polled"]
pub struct PipeThrough<S, D, R, T, E>
where
    D: Sink<T>,
{
    pipe: Option<PipeTo<S, D, T, E>>,
    /// What the writable half failed with: what the readable half still has comes first.
    sink_error: Option<BoxError>,
    readable: Option<Pin<Box<R>>>,
}

// What it has is pinned on the heap.
impl<S, D: Sink<T>, R, T, E> Unpin for PipeThrough<S, D, R, T, E> {}

impl<S, D, R, T, U, E, F> Stream for PipeThrough<S, D, R, T, E>
where
    S: Stream<Item = Result<T, E>>,
    D: Sink<T>,
    R: Stream<Item = Result<U, F>>,
    E: Into<BoxError>,
    F: Into<BoxError>,
    D::Error: Into<BoxError>,
{
    type Item = Result<U, BoxError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Some(pipe) = &mut this.pipe
            && let Poll::Ready(result) = Pin::new(pipe).poll(context)
        {
            this.pipe = None;
            match result {
                Ok(()) => {}
                // Its consequence in the readable half is not the first error.
                Err(PipeError::Source(error)) => {
                    this.readable = None;
                    return Poll::Ready(Some(Err(error.into())));
                }
                Err(PipeError::Destination(error)) => this.sink_error = Some(error.into()),
            }
        }
        let Some(readable) = &mut this.readable else {
            return Poll::Ready(None);
        };
        let last = match readable.as_mut().poll_next(context) {
            Poll::Ready(Some(Ok(value))) => return Poll::Ready(Some(Ok(value))),
            // What the readable half failed with is why the writable half failed.
            Poll::Ready(Some(Err(error))) => Some(error.into()),
            Poll::Ready(None) => this.sink_error.take(),
            Poll::Pending if this.sink_error.is_none() => return Poll::Pending,
            Poll::Pending => this.sink_error.take(),
        };
        (this.pipe, this.readable) = (None, None);
        Poll::Ready(last.map(Err))
    }
}

impl<S, D, R, T, U, E, F> FusedStream for PipeThrough<S, D, R, T, E>
where
    S: Stream<Item = Result<T, E>>,
    D: Sink<T>,
    R: Stream<Item = Result<U, F>>,
    E: Into<BoxError>,
    F: Into<BoxError>,
    D::Error: Into<BoxError>,
{
    fn is_terminated(&self) -> bool {
        self.readable.is_none()
    }
}

impl<S, D: Sink<T>, R, T, E> fmt::Debug for PipeThrough<S, D, R, T, E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PipeThrough")
            .field("is_over", &self.readable.is_none())
            .finish_non_exhaustive()
    }
}
