//! The allocator of the brotli crates.

use alloc_no_stdlib::{Allocator, SliceWrapper, SliceWrapperMut};

/// Allocates from the heap. Where there is no memory it gives nothing: the decoder looks at the length of what it gets.
#[derive(Clone, Copy, Default)]
pub(super) struct Heap;

/// What the allocator gives.
pub(super) struct Memory<T>(Vec<T>);

impl<T> Default for Memory<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> SliceWrapper<T> for Memory<T> {
    fn slice(&self) -> &[T] {
        &self.0
    }
}

impl<T> SliceWrapperMut<T> for Memory<T> {
    fn slice_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

impl<T: Clone + Default> Allocator<T> for Heap {
    type AllocatedMemory = Memory<T>;

    fn alloc_cell(&mut self, length: usize) -> Memory<T> {
        let mut cells = Vec::new();
        if cells.try_reserve_exact(length).is_ok() {
            cells.resize(length, T::default());
        }
        Memory(cells)
    }

    fn free_cell(&mut self, _: Memory<T>) {}
}
