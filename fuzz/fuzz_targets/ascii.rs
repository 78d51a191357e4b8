//! Any bytes as base64 or hexadecimal text and back; any text read as such.
#![no_main]

#[path = "../../tests/codec_support/mod.rs"]
mod codec_support;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| codec_support::any_codec::ascii(bytes));
