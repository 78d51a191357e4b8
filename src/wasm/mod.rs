//! The only code that knows `wasm_bindgen`: one file for each module that is built.
#[cfg(feature = "codecs")]
mod codecs;
#[cfg(feature = "core")]
mod core;
