use std::cell::{Cell, RefCell};
use std::fmt;
use std::marker::PhantomData;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use futures_sink::Sink;
use js_sys::{Error, TypeError};
use wasm_bindgen::prelude::*;

use super::WritableStreamDefaultWriter;
use crate::web::raw::{self, Thenable};
use crate::web::settle::Settling;

/// A JavaScript stream as a [`Sink`] of its chunks.
///
/// It is ready while the stream's queue has room, and flushed once every chunk is written. Once it has failed, everything fails
/// with the same reason. [`WritableStream::into_sink`](super::WritableStream::into_sink) makes one whose drop aborts the
/// stream unless it is closed or has failed, so that data that ends too early does not look complete.
/// [`WritableStreamDefaultWriter::into_sink`] makes one whose drop releases the lock.
///
/// ```no_run
/// use futures_util::SinkExt;
/// # use tidegate::web::WritableStream;
/// # use wasm_bindgen::JsValue;
/// # async fn count(stream: WritableStream) -> Result<(), JsValue> {
/// let mut sink = stream.into_sink();
/// for number in 0..10 {
///     sink.feed(number.into()).await?; // waits while there is backpressure; `send` also waits until it is written
/// }
/// sink.close().await
/// # }
/// ```
#[must_use = "a sink does nothing unless it is polled"]
pub struct IntoSink<'writer> {
    writer: Option<WritableStreamDefaultWriter<'writer>>,
    writes: Rc<Writes>,
    callbacks: Option<Callbacks>,
    ready: Settling,
    close: Settling,
    abort_on_drop: bool,
}

/// For a write that was done, and for one that failed.
type Callbacks = (Closure<dyn Fn()>, Closure<dyn Fn(JsValue)>);

/// What is known of the writes that were begun.
#[derive(Default)]
struct Writes {
    in_flight: Cell<u32>,
    error: RefCell<Option<JsValue>>,
    waker: Cell<Option<Waker>>,
    /// The callbacks of a sink that was dropped, until the last write has settled.
    orphans: RefCell<Option<Callbacks>>,
}

impl Writes {
    fn settled(&self, error: Option<JsValue>) {
        self.in_flight.set(self.in_flight.get() - 1);
        if let Some(error) = error {
            self.error.borrow_mut().get_or_insert(error);
        }
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
        if self.in_flight.get() == 0 {
            // Last: it may drop the callback that is running.
            let orphans = self.orphans.take();
            drop(orphans);
        }
    }
}

// No user code runs while these are between two states.
impl UnwindSafe for IntoSink<'_> {}
impl RefUnwindSafe for IntoSink<'_> {}
impl RefUnwindSafe for Writes {}

impl<'writer> IntoSink<'writer> {
    pub(super) fn new(writer: WritableStreamDefaultWriter<'writer>, abort_on_drop: bool) -> Self {
        Self {
            writer: Some(writer),
            writes: Rc::default(),
            callbacks: None,
            ready: Settling::new(),
            close: Settling::new(),
            abort_on_drop,
        }
    }

    /// Aborts the stream, and waits until its sink has done so.
    ///
    /// ```no_run
    /// # async fn stop(stream: tidegate::web::WritableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// stream.into_sink().abort().await
    /// # }
    /// ```
    pub async fn abort(self) -> Result<(), JsValue> {
        self.abort_with_reason(&JsValue::UNDEFINED).await
    }

    /// Aborts the stream with a reason.
    ///
    /// ```no_run
    /// # async fn stop(stream: tidegate::web::WritableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// stream.into_sink().abort_with_reason(&"the user left".into()).await
    /// # }
    /// ```
    pub async fn abort_with_reason(mut self, reason: &JsValue) -> Result<(), JsValue> {
        match self.writer.take() {
            Some(mut writer) => writer.abort_with_reason(reason).await,
            None => Ok(()),
        }
    }

    /// The reason that the stream failed with, if a write or a close has told it.
    fn check(&self) -> Result<(), JsValue> {
        match &*self.writes.error.borrow() {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    fn fail(&mut self, reason: JsValue) -> JsValue {
        self.writer = None;
        let mut error = self.writes.error.borrow_mut();
        error.get_or_insert(reason).clone()
    }

    fn writer(&self) -> Result<&raw::Writer, JsValue> {
        match &self.writer {
            Some(writer) => Ok(writer.writer()),
            None => Err(TypeError::new("IntoSink: the sink is closed").into()),
        }
    }
}

impl Sink<JsValue> for IntoSink<'_> {
    type Error = JsValue;

    fn poll_ready(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), JsValue>> {
        self.check()?;
        if !self.ready.is_busy() {
            let writer = self.writer()?;
            if writer.desired_size()?.is_some_and(|size| size > 0.0) {
                return Poll::Ready(Ok(()));
            }
            let ready = writer.ready();
            self.ready.start(&ready);
        }
        match ready!(self.ready.poll(context)) {
            Ok(_) => Poll::Ready(Ok(())),
            Err(reason) => Poll::Ready(Err(self.fail(reason))),
        }
    }

    fn start_send(mut self: Pin<&mut Self>, chunk: JsValue) -> Result<(), JsValue> {
        self.check()?;
        let promise = self.writer()?.write(&chunk);
        let this = &mut *self;
        let (written, failed) = this.callbacks.get_or_insert_with(|| {
            let (written, failed) = (this.writes.clone(), this.writes.clone());
            (
                Closure::new(move || written.settled(None)),
                Closure::new(move |reason| failed.settled(Some(reason))),
            )
        });
        this.writes.in_flight.set(this.writes.in_flight.get() + 1);
        promise
            .unchecked_ref::<Thenable>()
            .then(written.as_ref(), failed.as_ref());
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), JsValue>> {
        self.check()?;
        if self.writes.in_flight.get() == 0 {
            return Poll::Ready(Ok(()));
        }
        self.writes.waker.set(Some(context.waker().clone()));
        Poll::Pending
    }

    fn poll_close(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), JsValue>> {
        self.check()?;
        if !self.close.is_busy() {
            if self.writer.is_none() {
                return Poll::Ready(Ok(())); // closed before
            }
            let closed = self.writer()?.close();
            self.close.start(&closed);
        }
        match ready!(self.close.poll(context)) {
            Ok(_) => {
                self.writer = None;
                Poll::Ready(Ok(()))
            }
            Err(reason) => Poll::Ready(Err(self.fail(reason))),
        }
    }
}

impl Drop for IntoSink<'_> {
    fn drop(&mut self) {
        self.writes.waker.take();
        if self.writes.in_flight.get() > 0 {
            self.writes.orphans.replace(self.callbacks.take());
        }
        let failed = self.writes.error.borrow().is_some();
        if let Some(writer) = self.writer.take().filter(|_| self.abort_on_drop && !failed) {
            let reason = Error::new("tidegate: the Rust sink was dropped before it was closed");
            raw::ignore(writer.writer().abort(&reason));
        }
    }
}

impl fmt::Debug for IntoSink<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("IntoSink")
            .field("writer", &self.writer)
            .field("in_flight", &self.writes.in_flight)
            .finish()
    }
}

/// As [`IntoSink`], with items of a type that becomes a [`JsValue`].
///
/// ```no_run
/// use futures_util::SinkExt;
/// # use tidegate::web::{Chunk, WritableStream};
/// # use wasm_bindgen::JsValue;
/// # async fn save(file: WritableStream, parts: Vec<Vec<u8>>) -> Result<(), JsValue> {
/// let mut sink = file.into_typed_sink::<Chunk>();
/// for part in parts {
///     sink.feed(part.into()).await?;
/// }
/// sink.close().await
/// # }
/// ```
#[must_use = "a sink does nothing unless it is polled"]
pub struct IntoTypedSink<'writer, T> {
    sink: IntoSink<'writer>,
    item: PhantomData<fn(T)>,
}

impl<'writer, T> IntoTypedSink<'writer, T> {
    pub(super) fn new(sink: IntoSink<'writer>) -> Self {
        Self {
            sink,
            item: PhantomData,
        }
    }

    /// The sink of JavaScript values.
    ///
    /// ```no_run
    /// # fn values(stream: tidegate::web::WritableStream) {
    /// let values = stream.into_typed_sink::<&str>().into_inner();
    /// # }
    /// ```
    pub fn into_inner(self) -> IntoSink<'writer> {
        self.sink
    }
}

impl<T: Into<JsValue>> Sink<T> for IntoTypedSink<'_, T> {
    type Error = JsValue;

    fn poll_ready(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), JsValue>> {
        Pin::new(&mut self.sink).poll_ready(context)
    }

    fn start_send(mut self: Pin<&mut Self>, item: T) -> Result<(), JsValue> {
        Pin::new(&mut self.sink).start_send(item.into())
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), JsValue>> {
        Pin::new(&mut self.sink).poll_flush(context)
    }

    fn poll_close(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), JsValue>> {
        Pin::new(&mut self.sink).poll_close(context)
    }
}

impl<T> fmt::Debug for IntoTypedSink<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("IntoTypedSink")
            .field(&self.sink)
            .finish()
    }
}
