//! Compression as zstd: the same bytes however the input is cut, which unpack to what it was.
#![cfg(feature = "zstd")]

mod codec_support;

use codec_support::zstd::{fixture, noise, rows};
use codec_support::{Outcome, drive, splits};
use proptest::prelude::*;
use tidegate::codec::{
    Codec, ErrorCode, Status, ZstdCompress, ZstdCompressOptions, ZstdDecompress,
    ZstdDecompressOptions,
};

fn options(level: u8) -> ZstdCompressOptions {
    ZstdCompressOptions::default().level(level)
}

fn levels() -> impl Iterator<Item = u8> {
    1..=ZstdCompressOptions::HIGHEST
}

fn pack_with(options: ZstdCompressOptions, input: &[u8]) -> Outcome {
    drive(&mut ZstdCompress::new(options), &[input], 1 << 16)
}

fn pack(level: u8, input: &[u8]) -> Vec<u8> {
    let (packed, result) = pack_with(options(level), input);
    result.unwrap();
    packed
}

fn unpack(input: &[u8]) -> Outcome {
    let options = ZstdDecompressOptions::default();
    drive(&mut ZstdDecompress::new(options), &[input], 1 << 16)
}

/// The header's size of the content, if it has one.
fn has_content_size(packed: &[u8]) -> bool {
    packed[4] >> 6 != 0 || packed[4] & 1 << 5 != 0
}

#[test]
fn what_is_packed_unpacks_to_what_it_was() {
    let long = rows(60_000, 60_000);
    let far = [&noise(600_000)[..], &rows(100, 100), &noise(600_000)].concat();
    for level in levels() {
        for plain in [
            &b""[..],
            b"a",
            b"abcdefg",
            &rows(60, 60),
            &[7; 300_000],
            &long,
            &far,
        ] {
            let packed = pack(level, plain);
            assert!(
                unpack(&packed) == (plain.to_vec(), Ok(())),
                "{}",
                plain.len()
            );
        }
    }
}

#[test]
fn text_becomes_less_than_a_third_of_it() {
    let text = rows(100_000, 100_000);
    for level in levels() {
        let size = pack(level, &text).len();
        assert!(
            size < text.len() / 3,
            "level {level}: {size} of {}",
            text.len()
        );
    }
}

#[test]
fn matches_a_megabyte_back_are_found_at_level_3() {
    let part = noise(900_000);
    let packed = pack(3, &[&part[..], &part].concat());
    assert!(packed.len() < 905_000, "{}", packed.len());
}

#[test]
fn what_does_not_compress_grows_by_three_bytes_a_block() {
    let plain = noise(1 << 20);
    for level in levels() {
        assert_eq!(pack(level, &plain).len(), plain.len() + 6 + 8 * 3 + 4);
    }
}

#[test]
fn the_bytes_do_not_depend_on_how_the_input_is_cut() {
    let short = rows(30, 30);
    // Exactly two blocks, and one byte more.
    let block = rows(20_000, 20_000)[..256 << 10].to_vec();
    let more = [&block[..], b"x"].concat();
    for level in levels() {
        let whole = pack(level, &short);
        for pieces in splits(&short) {
            for room in [16, 1 << 16] {
                let outcome = drive(&mut ZstdCompress::new(options(level)), &pieces, room);
                assert_eq!(outcome, (whole.clone(), Ok(())));
            }
        }
        for plain in [&block, &more] {
            let whole = pack(level, plain);
            for size in [128 << 10, 1000, 65_536] {
                let mut pieces: Vec<&[u8]> = plain.chunks(size).collect();
                pieces.push(&[]);
                let outcome = drive(&mut ZstdCompress::new(options(level)), &pieces, 100);
                assert!(outcome == (whole.clone(), Ok(())), "{size}");
            }
            assert!(unpack(&whole) == (plain.clone(), Ok(())));
        }
    }
}

#[test]
fn the_header_has_the_size_of_what_fits_into_a_block_or_was_given() {
    assert!(has_content_size(&pack(1, b"text")));
    assert!(has_content_size(&pack(1, b"")));
    let long = rows(30_000, 30_000);
    assert!(!has_content_size(&pack(1, &long)));
    for level in levels() {
        let given = options(level).content_size(long.len() as u64);
        let (packed, result) = pack_with(given, &long);
        result.unwrap();
        assert!(has_content_size(&packed));
        assert!(unpack(&packed) == (long.clone(), Ok(())));
    }
}

#[test]
fn another_size_than_was_given_is_an_error() {
    for (size, offset) in [(3, 3), (5, 4)] {
        let given = options(1).content_size(size);
        for pieces in splits(b"text") {
            let outcome = drive(&mut ZstdCompress::new(given.clone()), &pieces, 64);
            let error = outcome.1.unwrap_err();
            assert_eq!(
                (error.code, error.offset),
                (ErrorCode::SizeMismatch, offset)
            );
        }
    }
}

#[test]
fn the_checksum_is_there_unless_it_is_not_wanted() {
    let with = pack(1, b"text");
    let (without, result) = pack_with(options(1).checksum(false), b"text");
    result.unwrap();
    assert_eq!(with.len(), without.len() + 4);
    assert_eq!(unpack(&without), (b"text".to_vec(), Ok(())));
    let mut broken = with;
    *broken.last_mut().unwrap() ^= 1;
    let error = unpack(&broken).1.unwrap_err();
    assert_eq!(error.code, ErrorCode::ChecksumMismatch);
}

#[test]
fn what_was_flushed_can_be_unpacked_without_what_follows() {
    let plain = rows(2000, 2000);
    let mut pack = ZstdCompress::new(options(3));
    let mut unpack = ZstdDecompress::new(ZstdDecompressOptions::default());
    let mut unpacked = Vec::new();
    let (mut output, mut room) = (vec![0; 1 << 16], vec![0; 1 << 20]);
    for part in plain.chunks(997) {
        let mut packed = Vec::new();
        let step = pack.step(part, &mut output, false).unwrap();
        assert_eq!((step.consumed, step.produced), (part.len(), 0));
        loop {
            let step = pack.flush(&mut output).unwrap();
            packed.extend_from_slice(&output[..step.produced]);
            if step.status == Status::NeedInput {
                break;
            }
        }
        let step = unpack.step(&packed, &mut room, false).unwrap();
        unpacked.extend_from_slice(&room[..step.produced]);
        assert_eq!(step.produced, part.len());
        // Nothing is left to be flushed.
        assert_eq!(pack.flush(&mut output).unwrap().produced, 0);
    }
    let step = pack.step(b"", &mut output, true).unwrap();
    assert_eq!(step.status, Status::Finished);
    let step = unpack
        .step(&output[..step.produced], &mut room, true)
        .unwrap();
    assert_eq!((step.status, step.produced), (Status::Finished, 0));
    assert_eq!(unpacked, plain);
}

#[test]
fn a_dictionary_makes_short_texts_shorter_and_is_named() {
    let plain = fixture("with-dictionary").plain;
    let dictionary = fixture("dictionary").packed;
    for level in levels() {
        let (packed, result) = pack_with(options(level).dictionary(dictionary.clone()), &plain);
        result.unwrap();
        assert!(packed.len() < pack(level, &plain).len());
        let error = unpack(&packed).1.unwrap_err();
        assert_eq!(error.code, ErrorCode::NeedsDictionary);
        assert!(error.detail.contains("4242"), "{error}");
        let with = ZstdDecompressOptions::default().dictionary(dictionary.clone());
        let outcome = drive(&mut ZstdDecompress::new(with), &[&packed], 1 << 16);
        assert_eq!(outcome, (plain.clone(), Ok(())));
    }
}

#[test]
fn raw_content_is_a_dictionary_too_also_for_long_texts() {
    let content = rows(5000, 5000);
    let plain = [rows(40_000, 40_000), rows(50_000, 700)].concat();
    for level in levels() {
        let (packed, result) = pack_with(options(level).dictionary(content.clone()), &plain);
        result.unwrap();
        let with = ZstdDecompressOptions::default().dictionary(content.clone());
        let outcome = drive(&mut ZstdDecompress::new(with), &[&packed], 1 << 16);
        assert!(outcome == (plain.clone(), Ok(())));
    }
}

#[test]
fn a_dictionary_that_is_cut_off_is_invalid() {
    let broken = fixture("dictionary").packed[..100].to_vec();
    let error = pack_with(options(1).dictionary(broken), b"text")
        .1
        .unwrap_err();
    assert_eq!(
        (error.code, error.offset),
        (ErrorCode::InvalidDictionary, 0)
    );
}

#[test]
fn its_state_cannot_be_saved() {
    let error = ZstdCompress::new(options(1)).save().unwrap_err();
    assert_eq!(error.code, ErrorCode::CannotSave);
    assert!(error.detail.contains("frames"), "{error}");
}

proptest! {
    #[test]
    fn any_bytes_of_a_few_letters_come_back(
        text in prop::collection::vec(0_u8..6, 0..3000),
        times in 1_usize..40,
        level in 1_u8..=ZstdCompressOptions::HIGHEST,
        size in 1_usize..5000,
    ) {
        let plain = text.repeat(times);
        let packed = pack(level, &plain);
        let pieces: Vec<&[u8]> = plain.chunks(size).chain([&[][..]]).collect();
        let cut = drive(&mut ZstdCompress::new(options(level)), &pieces, 1 << 10);
        prop_assert!(cut == (packed.clone(), Ok(())));
        prop_assert!(unpack(&packed) == (plain, Ok(())));
    }
}
