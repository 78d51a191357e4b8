//! [Queue-with-sizes](https://streams.spec.whatwg.org/#queue-with-sizes): the sizes only; the
//! values are the host's.
use alloc::collections::VecDeque;

/// The sizes of a queue's entries, first in first out, and their total.
///
/// As long as every entry has the size 1, as in the usual queue, entries are only counted.
#[derive(Debug)]
pub struct QueueWithSizes {
    len: u32,
    /// Every entry has the size 1, and `sizes` and `total` are not in use.
    only_ones: bool,
    sizes: VecDeque<f64>,
    total: f64,
}

impl Default for QueueWithSizes {
    fn default() -> Self {
        Self::new()
    }
}

impl QueueWithSizes {
    /// An empty queue.
    pub const fn new() -> Self {
        Self {
            len: 0,
            only_ones: true,
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
        if self.only_ones {
            f64::from(self.len)
        } else {
            self.total
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
        self.keep_sizes();
        self.len += 1;
        self.sizes.push_back(size);
        self.total += size;
        true
    }

    /// Enqueues `count` entries of size 1.
    #[inline]
    pub fn enqueue_ones(&mut self, count: u32) {
        self.len += count;
        if !self.only_ones {
            for _ in 0..count {
                self.sizes.push_back(1.0);
                self.total += 1.0;
            }
        }
    }

    #[cold]
    fn start_keeping_sizes(&mut self) {
        self.only_ones = false;
        self.total = f64::from(self.len);
        self.sizes.extend((0..self.len).map(|_| 1.0));
    }

    fn keep_sizes(&mut self) {
        if self.only_ones {
            self.start_keeping_sizes();
        }
    }

    /// [DequeueValue](https://streams.spec.whatwg.org/#dequeue-value): the size of the entry that
    /// was first. Rounding errors never make the total negative.
    #[inline]
    pub fn dequeue(&mut self) -> Option<f64> {
        if self.len == 0 {
            return None;
        }
        self.len -= 1;
        if self.only_ones {
            return Some(1.0);
        }
        let size = self.sizes.pop_front()?;
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
