//! The producers' side.
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_sink::Sink;

use super::Shared;
use super::error::{Failure, FailureKind, SendError, TrySendError};
use super::state::{Refusal, Ticket, Wish, wake};
use super::sync::Arc;

/// Sends values into a channel. Clones send into the same channel; when the last is dropped, the channel closes.
///
/// As a [`Sink`] it is ready when there is no backpressure. A value for which there is no room then all the same, because of
/// its size or of another sender, waits in the channel beyond its capacity: one for each sender. `poll_close` ends this sender
/// only. A sender that was used as a sink and is dropped before that fails the channel with [`FailureKind::Aborted`].
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
    /// The value that the sink was given and that waits for room.
    parked: Option<Ticket>,
    watcher: Option<Ticket>,
    end_watcher: Option<Ticket>,
    used_as_sink: bool,
    closed_as_sink: bool,
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
    /// The value is in the channel once the future is ready. A future that is dropped before that sends nothing.
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
    /// A value is made only once there is room for it. A dropped [`Permit`], or a dropped future, gives the room to the next
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
    pub fn is_closed(&self) -> bool {
        self.shared.lock().refuses()
    }

    /// How many values the strategy has dropped.
    pub fn dropped(&self) -> u64 {
        self.shared.lock().dropped()
    }

    /// Ends this sender as one that is dropped.
    fn end(&mut self, how: Option<FailureKind>) {
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

    /// Ready once the value that waits for room has it.
    fn poll_parked(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        let Some(ticket) = self.parked else {
            return Poll::Ready(Ok(()));
        };
        let mut waker = Some(context.waker().clone());
        let mut state = self.shared.lock();
        let waits = state.still_waits(ticket, &mut waker);
        let failure = state.failure().cloned();
        if waits && failure.is_none() {
            return Poll::Pending;
        }
        self.parked = None;
        let value = state.give_up(ticket);
        wake(state);
        drop(value);
        match failure {
            Some(failure) if waits => Poll::Ready(Err(failure)),
            _ => Poll::Ready(Ok(())),
        }
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
    fn put(&self, value: T, size: f64) -> Result<(), (T, Refusal)> {
        let mut state = self.lock();
        let result = state.put(value, size);
        wake(state);
        match result {
            Ok(()) => Ok(()),
            Err((value, refusal)) => self.refused(value, size, refusal),
        }
    }

    #[cold]
    fn refused(&self, value: T, size: f64, refusal: Refusal) -> Result<(), (T, Refusal)> {
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
    fn give_up(&self, ticket: Ticket, reserved: f64) {
        let mut state = self.lock();
        let wish = state.give_up(ticket);
        if wish.is_none() && reserved > 0.0 && state.take_grant(ticket) {
            state.release(reserved);
        }
        wake(state);
        drop(wish);
    }
}

/// The future of [`Sender::send`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct SendFuture<'a, T> {
    shared: &'a Shared<T>,
    size: f64,
    /// None once it waits in the channel, or is sent.
    value: Option<T>,
    ticket: Option<Ticket>,
}

// No value is pinned.
impl<T> Unpin for SendFuture<'_, T> {}

impl<T> SendFuture<'_, T> {
    #[cold]
    fn wait(&mut self, value: T, context: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        let waker = context.waker().clone();
        let mut state = self.shared.lock();
        let result = state.put(value, self.size);
        let result = match result {
            Err((value, Refusal::Full)) => {
                self.ticket = Some(state.wait(Wish::Send(value), self.size, waker));
                return Poll::Pending;
            }
            other => other,
        };
        wake(state);
        match result {
            Ok(()) => Poll::Ready(Ok(())),
            Err((value, refusal)) => self.refused(value, refusal),
        }
    }

    #[cold]
    fn refused(&self, value: T, refusal: Refusal) -> Poll<Result<(), SendError<T>>> {
        let result = self.shared.refused(value, self.size, refusal);
        Poll::Ready(result.map_err(|(value, refusal)| match refusal {
            Refusal::TooLarge => SendError::TooLarge(value),
            _ => SendError::Closed(value),
        }))
    }

    #[cold]
    fn poll_waiting(
        &mut self,
        ticket: Ticket,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), SendError<T>>> {
        let mut waker = Some(context.waker().clone());
        let mut state = self.shared.lock();
        if !state.still_waits(ticket, &mut waker) {
            self.ticket = None;
            return Poll::Ready(Ok(()));
        }
        if state.failure().is_none() {
            return Poll::Pending;
        }
        self.ticket = None;
        let wish = state.give_up(ticket);
        wake(state);
        match wish {
            Some((Wish::Send(value), _)) => Poll::Ready(Err(SendError::Closed(value))),
            _ => Poll::Ready(Ok(())),
        }
    }
}

impl<T> Future for SendFuture<'_, T> {
    type Output = Result<(), SendError<T>>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(value) = self.value.take() else {
            return match self.ticket {
                Some(ticket) => self.poll_waiting(ticket, context),
                None => panic!("a send() was polled after it was ready"),
            };
        };
        match self.shared.put(value, self.size) {
            Ok(()) => Poll::Ready(Ok(())),
            Err((value, Refusal::Full)) => self.wait(value, context),
            Err((value, Refusal::TooLarge)) => Poll::Ready(Err(SendError::TooLarge(value))),
            Err((value, _)) => Poll::Ready(Err(SendError::Closed(value))),
        }
    }
}

impl<T> Drop for SendFuture<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.shared.give_up(ticket, 0.0);
        }
    }
}

/// The future of [`Sender::reserve`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Reserve<'a, T> {
    shared: &'a Shared<T>,
    size: f64,
    ticket: Option<Ticket>,
    over: bool,
}

impl<'a, T> Reserve<'a, T> {
    fn permit(&self) -> Poll<Result<Permit<'a, T>, TrySendError<()>>> {
        Poll::Ready(Ok(Permit {
            shared: self.shared,
            size: self.size,
        }))
    }
}

impl<'a, T> Future for Reserve<'a, T> {
    type Output = Result<Permit<'a, T>, TrySendError<()>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        assert!(!self.over, "a reserve() was polled after it was ready");
        let mut waker = Some(context.waker().clone());
        let shared = self.shared;
        let mut state = shared.lock();
        if let Some(ticket) = self.ticket {
            if state.still_waits(ticket, &mut waker) {
                if state.failure().is_none() {
                    return Poll::Pending;
                }
                state.give_up(ticket);
            }
            let granted = state.take_grant(ticket);
            self.ticket = None;
            self.over = true;
            wake(state);
            if granted {
                return self.permit();
            }
            return Poll::Ready(Err(TrySendError::Closed(())));
        }
        let error = match state.reserve(self.size) {
            Ok(()) => {
                self.over = true;
                return self.permit();
            }
            Err(Refusal::Full) => {
                if let Some(waker) = waker.take() {
                    self.ticket = Some(state.wait(Wish::Reserve, self.size, waker));
                }
                return Poll::Pending;
            }
            Err(Refusal::TooLarge) => TrySendError::TooLarge(()),
            Err(_) => TrySendError::Closed(()),
        };
        self.over = true;
        drop(state);
        Poll::Ready(Err(error))
    }
}

impl<T> Drop for Reserve<'_, T> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.shared.give_up(ticket, self.size);
        }
    }
}

/// Room in a channel that is reserved for one value. Dropped, it gives the room to the next sender.
#[must_use = "a permit that is dropped gives its room back"]
pub struct Permit<'a, T> {
    shared: &'a Shared<T>,
    size: f64,
}

impl<T> Permit<'_, T> {
    /// Sends the value for which the room was reserved.
    ///
    /// It fails, and gives the value back, where the channel takes none any more, or where the value is larger than the room
    /// that was reserved and there is no room for the rest.
    pub fn send(self, value: T) -> Result<(), TrySendError<T>> {
        let size = self.shared.size.of(&value);
        let mut state = self.shared.lock();
        let result = state.put_reserved(value, size, self.size);
        wake(state);
        match result {
            Ok(()) => {
                std::mem::forget(self);
                Ok(())
            }
            Err((value, Refusal::TooLarge)) => Err(TrySendError::TooLarge(value)),
            Err((value, Refusal::Closed)) => Err(TrySendError::Closed(value)),
            Err((value, _)) => Err(TrySendError::Full(value)),
        }
    }
}

impl<T> Drop for Permit<'_, T> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.release(self.size);
        wake(state);
    }
}

impl<T> fmt::Debug for Permit<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Permit")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// The future of [`Sender::ready`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Ready<'a, T> {
    shared: &'a Shared<T>,
    watcher: Option<Ticket>,
}

/// The future of [`Sender::closed`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Closed<'a, T> {
    shared: &'a Shared<T>,
    watcher: Option<Ticket>,
}

impl<T> Future for Ready<'_, T> {
    type Output = Result<(), TrySendError<()>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let waker = context.waker().clone();
        let shared = self.shared;
        let mut state = shared.lock();
        if state.refuses() {
            return Poll::Ready(Err(TrySendError::Closed(())));
        }
        if state.is_ready() {
            return Poll::Ready(Ok(()));
        }
        let before = state.watch(true, &mut self.watcher, waker);
        drop(state);
        drop(before);
        Poll::Pending
    }
}

impl<T> Future for Closed<'_, T> {
    type Output = Result<(), Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let waker = context.waker().clone();
        let shared = self.shared;
        let mut state = shared.lock();
        if state.is_over() {
            return Poll::Ready(state.failure().cloned().map_or(Ok(()), Err));
        }
        let before = state.watch(false, &mut self.watcher, waker);
        drop(state);
        drop(before);
        Poll::Pending
    }
}

impl<T> Shared<T> {
    fn unwatch(&self, for_room: bool, watcher: &mut Option<Ticket>) {
        if watcher.is_some() {
            let waker = self.lock().unwatch(for_room, watcher);
            drop(waker);
        }
    }
}

impl<T> Drop for Ready<'_, T> {
    fn drop(&mut self) {
        self.shared.unwatch(true, &mut self.watcher);
    }
}

impl<T> Drop for Closed<'_, T> {
    fn drop(&mut self) {
        self.shared.unwatch(false, &mut self.watcher);
    }
}

impl<T> Sink<T> for Sender<T> {
    type Error = Failure;

    fn poll_ready(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Failure>> {
        match self.poll_parked(context) {
            Poll::Ready(Ok(())) => {}
            other => return other,
        }
        let waker = context.waker().clone();
        let shared = self.shared.clone();
        let mut state = shared.lock();
        if state.refuses() || self.closed_as_sink {
            let failure = state.failure().cloned();
            return Poll::Ready(Err(
                failure.unwrap_or_else(|| Failure::new(FailureKind::Closed))
            ));
        }
        if state.is_ready() {
            // A pipe that waits for its source is to see that the channel ends.
            let before = state.watch(false, &mut self.end_watcher, waker);
            drop(state);
            drop(before);
            return Poll::Ready(Ok(()));
        }
        let before = state.watch(true, &mut self.watcher, waker);
        drop(state);
        drop(before);
        Poll::Pending
    }

    fn start_send(mut self: Pin<&mut Self>, value: T) -> Result<(), Failure> {
        self.used_as_sink = true;
        let size = self.shared.size.of(&value);
        let shared = self.shared.clone();
        let Err((value, refusal)) = shared.put(value, size) else {
            return Ok(());
        };
        let kind = match refusal {
            Refusal::TooLarge => FailureKind::TooLarge,
            Refusal::Full if self.parked.is_none() => {
                let mut state = shared.lock();
                match state.put(value, size) {
                    Err((value, Refusal::Full)) => {
                        // The waker comes with the next `poll_ready` or `poll_flush`.
                        let ticket = state.wait(Wish::Send(value), size, None);
                        self.parked = Some(ticket);
                        return Ok(());
                    }
                    result => {
                        wake(state);
                        if result.is_ok() {
                            return Ok(());
                        }
                        FailureKind::Closed
                    }
                }
            }
            Refusal::Full => FailureKind::Overflow,
            _ => FailureKind::Closed,
        };
        let failure = shared.lock().failure().cloned();
        Err(failure.unwrap_or_else(|| Failure::new(kind)))
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Failure>> {
        self.poll_parked(context)
    }

    fn poll_close(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Failure>> {
        match self.poll_parked(context) {
            Poll::Ready(Ok(())) => {}
            other => return other,
        }
        if !self.closed_as_sink {
            self.closed_as_sink = true;
            self.end(None);
        }
        let failure = self.shared.lock().failure().cloned();
        Poll::Ready(failure.map_or(Ok(()), Err))
    }
}
