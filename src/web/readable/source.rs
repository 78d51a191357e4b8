//! A Rust stream as the source of a JavaScript stream.
use std::cell::{Cell, RefCell};
use std::panic::RefUnwindSafe;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use futures_core::Stream;
use js_sys::Object;
use wasm_bindgen::prelude::*;

use crate::web::raw::{self, Controller};
use crate::web::work::{Work, thenable};

struct Source<S> {
    /// None while it is polled, and once it is over.
    stream: RefCell<Option<Pin<Box<S>>>>,
    cancelled: Cell<bool>,
    /// Only during a pull: kept longer, it would keep the stream alive that keeps this alive.
    controller: RefCell<Option<Controller>>,
    waker: Cell<Option<Waker>>,
}

// The stream is taken out while it is polled, so one that panics is dropped and never polled again.
impl<S> RefUnwindSafe for Source<S> {}

impl<S: Stream<Item = Result<JsValue, JsValue>> + 'static> Work for Source<S> {
    fn poll(&self, context: &mut Context<'_>) -> Poll<Result<(), JsValue>> {
        let Some(mut stream) = self.stream.take() else {
            self.controller.take();
            return Poll::Ready(Ok(()));
        };
        let polled = stream.as_mut().poll_next(context);
        if self.cancelled.get() {
            self.controller.take();
            return Poll::Ready(Ok(()));
        }
        let Poll::Ready(item) = polled else {
            self.stream.replace(Some(stream));
            return Poll::Pending;
        };
        let Some(controller) = self.controller.take() else {
            return Poll::Ready(Ok(()));
        };
        Poll::Ready(match item {
            Some(Ok(chunk)) => controller.enqueue(&chunk).map(|()| {
                self.stream.replace(Some(stream));
            }),
            None => {
                // A stream that was errored otherwise refuses to be closed.
                let _ = controller.close();
                Ok(())
            }
            Some(Err(reason)) => Err(reason),
        })
    }

    fn waker(&self) -> &Cell<Option<Waker>> {
        &self.waker
    }
}

/// The underlying source of `stream`.
pub(super) fn underlying_source<S>(stream: S) -> Object
where
    S: Stream<Item = Result<JsValue, JsValue>> + 'static,
{
    let source = Rc::new(Source {
        stream: RefCell::new(Some(Box::pin(stream))),
        cancelled: Cell::new(false),
        controller: RefCell::new(None),
        waker: Cell::new(None),
    });
    let object = Object::new();
    let pulled = thenable(&source);
    let pulling = source.clone();
    let pull = Closure::<dyn Fn(Controller) -> JsValue>::new(move |controller| {
        pulling.controller.replace(Some(controller));
        pulled.clone()
    });
    raw::set(&object, "pull", &pull.into_js_value());
    let cancel = Closure::<dyn Fn()>::new(move || {
        source.cancelled.set(true);
        let stream = source.stream.take();
        if let Some(waker) = source.waker.take() {
            waker.wake();
        }
        drop(stream);
    });
    raw::set(&object, "cancel", &cancel.into_js_value());
    object
}

/// A stream of anything as one of JavaScript values.
pub(super) struct Values<S>(pub(super) Pin<Box<S>>);

impl<S, T, E> Stream for Values<S>
where
    S: Stream<Item = Result<T, E>>,
    T: Into<JsValue>,
    E: Into<JsValue>,
{
    type Item = Result<JsValue, JsValue>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(self.0.as_mut().poll_next(context));
        Poll::Ready(item.map(|item| item.map(T::into).map_err(E::into)))
    }
}
