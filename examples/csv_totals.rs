//! Sums a column of a CSV.gz of any size: `cargo run --release --example csv_totals --features futures-io -- FILE COLUMN`.
//!
//! The file is read as the codecs need it, so the memory is the same for every size.
use std::fs::File;
use std::io;

use futures_util::io::{AllowStdIo, BufReader};
use tidegate::codec::{CsvOptions, GunzipOptions, decode_reader};

/// The number of rows below the header, and the sum of the column of this name.
pub async fn totals(file: File, column: &str) -> io::Result<(u64, f64)> {
    let reader = BufReader::with_capacity(64 * 1024, AllowStdIo::new(file));
    let (mut rows, mut sum, mut at) = (0, 0.0, None);
    decode_reader(reader)
        .gunzip(GunzipOptions::default())
        .csv(CsvOptions::default())
        .records()
        .for_each(|row| match at {
            None => at = Some(row.iter().position(|name| name == column)),
            Some(at) => {
                rows += 1;
                let field = at.and_then(|at| row.get(at)).unwrap_or_default();
                sum += field.parse::<f64>().unwrap_or(0.0);
            }
        })
        .await?;
    Ok((rows, sum))
}

#[allow(dead_code)]
fn main() -> io::Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [file, column] = &arguments[..] else {
        return Err(io::Error::other("usage: csv_totals FILE.csv.gz COLUMN"));
    };
    let (rows, sum) = futures_executor::block_on(totals(File::open(file)?, column))?;
    println!("{rows} rows, {column}: {sum}");
    Ok(())
}
