//! JavaScript's reasons as Rust errors, and back.
use std::error::Error;
use std::fmt;
use std::io;

use js_sys::Reflect;
use wasm_bindgen::prelude::*;

/// A value that JavaScript threw, or that a stream was errored with, as a Rust error.
///
/// It is what an [`io::Error`] of [`IntoAsyncRead`](super::readable::IntoAsyncRead) or
/// [`IntoAsyncWrite`](super::writable::IntoAsyncWrite) holds, so that the value comes back:
///
/// ```no_run
/// use futures_util::AsyncReadExt;
/// use tidegate::web::{JsReason, ReadableStream};
/// use wasm_bindgen::JsValue;
///
/// # async fn first(stream: ReadableStream) -> Result<u8, JsValue> {
/// let mut byte = [0];
/// match stream.into_async_read().read_exact(&mut byte).await {
///     Ok(()) => Ok(byte[0]),
///     Err(error) => Err(JsReason::from(error).into_value()), // the object that the stream was errored with
/// }
/// # }
/// ```
///
/// It is `Send` and `Sync` as every error should be. In a module with threads (the target feature `atomics`) it keeps the
/// message only.
#[derive(Clone)]
pub struct JsReason {
    message: String,
    #[cfg(not(target_feature = "atomics"))]
    value: OneThread,
}

#[cfg(not(target_feature = "atomics"))]
#[derive(Clone)]
struct OneThread(JsValue);

// SAFETY: without atomics a module has one thread.
#[cfg(not(target_feature = "atomics"))]
unsafe impl Send for OneThread {}
// SAFETY: as above.
#[cfg(not(target_feature = "atomics"))]
unsafe impl Sync for OneThread {}

impl JsReason {
    /// Wraps a value.
    ///
    /// ```no_run
    /// use tidegate::web::JsReason;
    ///
    /// let error: Box<dyn std::error::Error + Send + Sync> = JsReason::new("no more rows".into()).into();
    /// assert_eq!(error.to_string(), "no more rows");
    /// ```
    pub fn new(value: JsValue) -> Self {
        Self {
            message: message_of(&value),
            #[cfg(not(target_feature = "atomics"))]
            value: OneThread(value),
        }
    }

    /// The value itself; in a module with threads, an `Error` with its message.
    ///
    /// ```no_run
    /// # use tidegate::web::JsReason;
    /// # use wasm_bindgen::JsValue;
    /// let value = JsValue::from("no more rows");
    /// assert_eq!(JsReason::new(value.clone()).into_value(), value);
    /// ```
    pub fn into_value(self) -> JsValue {
        #[cfg(not(target_feature = "atomics"))]
        return self.value.0;
        #[cfg(target_feature = "atomics")]
        return js_sys::Error::new(&self.message).into();
    }
}

impl From<JsReason> for JsValue {
    fn from(reason: JsReason) -> Self {
        reason.into_value()
    }
}

impl From<JsReason> for io::Error {
    fn from(reason: JsReason) -> Self {
        Self::other(reason)
    }
}

impl From<io::Error> for JsReason {
    /// The reason that the error holds; otherwise a new JavaScript `Error` with its message.
    fn from(error: io::Error) -> Self {
        match error.downcast::<JsReason>() {
            Ok(reason) => reason,
            Err(error) => Self::new(js_sys::Error::new(&error.to_string()).into()),
        }
    }
}

impl fmt::Debug for JsReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("JsReason")
            .field(&self.message)
            .finish()
    }
}

impl fmt::Display for JsReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl Error for JsReason {}

/// `TypeError: what was wrong` of an error, the text of a string, and a description of anything else.
fn message_of(value: &JsValue) -> String {
    let text = |name: &str| Reflect::get(value, &name.into()).ok()?.as_string();
    if let Some(text) = value.as_string() {
        return text;
    }
    match (text("name"), text("message")) {
        (Some(name), Some(message)) if value.is_object() => format!("{name}: {message}"),
        (None, Some(message)) if value.is_object() => message,
        _ => format!("{value:?}"),
    }
}

/// Why a stream of typed items has none.
///
/// ```no_run
/// use futures_util::StreamExt;
/// use tidegate::web::{ItemError, ReadableStream};
///
/// # async fn join(stream: ReadableStream) -> String {
/// let mut texts = stream.into_typed_stream::<String>();
/// let mut all = String::new();
/// while let Some(text) = texts.next().await {
///     match text {
///         Ok(text) => all += &text,
///         Err(ItemError::Item(chunk)) => all += &format!("({chunk:?} is no text)"),
///         Err(_) => break,
///     }
/// }
/// # all
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ItemError<E> {
    /// The stream was errored with this reason.
    Stream(JsValue),
    /// A chunk could not be converted.
    Item(E),
}

impl<E: fmt::Debug> fmt::Display for ItemError<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream(reason) => write!(formatter, "the stream failed: {}", message_of(reason)),
            Self::Item(error) => {
                write!(
                    formatter,
                    "a chunk is not of the type that was asked for: {error:?}"
                )
            }
        }
    }
}

impl<E: fmt::Debug> Error for ItemError<E> {}

impl<E: Into<JsValue>> From<ItemError<E>> for JsValue {
    fn from(error: ItemError<E>) -> Self {
        match error {
            ItemError::Stream(reason) => reason,
            ItemError::Item(error) => error.into(),
        }
    }
}
