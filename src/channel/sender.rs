//! The producers' side.
use std::error::Error;
use std::fmt;

use super::Shared;
use super::error::{Failure, FailureKind, TrySendError};
use super::permit::Reserve;
use super::send::SendFuture;
use super::state::{Refusal, Ticket, wake};
use super::sync::Arc;
use super::watch::{Closed, Ready};

/// Sends values into a channel. Clones send into the same channel; when the last is dropped, the channel closes.
///
/// As a [`Sink`](futures_sink::Sink) it is ready when there is no backpressure. A value for which there is no room then all the same, because of
/// its size or of another sender, waits in the channel beyond its capacity: one for each sender. `poll_close` ends this sender
/// only. A sender that was used as a sink and is dropped before that fails the channel with [`FailureKind::Aborted`].
///
/// ```
/// use futures_util::{SinkExt, StreamExt, stream};
/// # use tidegate::channel::{QueuingStrategy, channel};
/// # futures_executor::block_on(async {
/// let (mut sender, receiver) = channel(QueuingStrategy::count(4));
/// let mut values = stream::iter(["one", "two"].map(Ok));
/// sender.send_all(&mut values).await?;
/// SinkExt::close(&mut sender).await?;
/// let all: Vec<_> = receiver.map(Result::unwrap).collect().await;
/// assert_eq!(all, ["one", "two"]);
/// # Ok::<(), tidegate::channel::Failure>(())
/// # }).unwrap();
/// ```
pub struct Sender<T> {
    pub(super) shared: Arc<Shared<T>>,
    /// The value that the sink was given and that waits for room.
    pub(super) parked: Option<Ticket>,
    pub(super) watcher: Option<Ticket>,
    pub(super) end_watcher: Option<Ticket>,
    pub(super) used_as_sink: bool,
    pub(super) closed_as_sink: bool,
}

// No value is pinned.
impl<T> Unpin for Sender<T> {}

impl<T> Sender<T> {
    pub(super) fn new(shared: Arc<Shared<T>>) -> Self {
        Self {
            shared,
            parked: None,
            watcher: None,
            end_watcher: None,
            used_as_sink: false,
            closed_as_sink: false,
        }
    }

    /// Sends a value if there is room for it now.
    ///
    /// It gives the value back where there is no room or other senders wait for it, and where the channel takes none.
    ///
    /// ```
    /// # use tidegate::channel::{QueuingStrategy, TrySendError, channel};
    /// let (sender, receiver) = channel(QueuingStrategy::count(1));
    /// sender.try_send("one").unwrap();
    /// assert_eq!(sender.try_send("two"), Err(TrySendError::Full("two")));
    /// drop(receiver);
    /// assert_eq!(sender.try_send("two"), Err(TrySendError::Closed("two")));
    /// ```
    #[inline]
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let size = self.shared.size.of(&value);
        self.shared
            .put(value, size)
            .map_err(|(value, refusal)| match refusal {
                Refusal::TooLarge => TrySendError::TooLarge(value),
                Refusal::Closed => TrySendError::Closed(value),
                _ => TrySendError::Full(value),
            })
    }

    /// Sends a value, and waits for room first where there is none.
    ///
    /// A future that is dropped while it waits sends nothing. Its value is in the channel from the moment at which there was
    /// room, when the future is woken.
    ///
    /// ```
    /// # use tidegate::channel::{QueuingStrategy, SendError, channel};
    /// # futures_executor::block_on(async {
    /// let (sender, mut receiver) = channel(QueuingStrategy::count(8));
    /// sender.send("hello").await?;
    /// assert_eq!(receiver.recv().await.unwrap(), Some("hello"));
    /// # Ok::<(), SendError<&str>>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn send(&self, value: T) -> SendFuture<'_, T> {
        SendFuture {
            shared: &self.shared,
            size: self.shared.size.of(&value),
            value: Some(value),
            ticket: None,
        }
    }

    /// Waits for room of size 1, and reserves it. See [`reserve_size`](Self::reserve_size).
    ///
    /// ```
    /// # use tidegate::channel::{QueuingStrategy, TrySendError, channel};
    /// # futures_executor::block_on(async {
    /// let (sender, mut receiver) = channel(QueuingStrategy::count(1));
    /// let permit = sender.reserve().await?;
    /// assert!(sender.try_send("no room").is_err()); // it is reserved
    /// permit.send("expensive to make").unwrap();
    /// assert_eq!(receiver.recv().await.unwrap(), Some("expensive to make"));
    /// # Ok::<(), TrySendError<()>>(())
    /// # }).unwrap();
    /// ```
    pub fn reserve(&self) -> Reserve<'_, T> {
        self.reserve_size(1)
    }

    /// Waits for room of `size`, in the unit of the strategy, and reserves it. It waits behind the senders that wait already.
    ///
    /// A value is made only once there is room for it. A dropped [`Permit`](super::Permit), or a dropped future, gives the room to the next
    /// sender. Only room in the queue can be reserved: with a capacity of 0 the error is [`TrySendError::TooLarge`].
    ///
    /// ```
    /// # use tidegate::channel::{QueuingStrategy, channel};
    /// # futures_executor::block_on(async {
    /// let (sender, mut receiver) = channel(QueuingStrategy::bytes(1024));
    /// let permit = sender.reserve_size(512).await.unwrap();
    /// let chunk = vec![0; 300]; // read from a file, say
    /// permit.send(chunk).unwrap();
    /// assert_eq!(receiver.recv().await.unwrap().unwrap().len(), 300);
    /// # });
    /// ```
    pub fn reserve_size(&self, size: usize) -> Reserve<'_, T> {
        Reserve {
            shared: &self.shared,
            size: size as f64,
            ticket: None,
            over: false,
        }
    }

    /// Waits until there is no backpressure: until the desired size is positive, or a receiver waits. Reserves nothing.
    ///
    /// The error is why the channel takes no value any more.
    ///
    /// ```
    /// # use tidegate::channel::{QueuingStrategy, channel};
    /// # futures_executor::block_on(async {
    /// let (sender, mut receiver) = channel(QueuingStrategy::count(1).capacity(4));
    /// sender.ready().await.unwrap();
    /// sender.try_send(1).unwrap();
    /// assert_eq!(sender.desired_size(), 0); // backpressure, though there is room for three more
    /// receiver.recv().await.unwrap();
    /// sender.ready().await.unwrap();
    /// # });
    /// ```
    pub fn ready(&self) -> Ready<'_, T> {
        Ready {
            shared: &self.shared,
            watcher: None,
        }
    }

    /// The high-water mark less the sizes of what is queued and reserved: how much the channel wants. 0 or less is
    /// backpressure. A channel that has ended wants nothing.
    ///
    /// ```
    /// # use tidegate::channel::{QueuingStrategy, channel};
    /// let (sender, _receiver) = channel(QueuingStrategy::bytes(8));
    /// sender.try_send("hello").unwrap();
    /// assert_eq!(sender.desired_size(), 3);
    /// ```
    pub fn desired_size(&self) -> isize {
        self.shared.lock().desired_size()
    }

    /// Closes the channel for all senders, after what is queued and the senders that wait already. Does nothing if the channel
    /// is closed, or has failed.
    ///
    /// ```
    /// # use tidegate::channel::{QueuingStrategy, channel};
    /// # futures_executor::block_on(async {
    /// let (sender, mut receiver) = channel(QueuingStrategy::count(1));
    /// sender.send(1).await.unwrap();
    /// sender.close();
    /// assert!(sender.send(2).await.is_err());
    /// assert_eq!(receiver.recv().await.unwrap(), Some(1));
    /// assert_eq!(receiver.recv().await.unwrap(), None);
    /// # });
    /// ```
    pub fn close(&self) {
        let mut state = self.shared.lock();
        state.close();
        wake(state);
    }

    /// Fails the channel: what is queued is dropped, and the receiver gets a [`Failure`] with this error as its source.
    ///
    /// ```
    /// # use tidegate::channel::{FailureKind, QueuingStrategy, channel};
    /// # futures_executor::block_on(async {
    /// let (sender, mut receiver) = channel::<u32>(QueuingStrategy::count(1));
    /// sender.fail("the disk is full");
    /// let failure = receiver.recv().await.unwrap_err();
    /// assert_eq!(failure.kind(), FailureKind::Failed);
    /// assert_eq!(failure.to_string(), "the sender failed the channel: the disk is full");
    /// # });
    /// ```
    pub fn fail(&self, error: impl Into<Box<dyn Error + Send + Sync>>) {
        self.shared.fail(Failure::with(FailureKind::Failed, error));
    }

    /// Waits until the channel has ended: `Ok` when it was closed and every value was received, else why it failed. A dropped
    /// receiver is a failure of the kind [`FailureKind::Cancelled`].
    ///
    /// ```
    /// # use tidegate::channel::{FailureKind, QueuingStrategy, channel};
    /// # futures_executor::block_on(async {
    /// let (sender, receiver) = channel::<u32>(QueuingStrategy::count(1));
    /// receiver.cancel("the client is gone");
    /// let failure = sender.closed().await.unwrap_err();
    /// assert_eq!(failure.kind(), FailureKind::Cancelled);
    /// # });
    /// ```
    pub fn closed(&self) -> Closed<'_, T> {
        Closed {
            shared: &self.shared,
            watcher: None,
        }
    }

    /// Whether the channel takes no value any more.
    ///
    /// ```
    /// # use tidegate::channel::{QueuingStrategy, channel};
    /// let (sender, receiver) = channel::<u32>(QueuingStrategy::count(1));
    /// assert!(!sender.is_closed());
    /// drop(receiver);
    /// assert!(sender.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.shared.lock().refuses()
    }

    /// How many values the strategy has dropped.
    ///
    /// ```
    /// # use tidegate::channel::{Overflow, QueuingStrategy, channel};
    /// let strategy = QueuingStrategy::count(1).overflow(Overflow::DropOldest);
    /// let (sender, _receiver) = channel(strategy);
    /// (0..3).for_each(|turn| sender.try_send(turn).unwrap());
    /// assert_eq!(sender.dropped(), 2);
    /// ```
    pub fn dropped(&self) -> u64 {
        self.shared.lock().dropped()
    }

    /// Ends this sender as one that is dropped.
    pub(super) fn end(&mut self, how: Option<FailureKind>) {
        let mut state = self.shared.lock();
        let unwatched = [
            state.unwatch(true, &mut self.watcher),
            state.unwatch(false, &mut self.end_watcher),
        ];
        // A failure first, so that nobody goes on in the place of the value that waits.
        let lost = state.sender_dropped(how);
        let parked = self.parked.take().and_then(|it| state.give_up(it));
        wake(state);
        drop((unwatched, parked, lost));
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        if !self.closed_as_sink {
            self.shared.lock().sender_cloned();
        }
        let mut clone = Self::new(self.shared.clone());
        clone.closed_as_sink = self.closed_as_sink;
        clone
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if self.closed_as_sink {
            return;
        }
        let how = if std::thread::panicking() {
            Some(FailureKind::Panicked)
        } else if self.used_as_sink {
            Some(FailureKind::Aborted)
        } else {
            None
        };
        self.end(how);
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Sender")
            .field("desired_size", &self.desired_size())
            .field("is_closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

impl<T> Shared<T> {
    /// Takes a value, or gives it back. What the strategy drops counts as taken.
    #[inline]
    pub(super) fn put(&self, value: T, size: f64) -> Result<(), (T, Refusal)> {
        let mut state = self.lock();
        let result = state.put(value, size);
        wake(state);
        match result {
            Ok(()) => Ok(()),
            Err((value, refusal)) => self.refused(value, size, refusal),
        }
    }

    #[cold]
    pub(super) fn refused(
        &self,
        value: T,
        size: f64,
        refusal: Refusal,
    ) -> Result<(), (T, Refusal)> {
        match refusal {
            Refusal::DropOldest => {
                let mut lost = Vec::new();
                let mut state = self.lock();
                let result = state.put_dropping(value, size, &mut lost);
                wake(state);
                drop(lost);
                result
            }
            Refusal::Dropped => Ok(()),
            Refusal::Overflow => {
                self.fail(Failure::new(FailureKind::Overflow));
                Err((value, Refusal::Closed))
            }
            _ => Err((value, refusal)),
        }
    }

    pub(super) fn fail(&self, failure: Failure) {
        let mut state = self.lock();
        let lost = state.fail(failure);
        wake(state);
        drop(lost);
    }

    /// Gives up a place among those that wait, for a future that is dropped.
    /// `reserved` is the size of a reservation, which may have been granted.
    pub(super) fn give_up(&self, ticket: Ticket, reserved: Option<f64>) {
        let mut state = self.lock();
        let wish = state.give_up(ticket);
        if let (None, Some(size)) = (&wish, reserved)
            && state.take_grant(ticket)
        {
            state.release(size);
        }
        wake(state);
        drop(wish);
    }
}
