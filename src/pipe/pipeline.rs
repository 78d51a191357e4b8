//! A source, stages and a sink, with one error that says which part it belongs to.
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_sink::Sink;

use super::BoxError;
use super::through::pipe_through;
use super::to::{PipeError, pipe_to};

/// The first error of a pipeline, and the part that it belongs to.
///
/// ```
/// use futures_util::{sink, stream};
/// use tidegate::pipe::pipeline;
///
/// # futures_executor::block_on(async {
/// let source = stream::iter(["1", "two"].map(Ok::<_, std::io::Error>));
/// let error = pipeline(source)
///     .map(|text: &str| text.parse::<u32>())
///     .to(sink::drain())
///     .await
///     .unwrap_err();
/// let cause = std::error::Error::source(&error).unwrap();
/// assert!(cause.is::<std::num::ParseIntError>());
/// # });
/// ```
#[derive(Debug)]
pub struct PipelineError {
    part: usize,
    error: BoxError,
}

impl PipelineError {
    fn of(part: usize, error: impl Into<BoxError>) -> Self {
        let error = error.into();
        match error.downcast::<Self>() {
            Ok(first) => *first,
            // An adapter may have wrapped the error of a part before it.
            Err(error) => Self {
                part: first_part(&*error).unwrap_or(part),
                error,
            },
        }
    }

    /// The number of the part: 0 is the source, then the stages, then the sink.
    ///
    /// ```
    /// # use futures_util::{sink, stream};
    /// # use tidegate::pipe::pipeline;
    /// # futures_executor::block_on(async {
    /// let source = stream::iter([Ok(1), Err("the file is damaged")]);
    /// let error = pipeline(source).to(sink::drain()).await.unwrap_err();
    /// assert_eq!(error.part(), 0); // the source
    /// # });
    /// ```
    pub fn part(&self) -> usize {
        self.part
    }

    /// The error that the part failed with.
    ///
    /// ```
    /// # use futures_util::{sink, stream};
    /// # use tidegate::pipe::pipeline;
    /// # futures_executor::block_on(async {
    /// let source = stream::iter([Ok(1), Err(std::io::Error::other("the file is damaged"))]);
    /// let error = pipeline(source).to(sink::drain()).await.unwrap_err();
    /// assert!(error.into_inner().downcast::<std::io::Error>().is_ok());
    /// # });
    /// ```
    pub fn into_inner(self) -> BoxError {
        self.error
    }
}

impl fmt::Display for PipelineError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "part {} of the pipeline failed: {}",
            self.part, self.error
        )
    }
}

impl Error for PipelineError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.error)
    }
}

fn first_part(error: &(dyn Error + 'static)) -> Option<usize> {
    match error.downcast_ref::<PipelineError>() {
        Some(first) => Some(first.part),
        None => first_part(error.source()?),
    }
}

/// Begins a pipeline at `source`.
///
/// ```
/// use futures_util::stream;
/// use tidegate::channel::{QueuingStrategy, channel};
/// use tidegate::pipe::pipeline;
///
/// # futures_executor::block_on(async {
/// let (sender, mut receiver) = channel(QueuingStrategy::count(8));
/// let source = stream::iter([Ok("1"), Ok("2"), Err("the line is broken")]);
/// let error = pipeline(source)
///     .map(|text: &str| text.parse::<u32>())
///     .to(sender)
///     .await
///     .unwrap_err();
/// assert_eq!(error.part(), 0);
/// assert_eq!(error.to_string(), "part 0 of the pipeline failed: the line is broken");
/// # assert!(receiver.recv().await.is_err());
/// # });
/// ```
pub fn pipeline<S, T, E>(source: S) -> Pipeline<impl Stream<Item = Result<T, PipelineError>>>
where
    S: Stream<Item = Result<T, E>>,
    E: Into<BoxError>,
{
    Pipeline {
        stream: Part::new(source, 0),
        part: 0,
    }
}

/// A source with the stages so far: see [`pipeline`].
///
/// ```
/// use futures_util::{sink, stream};
/// use tidegate::pipe::pipeline;
///
/// # futures_executor::block_on(async {
/// let source = stream::iter([1, 2, 3].map(Ok::<_, std::io::Error>));
/// let mut sum = 0;
/// let add = sink::unfold(&mut sum, |sum, value: u32| async move {
///     *sum += value;
///     Ok::<_, std::io::Error>(sum)
/// });
/// pipeline(source)
///     .map(|value| Ok::<_, std::io::Error>(value * 10))
///     .to(add)
///     .await
///     .unwrap();
/// assert_eq!(sum, 60);
/// # });
/// ```
#[must_use = "a pipeline does nothing until it is given a sink and awaited"]
pub struct Pipeline<S> {
    stream: S,
    part: usize,
}

impl<S> fmt::Debug for Pipeline<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Pipeline")
            .field("part", &self.part)
            .finish_non_exhaustive()
    }
}

impl<S, T> Pipeline<S>
where
    S: Stream<Item = Result<T, PipelineError>>,
{
    /// Adds a stage that is a pair of a sink and a stream: see [`pipe_through`].
    ///
    /// ```
    /// use futures_util::{TryStreamExt, stream};
    /// # use tidegate::channel::{QueuingStrategy, channel};
    /// # use tidegate::pipe::pipeline;
    /// # futures_executor::block_on(async {
    /// // A channel is such a pair: it lets the source run ahead by eight values.
    /// let source = stream::iter([1, 2].map(Ok::<_, std::io::Error>));
    /// let buffered = pipeline(source).through(channel(QueuingStrategy::count(8)));
    /// let all: Vec<_> = buffered.into_stream().try_collect().await.unwrap();
    /// assert_eq!(all, [1, 2]);
    /// # });
    /// ```
    pub fn through<D, R, U, F>(
        self,
        pair: (D, R),
    ) -> Pipeline<impl Stream<Item = Result<U, PipelineError>>>
    where
        D: Sink<T>,
        D::Error: Into<BoxError>,
        R: Stream<Item = Result<U, F>>,
        F: Into<BoxError>,
    {
        let part = self.part + 1;
        Pipeline {
            stream: Part::new(pipe_through(self.stream, pair), part),
            part,
        }
    }

    /// Adds a stage that makes a stream of a stream, as an adapter does. Errors of the stages before must pass through it.
    ///
    /// ```
    /// use futures_util::{TryStreamExt, stream};
    /// # use tidegate::pipe::pipeline;
    /// # futures_executor::block_on(async {
    /// let source = stream::iter([1, 2, 3, 4].map(Ok::<_, std::io::Error>));
    /// let chunks = pipeline(source)
    ///     .via(|stream| stream.try_chunks(3))
    ///     .into_stream();
    /// let all: Vec<_> = chunks.try_collect().await.unwrap();
    /// assert_eq!(all, [vec![1, 2, 3], vec![4]]);
    /// # });
    /// ```
    pub fn via<R, U, F>(
        self,
        stage: impl FnOnce(S) -> R,
    ) -> Pipeline<impl Stream<Item = Result<U, PipelineError>>>
    where
        R: Stream<Item = Result<U, F>>,
        F: Into<BoxError>,
    {
        let part = self.part + 1;
        Pipeline {
            stream: Part::new(stage(self.stream), part),
            part,
        }
    }

    /// Adds a function that is called for each value.
    ///
    /// ```
    /// use futures_util::{TryStreamExt, stream};
    /// # use tidegate::pipe::pipeline;
    /// # futures_executor::block_on(async {
    /// let source = stream::iter(["1", "2"].map(Ok::<_, std::io::Error>));
    /// let numbers = pipeline(source)
    ///     .map(|text: &str| text.parse::<u32>())
    ///     .into_stream();
    /// let all: Vec<_> = numbers.try_collect().await.unwrap();
    /// assert_eq!(all, [1, 2]);
    /// # });
    /// ```
    pub fn map<U, F>(
        self,
        map: impl FnMut(T) -> Result<U, F>,
    ) -> Pipeline<impl Stream<Item = Result<U, PipelineError>>>
    where
        F: Into<BoxError>,
    {
        let part = self.part + 1;
        Pipeline {
            stream: Map {
                stream: Box::pin(self.stream),
                map,
                part,
            },
            part,
        }
    }

    /// Ends the pipeline with a sink, and runs it. Dropped, it cancels the source and aborts the sink.
    ///
    /// ```
    /// use futures_util::stream;
    /// # use tidegate::channel::{QueuingStrategy, channel};
    /// # use tidegate::pipe::pipeline;
    /// # futures_executor::block_on(async {
    /// let (sender, mut receiver) = channel(QueuingStrategy::count(8));
    /// let source = stream::iter([1, 2].map(Ok::<_, std::io::Error>));
    /// pipeline(source).to(sender).await.unwrap();
    /// assert_eq!(receiver.recv().await.unwrap(), Some(1));
    /// # });
    /// ```
    pub async fn to<D>(self, sink: D) -> Result<(), PipelineError>
    where
        D: Sink<T>,
        D::Error: Into<BoxError>,
    {
        pipe_to(self.stream, sink)
            .await
            .map_err(|error| match error {
                PipeError::Source(error) => error,
                PipeError::Destination(error) => PipelineError::of(self.part + 1, error),
            })
    }

    /// The pipeline so far as a stream.
    ///
    /// ```
    /// use futures_util::{StreamExt, stream};
    /// # use tidegate::pipe::pipeline;
    /// # futures_executor::block_on(async {
    /// let source = stream::iter([1, 2].map(Ok::<_, std::io::Error>));
    /// let mut stream = pipeline(source).into_stream();
    /// assert_eq!(stream.next().await.unwrap().unwrap(), 1);
    /// # });
    /// ```
    pub fn into_stream(self) -> S {
        self.stream
    }
}

/// A stream whose errors say that they are this part's.
struct Part<S> {
    stream: Pin<Box<S>>,
    part: usize,
}

impl<S> Part<S> {
    fn new(stream: S, part: usize) -> Self {
        Self {
            stream: Box::pin(stream),
            part,
        }
    }
}

impl<S, T, E> Stream for Part<S>
where
    S: Stream<Item = Result<T, E>>,
    E: Into<BoxError>,
{
    type Item = Result<T, PipelineError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let part = self.part;
        let next = self.stream.as_mut().poll_next(context);
        next.map(|next| next.map(|next| next.map_err(|error| PipelineError::of(part, error))))
    }
}

struct Map<S, M> {
    stream: Pin<Box<S>>,
    map: M,
    part: usize,
}

// The stream is pinned on the heap, and the function is not pinned.
impl<S, M> Unpin for Map<S, M> {}

impl<S, M, T, U, E> Stream for Map<S, M>
where
    S: Stream<Item = Result<T, PipelineError>>,
    M: FnMut(T) -> Result<U, E>,
    E: Into<BoxError>,
{
    type Item = Result<U, PipelineError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let next = this.stream.as_mut().poll_next(context);
        next.map(|next| {
            next.map(|next| {
                next.and_then(|value| {
                    (this.map)(value).map_err(|error| PipelineError::of(this.part, error))
                })
            })
        })
    }
}
