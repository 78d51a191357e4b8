//! Pairs of a sink and a stream.
use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;

use super::{ReadableStream, WritableStream, raw};

/// The class of [`web_sys`] that the handle is made of.
pub mod sys {
    pub use web_sys::TransformStream;
}

/// A JavaScript [`TransformStream`](https://streams.spec.whatwg.org/#ts-class), a `DecompressionStream` and the like, or any
/// object with `readable` and `writable`.
///
/// ```no_run
/// use tidegate::web::{ReadableStream, TransformStream};
/// use wasm_bindgen::JsCast;
///
/// # fn unpack(file: ReadableStream, decompression: js_sys::Object) -> ReadableStream {
/// file.pipe_through(TransformStream::from_raw(decompression.unchecked_into()))
/// # }
/// ```
#[derive(Debug)]
pub struct TransformStream {
    raw: sys::TransformStream,
}

impl TransformStream {
    /// The handle of a JavaScript object.
    ///
    /// ```no_run
    /// # use tidegate::web::TransformStream;
    /// # fn make() -> Result<(), wasm_bindgen::JsValue> {
    /// let identity = TransformStream::from_raw(web_sys::TransformStream::new()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_raw(raw: sys::TransformStream) -> Self {
        Self { raw }
    }

    /// The handle of any object with a `readable` and a `writable` that have the methods of streams; gives the value back if it
    /// has not.
    ///
    /// ```no_run
    /// # use tidegate::web::TransformStream;
    /// # use wasm_bindgen::JsValue;
    /// # fn take(value: JsValue) -> Result<(), JsValue> {
    /// let transform = TransformStream::from_js(value)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_js(value: JsValue) -> Result<Self, JsValue> {
        let side = |name: &str| Reflect::get(&value, &name.into()).unwrap_or_default();
        let fits = value.is_object()
            && ReadableStream::from_js(side("readable")).is_ok()
            && WritableStream::from_js(side("writable")).is_ok();
        if fits {
            Ok(Self::from_raw(value.unchecked_into()))
        } else {
            Err(value)
        }
    }

    /// A pair of a sink and a stream of your own: what is written into the one comes out of the other in some way.
    ///
    /// ```no_run
    /// use futures_util::{SinkExt, StreamExt};
    /// use tidegate::channel::{QueuingStrategy, channel};
    /// use tidegate::web::{JsReason, ReadableStream, TransformStream, WritableStream};
    /// use wasm_bindgen::JsValue;
    ///
    /// let failed = |failure: tidegate::channel::Failure| js_sys::Error::new(&failure.to_string());
    /// let (sender, receiver) = channel::<f64>(QueuingStrategy::count(1));
    /// let doubled = receiver.map(move |number| number.map(|number| 2.0 * number).map_err(failed));
    /// let double = TransformStream::from_pair(
    ///     WritableStream::from_typed_sink(sender.sink_map_err(failed)),
    ///     ReadableStream::from_typed_stream(doubled),
    /// );
    /// ```
    pub fn from_pair(writable: WritableStream, readable: ReadableStream) -> Self {
        let pair = Object::new();
        raw::set(&pair, "writable", writable.as_raw());
        raw::set(&pair, "readable", readable.as_raw());
        Self::from_raw(pair.unchecked_into())
    }

    /// The JavaScript object.
    ///
    /// ```no_run
    /// # fn raw(transform: &tidegate::web::TransformStream) {
    /// let raw: &web_sys::TransformStream = transform.as_raw();
    /// # }
    /// ```
    pub fn as_raw(&self) -> &sys::TransformStream {
        &self.raw
    }

    /// The JavaScript object, to hand it to JavaScript.
    ///
    /// ```no_run
    /// # fn raw(transform: tidegate::web::TransformStream) {
    /// let raw: web_sys::TransformStream = transform.into_raw();
    /// # }
    /// ```
    pub fn into_raw(self) -> sys::TransformStream {
        self.raw
    }

    /// The side that is read.
    ///
    /// ```no_run
    /// # fn chunks(transform: &tidegate::web::TransformStream) {
    /// let chunks = transform.readable().into_stream();
    /// # }
    /// ```
    pub fn readable(&self) -> ReadableStream {
        let side = Reflect::get(&self.raw, &"readable".into()).unwrap_or_default();
        ReadableStream::from_raw(side.unchecked_into())
    }

    /// The side that is written.
    ///
    /// ```no_run
    /// # fn chunks(transform: &tidegate::web::TransformStream) {
    /// let chunks = transform.writable().into_sink();
    /// # }
    /// ```
    pub fn writable(&self) -> WritableStream {
        let side = Reflect::get(&self.raw, &"writable".into()).unwrap_or_default();
        WritableStream::from_raw(side.unchecked_into())
    }
}

impl From<TransformStream> for JsValue {
    fn from(transform: TransformStream) -> Self {
        transform.into_raw().into()
    }
}
