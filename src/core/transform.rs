//! [Transform streams](https://streams.spec.whatwg.org/#ts-model): the backpressure between a
//! writable and a readable side. What one side needs to know of the other is kept where it is asked for: whether there is
//! room ahead, and whether a write waits for it, with the writable side; whether a pull is outstanding with the readable.
use super::effect::ReadableEffects;
use super::effect::readable::*;
use super::readable::Readable;
use super::writable::Writable;

/// A transform begins with backpressure.
pub fn begin(writable: &mut Writable) {
    writable.block_writes();
}

/// What the readable side's `CALL_PULL` becomes, as no user code is concerned: its pull lets the writable side's write go on
/// (<https://streams.spec.whatwg.org/#transform-stream-default-source-pull-algorithm>). The writable side may be gone.
#[inline]
pub fn pull(
    readable: &mut Readable,
    writable: Option<&mut Writable>,
    effects: ReadableEffects,
) -> ReadableEffects {
    readable.begin_waiting_pull();
    let wakes = writable.is_some_and(Writable::unblock_writes);
    effects.without(CALL_PULL) | WAKE_WRITE.when(wakes)
}

/// What an enqueue's `effects` mean to the writable side, once its pull has been seen to: its writes wait from now on where the
/// readable side wants no more (<https://streams.spec.whatwg.org/#transform-stream-default-controller-enqueue>, from the
/// backpressure on).
#[inline]
pub fn enqueued(
    readable: &mut Readable,
    writable: Option<&mut Writable>,
    effects: ReadableEffects,
) -> ReadableEffects {
    if !effects.has(QUEUED | FULFILL) || readable.should_call_pull() {
        return effects;
    }
    if let Some(writable) = writable {
        writable.block_writes();
    }
    effects | SETTLE_PULL.when(readable.end_waiting_pull())
}
