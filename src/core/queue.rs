//! [Queue-with-sizes](https://streams.spec.whatwg.org/#queue-with-sizes): the sizes only; the
//! values are the host's.
use alloc::boxed::Box;
use alloc::collections::VecDeque;

/// The sizes of a queue's entries, first in first out, and their total.
///
/// As long as every entry has the size 1, as in the usual queue, entries are only counted.
#[derive(Debug, Default)]
pub struct QueueWithSizes {
    len: u32,
    /// None while every entry has the size 1. Behind a pointer, as most streams never need it.
    sizes: Option<Box<Sizes>>,
}

#[derive(Debug)]
struct Sizes {
    list: VecDeque<f64>,
    total: f64,
}

impl QueueWithSizes {
    /// An empty queue.
    pub const fn new() -> Self {
        Self {
            len: 0,
            sizes: None,
        }
    }

    /// The number of entries.
    #[inline]
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether there is no entry.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The sum of the entries' sizes, as the standard computes it: never below 0.
    #[inline]
    pub fn total(&self) -> f64 {
        match &self.sizes {
            None => f64::from(self.len),
            Some(sizes) => sizes.total,
        }
    }

    /// [EnqueueValueWithSize](https://streams.spec.whatwg.org/#enqueue-value-with-size). False,
    /// and nothing is changed, where the standard throws a RangeError: NaN, negative or infinite.
    #[inline]
    #[must_use]
    pub fn enqueue(&mut self, size: f64) -> bool {
        if size == 1.0 {
            self.enqueue_ones(1);
            return true;
        }
        if !(0.0..f64::INFINITY).contains(&size) {
            return false;
        }
        if self.sizes.is_none() {
            self.start_keeping_sizes();
        }
        if let Some(sizes) = &mut self.sizes {
            sizes.push(size);
        }
        self.len += 1;
        true
    }

    /// Enqueues `count` entries of size 1.
    #[inline]
    pub fn enqueue_ones(&mut self, count: u32) {
        self.len += count;
        if let Some(sizes) = &mut self.sizes {
            for _ in 0..count {
                sizes.push(1.0);
            }
        }
    }

    #[cold]
    fn start_keeping_sizes(&mut self) {
        self.sizes = Some(Box::new(Sizes {
            list: (0..self.len).map(|_| 1.0).collect(),
            total: f64::from(self.len),
        }));
    }

    /// [DequeueValue](https://streams.spec.whatwg.org/#dequeue-value): the size of the entry that
    /// was first. Rounding errors never make the total negative.
    #[inline]
    pub fn dequeue(&mut self) -> Option<f64> {
        if self.len == 0 {
            return None;
        }
        self.len -= 1;
        match &mut self.sizes {
            None => Some(1.0),
            Some(sizes) => sizes.pop(),
        }
    }

    /// [ResetQueue](https://streams.spec.whatwg.org/#reset-queue).
    pub fn reset(&mut self) {
        *self = Self::new();
    }
}

impl Sizes {
    fn push(&mut self, size: f64) {
        self.list.push_back(size);
        self.total += size;
    }

    fn pop(&mut self) -> Option<f64> {
        let size = self.list.pop_front()?;
        self.total = (self.total - size).max(0.0);
        Some(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes_that_are_not_non_negative_numbers_are_refused() {
        for size in [
            f64::NAN,
            -1.0,
            -f64::MIN_POSITIVE,
            f64::INFINITY,
            f64::NEG_INFINITY,
        ] {
            let mut queue = QueueWithSizes::new();
            assert!(!queue.enqueue(size));
            assert!(queue.is_empty());
        }
    }

    #[test]
    fn the_total_never_falls_below_zero() {
        let mut queue = QueueWithSizes::new();
        for size in [0.3, 0.2, 0.1] {
            assert!(queue.enqueue(size));
        }
        while queue.dequeue().is_some() {}
        assert!(queue.total() >= 0.0);
    }

    proptest! {
        #[test]
        fn behaves_like_a_plain_list_of_sizes(
            steps in prop::collection::vec(prop_oneof![
                Just(None), Just(Some(-3.0)), Just(Some(1.0)), Just(Some(0.0)), (0.0..100.0f64).prop_map(Some)
            ], 0..200)
        ) {
            let mut queue = QueueWithSizes::new();
            let mut naive: Vec<f64> = Vec::new();
            let mut total = 0.0f64;
            for step in steps {
                match step {
                    Some(-3.0) => {
                        queue.enqueue_ones(3);
                        naive.extend([1.0; 3]);
                        total += 3.0;
                    }
                    Some(size) => {
                        prop_assert!(queue.enqueue(size));
                        naive.push(size);
                        total += size;
                    }
                    None => {
                        let expected = (!naive.is_empty()).then(|| naive.remove(0));
                        prop_assert_eq!(queue.dequeue(), expected);
                        if let Some(size) = expected {
                            total = (total - size).max(0.0);
                        }
                    }
                }
                prop_assert_eq!(queue.len() as usize, naive.len());
                prop_assert_eq!(queue.total(), total);
            }
        }
    }
}
