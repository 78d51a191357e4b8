//! Decompression of brotli.
use wasm_bindgen::prelude::wasm_bindgen;

use super::{add, bytes, ratio, trailing};
use crate::codec::{BrotliDecompress, BrotliDecompressOptions};

/// Adds brotliDecompress to the chain being put together. No bound on the output is a negative number, and none on the ratio 0.
#[wasm_bindgen]
pub fn codecs_add_brotli(
    ignore_trailing: bool,
    max_output_bytes: f64,
    max_ratio: u32,
    max_window_bytes: u32,
) {
    let options = BrotliDecompressOptions::default()
        .trailing(trailing(ignore_trailing))
        .max_output_bytes(bytes(max_output_bytes))
        .max_ratio(ratio(max_ratio))
        .max_window_bytes(max_window_bytes.into());
    add(BrotliDecompress::new(options));
}
