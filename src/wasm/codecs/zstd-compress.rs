//! Compression as zstd.
use wasm_bindgen::prelude::wasm_bindgen;

use super::{DICTIONARY, add};
use crate::codec::{ZstdCompress, ZstdCompressOptions};

/// Adds zstdCompress to the chain being put together. A size that is not known is a negative number.
#[wasm_bindgen]
pub fn codecs_add_zstd_compress(level: u8, checksum: bool, content_size: f64) {
    add(ZstdCompress::new(
        ZstdCompressOptions::default()
            .level(level)
            .checksum(checksum)
            .content_size((content_size >= 0.0).then_some(content_size as u64))
            .dictionary(DICTIONARY.take()),
    ));
}
