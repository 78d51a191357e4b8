//! Compression as zstd.
use std::cell::RefCell;

use wasm_bindgen::prelude::wasm_bindgen;

use super::{add, with_state};
use crate::codec::{ZstdCompress, ZstdCompressOptions};

/// The longest dictionary, in bytes.
const LONGEST_DICTIONARY: u32 = 1 << 28;

thread_local! {
    /// The dictionary of the codec that is added next.
    static DICTIONARY: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Makes room for a dictionary of so many bytes, for the codec that is added next; returns its address, or 0 if there is no memory.
#[wasm_bindgen]
pub fn codecs_add_zstd_dictionary(length: u32) -> u32 {
    let mut bytes = Vec::new();
    if length > LONGEST_DICTIONARY || bytes.try_reserve_exact(length as usize).is_err() {
        with_state(|state| state.incomplete = true);
        return 0;
    }
    bytes.resize(length as usize, 0);
    let address = bytes.as_ptr() as usize as u32;
    DICTIONARY.set(Some(bytes));
    address
}

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
