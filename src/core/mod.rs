//! The Streams Standard's state machines, without a stream of their own.
//!
//! The core holds numbers: states, queue sizes, request counts, flags. The host (js/) holds the
//! values: chunks, reasons, promises, callbacks. Each value has a place in a first-in first-out
//! list that the host keeps in lockstep with the core's counts.
//!
//! There are four kinds of method:
//!
//! * *queries* (`readable_desired_size`) change nothing;
//! * *commands* (`readable_enqueue`, `writable_write`) are what user code asks for;
//! * *host reports* (`readable_pull_settled`, `writable_write_settled`) tell what became of a
//!   callback that an earlier answer asked for;
//! * the answer of commands and reports is a word of *effects* of the machine's own type
//!   ([`effect::ReadableEffects`] and its siblings): what the host must do now, in the order given
//!   at each bit's doc. [`NONE`](effect::ReadableEffects::NONE) asks for nothing.
//!
//! # Invariants
//!
//! 1. A method never calls the host. Every transition is complete when it returns, so user code
//!    that runs as an effect may call any method of any stream.
//! 2. An answer describes one object. What a change means to a second one is decided here where no
//!    user code is concerned (a pipe's answered read, a transform's two sides); else the host learns
//!    it by calling that one's method.
//! 3. A slot is freed at its machine's terminal state; a call with a stale id answers
//!    [`STALE`](effect::ReadableEffects::STALE) and changes nothing.
//! 4. The bits of user code (`CALL_PULL`, `CALL_WRITE`, …) are the last thing a host does
//!    with an answer.
//!
//! # Types
//!
//! An [`Id`] says what kind of machine it names, and each kind answers with effects of its own type. Both are a `u32` at run
//! time, and become one in the host's glue only (`src/wasm`).
//!
//! ```
//! use tidegate::core::{Core, effect::readable};
//!
//! let mut core = Core::new();
//! let id = core.readable_new(1.0, 0);
//! assert_eq!(core.readable_started(id), readable::CALL_PULL);
//! assert!(core.readable_enqueue(id).has(readable::QUEUED));
//! ```
//!
//! An id of another kind does not compile, nor does another machine's bit:
//!
//! ```compile_fail,E0308
//! # use tidegate::core::Core;
//! # let mut core = Core::new();
//! let bytes = core.byte_readable_new(0.0, 0);
//! core.readable_read(bytes);
//! ```
//!
//! ```compile_fail,E0308
//! # use tidegate::core::{Core, effect::writable};
//! # let mut core = Core::new();
//! let id = core.readable_new(1.0, 0);
//! core.readable_read(id).has(writable::CALL_WRITE);
//! ```
#[macro_use]
mod word;

#[cfg(feature = "std")]
pub mod bounded;
pub mod byte_plan;
mod byte_queue;
pub mod byte_readable;
pub mod channel;
pub mod effect;
pub mod figure;
pub mod id;
pub mod pipe;
mod pull;
pub mod queue;
pub mod readable;
mod registry;
pub mod tee;
pub mod transform;
pub mod writable;

pub use id::Id;
pub use registry::{Core, PipeSource};
