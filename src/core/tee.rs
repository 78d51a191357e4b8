//! [ReadableStreamTee](https://streams.spec.whatwg.org/#readable-stream-tee): when the source is
//! read, and what its chunks and its end mean to the two branches. Branches are 0 and 1.
use super::effect::tee::*;
use super::{Core, Id};

/// A tee whose source has not ended.
#[derive(Debug, Default)]
pub struct Tee {
    reading: bool,
    read_again: [bool; 2],
    cancelled: [bool; 2],
}

impl Tee {
    /// The branches that still want something.
    fn branches(&self) -> TeeEffects {
        BRANCH_1.when(!self.cancelled[0]) | BRANCH_2.when(!self.cancelled[1])
    }
}

impl Core {
    /// A new tee.
    pub fn tee_new(&mut self) -> Id<Tee> {
        self.tees.insert(Tee::default())
    }

    /// Forgets a tee that the host abandoned.
    pub fn tee_free(&mut self, id: Id<Tee>) {
        self.tees.remove(id);
    }

    /// A branch pulls: [`READ_FOR_1`] or [`READ_FOR_2`] where the source is to be read for it.
    #[inline]
    pub fn tee_pull(&mut self, id: Id<Tee>, branch: u32) -> TeeEffects {
        let Some(tee) = self.tees.get_mut(id) else {
            return STALE;
        };
        if tee.reading {
            tee.read_again[(branch & 1) as usize] = true;
            return TeeEffects::NONE;
        }
        tee.reading = true;
        if branch & 1 == 0 {
            READ_FOR_1
        } else {
            READ_FOR_2
        }
    }

    /// The chunk that was read is now delivered: which branches get it.
    #[inline]
    pub fn tee_deliver(&mut self, id: Id<Tee>) -> TeeEffects {
        let Some(tee) = self.tees.get_mut(id) else {
            return STALE;
        };
        tee.read_again = [false, false];
        tee.branches()
    }

    /// Report: the chunk is with the branches. As [`Core::tee_pull`] where one of them pulled
    /// meanwhile.
    #[inline]
    pub fn tee_delivered(&mut self, id: Id<Tee>) -> TeeEffects {
        let Some(tee) = self.tees.get_mut(id) else {
            return STALE;
        };
        tee.reading = false;
        if tee.read_again[0] {
            tee.reading = true;
            READ_FOR_1
        } else if tee.read_again[1] {
            tee.reading = true;
            READ_FOR_2
        } else {
            TeeEffects::NONE
        }
    }

    /// Report: the read found the source closed. Which branches to close; with any of them the
    /// host fulfils the cancel promise. The tee's end.
    pub fn tee_closed(&mut self, id: Id<Tee>) -> TeeEffects {
        self.tees.remove(id).map_or(STALE, |tee| tee.branches())
    }

    /// Report: the read failed, and the source's error follows in a microtask of its own.
    pub fn tee_read_failed(&mut self, id: Id<Tee>) {
        if let Some(tee) = self.tees.get_mut(id) {
            tee.reading = false;
        }
    }

    /// Report: the source errored. The branches to error are all that still live; the answer is
    /// which of them were not cancelled, and with any the host fulfils the cancel promise. The
    /// tee's end.
    pub fn tee_errored(&mut self, id: Id<Tee>) -> TeeEffects {
        self.tees.remove(id).map_or(STALE, |tee| tee.branches())
    }

    /// A branch is cancelled. [`CANCEL_SOURCE`] where both are.
    pub fn tee_cancel(&mut self, id: Id<Tee>, branch: u32) -> TeeEffects {
        let Some(tee) = self.tees.get_mut(id) else {
            return STALE;
        };
        tee.cancelled[(branch & 1) as usize] = true;
        CANCEL_SOURCE.when(tee.cancelled == [true, true])
    }
}
