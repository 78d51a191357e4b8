//! Compression.
use std::cell::RefCell;

use wasm_bindgen::prelude::wasm_bindgen;

use super::{add, with_state};
use crate::codec::{Deflate, DeflateFormat, DeflateOptions};

thread_local! {
    /// Name and comment of the gzip header of the codec that is added next.
    static TEXTS: RefCell<[Vec<u8>; 2]> = RefCell::default();
}

/// Adds a byte to the name, or comment, of the gzip header of the codec that is added next.
#[wasm_bindgen]
pub fn codecs_add_header_byte(is_comment: bool, byte: u8) {
    TEXTS.with_borrow_mut(|texts| {
        let text = &mut texts[usize::from(is_comment)];
        if text.try_reserve(1).is_ok() {
            text.push(byte);
        } else {
            with_state(|state| state.incomplete = true);
        }
    });
}

/// Adds compression to the chain being put together. `format`: 0 gzip, 1 zlib, 2 neither. The others are those of [`DeflateOptions`]; a name
/// or comment without a byte is none.
#[wasm_bindgen]
pub fn codecs_add_deflate(format: u32, level: u8, mtime: u32, os: u8) {
    let [name, comment] = TEXTS.take().map(|text| (!text.is_empty()).then_some(text));
    add(Deflate::new(DeflateOptions {
        format: match format {
            0 => DeflateFormat::Gzip,
            1 => DeflateFormat::Zlib,
            _ => DeflateFormat::Raw,
        },
        level,
        name,
        comment,
        mtime,
        os,
    }));
}
