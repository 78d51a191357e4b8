//! Decompression of brotli: split anywhere, sound or not, bounded.
#![cfg(feature = "brotli")]

mod codec_support;

use codec_support::{Outcome, drive, splits};
use proptest::prelude::*;
use tidegate::codec::{
    BrotliDecompress, BrotliDecompressOptions, Chain, Codec, ErrorCode, Status, Trailing,
};

fn options() -> BrotliDecompressOptions {
    BrotliDecompressOptions::default()
}

fn text() -> Vec<u8> {
    (0..60)
        .flat_map(|row| format!("{row},{},the tide comes in\n", row * row).into_bytes())
        .collect()
}

/// By the crate of the decoder's authors, which has nothing of its code.
fn pack(data: &[u8], quality: i32, window: i32) -> Vec<u8> {
    let params = brotli::enc::BrotliEncoderParams {
        quality,
        lgwin: window,
        ..Default::default()
    };
    let mut packed = Vec::new();
    brotli::BrotliCompress(&mut &data[..], &mut packed, &params).unwrap();
    packed
}

/// Two meta-blocks that make 16 MiB of zeros each from a few bytes, as often as asked for, and the end.
fn bomb(blocks: usize) -> Vec<u8> {
    let packed = pack(&vec![0; blocks << 24], 9, 24);
    assert!(packed.len() < 40 + 40 * blocks, "{}", packed.len());
    packed
}

/// The outcome must be the same however the input is split and however little room there is.
fn everywhere(options: BrotliDecompressOptions, input: &[u8]) -> Outcome {
    let whole = drive(&mut BrotliDecompress::new(options), &[input], 1 << 16);
    for pieces in splits(input) {
        for room in [16, 1 << 16] {
            let outcome = drive(&mut BrotliDecompress::new(options), &pieces, room);
            let lengths: Vec<_> = pieces.iter().map(|piece| piece.len()).collect();
            assert_eq!(outcome, whole, "{lengths:?}, room for {room}");
        }
    }
    whole
}

fn fails(options: BrotliDecompressOptions, input: &[u8]) -> (ErrorCode, u64) {
    let error = everywhere(options, input).1.unwrap_err();
    assert_eq!(error.codec, "brotliDecompress");
    (error.code, error.offset)
}

#[test]
fn streams_of_every_quality_and_window_unpack() {
    let data = [text(), vec![7; 70_000], text()].concat();
    for quality in 0..=11 {
        // The encoder's tables of the best qualities are as large as the window.
        for window in if quality < 10 {
            &[10, 16, 17, 18, 22, 24][..]
        } else {
            &[10, 17]
        } {
            let window = *window;
            let packed = pack(&data, quality, window);
            let outcome = drive(&mut BrotliDecompress::new(options()), &[&packed], 1 << 16);
            assert_eq!(outcome, (data.clone(), Ok(())), "{quality}, {window}");
        }
    }
}

#[test]
fn streams_unpack_at_every_split_point() {
    for quality in [0, 1, 5, 11] {
        assert_eq!(
            everywhere(options(), &pack(&text(), quality, 22)),
            (text(), Ok(()))
        );
    }
}

#[test]
fn the_empty_stream_has_one_byte_in_each_of_its_forms() {
    // ISLAST and ISLASTEMPTY behind each of the window sizes that fit.
    for packed in [&b"\x06"[..], b"\x3b", b"\x33"] {
        assert_eq!(everywhere(options(), packed), (vec![], Ok(())));
    }
}

#[test]
fn metadata_is_read_over() {
    // A window of 2^16, three bytes of metadata (RFC 7932, 9.2: MNIBBLES 0, MSKIPBYTES 1), then the end.
    assert_eq!(everywhere(options(), b"\x2c\x01abc\x03"), (vec![], Ok(())));
}

#[test]
fn data_in_stored_blocks_unpacks() {
    assert_eq!(
        everywhere(options(), b"\x8b\x01\x80text\x03"),
        (b"text".to_vec(), Ok(()))
    );
}

#[test]
fn input_that_ends_anywhere_before_the_end_is_truncated_there() {
    for quality in [1, 5, 11] {
        let packed = pack(&text(), quality, 22);
        for end in 0..packed.len() {
            let error = fails(options(), &packed[..end]);
            assert_eq!(error, (ErrorCode::Truncated, end as u64));
        }
    }
}

#[test]
fn a_truncated_stream_gives_what_was_before_the_end() {
    let packed = pack(&text(), 5, 22);
    let mut longest = 0;
    for end in 0..packed.len() {
        let (produced, _) = drive(&mut BrotliDecompress::new(options()), &[&packed[..end]], 64);
        assert!(text().starts_with(&produced));
        assert!(produced.len() >= longest);
        longest = produced.len();
    }
    assert!(longest > text().len() / 2);
}

#[test]
fn bytes_behind_the_end_are_an_error_unless_they_are_to_be_ignored() {
    let packed = pack(&text(), 5, 22);
    let longer = [&packed[..], b"more"].concat();
    assert_eq!(
        everywhere(options(), &longer),
        (text(), everywhere(options(), &longer).1)
    );
    assert_eq!(
        fails(options(), &longer),
        (ErrorCode::TrailingData, packed.len() as u64)
    );
    let ignoring = options().trailing(Trailing::Ignore);
    assert_eq!(everywhere(ignoring, &longer), (text(), Ok(())));
}

#[test]
fn a_window_that_is_larger_than_allowed_is_refused_at_the_first_byte() {
    let packed = pack(&text(), 5, 22);
    let small = options().max_window_bytes((1 << 22) - 1);
    let enough = options().max_window_bytes(1 << 22);
    // The encoder makes the window as small as the data lets it.
    let asked = BrotliDecompress::new(enough);
    drop(asked);
    let large = pack(&vec![1; 5 << 20], 5, 22);
    assert_eq!(fails(small, &large[..4]), (ErrorCode::WindowTooLarge, 0));
    assert_eq!(fails(enough, &large[..4]), (ErrorCode::Truncated, 4));
    assert_eq!(everywhere(enough, &packed), (text(), Ok(())));
}

#[test]
fn large_window_brotli_is_refused_by_name() {
    // 0010001, a reserved bit, and the six bits of a window of 2^30.
    let error = everywhere(options(), &[0x11, 0x1e, 0, 0]).1.unwrap_err();
    assert_eq!((error.code, error.offset), (ErrorCode::WindowTooLarge, 0));
    assert!(error.to_string().contains("large-window brotli"), "{error}");
}

#[test]
fn the_bound_on_the_output_is_exact_and_gives_what_is_allowed() {
    let packed = pack(&text(), 5, 22);
    let length = text().len() as u64;
    for bound in [0, 1, 100, length - 1] {
        let (produced, result) = everywhere(options().max_output_bytes(bound), &packed);
        assert_eq!(produced, text()[..bound as usize]);
        assert_eq!(result.unwrap_err().code, ErrorCode::OutputTooLarge);
    }
    assert_eq!(
        everywhere(options().max_output_bytes(length), &packed),
        (text(), Ok(()))
    );
}

#[test]
fn a_bomb_ends_at_its_bounds_wherever_it_is_split() {
    let packed = bomb(2);
    let by_ratio = everywhere(options().max_ratio(20), &packed);
    let error = by_ratio.1.unwrap_err();
    assert_eq!((error.code, error.offset), (ErrorCode::RatioTooHigh, 0));
    assert_eq!(by_ratio.0.len(), 20 * 1024 + 65_536);
    let error = fails(options().max_output_bytes(1 << 20), &packed);
    assert_eq!(error, (ErrorCode::OutputTooLarge, 0));
}

#[test]
fn a_ratio_is_kept_by_what_does_not_exceed_it() {
    let data: Vec<u8> = (0..20_000)
        .flat_map(|row| format!("{row},{}\n", row * 7919 % 1_000_003).into_bytes())
        .collect();
    let packed = pack(&data, 5, 22);
    let ratio = (data.len() / packed.len()) as u32 + 1;
    for pieces in [1, 7, 1000, 100_000] {
        let pieces: Vec<&[u8]> = packed.chunks(pieces).collect();
        let codec = &mut BrotliDecompress::new(options().max_ratio(ratio));
        assert!(drive(codec, &pieces, 1 << 16) == (data.clone(), Ok(())));
    }
}

#[test]
fn corrupt_data_gives_what_was_before_and_one_place_wherever_it_is_split() {
    for quality in [1, 5, 11] {
        let packed = pack(&text(), quality, 18);
        for at in (0..packed.len() * 8).step_by(5) {
            let mut corrupt = packed.clone();
            corrupt[at / 8] ^= 1 << (at % 8);
            let bounded = options().max_output_bytes(1 << 20);
            let (produced, result) =
                drive(&mut BrotliDecompress::new(bounded), &[&corrupt], 1 << 16);
            for (piece, room) in [(1, 16), (2, 1 << 16), (3, 100), (13, 1 << 16), (64, 17)] {
                let pieces: Vec<&[u8]> = corrupt.chunks(piece).collect();
                let split = drive(&mut BrotliDecompress::new(bounded), &pieces, room);
                assert_eq!(split.1, result, "bit {at}, pieces of {piece}");
                assert_eq!(
                    split.0.len(),
                    produced.len(),
                    "bit {at}, pieces of {piece}, {result:?}"
                );
                assert!(split.0 == produced, "bit {at}, pieces of {piece}");
            }
        }
    }
}

#[test]
fn a_flushed_stream_gives_everything_before_the_flush() {
    use std::io::Write;
    let mut packer = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
    packer.write_all(b"the first line\n").unwrap();
    packer.flush().unwrap();
    let flushed = packer.get_ref().clone();
    let mut codec = BrotliDecompress::new(options());
    let mut output = [0; 64];
    let step = codec.step(&flushed, &mut output, false).unwrap();
    assert_eq!(step.status, Status::NeedInput);
    assert_eq!(&output[..step.produced], b"the first line\n");
}

#[test]
fn its_state_can_be_saved_before_the_first_byte_and_behind_the_end_only() {
    let packed = pack(&text(), 5, 22);
    let mut output = vec![0; 1 << 16];
    let mut codec = BrotliDecompress::new(options());
    let start = codec.save().unwrap();
    codec.step(&packed[..10], &mut output, false).unwrap();
    let error = codec.save().unwrap_err();
    assert_eq!((error.code, error.offset), (ErrorCode::CannotSave, 10));
    assert!(
        error.to_string().contains("before its first byte"),
        "{error}"
    );
    codec.step(&packed[10..], &mut output, false).unwrap();
    let end = codec.save().unwrap();

    let mut again = BrotliDecompress::new(options());
    again.restore(&start).unwrap();
    assert_eq!(drive(&mut again, &[&packed], 1 << 16), (text(), Ok(())));
    let mut again = BrotliDecompress::new(options());
    again.restore(&end).unwrap();
    let error = drive(&mut again, &[b"x"], 64).1.unwrap_err();
    assert_eq!(
        (error.code, error.offset),
        (ErrorCode::TrailingData, packed.len() as u64)
    );
    let mut other = BrotliDecompress::new(options());
    assert_eq!(
        other.restore(&end[..end.len() - 1]).unwrap_err().code,
        ErrorCode::InvalidState
    );
}

#[test]
fn a_chain_of_it_unpacks_megabytes() {
    let data = vec![3; 5 << 20];
    let packed = pack(&data, 5, 20);
    let mut chain = Chain::new(vec![Box::new(BrotliDecompress::new(options()))]);
    let (collected, result) = codec_support::drive_chain(&mut chain, &[&packed]);
    result.unwrap();
    assert!(collected.bytes == data);
}

/// Text and other bytes, by the number.
fn mixture(seed: u64) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        if state >> 60 < 12 {
            b"the tide "[(state >> 40) as usize % 9]
        } else {
            (state >> 56) as u8
        }
    };
    std::iter::repeat_with(next).take(6000).collect()
}

#[test]
fn a_command_that_makes_more_than_the_decoder_has_room_for_is_refused_in_any_pieces() {
    // Found by chance: a changed length makes a meta-block shorter than the first command in it.
    let mut packed = pack(&mixture(2_696_307_795_079_927_632), 0, 10);
    let at = ((7_703_681_393_478_066_926 * packed.len() as u128) >> 64) as usize;
    packed[at] = 17;
    for size in [1, 2, 1000, packed.len()] {
        let pieces: Vec<&[u8]> = packed.chunks(size).collect();
        let outcome = drive(&mut BrotliDecompress::new(options()), &pieces, 16);
        assert!(is_overrun(&outcome), "{:?}", outcome.1);
    }
}

fn is_overrun(outcome: &Outcome) -> bool {
    let what = "makes more than its meta-block has";
    matches!(&outcome.1, Err(error) if error.detail.contains(what))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_bytes_have_one_outcome(input in prop::collection::vec(any::<u8>(), 0..400), size in 1usize..50, room in 16usize..2000) {
        let bounded = options().max_output_bytes(1 << 20).max_ratio(300);
        let whole = drive(&mut BrotliDecompress::new(bounded), &[&input], 1 << 16);
        let mut pieces: Vec<&[u8]> = input.chunks(size).collect();
        pieces.push(&[]);
        prop_assert_eq!(drive(&mut BrotliDecompress::new(bounded), &pieces, room), whole);
    }

    #[test]
    fn a_changed_stream_has_one_outcome(
        quality in 0i32..10, window in 10i32..19, seed in any::<u64>(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        size in 1usize..300, room in 16usize..70_000,
    ) {
        let data = mixture(seed);
        let mut packed = pack(&data, quality, window);
        for (at, byte) in changes {
            let at = at.index(packed.len());
            packed[at] = byte;
        }
        let bounded = options().max_output_bytes(1 << 20);
        let whole = drive(&mut BrotliDecompress::new(bounded), &[&packed], 1 << 16);
        let mut pieces: Vec<&[u8]> = packed.chunks(size).collect();
        pieces.push(&[]);
        let split = drive(&mut BrotliDecompress::new(bounded), &pieces, room);
        if is_overrun(&split) && is_overrun(&whole) {
            // The command at fault may have been given out in part.
            prop_assert!(split.0.starts_with(&whole.0) || whole.0.starts_with(&split.0));
            return Ok(());
        }
        prop_assert_eq!(&split.1, &whole.1);
        prop_assert_eq!(split.0.len(), whole.0.len(), "{:?}", whole.1);
        prop_assert!(split.0 == whole.0);
    }
}
