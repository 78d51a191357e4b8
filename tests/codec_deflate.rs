//! Compression: what is made unpacks to the input, and does not depend on how the input was cut.
#![cfg(feature = "codecs")]

mod codec_support;

use std::io::Read;

use codec_support::{drive, splits};
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use proptest::prelude::*;
use tidegate::codec::{Deflate, DeflateFormat, DeflateOptions};

const FORMATS: [DeflateFormat; 3] = [DeflateFormat::Gzip, DeflateFormat::Zlib, DeflateFormat::Raw];

fn options(format: DeflateFormat, level: u8) -> DeflateOptions {
    DeflateOptions::default().format(format).level(level)
}

fn deflate(options: &DeflateOptions, pieces: &[&[u8]], room: usize) -> Vec<u8> {
    let (made, result) = drive(&mut Deflate::new(options.clone()), pieces, room);
    assert_eq!(result, Ok(()));
    made
}

fn inflate(format: DeflateFormat, packed: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    match format {
        DeflateFormat::Gzip => MultiGzDecoder::new(packed).read_to_end(&mut text),
        DeflateFormat::Zlib => ZlibDecoder::new(packed).read_to_end(&mut text),
        _ => DeflateDecoder::new(packed).read_to_end(&mut text),
    }
    .unwrap();
    text
}

fn text(rows: usize) -> Vec<u8> {
    (0..rows)
        .flat_map(|row| format!("{row},{},tide\n", row * row % 977).into_bytes())
        .collect()
}

/// Bytes that cannot be compressed.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1u64;
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[test]
fn what_is_made_unpacks_to_the_input_in_every_format_at_every_level() {
    for format in FORMATS {
        for level in 0..=9 {
            for input in [
                vec![],
                b"a".to_vec(),
                text(20_000),
                noise(200_000),
                vec![0; 300_000],
            ] {
                let made = deflate(&options(format, level), &[&input], 1 << 16);
                assert!(
                    inflate(format, &made) == input,
                    "{format:?} at level {level}"
                );
            }
        }
    }
}

#[test]
fn what_is_made_is_the_same_at_every_split_point() {
    let input = text(40);
    for format in FORMATS {
        let whole = deflate(&options(format, 6), &[&input], 1 << 16);
        for pieces in splits(&input) {
            assert_eq!(deflate(&options(format, 6), &pieces, 16), whole);
        }
    }
}

#[test]
fn what_is_made_of_much_input_is_the_same_however_it_is_cut_at_every_level() {
    let input = [text(15_000), noise(100_000), vec![b'a'; 200_000]].concat();
    for level in 0..=9 {
        let whole = deflate(&options(DeflateFormat::Raw, level), &[&input], 1 << 20);
        for (piece, room) in [(1000, 1 << 16), (32_769, 17), (300_000, 5000), (7, 100_000)] {
            let pieces: Vec<&[u8]> = input.chunks(piece).collect();
            let made = deflate(&options(DeflateFormat::Raw, level), &pieces, room);
            assert!(
                made == whole,
                "level {level}, pieces of {piece}, room for {room}"
            );
        }
    }
}

#[test]
fn a_higher_level_makes_less() {
    let input = text(20_000);
    let length = |level| deflate(&options(DeflateFormat::Raw, level), &[&input], 1 << 16).len();
    assert!(length(0) > input.len());
    assert!(length(1) < length(0));
    assert!(length(6) < length(1));
    assert_eq!(length(9), length(200));
}

#[test]
fn a_gzip_header_says_what_was_given() {
    let options = DeflateOptions::default()
        .name(
            "tide\u{e9}.csv"
                .chars()
                .map(|each| each as u8)
                .collect::<Vec<_>>(),
        )
        .comment("gate\0cut off")
        .mtime(1_700_000_000)
        .os(3)
        .level(9);
    let made = deflate(&options, &[b"text"], 64);
    let mut decoder = flate2::bufread::GzDecoder::new(&made[..]);
    let mut unpacked = String::new();
    decoder.read_to_string(&mut unpacked).unwrap();
    let header = decoder.header().unwrap();
    assert_eq!(unpacked, "text");
    assert_eq!(header.filename(), Some(&b"tide\xe9.csv"[..]));
    assert_eq!(header.comment(), Some(&b"gate"[..]));
    assert_eq!(
        (header.mtime(), header.operating_system()),
        (1_700_000_000, 3)
    );
    assert_eq!(made[8], 2, "the slowest algorithm was used");
}

#[test]
fn a_gzip_header_says_nothing_by_default() {
    let made = deflate(&DeflateOptions::default(), &[b""], 64);
    assert_eq!(made[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
}

#[test]
fn a_name_that_is_longer_than_every_buffer_is_written() {
    let name = vec![b'n'; 300_000];
    let made = deflate(
        &DeflateOptions::default().name(name.clone()),
        &[b"text"],
        1000,
    );
    assert_eq!(made[10..10 + name.len()], name);
    let without = deflate(&DeflateOptions::default(), &[b"text"], 1000);
    assert_eq!(made[10 + name.len() + 1..], without[10..]);
}

proptest! {
    #[test]
    fn pieces_and_room_make_no_difference(
        data in proptest::collection::vec(0u8..6, 0..100_000),
        level in 0u8..=9,
        piece in 1usize..70_000,
        room in 16usize..70_000,
    ) {
        let pieces: Vec<&[u8]> = data.chunks(piece).collect();
        if !pieces.is_empty() {
            let made = deflate(&options(DeflateFormat::Gzip, level), &pieces, room);
            prop_assert!(made == deflate(&options(DeflateFormat::Gzip, level), &[&data], 1 << 17));
            prop_assert!(inflate(DeflateFormat::Gzip, &made) == data);
        }
    }
}
