//! What joins machines: the two sides of a transform, a pipe with its two ends, a channel with its stream. When one machine's transition affects
//! another and no user code runs in between, both are applied here, in the same call.
use crate::core::channel::Channel;
use crate::core::effect::readable::{CALL_PULL, CLOSE, FULFILL, PENDING};
use crate::core::effect::{PipeAnswer, ReadableEffects, pipe::WAIT};
use crate::core::id::{Ref, Slab};
use crate::core::pipe::Pipe;
use crate::core::readable::Readable;
use crate::core::transform;
use crate::core::writable::Writable;

/// A readable with what it is joined to.
#[derive(Debug, Default)]
pub(super) struct JoinedReadable {
    pub(super) stream: Readable,
    /// The writable side of the transform whose readable side this is, or none.
    pub(super) writable_side: Ref<Writable>,
    /// The pipe that reads this stream, or none.
    pub(super) pipe: Ref<Pipe>,
    /// The channel whose stream this is.
    pub(super) channel: Option<Channel>,
}

/// A pipe with its two ends.
#[derive(Debug, Default)]
pub(super) struct JoinedPipe {
    pub(super) pipe: Pipe,
    /// None where it is a byte stream, whose ids are of another kind.
    pub(super) source: Ref<Readable>,
    pub(super) destination: Ref<Writable>,
}

impl JoinedReadable {
    /// `effects`, where a pull of a transform's readable side is seen to here.
    #[inline]
    pub(super) fn route_pull(
        &mut self,
        writables: &mut Slab<Writable>,
        effects: ReadableEffects,
    ) -> ReadableEffects {
        if self.writable_side.is_none() || !effects.has(CALL_PULL) {
            return effects;
        }
        let writable = writables.at_mut(self.writable_side);
        transform::pull(&mut self.stream, writable, effects)
    }

    /// The same for the effects of an enqueue.
    #[inline]
    pub(super) fn route_enqueue(
        &mut self,
        writables: &mut Slab<Writable>,
        effects: ReadableEffects,
    ) -> ReadableEffects {
        if self.writable_side.is_none() {
            return effects;
        }
        let effects = self.route_pull(writables, effects);
        let writable = writables.at_mut(self.writable_side);
        transform::enqueued(&mut self.stream, writable, effects)
    }

    /// The first half of an enqueue. Always inlined: as a call of its own it makes a read a tenth dearer in Wasm.
    #[inline(always)]
    pub(super) fn enqueue(
        &mut self,
        pipes: &mut Slab<JoinedPipe, Pipe>,
        writables: &mut Slab<Writable>,
    ) -> ReadableEffects {
        let pipe = self.pipe;
        let effects = self.stream.enqueue_to(|source| {
            if pipe.is_none() {
                return FULFILL;
            }
            let Some(joined) = pipes.at_mut(pipe) else {
                return FULFILL;
            };
            let destination = writables.at_mut(joined.destination);
            FULFILL.with_delivery(joined.pipe.deliver(source, destination))
        });
        self.route_enqueue(writables, effects)
    }
}

impl JoinedPipe {
    /// The next step of a pipe whose destination has room.
    #[inline]
    pub(super) fn go_on(
        &mut self,
        readables: &mut Slab<JoinedReadable, Readable>,
        writables: &mut Slab<Writable>,
    ) -> PipeAnswer {
        if let Some(answer) = self.pipe.before_go_on() {
            return answer;
        }
        let Some(source) = readables.at_mut(self.source) else {
            return WAIT;
        };
        let read = source.stream.read();
        let read = source.route_pull(writables, read);
        if read.has(PENDING) {
            return self.pipe.leave_request(read);
        }
        if read.has(CLOSE) {
            let source = readables.id_at(self.source);
            readables.free(source);
        }
        let destination = writables.at_mut(self.destination);
        self.pipe.move_chunk(read, destination)
    }
}
