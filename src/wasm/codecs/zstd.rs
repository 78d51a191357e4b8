//! Decompression of zstd.
use wasm_bindgen::prelude::wasm_bindgen;

use super::{DICTIONARY, add, bytes, ratio, trailing};
use crate::codec::{ZstdDecompress, ZstdDecompressOptions};

/// Adds zstdDecompress to the chain being put together. No bound on the output is a negative number, no ratio is 0.
#[wasm_bindgen]
pub fn codecs_add_zstd_decompress(
    ignore_trailing: bool,
    max_output_bytes: f64,
    max_ratio: u32,
    max_window_bytes: f64,
) {
    add(ZstdDecompress::new(
        ZstdDecompressOptions::default()
            .trailing(trailing(ignore_trailing))
            .max_output_bytes(bytes(max_output_bytes))
            .max_ratio(ratio(max_ratio))
            .max_window_bytes(max_window_bytes as u64)
            .dictionary(DICTIONARY.take()),
    ));
}
