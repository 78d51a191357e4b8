//! A sender as a `Sink`.
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_sink::Sink;

use super::error::{Failure, FailureKind};
use super::sender::Sender;
use super::state::{Refusal, Wish, wake};

impl<T> Sender<T> {
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

impl<T> Sink<T> for Sender<T> {
    type Error = Failure;

    fn poll_ready(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Failure>> {
        ready!(self.poll_parked(context))?;
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
        ready!(self.poll_parked(context))?;
        if !self.closed_as_sink {
            self.closed_as_sink = true;
            self.end(None);
        }
        let failure = self.shared.lock().failure().cloned();
        Poll::Ready(failure.map_or(Ok(()), Err))
    }
}
