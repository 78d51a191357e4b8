//! Lines of any bytes: those of the text as the standard library decodes it.
#![no_main]

#[path = "../../tests/codec_support/mod.rs"]
mod codec_support;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| codec_support::any_codec::lines(bytes));
