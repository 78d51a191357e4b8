//! A Rust sink as the sink of a JavaScript stream.
use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::panic::RefUnwindSafe;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use futures_sink::Sink;
use js_sys::Object;
use wasm_bindgen::prelude::*;

use crate::web::raw;
use crate::web::work::{Work, thenable};

#[wasm_bindgen]
extern "C" {
    /// What the call of `write()` gets.
    type SinkController;
    #[wasm_bindgen(method, getter)]
    fn signal(this: &SinkController) -> Option<Signal>;

    type Signal;
    #[wasm_bindgen(method, js_name = addEventListener)]
    fn add_event_listener(this: &Signal, name: &str, listener: &JsValue);
    #[wasm_bindgen(method, getter)]
    fn reason(this: &Signal) -> JsValue;
}

/// What was called of the sink.
enum Step {
    /// `write()`: the chunk waits until the sink is ready.
    Write(JsValue),
    /// The chunk was sent, and is to be flushed: `write()` is over when it is written.
    Flush,
    /// `close()`.
    Close,
}

struct UnderlyingSink<S> {
    /// None while it is polled, and once it is over.
    sink: RefCell<Option<Pin<Box<S>>>>,
    step: RefCell<Option<Step>>,
    aborted: RefCell<Option<JsValue>>,
    waker: Cell<Option<Waker>>,
}

// The sink is taken out while it is polled, so one that panics is dropped and never polled again.
impl<S> RefUnwindSafe for UnderlyingSink<S> {}

impl<S: Sink<JsValue, Error = JsValue> + 'static> UnderlyingSink<S> {
    fn poll_step(
        &self,
        mut sink: Pin<&mut S>,
        step: &mut Option<Step>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), JsValue>> {
        if matches!(step, Some(Step::Write(_))) {
            ready!(sink.as_mut().poll_ready(context))?;
            if let Some(Step::Write(chunk)) = step.replace(Step::Flush) {
                sink.as_mut().start_send(chunk)?;
            }
        }
        match step {
            Some(Step::Close) => sink.poll_close(context),
            _ => sink.poll_flush(context),
        }
    }

    fn abort(&self, reason: JsValue) {
        self.aborted.borrow_mut().get_or_insert(reason);
        let sink = self.sink.take();
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
        drop(sink);
    }

    fn reason(&self) -> JsValue {
        self.aborted.borrow().clone().unwrap_or_default()
    }
}

impl<S: Sink<JsValue, Error = JsValue> + 'static> Work for UnderlyingSink<S> {
    fn poll(&self, context: &mut Context<'_>) -> Poll<Result<(), JsValue>> {
        let Some(mut sink) = self.sink.take() else {
            self.step.take();
            return Poll::Ready(Err(self.reason()));
        };
        let mut step = self.step.take();
        let polled = self.poll_step(sink.as_mut(), &mut step, context);
        if self.aborted.borrow().is_some() {
            return Poll::Ready(Err(self.reason()));
        }
        let over = matches!(
            (&polled, &step),
            (Poll::Ready(Err(_)), _) | (Poll::Ready(_), Some(Step::Close))
        );
        if !over {
            self.sink.replace(Some(sink));
        }
        if polled.is_pending() {
            self.step.replace(step);
        }
        polled
    }

    fn waker(&self) -> &Cell<Option<Waker>> {
        &self.waker
    }
}

/// The underlying sink of `sink`.
pub(super) fn underlying_sink<S>(sink: S) -> Object
where
    S: Sink<JsValue, Error = JsValue> + 'static,
{
    let sink = Rc::new(UnderlyingSink {
        sink: RefCell::new(Some(Box::pin(sink))),
        step: RefCell::new(None),
        aborted: RefCell::new(None),
        waker: Cell::new(None),
    });
    let object = Object::new();
    let begun = thenable(&sink);

    let aborting = sink.clone();
    let abort = Closure::<dyn Fn(JsValue)>::new(move |reason| aborting.abort(reason));
    raw::set(&object, "abort", &abort.into_js_value());

    // The standard calls `abort()` only once a write that is in flight has settled. The signal tells it at once, so that a
    // write that waits for ever is dropped with the sink.
    let aborting = sink.clone();
    let start = Closure::<dyn Fn(SinkController)>::new(move |controller: SinkController| {
        if let Some(signal) = controller.signal() {
            let aborting = aborting.clone();
            let listener = Closure::<dyn Fn(JsValue)>::new(move |event: JsValue| {
                let signal = js_sys::Reflect::get(&event, &"target".into()).unwrap_or_default();
                let signal: Signal = signal.unchecked_into();
                aborting.abort(signal.reason());
            });
            signal.add_event_listener("abort", &listener.into_js_value());
        }
    });
    raw::set(&object, "start", &start.into_js_value());

    let (writing, written) = (sink.clone(), begun.clone());
    let write = Closure::<dyn Fn(JsValue) -> JsValue>::new(move |chunk| {
        writing.step.replace(Some(Step::Write(chunk)));
        written.clone()
    });
    raw::set(&object, "write", &write.into_js_value());

    let close = Closure::<dyn Fn() -> JsValue>::new(move || {
        sink.step.replace(Some(Step::Close));
        begun.clone()
    });
    raw::set(&object, "close", &close.into_js_value());
    object
}

/// A sink of anything as one of JavaScript values.
pub(super) struct Values<S, T> {
    sink: Pin<Box<S>>,
    item: PhantomData<fn(T)>,
}

impl<S, T> Values<S, T> {
    pub(super) fn new(sink: S) -> Self {
        Self {
            sink: Box::pin(sink),
            item: PhantomData,
        }
    }
}

impl<S, T> Sink<JsValue> for Values<S, T>
where
    S: Sink<T>,
    S::Error: Into<JsValue>,
    T: TryFrom<JsValue>,
    T::Error: Into<JsValue>,
{
    type Error = JsValue;

    fn poll_ready(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), JsValue>> {
        self.sink.as_mut().poll_ready(context).map_err(Into::into)
    }

    fn start_send(mut self: Pin<&mut Self>, chunk: JsValue) -> Result<(), JsValue> {
        let item = T::try_from(chunk).map_err(Into::into)?;
        self.sink.as_mut().start_send(item).map_err(Into::into)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), JsValue>> {
        self.sink.as_mut().poll_flush(context).map_err(Into::into)
    }

    fn poll_close(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), JsValue>> {
        self.sink.as_mut().poll_close(context).map_err(Into::into)
    }
}
