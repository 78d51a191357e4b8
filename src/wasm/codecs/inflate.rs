//! Decompression.
use wasm_bindgen::prelude::wasm_bindgen;

use super::add;
use crate::codec::{Gunzip, GunzipOptions, Trailing};

/// Adds gunzip to the chain being put together.
#[wasm_bindgen]
pub fn codecs_add_gunzip(ignore_trailing: bool) {
    let trailing = if ignore_trailing {
        Trailing::Ignore
    } else {
        Trailing::Error
    };
    add(Gunzip::new(GunzipOptions::default().trailing(trailing)));
}
