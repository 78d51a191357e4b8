//! Compression of any bytes as zstd: unpacked what they were, by this crate and by the library in C.
#![no_main]

#[path = "../../tests/codec_support/mod.rs"]
mod codec_support;

fn compare(packed: &[u8], plain: &[u8]) {
    let theirs = zstd::stream::decode_all(packed).unwrap();
    assert!(theirs == plain);
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| codec_support::any_codec::zstd_compress(bytes, compare));
