//! Wakers that are called once the lock is released: they are user code.
use std::task::Waker;

/// Wakers in the order in which they are called. One is the usual number, and needs no allocation.
#[derive(Default)]
pub(super) struct Wakes {
    first: Option<Waker>,
    // A word, as this is made for every value.
    #[allow(clippy::box_collection)]
    more: Option<Box<Vec<Waker>>>,
}

impl Wakes {
    #[inline]
    pub(super) fn push(&mut self, waker: Option<Waker>) {
        if let Some(waker) = waker {
            match &self.first {
                None => self.first = Some(waker),
                Some(_) => self.more.get_or_insert_default().push(waker),
            }
        }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Calls them. To be called without the lock.
    #[cold]
    pub(super) fn wake(self) {
        let more = self.more.into_iter().flat_map(|more| *more);
        self.first.into_iter().chain(more).for_each(Waker::wake);
    }
}
