//! The commands of writable streams.
use super::Core;
use crate::core::effect::writable::*;
use crate::core::id::Id;
use crate::core::writable::Writable;

impl Core {
    /// See [`Writable::new`]. None when there is no slot left.
    pub fn writable_new(&mut self, high_water_mark: f64) -> Id<Writable> {
        self.writables.insert(Writable::new(high_water_mark))
    }

    /// Forgets a stream that the host abandoned.
    pub fn writable_free(&mut self, id: Id<Writable>) {
        self.writables.free(id);
    }

    /// See [`Writable::figure`]; NaN for a stale id.
    pub fn writable_figure(&self, id: Id<Writable>, which: u32) -> f64 {
        self.writables
            .get(id)
            .map_or(f64::NAN, |stream| stream.figure(which))
    }

    /// See [`Writable::desired_size`]; 0 for a stale id.
    pub fn writable_desired_size(&self, id: Id<Writable>) -> f64 {
        self.writables.get(id).map_or(0.0, Writable::desired_size)
    }

    /// See [`Writable::backpressure`].
    pub fn writable_backpressure(&self, id: Id<Writable>) -> bool {
        self.writables.get(id).is_some_and(Writable::backpressure)
    }

    /// Runs a method of a live stream, and takes the stream out where that was its end.
    #[inline(always)]
    fn with_writable(
        &mut self,
        id: Id<Writable>,
        method: impl FnOnce(&mut Writable) -> WritableEffects,
    ) -> WritableEffects {
        let Some(stream) = self.writables.get_mut(id) else {
            return STALE;
        };
        let effects = method(stream);
        if effects.has(FINISH_ERRORING | RESOLVE_CLOSE) {
            self.writables.free(id);
        }
        effects
    }

    /// See [`Writable::started`].
    pub fn writable_started(&mut self, id: Id<Writable>) -> WritableEffects {
        self.with_writable(id, Writable::started)
    }

    /// See [`Writable::start_failed`].
    pub fn writable_start_failed(&mut self, id: Id<Writable>) -> WritableEffects {
        self.with_writable(id, Writable::start_failed)
    }

    /// See [`Writable::write`].
    #[inline]
    pub fn writable_write(&mut self, id: Id<Writable>, size: f64) -> WritableEffects {
        self.with_writable(id, |stream| stream.write(size))
    }

    /// See [`Writable::write_many`].
    pub fn writable_write_many(&mut self, id: Id<Writable>, count: u32) -> WritableEffects {
        self.with_writable(id, |stream| stream.write_many(count))
    }

    /// See [`Writable::write_settled`].
    #[inline]
    pub fn writable_write_settled(&mut self, id: Id<Writable>) -> WritableEffects {
        self.with_writable(id, Writable::write_settled)
    }

    /// See [`Writable::write_failed`].
    pub fn writable_write_failed(&mut self, id: Id<Writable>) -> WritableEffects {
        self.with_writable(id, Writable::write_failed)
    }

    /// See [`Writable::close`].
    pub fn writable_close(&mut self, id: Id<Writable>) -> WritableEffects {
        self.with_writable(id, Writable::close)
    }

    /// See [`Writable::close_settled`].
    pub fn writable_close_settled(&mut self, id: Id<Writable>) -> WritableEffects {
        self.with_writable(id, Writable::close_settled)
    }

    /// See [`Writable::close_failed`].
    pub fn writable_close_failed(&mut self, id: Id<Writable>) -> WritableEffects {
        self.with_writable(id, Writable::close_failed)
    }

    /// See [`Writable::abort`].
    pub fn writable_abort(&mut self, id: Id<Writable>) -> WritableEffects {
        self.with_writable(id, Writable::abort)
    }

    /// See [`Writable::error`].
    pub fn writable_error(&mut self, id: Id<Writable>) -> WritableEffects {
        self.with_writable(id, Writable::error)
    }
}
