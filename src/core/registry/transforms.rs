//! The commands of transform streams.
use super::Core;
use crate::core::effect::transform::*;
use crate::core::effect::{PipeReport, ReadableEffects};
use crate::core::id::Id;
use crate::core::pipe::Pipe;
use crate::core::readable::Readable;
use crate::core::transform;
use crate::core::writable::Writable;

impl Core {
    /// Makes a transform of two sides that belong to nothing else. It begins with backpressure.
    pub fn transform_new(&mut self, readable: Id<Readable>, writable: Id<Writable>) {
        let side = self.writables.reference(writable);
        if let (Some(joined), Some(writable)) = (
            self.readables.get_mut(readable),
            self.writables.at_mut(side),
        ) {
            joined.writable_side = side;
            transform::begin(writable);
        }
    }

    /// <https://streams.spec.whatwg.org/#transform-stream-unblock-write>, of the transform's writable side.
    pub fn transform_unblock_write(&mut self, writable: Id<Writable>) -> TransformEffects {
        match self.writables.get_mut(writable) {
            Some(writable) => WAKE_WRITE.when(writable.unblock_writes()),
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
