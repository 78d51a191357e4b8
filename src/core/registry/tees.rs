//! The commands of tees.
use super::Core;
use crate::core::effect::tee::*;
use crate::core::id::Id;
use crate::core::tee::Tee;

impl Core {
    /// A new tee. None when there is no slot left.
    pub fn tee_new(&mut self) -> Id<Tee> {
        self.tees.insert(Tee::default())
    }

    /// Forgets a tee that the host abandoned.
    pub fn tee_free(&mut self, id: Id<Tee>) {
        self.tees.free(id);
    }

    /// See [`Tee::read_failed`].
    pub fn tee_read_failed(&mut self, id: Id<Tee>) {
        if let Some(tee) = self.tees.get_mut(id) {
            tee.read_failed();
        }
    }

    /// See [`Tee::closed`].
    pub fn tee_closed(&mut self, id: Id<Tee>) -> TeeEffects {
        self.tees.remove(id).map_or(STALE, Tee::closed)
    }

    /// See [`Tee::errored`].
    pub fn tee_errored(&mut self, id: Id<Tee>) -> TeeEffects {
        self.tees.remove(id).map_or(STALE, Tee::errored)
    }

    /// See [`Tee::pull`].
    #[inline]
    pub fn tee_pull(&mut self, id: Id<Tee>, branch: u32) -> TeeEffects {
        self.tees.get_mut(id).map_or(STALE, |tee| tee.pull(branch))
    }

    /// See [`Tee::deliver`].
    #[inline]
    pub fn tee_deliver(&mut self, id: Id<Tee>) -> TeeEffects {
        self.tees.get_mut(id).map_or(STALE, Tee::deliver)
    }

    /// See [`Tee::delivered`].
    #[inline]
    pub fn tee_delivered(&mut self, id: Id<Tee>) -> TeeEffects {
        self.tees.get_mut(id).map_or(STALE, Tee::delivered)
    }

    /// See [`Tee::cancel`].
    pub fn tee_cancel(&mut self, id: Id<Tee>, branch: u32) -> TeeEffects {
        self.tees
            .get_mut(id)
            .map_or(STALE, |tee| tee.cancel(branch))
    }
}
