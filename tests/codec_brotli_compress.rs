//! Compression as brotli: what is made unpacks to the input, and does not depend on how the input was cut.
#![cfg(all(feature = "brotli", feature = "brotli-compress"))]

mod codec_support;

use codec_support::{drive, splits};
use proptest::prelude::*;
use tidegate::codec::{
    BrotliCompress, BrotliCompressOptions, BrotliDecompress, BrotliDecompressOptions, Codec,
    ErrorCode, Status,
};

fn options(quality: u8) -> BrotliCompressOptions {
    BrotliCompressOptions::default().quality(quality).window(16)
}

fn pack(options: BrotliCompressOptions, pieces: &[&[u8]], room: usize) -> Vec<u8> {
    let (made, result) = drive(&mut BrotliCompress::new(options), pieces, room);
    assert_eq!(result, Ok(()));
    made
}

fn unpack(packed: &[u8]) -> Vec<u8> {
    let codec = &mut BrotliDecompress::new(BrotliDecompressOptions::default());
    let (made, result) = drive(codec, &[packed], 1 << 16);
    assert_eq!(result, Ok(()));
    made
}

fn text(rows: usize) -> Vec<u8> {
    (0..rows)
        .flat_map(|row| format!("{row},{},tide\n", row * row % 977).into_bytes())
        .collect()
}

#[test]
fn what_is_made_unpacks_to_the_input_at_every_quality() {
    for quality in 0..=11 {
        for input in [vec![], b"a".to_vec(), text(2000), vec![0; 100_000]] {
            let made = pack(options(quality), &[&input], 1 << 16);
            assert!(unpack(&made) == input, "quality {quality}");
        }
    }
}

#[test]
fn what_is_made_is_the_same_at_every_split_point() {
    let input = text(20);
    for quality in [1, 5] {
        let whole = pack(options(quality), &[&input], 1 << 16);
        for pieces in splits(&input) {
            assert_eq!(pack(options(quality), &pieces, 16), whole);
        }
    }
}

#[test]
fn what_is_made_of_much_input_is_the_same_however_it_is_cut() {
    let input = [text(15_000), vec![b'a'; 200_000]].concat();
    for quality in [0, 2, 5, 9] {
        let whole = pack(options(quality), &[&input], 1 << 20);
        for (piece, room) in [(1000, 1 << 16), (65_537, 17), (300_000, 5000)] {
            let pieces: Vec<&[u8]> = input.chunks(piece).collect();
            let made = pack(options(quality), &pieces, room);
            assert!(made == whole, "quality {quality}, pieces of {piece}");
        }
    }
}

#[test]
fn a_flush_makes_everything_before_it_available() {
    let mut codec = BrotliCompress::new(options(5));
    let mut output = [0; 1000];
    let step = codec.step(b"the first line\n", &mut output, false).unwrap();
    assert_eq!((step.status, step.produced), (Status::NeedInput, 0));
    let flushed = codec.flush(&mut output).unwrap();
    assert_eq!(flushed.status, Status::NeedInput);
    let mut unpacking = BrotliDecompress::new(BrotliDecompressOptions::default());
    let mut text = [0; 100];
    let step = unpacking
        .step(&output[..flushed.produced], &mut text, false)
        .unwrap();
    assert_eq!(&text[..step.produced], b"the first line\n");
    // A second one has nothing to do.
    assert_eq!(codec.flush(&mut output).unwrap().produced, 0);
}

#[test]
fn its_state_cannot_be_saved() {
    let error = BrotliCompress::new(options(5)).save().unwrap_err();
    assert_eq!(error.code, ErrorCode::CannotSave);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_input_comes_back(input in prop::collection::vec(any::<u8>(), 0..3000), quality in 0u8..10, size in 1usize..500) {
        let pieces: Vec<&[u8]> = input.chunks(size).chain([&[][..]]).collect();
        let made = pack(options(quality), &pieces, 100);
        prop_assert_eq!(&made, &pack(options(quality), &[&input], 1 << 16));
        prop_assert_eq!(unpack(&made), input);
    }
}
