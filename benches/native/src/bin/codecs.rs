//! Codecs over readers beside those of others, in one run:
//! `cargo run --release --manifest-path benches/native/Cargo.toml --target-dir target/native-benches --bin codecs`.
//!
//! *gunzip* unpacks a CSV.gz, and *csv* reads its rows from memory and adds up the lengths of their fields. Each figure is the most of
//! some turns, in which the order rotates, in megabytes of text a second.
use std::io::Write;
use std::time::Instant;

use async_compression::futures::bufread::GzipDecoder;
use flate2::{Compression, write::GzEncoder};
use futures::executor::block_on;
use futures::io::{AsyncReadExt, BufReader};
use tidegate::codec::{CsvOptions, GunzipOptions, decode_reader};

const TURNS: usize = 7;

fn text() -> Vec<u8> {
    let line = |row: u32| {
        let (a, b) = (row.wrapping_mul(2_654_435_761), row % 977);
        format!("{row},\"name, {b}\",{a},plain text {b},{}.{b},x\n", row % 31)
    };
    (0..600_000).map(line).collect::<String>().into_bytes()
}

async fn count(mut reader: impl futures::AsyncRead + Unpin) -> u64 {
    let (mut buffer, mut bytes) = (vec![0; 64 * 1024], 0);
    loop {
        match reader.read(&mut buffer).await.unwrap() {
            0 => return bytes,
            length => bytes += length as u64,
        }
    }
}

fn main() {
    let text = text();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&text).unwrap();
    let packed = gzip.finish().unwrap();

    let gunzip_ours = || {
        let reader = BufReader::with_capacity(64 * 1024, &packed[..]);
        block_on(count(decode_reader(reader).gunzip(GunzipOptions::default()).bytes()))
    };
    let gunzip_theirs = || {
        let reader = BufReader::with_capacity(64 * 1024, &packed[..]);
        block_on(count(GzipDecoder::new(reader)))
    };
    let csv_ours = || {
        let mut bytes = 0;
        let rows = decode_reader(BufReader::with_capacity(64 * 1024, &text[..]));
        let rows = rows.csv(CsvOptions::default()).records();
        block_on(rows.for_each(|row| bytes += row.iter().map(str::len).sum::<usize>())).unwrap();
        bytes as u64
    };
    let csv_theirs = || {
        let reader = BufReader::with_capacity(64 * 1024, &text[..]);
        let mut reader = csv_async::AsyncReaderBuilder::new().has_headers(false).create_reader(reader);
        let (mut row, mut bytes) = (csv_async::StringRecord::new(), 0);
        block_on(async {
            while reader.read_record(&mut row).await.unwrap() {
                bytes += row.iter().map(str::len).sum::<usize>();
            }
        });
        bytes as u64
    };
    let programs: [(&str, &dyn Fn() -> u64); 4] = [
        ("gunzip, tidegate", &gunzip_ours),
        ("gunzip, async-compression", &gunzip_theirs),
        ("csv, tidegate", &csv_ours),
        ("csv, csv-async", &csv_theirs),
    ];
    let mut best = [0f64; 4];
    for turn in 0..TURNS {
        let mut results = [0; 4];
        for place in 0..4 {
            let at = (turn + place) % 4;
            let began = Instant::now();
            results[at] = programs[at].1();
            best[at] = best[at].max(text.len() as f64 / 1e6 / began.elapsed().as_secs_f64());
        }
        assert_eq!((results[0], results[2]), (results[1], results[3]));
    }
    for ((name, _), best) in programs.iter().zip(best) {
        println!("{name:<28}{best:>8.0} MB/s");
    }
    println!("gunzip: {:.2} of async-compression's speed", best[0] / best[1]);
    println!("csv: {:.2} of csv-async's speed", best[2] / best[3]);
}
