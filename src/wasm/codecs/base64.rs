//! Base64 and hexadecimal text.
use wasm_bindgen::prelude::wasm_bindgen;

use super::add;
use crate::codec::{
    Base64Alphabet, Base64Decode, Base64DecodeOptions, Base64Encode, Base64EncodeOptions,
    HexDecode, HexEncode, LastGroup, LineEnd,
};

const fn alphabet(url: bool) -> Base64Alphabet {
    if url {
        Base64Alphabet::Url
    } else {
        Base64Alphabet::Standard
    }
}

/// Adds a maker of base64 to the chain being put together. A `line_length` of 0 makes no lines.
#[wasm_bindgen]
pub fn codecs_add_base64_encode(url: bool, padding: bool, line_length: u32, lf: bool) {
    let mut options = Base64EncodeOptions::default()
        .alphabet(alphabet(url))
        .padding(padding)
        .line_end(if lf { LineEnd::Lf } else { LineEnd::CrLf });
    if line_length > 0 {
        options = options.line_length(line_length as usize);
    }
    add(Base64Encode::new(options));
}

/// Adds a reader of base64 to the chain being put together.
#[wasm_bindgen]
pub fn codecs_add_base64_decode(url: bool, loose: bool, skip_whitespace: bool) {
    let last_group = if loose {
        LastGroup::Loose
    } else {
        LastGroup::Strict
    };
    let options = Base64DecodeOptions::default()
        .alphabet(alphabet(url))
        .last_group(last_group)
        .skip_whitespace(skip_whitespace);
    add(Base64Decode::new(options));
}

/// Adds a maker of hexadecimal digits to the chain being put together.
#[wasm_bindgen]
pub fn codecs_add_hex_encode(upper_case: bool) {
    add(HexEncode::new(upper_case));
}

/// Adds a reader of hexadecimal digits to the chain being put together.
#[wasm_bindgen]
pub fn codecs_add_hex_decode(skip_whitespace: bool) {
    add(HexDecode::new(skip_whitespace));
}
