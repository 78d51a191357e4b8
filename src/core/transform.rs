//! [Transform streams](https://streams.spec.whatwg.org/#ts-model): the backpressure between a
//! writable and a readable side.
use super::effect::readable::{self, CALL_PULL, FULFILL, QUEUED, SETTLE_PULL};
use super::effect::transform::*;
use super::effect::writable::{CALL_WRITE, HOLD_WRITE};
use super::effect::{Effects, STALE};
use super::id::Slab;
use super::readable::Readable;
use super::{Core, Id};

/// Bits of [`Transform::state`].
const BACKPRESSURE: u32 = 1 << 0;
const WRITE_WAITS: u32 = 1 << 1;
const PULL_WAITS: u32 = 1 << 2;
const IS_FINISHING: u32 = 1 << 3;

/// A live transform stream.
#[derive(Debug, Default)]
pub struct Transform {
    state: u32,
    readable: Id,
}

/// Pulls a transform's readable side here, where no user code is concerned
/// (<https://streams.spec.whatwg.org/#transform-stream-default-source-pull-algorithm>): the pull stays outstanding until an
/// enqueue answers [`SETTLE_PULL`]. `effects` are the readable side's; `transform` is 0 for a stream that is none's.
#[inline]
pub(crate) fn route_pull(
    transforms: &mut Slab<Transform>,
    transform: Id,
    effects: Effects,
) -> Effects {
    if transform == 0 || effects & CALL_PULL == 0 {
        return effects;
    }
    let pulled = match transforms.get_mut(transform) {
        Some(transform) => {
            let state = transform.state;
            transform.state = state & !(BACKPRESSURE | WRITE_WAITS) | PULL_WAITS;
            if state & WRITE_WAITS == 0 {
                0
            } else {
                readable::WAKE_WRITE
            }
        }
        None => 0,
    };
    effects & !CALL_PULL | pulled
}

/// Lets the write of a transform's writable side wait where the readable side has no room
/// (<https://streams.spec.whatwg.org/#transform-stream-default-sink-write-algorithm>). `effects` are the writable side's;
/// `transform` is 0 for a stream that is none's.
#[inline]
pub(crate) fn route_write(
    transforms: &mut Slab<Transform>,
    transform: Id,
    effects: Effects,
) -> Effects {
    if transform == 0 || effects & CALL_WRITE == 0 {
        return effects;
    }
    match transforms.get_mut(transform) {
        Some(transform) if transform.state & BACKPRESSURE != 0 => {
            transform.state |= WRITE_WAITS;
            effects & !CALL_WRITE | HOLD_WRITE
        }
        Some(transform) => {
            transform.state &= !WRITE_WAITS;
            effects
        }
        None => effects,
    }
}

impl Core {
    /// A new transform between two sides that belong to nothing else. It begins with backpressure.
    pub fn transform_new(&mut self, readable: Id, writable: Id) -> Id {
        let id = self.transforms.insert(Transform {
            state: BACKPRESSURE,
            readable,
        });
        if let Some(side) = self.readables.get_mut(readable) {
            side.transform = id;
        }
        if let Some(side) = self.writables.get_mut(writable) {
            side.transform = id;
        }
        id
    }

    /// Both sides have ended, or the host abandoned them.
    pub fn transform_free(&mut self, id: Id) {
        self.transforms.remove(id);
    }

    /// <https://streams.spec.whatwg.org/#transform-stream-unblock-write>
    pub fn transform_unblock_write(&mut self, id: Id) -> Effects {
        self.transforms
            .get_mut(id)
            .map_or(STALE, Transform::lift_backpressure)
    }

    /// <https://streams.spec.whatwg.org/#transform-stream-default-controller-enqueue>: the readable
    /// side's effects, which may include `NEED_SIZE` as in [`Core::readable_enqueue`].
    #[inline]
    pub fn transform_enqueue(&mut self, id: Id) -> Effects {
        let Some(transform) = self.transforms.get(id) else {
            return STALE;
        };
        let Some(readable) = self.readables.get_mut(transform.readable) else {
            return STALE;
        };
        let effects = readable.enqueue(&mut self.pipes, &mut self.writables, &mut self.transforms);
        let room = readable.should_call_pull();
        self.after_enqueue(id, effects, room)
    }

    /// The second half of an enqueue: see [`Core::readable_enqueue_commit`].
    pub fn transform_enqueue_commit(&mut self, id: Id, size: f64) -> Effects {
        let Some(transform) = self.transforms.get(id) else {
            // `size()` ended both sides; what it returned is judged all the same.
            return self.readable_enqueue_commit(0, size);
        };
        let readable = transform.readable;
        let effects = self.readable_enqueue_commit(readable, size);
        if effects == STALE
            && let Some(transform) = self.transforms.get_mut(id)
        {
            // `size()` ended the readable side, which has no room from then on.
            transform.state |= BACKPRESSURE;
        }
        let room = self
            .readables
            .get(readable)
            .is_some_and(Readable::should_call_pull);
        self.after_enqueue(id, effects, room)
    }

    /// `room`: whether the readable side wants another chunk.
    #[inline]
    fn after_enqueue(&mut self, id: Id, effects: Effects, room: bool) -> Effects {
        if room || effects & (QUEUED | FULFILL) == 0 {
            return effects;
        }
        match self.transforms.get_mut(id) {
            Some(transform) if transform.state & BACKPRESSURE == 0 => {
                let state = transform.state;
                transform.state = state & !PULL_WAITS | BACKPRESSURE;
                if state & PULL_WAITS == 0 {
                    return effects;
                }
                effects | SETTLE_PULL
            }
            _ => effects,
        }
    }

    /// Report: the transform algorithm of a write has ended well, having answered a read of the readable side: that
    /// side's pull and the write have settled. With `pipe`, the one that writes to this transform, the answer is that of
    /// [`Core::pipe_write_settled`]; without (0), that of [`Core::writable_write_settled`].
    ///
    /// The pull by itself asks for nothing: no write waits while one is in flight.
    #[inline]
    pub fn transform_settled(&mut self, readable: Id, writable: Id, pipe: Id) -> Effects {
        self.readable_pull_settled(readable);
        if pipe == 0 {
            self.writable_write_settled(writable)
        } else {
            self.pipe_write_settled(pipe)
        }
    }

    /// Begins the one finish a transform has: close's flush, or cancel's or abort's cancel.
    pub fn transform_finish(&mut self, id: Id) -> Effects {
        match self.transforms.get_mut(id) {
            Some(transform) if transform.state & IS_FINISHING != 0 => FINISHING,
            Some(transform) => {
                transform.state |= IS_FINISHING;
                FINISH
            }
            None => STALE,
        }
    }
}

impl Transform {
    #[inline]
    fn lift_backpressure(&mut self) -> Effects {
        let state = self.state;
        self.state = state & !(BACKPRESSURE | WRITE_WAITS);
        if state & WRITE_WAITS == 0 {
            return 0;
        }
        WAKE_WRITE
    }
}
