//! States saved anywhere, and any bytes that pass for one.
#![no_main]

#[path = "../../tests/codec_support/mod.rs"]
mod codec_support;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| codec_support::any_codec::state(bytes));
