//! One pipe. The core's pipe and a writable of its own decide what it does; the source and the sink are asked here.
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_sink::Sink;

use crate::core::effect::PipeAnswer;
use crate::core::effect::pipe::*;
use crate::core::pipe::{BYTE_SOURCE, PREVENT_ABORT, PREVENT_CANCEL, PREVENT_CLOSE, Pipe};
use crate::core::writable::Writable;

/// Chunks that one poll moves before it gives the thread back.
const BURST: u32 = 128;

/// Why a pipe failed: the first error that it saw.
///
/// ```
/// use futures_util::stream;
/// use tidegate::channel::{FailureKind, QueuingStrategy, channel};
/// use tidegate::pipe::{PipeError, pipe_to};
///
/// # futures_executor::block_on(async {
/// let (sink, receiver) = channel(QueuingStrategy::count(1));
/// drop(receiver);
/// let source = stream::iter([1].map(Ok::<_, std::io::Error>));
/// match pipe_to(source, sink).await {
///     Err(PipeError::Destination(failure)) => assert_eq!(failure.kind(), FailureKind::Cancelled),
///     result => unreachable!("{result:?}"),
/// }
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PipeError<E, F> {
    /// The source failed, and the sink was aborted.
    Source(E),
    /// The sink failed, and the source was cancelled.
    Destination(F),
}

impl<E: fmt::Display, F: fmt::Display> fmt::Display for PipeError<E, F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(error) => write!(formatter, "the source of the pipe failed: {error}"),
            Self::Destination(error) => write!(formatter, "the sink of the pipe failed: {error}"),
        }
    }
}

impl<E: Error + 'static, F: Error + 'static> Error for PipeError<E, F> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(match self {
            Self::Source(error) => error,
            Self::Destination(error) => error,
        })
    }
}

/// Pipes `source` into `sink` and closes the sink at the end of the source. See [the module](crate::pipe).
///
/// A source or a sink that is to be used after the pipe is passed as `&mut`, with [`PipeTo::prevent_close`] and its siblings.
///
/// ```
/// use futures_util::{StreamExt, sink, stream};
/// use tidegate::pipe::{PipeError, pipe_to};
///
/// # futures_executor::block_on(async {
/// let source = stream::iter([Ok(1), Ok(2), Err("the file is damaged")]);
/// let result = pipe_to(source, sink::drain()).await;
/// assert!(matches!(result, Err(PipeError::Source("the file is damaged"))));
/// # });
/// ```
pub fn pipe_to<S, D, T, E>(source: S, sink: D) -> PipeTo<S, D, T, E>
where
    S: Stream<Item = Result<T, E>>,
    D: Sink<T>,
{
    PipeTo {
        source: Some(Box::pin(source)),
        sink: Some(Box::pin(sink)),
        flags: BYTE_SOURCE,
        pipe: None,
        destination: Some(Writable::new(1.0)),
        sink_state: SinkState::Starting,
        reading: false,
        source_error: None,
        sink_error: None,
        cancel: None,
        abort: None,
        over: false,
    }
}

type Hook<T, E> = Box<dyn FnOnce(Pin<&mut T>, &E) + Send>;

/// What is awaited of the sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SinkState {
    /// That it is ready for the first time.
    Starting,
    /// Nothing: it takes a chunk.
    Ready,
    /// That it is ready again, which it was, and is no more.
    Waiting,
    /// That it is ready again after a chunk: the write is in flight until then.
    Writing,
    /// That it is closed.
    Closing,
}

/// The future of [`pipe_to`]. Dropped, it cancels the source and aborts the sink.
///
/// ```
/// use futures_util::{sink, stream};
/// use tidegate::pipe::pipe_to;
///
/// # futures_executor::block_on(async {
/// let mut source = stream::iter([1, 2].map(Ok::<_, std::io::Error>));
/// let pipe = pipe_to(&mut source, sink::drain()).prevent_cancel();
/// drop(pipe); // it has read nothing, and the source is whole
/// assert!(pipe_to(source, sink::drain()).await.is_ok());
/// # });
/// ```
#[must_use = "a pipe does nothing unless it is awaited"]
pub struct PipeTo<S, D, T, E>
where
    D: Sink<T>,
{
    source: Option<Pin<Box<S>>>,
    sink: Option<Pin<Box<D>>>,
    flags: u32,
    pipe: Option<Pipe>,
    /// The core's view of the sink; none once that has failed.
    destination: Option<Writable>,
    sink_state: SinkState,
    /// The pipe has asked for a chunk of the source.
    reading: bool,
    source_error: Option<E>,
    sink_error: Option<D::Error>,
    cancel: Option<Hook<S, D::Error>>,
    abort: Option<Hook<D, E>>,
    over: bool,
}

// The source and the sink are pinned on the heap, and nothing else is.
impl<S, D: Sink<T>, T, E> Unpin for PipeTo<S, D, T, E> {}

impl<S, D, T, E> PipeTo<S, D, T, E>
where
    S: Stream<Item = Result<T, E>>,
    D: Sink<T>,
{
    /// Does not close the sink at the end of the source.
    ///
    /// ```
    /// # use futures_util::stream;
    /// # use tidegate::channel::{QueuingStrategy, channel};
    /// # use tidegate::pipe::pipe_to;
    /// # futures_executor::block_on(async {
    /// let (mut sender, mut receiver) = channel(QueuingStrategy::count(8));
    /// for part in [[1, 2], [3, 4]] {
    ///     let source = stream::iter(part.map(Ok::<_, std::convert::Infallible>));
    ///     pipe_to(source, &mut sender).prevent_close().await.unwrap();
    /// }
    /// assert_eq!(receiver.len(), 4);
    /// assert!(!sender.is_closed());
    /// # receiver.try_recv().unwrap();
    /// # });
    /// ```
    pub fn prevent_close(mut self) -> Self {
        self.flags |= PREVENT_CLOSE;
        self
    }

    /// Does not abort the sink when the source fails: no hook is called. The sink must be passed as `&mut`, or it is dropped.
    ///
    /// ```
    /// use futures_util::stream;
    /// # use tidegate::channel::{QueuingStrategy, channel};
    /// # use tidegate::pipe::pipe_to;
    /// # futures_executor::block_on(async {
    /// let (mut sender, mut receiver) = channel(QueuingStrategy::count(8));
    /// let source = stream::iter([Ok(1), Err("the file is damaged")]);
    /// assert!(pipe_to(source, &mut sender).prevent_abort().await.is_err());
    /// assert_eq!(receiver.recv().await.unwrap(), Some(1)); // the channel goes on
    /// assert!(!sender.is_closed());
    /// # });
    /// ```
    pub fn prevent_abort(mut self) -> Self {
        self.flags |= PREVENT_ABORT;
        self
    }

    /// Does not cancel the source when the sink fails: no hook is called. The source must be passed as `&mut`, or it is dropped.
    ///
    /// ```
    /// # use tidegate::channel::{QueuingStrategy, channel};
    /// # use tidegate::pipe::pipe_to;
    /// # futures_executor::block_on(async {
    /// let (sender, mut source) = channel(QueuingStrategy::count(8));
    /// let (sink, receiver) = channel(QueuingStrategy::count(8));
    /// drop(receiver);
    /// assert!(pipe_to(&mut source, sink).prevent_cancel().await.is_err());
    /// sender.try_send(1).unwrap(); // the source goes on
    /// assert_eq!(source.recv().await.unwrap(), Some(1));
    /// # });
    /// ```
    pub fn prevent_cancel(mut self) -> Self {
        self.flags |= PREVENT_CANCEL;
        self
    }

    /// Calls `abort` with the sink and the source's error before it drops the sink.
    ///
    /// ```
    /// use futures_util::stream;
    /// use tidegate::channel::{QueuingStrategy, channel};
    /// use tidegate::pipe::pipe_to;
    ///
    /// # futures_executor::block_on(async {
    /// let (sender, mut receiver) = channel::<u32>(QueuingStrategy::count(1));
    /// let source = stream::iter([Err("the file is damaged")]);
    /// let pipe = pipe_to(source, sender).abort_with(|sender, error| sender.fail(*error));
    /// assert!(pipe.await.is_err());
    /// let failure = receiver.recv().await.unwrap_err();
    /// assert_eq!(failure.to_string(), "the sender failed the channel: the file is damaged");
    /// # });
    /// ```
    pub fn abort_with(mut self, abort: impl FnOnce(Pin<&mut D>, &E) + Send + 'static) -> Self {
        self.abort = Some(Box::new(abort));
        self
    }

    /// Calls `cancel` with the source and the sink's error before it drops the source.
    ///
    /// ```
    /// # use tidegate::channel::{QueuingStrategy, channel};
    /// # use tidegate::pipe::pipe_to;
    /// # futures_executor::block_on(async {
    /// let (sender, source) = channel::<u32>(QueuingStrategy::count(1));
    /// let (sink, receiver) = channel(QueuingStrategy::count(1));
    /// drop(receiver);
    /// let pipe = pipe_to(source, sink).cancel_with(|_source, failure| eprintln!("stopped: {failure}"));
    /// assert!(pipe.await.is_err());
    /// assert!(sender.is_closed());
    /// # });
    /// ```
    pub fn cancel_with(
        mut self,
        cancel: impl FnOnce(Pin<&mut S>, &D::Error) + Send + 'static,
    ) -> Self {
        self.cancel = Some(Box::new(cancel));
        self
    }

    /// Asks the sink for what is awaited of it. `false` where the pipe has to wait for that.
    fn advance_sink(&mut self, context: &mut Context<'_>) -> bool {
        let (Some(sink), Some(destination)) = (&mut self.sink, &mut self.destination) else {
            return true;
        };
        while self.sink_state != SinkState::Ready {
            match sink.as_mut().poll_ready(context) {
                Poll::Pending => return false,
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => {
                    self.sink_failed(error);
                    return true;
                }
            }
            match self.sink_state {
                SinkState::Starting => {
                    destination.started();
                }
                SinkState::Writing => {
                    destination.write_settled();
                }
                _ => {}
            }
            self.sink_state = SinkState::Ready;
        }
        true
    }

    fn sink_failed(&mut self, error: D::Error) {
        self.sink_error = Some(error);
        self.destination = None;
        self.sink_state = SinkState::Ready;
        if let Some(pipe) = &mut self.pipe {
            pipe.destination_ended(2);
        }
    }

    /// Reads a chunk and writes it at once, so that no drop of the pipe loses it. `false` where the pipe has to wait for one.
    fn read(&mut self, context: &mut Context<'_>) -> bool {
        let (Some(source), Some(pipe)) = (&mut self.source, &mut self.pipe) else {
            return false;
        };
        match source.as_mut().poll_next(context) {
            Poll::Ready(Some(Ok(chunk))) => {
                pipe.fulfilled();
                pipe.write(self.destination.as_mut(), 1.0);
                self.sink_state = SinkState::Writing;
                if let Some(Err(error)) = self.sink.as_mut().map(|it| it.as_mut().start_send(chunk))
                {
                    self.sink_failed(error);
                }
            }
            Poll::Ready(Some(Err(error))) => {
                self.source_error = Some(error);
                pipe.source_ended(2);
            }
            Poll::Ready(None) => pipe.source_ended(1),
            Poll::Pending => return self.sink_fails_while_idle(context),
        }
        true
    }

    /// Whether the sink has failed while the source has nothing: the source must not be waited for then. Nor is it read once the
    /// sink is ready no more.
    fn sink_fails_while_idle(&mut self, context: &mut Context<'_>) -> bool {
        let Some(sink) = &mut self.sink else {
            return false;
        };
        match sink.as_mut().poll_ready(context) {
            Poll::Ready(Ok(())) => false,
            Poll::Ready(Err(error)) => {
                self.sink_failed(error);
                true
            }
            Poll::Pending => {
                self.sink_state = SinkState::Waiting;
                false
            }
        }
    }

    /// Carries out the action with which the pipe ends.
    fn finish(&mut self, action: PipeAnswer) -> Poll<Result<(), PipeError<E, D::Error>>> {
        self.over = true;
        let (source, sink) = (self.source.take(), self.sink.take());
        if let (true, Some(mut sink), Some(abort), Some(error)) = (
            action == ABORT_DESTINATION,
            sink,
            self.abort.take(),
            &self.source_error,
        ) {
            abort(sink.as_mut(), error);
        }
        if let (true, Some(mut source), Some(cancel), Some(error)) = (
            action == CANCEL_SOURCE,
            source,
            self.cancel.take(),
            &self.sink_error,
        ) {
            cancel(source.as_mut(), error);
        }
        Poll::Ready(match (self.source_error.take(), self.sink_error.take()) {
            (Some(error), _) => Err(PipeError::Source(error)),
            (None, Some(error)) => Err(PipeError::Destination(error)),
            (None, None) => Ok(()),
        })
    }
}

impl<S, D, T, E> Future for PipeTo<S, D, T, E>
where
    S: Stream<Item = Result<T, E>>,
    D: Sink<T>,
{
    type Output = Result<(), PipeError<E, D::Error>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        assert!(!this.over, "a pipe was polled after it was ready");
        let flags = this.flags;
        this.pipe.get_or_insert_with(|| Pipe::new(0, 0, flags));
        let mut moved = 0;
        loop {
            if this.sink_state == SinkState::Closing {
                let Some(sink) = &mut this.sink else {
                    return this.finish(FINISH);
                };
                match sink.as_mut().poll_close(context) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(result) => {
                        this.sink_error = result.err();
                        return this.finish(FINISH);
                    }
                }
            }
            if !this.advance_sink(context) {
                return Poll::Pending;
            }
            if this.reading {
                moved += 1;
                if moved > BURST {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                if !this.read(context) {
                    return Poll::Pending;
                }
                this.reading = false;
                continue;
            }
            let Some(pipe) = &mut this.pipe else {
                return Poll::Pending;
            };
            match pipe.next(None, this.destination.as_mut()).action() {
                READ => this.reading = true,
                CLOSE_DESTINATION if this.sink_error.is_some() => return this.finish(FINISH),
                CLOSE_DESTINATION => this.sink_state = SinkState::Closing,
                BEGIN_DRAINING | DRAINING => {}
                WAIT => return Poll::Pending,
                action => return this.finish(action),
            }
        }
    }
}

impl<S, D: Sink<T>, T, E> fmt::Debug for PipeTo<S, D, T, E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PipeTo")
            .field("over", &self.over)
            .finish_non_exhaustive()
    }
}
