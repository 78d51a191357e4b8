//! The programs of the fuzzer (fuzz/) for one codec each, on random bytes, and on bytes that are nearly right.
#![cfg(feature = "encoding")]

mod codec_support;

use std::io::Write;

use codec_support::any_codec;
use flate2::{Compression, write::DeflateEncoder, write::GzEncoder};
use proptest::prelude::*;

fn packed(text: &[u8], level: u32) -> [Vec<u8>; 2] {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::new(level));
    gzip.write_all(text).unwrap();
    let mut raw = DeflateEncoder::new(Vec::new(), Compression::new(level));
    raw.write_all(text).unwrap();
    [gzip.finish().unwrap(), raw.finish().unwrap()]
}

#[test]
fn the_committed_seeds_run() {
    type Run = fn(&[u8]);
    let programs: [(&str, Run); 12] = [
        ("inflate", any_codec::inflate),
        ("brotli", any_codec::brotli),
        ("deflate", any_codec::deflate),
        ("lines", any_codec::lines),
        ("csv", any_codec::csv),
        ("json", any_codec::json),
        ("digests", any_codec::digests),
        ("ascii", any_codec::ascii),
        ("decode_text", any_codec::decode_text),
        ("state", any_codec::state),
        ("zstd_compress", |program| {
            any_codec::zstd_compress(program, |_, _| {});
        }),
        ("zstd", |program| {
            any_codec::zstd_decompress(program, |_, _| {})
        }),
    ];
    for (name, run) in programs {
        let seeds = format!("{}/fuzz/seeds/{name}", env!("CARGO_MANIFEST_DIR"));
        let mut count = 0;
        for seed in std::fs::read_dir(seeds).unwrap() {
            run(&std::fs::read(seed.unwrap().path()).unwrap());
            count += 1;
        }
        assert!(count >= 2, "{name}");
    }
}

const JSON_PIECES: [&str; 26] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\"a\":",
    "\"\\u0061\":",
    "\"é\\ud83c\\udf0a\" :",
    "\"é🌊\":",
    "\\",
    "[1,",
    "{\"a\":[",
    "true",
    "null",
    "false",
    "-1.5e+10",
    "0",
    "12",
    " ",
    "\n",
    "\"long enough for a whole block\"",
    "]]",
    "}}",
    "\\u",
];

proptest! {
    #[test]
    fn any_program_for_a_codec_keeps_its_promises(program in prop::collection::vec(any::<u8>(), 0..400)) {
        any_codec::inflate(&program);
        any_codec::deflate(&program);
        any_codec::lines(&program);
        any_codec::csv(&program);
        any_codec::json(&program);
        any_codec::digests(&program);
        any_codec::ascii(&program);
        any_codec::decode_text(&program);
        any_codec::state(&program);
        any_codec::zstd_decompress(&program, |_, _| {});
        any_codec::zstd_compress(&program, |_, _| {});
    }

    #[test]
    fn text_with_what_csv_looks_at_keeps_them_too(
        head in any::<[u8; 4]>(),
        text in prop::collection::vec(prop::sample::select(&b",;|ab\"\\#\r\n\xc3\xa9 x"[..]), 0..200),
    ) {
        let program = [&head[..], &text].concat();
        any_codec::lines(&program);
        any_codec::csv(&program);
        any_codec::state(&[&[2, head[0], head[1], head[2]][..], &text].concat());
        any_codec::state(&[&[3, head[0], head[1], head[2]][..], &text].concat());
    }

    #[test]
    fn text_that_is_nearly_base64_keeps_them_too(
        flags in any::<[u8; 3]>(),
        text in prop::collection::vec(prop::sample::select(&b"ABCDzx019+/-_= \n!"[..]), 0..200),
    ) {
        for kind in [2, 3] {
            any_codec::ascii(&[&[kind][..], &flags, &text].concat());
        }
        for kind in [5, 6, 7, 8] {
            any_codec::state(&[&[kind][..], &flags, &text].concat());
        }
    }

    #[test]
    fn text_that_looks_like_json_keeps_them_too(
        head in any::<[u8; 4]>(),
        text in prop::collection::vec(prop::sample::select(&JSON_PIECES[..]), 0..60),
    ) {
        let text = text.concat();
        any_codec::json(&[&head[..], text.as_bytes()].concat());
        any_codec::json(&[&[head[0], 255, 255, head[3]][..], text.as_bytes()].concat());
        any_codec::state(&[&[9, head[0], head[1], head[2]][..], text.as_bytes()].concat());
    }

    #[test]
    fn packed_data_with_a_byte_changed_keeps_them_too(
        text in prop::collection::vec(0_u8..8, 0..600),
        level in 0_u32..10,
        flags in any::<u8>(),
        size in any::<u8>(),
        change in any::<Option<(prop::sample::Index, u8)>>(),
    ) {
        for (format, mut data) in packed(&text, level).into_iter().enumerate() {
            if let Some((at, byte)) = &change {
                let at = at.index(data.len());
                data[at] = *byte;
            }
            any_codec::inflate(&[&[format as u8, flags, size][..], &data].concat());
            any_codec::state(&[&[format as u8, flags, size, size][..], &data].concat());
        }
    }
}
