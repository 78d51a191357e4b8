//! Any codecs with any options on any input: no panic, and the same outcome however the input is split.
#![no_main]

#[path = "../../tests/codec_support/mod.rs"]
mod codec_support;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| codec_support::any_chain::run(bytes));
