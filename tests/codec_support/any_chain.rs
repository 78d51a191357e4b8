//! Bytes as a program: which codecs, with which options, get which input in which pieces.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use tidegate::codec::{
    Chain, Codec, Csv, CsvOptions, Gunzip, GunzipOptions, Lines, LinesOptions, Ragged, Sha256Tap,
    Trailing,
};

use super::drive_chain;

/// Runs the program. Panics if a chain panics, or if its outcome depends on how its input is split.
pub fn run(program: &[u8]) {
    let [codecs, flags, bound, piece, data @ ..] = program else {
        return;
    };
    let (codecs, flags, bound) = (*codecs, *flags, usize::from(*bound));
    if codecs & 15 == 0 {
        return;
    }
    let input = if codecs & 0x11 == 0x11 {
        gzip(data)
    } else {
        data.to_vec()
    };
    let whole = drive_chain(&mut chain(codecs, flags, bound), &[&input]);
    let pieces: Vec<&[u8]> = input.chunks(usize::from(*piece).max(1)).collect();
    let mut split_chain = chain(codecs, flags, bound);
    let split = drive_chain(&mut split_chain, &pieces);
    // Also what comes before a fault, and which of two codecs that refuse what they get fails the chain.
    assert_eq!(split, whole);
    for stage in 0..split_chain.len() {
        let stats = split_chain.stats(stage).unwrap();
        assert!(stats.queued <= stats.high_water_mark);
    }
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn chain(codecs: u8, flags: u8, bound: usize) -> Chain {
    let is = |flag: u8| flags & flag != 0;
    let max_bytes = if bound == 255 { 1 << 20 } else { bound };
    let mut stages: Vec<Box<dyn Codec>> = Vec::new();
    if codecs & 1 != 0 {
        let trailing = if is(1) {
            Trailing::Ignore
        } else {
            Trailing::Error
        };
        stages.push(Box::new(Gunzip::new(
            GunzipOptions::default().trailing(trailing),
        )));
    }
    if codecs & 2 != 0 {
        stages.push(Box::new(Sha256Tap::new()));
    }
    if codecs & 4 != 0 {
        let (fatal, ignore_bom) = (is(2), is(4));
        stages.push(Box::new(Lines::new(
            LinesOptions::default()
                .fatal(fatal)
                .ignore_bom(ignore_bom)
                .max_bytes(max_bytes),
        )));
    }
    if codecs & 8 != 0 {
        let options = CsvOptions::default()
            .delimiter(if is(8) { b';' } else { b',' })
            .ragged(if is(16) { Ragged::Keep } else { Ragged::Error })
            .width(is(32).then_some(2))
            .keep_empty_lines(is(64))
            .fatal(is(2))
            .ignore_bom(is(4))
            .max_bytes(max_bytes);
        stages.extend(Csv::new(options).map(|csv| Box::new(csv) as Box<dyn Codec>));
    }
    Chain::new(stages)
}
