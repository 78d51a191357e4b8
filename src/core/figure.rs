//! What can be asked about a live stream: which figure of [`Readable::figure`](super::readable::Readable::figure) and its
//! siblings. Totals are `f64`, which counts to 2^53.

/// The chunks in the queue; of a writable stream also the one that is being written.
pub const FIGURE_CHUNKS: u32 = 0;
/// Their size, in units of the strategy; of a byte stream in bytes.
pub const FIGURE_SIZE: u32 = 1;
/// The high-water mark.
pub const FIGURE_MARK: u32 = 2;
/// The most chunks that the queue has held.
pub const FIGURE_PEAK_CHUNKS: u32 = 3;
/// The most that [`FIGURE_SIZE`] has been.
pub const FIGURE_PEAK_SIZE: u32 = 4;
/// The chunks that have come so far; those that went to a pending read included.
pub const FIGURE_CHUNKS_IN: u32 = 5;
/// Reads, or writes that are queued or in flight, that wait.
pub const FIGURE_PENDING: u32 = 6;
/// A word of `STATE_*` bits.
pub const FIGURE_STATE: u32 = 7;

/// The start algorithm has fulfilled.
pub const STATE_STARTED: u32 = 1;
/// The source's pull, or the sink's write, is running.
pub const STATE_RUNNING: u32 = 2;
/// It is to close once its queue is empty.
pub const STATE_CLOSING: u32 = 4;
/// There is room, or a read waits.
pub const STATE_WANTS: u32 = 8;
