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

/// Names a machine in a [`Slab`] for the host: the low 22 bits are the index, the high 10 the generation.
/// Zero is never a live id.
pub type Id = u32;

const INDEX_BITS: u32 = 22;
const INDEX_MASK: u32 = (1 << INDEX_BITS) - 1;
/// The generation after which a slot's first one comes again.
const LAST_GENERATION: u32 = (1 << (32 - INDEX_BITS)) - 1;

/// Names a machine in a [`Slab`] for another machine. The default names none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Ref {
    epoch: u64,
    index: u32,
}

impl Ref {
    /// Whether it was never made from a live id.
    #[inline]
    pub(crate) fn is_none(self) -> bool {
        self.epoch == 0
    }
}

#[derive(Debug)]
struct Slot<T> {
    /// The live id, or, while the slot is free, its last one made to name another slot: one comparison tells whether an id
    /// is live, and the generation stays readable.
    id: Id,
    /// How many machines the slot has had, the free time after one counted as another; never 0.
    epoch: u64,
    /// While the slot is free, the default.
    value: T,
}

/// `id` with another index in the place of its own.
const fn free_id(id: Id) -> Id {
    id ^ 1
}

const fn generation(id: Id) -> u32 {
    id >> INDEX_BITS
}

/// Slots that are reused, each time under the next generation.
#[derive(Debug)]
pub struct Slab<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
    live: u32,
}

impl<T: Default> Default for Slab<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Default> Slab<T> {
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
    pub fn get(&self, id: Id) -> Option<&T> {
        match self.slots.get((id & INDEX_MASK) as usize) {
            Some(slot) if slot.id == id => Some(&slot.value),
            _ => None,
        }
    }

    /// The machine of a live id, to change.
    #[inline]
    pub fn get_mut(&mut self, id: Id) -> Option<&mut T> {
        match self.slots.get_mut((id & INDEX_MASK) as usize) {
            Some(slot) if slot.id == id => Some(&mut slot.value),
            _ => None,
        }
    }

    /// The reference to the machine of a live id; of a stale one, one that names none.
    pub(crate) fn reference(&self, id: Id) -> Ref {
        let index = id & INDEX_MASK;
        match self.slots.get(index as usize) {
            Some(slot) if slot.id == id => Ref {
                epoch: slot.epoch,
                index,
            },
            _ => Ref::default(),
        }
    }

    /// The machine of a reference, while it lives.
    #[inline]
    pub(crate) fn at(&self, to: Ref) -> Option<&T> {
        match self.slots.get(to.index as usize) {
            Some(slot) if slot.epoch == to.epoch => Some(&slot.value),
            _ => None,
        }
    }

    /// The machine of a reference, while it lives, to change.
    #[inline]
    pub(crate) fn at_mut(&mut self, to: Ref) -> Option<&mut T> {
        match self.slots.get_mut(to.index as usize) {
            Some(slot) if slot.epoch == to.epoch => Some(&mut slot.value),
            _ => None,
        }
    }

    /// The id of the machine of a reference; 0 where it lives no more.
    #[inline]
    pub(crate) fn id_at(&self, to: Ref) -> Id {
        match self.slots.get(to.index as usize) {
            Some(slot) if slot.epoch == to.epoch => slot.id,
            _ => 0,
        }
    }

    /// How many slots are in use.
    pub fn live(&self) -> u32 {
        self.live
    }

    /// Puts a machine into a slot. Returns 0 when all 4,194,304 slots are taken.
    pub fn insert(&mut self, value: T) -> Id {
        if let Some(index) = self.free.pop() {
            let slot = &mut self.slots[index as usize];
            slot.id = (generation(slot.id) % LAST_GENERATION + 1) << INDEX_BITS | index;
            slot.epoch += 1;
            slot.value = value;
            self.live += 1;
            return slot.id;
        }
        let index = self.slots.len() as u32;
        if index > INDEX_MASK {
            return 0;
        }
        let id = 1 << INDEX_BITS | index;
        self.slots.push(Slot {
            id,
            epoch: 1,
            value,
        });
        self.live += 1;
        id
    }

    /// Takes the machine out; its id and the references to it are stale from now on.
    pub fn remove(&mut self, id: Id) -> Option<T> {
        let index = id & INDEX_MASK;
        let slot = self.slots.get_mut(index as usize)?;
        if slot.id != id {
            return None;
        }
        slot.id = free_id(id);
        slot.epoch += 1;
        self.live -= 1;
        self.free.push(index);
        Some(core::mem::take(&mut slot.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_id_names_nothing_after_its_slot_is_reused() {
        let mut slab = Slab::new();
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
        let mut slab = Slab::new();
        let ids = [slab.insert('a'), slab.insert('b')];
        for id in ids {
            slab.remove(id);
        }
        for index in 0..4 {
            for generation in 0..=LAST_GENERATION {
                assert_eq!(slab.get(generation << INDEX_BITS | index), None);
            }
        }
        assert_eq!(slab.live(), 0);
    }

    #[test]
    fn zero_is_never_an_id() {
        let mut slab = Slab::new();
        assert_ne!(slab.insert(()), 0);
        assert_eq!(slab.get(0), None);
    }

    #[test]
    fn a_slot_is_reused_for_ever_and_no_two_ids_in_a_row_are_the_same() {
        let mut slab = Slab::new();
        let first = slab.insert(0);
        let mut id = first;
        let mut came_again = 0;
        for turn in 1..5000 {
            slab.remove(id);
            let next = slab.insert(turn);
            assert_ne!(next, 0);
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
        let mut slab = Slab::new();
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
            assert_eq!(slab.id_at(to), 0);
            if id == first {
                break;
            }
            slab.remove(id);
        }
        assert_eq!(slab.get(first), Some(&1));
        assert_eq!(slab.reference(0), Ref::default());
        assert_eq!(slab.at(Ref::default()), None);
    }
}
