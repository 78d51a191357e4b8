//! Chains by numbers that a host may keep too long.

/// Names a value in [`Slots`]: the low 16 bits are the slot, the high 16 the generation. Never 0.
pub(crate) type Id = u32;

const SLOTS: usize = 1 << 16;

struct Slot<T> {
    generation: u16,
    value: Option<T>,
}

/// Slots that are taken again, each time under a new generation, so that an old id names nothing. A
/// slot whose generations are used up is never taken again.
pub(crate) struct Slots<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u16>,
    live: u32,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            live: 0,
        }
    }
}

impl<T> Slots<T> {
    /// Puts a value into a slot; returns 0 if none is free, or there is no memory for one.
    pub(crate) fn insert(&mut self, value: T) -> Id {
        // Room to free each slot, so that `remove` allocates nothing.
        let freed = self.slots.len() + 1 - self.free.len();
        if self.slots.try_reserve(1).is_err() || self.free.try_reserve(freed).is_err() {
            return 0;
        }
        let index = match self.free.pop() {
            Some(index) => index,
            None if self.slots.len() == SLOTS => return 0,
            None => {
                self.slots.push(Slot {
                    generation: 0,
                    value: None,
                });
                (self.slots.len() - 1) as u16
            }
        };
        let slot = &mut self.slots[usize::from(index)];
        slot.generation += 1;
        slot.value = Some(value);
        self.live += 1;
        Id::from(slot.generation) << 16 | Id::from(index)
    }

    /// The value that a live id names.
    pub(crate) fn get_mut(&mut self, id: Id) -> Option<&mut T> {
        self.slot(id)?.value.as_mut()
    }

    /// Takes the value out of its slot.
    pub(crate) fn remove(&mut self, id: Id) -> Option<T> {
        let slot = self.slot(id)?;
        let value = slot.value.take()?;
        if slot.generation < u16::MAX {
            self.free.push(id as u16);
        }
        self.live -= 1;
        Some(value)
    }

    /// The number of values.
    pub(crate) fn live(&self) -> u32 {
        self.live
    }

    fn slot(&mut self, id: Id) -> Option<&mut Slot<T>> {
        let generation = (id >> 16) as u16;
        self.slots
            .get_mut(usize::from(id as u16))
            .filter(|slot| slot.generation == generation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_nothing_once_its_value_is_removed_even_if_the_slot_is_taken_again() {
        let mut slots = Slots::default();
        let first = slots.insert("first");
        assert_eq!(slots.remove(first), Some("first"));
        let second = slots.insert("second");
        assert_eq!(slots.get_mut(first), None);
        assert_eq!(slots.remove(first), None);
        assert_eq!(slots.get_mut(second), Some(&mut "second"));
        assert_eq!(slots.live(), 1);
    }

    #[test]
    fn no_id_is_zero_and_none_is_given_twice() {
        let mut slots = Slots::default();
        let mut last = 0;
        for turn in 0..200_000 {
            let id = slots.insert(turn);
            assert!(id != 0 && id != last && slots.get_mut(last).is_none());
            slots.remove(id);
            last = id;
        }
        assert!(slots.slots.len() < 5);
    }

    #[test]
    fn when_no_slot_is_free_there_is_no_id() {
        let mut slots = Slots::default();
        assert!((0..SLOTS).all(|turn| slots.insert(turn) != 0));
        assert_eq!(slots.insert(0), 0);
    }
}
