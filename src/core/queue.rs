//! [Queue-with-sizes](https://streams.spec.whatwg.org/#queue-with-sizes): the sizes only; the
//! values are the host's.
use std::collections::VecDeque;

/// The sizes of a queue's entries, first in first out, and their total.
///
/// Entries that all have the size of the first are only counted, so the usual queue (every chunk
/// counts 1) allocates nothing.
#[derive(Debug, Default)]
pub struct QueueWithSizes {
    uniform: f64,
    len: u32,
    sizes: VecDeque<f64>,
    total: f64,
}

impl QueueWithSizes {
    /// An empty queue.
    pub const fn new() -> Self {
        Self {
            uniform: 1.0,
            len: 0,
            sizes: VecDeque::new(),
            total: 0.0,
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
        self.total
    }

    /// [EnqueueValueWithSize](https://streams.spec.whatwg.org/#enqueue-value-with-size). False,
    /// and nothing is changed, where the standard throws a RangeError: NaN, negative or infinite.
    #[inline]
    #[must_use]
    pub fn enqueue(&mut self, size: f64) -> bool {
        if !(0.0..f64::INFINITY).contains(&size) {
            return false;
        }
        if self.sizes.is_empty() {
            if self.len == 0 {
                self.uniform = size;
            } else if self.uniform != size {
                let uniform = self.uniform;
                self.sizes.extend((0..self.len).map(|_| uniform));
                self.sizes.push_back(size);
            }
        } else {
            self.sizes.push_back(size);
        }
        self.len += 1;
        self.total += size;
        true
    }

    /// Enqueues `count` entries of size 1.
    pub fn enqueue_ones(&mut self, count: u32) {
        if self.sizes.is_empty() && (self.len == 0 || self.uniform == 1.0) {
            self.uniform = 1.0;
            self.len += count;
            self.total += f64::from(count);
        } else {
            for _ in 0..count {
                let accepted = self.enqueue(1.0);
                debug_assert!(accepted);
            }
        }
    }

    /// [DequeueValue](https://streams.spec.whatwg.org/#dequeue-value): the size of the entry that
    /// was first. Rounding errors never make the total negative.
    #[inline]
    pub fn dequeue(&mut self) -> Option<f64> {
        if self.len == 0 {
            return None;
        }
        let size = if self.sizes.is_empty() {
            self.uniform
        } else {
            self.sizes.pop_front().unwrap_or(self.uniform)
        };
        self.len -= 1;
        self.total = (self.total - size).max(0.0);
        Some(size)
    }

    /// [ResetQueue](https://streams.spec.whatwg.org/#reset-queue).
    pub fn reset(&mut self) {
        *self = Self::new();
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
