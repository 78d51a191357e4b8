//! A send that waits for room.
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::Shared;
use super::error::SendError;
use super::state::{Refusal, Ticket, Wish, wake};

/// The future of [`Sender::send`](super::Sender::send).
///
/// ```
/// # use tidegate::channel::{QueuingStrategy, SendFuture, channel};
/// # futures_executor::block_on(async {
/// let (sender, _receiver) = channel(QueuingStrategy::count(1));
/// let send: SendFuture<'_, u32> = sender.send(1);
/// assert_eq!(send.await, Ok(()));
/// # });
/// ```
#[must_use = "a future does nothing unless it is awaited"]
pub struct SendFuture<'a, T> {
    pub(super) shared: &'a Shared<T>,
    pub(super) size: f64,
    /// None once it waits in the channel, or is sent.
    pub(super) value: Option<T>,
    pub(super) ticket: Option<Ticket>,
}

// No value is pinned.
impl<T> Unpin for SendFuture<'_, T> {}

impl<T> SendFuture<'_, T> {
    /// A value that was not taken at once, or waits.
    #[cold]
    fn poll_rest(&mut self, context: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        match (self.value.take(), self.ticket) {
            (Some(value), _) => self.wait(value, context),
            (None, Some(ticket)) => self.poll_waiting(ticket, context),
            (None, None) => panic!("a send() was polled after it was ready"),
        }
    }

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

    fn refused(&self, value: T, refusal: Refusal) -> Poll<Result<(), SendError<T>>> {
        let result = self.shared.refused(value, self.size, refusal);
        Poll::Ready(result.map_err(|(value, refusal)| match refusal {
            Refusal::TooLarge => SendError::TooLarge(value),
            _ => SendError::Closed(value),
        }))
    }

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
        let this = &mut *self;
        if this.value.is_some() {
            let mut state = this.shared.lock();
            let taken = state.put_at_once(&mut this.value, this.size);
            wake(state);
            if taken {
                return Poll::Ready(Ok(()));
            }
        }
        this.poll_rest(context)
    }
}

impl<T> Drop for SendFuture<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.shared.give_up(ticket, None);
        }
    }
}
