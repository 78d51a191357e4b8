//! Saved states: a chain goes on from one as if nothing had happened, and no bytes that pass for one do harm.
#![cfg(feature = "codecs")]

mod codec_support;

use std::io::Write;
use std::sync::{Arc, Mutex};

use flate2::write::{DeflateEncoder, ZlibEncoder};
use flate2::{Compression, GzBuilder};

use codec_support::{Collected, drive_chain, drive_chain_unended};
use tidegate::codec::{
    Chain, ChainState, Codec, Csv, CsvOptions, ErrorCode, Fault, Gunzip, GunzipOptions, Inflate,
    InflateFormat, InflateOptions, Lines, LinesOptions, Sha256Tap, Status, Step,
};

type Make = fn() -> Vec<Box<dyn Codec>>;

fn lines() -> Vec<Box<dyn Codec>> {
    vec![Box::new(Lines::new(LinesOptions::default()))]
}

fn csv() -> Vec<Box<dyn Codec>> {
    let options = CsvOptions::default()
        .escape(b'\\')
        .comment(b'#')
        .skip_lines(2);
    vec![Box::new(Csv::new(options).unwrap())]
}

fn both() -> Vec<Box<dyn Codec>> {
    [lines(), csv()].into_iter().flatten().collect()
}

const TEXT: &str =
    "\u{feff}sk\u{1f30a}p\r\nped\r\n\u{e9},\"b\r\n,\\\"\"\"\"\r\n#n\u{f6}te\n\r\na\rb,\r\n\"x\",y";

/// Sends the two parts through two chains, of which the second goes on where the first one was.
fn continued(make: Make, input: &[u8], at: usize) -> Collected {
    let mut chain = Chain::new(make());
    let (mut all, result) = drive_chain_unended(&mut chain, &[&input[..at]]);
    result.unwrap();
    let state = chain.save().unwrap();
    let mut chain = Chain::new(make());
    chain.restore(&state).unwrap();
    let (rest, result) = drive_chain(&mut chain, &[&input[at..]]);
    result.unwrap();
    all.bytes.extend(rest.bytes);
    all.records.extend(rest.records);
    all
}

#[test]
fn a_chain_goes_on_from_a_state_of_every_place_in_its_input() {
    for make in [lines, csv, both] as [Make; 3] {
        let (whole, result) = drive_chain(&mut Chain::new(make()), &[TEXT.as_bytes()]);
        result.unwrap();
        assert!(whole.records.len() > 2);
        for at in 0..=TEXT.len() {
            assert_eq!(continued(make, TEXT.as_bytes(), at), whole, "at {at}");
        }
    }
}

#[test]
fn an_error_after_a_restored_state_has_the_offset_of_the_whole_input() {
    let mut chain = Chain::new(csv());
    drive_chain_unended(&mut chain, &[b"1\n2\na,b\nc"])
        .1
        .unwrap();
    let state = chain.save().unwrap();
    let mut chain = Chain::new(csv());
    chain.restore(&state).unwrap();
    let error = drive_chain(&mut chain, &[b"\nd,e\n"]).1.unwrap_err();
    assert_eq!((error.code, error.offset), (ErrorCode::RaggedRow, 8));
    assert!(error.detail.contains("row 2"), "{error}");
}

#[test]
fn a_state_holds_what_was_produced_and_not_taken_and_what_was_not_consumed() {
    let mut chain = Chain::new(both());
    chain.input(20)[..20].copy_from_slice(b"1\n2\na,b\nc,d\n\"e\n\",f\ng");
    chain.commit(20);
    chain.run().unwrap();
    let state = chain.save().unwrap();
    for state in [&state, &Chain::new(both()).save().unwrap()] {
        let mut restored = Chain::new(both());
        restored.restore(state).unwrap();
        assert_eq!(&restored.save().unwrap(), state);
    }
    let mut restored = Chain::new(both());
    restored.restore(&state).unwrap();
    assert_eq!(restored.batch(), chain.batch());
    assert_eq!(restored.stats(0), chain.stats(0));
    assert_eq!(restored.stats(1), chain.stats(1));

    let mut waiting = Chain::new(lines());
    waiting.input(4)[..4].copy_from_slice(b"one\n");
    waiting.commit(4);
    let mut restored = Chain::new(lines());
    restored.restore(&waiting.save().unwrap()).unwrap();
    restored.run().unwrap();
    assert_eq!(restored.batch().bytes, b"one\n");
}

#[test]
fn a_codec_that_cannot_save_its_state_says_so_by_name() {
    struct Keeps;
    impl Codec for Keeps {
        fn name(&self) -> &'static str {
            "keeps"
        }
        fn step(&mut self, _: &[u8], _: &mut [u8], _: bool) -> Result<Step, Fault> {
            unreachable!()
        }
    }
    let error = Chain::new(vec![Box::new(Keeps)]).save().unwrap_err();
    assert_eq!((error.codec, error.code), ("keeps", ErrorCode::CannotSave));
    let error = Keeps.restore(b"").unwrap_err();
    assert_eq!(
        (error.codec, error.code),
        ("keeps", ErrorCode::InvalidState)
    );
}

#[test]
fn a_chain_that_has_failed_saves_nothing_but_fails_again() {
    let mut chain = Chain::new(csv());
    let error = drive_chain(&mut chain, &[b"1\n2\n\"a"]).1.unwrap_err();
    assert_eq!(error.code, ErrorCode::UnclosedQuote);
    assert_eq!(chain.save(), Err(error));
}

#[test]
fn a_state_of_other_codecs_or_options_is_refused() {
    let state = Chain::new(lines()).save().unwrap();
    for make in [csv, both] as [Make; 2] {
        let mut chain = Chain::new(make());
        let error = chain.restore(&state).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidState);
        assert_eq!(chain.run(), Err(error));
    }
    let mut long = Lines::new(LinesOptions::default());
    long.step(b"a long line", &mut [0; 64], false).unwrap();
    let mut short = Lines::new(LinesOptions::default().max_bytes(4));
    let error = short.restore(&long.save().unwrap()).unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidState);
}

#[test]
fn a_state_that_is_cut_off_or_has_more_is_refused() {
    let mut chain = Chain::new(both());
    drive_chain_unended(&mut chain, &[TEXT.as_bytes()])
        .1
        .unwrap();
    let mut state = chain.save().unwrap();
    for end in 0..state.len() {
        let error = Chain::new(both()).restore(&state[..end]).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidState, "{end}");
    }
    state.push(0);
    let mut chain = Chain::new(both());
    assert!(chain.restore(&state).is_err());
    assert!(chain.batch().bytes.is_empty());
}

#[test]
fn a_state_with_any_byte_changed_is_refused_or_leads_to_an_end() {
    let mut chain = Chain::new(both());
    chain.input(TEXT.len())[..TEXT.len()].copy_from_slice(TEXT.as_bytes());
    chain.commit(TEXT.len());
    chain.run().unwrap();
    let state = chain.save().unwrap();
    let mut restored = 0;
    for at in 0..state.len() {
        for flip in [1, 2, 0x80, 0xff] {
            let mut changed = state.clone();
            changed[at] ^= flip;
            let mut chain = Chain::new(both());
            if chain.restore(&changed).is_ok() {
                restored += 1;
                let _ = drive_chain(&mut chain, &[b",\"x\n", TEXT.as_bytes()]);
            }
        }
    }
    assert!(restored > 0);
}

const PACKED: &str = "a gzip member, \u{1f30a}, \u{1f30a} and again \u{1f30a} and again, aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// Members with names, and blocks of all kinds.
fn packed() -> Vec<u8> {
    let mut all = Vec::new();
    for level in [0, 1, 9] {
        let mut encoder = GzBuilder::new()
            .filename("name")
            .extra(b"extra".as_slice())
            .comment("comment")
            .write(all, Compression::new(level));
        for part in [PACKED, &PACKED.repeat(20), PACKED] {
            encoder.write_all(part.as_bytes()).unwrap();
            encoder.flush().unwrap();
        }
        all = encoder.finish().unwrap();
    }
    all
}

fn unpacking() -> Vec<Box<dyn Codec>> {
    let mut gunzip = Gunzip::new(GunzipOptions::default());
    gunzip.on_header(|_| {});
    vec![Box::new(gunzip)]
}

#[test]
fn unpacking_goes_on_from_a_state_of_every_place_in_its_input() {
    let input = packed();
    let expected = PACKED.repeat(22).repeat(3);
    for at in 0..=input.len() {
        assert_eq!(
            continued(unpacking, &input, at).bytes,
            expected.as_bytes(),
            "at {at}"
        );
    }
    for format in [InflateFormat::Zlib, InflateFormat::Raw] {
        let mut input = Vec::new();
        if format == InflateFormat::Zlib {
            let mut encoder = ZlibEncoder::new(&mut input, Compression::best());
            encoder.write_all(expected.as_bytes()).unwrap();
        } else {
            let mut encoder = DeflateEncoder::new(&mut input, Compression::fast());
            encoder.write_all(expected.as_bytes()).unwrap();
        }
        for at in 0..input.len() {
            let mut output = vec![0; 1 << 16];
            let mut inflate = Inflate::new(InflateOptions::default().format(format));
            let before = inflate
                .step(&input[..at], &mut output, false)
                .unwrap()
                .produced;
            let state = inflate.save().unwrap();
            let mut inflate = Inflate::new(InflateOptions::default().format(format));
            inflate.restore(&state).unwrap();
            let step = inflate
                .step(&input[at..], &mut output[before..], true)
                .unwrap();
            assert!(
                output[..before + step.produced] == *expected.as_bytes(),
                "at {at}"
            );
        }
    }
}

#[test]
fn a_header_that_is_split_by_a_state_is_found_whole() {
    let input = packed();
    let names = Arc::new(Mutex::new(Vec::new()));
    for at in 0..60 {
        let mut gunzip = Gunzip::new(GunzipOptions::default());
        gunzip.on_header(|_| {});
        gunzip
            .step(&input[..at.min(27)], &mut [0; 64], false)
            .unwrap();
        let state = gunzip.save().unwrap();
        let mut gunzip = Gunzip::new(GunzipOptions::default());
        let found = names.clone();
        gunzip.on_header(move |header| found.lock().unwrap().push(header.clone()));
        gunzip.restore(&state).unwrap();
        gunzip
            .step(&input[at.min(27)..60], &mut [0; 64], false)
            .unwrap();
        let header = names.lock().unwrap().pop().unwrap();
        assert_eq!(header.name.as_deref(), Some(&b"name"[..]));
        assert_eq!(header.extra.as_deref(), Some(&b"extra"[..]));
        assert_eq!(header.comment.as_deref(), Some(&b"comment"[..]));
    }
}

#[test]
fn a_state_of_unpacking_with_any_byte_changed_is_refused_or_leads_to_an_end() {
    let input = packed();
    for at in [3, 30, 55, 400, input.len() - 100, input.len() - 5] {
        let mut chain = Chain::new(unpacking());
        drive_chain_unended(&mut chain, &[&input[..at]]).1.unwrap();
        let state = chain.save().unwrap();
        // All of the numbers and lengths, and some of the window.
        let places = (0..state.len().min(900)).chain((900..state.len()).step_by(61));
        for place in places {
            for flip in [1, 0xff] {
                let mut changed = state.clone();
                changed[place] ^= flip;
                let mut chain = Chain::new(unpacking());
                if chain.restore(&changed).is_ok() {
                    let _ = drive_chain(&mut chain, &[&input[at..]]);
                }
            }
        }
    }
}

/// Holds back the last byte.
#[derive(Default)]
struct Late(Option<u8>);

impl Codec for Late {
    fn name(&self) -> &'static str {
        "late"
    }
    fn step(&mut self, input: &[u8], output: &mut [u8], last: bool) -> Result<Step, Fault> {
        let (mut consumed, mut produced) = (0, 0);
        let status = loop {
            if produced == output.len() {
                break Status::NeedOutput;
            }
            let Some(&byte) = input.get(consumed) else {
                if !last {
                    break Status::NeedInput;
                }
                produced += self.flush(&mut output[produced..])?.produced;
                break Status::Finished;
            };
            consumed += 1;
            if let Some(held) = self.0.replace(byte) {
                output[produced] = held;
                produced += 1;
            }
        };
        Ok(Step {
            status,
            consumed,
            produced,
        })
    }
    fn flush(&mut self, output: &mut [u8]) -> Result<Step, Fault> {
        let produced = self.0.take().map_or(0, |held| {
            output[0] = held;
            1
        });
        Ok(Step {
            status: Status::NeedInput,
            consumed: 0,
            produced,
        })
    }
}

#[test]
fn a_flush_brings_what_every_codec_holds_back_and_the_chain_goes_on() {
    let mut chain = Chain::new(vec![
        Box::new(Late::default()),
        Box::new(Sha256Tap::new()),
        Box::new(Late::default()),
    ]);
    let give = |chain: &mut Chain, bytes: &[u8]| {
        chain.input(bytes.len()).copy_from_slice(bytes);
        chain.commit(bytes.len());
        assert_eq!(chain.run(), Ok(ChainState::NeedInput));
        chain.batch().bytes.to_vec()
    };
    assert_eq!(give(&mut chain, b"abcd"), b"ab");
    chain.flush();
    assert_eq!(give(&mut chain, b""), b"cd");
    assert_eq!(give(&mut chain, b"ef"), b"");
    chain.flush();
    assert_eq!(give(&mut chain, b"gh"), b"efgh");
    chain.end_input();
    assert_eq!(chain.run(), Ok(ChainState::Finished));
    chain.flush();
    assert_eq!(chain.run(), Ok(ChainState::Finished));
}

#[test]
fn a_flush_into_a_full_batch_goes_on_when_that_has_been_taken() {
    let mut chain = Chain::new(vec![Box::new(Late::default())]);
    let mut taken = 0;
    // One more than a batch has room for, less what is needed for another step.
    for _ in 0..2 {
        let length = chain.input(1 << 15).len();
        chain.commit(length);
        if chain.run() == Ok(ChainState::HasBatch) {
            taken += chain.batch().bytes.len();
        }
    }
    chain.flush();
    while chain.run() == Ok(ChainState::HasBatch) {
        taken += chain.batch().bytes.len();
    }
    taken += chain.batch().bytes.len();
    assert_eq!(taken, 2 << 15);
}
