//! [Queue-with-sizes](https://streams.spec.whatwg.org/#queue-with-sizes): the sizes only; the
//! values are the host's.
use alloc::boxed::Box;
use alloc::collections::VecDeque;

use super::figure::*;

/// The sizes of a queue's entries, first in first out, their total and the mark up to which there is room.
///
/// As long as every entry has the size 1, as in the usual queue, entries are only counted.
///
/// ```
/// use tidegate::core::queue::QueueWithSizes;
///
/// let mut queue = QueueWithSizes::new(4.0);
/// assert!(queue.enqueue(3.0));
/// assert_eq!((queue.len(), queue.desired_size()), (1, 1.0));
/// assert!(!queue.enqueue(f64::NAN));
/// assert_eq!(queue.dequeue(), Some(3.0));
/// ```
#[derive(Debug, Default)]
pub struct QueueWithSizes {
    len: u32,
    /// There is room while `len` is below this: the number of entries of size 1 that reach the high-water mark or, where sizes
    /// are kept, more or less than any.
    limit: u32,
    /// Whether there is room where the desired size is NaN: the mark and the total are both infinite.
    nan_is_room: bool,
    /// None while every entry has the size 1. Behind a pointer, as most streams never need it.
    sizes: Option<Box<Sizes>>,
    high_water_mark: f64,
    /// The entries so far, and what went past the queue.
    entered: f64,
    /// The most entries at a time.
    peak: u32,
}

#[derive(Debug)]
struct Sizes {
    list: VecDeque<f64>,
    total: f64,
    peak: f64,
}

impl QueueWithSizes {
    /// An empty queue. `high_water_mark` in the unit of the sizes, 0 to infinity.
    pub fn new(high_water_mark: f64) -> Self {
        Self {
            len: 0,
            limit: ones_up_to(high_water_mark),
            nan_is_room: false,
            sizes: None,
            high_water_mark,
            entered: 0.0,
            peak: 0,
        }
    }

    /// The same for a writable stream, which is held back where its desired size [is 0 or less](https://streams.spec.whatwg.org/#writable-stream-default-controller-get-backpressure),
    /// where a readable one pulls while it is more than 0. They differ for NaN.
    pub fn for_writes(high_water_mark: f64) -> Self {
        Self {
            nan_is_room: true,
            ..Self::new(high_water_mark)
        }
    }

    /// The high-water mark less the total: <https://streams.spec.whatwg.org/#readable-stream-default-controller-get-desired-size>
    #[inline]
    pub fn desired_size(&self) -> f64 {
        self.high_water_mark - self.total()
    }

    /// Whether the desired size is positive, or NaN where that counts as room.
    #[inline]
    pub fn has_room(&self) -> bool {
        self.len < self.limit
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
        self.count(1);
        self.keep_sizes(1, size);
        true
    }

    /// Enqueues `count` entries of size 1.
    #[inline]
    pub fn enqueue_ones(&mut self, count: u32) {
        self.count(count);
        if self.sizes.is_some() {
            self.keep_sizes(count, 1.0);
        }
    }

    #[inline]
    fn count(&mut self, count: u32) {
        self.len += count;
        self.entered += f64::from(count);
        self.peak = self.peak.max(self.len);
    }

    /// Counts an entry that does not have to wait in the queue.
    #[inline]
    pub(super) fn pass(&mut self) {
        self.entered += 1.0;
    }

    /// One of the figures that the queue knows; NaN for any other.
    #[inline(never)]
    pub fn figure(&self, which: u32) -> f64 {
        let peak = f64::from(self.peak);
        let sizes = self.sizes.as_deref();
        match which {
            FIGURE_CHUNKS => f64::from(self.len),
            FIGURE_SIZE => self.total(),
            FIGURE_MARK => self.high_water_mark,
            FIGURE_PEAK_CHUNKS => peak,
            FIGURE_PEAK_SIZE => sizes.map_or(peak, |sizes| sizes.peak),
            FIGURE_CHUNKS_IN => self.entered,
            _ => f64::NAN,
        }
    }

    #[cold]
    fn start_keeping_sizes(&mut self) {
        self.sizes = Some(Box::new(Sizes {
            list: (0..self.len).map(|_| 1.0).collect(),
            total: f64::from(self.len),
            peak: f64::from(self.peak),
        }));
    }

    // Not inlined, as most queues only count: what is small and often called stays so.

    #[inline(never)]
    fn keep_sizes(&mut self, count: u32, size: f64) {
        if let Some(sizes) = &mut self.sizes {
            for _ in 0..count {
                sizes.push(size);
            }
            self.limit = limit_by_desired(self.high_water_mark - sizes.total, self.nan_is_room);
        }
    }

    #[inline(never)]
    fn drop_size(&mut self) -> Option<f64> {
        let sizes = self.sizes.as_mut()?;
        let size = sizes.pop();
        self.limit = limit_by_desired(self.high_water_mark - sizes.total, self.nan_is_room);
        size
    }

    /// [DequeueValue](https://streams.spec.whatwg.org/#dequeue-value): the size of the entry that
    /// was first. Rounding errors never make the total negative.
    #[inline]
    pub fn dequeue(&mut self) -> Option<f64> {
        if self.len == 0 {
            return None;
        }
        self.len -= 1;
        match &self.sizes {
            None => Some(1.0),
            Some(_) => self.drop_size(),
        }
    }

    /// [ResetQueue](https://streams.spec.whatwg.org/#reset-queue).
    pub fn reset(&mut self) {
        let sizes = self.sizes.take().map(|mut sizes| {
            sizes.list.clear();
            sizes.total = 0.0;
            sizes
        });
        *self = Self {
            nan_is_room: self.nan_is_room,
            entered: self.entered,
            peak: self.peak,
            sizes,
            ..Self::new(self.high_water_mark)
        };
    }
}

/// How many entries of size 1 reach `high_water_mark`.
fn ones_up_to(high_water_mark: f64) -> u32 {
    // Clamped first: the core's translation to JavaScript (tools/build/wasm.mjs) converts only what is in range.
    let whole = high_water_mark.clamp(0.0, f64::from(u32::MAX - 1)) as u32;
    whole.saturating_add(u32::from(f64::from(whole) < high_water_mark))
}

fn limit_by_desired(desired_size: f64, nan_is_room: bool) -> u32 {
    if desired_size > 0.0 || nan_is_room && desired_size.is_nan() {
        u32::MAX
    } else {
        0
    }
}

impl Sizes {
    fn push(&mut self, size: f64) {
        self.list.push_back(size);
        self.total += size;
        self.peak = self.peak.max(self.total);
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
            let mut queue = QueueWithSizes::new(0.0);
            assert!(!queue.enqueue(size));
            assert!(queue.is_empty());
        }
    }

    #[test]
    fn the_total_never_falls_below_zero() {
        let mut queue = QueueWithSizes::new(0.0);
        for size in [0.3, 0.2, 0.1] {
            assert!(queue.enqueue(size));
        }
        while queue.dequeue().is_some() {}
        assert!(queue.total() >= 0.0);
    }

    #[test]
    fn a_desired_size_that_is_not_a_number_is_room_for_writes_only() {
        for (mut queue, has_room) in [
            (QueueWithSizes::new(f64::INFINITY), false),
            (QueueWithSizes::for_writes(f64::INFINITY), true),
        ] {
            for _ in 0..2 {
                assert!(queue.enqueue(f64::MAX));
            }
            assert!(queue.desired_size().is_nan());
            assert_eq!(queue.has_room(), has_room);
        }
    }

    proptest! {
        #[test]
        fn behaves_like_a_plain_list_of_sizes(
            steps in prop::collection::vec(prop_oneof![
                Just(None), Just(Some(-3.0)), Just(Some(1.0)), Just(Some(0.0)), (0.0..100.0f64).prop_map(Some)
            ], 0..200),
            high_water_mark in prop_oneof![
                Just(0.0), Just(1.0), Just(0.5), Just(16.0), 0.0..20.0f64, Just(f64::from(u32::MAX)), Just(1e300), Just(f64::INFINITY)
            ]
        ) {
            let mut queue = QueueWithSizes::new(high_water_mark);
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
                prop_assert_eq!(queue.desired_size(), high_water_mark - total);
                prop_assert_eq!(queue.has_room(), high_water_mark - total > 0.0);
            }
        }
    }
}
