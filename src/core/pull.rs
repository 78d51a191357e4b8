//! When the host is asked to call a source's pull algorithm: what both kinds of readable stream keep of it, as bits of their state.
//!
//! A pull that is wanted while one is running is asked for when that has settled, once.

use super::figure::*;

/// The source has no pull algorithm, so the host is never asked to call it.
pub const NO_PULL: u32 = 2;

/// The start algorithm has fulfilled.
pub(super) const STARTED: u32 = 1 << 3;
/// The source has closed, behind what is queued.
pub(super) const CLOSE_REQUESTED: u32 = 1 << 4;
const PULLING: u32 = 1 << 5;
const PULL_AGAIN: u32 = 1 << 6;

/// Whether a stream in `state` may pull: the half of
/// [ShouldCallPull](https://streams.spec.whatwg.org/#readable-stream-default-controller-should-call-pull) that both kinds share.
#[inline]
pub(super) fn may_pull(state: u32) -> bool {
    state & (STARTED | CLOSE_REQUESTED) == STARTED
}

/// [CallPullIfNeeded](https://streams.spec.whatwg.org/#readable-stream-default-controller-call-pull-if-needed) of a stream in `state`
/// that `wants_chunks`: whether the host is to call the pull algorithm now.
#[inline]
pub(super) fn call_if_needed(state: &mut u32, wants_chunks: impl FnOnce() -> bool) -> bool {
    if *state & (STARTED | CLOSE_REQUESTED | NO_PULL) != STARTED || !wants_chunks() {
        return false;
    }
    if *state & PULLING != 0 {
        *state |= PULL_AGAIN;
        return false;
    }
    *state |= PULLING;
    true
}

/// The `STATE_*` bits of a stream in `state`.
pub(super) fn figure(state: u32, wants_chunks: bool) -> u32 {
    let bit = |bit, flag| if state & flag != 0 { bit } else { 0 };
    bit(STATE_STARTED, STARTED)
        | bit(STATE_RUNNING, PULLING)
        | bit(STATE_CLOSING, CLOSE_REQUESTED)
        | if wants_chunks { STATE_WANTS } else { 0 }
}

/// The pull algorithm's promise has fulfilled: whether another pull was wanted meanwhile.
#[inline]
pub(super) fn settle(state: &mut u32) -> bool {
    let again = *state & PULL_AGAIN != 0;
    *state &= !(PULLING | PULL_AGAIN);
    again
}
