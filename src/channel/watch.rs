//! Waits for the end of backpressure, and for the end of a channel.
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::Shared;
use super::error::{Failure, TrySendError};
use super::state::Ticket;

/// The future of [`Sender::ready`](super::Sender::ready).
///
/// ```
/// # use tidegate::channel::{QueuingStrategy, Ready, channel};
/// # futures_executor::block_on(async {
/// let (sender, _receiver) = channel(QueuingStrategy::count(1));
/// let ready: Ready<'_, u32> = sender.ready();
/// assert_eq!(ready.await, Ok(()));
/// # });
/// ```
#[must_use = "a future does nothing unless it is awaited"]
pub struct Ready<'a, T> {
    pub(super) shared: &'a Shared<T>,
    pub(super) watcher: Option<Ticket>,
}

/// The future of [`Sender::closed`](super::Sender::closed).
///
/// ```
/// # use tidegate::channel::{Closed, QueuingStrategy, channel};
/// # futures_executor::block_on(async {
/// let (sender, receiver) = channel(QueuingStrategy::count(1));
/// let closed: Closed<'_, u32> = sender.closed();
/// drop(receiver);
/// assert!(closed.await.is_err());
/// # });
/// ```
#[must_use = "a future does nothing unless it is awaited"]
pub struct Closed<'a, T> {
    pub(super) shared: &'a Shared<T>,
    pub(super) watcher: Option<Ticket>,
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
