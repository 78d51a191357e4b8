//! [Transform streams](https://streams.spec.whatwg.org/#ts-model): the backpressure between a
//! writable and a readable side. What one side needs to know of the other is kept where it is asked for: whether there is
//! room ahead, and whether a write waits for it, with the writable side; whether a pull is outstanding with the readable.
use super::effect::transform::*;
use super::effect::{PipeReport, ReadableEffects};
use super::pipe::Pipe;
use super::readable::Readable;
use super::writable::Writable;
use super::{Core, Id};

impl Core {
    /// Makes a transform of two sides that belong to nothing else. It begins with backpressure.
    pub fn transform_new(&mut self, readable: Id<Readable>, writable: Id<Writable>) {
        let side = self.writables.reference(writable);
        if let (Some(readable), Some(writable)) = (
            self.readables.get_mut(readable),
            self.writables.at_mut(side),
        ) {
            readable.writable_side = side;
            writable.block_writes();
        }
    }

    /// <https://streams.spec.whatwg.org/#transform-stream-unblock-write>, of the transform's writable side.
    pub fn transform_unblock_write(&mut self, writable: Id<Writable>) -> TransformEffects {
        match self
            .writables
            .get_mut(writable)
            .map(Writable::unblock_writes)
        {
            Some(waited) => WAKE_WRITE.when(waited),
            None => STALE,
        }
    }

    /// The second half of an enqueue to a transform's readable side, as [`Core::readable_enqueue_commit`]: `size()` may have
    /// ended that side, which has no room from then on.
    pub fn transform_enqueue_commit(
        &mut self,
        readable: Id<Readable>,
        writable: Id<Writable>,
        size: f64,
    ) -> ReadableEffects {
        let effects = self.readable_enqueue_commit(readable, size);
        if effects == ReadableEffects::STALE
            && let Some(side) = self.writables.get_mut(writable)
        {
            side.block_writes();
        }
        effects
    }

    /// Report: the transform algorithm of a write has ended well, having answered a read of the readable side: that
    /// side's pull and the write have settled. With `pipe`, the one that writes to this transform, the answer is that of
    /// [`Core::pipe_write_settled`]; without ([`Id::NONE`]), that of [`Core::writable_write_settled`].
    ///
    /// The pull by itself asks for nothing: no write waits while one is in flight.
    #[inline]
    pub fn transform_settled(
        &mut self,
        readable: Id<Readable>,
        writable: Id<Writable>,
        pipe: Id<Pipe>,
    ) -> PipeReport {
        self.readable_pull_settled(readable);
        if pipe.is_none() {
            PipeReport::of_destination(self.writable_write_settled(writable))
        } else {
            self.pipe_write_settled(pipe)
        }
    }
}
