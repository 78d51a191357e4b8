//! gunzip: RFC 1952 members, split anywhere, sound or not.
#![cfg(feature = "codecs")]

mod codec_support;

use std::io::Write;

use codec_support::{drive, splits};
use flate2::{Compression, Crc, GzBuilder, write::GzEncoder};
use proptest::prelude::*;
use tidegate::codec::{CodecError, ErrorCode, Gunzip, GunzipOptions, Trailing};

fn gzip(data: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn text() -> Vec<u8> {
    (0..100)
        .flat_map(|row| format!("{row},{},tide\n", row * row).into_bytes())
        .collect()
}

fn gunzip(pieces: &[&[u8]], room: usize) -> (Vec<u8>, Result<(), CodecError>) {
    drive(&mut Gunzip::new(GunzipOptions::default()), pieces, room)
}

/// The outcome must be the same however the input is split and however little room there is.
fn everywhere(input: &[u8]) -> (Vec<u8>, Result<(), CodecError>) {
    let whole = gunzip(&[input], 1 << 16);
    for pieces in splits(input) {
        for room in [16, 1 << 16] {
            let outcome = gunzip(&pieces, room);
            assert_eq!(
                outcome.1,
                whole.1,
                "{:?}",
                pieces.iter().map(|p| p.len()).collect::<Vec<_>>()
            );
            if whole.1.is_ok() {
                assert_eq!(outcome.0, whole.0);
            }
        }
    }
    whole
}

fn fails(input: &[u8]) -> (ErrorCode, u64) {
    let error = everywhere(input).1.unwrap_err();
    assert_eq!(error.codec, "gunzip");
    (error.code, error.offset)
}

#[test]
fn a_member_unpacks_at_every_split_point() {
    for level in [0, 1, 9] {
        assert_eq!(everywhere(&gzip(&text(), level)), (text(), Ok(())));
    }
}

#[test]
fn an_empty_member_unpacks_to_nothing() {
    assert_eq!(everywhere(&gzip(b"", 6)), (vec![], Ok(())));
}

#[test]
fn members_one_after_another_unpack_to_one_text() {
    let input = [gzip(b"one ", 6), gzip(b"", 6), gzip(b"two", 9)].concat();
    assert_eq!(everywhere(&input), (b"one two".to_vec(), Ok(())));
}

#[test]
fn optional_header_fields_are_read_over() {
    let mut encoder = GzBuilder::new()
        .extra(vec![1, 0, 3])
        .filename("tide.csv")
        .comment("gate")
        .write(Vec::new(), Compression::best());
    encoder.write_all(b"text").unwrap();
    assert_eq!(
        everywhere(&encoder.finish().unwrap()),
        (b"text".to_vec(), Ok(()))
    );
}

#[test]
fn an_empty_extra_field_is_read_over() {
    let mut input = gzip(b"text", 6);
    input[3] = 4;
    input.splice(10..10, [0, 0]);
    assert_eq!(everywhere(&input).0, b"text");
}

/// A member whose header has a name and the CRC of the header.
fn with_header_crc() -> Vec<u8> {
    let mut input = gzip(b"text", 6);
    input[3] = 8 | 2;
    input.splice(10..10, *b"name\0");
    let mut crc = Crc::new();
    crc.update(&input[..15]);
    input.splice(15..15, (crc.sum() as u16).to_le_bytes());
    input
}

#[test]
fn a_header_crc_is_checked() {
    let mut input = with_header_crc();
    assert_eq!(everywhere(&input), (b"text".to_vec(), Ok(())));
    input[12] ^= 1;
    assert_eq!(fails(&input), (ErrorCode::HeaderCrcMismatch, 15));
}

#[test]
fn input_that_ends_anywhere_inside_a_member_is_truncated_there() {
    let input = [gzip(b"first", 6), gzip(&text(), 6)].concat();
    let first = gzip(b"first", 6).len();
    for end in 0..input.len() {
        let outcome = gunzip(&[&input[..end]], 1 << 16).1;
        if end == first {
            assert_eq!(outcome, Ok(()), "at the end of a member");
        } else {
            let error = outcome.unwrap_err();
            assert_eq!(
                (error.code, error.offset),
                (ErrorCode::Truncated, end as u64)
            );
        }
    }
}

#[test]
fn what_is_not_gzip_is_named_at_its_byte() {
    assert_eq!(fails(b"id,city\n"), (ErrorCode::NotGzip, 0));
    assert_eq!(fails(b"\x1f\x8c"), (ErrorCode::NotGzip, 1));
    assert_eq!(fails(b"\x1f\x8b\x07"), (ErrorCode::UnsupportedMethod, 2));
    assert_eq!(fails(b"\x1f\x8b\x08\x20"), (ErrorCode::ReservedFlags, 3));
}

#[test]
fn a_wrong_crc_is_named_at_the_crc() {
    let mut input = gzip(&text(), 6);
    let crc = input.len() - 8;
    input[crc + 2] ^= 0x10;
    assert_eq!(fails(&input), (ErrorCode::CrcMismatch, crc as u64));
}

#[test]
fn a_wrong_length_is_named_at_the_length() {
    let mut input = gzip(&text(), 6);
    let size = input.len() - 4;
    input[size] ^= 1;
    assert_eq!(fails(&input), (ErrorCode::SizeMismatch, size as u64));
}

#[test]
fn a_message_says_what_was_expected_and_what_was_found() {
    let mut input = gzip(b"tide", 6);
    let crc = input.len() - 8;
    input[crc..crc + 4].copy_from_slice(&[4, 3, 2, 1]);
    let message = gunzip(&[&input], 64).1.unwrap_err().to_string();
    let expected = format!("gunzip: CRC mismatch at byte {crc}: expected 0x01020304, got 0x");
    assert!(message.starts_with(&expected), "{message}");
}

#[test]
fn an_invalid_block_type_is_corrupt_data() {
    let mut input = gzip(b"text", 6);
    input[10] = 0b111;
    let (code, offset) = fails(&input);
    assert_eq!(code, ErrorCode::CorruptData);
    assert_eq!(offset, 10);
}

#[test]
fn a_distance_before_the_start_is_corrupt_data_at_every_split_point() {
    // A fixed block that begins with a match: length 3, distance 1.
    let mut input = gzip(b"", 6);
    input.splice(10..12, [0b0000_0011, 0b0000_0010, 0, 0]);
    assert_eq!(fails(&input).0, ErrorCode::CorruptData);
}

#[test]
fn bytes_after_the_last_member_are_an_error_by_default() {
    let member = gzip(b"text", 6);
    let end = member.len() as u64;
    assert_eq!(
        fails(&[&member[..], b"\0"].concat()),
        (ErrorCode::TrailingData, end)
    );
    assert_eq!(
        fails(&[&member[..], b"\x1f\0"].concat()),
        (ErrorCode::NotGzip, end + 1)
    );
}

#[test]
fn bytes_after_the_last_member_can_be_ignored() {
    let options = GunzipOptions::default().trailing(Trailing::Ignore);
    // Also such as begin as a member does.
    for rest in [&[0; 700][..], b"\x1f\0\x8b", b"\x1f"] {
        let input = [&gzip(b"text", 6)[..], rest].concat();
        for pieces in splits(&input) {
            let outcome = drive(&mut Gunzip::new(options), &pieces, 16);
            assert_eq!(outcome, (b"text".to_vec(), Ok(())));
        }
    }
}

#[test]
fn a_step_produces_no_more_than_its_room_however_much_a_byte_expands_to() {
    let input = gzip(&vec![0; 10 << 20], 9);
    let mut gunzip = Gunzip::new(GunzipOptions::default());
    let (produced, result) = drive(&mut gunzip, &[&input], 1000);
    assert_eq!((produced.len(), result), (10 << 20, Ok(())));
}

proptest! {
    #[test]
    fn what_was_packed_comes_back(
        data in proptest::collection::vec(0u8..8, 0..5000),
        level in 0u32..10,
        piece in 1usize..3000,
        room in 16usize..5000,
    ) {
        let input = gzip(&data, level);
        let pieces: Vec<&[u8]> = input.chunks(piece).collect();
        prop_assert_eq!(gunzip(&pieces, room), (data, Ok(())));
    }

    #[test]
    fn a_changed_byte_never_passes_for_other_data(
        at in any::<proptest::sample::Index>(),
        flip in 1u8..=255,
        piece in 1usize..500,
        room in 16usize..2000,
        level in 1u32..10,
    ) {
        let mut input = gzip(&text(), level);
        let at = at.index(input.len());
        input[at] ^= flip;
        let pieces: Vec<&[u8]> = input.chunks(piece).collect();
        let split = gunzip(&pieces, room);
        let whole = gunzip(&[&input], 1 << 16);
        prop_assert_eq!(&split.1, &whole.1);
        if whole.1.is_ok() {
            prop_assert_eq!(whole.0, text());
        }
    }

    #[test]
    fn arbitrary_input_ends_without_panic(data in proptest::collection::vec(any::<u8>(), 0..300), piece in 1usize..50) {
        let input = [&[0x1f, 0x8b, 8, data.first().map_or(0, |b| b & 0x1f), 0, 0, 0, 0, 0, 0][..], &data].concat();
        let pieces: Vec<&[u8]> = input.chunks(piece).collect();
        let split = gunzip(&pieces, 16).1;
        prop_assert_eq!(split, gunzip(&[&input], 1 << 16).1);
    }
}
