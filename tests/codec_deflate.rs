//! Compression: what is made unpacks to the input, and does not depend on how the input was cut.
#![cfg(feature = "codecs")]

mod codec_support;

use std::io::Read;

use codec_support::{drive, splits};
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use proptest::prelude::*;
use tidegate::codec::{
    Chain, ChainState, Codec, Deflate, DeflateFormat, DeflateOptions, ErrorCode, Gunzip,
    GunzipOptions, Status,
};

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

/// Steps over `input`, flushes, and returns what has been made so far.
fn flushed(codec: &mut Deflate, input: &[u8], room: usize) -> Vec<u8> {
    let (mut made, mut output, mut rest) = (Vec::new(), vec![0; room], input);
    loop {
        let step = codec.step(rest, &mut output, false).unwrap();
        made.extend_from_slice(&output[..step.produced]);
        rest = &rest[step.consumed..];
        if step.status == Status::NeedInput {
            break;
        }
    }
    loop {
        let step = codec.flush(&mut output).unwrap();
        made.extend_from_slice(&output[..step.produced]);
        if step.status == Status::NeedInput {
            return made;
        }
    }
}

#[test]
fn what_was_flushed_unpacks_to_everything_before_it() {
    for format in FORMATS {
        for room in [16, 1 << 16] {
            let mut codec = Deflate::new(options(format, 6));
            let (mut made, mut expected) = (Vec::new(), Vec::new());
            for input in [b"one".to_vec(), text(5000), b"two".to_vec(), noise(100_000)] {
                made.extend(flushed(&mut codec, &input, room));
                expected.extend(input);
                assert!(inflate_start(format, &made) == expected, "{format:?}");
            }
        }
    }
}

/// What the start of a stream unpacks to.
fn inflate_start(format: DeflateFormat, packed: &[u8]) -> Vec<u8> {
    let (header, skip) = match format {
        DeflateFormat::Gzip => (false, 10),
        DeflateFormat::Zlib => (true, 0),
        _ => (false, 0),
    };
    let mut inflate = flate2::Decompress::new(header);
    let mut text = Vec::with_capacity(1 << 20);
    let flush = flate2::FlushDecompress::Sync;
    inflate
        .decompress_vec(&packed[skip..], &mut text, flush)
        .unwrap();
    text
}

#[test]
fn a_second_flush_adds_nothing() {
    let mut codec = Deflate::new(DeflateOptions::default());
    assert_eq!(flushed(&mut codec, b"", 64).len(), 10, "the header alone");
    assert_ne!(flushed(&mut codec, b"text", 64), b"");
    assert_eq!(flushed(&mut codec, b"", 64), b"");
}

#[test]
fn what_is_flushed_does_not_depend_on_the_room() {
    let input = [text(20_000), noise(100_000)].concat();
    let made = |room| {
        let mut codec = Deflate::new(options(DeflateFormat::Raw, 6));
        [
            flushed(&mut codec, &input, room),
            flushed(&mut codec, b"more", room),
        ]
        .concat()
    };
    let whole = made(1 << 20);
    assert!([16, 1000, 65_536].iter().all(|&room| made(room) == whole));
}

#[test]
fn a_chain_flushes_through_a_compressor() {
    let codecs: Vec<Box<dyn Codec>> = vec![
        Box::new(Deflate::new(DeflateOptions::default())),
        Box::new(Gunzip::new(GunzipOptions::default())),
    ];
    let mut chain = Chain::new(codecs);
    for text in [b"one", b"two"] {
        chain.input(3).copy_from_slice(text);
        chain.commit(3);
        chain.flush();
        assert_eq!(chain.run(), Ok(ChainState::NeedInput));
        assert_eq!(chain.batch().bytes, text);
    }
}

#[test]
fn a_state_cannot_be_saved_and_the_error_says_so() {
    let error = Deflate::new(DeflateOptions::default()).save().unwrap_err();
    assert_eq!(error.code, ErrorCode::CannotSave);
    assert!(error.to_string().starts_with("deflate: "), "{error}");
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
