use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::AsyncWrite;
use futures_sink::Sink;
use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use super::IntoSink;
use crate::web::JsReason;

/// A JavaScript stream of `Uint8Array`s as an [`AsyncWrite`].
///
/// A write copies its bytes into a chunk of their own; use a `BufWriter` for small writes. A flush waits until everything is
/// written. The drop of one that is not closed aborts the stream, as that of [`IntoSink`] does. Its errors hold a
/// [`JsReason`].
///
/// ```no_run
/// use futures_util::AsyncWriteExt;
/// # use tidegate::web::WritableStream;
/// # async fn save(file: WritableStream) -> std::io::Result<()> {
/// let mut file = file.into_async_write();
/// file.write_all(b"name,size\n").await?;
/// file.close().await
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a writer does nothing unless it is polled"]
pub struct IntoAsyncWrite<'writer> {
    sink: IntoSink<'writer>,
}

impl<'writer> IntoAsyncWrite<'writer> {
    pub(super) fn new(sink: IntoSink<'writer>) -> Self {
        Self { sink }
    }

    /// Aborts the stream, and waits until its sink has done so.
    ///
    /// ```no_run
    /// # async fn stop(stream: tidegate::web::WritableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// stream.into_async_write().abort().await
    /// # }
    /// ```
    pub async fn abort(self) -> Result<(), JsValue> {
        self.sink.abort().await
    }

    /// Aborts the stream with a reason.
    ///
    /// ```no_run
    /// # async fn stop(stream: tidegate::web::WritableStream) -> Result<(), wasm_bindgen::JsValue> {
    /// stream.into_async_write().abort_with_reason(&"the user left".into()).await
    /// # }
    /// ```
    pub async fn abort_with_reason(self, reason: &JsValue) -> Result<(), JsValue> {
        self.sink.abort_with_reason(reason).await
    }

    fn sink(self: Pin<&mut Self>) -> Pin<&mut IntoSink<'writer>> {
        Pin::new(&mut self.get_mut().sink)
    }
}

fn failed(reason: JsValue) -> io::Error {
    JsReason::new(reason).into()
}

impl AsyncWrite for IntoAsyncWrite<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.as_mut().sink().poll_ready(context)).map_err(failed)?;
        let chunk = Uint8Array::from(bytes);
        self.sink().start_send(chunk.into()).map_err(failed)?;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.sink().poll_flush(context).map_err(failed)
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.sink().poll_close(context).map_err(failed)
    }
}
