//! Digests.
use wasm_bindgen::prelude::wasm_bindgen;

use super::add_with;
use crate::codec::{DigestAlgorithm, Digests};

/// Adds a tap for digests to the chain being put together, or with `ends` a sink. `algorithms` has a bit for each, the lowest for the first of
/// [`DigestAlgorithm::ALL`].
#[wasm_bindgen]
pub fn codecs_add_digest(algorithms: u32, ends: bool) {
    let chosen = |&(number, _): &(usize, &DigestAlgorithm)| algorithms >> number & 1 == 1;
    add_with(|| {
        let all = DigestAlgorithm::ALL.iter().enumerate();
        let algorithms: Vec<_> = all.filter(chosen).map(|(_, &each)| each).collect();
        if ends {
            Digests::sink(&algorithms)
        } else {
            Digests::new(&algorithms)
        }
    });
}
