//! Promises as futures, for what is awaited once for each chunk.
use std::cell::{Cell, RefCell};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use js_sys::Promise;
use wasm_bindgen::prelude::*;

use super::raw::Thenable;

type Callback = Closure<dyn Fn(JsValue)>;

/// Awaits promises one after the other, all of them with the same two callbacks: a callback costs more than a promise.
///
/// One that is dropped while a promise is pending leaves its callbacks alive until that promise settles.
pub(super) struct Settling {
    shared: Rc<Shared>,
    callbacks: Option<(Callback, Callback)>,
}

#[derive(Default)]
struct Shared {
    pending: Cell<bool>,
    settled: Cell<Option<Result<JsValue, JsValue>>>,
    waker: Cell<Option<Waker>>,
    /// The callbacks of a `Settling` that was dropped: a cycle, which the callback that is called breaks.
    orphans: RefCell<Option<(Callback, Callback)>>,
}

impl Shared {
    fn settle(&self, result: Result<JsValue, JsValue>) {
        self.pending.set(false);
        let orphans = self.orphans.take();
        if orphans.is_none() {
            self.settled.set(Some(result));
        }
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
        // Last: it may drop the callback that is running, which then holds the last reference to `self`.
        drop(orphans);
    }
}

// A value is moved into a cell or out of it in one step, so a panic leaves no half of one behind.
impl UnwindSafe for Settling {}
impl RefUnwindSafe for Settling {}
impl RefUnwindSafe for Shared {}

impl Settling {
    pub(super) fn new() -> Self {
        Self {
            shared: Rc::default(),
            callbacks: None,
        }
    }

    /// Whether a promise was given whose result nobody has taken.
    pub(super) fn is_busy(&self) -> bool {
        let settled = self.shared.settled.take();
        let busy = self.shared.pending.get() || settled.is_some();
        self.shared.settled.set(settled);
        busy
    }

    /// Awaits `promise`. Only while nothing else is awaited.
    pub(super) fn start(&mut self, promise: &Promise) {
        debug_assert!(!self.is_busy());
        let (fulfilled, rejected) = self.callbacks.get_or_insert_with(|| {
            let (fulfilled, rejected) = (self.shared.clone(), self.shared.clone());
            (
                Closure::new(move |value| fulfilled.settle(Ok(value))),
                Closure::new(move |reason| rejected.settle(Err(reason))),
            )
        });
        self.shared.pending.set(true);
        promise
            .unchecked_ref::<Thenable>()
            .then(fulfilled.as_ref(), rejected.as_ref());
    }

    /// The result of the promise that was given, once.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<JsValue, JsValue>> {
        if let Some(result) = self.shared.settled.take() {
            return Poll::Ready(result);
        }
        let waker = match self.shared.waker.take() {
            Some(waker) if waker.will_wake(context.waker()) => waker,
            _ => context.waker().clone(),
        };
        self.shared.waker.set(Some(waker));
        Poll::Pending
    }
}

impl Drop for Settling {
    fn drop(&mut self) {
        self.shared.waker.take();
        if self.shared.pending.get() {
            self.shared.orphans.replace(self.callbacks.take());
        }
    }
}

impl std::fmt::Debug for Settling {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Settling")
            .field("busy", &self.is_busy())
            .finish()
    }
}
