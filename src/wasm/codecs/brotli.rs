//! Decompression of brotli.
use wasm_bindgen::prelude::wasm_bindgen;

use super::add;
use crate::codec::{BrotliDecompress, BrotliDecompressOptions, Trailing};

/// Adds brotliDecompress to the chain being put together. No bound on the output is a negative number, and none on the ratio 0.
#[wasm_bindgen]
pub fn codecs_add_brotli(
    ignore_trailing: bool,
    max_output_bytes: f64,
    max_ratio: u32,
    max_window_bytes: u32,
) {
    let trailing = if ignore_trailing {
        Trailing::Ignore
    } else {
        Trailing::Error
    };
    let bytes = (max_output_bytes >= 0.0).then_some(max_output_bytes as u64);
    let options = BrotliDecompressOptions::default()
        .trailing(trailing)
        .max_output_bytes(bytes)
        .max_ratio((max_ratio > 0).then_some(max_ratio))
        .max_window_bytes(max_window_bytes.into());
    add(BrotliDecompress::new(options));
}
