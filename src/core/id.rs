//! Names of machines: ids for the host, references for other machines.
//!
//! A slot is reused for ever, so neither kind of name may outlive what it can tell apart:
//!
//! * The host holds an [`Id`], an index and a generation of 10 bits, which comes round again. The host forgets an id in the turn
//!   in which its machine ends (docs/ARCHITECTURE.md, invariant 3 of the core), so no stale id meets a later machine of its slot; the
//!   generation makes a mistake of the host's harmless in 1,022 of 1,023 cases.
//! * A machine holds a `Ref` to another one, which it need not be told the end of: a reference compares an epoch of 64 bits,
//!   which does not come round.

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

/// Names a machine of the kind `M` in a [`Slab`] for the host: the low 22 bits are the index, the high 10 the generation.
/// Zero is never a live id. At run time it is its number and nothing else.
///
/// ```
/// use tidegate::core::Core;
///
/// let mut core = Core::new();
/// let id = core.readable_new(1.0, 0);
/// core.readable_free(id);
/// let other = core.readable_new(1.0, 0);
/// assert_ne!(id.bits(), other.bits()); // the slot is the same, its generation is not
/// ```
#[repr(transparent)]
pub struct Id<M> {
    bits: u32,
    machine: PhantomData<fn() -> M>,
}

impl<M> Id<M> {
    /// Names no machine.
    pub const NONE: Self = Self::from_bits(0);

    /// The id of a number that crossed to the host: whose kind it is, is the caller's to know.
    #[inline]
    pub const fn from_bits(bits: u32) -> Self {
        Self {
            bits,
            machine: PhantomData,
        }
    }

    /// The number that crosses to the host; 0 for none.
    #[inline]
    pub const fn bits(self) -> u32 {
        self.bits
    }

    /// Whether it names no machine.
    #[inline]
    pub const fn is_none(self) -> bool {
        self.bits == 0
    }

    #[inline]
    const fn new(generation: u32, index: u32) -> Self {
        Self::from_bits(generation << INDEX_BITS | index)
    }

    #[inline]
    const fn index(self) -> u32 {
        self.bits & INDEX_MASK
    }

    const fn generation(self) -> u32 {
        self.bits >> INDEX_BITS
    }

    /// With another index in the place of its own.
    const fn of_free_slot(self) -> Self {
        Self::from_bits(self.bits ^ 1)
    }
}

// Not derived, as that would ask the same of `M`.

impl<M> Clone for Id<M> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Id<M> {}

impl<M> PartialEq for Id<M> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.bits == other.bits
    }
}

impl<M> Eq for Id<M> {}

impl<M> Default for Id<M> {
    fn default() -> Self {
        Self::NONE
    }
}

impl<M> fmt::Debug for Id<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Id({}.{})", self.index(), self.generation())
    }
}

const INDEX_BITS: u32 = 22;
const INDEX_MASK: u32 = (1 << INDEX_BITS) - 1;
/// The generation after which a slot's first one comes again.
const LAST_GENERATION: u32 = (1 << (32 - INDEX_BITS)) - 1;

/// Names a machine of the kind `M` in a [`Slab`] for another machine. The default names none.
pub(crate) struct Ref<M> {
    epoch: u64,
    index: u32,
    machine: PhantomData<fn() -> M>,
}

impl<M> Clone for Ref<M> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Ref<M> {}

impl<M> Default for Ref<M> {
    fn default() -> Self {
        Self {
            epoch: 0,
            index: 0,
            machine: PhantomData,
        }
    }
}

impl<M> fmt::Debug for Ref<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Ref({}.{})", self.index, self.epoch)
    }
}

impl<M> Ref<M> {
    /// Whether it was never made from a live id.
    #[inline]
    pub(crate) fn is_none(self) -> bool {
        self.epoch == 0
    }
}

#[derive(Debug)]
struct Slot<T, M> {
    /// The live id, or, while the slot is free, its last one made to name another slot: one comparison tells whether an id
    /// is live, and the generation stays readable.
    id: Id<M>,
    /// How many machines the slot has had, the free time after one counted as another; never 0.
    epoch: u64,
    /// While the slot is free, the default.
    value: T,
}

/// Slots that are reused, each time under the next generation: values of the type `T`, which the kind `M` of ids names.
///
/// ```
/// use tidegate::core::id::Slab;
///
/// struct Session;
/// let mut sessions = Slab::<&str, Session>::new();
/// let id = sessions.insert("first");
/// assert_eq!(sessions.get(id), Some(&"first"));
/// assert_eq!(sessions.remove(id), Some("first"));
/// assert_eq!(sessions.get(id), None);
/// ```
#[derive(Debug)]
pub struct Slab<T, M = T> {
    slots: Vec<Slot<T, M>>,
    free: Vec<u32>,
    live: u32,
}

impl<T: Default, M> Default for Slab<T, M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Default, M> Slab<T, M> {
    /// A slab with no slots.
    pub const fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            live: 0,
        }
    }

    /// The machine of a live id.
    #[inline]
    pub fn get(&self, id: Id<M>) -> Option<&T> {
        match self.slots.get(id.index() as usize) {
            Some(slot) if slot.id == id => Some(&slot.value),
            _ => None,
        }
    }

    /// The machine of a live id, to change.
    #[inline]
    pub fn get_mut(&mut self, id: Id<M>) -> Option<&mut T> {
        match self.slots.get_mut(id.index() as usize) {
            Some(slot) if slot.id == id => Some(&mut slot.value),
            _ => None,
        }
    }

    /// The reference to the machine of a live id; of a stale one, one that names none.
    pub(crate) fn reference(&self, id: Id<M>) -> Ref<M> {
        let index = id.index();
        match self.slots.get(index as usize) {
            Some(slot) if slot.id == id => Ref {
                epoch: slot.epoch,
                index,
                machine: PhantomData,
            },
            _ => Ref::default(),
        }
    }

    /// The machine of a reference, while it lives.
    #[inline]
    pub(crate) fn at(&self, to: Ref<M>) -> Option<&T> {
        match self.slots.get(to.index as usize) {
            Some(slot) if slot.epoch == to.epoch => Some(&slot.value),
            _ => None,
        }
    }

    /// The machine of a reference, while it lives, to change.
    #[inline]
    pub(crate) fn at_mut(&mut self, to: Ref<M>) -> Option<&mut T> {
        match self.slots.get_mut(to.index as usize) {
            Some(slot) if slot.epoch == to.epoch => Some(&mut slot.value),
            _ => None,
        }
    }

    /// The id of the machine of a reference; none where it lives no more.
    #[inline]
    pub(crate) fn id_at(&self, to: Ref<M>) -> Id<M> {
        match self.slots.get(to.index as usize) {
            Some(slot) if slot.epoch == to.epoch => slot.id,
            _ => Id::NONE,
        }
    }

    /// Drops the machine of a live id; whether there was one. Its id and the references to it are stale from now on. Not inlined: the
    /// ends of machines are rarer than their other transitions, which stay small.
    #[inline(never)]
    pub(crate) fn free(&mut self, id: Id<M>) -> bool {
        let slot = self.vacate(id);
        let was_live = slot.is_some();
        if let Some(value) = slot {
            *value = T::default();
        }
        was_live
    }

    /// How many slots are in use.
    pub fn live(&self) -> u32 {
        self.live
    }

    /// Puts a machine into a slot. None when all 4,194,304 slots are taken.
    pub fn insert(&mut self, value: T) -> Id<M> {
        if let Some(index) = self.free.pop() {
            let slot = &mut self.slots[index as usize];
            slot.id = Id::new(slot.id.generation() % LAST_GENERATION + 1, index);
            slot.epoch += 1;
            // The default owns nothing, so there is nothing to drop.
            core::mem::forget(core::mem::replace(&mut slot.value, value));
            self.live += 1;
            return slot.id;
        }
        let index = self.slots.len() as u32;
        if index > INDEX_MASK {
            return Id::NONE;
        }
        let id = Id::new(1, index);
        self.slots.push(Slot {
            id,
            epoch: 1,
            value,
        });
        self.live += 1;
        id
    }

    /// Takes the machine out, as `Slab::free`.
    pub fn remove(&mut self, id: Id<M>) -> Option<T> {
        self.vacate(id).map(core::mem::take)
    }

    /// Makes the slot of a live id free: its value, which is to be made the default.
    #[inline]
    fn vacate(&mut self, id: Id<M>) -> Option<&mut T> {
        let index = id.index();
        let slot = self.slots.get_mut(index as usize)?;
        if slot.id != id {
            return None;
        }
        slot.id = id.of_free_slot();
        slot.epoch += 1;
        self.live -= 1;
        self.free.push(index);
        Some(&mut slot.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_id_names_nothing_after_its_slot_is_reused() {
        let mut slab = Slab::<_>::new();
        let first = slab.insert('a');
        assert_eq!(slab.remove(first), Some('a'));
        let second = slab.insert('b');
        assert_ne!(first, second);
        assert_eq!(slab.get(first), None);
        assert_eq!(slab.remove(first), None);
        assert_eq!(slab.get(second), Some(&'b'));
        assert_eq!(slab.live(), 1);
    }

    #[test]
    fn no_id_names_a_free_slot() {
        let mut slab = Slab::<_>::new();
        let ids = [slab.insert('a'), slab.insert('b')];
        for id in ids {
            slab.remove(id);
        }
        for index in 0..4 {
            for generation in 0..=LAST_GENERATION {
                assert_eq!(slab.get(Id::new(generation, index)), None);
            }
        }
        assert_eq!(slab.live(), 0);
    }

    #[test]
    fn zero_is_never_an_id() {
        let mut slab = Slab::<_>::new();
        assert_ne!(slab.insert(()), Id::NONE);
        assert_eq!(slab.get(Id::NONE), None);
    }

    #[test]
    fn a_slot_is_reused_for_ever_and_no_two_ids_in_a_row_are_the_same() {
        let mut slab = Slab::<_>::new();
        let first = slab.insert(0);
        let mut id = first;
        let mut came_again = 0;
        for turn in 1..5000 {
            slab.remove(id);
            let next = slab.insert(turn);
            assert_ne!(next, Id::NONE);
            assert_ne!(next, id);
            came_again += u32::from(next == first);
            id = next;
            assert_eq!(slab.get(id), Some(&turn));
        }
        assert_eq!(came_again, 4);
        assert_eq!(slab.slots.len(), 1);
        assert_eq!(slab.live(), 1);
    }

    #[test]
    fn a_reference_names_its_machine_alone_even_when_the_id_comes_again() {
        let mut slab = Slab::<_>::new();
        let first = slab.insert(0);
        let to = slab.reference(first);
        assert_eq!(slab.at(to), Some(&0));
        assert_eq!(slab.id_at(to), first);
        slab.remove(first);
        assert_eq!(slab.at(to), None);
        loop {
            let id = slab.insert(1);
            assert_eq!(slab.at(to), None);
            assert_eq!(slab.at_mut(to), None);
            assert!(slab.id_at(to).is_none());
            if id == first {
                break;
            }
            slab.remove(id);
        }
        assert_eq!(slab.get(first), Some(&1));
        assert!(slab.reference(Id::NONE).is_none());
        assert_eq!(slab.at(Ref::default()), None);
    }
}
