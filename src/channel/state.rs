//! What is behind a channel's lock: the machine, the values that it counts, and those that wait.
use std::collections::VecDeque;
use std::task::Waker;

use super::error::{Failure, FailureKind};
use super::strategy::{Overflow, QueuingStrategy, Size};
use super::sync::MutexGuard;
use super::wakes::Wakes;
use crate::core::bounded::{self, Admission, Bounded, Read};

/// What a future that waits is named by. They grow, and the list of those that wait is sorted by them.
pub(super) type Ticket = u64;

/// What waits for room.
pub(super) enum Wish<T> {
    /// A value, which is moved into the queue by the code that makes room.
    Send(T),
    /// Room for a value that comes later.
    Reserve,
}

struct Waiting<T> {
    ticket: Ticket,
    wish: Wish<T>,
    size: f64,
    waker: Option<Waker>,
}

/// Why a value was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Full,
    TooLarge,
    Closed,
    /// The strategy drops the value.
    Dropped,
    /// The strategy drops the oldest values to make room.
    DropOldest,
    /// The strategy fails the channel.
    Overflow,
}

/// What a receiver finds.
pub(super) enum Taken<T> {
    Value(T),
    Empty,
    Closed,
    /// The failure is [`State::failure`].
    Failed,
}

pub(super) struct State<T> {
    machine: Bounded,
    /// The values that the machine counts, and one more at the head where a read was fulfilled and its value not taken yet.
    values: VecDeque<T>,
    fulfilled: bool,
    /// Nothing comes any more but what is in `values`.
    ended: bool,
    failure: Option<Failure>,
    waiting: VecDeque<Waiting<T>>,
    /// Reservations that were granted and not taken yet.
    granted: Vec<Ticket>,
    next_ticket: Ticket,
    /// Who waits for room below the high-water mark, or for the end.
    watchers: Vec<(Ticket, Waker)>,
    /// Those that wait for the end only.
    end_watchers: Vec<(Ticket, Waker)>,
    receiver: Option<Waker>,
    senders: usize,
    dropped: u64,
    /// What is to be woken once the lock is released: see [`wake`].
    wakes: Wakes,
}

/// Releases the lock, then wakes those that is to be woken.
#[inline(always)]
pub(super) fn wake<T>(mut state: MutexGuard<'_, State<T>>) {
    if !state.wakes.is_empty() {
        let wakes = std::mem::take(&mut state.wakes);
        drop(state);
        wakes.wake();
    }
}

impl<T> State<T> {
    pub(super) fn new(strategy: QueuingStrategy<T>) -> (Self, Size<T>) {
        let mark = strategy.high_water_mark as f64;
        let capacity = strategy.capacity.unwrap_or(strategy.high_water_mark) as f64;
        let overflow = match strategy.overflow {
            Overflow::Block => bounded::Overflow::Block,
            Overflow::Fail => bounded::Overflow::Fail,
            Overflow::DropOldest => bounded::Overflow::DropOldest,
            Overflow::DropNewest => bounded::Overflow::DropNewest,
        };
        let state = Self {
            machine: Bounded::new(mark, capacity, overflow),
            values: VecDeque::new(),
            fulfilled: false,
            ended: false,
            failure: None,
            waiting: VecDeque::new(),
            granted: Vec::new(),
            next_ticket: 0,
            watchers: Vec::new(),
            end_watchers: Vec::new(),
            receiver: None,
            senders: 1,
            dropped: 0,
            wakes: Wakes::default(),
        };
        (state, strategy.size)
    }

    pub(super) fn desired_size(&self) -> isize {
        if self.ended {
            0
        } else {
            self.machine.desired_size() as isize
        }
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    pub(super) fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// Whether no new value is taken.
    #[inline]
    pub(super) fn refuses(&self) -> bool {
        self.ended || self.machine.is_closing()
    }

    /// Whether a sender may send without backpressure.
    pub(super) fn is_ready(&self) -> bool {
        self.waiting.is_empty() && self.machine.is_ready()
    }

    /// Whether everything that was sent has been received, or never will be.
    pub(super) fn is_over(&self) -> bool {
        self.ended && self.values.is_empty()
    }

    /// Takes a value of `size` that is in `value` if it is taken at once, as in most calls. `false` changes nothing: then
    /// [`State::put`] says why not.
    #[inline(always)]
    pub(super) fn put_at_once(&mut self, value: &mut Option<T>, size: f64) -> bool {
        if self.ended {
            return false;
        }
        let admission = self.machine.write(size, !self.waiting.is_empty());
        if !matches!(admission, Admission::Queued | Admission::Fulfills) {
            return false;
        }
        if let Some(value) = value.take() {
            self.enqueue(admission, value);
        }
        true
    }

    /// Takes a value of `size`.
    #[inline(always)]
    pub(super) fn put(&mut self, value: T, size: f64) -> Result<(), (T, Refusal)> {
        if self.ended {
            return Err((value, Refusal::Closed));
        }
        match self.machine.write(size, !self.waiting.is_empty()) {
            admission @ (Admission::Queued | Admission::Fulfills) => {
                self.enqueue(admission, value);
                Ok(())
            }
            other => Err((value, self.refusal(other))),
        }
    }

    /// The same after [`Refusal::DropOldest`]. `lost` gets what makes room, which is to be dropped without the lock.
    pub(super) fn put_dropping(
        &mut self,
        mut value: T,
        size: f64,
        lost: &mut Vec<T>,
    ) -> Result<(), (T, Refusal)> {
        loop {
            value = match self.put(value, size) {
                Err((value, Refusal::DropOldest)) => value,
                result => {
                    // What was dropped may have been larger than the value.
                    self.advance();
                    return result;
                }
            };
            // A value that fulfilled a read is not in the queue any more.
            let Some(oldest) = self.values.remove(usize::from(self.fulfilled)) else {
                return Err((value, Refusal::Full));
            };
            self.machine.drop_oldest();
            self.dropped += 1;
            lost.push(oldest);
        }
    }

    #[cold]
    fn refusal(&mut self, admission: Admission) -> Refusal {
        match admission {
            Admission::TooLarge => Refusal::TooLarge,
            Admission::Refused => Refusal::Closed,
            Admission::Overflow => Refusal::Overflow,
            Admission::DropOldest => Refusal::DropOldest,
            Admission::DropNewest => {
                self.dropped += 1;
                Refusal::Dropped
            }
            _ => Refusal::Full,
        }
    }

    #[inline(always)]
    fn enqueue(&mut self, admission: Admission, value: T) {
        self.values.push_back(value);
        if admission == Admission::Fulfills {
            self.fulfilled = true;
            self.wakes.push(self.receiver.take());
        }
    }

    /// Reserves room of `size`, where nobody waits for room.
    pub(super) fn reserve(&mut self, size: f64) -> Result<(), Refusal> {
        if self.ended {
            return Err(Refusal::Closed);
        }
        let admission = self.machine.reserve(size, !self.waiting.is_empty());
        match admission {
            Admission::Queued => Ok(()),
            other => Err(self.refusal(other)),
        }
    }

    /// Takes a value for which room was reserved.
    pub(super) fn put_reserved(
        &mut self,
        value: T,
        size: f64,
        reserved: f64,
    ) -> Result<(), (T, Refusal)> {
        if self.ended {
            return Err((value, Refusal::Closed));
        }
        match self.machine.write_reserved(size, reserved) {
            admission @ (Admission::Queued | Admission::Fulfills) => {
                self.enqueue(admission, value);
                // It may have been smaller than what was reserved.
                self.advance();
                Ok(())
            }
            other => Err((value, self.refusal(other))),
        }
    }

    /// Gives reserved room to those that wait for it.
    pub(super) fn release(&mut self, size: f64) {
        self.machine.release(size);
        self.advance();
    }

    /// Waits for room behind those that wait already.
    pub(super) fn wait(
        &mut self,
        wish: Wish<T>,
        size: f64,
        waker: impl Into<Option<Waker>>,
    ) -> Ticket {
        let ticket = self.ticket();
        self.waiting.push_back(Waiting {
            ticket,
            wish,
            size,
            waker: waker.into(),
        });
        ticket
    }

    fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        self.next_ticket
    }

    fn find(&self, ticket: Ticket) -> Option<usize> {
        self.waiting
            .binary_search_by_key(&ticket, |waiting| waiting.ticket)
            .ok()
    }

    /// Whether a wish still waits; its waker is then this one, and the one before is returned, to be dropped without the lock.
    pub(super) fn still_waits(&mut self, ticket: Ticket, waker: &mut Option<Waker>) -> bool {
        let Some(at) = self.find(ticket) else {
            return false;
        };
        std::mem::swap(&mut self.waiting[at].waker, waker);
        true
    }

    /// Takes a wish back, and lets those behind it go on. None where it was granted, or refused. What is
    /// returned is to be dropped without the lock.
    pub(super) fn give_up(&mut self, ticket: Ticket) -> Option<(Wish<T>, Option<Waker>)> {
        let at = self.find(ticket)?;
        let waiting = self.waiting.remove(at)?;
        self.advance();
        Some((waiting.wish, waiting.waker))
    }

    /// Whether a reservation that waits no more was granted.
    pub(super) fn take_grant(&mut self, ticket: Ticket) -> bool {
        let at = self.granted.iter().position(|&granted| granted == ticket);
        at.map(|at| self.granted.swap_remove(at)).is_some()
    }

    /// Calls `waker` when the channel ends and, `for_room`, when there is no backpressure before that. Returns the waker that it
    /// replaces.
    pub(super) fn watch(
        &mut self,
        for_room: bool,
        watcher: &mut Option<Ticket>,
        waker: Waker,
    ) -> Option<Waker> {
        let next = self.ticket();
        let watchers = self.watchers_of(for_room);
        if let Some(ticket) = *watcher
            && let Some((_, known)) = watchers.iter_mut().find(|(it, _)| *it == ticket)
        {
            return Some(std::mem::replace(known, waker));
        }
        watchers.push((next, waker));
        *watcher = Some(next);
        None
    }

    pub(super) fn unwatch(
        &mut self,
        for_room: bool,
        watcher: &mut Option<Ticket>,
    ) -> Option<Waker> {
        let ticket = watcher.take()?;
        let watchers = self.watchers_of(for_room);
        let at = watchers.iter().position(|(it, _)| *it == ticket)?;
        Some(watchers.swap_remove(at).1)
    }

    fn watchers_of(&mut self, for_room: bool) -> &mut Vec<(Ticket, Waker)> {
        if for_room {
            &mut self.watchers
        } else {
            &mut self.end_watchers
        }
    }

    /// Takes the head of the queue if no more is to be thought of than that, as in most calls. `None` changes nothing: then
    /// [`State::take`] says what there is.
    #[inline(always)]
    pub(super) fn take_queued(&mut self) -> Option<T> {
        if self.fulfilled || self.values.is_empty() || self.machine.is_closing() {
            return None;
        }
        self.machine.read();
        let value = self.values.pop_front();
        self.made_room();
        value
    }

    /// Takes the next value. Where there is none and `leave_read`, a read waits for one.
    #[inline(always)]
    pub(super) fn take(&mut self, leave_read: bool) -> Taken<T> {
        if self.fulfilled || self.ended || self.machine.has_read() {
            return self.take_special();
        }
        match self.machine.read() {
            Read::Chunk => {
                let value = self.values.pop_front();
                self.made_room();
                value.map_or(Taken::Empty, Taken::Value)
            }
            Read::LastChunk => {
                let value = self.values.pop_front();
                self.end();
                value.map_or(Taken::Empty, Taken::Value)
            }
            Read::Waits => self.wait_for_value(leave_read),
        }
    }

    #[cold]
    fn take_special(&mut self) -> Taken<T> {
        if self.fulfilled {
            self.fulfilled = false;
            let value = self.values.pop_front();
            if self.is_over() {
                self.wake_all_watchers();
            }
            return value.map_or(Taken::Empty, Taken::Value);
        }
        if self.ended {
            return match &self.failure {
                Some(_) => Taken::Failed,
                None => Taken::Closed,
            };
        }
        // A stream that was polled still waits, also after another look.
        self.wait_for_value(true)
    }

    /// A read waits: those that wait with a value may fulfill it.
    fn wait_for_value(&mut self, leave_read: bool) -> Taken<T> {
        self.advance();
        if self.fulfilled || self.ended {
            return self.take_special();
        }
        if leave_read {
            self.wake_watchers();
        } else {
            self.machine.cancel_read();
        }
        Taken::Empty
    }

    /// The waker that is called when a value comes, or the end.
    pub(super) fn receiver(&mut self) -> &mut Option<Waker> {
        &mut self.receiver
    }

    /// The receiver waits no more.
    pub(super) fn cancel_read(&mut self) -> Option<Waker> {
        if !self.ended {
            self.machine.cancel_read();
        }
        self.receiver.take()
    }

    #[inline]
    fn made_room(&mut self) {
        if !self.waiting.is_empty() || !self.watchers.is_empty() {
            self.advance();
        }
    }

    /// Gives room to those who wait, in their order, as far as it goes.
    #[cold]
    fn advance(&mut self) {
        while let (Some(first), false) = (self.waiting.front(), self.ended) {
            let admission = match first.wish {
                Wish::Send(_) => self.machine.admit(first.size),
                Wish::Reserve => self.machine.reserve(first.size, false),
            };
            if !matches!(admission, Admission::Queued | Admission::Fulfills) {
                break;
            }
            let Some(first) = self.waiting.pop_front() else {
                break;
            };
            self.wakes.push(first.waker);
            match first.wish {
                Wish::Send(value) => self.enqueue(admission, value),
                Wish::Reserve => self.granted.push(first.ticket),
            }
        }
        self.finish_closing();
        if self.is_ready() {
            self.wake_watchers();
        }
    }

    #[inline]
    fn wake_watchers(&mut self) {
        for (_, waker) in self.watchers.drain(..) {
            self.wakes.push(Some(waker));
        }
    }

    fn wake_all_watchers(&mut self) {
        self.wake_watchers();
        for (_, waker) in self.end_watchers.drain(..) {
            self.wakes.push(Some(waker));
        }
    }

    fn end(&mut self) {
        self.ended = true;
        self.wakes.push(self.receiver.take());
        for waiting in &mut self.waiting {
            self.wakes.push(waiting.waker.take());
        }
        self.wake_all_watchers();
    }

    fn finish_closing(&mut self) {
        if self.ended || !self.machine.is_closing() || !self.waiting.is_empty() {
            return;
        }
        if self.machine.finish_closing() {
            self.end();
        }
    }

    /// Takes no new value. What waits to be sent is still sent; those that wait to reserve is refused.
    pub(super) fn close(&mut self) {
        if self.refuses() {
            return;
        }
        self.machine.close();
        self.waiting.retain_mut(|waiting| {
            let sends = matches!(waiting.wish, Wish::Send(_));
            if !sends {
                self.wakes.push(waiting.waker.take());
            }
            sends
        });
        self.wake_watchers();
        self.advance();
    }

    /// Ends the channel with a failure. What is queued is returned, to be dropped without the lock.
    pub(super) fn fail(&mut self, failure: Failure) -> VecDeque<T> {
        if self.is_over() {
            return VecDeque::new();
        }
        self.failure = Some(failure);
        self.fulfilled = false;
        self.end();
        std::mem::take(&mut self.values)
    }

    pub(super) fn sender_cloned(&mut self) {
        self.senders += 1;
    }

    /// One sender less; the last one closes the channel.
    pub(super) fn sender_dropped(&mut self, how: Option<FailureKind>) -> VecDeque<T> {
        self.senders -= 1;
        if let Some(kind) = how
            && !self.refuses()
        {
            return self.fail(Failure::new(kind));
        }
        if self.senders == 0 {
            self.close();
        }
        VecDeque::new()
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::QueuingStrategy;
    use crate::channel::channel;

    #[test]
    fn a_reservation_of_no_room_that_is_granted_and_dropped_leaves_nothing() {
        let (sender, mut receiver) = channel(QueuingStrategy::count(1));
        sender.try_send(0).unwrap();
        let mut context = Context::from_waker(Waker::noop());
        {
            let mut one = pin!(sender.reserve());
            let mut none = pin!(sender.reserve_size(0));
            assert!(one.as_mut().poll(&mut context).is_pending());
            assert!(none.as_mut().poll(&mut context).is_pending());
            receiver.try_recv().unwrap();
            assert_eq!(sender.shared.lock().granted.len(), 2);
        }
        assert_eq!(sender.shared.lock().granted.len(), 0);
        assert_eq!(sender.desired_size(), 1);
    }
}
