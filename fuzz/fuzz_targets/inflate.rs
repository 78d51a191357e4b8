//! Decompression of any bytes: no panic, and what zlib-rs makes of them.
#![no_main]

#[path = "../../tests/codec_support/mod.rs"]
mod codec_support;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| codec_support::any_codec::inflate(bytes));
