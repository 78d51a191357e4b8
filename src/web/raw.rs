//! What is called of JavaScript's objects, whichever class they have: methods are looked up by name at each call.
use js_sys::{Array, Error, Function, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[derive(Clone, Debug)]
    pub(super) type Readable;
    #[wasm_bindgen(method, getter)]
    pub(super) fn locked(this: &Readable) -> bool;
    #[wasm_bindgen(method)]
    pub(super) fn cancel(this: &Readable, reason: &JsValue) -> Promise;
    #[wasm_bindgen(method, catch, js_name = getReader)]
    pub(super) fn get_reader(this: &Readable) -> Result<Reader, Error>;
    #[wasm_bindgen(method, catch, js_name = getReader)]
    pub(super) fn get_reader_with(this: &Readable, options: &Object) -> Result<Reader, Error>;
    #[wasm_bindgen(method, js_name = pipeTo)]
    pub(super) fn pipe_to(this: &Readable, to: &JsValue, options: &JsValue) -> Promise;
    #[wasm_bindgen(method, catch, js_name = pipeThrough)]
    pub(super) fn pipe_through(
        this: &Readable,
        through: &JsValue,
        options: &JsValue,
    ) -> Result<JsValue, Error>;
    #[wasm_bindgen(method, catch)]
    pub(super) fn tee(this: &Readable) -> Result<Array, Error>;

    /// A default reader or a BYOB reader.
    #[derive(Clone, Debug)]
    pub(super) type Reader;
    #[wasm_bindgen(method, getter)]
    pub(super) fn closed(this: &Reader) -> Promise;
    #[wasm_bindgen(method)]
    pub(super) fn cancel(this: &Reader, reason: &JsValue) -> Promise;
    #[wasm_bindgen(method)]
    pub(super) fn read(this: &Reader) -> Promise;
    #[wasm_bindgen(method, js_name = read)]
    pub(super) fn read_into(this: &Reader, view: &Uint8Array) -> Promise;
    #[wasm_bindgen(method, catch, js_name = releaseLock)]
    pub(super) fn release_lock(this: &Reader) -> Result<(), Error>;

    pub(super) type ReadResult;
    #[wasm_bindgen(method, getter)]
    pub(super) fn done(this: &ReadResult) -> bool;
    #[wasm_bindgen(method, getter)]
    pub(super) fn value(this: &ReadResult) -> JsValue;

    #[derive(Clone, Debug)]
    pub(super) type Writable;
    #[wasm_bindgen(method, getter)]
    pub(super) fn locked(this: &Writable) -> bool;
    #[wasm_bindgen(method)]
    pub(super) fn abort(this: &Writable, reason: &JsValue) -> Promise;
    #[wasm_bindgen(method, catch, js_name = getWriter)]
    pub(super) fn get_writer(this: &Writable) -> Result<Writer, Error>;

    #[derive(Clone, Debug)]
    pub(super) type Writer;
    #[wasm_bindgen(method, getter)]
    pub(super) fn closed(this: &Writer) -> Promise;
    #[wasm_bindgen(method, getter)]
    pub(super) fn ready(this: &Writer) -> Promise;
    #[wasm_bindgen(method, catch, getter, js_name = desiredSize)]
    pub(super) fn desired_size(this: &Writer) -> Result<Option<f64>, JsValue>;
    #[wasm_bindgen(method)]
    pub(super) fn write(this: &Writer, chunk: &JsValue) -> Promise;
    #[wasm_bindgen(method)]
    pub(super) fn close(this: &Writer) -> Promise;
    #[wasm_bindgen(method)]
    pub(super) fn abort(this: &Writer, reason: &JsValue) -> Promise;
    #[wasm_bindgen(method, catch, js_name = releaseLock)]
    pub(super) fn release_lock(this: &Writer) -> Result<(), Error>;

    /// A controller of either kind of readable stream.
    #[derive(Clone)]
    pub(super) type Controller;
    #[wasm_bindgen(method, catch)]
    pub(super) fn enqueue(this: &Controller, chunk: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    pub(super) fn close(this: &Controller) -> Result<(), JsValue>;
    #[wasm_bindgen(method, getter, js_name = byobRequest)]
    pub(super) fn byob_request(this: &Controller) -> Option<ByobRequest>;

    pub(super) type ByobRequest;
    #[wasm_bindgen(method, getter)]
    pub(super) fn view(this: &ByobRequest) -> Option<Uint8Array>;
    #[wasm_bindgen(method, catch)]
    pub(super) fn respond(this: &ByobRequest, bytes: u32) -> Result<(), JsValue>;

    /// A promise whose `then()` makes one that nobody needs: its binding returns nothing, which saves a reference.
    pub(super) type Thenable;
    #[wasm_bindgen(method)]
    pub(super) fn then(this: &Thenable, fulfilled: &JsValue, rejected: &JsValue);

    #[wasm_bindgen(js_name = fetch)]
    pub(super) fn fetch(input: &JsValue, init: &Object) -> Promise;
}

/// A class or a function of the page's or worker's global object.
pub(super) fn global(name: &str) -> Option<Function> {
    Reflect::get(&js_sys::global(), &name.into())
        .ok()?
        .dyn_into()
        .ok()
}

/// Whether `value` has every one of these methods.
pub(super) fn has_methods(value: &JsValue, names: &[&str]) -> bool {
    value.is_object()
        && names.iter().all(|name| {
            Reflect::get(value, &(*name).into()).is_ok_and(|method| method.is_function())
        })
}

/// Whether `value` is an instance of the global class of that name, and so one that the engine's own functions take.
pub(super) fn is_native(value: &JsValue, class: &str) -> bool {
    global(class).is_some_and(|class| {
        let prototype = Reflect::get(&class, &"prototype".into()).unwrap_or_default();
        prototype
            .dyn_ref::<Object>()
            .is_some_and(|prototype| prototype.is_prototype_of(value))
    })
}

pub(super) fn set(object: &Object, name: &str, value: &JsValue) {
    // A plain object takes any property.
    let _ = Reflect::set(object, &name.into(), value);
}

/// Marks a promise as handled, so that its rejection is reported nowhere. Any function of the engine will do as a handler.
pub(super) fn ignore(promise: Promise) {
    if let Some(boolean) = global("Boolean") {
        promise
            .unchecked_ref::<Thenable>()
            .then(&JsValue::UNDEFINED, &boolean);
    }
}
