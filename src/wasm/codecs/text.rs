//! Lines, lines of JSON, and csv.
use wasm_bindgen::prelude::wasm_bindgen;

use super::add;
use crate::codec::{Csv, CsvOptions, Lines, LinesOptions, Ragged};

const FATAL: u32 = 1;
const IGNORE_BOM: u32 = 2;
const KEEP_EMPTY_LINES: u32 = 4;
const KEEP_RAGGED: u32 = 8;

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

/// Adds csv to the chain being put together. `quote`, `escape` and `comment` are bytes, or more than 127 for none. A `width` of 0 is that
/// of the first row. Says whether these bytes can be used; if not, nothing is added.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)] // one each for what JavaScript has as one object
pub fn codecs_add_csv(
    delimiter: u8,
    quote: u8,
    escape: u8,
    comment: u8,
    skip_lines: u32,
    width: u32,
    max_bytes: u32,
    flags: u32,
) -> bool {
    let given = |byte: u8| byte.is_ascii().then_some(byte);
    let csv = Csv::new(CsvOptions {
        delimiter,
        quote: given(quote),
        escape: given(escape),
        comment: given(comment),
        skip_lines,
        ragged: if flags & KEEP_RAGGED != 0 {
            Ragged::Keep
        } else {
            Ragged::Error
        },
        width: (width > 0).then_some(width),
        keep_empty_lines: flags & KEEP_EMPTY_LINES != 0,
        fatal: flags & FATAL != 0,
        ignore_bom: flags & IGNORE_BOM != 0,
        max_bytes: max_bytes as usize,
    });
    let usable = csv.is_some();
    csv.into_iter().for_each(add);
    usable
}
