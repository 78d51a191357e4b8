//! Options of streams that are made from Rust.
use js_sys::{Error, Function, Object, Reflect};
use wasm_bindgen::prelude::*;

use super::raw;

/// How a JavaScript stream is made from a Rust stream, sink, reader or writer.
///
/// ```no_run
/// use futures_util::stream;
/// use js_sys::Function;
/// use tidegate::web::{ReadableStream, StreamOptions};
/// use wasm_bindgen::JsValue;
///
/// # fn make(class: Function) -> Result<ReadableStream, JsValue> {
/// // `class` is the ReadableStream of the npm package tidegate, which the page has passed in.
/// let options = StreamOptions::new().high_water_mark(4.0).class(class);
/// let numbers = stream::iter((0..10).map(|number| Ok(JsValue::from(number))));
/// ReadableStream::from_stream_with_options(numbers, &options)
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct StreamOptions {
    pub(super) high_water_mark: Option<f64>,
    class: Option<Function>,
}

impl StreamOptions {
    /// The engine's own class, with the high-water mark that the function says.
    ///
    /// ```no_run
    /// # use tidegate::web::StreamOptions;
    /// let options = StreamOptions::new();
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// How much the JavaScript stream queues before there is backpressure: chunks, or bytes of a byte stream.
    ///
    /// ```no_run
    /// # use tidegate::web::StreamOptions;
    /// let options = StreamOptions::new().high_water_mark(16.0);
    /// ```
    pub fn high_water_mark(mut self, mark: f64) -> Self {
        self.high_water_mark = Some(mark);
        self
    }

    /// The class to make the stream of, in place of the engine's: the npm package's, or a polyfill's.
    ///
    /// ```no_run
    /// # use tidegate::web::StreamOptions;
    /// # fn with(class: js_sys::Function) {
    /// let options = StreamOptions::new().class(class);
    /// # }
    /// ```
    pub fn class(mut self, class: Function) -> Self {
        self.class = Some(class);
        self
    }

    /// `new Class(underlying, { highWaterMark })`.
    pub(super) fn construct(
        &self,
        class: &str,
        underlying: &Object,
        default_mark: f64,
    ) -> Result<JsValue, JsValue> {
        let class = match &self.class {
            Some(class) => class.clone(),
            None => raw::global(class)
                .ok_or_else(|| Error::new(&format!("tidegate: there is no global {class}")))?,
        };
        let strategy = Object::new();
        let mark = self.high_water_mark.unwrap_or(default_mark);
        raw::set(&strategy, "highWaterMark", &mark.into());
        let arguments = js_sys::Array::of2(underlying, &strategy);
        Reflect::construct(&class, &arguments)
    }
}
