//! [ReadableStreamTee](https://streams.spec.whatwg.org/#readable-stream-tee): when the source is
//! read, and what its chunks and its end mean to the two branches. Branches are 0 and 1.
use super::effect::tee::*;

/// A tee whose source has not ended.
///
/// ```
/// use tidegate::core::effect::tee::*;
/// use tidegate::core::tee::Tee;
///
/// let mut tee = Tee::default();
/// assert_eq!(tee.pull(0), READ_FOR_1);
/// assert_eq!(tee.deliver(), BRANCH_1 | BRANCH_2);
/// assert!(tee.delivered().is_none());
/// assert!(tee.cancel(0).is_none());
/// assert_eq!(tee.cancel(1), CANCEL_SOURCE);
/// ```
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

    /// A branch pulls: [`READ_FOR_1`] or [`READ_FOR_2`] where the source is to be read for it.
    #[inline]
    pub fn pull(&mut self, branch: u32) -> TeeEffects {
        if self.reading {
            self.read_again[(branch & 1) as usize] = true;
            return TeeEffects::NONE;
        }
        self.reading = true;
        if branch & 1 == 0 {
            READ_FOR_1
        } else {
            READ_FOR_2
        }
    }

    /// The chunk that was read is now delivered: which branches get it.
    #[inline]
    pub fn deliver(&mut self) -> TeeEffects {
        self.read_again = [false, false];
        self.branches()
    }

    /// Report: the chunk is with the branches. As [`Tee::pull`] where one of them pulled
    /// meanwhile.
    #[inline]
    pub fn delivered(&mut self) -> TeeEffects {
        self.reading = false;
        if self.read_again[0] {
            self.reading = true;
            READ_FOR_1
        } else if self.read_again[1] {
            self.reading = true;
            READ_FOR_2
        } else {
            TeeEffects::NONE
        }
    }

    /// Report: the read found the source closed. Which branches to close; with any of them the
    /// host fulfils the cancel promise. The tee's end.
    pub fn closed(self) -> TeeEffects {
        self.branches()
    }

    /// Report: the read failed, and the source's error follows in a microtask of its own.
    pub fn read_failed(&mut self) {
        self.reading = false;
    }

    /// Report: the source errored. The branches to error are all that still live; the answer is
    /// which of them were not cancelled, and with any the host fulfils the cancel promise. The
    /// tee's end.
    pub fn errored(self) -> TeeEffects {
        self.branches()
    }

    /// A branch is cancelled. [`CANCEL_SOURCE`] where both are.
    pub fn cancel(&mut self, branch: u32) -> TeeEffects {
        self.cancelled[(branch & 1) as usize] = true;
        CANCEL_SOURCE.when(self.cancelled == [true, true])
    }
}
