//! Decompression of any bytes as brotli, and of what is compressed of them: no panic, and one outcome.
#![no_main]

#[path = "../../tests/codec_support/mod.rs"]
mod codec_support;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| codec_support::any_codec::brotli(bytes));
