//! Text of every encoding.
use wasm_bindgen::prelude::wasm_bindgen;

use super::{FATAL, IGNORE_BOM, add_with};
use crate::codec::{DecodeText, DecodeTextOptions};

/// The encodings in the order of js/codecs/encodings.
const ENCODINGS: [&str; 39] = [
    "utf-8",
    "ibm866",
    "iso-8859-2",
    "iso-8859-3",
    "iso-8859-4",
    "iso-8859-5",
    "iso-8859-6",
    "iso-8859-7",
    "iso-8859-8",
    "iso-8859-8-i",
    "iso-8859-10",
    "iso-8859-13",
    "iso-8859-14",
    "iso-8859-15",
    "iso-8859-16",
    "koi8-r",
    "koi8-u",
    "macintosh",
    "windows-874",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "windows-1258",
    "x-mac-cyrillic",
    "gbk",
    "gb18030",
    "big5",
    "euc-jp",
    "iso-2022-jp",
    "shift_jis",
    "euc-kr",
    "utf-16be",
    "utf-16le",
    "x-user-defined",
];

/// Adds a decoder of text to the chain being put together. Says whether there is an encoding of this number; if not, nothing is added.
#[wasm_bindgen]
pub fn codecs_add_decode_text(encoding: u32, flags: u32) -> bool {
    let options = DecodeTextOptions::default()
        .fatal(flags & FATAL != 0)
        .ignore_bom(flags & IGNORE_BOM != 0);
    let label = ENCODINGS.get(encoding as usize);
    let Some(decoder) = label.and_then(|label| DecodeText::new(label, options)) else {
        return false;
    };
    add_with(|| decoder);
    true
}
