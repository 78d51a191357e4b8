//! Decompression of any bytes as zstd: no panic, the same however they are cut, and what the library in C makes of them.
#![no_main]

#[path = "../../tests/codec_support/mod.rs"]
mod codec_support;

use std::io::Read;

use codec_support::Outcome;

/// Beyond this the library is not asked.
const MOST: u64 = 1 << 20;

fn compare(input: &[u8], (produced, result): &Outcome) {
    let mut expected = Vec::new();
    let Ok(mut decoder) = zstd::stream::read::Decoder::new(input) else {
        return;
    };
    // 1 MiB, as the codec is given.
    decoder.window_log_max(20).unwrap();
    let theirs = decoder.take(MOST).read_to_end(&mut expected);
    if result.is_ok() {
        assert!(theirs.is_ok(), "{theirs:?}");
        assert_eq!(*produced, expected);
    } else if theirs.is_err() {
        let length = produced.len().min(expected.len());
        assert_eq!(produced[..length], expected[..length]);
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| codec_support::any_codec::zstd_decompress(bytes, compare));
