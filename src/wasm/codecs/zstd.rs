//! Decompression of zstd.
use std::cell::RefCell;

use wasm_bindgen::prelude::wasm_bindgen;

use super::{add, with_state};
use crate::codec::{Trailing, ZstdDecompress, ZstdDecompressOptions};

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

/// Adds zstdDecompress to the chain being put together. No bound on the output is a negative number, no ratio is 0.
#[wasm_bindgen]
pub fn codecs_add_zstd_decompress(
    ignore_trailing: bool,
    max_output_bytes: f64,
    max_ratio: u32,
    max_window_bytes: f64,
) {
    let trailing = if ignore_trailing {
        Trailing::Ignore
    } else {
        Trailing::Error
    };
    add(ZstdDecompress::new(
        ZstdDecompressOptions::default()
            .trailing(trailing)
            .max_output_bytes((max_output_bytes >= 0.0).then_some(max_output_bytes as u64))
            .max_ratio((max_ratio > 0).then_some(max_ratio))
            .max_window_bytes(max_window_bytes as u64)
            .dictionary(DICTIONARY.take()),
    ));
}
