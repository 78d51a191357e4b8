//! Channels: readable streams that are written to by producers which cannot always wait. A channel decides what happens to a
//! chunk for which there is no room, which writes wait, and when a producer that was told to wait may go on.
use super::effect::channel::*;
use super::effect::readable::CLOSE;
use super::readable::Readable;

/// A chunk past the capacity fails the channel.
pub const OVERFLOW_ERROR: u32 = 0;
/// Its producer waits.
pub const OVERFLOW_BLOCK: u32 = 1;
/// The oldest chunks make room for it.
pub const OVERFLOW_DROP_OLDEST: u32 = 2;
/// It is dropped.
pub const OVERFLOW_DROP_NEWEST: u32 = 3;

/// The producers' side of a readable stream, which is handed to each method. When the stream pulls, its host retries the blocked
/// writes, then calls [`Channel::resume`]. A channel ends with its stream.
///
/// A producer *waits* from an answer with [`FULL`], or with [`BLOCK`], on. Only while one waits does the stream pull.
///
/// Blocked writes are only counted here; the host keeps their chunks and sizes, first in first out.
///
/// ```
/// use tidegate::core::channel::{Channel, OVERFLOW_BLOCK};
/// use tidegate::core::effect::channel::*;
/// use tidegate::core::readable::Readable;
///
/// let mut stream = Readable::new(1.0, 0);
/// let mut channel = Channel::new(&mut stream, 1.0, OVERFLOW_BLOCK);
/// assert!(channel.write(&mut stream, 1.0).is_accepted());
/// assert_eq!(channel.write(&mut stream, 1.0), BLOCK); // until the stream pulls
/// stream.read();
/// assert!(channel.retry(&mut stream, 1.0).is_accepted());
/// ```
#[derive(Debug)]
pub struct Channel {
    /// What may be queued, in units of the strategy.
    capacity: f64,
    /// How many writes are blocked.
    blocked: u32,
    overflow: u8,
    /// A producer waits for room below the high-water mark.
    awaits_room: bool,
    ended: bool,
}

impl Channel {
    /// The channel of a new stream. `capacity` in units of its strategy; `overflow`: one of the `OVERFLOW_*`.
    pub fn new(stream: &mut Readable, capacity: f64, overflow: u32) -> Self {
        stream.pull_is_wanted(false);
        Self {
            capacity,
            blocked: 0,
            overflow: overflow as u8,
            awaits_room: false,
            ended: false,
        }
    }

    /// A chunk of `size`, in units of the strategy. The stream takes it where the answer [is
    /// accepted](ChannelEffects::is_accepted); with [`FULL`] the producer is to wait. With [`BLOCK`] the write is the last of the
    /// blocked ones, and with [`DROP_OLDEST`] the host drops the head of its queue and writes the chunk again. With any other
    /// answer the host drops the chunk: [`DROP_NEWEST`], [`REFUSED`] after the end, and [`OVERFLOW`], [`TOO_LARGE`]
    /// and [`BAD_SIZE`], with which it fails the stream.
    ///
    /// A chunk that answers a read is always accepted, and one that is larger than the capacity never. Sizes of writes behind
    /// a blocked one are looked at in their turn.
    #[inline]
    pub fn write(&mut self, stream: &mut Readable, size: f64) -> ChannelEffects {
        if self.ended {
            return REFUSED;
        }
        if self.blocked > 0 {
            return self.block();
        }
        let effects = self.offer(stream, size);
        if effects == BLOCK {
            stream.pull_is_wanted(true);
            return self.block();
        }
        effects
    }

    /// The first blocked write again, whose chunk has `size`: as [`Channel::write`]. With [`BLOCK`] it stays the first, and after
    /// an answer with which the stream takes the chunk it is blocked no more.
    pub fn retry(&mut self, stream: &mut Readable, size: f64) -> ChannelEffects {
        if self.blocked == 0 {
            return REFUSED;
        }
        let effects = self.offer(stream, size);
        self.blocked -= u32::from(effects.is_accepted());
        effects
    }

    fn block(&mut self) -> ChannelEffects {
        self.blocked += 1;
        BLOCK
    }

    fn offer(&mut self, stream: &mut Readable, size: f64) -> ChannelEffects {
        if !(0.0..f64::INFINITY).contains(&size) {
            return BAD_SIZE;
        }
        if stream.has_requests() {
            return ENQUEUE | self.note_room(stream, stream.wants_chunks_but_for_one());
        }
        if stream.queued_size() + size > self.capacity {
            return if size > self.capacity {
                TOO_LARGE
            } else {
                match u32::from(self.overflow) {
                    OVERFLOW_BLOCK => BLOCK,
                    OVERFLOW_DROP_NEWEST => DROP_NEWEST,
                    OVERFLOW_DROP_OLDEST => {
                        stream.drop_oldest();
                        DROP_OLDEST
                    }
                    _ => OVERFLOW,
                }
            };
        }
        let effects = ChannelEffects::of_stream(stream.enqueue_commit(size));
        effects | self.note_room(stream, stream.wants_chunks())
    }

    /// After a chunk: whether there `is_room` for another.
    #[inline]
    fn note_room(&mut self, stream: &mut Readable, is_room: bool) -> ChannelEffects {
        if !is_room {
            self.awaits_room = true;
            stream.pull_is_wanted(true);
        }
        FULL.when(!is_room)
    }

    /// The stream's pull, after the retries of blocked writes, or, where it `ends`, that no chunk comes any more. [`DRAIN`] where
    /// producers may go on, [`ENDED`] where no chunk comes any more and no write is blocked, with `CLOSE` where the stream is empty.
    pub fn resume(&mut self, stream: &mut Readable, ends: bool) -> ChannelEffects {
        self.ended |= ends;
        if self.blocked > 0 {
            return ChannelEffects::NONE;
        }
        if self.ended {
            return ENDED | ChannelEffects::of_stream(stream.close() & CLOSE);
        }
        if self.awaits_room && !stream.wants_chunks() {
            return ChannelEffects::NONE;
        }
        stream.pull_is_wanted(false);
        DRAIN.when(core::mem::take(&mut self.awaits_room))
    }

    /// A producer wants to be told of room. False where it need not wait.
    pub fn wait_for_room(&mut self, stream: &mut Readable) -> bool {
        if self.ended && self.blocked == 0 || stream.wants_chunks() {
            return false;
        }
        self.awaits_room = true;
        stream.pull_is_wanted(true);
        true
    }
}
