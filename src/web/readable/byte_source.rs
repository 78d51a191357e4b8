//! A Rust reader as the source of a JavaScript byte stream.
use std::cell::{Cell, RefCell};
use std::panic::RefUnwindSafe;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures_io::AsyncRead;
use js_sys::{Object, Uint8Array};
use wasm_bindgen::prelude::*;

use crate::web::error::JsReason;
use crate::web::raw::{self, ByobRequest, Controller};
use crate::web::work::{Work, thenable};

/// The most that one read asks for, unless the caller's own length is larger: a larger view is filled in parts.
const MOST: usize = 256 * 1024;

type Reading<R> = (Pin<Box<R>>, Vec<u8>);

struct ByteSource<R> {
    /// With the buffer that it reads into. None while it is polled, and once it is over.
    reader: RefCell<Option<Reading<R>>>,
    cancelled: Cell<bool>,
    /// Of the pull that runs, and only then.
    pull: RefCell<Option<(Controller, Option<ByobRequest>)>>,
    wanted: Cell<usize>,
    waker: Cell<Option<Waker>>,
}

// As for `Source`: a reader that panics is dropped.
impl<R> RefUnwindSafe for ByteSource<R> {}

impl<R: AsyncRead + 'static> Work for ByteSource<R> {
    fn poll(&self, context: &mut Context<'_>) -> Poll<Result<(), JsValue>> {
        let Some((mut reader, mut buffer)) = self.reader.take() else {
            self.pull.take();
            return Poll::Ready(Ok(()));
        };
        let wanted = self.wanted.get();
        if buffer.len() < wanted {
            buffer.resize(wanted, 0);
        }
        let polled = reader.as_mut().poll_read(context, &mut buffer[..wanted]);
        if self.cancelled.get() {
            self.pull.take();
            return Poll::Ready(Ok(()));
        }
        let Poll::Ready(read) = polled else {
            self.reader.replace(Some((reader, buffer)));
            return Poll::Pending;
        };
        let Some((controller, request)) = self.pull.take() else {
            return Poll::Ready(Ok(()));
        };
        Poll::Ready(match read {
            Ok(0) => {
                // A stream that was errored otherwise refuses both.
                let _ = controller.close();
                // A pending request ends with the stream only once it is answered.
                let _ = request.map(|request| request.respond(0));
                Ok(())
            }
            Ok(bytes) => deliver(&controller, request, &buffer[..bytes]).map(|()| {
                self.reader.replace(Some((reader, buffer)));
            }),
            Err(error) => Err(JsReason::from(error).into_value()),
        })
    }

    fn waker(&self) -> &Cell<Option<Waker>> {
        &self.waker
    }
}

/// Fills the reader's view, if it is still there and large enough.
fn deliver(
    controller: &Controller,
    request: Option<ByobRequest>,
    bytes: &[u8],
) -> Result<(), JsValue> {
    if let Some(request) = request
        && let Some(view) = request.view()
        && view.length() as usize >= bytes.len()
    {
        let length = bytes.len() as u32;
        if view.length() == length {
            view.copy_from(bytes);
        } else {
            view.subarray(0, length).copy_from(bytes);
        }
        return request.respond(length);
    }
    controller.enqueue(&Uint8Array::from(bytes))
}

/// The underlying byte source of `reader`, whose reads are of `length` bytes unless a view says more or less.
pub(super) fn underlying_byte_source<R: AsyncRead + 'static>(reader: R, length: usize) -> Object {
    let length = length.max(1);
    let most = MOST.max(length);
    let source = Rc::new(ByteSource {
        reader: RefCell::new(Some((Box::pin(reader), Vec::new()))),
        cancelled: Cell::new(false),
        pull: RefCell::new(None),
        wanted: Cell::new(length),
        waker: Cell::new(None),
    });
    let object = Object::new();
    raw::set(&object, "type", &"bytes".into());
    let pulled = thenable(&source);
    let pulling = source.clone();
    let pull = Closure::<dyn Fn(Controller) -> JsValue>::new(move |controller: Controller| {
        let request = controller.byob_request();
        let view = request.as_ref().and_then(ByobRequest::view);
        let wanted = view.map_or(length, |view| (view.length() as usize).min(most));
        pulling.wanted.set(wanted.max(1));
        pulling.pull.replace(Some((controller, request)));
        pulled.clone()
    });
    raw::set(&object, "pull", &pull.into_js_value());
    let cancel = Closure::<dyn Fn()>::new(move || {
        source.cancelled.set(true);
        let reader = source.reader.take();
        if let Some(waker) = source.waker.take() {
            waker.wake();
        }
        drop(reader);
    });
    raw::set(&object, "cancel", &cancel.into_js_value());
    object
}
