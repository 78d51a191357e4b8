//! The consumer's side.
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::{FusedStream, Stream};

use super::Shared;
use super::error::{Failure, FailureKind, TryRecvError};
use super::state::{Taken, wake};
use super::sync::Arc;

/// Receives the values of a channel, in the order in which they were sent. Dropped before the end, it cancels the channel.
///
/// As a [`Stream`] it yields `Result`s: an error is the last item.
///
/// ```
/// use futures_util::TryStreamExt;
/// # use tidegate::channel::{QueuingStrategy, channel};
/// # futures_executor::block_on(async {
/// let (sender, receiver) = channel(QueuingStrategy::count(4));
/// (0..3).for_each(|turn| sender.try_send(turn).unwrap());
/// drop(sender);
/// let all: Vec<_> = receiver.try_collect().await.unwrap();
/// assert_eq!(all, [0, 1, 2]);
/// # });
/// ```
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
    /// The stream has yielded the failure, or the end.
    over: bool,
}

// No value is pinned.
impl<T> Unpin for Receiver<T> {}

impl<T> Receiver<T> {
    pub(super) fn new(shared: Arc<Shared<T>>) -> Self {
        Self {
            shared,
            over: false,
        }
    }

    /// Receives a value, and waits for it where there is none. `Ok(None)` is the end: the channel is closed, and every value was
    /// received.
    ///
    /// A future that is dropped loses nothing.
    ///
    /// ```
    /// # use tidegate::channel::{QueuingStrategy, channel};
    /// # futures_executor::block_on(async {
    /// let (sender, mut receiver) = channel(QueuingStrategy::count(2));
    /// sender.send("last").await.unwrap();
    /// drop(sender);
    /// assert_eq!(receiver.recv().await.unwrap(), Some("last"));
    /// assert_eq!(receiver.recv().await.unwrap(), None);
    /// # });
    /// ```
    #[inline]
    pub fn recv(&mut self) -> Recv<'_, T> {
        Recv {
            receiver: self,
            waits: false,
        }
    }

    /// Receives a value if there is one now, or a sender waits with one.
    ///
    /// ```
    /// # use tidegate::channel::{QueuingStrategy, TryRecvError, channel};
    /// let (sender, mut receiver) = channel::<u32>(QueuingStrategy::count(2));
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    /// drop(sender);
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    /// ```
    #[inline]
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let mut state = self.shared.lock();
        let taken = state.take(false);
        wake(state);
        match taken {
            Taken::Value(value) => Ok(value),
            Taken::Empty => Err(TryRecvError::Empty),
            Taken::Closed => Err(TryRecvError::Closed),
            Taken::Failed => Err(TryRecvError::Failed(self.failure())),
        }
    }

    /// Waits for a value, then appends up to `limit` of those that are there to `values`. Returns how many; 0 is the end, or a
    /// `limit` of 0.
    ///
    /// ```
    /// # use tidegate::channel::{QueuingStrategy, channel};
    /// # futures_executor::block_on(async {
    /// let (sender, mut receiver) = channel(QueuingStrategy::count(8));
    /// (0..5).for_each(|turn| sender.try_send(turn).unwrap());
    /// let mut values = Vec::new();
    /// assert_eq!(receiver.recv_many(&mut values, 3).await.unwrap(), 3);
    /// assert_eq!(values, [0, 1, 2]);
    /// # });
    /// ```
    pub fn recv_many<'a>(&'a mut self, values: &'a mut Vec<T>, limit: usize) -> RecvMany<'a, T> {
        RecvMany {
            recv: self.recv(),
            values,
            limit,
        }
    }

    /// Cancels the channel for a reason, which senders find in [`Sender::closed`](super::Sender::closed). What is queued is
    /// dropped. Does nothing if the channel has ended.
    ///
    /// ```
    /// # use tidegate::channel::{QueuingStrategy, channel};
    /// # futures_executor::block_on(async {
    /// let (sender, receiver) = channel(QueuingStrategy::count(2));
    /// receiver.cancel("enough");
    /// let error = sender.send("more").await.unwrap_err();
    /// assert_eq!(error.into_inner(), "more");
    /// # });
    /// ```
    pub fn cancel(self, reason: impl Into<Box<dyn Error + Send + Sync>>) {
        self.shared
            .fail(Failure::with(FailureKind::Cancelled, reason));
    }

    /// How many values are queued.
    ///
    /// ```
    /// # use tidegate::channel::{QueuingStrategy, channel};
    /// let (sender, receiver) = channel(QueuingStrategy::count(4));
    /// sender.try_send("one").unwrap();
    /// assert_eq!(receiver.len(), 1);
    /// ```
    pub fn len(&self) -> usize {
        self.shared.lock().len()
    }

    /// Whether no value is queued.
    ///
    /// ```
    /// # use tidegate::channel::{QueuingStrategy, channel};
    /// let (sender, receiver) = channel(QueuingStrategy::count(4));
    /// assert!(receiver.is_empty());
    /// sender.try_send("one").unwrap();
    /// assert!(!receiver.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many values the strategy has dropped.
    ///
    /// ```
    /// # use tidegate::channel::{Overflow, QueuingStrategy, channel};
    /// let strategy = QueuingStrategy::count(1).overflow(Overflow::DropNewest);
    /// let (sender, receiver) = channel(strategy);
    /// (0..3).for_each(|turn| sender.try_send(turn).unwrap());
    /// assert_eq!(receiver.dropped(), 2);
    /// ```
    pub fn dropped(&self) -> u64 {
        self.shared.lock().dropped()
    }

    #[inline(always)]
    fn take_queued(&self) -> Option<T> {
        let mut state = self.shared.lock();
        let value = state.take_queued();
        wake(state);
        value
    }

    /// The next value, or a waker in the channel and a read that waits.
    #[cold]
    fn poll_take(&mut self, context: &mut Context<'_>) -> Poll<Taken<T>> {
        let mut state = self.shared.lock();
        let taken = state.take(true);
        if let Taken::Empty = taken {
            let known = state.receiver().as_ref();
            if known.is_some_and(|known| known.will_wake(context.waker())) {
                wake(state);
                return Poll::Pending;
            }
        }
        wake(state);
        match taken {
            Taken::Empty => self.wait(context),
            taken => Poll::Ready(taken),
        }
    }

    #[cold]
    fn wait(&mut self, context: &mut Context<'_>) -> Poll<Taken<T>> {
        let waker = context.waker().clone();
        let mut state = self.shared.lock();
        let taken = state.take(true);
        if !matches!(taken, Taken::Empty) {
            wake(state);
            return Poll::Ready(taken);
        }
        let before = state.receiver().replace(waker);
        wake(state);
        drop(before);
        Poll::Pending
    }

    #[cold]
    fn failure(&self) -> Failure {
        let failure = self.shared.lock().failure().cloned();
        failure.unwrap_or_else(|| Failure::new(FailureKind::Failed))
    }

    fn cancel_read(&mut self) {
        let waker = self.shared.lock().cancel_read();
        drop(waker);
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.shared.fail(Failure::new(FailureKind::Cancelled));
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Receiver")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

impl<T> Stream for Receiver<T> {
    type Item = Result<T, Failure>;

    #[inline]
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over {
            return Poll::Ready(None);
        }
        if let Some(value) = self.take_queued() {
            return Poll::Ready(Some(Ok(value)));
        }
        self.poll_take(context).map(|taken| match taken {
            Taken::Value(value) => Some(Ok(value)),
            Taken::Failed => {
                self.over = true;
                Some(Err(self.failure()))
            }
            _ => {
                self.over = true;
                None
            }
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), None)
    }
}

impl<T> FusedStream for Receiver<T> {
    fn is_terminated(&self) -> bool {
        self.over
    }
}

/// The future of [`Receiver::recv`].
///
/// ```
/// # use tidegate::channel::{QueuingStrategy, Recv, channel};
/// # futures_executor::block_on(async {
/// let (sender, mut receiver) = channel(QueuingStrategy::count(1));
/// sender.try_send(1).unwrap();
/// let recv: Recv<'_, u32> = receiver.recv();
/// assert_eq!(recv.await.unwrap(), Some(1));
/// # });
/// ```
#[must_use = "a future does nothing unless it is awaited"]
pub struct Recv<'a, T> {
    receiver: &'a mut Receiver<T>,
    /// A read waits in the channel.
    waits: bool,
}

impl<T> Recv<'_, T> {
    #[cold]
    fn poll_rest(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<T>, Failure>> {
        let Poll::Ready(taken) = self.receiver.poll_take(context) else {
            self.waits = true;
            return Poll::Pending;
        };
        self.waits = false;
        Poll::Ready(match taken {
            Taken::Value(value) => Ok(Some(value)),
            Taken::Failed => Err(self.receiver.failure()),
            _ => Ok(None),
        })
    }
}

impl<T> Future for Recv<'_, T> {
    type Output = Result<Option<T>, Failure>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.receiver.take_queued() {
            Some(value) => Poll::Ready(Ok(Some(value))),
            None => self.poll_rest(context),
        }
    }
}

impl<T> Drop for Recv<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if self.waits {
            self.receiver.cancel_read();
        }
    }
}

/// The future of [`Receiver::recv_many`].
///
/// ```
/// # use tidegate::channel::{QueuingStrategy, RecvMany, channel};
/// # futures_executor::block_on(async {
/// let (sender, mut receiver) = channel(QueuingStrategy::count(2));
/// sender.try_send(1).unwrap();
/// let mut values = Vec::new();
/// let recv: RecvMany<'_, u32> = receiver.recv_many(&mut values, 8);
/// assert_eq!(recv.await.unwrap(), 1);
/// # });
/// ```
#[must_use = "a future does nothing unless it is awaited"]
pub struct RecvMany<'a, T> {
    recv: Recv<'a, T>,
    values: &'a mut Vec<T>,
    limit: usize,
}

impl<T> Future for RecvMany<'_, T> {
    type Output = Result<usize, Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.limit == 0 {
            return Poll::Ready(Ok(0));
        }
        let Poll::Ready(first) = Pin::new(&mut self.recv).poll(context)? else {
            return Poll::Pending;
        };
        let Some(first) = first else {
            return Poll::Ready(Ok(0));
        };
        let this = &mut *self;
        let before = this.values.len();
        this.values.push(first);
        let mut state = this.recv.receiver.shared.lock();
        while this.values.len() - before < this.limit {
            match state.take(false) {
                Taken::Value(value) => this.values.push(value),
                _ => break,
            }
        }
        wake(state);
        Poll::Ready(Ok(this.values.len() - before))
    }
}
