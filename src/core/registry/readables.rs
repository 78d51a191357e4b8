//! The commands of default readable streams.
use super::Core;
use super::joins::JoinedReadable;
use crate::core::effect::readable::*;
use crate::core::id::Id;
use crate::core::readable::Readable;

impl Core {
    /// See [`Readable::new`]. None when there is no slot left.
    pub fn readable_new(&mut self, high_water_mark: f64, flags: u32) -> Id<Readable> {
        self.readables.insert(JoinedReadable {
            stream: Readable::new(high_water_mark, flags),
            ..JoinedReadable::default()
        })
    }

    /// Forgets a stream that the host abandoned.
    pub fn readable_free(&mut self, id: Id<Readable>) {
        self.readables.free(id);
    }

    /// See [`Readable::started`].
    pub fn readable_started(&mut self, id: Id<Readable>) -> ReadableEffects {
        match self.readables.get_mut(id) {
            Some(joined) => {
                let effects = joined.stream.started();
                joined.route_pull(&mut self.writables, effects)
            }
            None => STALE,
        }
    }

    /// See [`Readable::pull_settled`].
    #[inline]
    pub fn readable_pull_settled(&mut self, id: Id<Readable>) -> ReadableEffects {
        match self.readables.get_mut(id) {
            Some(joined) => {
                let effects = joined.stream.pull_settled();
                joined.route_pull(&mut self.writables, effects)
            }
            None => STALE,
        }
    }

    /// See [`Readable::figure`]; NaN for a stale id.
    pub fn readable_figure(&self, id: Id<Readable>, which: u32) -> f64 {
        self.readables
            .get(id)
            .map_or(f64::NAN, |joined| joined.stream.figure(which))
    }

    /// See [`Readable::desired_size`]; 0 for a stale id.
    pub fn readable_desired_size(&self, id: Id<Readable>) -> f64 {
        self.readables
            .get(id)
            .map_or(0.0, |joined| joined.stream.desired_size())
    }

    /// See [`Readable::read`].
    #[inline]
    pub fn readable_read(&mut self, id: Id<Readable>) -> ReadableEffects {
        let Some(joined) = self.readables.get_mut(id) else {
            return STALE;
        };
        let effects = joined.stream.read();
        if effects.has(CLOSE) {
            self.readables.free(id);
            return effects;
        }
        joined.route_pull(&mut self.writables, effects)
    }

    /// See [`Readable::read_many`].
    pub fn readable_read_many(&mut self, id: Id<Readable>) -> ReadableEffects {
        let Some(joined) = self.readables.get_mut(id) else {
            return STALE;
        };
        let effects = joined.stream.read_many();
        if effects.has(CLOSE) {
            self.readables.free(id);
            return effects;
        }
        joined.route_pull(&mut self.writables, effects)
    }

    /// See [`Readable::enqueue`]. With [`NEED_SIZE`] the host asks the strategy and calls [`Core::readable_enqueue_commit`].
    #[inline(always)]
    pub fn readable_enqueue(&mut self, id: Id<Readable>) -> ReadableEffects {
        match self.readables.get_mut(id) {
            Some(joined) => joined.enqueue(&mut self.pipes, &mut self.writables),
            None => STALE,
        }
    }

    /// See [`Readable::enqueue_commit`].
    pub fn readable_enqueue_commit(&mut self, id: Id<Readable>, size: f64) -> ReadableEffects {
        match self.readables.get_mut(id) {
            Some(joined) => {
                let effects = joined.stream.enqueue_commit(size);
                joined.route_enqueue(&mut self.writables, effects)
            }
            None if (0.0..f64::INFINITY).contains(&size) => STALE,
            None => BAD_SIZE,
        }
    }

    /// See [`Readable::close`].
    pub fn readable_close(&mut self, id: Id<Readable>) -> ReadableEffects {
        let Some(joined) = self.readables.get_mut(id) else {
            return STALE;
        };
        let effects = joined.stream.close();
        if effects.has(CLOSE) {
            self.readables.remove(id);
        }
        effects
    }

    /// <https://streams.spec.whatwg.org/#readable-stream-default-controller-error>, and the close inside
    /// [cancel](https://streams.spec.whatwg.org/#readable-stream-cancel): in both cases nothing is left to be answered
    /// through the core.
    pub fn readable_error(&mut self, id: Id<Readable>) -> ReadableEffects {
        if self.readables.free(id) {
            ERROR
        } else {
            STALE
        }
    }

    /// See [`Readable::release`].
    pub fn readable_release(&mut self, id: Id<Readable>) {
        if let Some(joined) = self.readables.get_mut(id) {
            joined.stream.release();
        }
    }
}
