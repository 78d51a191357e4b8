//! Deflate data, alone and in zlib streams: split anywhere, sound or not, bounded.
#![cfg(feature = "codecs")]

mod codec_support;

use std::io::Write;

use codec_support::{Outcome, drive, splits};
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use flate2::{Compression, Decompress, FlushDecompress, Status};
use proptest::prelude::*;
use tidegate::codec::{
    ErrorCode, Gunzip, GunzipOptions, Inflate, InflateFormat, InflateOptions, Trailing,
};

fn zlib(data: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn raw(data: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// Of several blocks, some of them stored, some empty.
fn in_blocks(data: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    for (number, part) in data.chunks(data.len() / 4 + 1).enumerate() {
        let mut encoder = DeflateEncoder::new(packed, Compression::new(number as u32 * 3 % 10));
        encoder.write_all(part).unwrap();
        encoder.flush().unwrap();
        // Without the last block.
        packed = encoder.get_ref().clone();
    }
    [packed, raw(b"", 6)].concat()
}

fn text() -> Vec<u8> {
    (0..100)
        .flat_map(|row| format!("{row},{},tide\n", row * row).into_bytes())
        .collect()
}

const ZLIB: InflateFormat = InflateFormat::Zlib;
const RAW: InflateFormat = InflateFormat::Raw;

fn options(format: InflateFormat) -> InflateOptions {
    InflateOptions::default().format(format)
}

/// The outcome must be the same however the input is split and however little room there is.
fn everywhere(options: InflateOptions, input: &[u8]) -> Outcome {
    let whole = drive(&mut Inflate::new(options), &[input], 1 << 16);
    for pieces in splits(input) {
        for room in [16, 1 << 16] {
            let outcome = drive(&mut Inflate::new(options), &pieces, room);
            assert_eq!(
                outcome,
                whole,
                "{:?}",
                pieces.iter().map(|p| p.len()).collect::<Vec<_>>()
            );
        }
    }
    whole
}

fn fails(format: InflateFormat, input: &[u8]) -> (ErrorCode, u64) {
    let error = everywhere(options(format), input).1.unwrap_err();
    assert_eq!(
        error.codec,
        if format == RAW {
            "inflateRaw"
        } else {
            "inflate"
        }
    );
    (error.code, error.offset)
}

#[test]
fn streams_and_data_unpack_at_every_split_point() {
    for level in [0, 6] {
        assert_eq!(
            everywhere(options(ZLIB), &zlib(&text(), level)),
            (text(), Ok(()))
        );
        assert_eq!(
            everywhere(options(RAW), &raw(&text(), level)),
            (text(), Ok(()))
        );
    }
    assert_eq!(
        everywhere(options(RAW), &in_blocks(&text())),
        (text(), Ok(()))
    );
    assert_eq!(everywhere(options(ZLIB), &zlib(b"", 6)), (vec![], Ok(())));
}

#[test]
fn input_that_ends_anywhere_before_the_end_is_truncated_there() {
    for (format, input) in [
        (ZLIB, zlib(&text(), 6)),
        (RAW, raw(&text(), 6)),
        (RAW, in_blocks(&text())),
    ] {
        for end in 0..input.len() {
            let error = drive(
                &mut Inflate::new(options(format)),
                &[&input[..end]],
                1 << 16,
            )
            .1
            .unwrap_err();
            assert_eq!(
                (error.code, error.offset),
                (ErrorCode::Truncated, end as u64)
            );
        }
    }
}

#[test]
fn what_is_no_zlib_stream_is_named_at_its_byte() {
    assert_eq!(fails(ZLIB, b"\x77\x9c"), (ErrorCode::UnsupportedMethod, 0));
    assert_eq!(fails(ZLIB, b"\x88\x1c"), (ErrorCode::UnsupportedMethod, 0));
    assert_eq!(fails(ZLIB, b"\x78\x9d"), (ErrorCode::NotZlib, 1));
    assert_eq!(
        fails(ZLIB, b"\x78\xbb\0\0\0\0"),
        (ErrorCode::NeedsDictionary, 1)
    );
    let error = everywhere(options(ZLIB), b"\x78\xbb").1.unwrap_err();
    assert!(error.to_string().contains("FDICT"), "{error}");
}

#[test]
fn a_wrong_adler_is_named_at_its_start() {
    let mut input = zlib(&text(), 6);
    let end = input.len();
    input[end - 2] ^= 1;
    let (output, result) = everywhere(options(ZLIB), &input);
    assert_eq!(output, text());
    let error = result.unwrap_err();
    assert_eq!(
        (error.code, error.offset),
        (ErrorCode::AdlerMismatch, end as u64 - 4)
    );
}

#[test]
fn bytes_behind_the_end_are_an_error_or_ignored() {
    for (format, input) in [(ZLIB, zlib(b"text", 6)), (RAW, raw(b"text", 6))] {
        let end = input.len() as u64;
        let input = [&input[..], b"more"].concat();
        assert_eq!(fails(format, &input), (ErrorCode::TrailingData, end));
        let ignoring = options(format).trailing(Trailing::Ignore);
        assert_eq!(everywhere(ignoring, &input), (b"text".to_vec(), Ok(())));
    }
}

#[test]
fn faults_of_blocks_are_named_where_the_block_or_symbol_begins() {
    assert_eq!(fails(RAW, &[0b111]), (ErrorCode::CorruptData, 0));
    // A stored block whose lengths differ, behind an empty one.
    assert_eq!(
        fails(RAW, &[0, 0, 0, 0xff, 0xff, 1, 1, 0, 1, 0]),
        (ErrorCode::CorruptData, 5)
    );
    // A fixed block of a literal and a match from before the start: "a", then length 3, distance 2.
    assert_eq!(fails(RAW, &[0x4b, 0x04, 0x22]), (ErrorCode::CorruptData, 1));
    // 287 literals and lengths, 31 distances.
    assert_eq!(
        fails(RAW, &[0b1111_0101, 0, 0]),
        (ErrorCode::CorruptData, 0)
    );
    assert_eq!(
        fails(RAW, &[0b0000_0101, 0b0001_1110, 0]),
        (ErrorCode::CorruptData, 0)
    );
}

/// What zlib-rs makes of raw data: all output, and whether it found the end or a fault.
fn zlib_rs(input: &[u8]) -> (Vec<u8>, Option<bool>) {
    let mut inflate = Decompress::new(false);
    let (mut output, mut room) = (Vec::new(), vec![0; 4096]);
    loop {
        let (at, before) = (inflate.total_in() as usize, inflate.total_out());
        let result = inflate.decompress(&input[at..], &mut room, FlushDecompress::None);
        let produced = (inflate.total_out() - before) as usize;
        output.extend_from_slice(&room[..produced]);
        match result {
            Ok(Status::StreamEnd) => return (output, Some(true)),
            Err(_) => return (output, Some(false)),
            Ok(_) if produced == 0 && inflate.total_in() as usize == at => return (output, None),
            Ok(_) => {}
        }
    }
}

fn agrees(input: &[u8]) {
    let ignoring = options(RAW).trailing(Trailing::Ignore);
    let (output, result) = drive(&mut Inflate::new(ignoring), &[input], 4096);
    let (expected, end) = zlib_rs(input);
    assert_eq!(output, expected);
    let code = result.map_err(|error| error.code);
    match end {
        Some(true) => assert_eq!(code, Ok(())),
        Some(false) => assert_eq!(code, Err(ErrorCode::CorruptData)),
        None => assert!(matches!(
            code,
            Err(ErrorCode::Truncated | ErrorCode::CorruptData)
        )),
    }
}

#[test]
fn small_data_with_any_bit_changed_unpacks_as_zlib_rs_has_it() {
    for input in [
        raw(&text(), 6),
        raw(&text()[..60], 9),
        in_blocks(&text()[..200]),
    ] {
        for bit in 0..input.len() * 8 {
            let mut changed = input.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            agrees(&changed);
        }
    }
}

#[test]
fn a_bound_on_the_output_lets_exactly_so_much_through() {
    let data = [text(), vec![b'a'; 300_000], text()].concat();
    for (level, bound) in [
        (6, 0),
        (6, 1),
        (0, 1000),
        (6, 1234),
        (9, 150_000),
        (0, 150_000),
    ] {
        let input = raw(&data, level);
        let options = options(RAW).max_output_bytes(bound);
        let (output, result) = drive(&mut Inflate::new(options), &[&input], 1 << 16);
        assert!(output == data[..bound as usize]);
        let error = result.unwrap_err();
        assert_eq!(error.code, ErrorCode::OutputTooLarge);
        for (piece, room) in [(1, 1 << 16), (7, 16), (input.len(), 100)] {
            let pieces: Vec<_> = input.chunks(piece).collect();
            let (split, result) = drive(&mut Inflate::new(options), &pieces, room);
            assert!(split == output);
            assert_eq!(result, Err(error.clone()));
        }
    }
    let exact = options(RAW).max_output_bytes(data.len() as u64);
    assert_eq!(
        drive(&mut Inflate::new(exact), &[&raw(&data, 6)], 1 << 16).1,
        Ok(())
    );
}

#[test]
fn a_bound_on_the_ratio_fails_a_bomb_at_the_same_byte_however_it_is_split() {
    let data = [text(), vec![0; 3 << 20]].concat();
    let input = zlib(&data, 9);
    let options = options(ZLIB).max_ratio(100);
    let (output, result) = drive(&mut Inflate::new(options), &[&input], 1 << 16);
    let error = result.unwrap_err();
    assert_eq!(error.code, ErrorCode::RatioTooHigh);
    assert_eq!(output.len() as u64, (64 << 10) + 100 * error.offset);
    for (piece, room) in [(1, 1 << 16), (7, 16), (1000, 1000)] {
        let pieces: Vec<_> = input.chunks(piece).collect();
        let (split, result) = drive(&mut Inflate::new(options), &pieces, room);
        assert!(split == output);
        assert_eq!(result, Err(error.clone()));
    }
    let enough = options.max_ratio(1032);
    assert_eq!(
        drive(&mut Inflate::new(enough), &[&input], 1 << 16).1,
        Ok(())
    );
    let text = text();
    let tight = InflateOptions::default().max_ratio(1);
    assert_eq!(
        drive(&mut Inflate::new(tight), &[&zlib(&text, 9)], 1 << 16).1,
        Ok(())
    );
}

#[test]
fn the_bounds_of_gunzip_are_for_all_members_together() {
    let mut member = GzEncoder::new(Vec::new(), Compression::best());
    member.write_all(&[7; 60_000]).unwrap();
    let member = member.finish().unwrap();
    let input = member.repeat(3);
    let options = GunzipOptions::default();
    let bytes = drive(
        &mut Gunzip::new(options.max_output_bytes(120_001)),
        &[&input],
        1 << 16,
    );
    assert_eq!(bytes.0.len(), 120_001);
    assert_eq!(bytes.1.unwrap_err().code, ErrorCode::OutputTooLarge);
    let ratio = drive(&mut Gunzip::new(options.max_ratio(200)), &[&input], 1 << 16);
    assert_eq!(ratio.1.unwrap_err().code, ErrorCode::RatioTooHigh);
    assert!(ratio.0.len() > 65536);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_packed_comes_back(
        data in proptest::collection::vec(prop_oneof![0u8..4, any::<u8>()], 0..70_000),
        level in 0u32..10,
        piece in 1usize..70_000,
        room in 16usize..70_000,
    ) {
        let input = raw(&data, level);
        let pieces: Vec<&[u8]> = input.chunks(piece).collect();
        let (output, result) = drive(&mut Inflate::new(options(RAW)), &pieces, room);
        prop_assert!(output == data);
        prop_assert_eq!(result, Ok(()));
    }

    #[test]
    fn matches_of_all_lengths_and_distances_come_back(
        parts in proptest::collection::vec((1usize..40_000, 1usize..300), 1..200),
        room in prop_oneof![Just(16usize), 300usize..5000, Just(65536)],
    ) {
        let mut data: Vec<u8> = (0..4000u32).map(|number| ((number * number) >> 7) as u8).collect();
        for (distance, length) in parts {
            let from = data.len().saturating_sub(distance);
            for at in from..from + length {
                data.push(data[at]);
            }
        }
        let input = raw(&data, 9);
        let (output, result) = drive(&mut Inflate::new(options(RAW)), &[&input], room);
        prop_assert!(output == data);
        prop_assert_eq!(result, Ok(()));
    }

    #[test]
    fn changed_data_unpacks_as_zlib_rs_has_it(
        data in proptest::collection::vec(0u8..20, 0..3000),
        level in 0u32..10,
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let mut input = raw(&data, level);
        for (at, byte) in changes {
            let at = at.index(input.len());
            input[at] = byte;
        }
        agrees(&input);
    }

    #[test]
    fn arbitrary_data_unpacks_as_zlib_rs_has_it(data in proptest::collection::vec(any::<u8>(), 0..400), kind in 0u8..8) {
        let input = [&[data.first().unwrap_or(&0) & 0xf8 | kind][..], &data].concat();
        agrees(&input);
    }
}
