//! Pipes between any `Stream` of `Result`s and any `Sink`, and pipelines of them.
//!
//! A pipe carries backpressure from the sink to the source, and ends by the standard's rules for
//! [piping](https://streams.spec.whatwg.org/#readable-stream-pipe-to): the end of the source closes the sink; an error of the
//! source aborts the sink; an error of the sink cancels the source; what was read before is written first; the first error
//! wins. A source is cancelled, and a sink aborted, by its drop, after the hook that [`PipeTo::cancel_with`] or
//! [`PipeTo::abort_with`] has set. A [`Sender`](crate::channel::Sender) that is dropped so fails its channel.
//!
//! Everything here is a future or a stream that does nothing unless it is polled. Dropped, it cancels and aborts what it holds.
//! A pipe writes a value in the poll that reads it, so a dropped pipe loses none: pass `&mut` ends to go on with them.
//!
//! ```
//! use tidegate::channel::{QueuingStrategy, channel};
//! use tidegate::pipe::pipe_to;
//!
//! # futures_executor::block_on(async {
//! let (fast, source) = channel(QueuingStrategy::count(16));
//! let (sink, mut slow) = channel(QueuingStrategy::count(1));
//! (0..3).for_each(|turn| fast.try_send(turn).unwrap());
//! fast.close();
//!
//! let consume = async {
//!     let mut all = Vec::new();
//!     while let Some(value) = slow.recv().await? {
//!         all.push(value);
//!     }
//!     Ok::<_, tidegate::channel::Failure>(all)
//! };
//! let (piped, all) = futures_util::future::join(pipe_to(source, sink), consume).await;
//! piped?;
//! assert_eq!(all.unwrap(), [0, 1, 2]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
mod pipeline;
mod through;
mod to;

pub use pipeline::{Pipeline, PipelineError, pipeline};
pub use through::{PipeThrough, pipe_through};
pub use to::{PipeError, PipeTo, pipe_to};

/// An error of a part of a pipeline.
///
/// ```
/// use tidegate::pipe::BoxError;
///
/// let error: BoxError = "the file is damaged".into();
/// assert_eq!(error.to_string(), "the file is damaged");
/// ```
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
