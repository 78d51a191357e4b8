//! A channel whose senders can wait, reserve room and give up waiting: what the native host's channels are decided by.
//!
//! It is a [`Readable`] with a capacity. The host holds the values, and the list of those who wait, first in, first out.
use super::effect::readable::{CHUNK, CLOSE, FULFILL};
use super::readable::{NO_PULL, Readable};

/// What happens to a value for which there is no room.
///
/// ```
/// use tidegate::core::bounded::{Admission, Bounded, Overflow};
///
/// let mut channel = Bounded::new(1.0, 1.0, Overflow::Fail);
/// assert_eq!(channel.write(1.0, false), Admission::Queued);
/// assert_eq!(channel.write(1.0, false), Admission::Overflow);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// Its sender waits.
    Block,
    /// The channel fails.
    Fail,
    /// The oldest values make room for it.
    DropOldest,
    /// It is dropped.
    DropNewest,
}

/// What becomes of a value that is offered.
///
/// ```
/// use tidegate::core::bounded::{Admission, Bounded, Overflow};
///
/// let mut channel = Bounded::new(1.0, 1.0, Overflow::Block);
/// channel.read(); // waits
/// assert_eq!(channel.write(1.0, false), Admission::Fulfills);
/// assert_eq!(channel.write(2.0, false), Admission::TooLarge);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is in the queue: the host appends it to its own.
    Queued,
    /// It fulfills the read that waits.
    Fulfills,
    /// There is no room now: its sender waits, behind those that wait already.
    Full,
    /// There is never room for a value of this size.
    TooLarge,
    /// There is no room: the host fails the channel.
    Overflow,
    /// There is no room: the host drops the value.
    DropNewest,
    /// There is no room, and the oldest value makes some: the host calls [`Bounded::drop_oldest`], then offers the value again.
    DropOldest,
    /// The channel takes no value any more.
    Refused,
}

/// What a read finds.
///
/// ```
/// use tidegate::core::bounded::{Bounded, Overflow, Read};
///
/// let mut channel = Bounded::new(1.0, 1.0, Overflow::Block);
/// channel.write(1.0, false);
/// channel.close();
/// channel.finish_closing();
/// assert_eq!(channel.read(), Read::LastChunk);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// The head of the queue.
    Chunk,
    /// The head of the queue, which is the last value there is: the channel is closed.
    LastChunk,
    /// Nothing: the read waits until it is fulfilled, or [cancelled](Bounded::cancel_read).
    Waits,
}

/// A channel that is open, or closing with values in it. Its host drops it once it is closed, or fails.
///
/// ```
/// use tidegate::core::bounded::{Admission, Bounded, Overflow, Read};
///
/// let mut channel = Bounded::new(1.0, 1.0, Overflow::Block);
/// assert_eq!(channel.reserve(1.0, false), Admission::Queued);
/// assert_eq!(channel.write(1.0, false), Admission::Full); // the room is reserved
/// assert_eq!(channel.write_reserved(1.0, 1.0), Admission::Queued);
/// assert_eq!(channel.read(), Read::Chunk);
/// ```
#[derive(Debug)]
pub struct Bounded {
    stream: Readable,
    capacity: f64,
    /// Room that was promised and is not used yet, in units of the strategy.
    reserved: f64,
    overflow: Overflow,
    /// No new value is taken.
    closing: bool,
}

impl Bounded {
    /// An open channel. `high_water_mark` and `capacity` in units of the strategy.
    pub fn new(high_water_mark: f64, capacity: f64, overflow: Overflow) -> Self {
        Self {
            stream: Readable::new(high_water_mark.min(capacity), NO_PULL),
            capacity,
            reserved: 0.0,
            overflow,
            closing: false,
        }
    }

    /// Query: the high-water mark less what is queued and reserved.
    #[inline]
    pub fn desired_size(&self) -> f64 {
        self.stream.desired_size() - self.reserved
    }

    /// Query: whether there is no backpressure: room below the high-water mark, or a read that waits.
    #[inline]
    pub fn is_ready(&self) -> bool {
        self.stream.has_requests() || self.desired_size() > 0.0
    }

    /// Query: whether a read waits.
    #[inline]
    pub fn has_read(&self) -> bool {
        self.stream.has_requests()
    }

    /// Query: whether new values are refused.
    #[inline]
    pub fn is_closing(&self) -> bool {
        self.closing
    }

    /// A new value. `waiting`: others wait before it, and it must not overtake them.
    #[inline(always)]
    pub fn write(&mut self, size: f64, waiting: bool) -> Admission {
        if self.closing {
            return Admission::Refused;
        }
        if waiting && self.overflow == Overflow::Block {
            return self.full(size);
        }
        self.admit(size)
    }

    /// The value that waits first, again. Also while the channel closes, as it was sent before that.
    #[inline(always)]
    pub fn admit(&mut self, size: f64) -> Admission {
        if self.stream.has_requests() {
            let effects = self.stream.enqueue();
            debug_assert!(effects.has(FULFILL));
            return Admission::Fulfills;
        }
        if self.has_room(size) {
            return self.queue(size);
        }
        self.full(size)
    }

    #[inline(always)]
    fn queue(&mut self, size: f64) -> Admission {
        // What most channels count by is worth not a call.
        let _queued = if size == 1.0 {
            self.stream.enqueue_one()
        } else {
            self.stream.enqueue_commit(size)
        };
        Admission::Queued
    }

    /// The host drops the head of its queue.
    pub fn drop_oldest(&mut self) {
        self.stream.drop_oldest();
    }

    /// Room that the sender that waits first wants to reserve. A read that waits is not room: a reservation of it could not be kept.
    pub fn reserve(&mut self, size: f64, waiting: bool) -> Admission {
        if self.closing {
            return Admission::Refused;
        }
        if !waiting && self.has_room(size) {
            self.reserved += size;
            return Admission::Queued;
        }
        if size > self.capacity {
            return Admission::TooLarge;
        }
        Admission::Full
    }

    /// Reserved room is not wanted any more.
    pub fn release(&mut self, size: f64) {
        self.reserved = (self.reserved - size).max(0.0);
    }

    /// A value for which `reserved` was reserved. Where it is larger than that it needs room for the rest.
    pub fn write_reserved(&mut self, size: f64, reserved: f64) -> Admission {
        if self.closing {
            return Admission::Refused;
        }
        self.release(reserved);
        let admission = if size <= reserved || self.has_room(size) {
            self.take(size)
        } else if size > self.capacity {
            Admission::TooLarge
        } else {
            Admission::Full
        };
        if matches!(admission, Admission::TooLarge | Admission::Full) {
            self.reserved += reserved;
        }
        admission
    }

    /// A read. Only one waits at a time.
    #[inline(always)]
    pub fn read(&mut self) -> Read {
        let effects = self.stream.read();
        if !effects.has(CHUNK) {
            Read::Waits
        } else if effects.has(CLOSE) {
            Read::LastChunk
        } else {
            Read::Chunk
        }
    }

    /// The read that waits is given up.
    pub fn cancel_read(&mut self) {
        self.stream.release();
    }

    /// No new value comes.
    pub fn close(&mut self) {
        self.closing = true;
    }

    /// Nobody waits with a value any more, and none comes. Whether the channel is closed now, as nothing is queued.
    pub fn finish_closing(&mut self) -> bool {
        self.stream.close().has(CLOSE)
    }

    #[inline(always)]
    fn has_room(&self, size: f64) -> bool {
        self.stream.queued_size() + self.reserved + size <= self.capacity
    }

    /// The stream takes a value for which there is room.
    fn take(&mut self, size: f64) -> Admission {
        if self.stream.has_requests() {
            self.stream.enqueue();
            return Admission::Fulfills;
        }
        self.queue(size)
    }

    #[cold]
    fn full(&self, size: f64) -> Admission {
        // Without any room a value of every size waits for a read.
        if size > self.capacity && self.capacity > 0.0 {
            return Admission::TooLarge;
        }
        match self.overflow {
            Overflow::Block => Admission::Full,
            Overflow::Fail => Admission::Overflow,
            Overflow::DropNewest => Admission::DropNewest,
            // What is reserved cannot be dropped.
            Overflow::DropOldest if self.reserved + size > self.capacity => Admission::Full,
            Overflow::DropOldest => Admission::DropOldest,
        }
    }
}
