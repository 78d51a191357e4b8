use web_sys::AbortSignal;

use super::sys;

/// Options of [`pipe_to_with_options`](super::ReadableStream::pipe_to_with_options).
///
/// ```no_run
/// use tidegate::web::readable::PipeOptions;
/// # use tidegate::web::{ReadableStream, WritableStream};
/// # use wasm_bindgen::JsValue;
/// # async fn append(source: &mut ReadableStream, sink: &mut WritableStream) -> Result<(), JsValue> {
/// let mut options = PipeOptions::new();
/// options.prevent_close(true);
/// source.pipe_to_with_options(sink, &options).await
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct PipeOptions {
    raw: sys::PipeOptions,
}

impl PipeOptions {
    /// No option is set.
    ///
    /// ```no_run
    /// let options = tidegate::web::readable::PipeOptions::new();
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the JavaScript object.
    ///
    /// ```no_run
    /// # use tidegate::web::readable::PipeOptions;
    /// let options = PipeOptions::from_raw(web_sys::StreamPipeOptions::new());
    /// ```
    pub fn from_raw(raw: sys::PipeOptions) -> Self {
        Self { raw }
    }

    /// The JavaScript object.
    ///
    /// ```no_run
    /// # use tidegate::web::readable::PipeOptions;
    /// let raw: web_sys::StreamPipeOptions = PipeOptions::new().into_raw();
    /// ```
    pub fn into_raw(self) -> sys::PipeOptions {
        self.raw
    }

    pub(super) fn as_raw(&self) -> &sys::PipeOptions {
        &self.raw
    }

    /// Does not close the sink at the end of the source.
    ///
    /// ```no_run
    /// # use tidegate::web::readable::PipeOptions;
    /// PipeOptions::new().prevent_close(true);
    /// ```
    pub fn prevent_close(&mut self, prevent: bool) -> &mut Self {
        self.raw.set_prevent_close(prevent);
        self
    }

    /// Does not cancel the source when the sink fails.
    ///
    /// ```no_run
    /// # use tidegate::web::readable::PipeOptions;
    /// PipeOptions::new().prevent_cancel(true);
    /// ```
    pub fn prevent_cancel(&mut self, prevent: bool) -> &mut Self {
        self.raw.set_prevent_cancel(prevent);
        self
    }

    /// Does not abort the sink when the source fails.
    ///
    /// ```no_run
    /// # use tidegate::web::readable::PipeOptions;
    /// PipeOptions::new().prevent_abort(true);
    /// ```
    pub fn prevent_abort(&mut self, prevent: bool) -> &mut Self {
        self.raw.set_prevent_abort(prevent);
        self
    }

    /// Stops the pipe when the signal is aborted.
    ///
    /// ```no_run
    /// # use tidegate::web::readable::PipeOptions;
    /// # fn with(signal: web_sys::AbortSignal) {
    /// PipeOptions::new().signal(signal);
    /// # }
    /// ```
    pub fn signal(&mut self, signal: AbortSignal) -> &mut Self {
        self.raw.set_signal(&signal);
        self
    }
}
