//! Digests.
use wasm_bindgen::prelude::wasm_bindgen;

use super::add;
use crate::codec::Sha256Tap;

/// Adds a SHA-256 tap to the chain being put together.
#[wasm_bindgen]
pub fn codecs_add_sha256() {
    add(Sha256Tap::new());
}
