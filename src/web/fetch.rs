//! The body of an HTTP response as a stream.
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::{FusedStream, Stream};
use js_sys::Object;
use wasm_bindgen::prelude::*;

use super::readable::IntoStream;
use super::settle::Settling;
use super::{Chunk, JsReason, ReadableStream, raw};

#[wasm_bindgen]
extern "C" {
    type AbortController;
    #[wasm_bindgen(constructor)]
    fn new() -> AbortController;
    #[wasm_bindgen(method, getter)]
    fn signal(this: &AbortController) -> JsValue;
    #[wasm_bindgen(method)]
    fn abort(this: &AbortController);

    type Response;
    #[wasm_bindgen(method, getter)]
    fn ok(this: &Response) -> bool;
    #[wasm_bindgen(method, getter)]
    fn status(this: &Response) -> u16;
    #[wasm_bindgen(method, getter)]
    fn url(this: &Response) -> String;
    #[wasm_bindgen(method, getter)]
    fn body(this: &Response) -> Option<raw::Readable>;
}

/// Fetches `url`, and streams the body of the response. Works in pages and in workers.
///
/// The request is sent when the stream is first polled. The engine receives the body as it is read, and its drop aborts the
/// request. A status that is not 2xx is an error, so a page that says "not found" is not taken for a file.
///
/// ```no_run
/// use tidegate::codec::{CsvOptions, decode};
/// use tidegate::web::fetch;
///
/// # async fn total() -> Result<f64, Box<dyn std::error::Error>> {
/// let mut total = 0.0;
/// decode(fetch("animals.csv.gz"))
///     .gunzip(Default::default())
///     .csv(CsvOptions::default())
///     .records()
///     .for_each(|row| total += row[1].parse().unwrap_or(0.0))
///     .await?;
/// # Ok(total)
/// # }
/// ```
pub fn fetch(url: &str) -> Fetch {
    Fetch::new(url.into())
}

/// As [`fetch`], of a request with a method, headers and more. Its own signal aborts as well.
///
/// ```no_run
/// # fn get() -> Result<tidegate::web::Fetch, wasm_bindgen::JsValue> {
/// let request = web_sys::Request::new_with_str("animals.csv")?;
/// Ok(tidegate::web::fetch_request(&request))
/// # }
/// ```
pub fn fetch_request(request: &web_sys::Request) -> Fetch {
    Fetch::new(request.into())
}

/// The stream of [`fetch`].
///
/// ```no_run
/// use futures_util::TryStreamExt;
///
/// # async fn size() -> Result<usize, tidegate::web::FetchError> {
/// let mut body = tidegate::web::fetch("whale.jpg");
/// let mut size = 0;
/// while let Some(bytes) = body.try_next().await? {
///     size += bytes.len();
/// }
/// # Ok(size)
/// # }
/// ```
#[must_use = "a fetch does nothing unless it is polled"]
pub struct Fetch {
    state: State,
}

enum State {
    Ready(JsValue),
    Waiting {
        response: Settling,
        controller: AbortController,
    },
    Body {
        body: IntoStream<'static>,
        controller: AbortController,
    },
    Over,
}

impl Fetch {
    fn new(input: JsValue) -> Self {
        Self {
            state: State::Ready(input),
        }
    }

    fn poll_state(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, FetchError>> {
        loop {
            match &mut self.state {
                State::Ready(input) => {
                    let controller = AbortController::new();
                    let init = Object::new();
                    let signal = signal_of(input, controller.signal());
                    raw::set(&init, "signal", &signal);
                    let mut response = Settling::new();
                    response.start(&raw::fetch(input, &init));
                    self.state = State::Waiting {
                        response,
                        controller,
                    };
                }
                State::Waiting { response, .. } => {
                    let response = ready!(response.poll(context)).map_err(FetchError::failed)?;
                    let response: Response = response.unchecked_into();
                    if !response.ok() {
                        return Poll::Ready(Err(FetchError::Status {
                            status: response.status(),
                            url: response.url(),
                        }));
                    }
                    let Some(body) = response.body() else {
                        return Poll::Ready(Ok(None));
                    };
                    let body = ReadableStream::from_raw(body.unchecked_into())
                        .try_into_stream()
                        .map_err(|(error, _)| FetchError::failed(error.into()))?;
                    if let State::Waiting { controller, .. } =
                        std::mem::replace(&mut self.state, State::Over)
                    {
                        self.state = State::Body { body, controller };
                    }
                }
                State::Body { body, .. } => {
                    return Poll::Ready(match ready!(Pin::new(body).poll_next(context)) {
                        Some(Ok(chunk)) => Chunk::try_from(chunk)
                            .map(|chunk| Some(chunk.into_bytes()))
                            .map_err(FetchError::failed),
                        Some(Err(reason)) => Err(FetchError::failed(reason)),
                        None => Ok(None),
                    });
                }
                State::Over => return Poll::Ready(Ok(None)),
            }
        }
    }

    /// Aborts what is not over.
    fn stop(&mut self) {
        if let State::Waiting { controller, .. } | State::Body { controller, .. } =
            std::mem::replace(&mut self.state, State::Over)
        {
            controller.abort();
        }
    }
}

/// A signal that follows both: that of a request, if there is one, and ours.
fn signal_of(input: &JsValue, ours: JsValue) -> JsValue {
    let get = |of: &JsValue, name: &str| js_sys::Reflect::get(of, &name.into()).unwrap_or_default();
    let theirs = get(input, "signal");
    if !input.is_object() || !theirs.is_object() {
        return ours;
    }
    let class: JsValue = raw::global("AbortSignal").unwrap_or_default().into();
    let both = js_sys::Array::of2(&theirs, &ours);
    get(&class, "any")
        .dyn_ref::<js_sys::Function>()
        .and_then(|any| any.call1(&class, &both).ok())
        .unwrap_or(theirs) // Chromium before 116 has no any(): the caller's own signal counts
}

impl Stream for Fetch {
    type Item = Result<Bytes, FetchError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(self.poll_state(context)).transpose();
        match &item {
            Some(Ok(_)) => {}
            Some(Err(_)) => self.stop(),
            // Complete: there is nothing to abort.
            None => self.state = State::Over,
        }
        Poll::Ready(item)
    }
}

impl FusedStream for Fetch {
    fn is_terminated(&self) -> bool {
        matches!(self.state, State::Over)
    }
}

impl Drop for Fetch {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for Fetch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Ready(_) => "ready",
            State::Waiting { .. } => "waiting",
            State::Body { .. } => "body",
            State::Over => "over",
        };
        formatter.debug_tuple("Fetch").field(&state).finish()
    }
}

/// Why a [`fetch`] failed.
///
/// ```no_run
/// use futures_util::TryStreamExt;
/// use tidegate::web::{FetchError, fetch};
///
/// # async fn exists() -> Result<bool, FetchError> {
/// match fetch("whale.jpg").try_next().await {
///     Ok(_) => Ok(true),
///     Err(FetchError::Status { status: 404, .. }) => Ok(false),
///     Err(error) => Err(error),
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum FetchError {
    /// The response has a status that is not 2xx.
    #[non_exhaustive]
    Status {
        /// The status.
        status: u16,
        /// Where the response came from, after redirects.
        url: String,
    },
    /// There was no response, or its body broke off: what the engine's fetch failed with.
    Failed(JsReason),
}

impl FetchError {
    fn failed(reason: JsValue) -> Self {
        Self::Failed(JsReason::new(reason))
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status { status, url } => {
                write!(
                    formatter,
                    "fetch(): {url} was answered with status {status}"
                )
            }
            Self::Failed(reason) => write!(formatter, "fetch(): {reason}"),
        }
    }
}

impl Error for FetchError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Status { .. } => None,
            Self::Failed(reason) => Some(reason),
        }
    }
}

impl From<FetchError> for JsValue {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Failed(reason) => reason.into_value(),
            status => js_sys::Error::new(&status.to_string()).into(),
        }
    }
}
