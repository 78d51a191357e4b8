//! Room that is reserved before its value is made.
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::Shared;
use super::error::TrySendError;
use super::state::{Refusal, Ticket, Wish, wake};

/// The future of [`Sender::reserve`](super::Sender::reserve).
///
/// ```
/// # use tidegate::channel::{QueuingStrategy, Reserve, channel};
/// # futures_executor::block_on(async {
/// let (sender, _receiver) = channel::<u32>(QueuingStrategy::count(1));
/// let reserve: Reserve<'_, u32> = sender.reserve();
/// assert!(reserve.await.is_ok());
/// # });
/// ```
#[must_use = "a future does nothing unless it is awaited"]
pub struct Reserve<'a, T> {
    pub(super) shared: &'a Shared<T>,
    pub(super) size: f64,
    pub(super) ticket: Option<Ticket>,
    pub(super) over: bool,
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
            let waits = state.still_waits(ticket, &mut waker);
            if waits && state.failure().is_none() {
                return Poll::Pending;
            }
            let given_up = state.give_up(ticket);
            let granted = state.take_grant(ticket);
            self.ticket = None;
            self.over = true;
            wake(state);
            drop(given_up);
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
            self.shared.give_up(ticket, Some(self.size));
        }
    }
}

/// Room in a channel that is reserved for one value. Dropped, it gives the room to the next sender.
///
/// ```
/// # use tidegate::channel::{QueuingStrategy, channel};
/// # futures_executor::block_on(async {
/// let (sender, _receiver) = channel::<u32>(QueuingStrategy::count(1));
/// let permit = sender.reserve().await.unwrap();
/// assert!(sender.try_send(1).is_err());
/// drop(permit); // the room is free again
/// assert!(sender.try_send(1).is_ok());
/// # });
/// ```
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
    ///
    /// ```
    /// # use tidegate::channel::{QueuingStrategy, channel};
    /// # futures_executor::block_on(async {
    /// let (sender, mut receiver) = channel(QueuingStrategy::count(1));
    /// let permit = sender.reserve().await.unwrap();
    /// permit.send("a value made only now").unwrap();
    /// assert_eq!(receiver.try_recv(), Ok("a value made only now"));
    /// # });
    /// ```
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
