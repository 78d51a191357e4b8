//! Backpressure for Rust: bounded [channels](channel/index.html), [pipes](pipe/index.html) between any `Stream` and `Sink`, and [codecs](codec/index.html) for
//! large files, decided by the state machines of the WHATWG Streams Standard. They work with any executor.
//!
//! ```
//! use futures_util::{StreamExt, stream};
//! use tidegate::channel::{QueuingStrategy, channel};
//! use tidegate::codec::{LinesOptions, RecordBatch, decode};
//! use tidegate::pipe::pipe_to;
//!
//! # futures_executor::block_on(async {
//! let source = stream::iter([Ok::<_, std::io::Error>("one\ntw"), Ok("o\n")]);
//! let lines = decode(source).lines(LinesOptions::default()).records();
//! let (sink, mut receiver) = channel(QueuingStrategy::count(4));
//! let count = async {
//!     let mut count = 0;
//!     while let Some::<RecordBatch>(batch) = receiver.recv().await.unwrap() {
//!         count += batch.len(); // the sender waits while four batches are queued
//!     }
//!     count
//! };
//! let (piped, count) = futures_util::future::join(pipe_to(lines, sink), count).await;
//! assert!(piped.is_ok() && count == 2);
//! # });
//! ```
//!
//! | feature | by default | what it has |
//! |---|---|---|
//! | `std` | yes | channels and pipes and, with `codecs`, codecs over streams |
//! | `codecs` | yes | gzip, zlib and deflate both ways, lines, csv and digests (see [`codec`](codec/index.html)) |
//! | `brotli`, `brotli-compress` | | decompression of brotli (`BrotliDecompress`), and compression (`BrotliCompress`) |
//! | `zstd` | | Zstandard |
//! | `futures-io` | | codecs that read from an `AsyncBufRead` |
//! | `core` | | the state machines of the WHATWG Streams Standard for a host of your own: numbers only. This interface is unstable: a minor version may change it |
//! | `web` | | `web`, on wasm32 only: JavaScript's streams as Rust's and the other way round |
//! | `panic-hook` | | used by debug builds of the npm package only |
//!
//! A program that depends on the crate gets no export, no allocator and no `static` from it. Those of the npm package's Wasm
//! modules are in the private module `wasm`, which is there with `--cfg tidegate_npm` only and alone touches `wasm_bindgen`.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    all(
        tidegate_npm,
        target_arch = "wasm32",
        not(any(feature = "codecs", feature = "panic-hook", feature = "std"))
    ),
    no_std
)]
#![deny(missing_docs)]
#![forbid(unsafe_op_in_unsafe_fn)]

extern crate alloc;

#[cfg(feature = "std")]
pub mod channel;
// The npm modules have no way to save a codec's state, so its code is left out of them.
#[cfg(feature = "codecs")]
#[cfg_attr(tidegate_npm, allow(dead_code, unused_imports))]
pub mod codec;
#[cfg(feature = "core")]
pub mod core;
// What the native host does not use is there for other hosts.
#[cfg(all(feature = "std", not(feature = "core")))]
#[allow(dead_code, unused_imports)]
mod core;
#[cfg(feature = "std")]
pub mod pipe;
#[cfg(tidegate_npm)]
mod wasm;
#[cfg(all(feature = "web", target_arch = "wasm32"))]
pub mod web;

/// The examples of the crate's README run with the others.
#[cfg(all(doctest, feature = "codecs", feature = "std"))]
#[doc = include_str!("../docs/CRATE.md")]
struct Readme;
