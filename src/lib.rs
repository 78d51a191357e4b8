//! tidegate: backpressure for the browser.
//!
//! Two halves, each a feature and each a Wasm module of its own:
//!
//! * `core`: the state machines of the WHATWG Streams Standard. It does no I/O and knows no
//!   JavaScript: a host calls commands with numbers and gets numbers back (see [`core`]).
//! * `codecs`: push codecs for bytes and text (see [`codec`]).
//!
//! A program that depends on the crate gets no export, no allocator and no `static` from it. Those of the npm package's Wasm
//! modules are in the private module `wasm`, which is there with `--cfg tidegate_npm` only and alone touches `wasm_bindgen`.
//!
//! The package's Wasm module of the core is built without the standard library: the code for formatting panics,
//! which nothing would show, is half as large as the core.
#![cfg_attr(
    all(
        tidegate_npm,
        target_arch = "wasm32",
        not(any(feature = "codecs", feature = "panic-hook"))
    ),
    no_std
)]

extern crate alloc;

#[cfg(feature = "codecs")]
pub mod codec;
#[cfg(feature = "core")]
pub mod core;
#[cfg(tidegate_npm)]
mod wasm;
