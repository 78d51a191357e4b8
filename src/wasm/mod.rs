//! The only code that knows `wasm_bindgen`: one file for each module that is built.
#[cfg(feature = "codecs")]
mod codecs;
#[cfg(feature = "core")]
mod core;

/// The core's module has no standard library to bring an allocator, and the other modules' would be three times as large.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
