//! Lines, lines of JSON, and the items of a JSON document.
use std::cell::RefCell;

use wasm_bindgen::prelude::wasm_bindgen;

use super::{FATAL, IGNORE_BOM, add, add_with};
use crate::codec::{Json, JsonOptions, JsonPath, Lines, LinesOptions};

/// Items are rows.
const ENTRIES: u32 = 1;
const MISSING_IS_ERROR: u32 = 2;

/// The longest path, in bytes as they are written, and the greatest depth: what is made for them is small.
const LONGEST_PATH: usize = 1 << 16;
const GREATEST_DEPTH: u32 = 1 << 14;

thread_local! {
    /// The path of the next json.
    static PATH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

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

/// A byte more of the path of the next json: see `JsonPath::read`.
#[wasm_bindgen]
pub fn codecs_add_json_path_byte(byte: u8) {
    PATH.with_borrow_mut(|path| {
        if path.len() < LONGEST_PATH && path.try_reserve(1).is_ok() {
            path.push(byte);
        }
    });
}

/// Adds json to the chain being put together. If the path cannot be read, nothing is added.
#[wasm_bindgen]
pub fn codecs_add_json(max_bytes: u32, max_depth: u32, flags: u32) {
    let options = JsonOptions {
        max_bytes: max_bytes as usize,
        max_depth: max_depth.min(GREATEST_DEPTH) as usize,
        missing_is_error: flags & MISSING_IS_ERROR != 0,
    };
    if let Some(path) = JsonPath::read(&PATH.take()) {
        add_with(|| Json::for_npm(path, options, flags & ENTRIES != 0));
    }
}
