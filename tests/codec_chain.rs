//! The fused chain: the same as its codecs one after another, with bounded queues.
#![cfg(feature = "codecs")]

mod codec_support;

use std::io::Write;

use codec_support::drive_chain;
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use tidegate::codec::{
    Chain, ChainState, Codec, Csv, CsvOptions, ErrorCode, Gunzip, GunzipOptions, Lines,
    LinesOptions, SLICE, Sha256Tap,
};

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn gunzip() -> Box<dyn Codec> {
    Box::new(Gunzip::new(GunzipOptions::default()))
}

fn csv() -> Box<dyn Codec> {
    Box::new(Csv::new(CsvOptions::default()).unwrap())
}

fn text(rows: usize) -> String {
    (0..rows)
        .map(|row| format!("{row},city {},{}\n", row % 7, row * row))
        .collect()
}

#[test]
fn a_chain_gives_what_its_codecs_give_one_after_another() {
    let text = text(20_000);
    let mut chain = Chain::new(vec![gunzip(), Box::new(Sha256Tap::new()), csv()]);
    let input = gzip(text.as_bytes());
    let pieces: Vec<&[u8]> = input.chunks(10_000).collect();
    let (collected, result) = drive_chain(&mut chain, &pieces);
    assert_eq!(result, Ok(()));
    let expected: Vec<Vec<String>> = text
        .lines()
        .map(|line| line.split(',').map(String::from).collect())
        .collect();
    assert_eq!(collected.records, expected);
    assert_eq!(chain.digest(1), Some(&Sha256::digest(text.as_bytes())[..]));
}

#[test]
fn a_digest_lets_bytes_pass_and_is_there_only_at_the_end() {
    let data = text(10_000);
    let mut chain = Chain::new(vec![Box::new(Sha256Tap::new())]);
    assert_eq!(chain.digest(0), None);
    let (collected, result) = drive_chain(&mut chain, &[data.as_bytes()]);
    assert_eq!(
        (collected.bytes, result),
        (data.clone().into_bytes(), Ok(()))
    );
    assert_eq!(chain.digest(0), Some(&Sha256::digest(&data)[..]));
}

#[test]
fn lines_in_the_middle_of_a_chain_make_line_ends_alike() {
    let lines: Box<dyn Codec> = Box::new(Lines::new(LinesOptions::default()));
    let mut chain = Chain::new(vec![lines, Box::new(Sha256Tap::new())]);
    let (collected, result) = drive_chain(&mut chain, &[b"one\r\ntwo"]);
    assert_eq!((&collected.bytes[..], result), (&b"one\ntwo\n"[..], Ok(())));
}

#[test]
fn a_small_input_cannot_expand_beyond_the_queues_and_one_batch() {
    let input = gzip(&vec![b'\n'; 8 << 20]);
    assert!(input.len() < SLICE, "all of it fits one slice");
    let lines: Box<dyn Codec> = Box::new(Lines::new(LinesOptions::default()));
    let mut chain = Chain::new(vec![gunzip(), Box::new(Sha256Tap::new()), lines]);
    chain.input(input.len()).copy_from_slice(&input);
    chain.commit(input.len());
    chain.end_input();
    let mut total = 0;
    loop {
        let state = chain.run().unwrap();
        for stage in 0..chain.len() {
            let stats = chain.stats(stage).unwrap();
            assert!(stats.queued <= stats.high_water_mark && stats.high_water_mark == SLICE);
            assert!(stats.held <= SLICE);
        }
        let batch = chain.batch();
        assert!(batch.bytes.len() <= SLICE);
        total += batch.bytes.len();
        if state == ChainState::Finished {
            break;
        }
    }
    assert_eq!(total, 8 << 20);
}

#[test]
fn a_chain_that_is_not_emptied_takes_no_more_than_its_queue() {
    let mut chain = Chain::new(vec![Box::new(Sha256Tap::new())]);
    let mut taken = 0;
    for _ in 0..10 {
        let room = chain.input(usize::MAX).len();
        assert_eq!(room, chain.desired_size());
        chain.commit(room);
        taken += room;
        // Shows nothing, so the output stays full.
        chain.run().unwrap();
    }
    assert!(taken <= 2 * SLICE, "{taken}");
}

#[test]
fn every_stage_counts_its_bytes() {
    let text = text(1000);
    let input = gzip(text.as_bytes());
    let mut chain = Chain::new(vec![gunzip(), csv()]);
    drive_chain(&mut chain, &[&input]).1.unwrap();
    let (first, second) = (chain.stats(0).unwrap(), chain.stats(1).unwrap());
    assert_eq!((first.name, first.bytes_in), ("gunzip", input.len() as u64));
    assert_eq!(
        (first.bytes_out, second.bytes_in),
        (text.len() as u64, text.len() as u64)
    );
    assert_eq!((second.name, second.queued, second.held), ("csv", 0, 0));
    assert_eq!(chain.stats(2), None);
}

#[test]
fn an_error_counts_bytes_of_the_codecs_own_input() {
    let mut chain = Chain::new(vec![gunzip(), csv()]);
    let input = gzip(format!("{}\"open", text(50_000)).as_bytes());
    let error = drive_chain(&mut chain, &[&input]).1.unwrap_err();
    assert_eq!((error.codec, error.code), ("csv", ErrorCode::UnclosedQuote));
    assert_eq!(error.offset, text(50_000).len() as u64);
}

#[test]
fn rows_before_an_error_are_delivered() {
    let mut chain = Chain::new(vec![csv()]);
    let (collected, result) = drive_chain(&mut chain, &[b"a,b\n1,2\n", b"3\n"]);
    assert_eq!(collected.records, [["a", "b"], ["1", "2"]]);
    assert_eq!(result.unwrap_err().code, ErrorCode::RaggedRow);
}

#[test]
fn a_chain_that_failed_fails_again_with_the_same_error() {
    for input in [&b"\x1f\x8b\x08\0\0\0\0\0\0\0\x07"[..], b"no gzip"] {
        let mut chain = Chain::new(vec![gunzip(), csv()]);
        let first = drive_chain(&mut chain, &[input]).1.unwrap_err();
        chain.commit(1000);
        assert_eq!(chain.run(), Err(first.clone()));
        assert_eq!(chain.run(), Err(first));
        assert!(chain.batch().bytes.is_empty());
    }
}

#[test]
fn a_chain_of_nothing_is_finished() {
    assert_eq!(Chain::new(Vec::new()).run(), Ok(ChainState::Finished));
}

proptest! {
    #[test]
    fn a_chain_does_not_depend_on_how_its_input_is_split(
        fields in proptest::collection::vec("[a-zé🌊]{0,200}", 0..200),
        piece in 1usize..4000,
    ) {
        let text: String = fields.iter().map(|field| format!("{field},\"{field}\"\n")).collect();
        let input = gzip(text.as_bytes());
        let pieces: Vec<&[u8]> = input.chunks(piece).collect();
        let mut chain = Chain::new(vec![gunzip(), Box::new(Sha256Tap::new()), csv()]);
        let (collected, result) = drive_chain(&mut chain, &pieces);
        prop_assert_eq!(result, Ok(()));
        let expected: Vec<Vec<String>> =
            fields.iter().map(|field| vec![field.clone(), field.clone()]).collect();
        prop_assert_eq!(collected.records, expected);
        prop_assert_eq!(chain.digest(1).unwrap(), &Sha256::digest(&text)[..]);
    }
}
