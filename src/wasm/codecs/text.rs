//! Lines, and lines of JSON.
use wasm_bindgen::prelude::wasm_bindgen;

use super::{FATAL, IGNORE_BOM, add};
use crate::codec::{Lines, LinesOptions};

/// Adds lines to the chain being put together.
#[wasm_bindgen]
pub fn codecs_add_lines(max_bytes: u32, flags: u32) {
    add(Lines::new(LinesOptions {
        fatal: flags & FATAL != 0,
        ignore_bom: flags & IGNORE_BOM != 0,
        max_bytes: max_bytes as usize,
    }));
}

/// Adds lines of JSON to the chain being put together.
#[wasm_bindgen]
pub fn codecs_add_ndjson(max_bytes: u32) {
    add(Lines::of_json(max_bytes as usize));
}
