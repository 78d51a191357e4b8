//! Handles for JavaScript's streams in a Wasm module of your own, with the feature `web`, on `wasm32-unknown-unknown`.
//!
//! A stream of the engine, of the npm package `tidegate`, or of a polyfill becomes a Rust `Stream`, `Sink`, `AsyncRead` or
//! `AsyncWrite`, and each of these becomes a JavaScript stream. Backpressure and errors pass in both directions, and errors of
//! JavaScript keep their identity. The names are those of the crate `wasm-streams` where the meaning is the same; `docs/WEB.md`
//! in the repository has them all, and what differs.
//!
//! ```no_run
//! use futures_util::StreamExt;
//! use tidegate::codec::{LinesOptions, decode};
//! use tidegate::web::{ReadableStream, fetch};
//! use wasm_bindgen::JsValue;
//!
//! /// The lines of a compressed file, for JavaScript.
//! pub fn lines(url: &str) -> web_sys::ReadableStream {
//!     let lines = decode(fetch(url))
//!         .gunzip(Default::default())
//!         .lines(LinesOptions::default())
//!         .records()
//!         .map(|batch| {
//!             let batch = batch.map_err(|error| js_sys::Error::new(&error.to_string()))?;
//!             let lines = batch.iter().map(|line| JsValue::from(&line[0]));
//!             Ok(lines.collect::<js_sys::Array>().into())
//!         });
//!     ReadableStream::from_stream(lines).into_raw()
//! }
//! ```
//!
//! | what | its drop, before it has ended |
//! |---|---|
//! | [`ReadableStream::into_stream`], [`into_async_read`](ReadableStream::into_async_read) | cancels the JavaScript stream |
//! | [`WritableStream::into_sink`], [`into_async_write`](WritableStream::into_async_write) | aborts it, so that it does not look complete |
//! | a reader or a writer, and what is made of one | releases the lock |
//! | [`fetch`] | aborts the request |
//!
//! A Rust stream, sink or reader that JavaScript has is dropped when the JavaScript stream is cancelled or aborted, has ended, or
//! is garbage. Under `panic = "unwind"` a panic in it fails the stream, and the handles are `UnwindSafe`.
//!
//! Nothing here is exported from your module: callbacks are closures, so two versions of this crate can be in one module.

mod chunk;
mod error;
mod fetch;
mod options;
mod raw;
pub mod readable;
mod settle;
pub mod transform;
mod work;
pub mod writable;

pub use chunk::Chunk;
pub use error::{ItemError, JsReason};
pub use fetch::{Fetch, FetchError, fetch, fetch_request};
pub use options::StreamOptions;
pub use readable::ReadableStream;
pub use transform::TransformStream;
pub use writable::WritableStream;
