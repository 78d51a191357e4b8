//! What a codec or a chain gives before a fault: everything, however its input was cut.
#![cfg(feature = "codecs")]

mod codec_support;

use std::io::Write;

use codec_support::{Collected, drive, drive_chain, splits};
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use tidegate::codec::{
    Chain, Codec, CodecError, Csv, CsvOptions, ErrorCode, Gunzip, GunzipOptions, Lines,
    LinesOptions, MIN_OUTPUT, Sha256Tap,
};

type Make = fn() -> Box<dyn Codec>;

fn gunzip() -> Box<dyn Codec> {
    Box::new(Gunzip::new(GunzipOptions::default()))
}

fn tap() -> Box<dyn Codec> {
    Box::new(Sha256Tap::new())
}

fn lines() -> Box<dyn Codec> {
    Box::new(Lines::new(
        LinesOptions::default().fatal(true).max_bytes(12),
    ))
}

fn csv() -> Box<dyn Codec> {
    Box::new(Csv::new(CsvOptions::default().fatal(true).max_bytes(10)).unwrap())
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn outcome(stages: &[Make], pieces: &[&[u8]]) -> (Collected, Result<(), CodecError>) {
    let mut chain = Chain::new(stages.iter().map(|make| make()).collect());
    let outcome = drive_chain(&mut chain, pieces);
    if let Err(error) = &outcome.1 {
        let again = drive_chain(&mut chain, &[b"more"]);
        assert_eq!(again, (Collected::default(), Err(error.clone())));
    }
    outcome
}

/// What comes out of `input`, the same wherever it is cut: the records, what was wrong, and where.
fn everywhere(stages: &[Make], input: &[u8]) -> (Vec<String>, &'static str, ErrorCode) {
    let whole = outcome(stages, &[input]);
    for pieces in splits(input) {
        assert_eq!(outcome(stages, &pieces), whole, "{pieces:?}");
    }
    let records = if whole.0.records.is_empty() {
        vec![String::from_utf8_lossy(&whole.0.bytes).into_owned()]
    } else {
        whole.0.records.iter().map(|row| row.join("|")).collect()
    };
    let error = whole.1.unwrap_err();
    (records, error.codec, error.code)
}

#[test]
fn csv_gives_the_rows_before_each_of_its_faults() {
    for (input, code) in [
        (&b"a,b\n1,2\n3\n"[..], ErrorCode::RaggedRow),
        (b"a,b\r\n1,2\r\n1,2,3\r\n4,5\r\n", ErrorCode::RaggedRow),
        (b"a,b\n1,2\n3,\"4", ErrorCode::UnclosedQuote),
        (b"a,b\n1,2\n\"3\"x,4\n", ErrorCode::StrayQuote),
        (b"a,b\n1,2\n\"3\"\rx,4\n", ErrorCode::StrayQuote),
        (b"a,b\n1,2\n12345,123456\n", ErrorCode::TooLong),
        (b"a,b\n1,2\n1,\"123456789012\"\n", ErrorCode::TooLong),
        (b"a,b\n1,2\n3,\xff4\n", ErrorCode::InvalidUtf8),
        (b"a,b\n1,2\n3,\xe2\x82", ErrorCode::InvalidUtf8),
    ] {
        let (records, codec, found) = everywhere(&[csv], input);
        assert_eq!((codec, found), ("csv", code), "{input:?}");
        assert_eq!(records, ["a|b", "1|2"], "{input:?}");
    }
}

#[test]
fn lines_gives_the_lines_before_each_of_its_faults() {
    for (input, code) in [
        (
            &b"one\ntwo\r\nthis is too long\nmore"[..],
            ErrorCode::TooLong,
        ),
        (b"one\ntwo\nthis is 12 .\rx\n", ErrorCode::TooLong),
        (b"one\ntwo\nthree\xff\nfour\n", ErrorCode::InvalidUtf8),
        (b"one\ntwo\nthree\r\xf0\x9f", ErrorCode::InvalidUtf8),
    ] {
        let (records, codec, found) = everywhere(&[lines], input);
        assert_eq!((codec, found), ("lines", code), "{input:?}");
        assert_eq!(records, ["one", "two"], "{input:?}");
    }
}

#[test]
fn lines_before_another_codec_gives_its_part_of_the_refused_line_too() {
    let (text, codec, _) = everywhere(&[lines, tap], b"one\r\n123456789012345\nmore");
    assert_eq!((&text[0][..], codec), ("one\n123456789012", "lines"));
    let (text, ..) = everywhere(&[lines, tap], b"one\r\nab\r\xff");
    assert_eq!(text, ["one\nab"]);
}

/// gzip of `data` with what is wrong about it, and where the fault is told.
fn broken_gzip(data: &[u8]) -> Vec<(Vec<u8>, ErrorCode)> {
    let whole = gzip(data);
    let at = |from_end: usize| {
        let mut bytes = whole.clone();
        let index = bytes.len() - from_end;
        bytes[index] ^= 0x55;
        bytes
    };
    vec![
        (at(8), ErrorCode::CrcMismatch),
        (at(1), ErrorCode::SizeMismatch),
        (whole[..whole.len() - 3].to_vec(), ErrorCode::Truncated),
        ([&whole[..], b"junk"].concat(), ErrorCode::TrailingData),
        ([&whole[..], b"\x1f\x8c"].concat(), ErrorCode::NotGzip),
        (corrupt(data), ErrorCode::CorruptData),
    ]
}

/// A member whose first, stored block holds `data` and whose second block is of no kind there is.
fn corrupt(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u16).to_le_bytes();
    let complement = (!(data.len() as u16)).to_le_bytes();
    [
        b"\x1f\x8b\x08\0\0\0\0\0\0\x03\0",
        &length[..],
        &complement,
        data,
        b"\x07rest",
    ]
    .concat()
}

#[test]
fn gunzip_gives_the_bytes_before_each_of_its_faults() {
    for (input, code) in broken_gzip(b"every byte") {
        let (text, codec, found) = everywhere(&[gunzip], &input);
        assert_eq!((&text[0][..], codec, found), ("every byte", "gunzip", code));
    }
}

#[test]
fn a_chain_gives_the_rows_before_a_fault_of_any_of_its_codecs() {
    let data = b"a,b\n1,2\n3,4";
    for (input, code) in broken_gzip(data) {
        for stages in [
            &[gunzip as Make, csv][..],
            &[gunzip, lines, csv],
            &[gunzip, tap, lines, csv],
        ] {
            let (records, codec, found) = everywhere(stages, &input);
            assert_eq!((codec, found), ("gunzip", code));
            assert_eq!(records, ["a|b", "1|2"], "the last row may go on");
        }
    }
    let long = gzip(b"a,b\n1,2\n\"3456789\",\"xy\"\n");
    let (records, codec, _) = everywhere(&[gunzip, lines, csv], &long);
    assert_eq!(
        (&records[..], codec),
        (&["a|b".to_string(), "1|2".into()][..], "lines")
    );
}

#[test]
fn a_fault_in_what_came_before_another_one_is_the_one_that_is_told() {
    for (input, _) in broken_gzip(b"a,b\n1,2\n3\n4,5\n") {
        for stages in [&[gunzip as Make, csv][..], &[gunzip, tap, lines, csv]] {
            let (records, codec, code) = everywhere(stages, &input);
            assert_eq!((codec, code), ("csv", ErrorCode::RaggedRow));
            assert_eq!(records, ["a|b", "1|2"]);
        }
    }
}

#[test]
fn invalid_deflate_data_gives_the_same_bytes_wherever_it_is_cut() {
    // Of text, so that there are matches, and each byte of the data wrong in turn.
    let data: String = (0..60).map(|n| format!("{},{}\n", n % 7, n % 5)).collect();
    let whole = gzip(data.as_bytes());
    for wrong in 10..whole.len() - 8 {
        let mut input = whole.clone();
        input[wrong] ^= 0x24;
        let all = outcome(&[gunzip], &[&input]);
        for cut in 1..input.len() {
            let (before, after) = input.split_at(cut);
            assert_eq!(outcome(&[gunzip], &[before, after]), all, "{wrong} {cut}");
        }
        let mut one = gunzip();
        let bytes: Vec<&[u8]> = input.chunks(1).collect();
        let small = drive(&mut *one, &bytes, MIN_OUTPUT);
        assert_eq!(small, (all.0.bytes, all.1), "{wrong}");
    }
}

proptest! {
    #[test]
    fn a_chain_gives_before_a_fault_what_its_codecs_give_one_after_another(
        text in "[ab,\"\n\r\u{e9}]{0,80}",
        broken in 0usize..7,
        piece in 1usize..50,
    ) {
        let input = broken_gzip(text.as_bytes())
            .get(broken)
            .map_or_else(|| gzip(text.as_bytes()), |(input, _)| input.clone());
        let stages: [Make; 4] = [gunzip, tap, lines, csv];
        let pieces: Vec<&[u8]> = input.chunks(piece).collect();
        let fused = outcome(&stages, &pieces);
        // The codec furthest down that fails on what came before it is the one that is told.
        let (mut bytes, mut error) = (input.clone(), None);
        for make in &stages[..3] {
            let mut codec = make();
            // The end is not told to a codec behind a fault.
            let told = if error.is_none() { drive(&mut *codec, &[&bytes], 1 << 16) } else { drive_unended(&mut *codec, &bytes) };
            bytes = told.0;
            error = told.1.err().or(error);
        }
        let mut last = Chain::new(vec![csv()]);
        let expected = match error {
            None => drive_chain(&mut last, &[&bytes]),
            Some(error) => {
                let (records, own) = codec_support::drive_chain_unended(&mut last, &[&bytes]);
                (records, Err(own.err().unwrap_or(error)))
            }
        };
        prop_assert_eq!(fused.0.records, expected.0.records);
        prop_assert_eq!(fused.1, expected.1);
    }
}

fn drive_unended(codec: &mut dyn Codec, bytes: &[u8]) -> codec_support::Outcome {
    let mut output = vec![0; 1 << 16];
    match codec.step(bytes, &mut output, false) {
        Ok(step) => (output[..step.produced].to_vec(), Ok(())),
        Err(fault) => (output[..fault.produced].to_vec(), Err(fault.error)),
    }
}
