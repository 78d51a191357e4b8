//! Ids that cannot be mistaken: an index plus a generation.

/// Names a machine in a [`Slab`]: the low 22 bits are the index, the high 10 the generation.
/// Zero is never a live id.
pub type Id = u32;

const INDEX_BITS: u32 = 22;
const INDEX_MASK: u32 = (1 << INDEX_BITS) - 1;
const GENERATIONS: u32 = 1 << (32 - INDEX_BITS);

#[derive(Debug)]
struct Slot<T> {
    generation: u32,
    value: Option<T>,
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

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Slab<T> {
    /// A slab with no slots.
    pub const fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            live: 0,
        }
    }

    /// Puts a machine into a slot. Returns 0 when all 4,194,304 slots are taken.
    pub fn insert(&mut self, value: T) -> Id {
        let index = match self.free.pop() {
            Some(index) => {
                self.slots[index as usize].value = Some(value);
                index
            }
            None => {
                let index = self.slots.len() as u32;
                if index > INDEX_MASK {
                    return 0;
                }
                self.slots.push(Slot {
                    generation: 1,
                    value: Some(value),
                });
                index
            }
        };
        self.live += 1;
        self.slots[index as usize].generation << INDEX_BITS | index
    }

    /// The machine of a live id.
    #[inline]
    pub fn get(&self, id: Id) -> Option<&T> {
        let slot = self.slots.get((id & INDEX_MASK) as usize)?;
        if slot.generation != id >> INDEX_BITS {
            return None;
        }
        slot.value.as_ref()
    }

    /// The machine of a live id, to change.
    #[inline]
    pub fn get_mut(&mut self, id: Id) -> Option<&mut T> {
        let slot = self.slots.get_mut((id & INDEX_MASK) as usize)?;
        if slot.generation != id >> INDEX_BITS {
            return None;
        }
        slot.value.as_mut()
    }

    /// Takes the machine out; its id is stale from now on.
    pub fn remove(&mut self, id: Id) -> Option<T> {
        let index = id & INDEX_MASK;
        let slot = self.slots.get_mut(index as usize)?;
        if slot.generation != id >> INDEX_BITS {
            return None;
        }
        let value = slot.value.take()?;
        slot.generation += 1;
        self.live -= 1;
        if slot.generation < GENERATIONS {
            self.free.push(index);
        }
        Some(value)
    }

    /// How many slots are in use.
    pub fn live(&self) -> u32 {
        self.live
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
