//! Compression of any bytes: unpacked what they were, however they are cut.
#![no_main]

#[path = "../../tests/codec_support/mod.rs"]
mod codec_support;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| codec_support::any_codec::deflate(bytes));
