//! What a Rust source or sink does when JavaScript calls one of its methods.
use std::cell::Cell;
use std::future::Future;
use std::panic::RefUnwindSafe;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use js_sys::{Error, Function, Object};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::raw;

/// A source or a sink in the middle of a call of `pull()`, `write()` or `close()`. A stream makes one such call at a time.
pub(super) trait Work: RefUnwindSafe + 'static {
    /// Goes on with the call.
    fn poll(&self, context: &mut Context<'_>) -> Poll<Result<(), JsValue>>;

    /// Who is to be woken when the call is over for another reason: a cancel, or an abort.
    fn waker(&self) -> &Cell<Option<Waker>>;
}

/// What such a method returns: an object that the engine takes for a promise. It calls its `then()` in a microtask of its own.
///
/// So user code is never called from within `read()` or `write()`, which a task may have called while it holds what that
/// code needs, and a call that is over at once costs neither a promise nor a task.
pub(super) fn thenable<W: Work>(work: &Rc<W>) -> JsValue {
    let work = work.clone();
    let then = Closure::<dyn Fn(Function, Function)>::new(move |resolve, reject| {
        let mut call = Call {
            work: work.clone(),
            resolve,
            reject,
            over: false,
        };
        let mut nobody = Context::from_waker(Waker::noop());
        if Pin::new(&mut call).poll(&mut nobody).is_pending() {
            spawn_local(call); // which polls it again, with a waker
        }
    });
    let object = Object::new();
    raw::set(&object, "then", &then.into_js_value());
    object.into()
}

struct Call<W: Work> {
    work: Rc<W>,
    resolve: Function,
    reject: Function,
    over: bool,
}

impl<W: Work> Future for Call<W> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let polled = self.work.poll(context);
        if polled.is_pending() {
            self.work.waker().set(Some(context.waker().clone()));
        }
        let result = ready!(polled);
        self.over = true;
        // These two never throw.
        let _ = match result {
            Ok(()) => self.resolve.call0(&JsValue::UNDEFINED),
            Err(reason) => self.reject.call1(&JsValue::UNDEFINED, &reason),
        };
        Poll::Ready(())
    }
}

impl<W: Work> Drop for Call<W> {
    /// A call that a panic ends: the stream must not wait for it for ever.
    fn drop(&mut self) {
        if !self.over {
            let error = Error::new("tidegate: the Rust source or sink of the stream panicked");
            let _ = self.reject.call1(&JsValue::UNDEFINED, &error);
        }
    }
}
