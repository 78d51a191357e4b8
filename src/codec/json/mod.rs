//! The items of one large JSON document.

mod grammar;
mod name;
mod path;
mod scan;
mod walk;

use super::Records;
use super::text::TextCodec;
use super::utf8::Utf8;
#[cfg(not(tidegate_npm))]
pub use path::InvalidPath;
pub use path::JsonPath;
use walk::Parser;

const NAME: &str = "json";

/// How to read a document.
///
/// ```
/// use futures_util::StreamExt;
/// use tidegate::codec::{JsonOptions, decode_reader};
///
/// # futures_executor::block_on(async {
/// let options = JsonOptions::default().max_depth(2);
/// let path = "$[*]".parse().unwrap();
/// let mut items = decode_reader(&b"[[[]]]"[..]).json(path, options).records();
/// assert!(items.next().await.unwrap().is_err()); // three arrays are open
/// # });
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct JsonOptions {
    /// The longest item there may be, in bytes of text. By default 16 MiB.
    pub max_bytes: usize,
    /// The most arrays and objects that may be open at a time. By default 1,024.
    pub max_depth: usize,
    /// A document without anything at the path is an error; otherwise it has no items. An empty array or object is never one.
    pub missing_is_error: bool,
}

impl Default for JsonOptions {
    fn default() -> Self {
        Self {
            max_bytes: 1 << 24,
            max_depth: 1024,
            missing_is_error: true,
        }
    }
}

impl JsonOptions {
    /// Sets [`max_bytes`](Self#structfield.max_bytes).
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use tidegate::codec::{JsonOptions, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let options = JsonOptions::default().max_bytes(4);
    /// let path = "$[*]".parse().unwrap();
    /// let mut items = decode_reader(&b"[12345]"[..]).json(path, options).records();
    /// assert!(items.next().await.unwrap().is_err()); // the item is too long
    /// # });
    /// ```
    pub fn max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// Sets [`max_depth`](Self#structfield.max_depth).
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use tidegate::codec::{JsonOptions, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let options = JsonOptions::default().max_depth(1);
    /// let path = "$[*]".parse().unwrap();
    /// let mut items = decode_reader(&b"[1, {}]"[..]).json(path, options).records();
    /// assert!(items.next().await.unwrap().is_ok()); // what is before the fault comes first
    /// assert!(items.next().await.unwrap().is_err());
    /// # });
    /// ```
    pub fn max_depth(mut self, max_depth: usize) -> Self {
        self.max_depth = max_depth;
        self
    }

    /// Sets [`missing_is_error`](Self#structfield.missing_is_error).
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use tidegate::codec::{JsonOptions, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let options = JsonOptions::default().missing_is_error(false);
    /// let path = "$.items[*]".parse().unwrap();
    /// let mut items = decode_reader(&b"{}"[..]).json(path, options).records();
    /// assert!(items.next().await.is_none());
    /// # });
    /// ```
    pub fn missing_is_error(mut self, missing_is_error: bool) -> Self {
        self.missing_is_error = missing_is_error;
        self
    }
}

/// Gives the text of each value that a path leads to in one JSON document (RFC 8259), in their order there, without holding more than one.
///
/// The whole document is checked, also what is not asked for: it must be one JSON text, in UTF-8, and end. What comes of a name that an object
/// has twice is both. In the output a line feed is behind each item.
///
/// ```
/// use tidegate::codec::{Chain, Json, JsonOptions};
///
/// let path = "$.features[*].name".parse()?;
/// let mut chain = Chain::new(vec![Box::new(Json::new(path, JsonOptions::default()))]);
/// let text = br#"{"type": "all", "features": [{"name": "Rhine"}, {"name": "Elbe", "length": 1094}]}"#;
/// chain.input(text.len()).copy_from_slice(text);
/// chain.commit(text.len());
/// chain.end_input();
/// chain.run()?;
/// let names: Vec<_> = chain.batch().records().map(|item| item[0].to_owned()).collect();
/// assert_eq!(names, ["\"Rhine\"", "\"Elbe\""]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type Json = TextCodec<Parser>;

impl Json {
    /// A reader at the start of a document.
    ///
    /// ```
    /// use tidegate::codec::{Codec, Json, JsonOptions};
    ///
    /// let json = Json::new("$[*]".parse()?, JsonOptions::default());
    /// assert_eq!(json.name(), "json");
    /// # Ok::<(), tidegate::codec::InvalidPath>(())
    /// ```
    pub fn new(path: JsonPath, options: JsonOptions) -> Self {
        Self::with(path, options, b'\n', Records::of_fields())
    }

    /// As JavaScript has it: with a comma behind each field, so that the text of several is JSON but for the brackets. With `entries`, a record is
    /// a row. If the path ends with a wildcard, the row of a member has its name before the value, and that of an array's first element 0.
    #[cfg(tidegate_npm)]
    pub(crate) fn for_npm(path: JsonPath, options: JsonOptions, entries: bool) -> Self {
        let records = if entries {
            Records::of_rows()
        } else {
            Records::of_fields()
        };
        Self::with(path, options, b',', records)
    }

    fn with(path: JsonPath, options: JsonOptions, separator: u8, records: Records) -> Self {
        let parser = Parser::new(path, options, separator, records.has_rows());
        Self::of(Utf8::new(NAME, true, false), parser, records)
    }
}
