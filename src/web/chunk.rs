//! Bytes that a JavaScript stream carries.
use std::ops::Deref;

use bytes::Bytes;
use js_sys::{ArrayBuffer, DataView, Reflect, TypeError, Uint8Array};
use wasm_bindgen::prelude::*;

/// A chunk of bytes: the item type of a typed stream or sink of `Uint8Array`s.
///
/// Reading takes any view and any `ArrayBuffer`; writing makes a `Uint8Array`. Both copy, because JavaScript has no access to
/// memory that Rust may free. A chunk is what [`decode`](crate::codec::decode) reads:
///
/// ```no_run
/// use tidegate::codec::{LinesOptions, decode};
/// use tidegate::web::{Chunk, ReadableStream};
///
/// # async fn count(file: ReadableStream) -> Result<u32, Box<dyn std::error::Error>> {
/// let mut lines = 0;
/// let chunks = file.into_typed_stream::<Chunk>();
/// decode(chunks)
///     .gunzip(Default::default())
///     .lines(LinesOptions::default())
///     .records()
///     .for_each(|_line| lines += 1)
///     .await?;
/// # Ok(lines)
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk(Bytes);

impl Chunk {
    /// The bytes.
    ///
    /// ```no_run
    /// # use tidegate::web::Chunk;
    /// assert_eq!(Chunk::from(vec![1, 2]).into_bytes(), [1, 2].as_slice());
    /// ```
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl Deref for Chunk {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Bytes> for Chunk {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

impl From<Vec<u8>> for Chunk {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl TryFrom<JsValue> for Chunk {
    type Error = JsValue;

    /// Fails with a `TypeError` if the value is neither a view nor an `ArrayBuffer`.
    fn try_from(value: JsValue) -> Result<Self, JsValue> {
        Ok(Self(bytes_of(&value)?.to_vec().into()))
    }
}

impl From<Chunk> for JsValue {
    fn from(chunk: Chunk) -> Self {
        Uint8Array::from(&chunk.0[..]).into()
    }
}

/// The bytes of a chunk, without a copy.
pub(super) fn bytes_of(chunk: &JsValue) -> Result<Uint8Array, JsValue> {
    if let Some(bytes) = chunk.dyn_ref::<Uint8Array>() {
        return Ok(bytes.clone());
    }
    if ArrayBuffer::is_view(chunk) {
        // All views have these three properties.
        let view = chunk.unchecked_ref::<DataView>();
        return Ok(Uint8Array::new_with_byte_offset_and_length(
            &view.buffer(),
            view.byte_offset() as u32,
            view.byte_length() as u32,
        ));
    }
    if chunk.is_instance_of::<ArrayBuffer>() {
        return Ok(Uint8Array::new(chunk));
    }
    let kind = chunk.js_typeof().as_string().unwrap_or_default();
    let class = Reflect::get(chunk, &"constructor".into())
        .and_then(|class| Reflect::get(&class, &"name".into()))
        .ok()
        .and_then(|name| name.as_string())
        .unwrap_or(kind);
    Err(TypeError::new(&format!(
        "tidegate: a chunk is a {class}, not bytes: pass a Uint8Array, another view or an ArrayBuffer"
    ))
    .into())
}
