//! Zstd frames: made by the zstd command, split anywhere, sound or not, bounded.
#![cfg(feature = "zstd")]

mod codec_support;

use codec_support::zstd::{Fixture, fixture, fixtures, noise, rows};
use codec_support::{Outcome, drive, splits};
use proptest::prelude::*;
use tidegate::codec::{
    Codec, CodecError, ErrorCode, Status, Trailing, ZstdDecompress, ZstdDecompressOptions,
};

fn options() -> ZstdDecompressOptions {
    ZstdDecompressOptions::default()
}

fn unpack_with(options: ZstdDecompressOptions, input: &[u8]) -> Outcome {
    drive(&mut ZstdDecompress::new(options), &[input], 1 << 16)
}

fn unpack(input: &[u8]) -> Outcome {
    unpack_with(options(), input)
}

/// The outcome must be the same however the input is split and however little room there is.
fn everywhere(options: &ZstdDecompressOptions, input: &[u8]) -> Outcome {
    let whole = unpack_with(options.clone(), input);
    for pieces in splits(input) {
        for room in [16, 1 << 16] {
            let outcome = drive(&mut ZstdDecompress::new(options.clone()), &pieces, room);
            assert_eq!(outcome, whole);
        }
    }
    whole
}

fn fails_with(options: ZstdDecompressOptions, input: &[u8]) -> CodecError {
    let error = everywhere(&options, input).1.unwrap_err();
    assert_eq!(error.codec, "zstdDecompress");
    error
}

fn fails(input: &[u8]) -> (ErrorCode, u64) {
    let error = fails_with(options(), input);
    (error.code, error.offset)
}

/// A frame of these blocks, each with its header; without a size or a checksum, and a window of 128 KiB.
fn frame(blocks: &[(u32, u32, &[u8])]) -> Vec<u8> {
    let mut frame = b"\x28\xb5\x2f\xfd\x00\x38".to_vec();
    for (number, (kind, size, bytes)) in blocks.iter().enumerate() {
        let last = u32::from(number + 1 == blocks.len());
        frame.extend_from_slice(&(last | kind << 1 | size << 3).to_le_bytes()[..3]);
        frame.extend_from_slice(bytes);
    }
    frame
}

fn skippable(number: u8, bytes: &[u8]) -> Vec<u8> {
    let length = (bytes.len() as u32).to_le_bytes();
    [&[0x50 + number, 0x2a, 0x4d, 0x18][..], &length, bytes].concat()
}

fn is_plain(name: &str) -> bool {
    ![
        "golden-error",
        "golden-zeroSeq",
        "dictionary",
        "with-",
        "long",
        "ultra",
    ]
    .iter()
    .any(|part| name.starts_with(part))
}

#[test]
fn what_the_zstd_command_has_packed_unpacks_at_every_split_point() {
    let mut count = 0;
    for each in fixtures().into_iter().filter(|each| is_plain(each.name)) {
        let outcome = if each.plain.len() < 5_000 {
            everywhere(&options(), &each.packed)
        } else {
            unpack(&each.packed)
        };
        assert_eq!(outcome, (each.plain, Ok(())), "{}", each.name);
        count += 1;
    }
    assert!(count > 32, "{count}");
}

#[test]
fn golden_files_of_zstd_itself_unpack_or_fail_as_they_must() {
    let two_bytes_of_count = fixture("golden-zeroSeq_2B");
    let unpacked = everywhere(&options(), &two_bytes_of_count.packed);
    assert_eq!(unpacked, (b"Hello World!\n".to_vec(), Ok(())));
    for name in ["off0", "truncated_huff_state", "zeroSeq_extraneous"] {
        let packed = fixture(&format!("golden-error-{name}")).packed;
        assert_eq!(fails(&packed), (ErrorCode::CorruptData, 6), "{name}");
    }
}

#[test]
fn input_that_ends_anywhere_before_the_end_is_truncated_there() {
    for name in ["level-3", "neither", "raw"] {
        let Fixture { packed, plain, .. } = fixture(name);
        for end in 0..packed.len() {
            let (produced, result) = unpack(&packed[..end]);
            let error = result.unwrap_err();
            assert_eq!(
                (error.code, error.offset),
                (ErrorCode::Truncated, end as u64)
            );
            assert!(plain.starts_with(&produced));
        }
    }
}

#[test]
fn frames_behind_each_other_are_unpacked_as_one() {
    let (one, other) = (fixture("level-1"), fixture("raw"));
    let seek_table = skippable(14, &[7; 17]);
    let all = [
        skippable(0, b""),
        one.packed.clone(),
        skippable(15, b"ignored"),
        other.packed,
        fixture("empty").packed,
        one.packed,
        seek_table,
    ];
    let expected = [&one.plain[..], &other.plain, &one.plain].concat();
    assert_eq!(everywhere(&options(), &all.concat()), (expected, Ok(())));
}

#[test]
fn skippable_frames_alone_unpack_to_nothing() {
    assert_eq!(
        everywhere(&options(), &skippable(3, b"abc")),
        (vec![], Ok(()))
    );
}

#[test]
fn input_without_a_frame_is_truncated_or_not_zstd() {
    assert_eq!(fails(b""), (ErrorCode::Truncated, 0));
    assert_eq!(fails(b"\x28\xb5"), (ErrorCode::Truncated, 2));
    assert_eq!(fails(b"GIF"), (ErrorCode::NotZstd, 0));
    assert_eq!(fails(b"\x28\xb5\x2f\xfe"), (ErrorCode::NotZstd, 3));
    assert_eq!(fails(b"\x5a\x2a\x4e"), (ErrorCode::NotZstd, 2));
}

#[test]
fn bytes_behind_the_last_frame_are_an_error_or_ignored() {
    let Fixture { packed, plain, .. } = fixture("level-3");
    let end = packed.len() as u64;
    for tail in [&b"\0"[..], b"\x28\xb5\x2f\0", b"text"] {
        let input = [&packed[..], tail].concat();
        let outcome = everywhere(&options(), &input);
        let error = outcome.1.unwrap_err();
        assert_eq!((error.code, error.offset), (ErrorCode::TrailingData, end));
        assert_eq!(outcome.0, plain);
        let ignored = options().trailing(Trailing::Ignore);
        assert_eq!(everywhere(&ignored, &input), (plain.clone(), Ok(())));
    }
    let cut = [&packed[..], b"\x28\xb5"].concat();
    assert_eq!(fails(&cut), (ErrorCode::Truncated, end + 2));
    let ignored = options().trailing(Trailing::Ignore);
    assert_eq!(everywhere(&ignored, &cut), (plain, Ok(())));
}

#[test]
fn a_window_larger_than_the_option_allows_is_refused_by_name() {
    for (name, size) in [("long", 128 << 20), ("ultra", 128 << 20)] {
        let Fixture { packed, plain, .. } = fixture(name);
        let error = fails_with(options(), &packed);
        assert_eq!((error.code, error.offset), (ErrorCode::WindowTooLarge, 5));
        assert!(error.detail.contains(&format!("{size} bytes")), "{error}");
        assert!(error.detail.contains("maxWindowBytes"), "{error}");
        let allowed = options().max_window_bytes(size);
        assert_eq!(unpack_with(allowed, &packed), (plain, Ok(())));
    }
    // In a frame of one segment the content is the window.
    let Fixture { packed, plain, .. } = fixture("level-3");
    let smaller = options().max_window_bytes(plain.len() as u64 - 1);
    let error = fails_with(smaller, &packed);
    assert_eq!((error.code, error.offset), (ErrorCode::WindowTooLarge, 5));
    let enough = options().max_window_bytes(plain.len() as u64);
    assert_eq!(unpack_with(enough, &packed), (plain, Ok(())));
}

#[test]
fn a_dictionary_with_the_right_id_is_needed_and_used() {
    let dictionary = fixture("dictionary").packed;
    for name in ["with-dictionary", "with-dictionary-fast"] {
        let Fixture { packed, plain, .. } = fixture(name);
        let with = options().dictionary(dictionary.clone());
        assert_eq!(everywhere(&with, &packed), (plain.clone(), Ok(())));
        // The second frame begins with the dictionary again.
        let twice = [&packed[..], &packed].concat();
        assert_eq!(unpack_with(with, &twice).0, [&plain[..], &plain].concat());

        let error = fails_with(options(), &packed);
        assert_eq!((error.code, error.offset), (ErrorCode::NeedsDictionary, 5));
        assert!(error.detail.contains("4242"), "{error}");
        let raw = options().dictionary(b"raw content".to_vec());
        assert_eq!(fails_with(raw, &packed).code, ErrorCode::NeedsDictionary);
        let mut other = dictionary.clone();
        other[4] ^= 1;
        let error = fails_with(options().dictionary(other), &packed);
        assert_eq!(error.code, ErrorCode::NeedsDictionary);
        assert!(error.detail.contains("4243"), "{error}");
    }
}

#[test]
fn raw_content_is_a_dictionary_without_an_id() {
    let Fixture { packed, plain, .. } = fixture("with-raw-dictionary");
    let with = options().dictionary(rows(60, 60));
    assert_eq!(everywhere(&with, &packed), (plain, Ok(())));
    assert!(unpack(&packed).1.is_err());
    // A frame that does without one is unpacked as well.
    let other = fixture("level-19");
    assert_eq!(unpack_with(with, &other.packed), (other.plain, Ok(())));
}

#[test]
fn a_dictionary_that_is_cut_off_is_invalid() {
    let dictionary = fixture("dictionary").packed;
    let packed = fixture("with-dictionary").packed;
    for end in [4, 7, 8, 20, 60, 100] {
        let broken = options().dictionary(dictionary[..end].to_vec());
        let error = unpack_with(broken, &packed).1.unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidDictionary, "{end}");
    }
}

#[test]
fn a_checksum_that_does_not_match_is_an_error_after_all_output() {
    let Fixture {
        mut packed, plain, ..
    } = fixture("level-5");
    let at = packed.len() - 4;
    packed[at + 2] ^= 1;
    let (produced, result) = everywhere(&options(), &packed);
    let error = result.unwrap_err();
    assert_eq!(
        (error.code, error.offset),
        (ErrorCode::ChecksumMismatch, at as u64)
    );
    assert_eq!(produced, plain);
}

#[test]
fn content_of_another_size_than_the_header_says_is_an_error() {
    // One segment of four bytes, in a block of so many.
    let with = |size: u8| {
        let mut packed = b"\x28\xb5\x2f\xfd\x20\x04".to_vec();
        packed.extend_from_slice(&[1 | size << 3, 0, 0]);
        packed.extend((0..size).map(|byte| b'a' + byte));
        packed
    };
    assert_eq!(everywhere(&options(), &with(4)), (b"abcd".to_vec(), Ok(())));
    let (produced, result) = everywhere(&options(), &with(3));
    assert_eq!(produced, b"abc");
    let error = result.unwrap_err();
    assert_eq!((error.code, error.offset), (ErrorCode::SizeMismatch, 12));
    // A block is no larger than the window.
    assert_eq!(fails(&with(5)), (ErrorCode::CorruptData, 6));
    // With a window of its own a frame of 256 + 0 bytes that has 300.
    let mut packed = b"\x28\xb5\x2f\xfd\x40\x00\0\0".to_vec();
    packed.extend_from_slice(&(1 | 1 << 1 | 300_u32 << 3).to_le_bytes()[..3]);
    packed.push(b'x');
    let (produced, result) = everywhere(&options(), &packed);
    assert_eq!(produced, vec![b'x'; 256]);
    let error = result.unwrap_err();
    assert_eq!((error.code, error.offset), (ErrorCode::SizeMismatch, 8));
}

#[test]
fn blocks_and_headers_that_the_format_forbids_are_errors() {
    assert_eq!(fails(&frame(&[(3, 1, b"x")])), (ErrorCode::CorruptData, 6));
    let large = frame(&[(0, 1, b"x"), (1, (128 << 10) + 1, b"x")]);
    assert_eq!(fails(&large), (ErrorCode::CorruptData, 10));
    assert_eq!(
        fails(b"\x28\xb5\x2f\xfd\x08"),
        (ErrorCode::ReservedFlags, 4)
    );
    // Huffman codes, or tables, that are to be repeated and are not there.
    let treeless = frame(&[(2, 4, &[0x13, 0x40, 0, 0])]);
    assert_eq!(fails(&treeless), (ErrorCode::CorruptData, 6));
    let repeated = frame(&[(2, 5, &[0x08, b'x', 1, 0xfc, 1])]);
    assert_eq!(fails(&repeated), (ErrorCode::CorruptData, 6));
}

#[test]
fn bounds_on_the_output_are_exact_and_give_what_is_allowed() {
    let Fixture { packed, plain, .. } = fixture("level-3");
    for bytes in [0, 1, 500, plain.len() - 1] {
        let bounded = options().max_output_bytes(bytes as u64);
        let (produced, result) = everywhere(&bounded, &packed);
        assert_eq!(produced, plain[..bytes]);
        assert_eq!(result.unwrap_err().code, ErrorCode::OutputTooLarge);
    }
    let enough = options().max_output_bytes(plain.len() as u64);
    assert_eq!(unpack_with(enough, &packed), (plain, Ok(())));
}

#[test]
fn bombs_end_at_the_ratio() {
    let Fixture { packed, plain, .. } = fixture("zeros");
    let error = fails_with(options().max_ratio(100), &packed);
    assert_eq!(error.code, ErrorCode::RatioTooHigh);
    let enough = options().max_ratio(20_000);
    assert_eq!(unpack_with(enough, &packed), (plain, Ok(())));
}

#[test]
fn matches_reach_back_as_far_as_the_window_however_often_it_has_been_round() {
    // A window of 1 KiB; raw blocks of noise, each of which a block with one match repeats from 1 KiB before, and a byte further.
    let data = noise(1024 * 40);
    let block = |offset: u32| {
        // No literals, one sequence, all tables of one code: 0 literals, the offset, a match of 3 bytes. The highest bit of the offset's value is in
        // its code, and at the end of the stream it is the marker.
        let value = offset + 3;
        let code = value.ilog2() as u8;
        [&[0, 1, 0x54, 0, code, 0][..], &value.to_le_bytes()[..2]].concat()
    };
    for (offset, works) in [(1024, true), (1000, true), (1025, false)] {
        let mut packed = b"\x28\xb5\x2f\xfd\x00\x00".to_vec();
        let mut plain = Vec::new();
        for part in data.chunks(1000) {
            packed.extend_from_slice(&((part.len() as u32) << 3).to_le_bytes()[..3]);
            packed.extend_from_slice(part);
            plain.extend_from_slice(part);
            if plain.len() >= 1025 {
                let block = block(offset);
                packed.extend_from_slice(&(2 << 1 | (block.len() as u32) << 3).to_le_bytes()[..3]);
                packed.extend_from_slice(&block);
                for _ in 0..3 {
                    plain.push(plain[plain.len() - offset as usize]);
                }
            }
        }
        packed.extend_from_slice(&[1, 0, 0]);
        let (produced, result) = unpack(&packed);
        if works {
            assert_eq!((produced, result), (plain, Ok(())));
        } else {
            assert_eq!(result.unwrap_err().code, ErrorCode::CorruptData);
        }
    }
}

#[test]
fn a_state_can_be_saved_between_frames_only() {
    let (one, other) = (fixture("level-1"), fixture("level-2"));
    let input = [&one.packed[..], &other.packed].concat();
    let between = one.packed.len();
    for at in 0..=input.len() {
        let mut codec = ZstdDecompress::new(options().max_output_bytes(2000));
        let mut output = vec![0; 1 << 16];
        let step = codec.step(&input[..at], &mut output, false).unwrap();
        assert_eq!(step.status, Status::NeedInput);
        let saved = codec.save();
        if ![0, between, input.len()].contains(&at) {
            let error = saved.unwrap_err();
            assert_eq!(error.code, ErrorCode::CannotSave);
            assert!(error.detail.contains("between"), "{error}");
            continue;
        }
        let mut codec = ZstdDecompress::new(options().max_output_bytes(2000));
        codec.restore(&saved.unwrap()).unwrap();
        let (rest, result) = drive(&mut codec, &[&input[at..], b""], 1 << 16);
        assert_eq!(result, Ok(()));
        let all = [&output[..step.produced], &rest].concat();
        assert_eq!(all, [&one.plain[..], &other.plain].concat());
    }
}

proptest! {
    #[test]
    fn a_frame_with_bytes_changed_fails_or_unpacks_but_always_alike(
        number in 0_usize..40,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        size in 1_usize..300,
    ) {
        let all = fixtures();
        let mut packed = all[number % all.len()].packed.clone();
        for (at, byte) in changes {
            let at = at.index(packed.len());
            packed[at] ^= byte;
        }
        let bounded = options().max_output_bytes(1 << 20);
        let whole = unpack_with(bounded.clone(), &packed);
        let pieces: Vec<&[u8]> = packed.chunks(size).chain([&[][..]]).collect();
        prop_assert_eq!(drive(&mut ZstdDecompress::new(bounded), &pieces, 16 + size), whole);
    }
}

#[test]
fn any_bit_of_a_frame_can_be_flipped() {
    for name in ["level-3", "level-19", "raw", "treeless"] {
        let Fixture { packed, plain, .. } = fixture(name);
        let step = packed.len() / 200 + 1;
        for at in (0..packed.len()).step_by(step) {
            for bit in 0..8 {
                let mut flipped = packed.clone();
                flipped[at] ^= 1 << bit;
                let bounded = options().max_output_bytes(1 << 20);
                let whole = unpack_with(bounded.clone(), &flipped);
                let halves = [&flipped[..at], &flipped[at..]];
                let split = drive(&mut ZstdDecompress::new(bounded), &halves, 1 << 10);
                assert_eq!(split, whole);
                // Only a header that says no checksum lets a change pass.
                let is_found = whole.1.is_err() || whole.0 == plain || at < 14;
                assert!(is_found, "{name}: bit {bit} of byte {at}");
            }
        }
    }
}
