//! The JavaScript side of the tests, and what all of them need.
use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures_util::Stream;
use js_sys::{Array, Function, Promise};
use tidegate::web::{ReadableStream, StreamOptions, WritableStream};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

pub type Outcome = Result<(), JsValue>;

#[wasm_bindgen]
extern "C" {
    /// A stream of these values; then it fails with `error`, closes, or (`"hang"`) waits for ever.
    #[wasm_bindgen(js_namespace = harness, js_name = readable)]
    fn js_readable(values: &Array, end: &JsValue) -> web_sys::ReadableStream;
    /// A byte stream of `total` bytes, byte number n being n modulo 251.
    #[wasm_bindgen(js_namespace = harness, js_name = byteReadable)]
    fn js_byte_readable(total: u32, chunk: u32) -> web_sys::ReadableStream;
    /// A sink that keeps what is written: `how` is "", "hang" (at the first write), or "fail" (at the second).
    #[wasm_bindgen(js_namespace = harness, js_name = writable)]
    fn js_writable(mark: f64, how: &str) -> web_sys::WritableStream;
    /// What a stream's source or sink was called with: "pull", "cancel undefined", "write 1", "close", "abort reason".
    #[wasm_bindgen(js_namespace = harness)]
    fn log(stream: &JsValue) -> Array;
    /// Lets a write that hangs go on.
    #[wasm_bindgen(js_namespace = harness)]
    pub fn go(stream: &JsValue);
    /// Everything that a JavaScript reader reads, joined.
    #[wasm_bindgen(js_namespace = harness)]
    pub fn collect(stream: &web_sys::ReadableStream) -> Promise;
    /// Calls a method: `call(reader, "read")`.
    #[wasm_bindgen(js_namespace = harness, variadic)]
    pub fn call(object: &JsValue, method: &str, values: &Array) -> JsValue;
    #[wasm_bindgen(js_namespace = harness)]
    pub fn get(object: &JsValue, property: &str) -> JsValue;
    /// The class that the streams of this run are made of; undefined for the engine's.
    #[wasm_bindgen(js_namespace = harness, js_name = class)]
    fn class_of(name: &str) -> Option<Function>;
    /// An engine's stream, whatever the run is about.
    #[wasm_bindgen(js_namespace = harness, js_name = engine)]
    pub fn engine(class: &str) -> JsValue;
    /// The reasons of rejections that nobody handled, so far.
    #[wasm_bindgen(js_namespace = harness, js_name = unhandled)]
    pub fn unhandled() -> Promise;
    #[wasm_bindgen(js_namespace = harness, js_name = hasByteStreams)]
    pub fn has_byte_streams() -> bool;
    #[wasm_bindgen(js_namespace = harness, js_name = task)]
    fn js_task() -> Promise;
    #[wasm_bindgen(js_namespace = harness, js_name = address)]
    pub fn address(path: &str) -> String;
    #[wasm_bindgen(js_namespace = harness, js_name = text)]
    pub fn text_of(url: &str) -> Promise;
}

#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|info| panicked(&info.to_string())));
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = harness)]
    fn panicked(message: &str);
}

pub fn values<T: Into<JsValue>>(values: impl IntoIterator<Item = T>) -> Array {
    values.into_iter().map(Into::into).collect()
}

pub fn readable(numbers: &[i32]) -> ReadableStream {
    ReadableStream::from_raw(js_readable(
        &values(numbers.iter().copied()),
        &JsValue::UNDEFINED,
    ))
}

pub fn readable_of(chunks: Array) -> ReadableStream {
    ReadableStream::from_raw(js_readable(&chunks, &JsValue::UNDEFINED))
}

pub fn readable_to(numbers: &[i32], end: &JsValue) -> ReadableStream {
    ReadableStream::from_raw(js_readable(&values(numbers.iter().copied()), end))
}

pub fn byte_readable(total: u32, chunk: u32) -> ReadableStream {
    ReadableStream::from_raw(js_byte_readable(total, chunk))
}

pub fn writable(mark: f64, how: &str) -> WritableStream {
    WritableStream::from_raw(js_writable(mark, how))
}

/// What was called so far, joined with commas.
pub fn log_of(stream: &JsValue) -> String {
    log(stream).join(",").into()
}

pub fn options(class: &str) -> StreamOptions {
    match class_of(class) {
        Some(class) => StreamOptions::new().class(class),
        None => StreamOptions::new(),
    }
}

/// A stream of the run's class from a Rust stream.
pub fn from_stream(
    stream: impl Stream<Item = Result<JsValue, JsValue>> + 'static,
) -> ReadableStream {
    ReadableStream::from_stream_with_options(stream, &options("ReadableStream")).unwrap()
}

pub async fn text(promise: impl Into<JsValue>) -> Result<String, JsValue> {
    let value = JsFuture::from(promise.into().unchecked_into::<Promise>()).await?;
    Ok(value.as_string().unwrap_or_else(|| format!("{value:?}")))
}

pub async fn settled(promise: impl Into<JsValue>) -> Result<JsValue, JsValue> {
    JsFuture::from(promise.into().unchecked_into::<Promise>()).await
}

/// Waits until everything that is in the microtask queue has run.
pub async fn task() {
    JsFuture::from(js_task()).await.unwrap();
}

/// Polls once.
pub async fn once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_fn(|context| Poll::Ready(Pin::new(&mut *future).poll(context))).await
}

pub fn error(message: &str) -> JsValue {
    js_sys::Error::new(message).into()
}

/// Whether a value was dropped.
#[derive(Clone, Default)]
pub struct Dropped(Rc<Cell<bool>>);

impl Dropped {
    pub fn get(&self) -> bool {
        self.0.get()
    }

    pub fn guard(&self) -> Guard {
        Guard(self.0.clone())
    }
}

pub struct Guard(Rc<Cell<bool>>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

/// A stream or a sink that is never ready, with a guard.
pub struct Stuck(#[expect(dead_code, reason = "its drop is seen")] pub Guard);

impl Stream for Stuck {
    type Item = Result<JsValue, JsValue>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Pending
    }
}

impl futures_util::Sink<JsValue> for Stuck {
    type Error = JsValue;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Outcome> {
        Poll::Pending
    }

    fn start_send(self: Pin<&mut Self>, _: JsValue) -> Outcome {
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Outcome> {
        Poll::Pending
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Outcome> {
        Poll::Pending
    }
}

/// The bytes of `byte_readable`.
pub fn pattern(from: usize, length: usize) -> Vec<u8> {
    (from..from + length).map(|at| (at % 251) as u8).collect()
}

/// Every handle is unwind safe, whatever it is made of: a future that holds one may be given to `#[wasm_bindgen]` functions
/// under `panic = "unwind"`.
const _: () = {
    use tidegate::web::*;

    const fn unwind_safe<T: std::panic::UnwindSafe>() {}
    unwind_safe::<ReadableStream>();
    unwind_safe::<readable::ReadableStreamDefaultReader>();
    unwind_safe::<readable::ReadableStreamBYOBReader>();
    unwind_safe::<readable::IntoStream>();
    unwind_safe::<readable::IntoTypedStream<std::rc::Rc<Cell<u32>>>>();
    unwind_safe::<readable::IntoAsyncRead>();
    unwind_safe::<WritableStream>();
    unwind_safe::<writable::WritableStreamDefaultWriter>();
    unwind_safe::<writable::IntoSink>();
    unwind_safe::<writable::IntoTypedSink<std::rc::Rc<Cell<u32>>>>();
    unwind_safe::<writable::IntoAsyncWrite>();
    unwind_safe::<TransformStream>();
    unwind_safe::<Fetch>();
    unwind_safe::<StreamOptions>();
};
