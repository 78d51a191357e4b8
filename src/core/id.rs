//! Ids that cannot be mistaken: an index plus a generation.

use alloc::vec::Vec;

/// Names a machine in a [`Slab`]: the low 22 bits are the index, the high 10 the generation.
/// Zero is never a live id.
pub type Id = u32;

const INDEX_BITS: u32 = 22;
const INDEX_MASK: u32 = (1 << INDEX_BITS) - 1;
const GENERATIONS: u32 = 1 << (32 - INDEX_BITS);

#[derive(Debug)]
struct Slot<T> {
    /// The live id, or, while the slot is free, its last one made to name another slot: one comparison tells whether an id
    /// is live, and the generation stays readable.
    id: Id,
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

/// Slots that are reused, each time under a new generation.
///
/// A slot whose generations are used up is retired rather than handed out again, so an id never
/// names two machines.
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

    /// How many slots are in use.
    pub fn live(&self) -> u32 {
        self.live
    }

    /// Puts a machine into a slot. Returns 0 when all 4,194,304 slots are taken.
    pub fn insert(&mut self, value: T) -> Id {
        let (index, generation) = match self.free.pop() {
            Some(index) => (index, generation(self.slots[index as usize].id) + 1),
            None => (self.slots.len() as u32, 1),
        };
        if index > INDEX_MASK {
            return 0;
        }
        let id = generation << INDEX_BITS | index;
        let slot = Slot { id, value };
        match self.slots.get_mut(index as usize) {
            Some(reused) => *reused = slot,
            None => self.slots.push(slot),
        }
        self.live += 1;
        id
    }

    /// Takes the machine out; its id is stale from now on.
    pub fn remove(&mut self, id: Id) -> Option<T> {
        let index = id & INDEX_MASK;
        let slot = self.slots.get_mut(index as usize)?;
        if slot.id != id {
            return None;
        }
        slot.id = free_id(id);
        self.live -= 1;
        if generation(id) + 1 < GENERATIONS {
            self.free.push(index);
        }
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
            for generation in 0..GENERATIONS {
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
    fn a_slot_whose_generations_are_used_up_is_retired() {
        let mut slab = Slab::new();
        let first = slab.insert(0);
        let mut id = first;
        for turn in 1..3000 {
            slab.remove(id);
            id = slab.insert(turn);
            assert_ne!(id, first);
        }
        assert_eq!(slab.live(), 1);
        assert!(slab.slots.len() >= 2);
    }
}
