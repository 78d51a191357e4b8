//! How much a channel holds, and how it counts.
use std::fmt;

/// What becomes of a value for which there is no room.
///
/// ```
/// # use tidegate::channel::{Overflow, QueuingStrategy, channel};
/// let strategy = QueuingStrategy::count(1).overflow(Overflow::DropNewest);
/// let (sender, mut receiver) = channel(strategy);
/// sender.try_send("first").unwrap();
/// sender.try_send("second").unwrap(); // dropped
/// assert_eq!(receiver.try_recv(), Ok("first"));
/// assert!(receiver.is_empty());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// [`send`](super::Sender::send) waits, and [`try_send`](super::Sender::try_send) gives the value back.
    #[default]
    Block,
    /// The channel fails with [`FailureKind::Overflow`](super::FailureKind::Overflow), and the value is given back.
    Fail,
    /// The oldest queued values are dropped to make room.
    DropOldest,
    /// The value is dropped.
    DropNewest,
}

/// How a channel queues: its high-water mark, its capacity, how much a value counts, and what becomes of one too many.
///
/// The *high-water mark* is the size of the queue at which backpressure begins: [`ready`](super::Sender::ready) waits and
/// [`desired_size`](super::Sender::desired_size) is 0 or less. The *capacity* is the most that the queue may hold, and the
/// same as the high-water mark unless it is set.
///
/// ```
/// use tidegate::channel::{Overflow, QueuingStrategy, TrySendError, channel};
///
/// let strategy = QueuingStrategy::bytes(4).capacity(8);
/// let (sender, receiver) = channel(strategy);
/// sender.try_send(b"hello").unwrap();
/// assert_eq!(sender.desired_size(), -1); // above the mark
/// assert_eq!(sender.try_send(b"world"), Err(TrySendError::Full(b"world"))); // 10 bytes, above the capacity
/// # let (newest, mut rows) = channel(QueuingStrategy::count(1).overflow(Overflow::DropOldest));
/// # newest.try_send(1).unwrap();
/// # newest.try_send(2).unwrap();
/// # assert_eq!(rows.try_recv(), Ok(2));
/// ```
pub struct QueuingStrategy<T> {
    pub(super) high_water_mark: usize,
    pub(super) capacity: Option<usize>,
    pub(super) overflow: Overflow,
    pub(super) size: Size<T>,
}

/// How much a value counts.
pub(super) enum Size<T> {
    One,
    Plain(fn(&T) -> usize),
    Boxed(Box<dyn Fn(&T) -> usize + Send + Sync>),
}

impl<T> Size<T> {
    #[inline]
    pub(super) fn of(&self, value: &T) -> f64 {
        match self {
            Self::One => 1.0,
            Self::Plain(size) => size(value) as f64,
            Self::Boxed(size) => size(value) as f64,
        }
    }
}

impl<T> QueuingStrategy<T> {
    fn new(high_water_mark: usize, size: Size<T>) -> Self {
        Self {
            high_water_mark,
            capacity: None,
            overflow: Overflow::Block,
            size,
        }
    }

    /// Counts values: each has the size 1. A mark of 0 passes each value from hand to hand.
    ///
    /// ```
    /// # use tidegate::channel::{QueuingStrategy, channel};
    /// let (sender, _receiver) = channel(QueuingStrategy::count(16));
    /// sender.try_send(["a", "value", "of any size"]).unwrap();
    /// assert_eq!(sender.desired_size(), 15);
    /// ```
    pub fn count(high_water_mark: usize) -> Self {
        Self::new(high_water_mark, Size::One)
    }

    /// Counts what `size` returns for each value. The function is called once for each value that is sent, without a lock.
    ///
    /// ```
    /// # use tidegate::channel::{QueuingStrategy, channel};
    /// let strategy = QueuingStrategy::with_size(100, |row: &Vec<String>| row.len());
    /// let (sender, _receiver) = channel(strategy);
    /// sender.try_send(vec![String::new(); 60]).unwrap();
    /// assert_eq!(sender.desired_size(), 40);
    /// ```
    pub fn with_size(
        high_water_mark: usize,
        size: impl Fn(&T) -> usize + Send + Sync + 'static,
    ) -> Self {
        Self::new(high_water_mark, Size::Boxed(Box::new(size)))
    }

    /// Sets the most that the queue may hold, in the same unit as the high-water mark. A capacity below the high-water mark
    /// lowers that.
    ///
    /// ```
    /// # use tidegate::channel::{QueuingStrategy, channel};
    /// let (sender, _receiver) = channel(QueuingStrategy::count(2).capacity(3));
    /// assert_eq!((0..5).filter(|&turn| sender.try_send(turn).is_ok()).count(), 3);
    /// ```
    pub fn capacity(mut self, capacity: usize) -> Self {
        self.capacity = Some(capacity);
        self
    }

    /// Sets what becomes of a value for which there is no room.
    ///
    /// ```
    /// # use tidegate::channel::{Overflow, QueuingStrategy, channel};
    /// // A sensor of which only the newest values matter.
    /// let strategy = QueuingStrategy::count(2).overflow(Overflow::DropOldest);
    /// let (sender, mut receiver) = channel(strategy);
    /// (0..5).for_each(|value| sender.try_send(value).unwrap());
    /// assert_eq!((receiver.try_recv(), receiver.dropped()), (Ok(3), 3));
    /// ```
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }
}

impl<T: AsRef<[u8]>> QueuingStrategy<T> {
    /// Counts the bytes of each value.
    ///
    /// ```
    /// # use tidegate::channel::{QueuingStrategy, channel};
    /// let (sender, _receiver) = channel(QueuingStrategy::bytes(64 * 1024));
    /// sender.try_send(vec![0u8; 1024]).unwrap();
    /// assert_eq!(sender.desired_size(), 63 * 1024);
    /// ```
    pub fn bytes(high_water_mark: usize) -> Self {
        Self::new(high_water_mark, Size::Plain(|value| value.as_ref().len()))
    }
}

impl<T> fmt::Debug for QueuingStrategy<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("QueuingStrategy")
            .field("high_water_mark", &self.high_water_mark)
            .field("capacity", &self.capacity.unwrap_or(self.high_water_mark))
            .field("overflow", &self.overflow)
            .finish_non_exhaustive()
    }
}
