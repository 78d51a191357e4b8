//! Pipes between streams of any two classes.
//!
//! An engine's `pipeTo()` takes its own writable streams only, and the npm package's takes any. So where the source is the
//! engine's and the sink is not, the source is piped into an engine's stream in front of the sink, whose methods are those of
//! the sink's writer, bound: no chunk passes through Rust.
use js_sys::{Error, Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use super::{PipeOptions, ReadableStream};
use crate::web::raw::{self, Controller, Writer};
use crate::web::{StreamOptions, TransformStream, WritableStream};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(extends = Controller)]
    type WritableController;
    #[wasm_bindgen(method)]
    fn error(this: &WritableController, reason: &JsValue);
}

pub(super) fn pipe_to(
    source: &ReadableStream,
    sink: &WritableStream,
    options: &PipeOptions,
) -> Promise {
    match in_front(source, sink.as_raw()) {
        None => source.stream().pipe_to(sink.as_raw(), options.as_raw()),
        Some(Ok((front, writer))) => {
            let piped = source.stream().pipe_to(&front, options.as_raw());
            future_to_promise(async move {
                let result = JsFuture::from(piped).await;
                let _ = writer.release_lock();
                result
            })
        }
        Some(Err(error)) => Promise::reject(&error),
    }
}

pub(super) fn pipe_through(
    source: &ReadableStream,
    transform: &TransformStream,
    options: &PipeOptions,
) -> Result<ReadableStream, Error> {
    let (readable, writable) = (transform.readable(), transform.writable());
    let writable = match in_front(source, writable.as_raw()) {
        None => writable.into_raw().into(),
        Some(front) => front.map_err(JsCast::unchecked_into::<Error>)?.0,
    };
    let pair = Object::new();
    raw::set(&pair, "readable", readable.as_raw());
    raw::set(&pair, "writable", &writable);
    // The engine's pipeThrough() takes its own readable streams only, and needs the pair's for nothing but to return it.
    if raw::is_native(source.as_raw(), "ReadableStream")
        && !raw::is_native(readable.as_raw(), "ReadableStream")
    {
        if source.is_locked() {
            return Err(js_sys::TypeError::new(
                "ReadableStream::pipe_through(): the stream is locked",
            )
            .into());
        }
        raw::ignore(source.stream().pipe_to(&writable, options.as_raw()));
        return Ok(readable);
    }
    source
        .stream()
        .pipe_through(&pair, options.as_raw())
        .map(|readable| ReadableStream::from_raw(readable.unchecked_into()))
}

/// An engine's writable stream in front of `sink`, and the sink's writer, if the source needs one.
fn in_front(source: &ReadableStream, sink: &JsValue) -> Option<Result<(JsValue, Writer), JsValue>> {
    let needed = raw::is_native(source.as_raw(), "ReadableStream")
        && !raw::is_native(sink, "WritableStream")
        && raw::has_methods(sink, &["getWriter"]);
    needed.then(|| front_of(sink.unchecked_ref()))
}

fn front_of(sink: &raw::Writable) -> Result<(JsValue, Writer), JsValue> {
    let writer = sink.get_writer()?;
    let front = Object::new();
    for name in ["write", "close", "abort"] {
        let method: Function = Reflect::get(&writer, &name.into())?.unchecked_into();
        raw::set(&front, name, &method.bind0(&writer));
    }
    let closed = writer.closed();
    // The sink's own error must reach the pipe while no write is in flight, too.
    let start = Closure::once_into_js(move |controller: WritableController| {
        let fail = Closure::once_into_js(move |reason: JsValue| controller.error(&reason));
        closed
            .unchecked_ref::<raw::Thenable>()
            .then(&JsValue::UNDEFINED, &fail);
    });
    raw::set(&front, "start", &start);
    let stream = StreamOptions::new().construct("WritableStream", &front, 1.0)?;
    Ok((stream, writer))
}
