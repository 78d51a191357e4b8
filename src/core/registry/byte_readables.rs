//! The commands of byte streams.
use super::Core;
use crate::core::byte_plan::Plan;
use crate::core::byte_readable::ByteReadable;
use crate::core::effect::byte_readable::*;
use crate::core::id::Id;

impl Core {
    /// See [`ByteReadable::new`]. None when there is no slot left.
    pub fn byte_readable_new(&mut self, high_water_mark: f64, flags: u32) -> Id<ByteReadable> {
        self.byte_readables
            .insert(ByteReadable::new(high_water_mark, flags))
    }

    /// Forgets a stream that the host abandoned.
    pub fn byte_readable_free(&mut self, id: Id<ByteReadable>) {
        self.byte_readables.free(id);
    }

    /// Runs a method of a live stream, and takes the stream out where that was its end.
    #[inline]
    fn with_byte_readable(
        &mut self,
        id: Id<ByteReadable>,
        method: impl FnOnce(&mut ByteReadable, &mut Plan) -> ByteReadableEffects,
    ) -> ByteReadableEffects {
        let Some(stream) = self.byte_readables.get_mut(id) else {
            return STALE;
        };
        let effects = method(stream, &mut self.plan);
        if effects.has(ERROR) || stream.is_over() {
            self.byte_readables.free(id);
        }
        effects
    }

    /// See [`ByteReadable::figure`]; NaN for a stale id.
    pub fn byte_readable_figure(&self, id: Id<ByteReadable>, which: u32) -> f64 {
        self.byte_readables
            .get(id)
            .map_or(f64::NAN, |stream| stream.figure(which))
    }

    /// See [`ByteReadable::desired_size`]; 0 for a stale id.
    pub fn byte_readable_desired_size(&self, id: Id<ByteReadable>) -> f64 {
        self.byte_readables
            .get(id)
            .map_or(0.0, ByteReadable::desired_size)
    }

    /// See [`ByteReadable::can_close_or_enqueue`].
    pub fn byte_readable_can_close_or_enqueue(&self, id: Id<ByteReadable>) -> bool {
        self.byte_readables
            .get(id)
            .is_some_and(ByteReadable::can_close_or_enqueue)
    }

    /// See [`ByteReadable::head_filled`].
    pub fn byte_readable_head_filled(&self, id: Id<ByteReadable>) -> f64 {
        self.byte_readables
            .get(id)
            .map_or(0.0, ByteReadable::head_filled)
    }

    /// See [`ByteReadable::check_respond_with_view`].
    pub fn byte_readable_check_respond_with_view(
        &self,
        id: Id<ByteReadable>,
        buffer_length: f64,
        byte_offset: f64,
        byte_length: f64,
    ) -> ByteReadableEffects {
        self.byte_readables.get(id).map_or(STALE, |stream| {
            stream.check_respond_with_view(buffer_length, byte_offset, byte_length)
        })
    }

    /// <https://streams.spec.whatwg.org/#readable-byte-stream-controller-error>, and the close
    /// inside [cancel](https://streams.spec.whatwg.org/#readable-stream-cancel): in both cases
    /// nothing is left to be answered through the core. A closed stream refuses.
    pub fn byte_readable_end(&mut self, id: Id<ByteReadable>) -> ByteReadableEffects {
        match self.byte_readables.get(id) {
            Some(stream) if stream.is_closed() => REFUSED,
            Some(_) => {
                self.byte_readables.free(id);
                ByteReadableEffects::NONE
            }
            None => STALE,
        }
    }

    /// See [`ByteReadable::release`].
    pub fn byte_readable_release(&mut self, id: Id<ByteReadable>) {
        if let Some(stream) = self.byte_readables.get_mut(id) {
            stream.release();
        }
    }

    /// See [`ByteReadable::started`].
    pub fn byte_readable_started(&mut self, id: Id<ByteReadable>) -> ByteReadableEffects {
        self.with_byte_readable(id, |stream, _| stream.started())
    }

    /// See [`ByteReadable::pull_settled`].
    #[inline]
    pub fn byte_readable_pull_settled(&mut self, id: Id<ByteReadable>) -> ByteReadableEffects {
        self.with_byte_readable(id, |stream, _| stream.pull_settled())
    }

    /// See [`ByteReadable::read`].
    #[inline]
    pub fn byte_readable_read(&mut self, id: Id<ByteReadable>) -> ByteReadableEffects {
        self.with_byte_readable(id, |stream, plan| stream.read(plan))
    }

    /// See [`ByteReadable::read_allocated`].
    pub fn byte_readable_read_allocated(
        &mut self,
        id: Id<ByteReadable>,
        byte_length: f64,
    ) -> ByteReadableEffects {
        self.with_byte_readable(id, |stream, _| stream.read_allocated(byte_length))
    }

    /// See [`ByteReadable::pull_into`].
    pub fn byte_readable_pull_into(
        &mut self,
        id: Id<ByteReadable>,
        buffer_length: f64,
        byte_offset: f64,
        byte_length: f64,
        minimum_fill: f64,
        element_size: u32,
    ) -> ByteReadableEffects {
        self.with_byte_readable(id, |stream, plan| {
            stream.pull_into(
                plan,
                buffer_length,
                byte_offset,
                byte_length,
                minimum_fill,
                element_size,
            )
        })
    }

    /// See [`ByteReadable::enqueue`].
    #[inline]
    pub fn byte_readable_enqueue(
        &mut self,
        id: Id<ByteReadable>,
        byte_length: f64,
    ) -> ByteReadableEffects {
        self.with_byte_readable(id, |stream, plan| stream.enqueue(plan, byte_length))
    }

    /// See [`ByteReadable::respond`].
    pub fn byte_readable_respond(
        &mut self,
        id: Id<ByteReadable>,
        bytes_written: f64,
    ) -> ByteReadableEffects {
        self.with_byte_readable(id, |stream, plan| stream.respond(plan, bytes_written))
    }

    /// See [`ByteReadable::close`].
    pub fn byte_readable_close(&mut self, id: Id<ByteReadable>) -> ByteReadableEffects {
        self.with_byte_readable(id, |stream, _| stream.close())
    }

    /// See [`Plan::next_copy`].
    pub fn byte_readable_next_copy(&mut self) -> u32 {
        self.plan.next_copy()
    }

    /// See [`Plan::copy_from`].
    pub fn byte_readable_copy_from(&self) -> f64 {
        self.plan.copy_from()
    }

    /// See [`Plan::copy_to`].
    pub fn byte_readable_copy_to(&self) -> f64 {
        self.plan.copy_to()
    }

    /// See [`Plan::copy_length`].
    pub fn byte_readable_copy_length(&self) -> f64 {
        self.plan.copy_length()
    }

    /// See [`Plan::filled`].
    pub fn byte_readable_filled(&self) -> f64 {
        self.plan.filled()
    }

    /// See [`Plan::remainder`].
    pub fn byte_readable_remainder(&self) -> f64 {
        self.plan.remainder()
    }

    /// See [`Plan::answers`].
    pub fn byte_readable_answers(&self) -> u32 {
        self.plan.answers()
    }

    /// See [`Plan::entry_offset`].
    pub fn byte_readable_entry_offset(&self) -> f64 {
        self.plan.entry_offset()
    }
}
