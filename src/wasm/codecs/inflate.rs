//! Decompression.
use std::cell::RefCell;
use std::collections::VecDeque;

use wasm_bindgen::prelude::wasm_bindgen;

use super::{add, bytes, ratio, tell, trailing};
use crate::codec::{Gunzip, GunzipOptions, GzipHeader, Inflate, InflateFormat, InflateOptions};

thread_local! {
    /// The headers that chains have found and nobody has taken, with the tag of the codec. JavaScript takes all after each run.
    static HEADERS: RefCell<VecDeque<(u32, GzipHeader)>> = RefCell::default();
    /// The one taken last, which the words point to.
    static TAKEN: RefCell<GzipHeader> = RefCell::default();
}

/// Adds gunzip to the chain being put together. Without a `tag` it keeps no headers.
#[wasm_bindgen]
pub fn codecs_add_gunzip(ignore_trailing: bool, max_output_bytes: f64, max_ratio: u32, tag: u32) {
    let options = GunzipOptions::default()
        .trailing(trailing(ignore_trailing))
        .max_output_bytes(bytes(max_output_bytes))
        .max_ratio(ratio(max_ratio));
    let mut gunzip = Gunzip::new(options);
    if tag > 0 {
        gunzip.on_header(move |header| {
            HEADERS.with_borrow_mut(|headers| {
                if headers.try_reserve(1).is_ok() {
                    headers.push_back((tag, header.clone()));
                }
            });
        });
    }
    add(gunzip);
}

/// Adds inflate, or inflateRaw, to the chain being put together.
#[wasm_bindgen]
pub fn codecs_add_inflate(raw: bool, ignore_trailing: bool, max_output_bytes: f64, max_ratio: u32) {
    let format = if raw {
        InflateFormat::Raw
    } else {
        InflateFormat::Zlib
    };
    let options = InflateOptions::default()
        .format(format)
        .trailing(trailing(ignore_trailing))
        .max_output_bytes(bytes(max_output_bytes))
        .max_ratio(ratio(max_ratio));
    add(Inflate::new(options));
}

/// Takes the header that was found first: returns the tag of its codec, 0 if there is none.
#[wasm_bindgen]
pub fn codecs_take_header() -> u32 {
    let Some((tag, header)) = HEADERS.with_borrow_mut(VecDeque::pop_front) else {
        return 0;
    };
    TAKEN.set(header);
    tag
}

/// The header that was taken last. The words are the addresses and lengths of name, comment and extra field. Returns what else it
/// says: the time in bits 0 to 31, the system in 32 to 39, whether there are these fields in 40 to 42, and in 43
/// whether it is text.
#[wasm_bindgen]
pub fn codecs_header() -> f64 {
    TAKEN.with_borrow(|header| {
        let mut flags = 0;
        for (number, field) in [&header.name, &header.comment, &header.extra]
            .into_iter()
            .enumerate()
        {
            tell(2 * number, field.as_deref().unwrap_or_default());
            flags |= u64::from(field.is_some()) << number;
        }
        flags |= u64::from(header.is_text) << 3;
        (u64::from(header.mtime) | u64::from(header.os) << 32 | flags << 40) as f64
    })
}
