//! Items of any bytes: those of a reader that has all of the document, and the same faults.
#![no_main]

#[path = "../../tests/codec_support/mod.rs"]
mod codec_support;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| codec_support::any_codec::json(bytes));
