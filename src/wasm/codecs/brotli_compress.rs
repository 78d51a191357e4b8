//! Compression as brotli.
use wasm_bindgen::prelude::wasm_bindgen;

use super::add;
use crate::codec::{BrotliCompress, BrotliCompressOptions};

/// Adds brotliCompress to the chain being put together. A size of 0 is none.
#[wasm_bindgen]
pub fn codecs_add_brotli_compress(quality: u8, window: u8, size_hint: u32) {
    let options = BrotliCompressOptions::default()
        .quality(quality)
        .window(window)
        .size_hint(size_hint);
    add(BrotliCompress::new(options));
}
