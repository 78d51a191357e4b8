//! How zstd is read.

use crate::codec::Trailing;

/// What RFC 8878, 3.1.1.1.2, recommends that every decoder supports, and RFC 9659 allows on the web.
pub(super) const DEFAULT_WINDOW: u64 = 8 << 20;

/// How to unpack zstd.
///
/// ```
/// use tidegate::codec::{Trailing, ZstdDecompressOptions};
///
/// let options = ZstdDecompressOptions::default();
/// assert_eq!((options.trailing, options.max_window_bytes), (Trailing::Error, 8 << 20));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ZstdDecompressOptions {
    /// What to do with bytes that are no frame behind the last frame.
    pub trailing: Trailing,
    /// The most bytes there may be of output, of all frames. By default there is no bound.
    pub max_output_bytes: Option<u64>,
    /// The most bytes of output there may be for each byte of input, and 64 KiB beside. A block counts with all of its bytes. By default there is no
    /// bound. Zstd reaches 32,768.
    pub max_ratio: Option<u32>,
    /// The largest window that a frame may ask for, in bytes: so much memory is kept for matches. By default 8 MiB.
    pub max_window_bytes: u64,
    /// A dictionary: one in the format of RFC 8878, 5, or any bytes, which are raw content.
    pub dictionary: Option<Vec<u8>>,
}

impl Default for ZstdDecompressOptions {
    fn default() -> Self {
        Self {
            trailing: Trailing::default(),
            max_output_bytes: None,
            max_ratio: None,
            max_window_bytes: DEFAULT_WINDOW,
            dictionary: None,
        }
    }
}

impl ZstdDecompressOptions {
    /// Sets [`trailing`](Self#structfield.trailing).
    ///
    /// ```
    /// use tidegate::codec::{Trailing, ZstdDecompressOptions};
    ///
    /// let options = ZstdDecompressOptions::default().trailing(Trailing::Ignore);
    /// assert_eq!(options.trailing, Trailing::Ignore);
    /// ```
    pub fn trailing(mut self, trailing: Trailing) -> Self {
        self.trailing = trailing;
        self
    }

    /// Sets [`max_output_bytes`](Self#structfield.max_output_bytes).
    ///
    /// ```
    /// use tidegate::codec::ZstdDecompressOptions;
    ///
    /// assert_eq!(ZstdDecompressOptions::default().max_output_bytes(4).max_output_bytes, Some(4));
    /// ```
    pub fn max_output_bytes(mut self, bytes: impl Into<Option<u64>>) -> Self {
        self.max_output_bytes = bytes.into();
        self
    }

    /// Sets [`max_ratio`](Self#structfield.max_ratio).
    ///
    /// ```
    /// use tidegate::codec::ZstdDecompressOptions;
    ///
    /// assert_eq!(ZstdDecompressOptions::default().max_ratio(100).max_ratio, Some(100));
    /// ```
    pub fn max_ratio(mut self, ratio: impl Into<Option<u32>>) -> Self {
        self.max_ratio = ratio.into();
        self
    }

    /// Sets [`max_window_bytes`](Self#structfield.max_window_bytes).
    ///
    /// ```
    /// use tidegate::codec::ZstdDecompressOptions;
    ///
    /// assert_eq!(ZstdDecompressOptions::default().max_window_bytes(128 << 20).max_window_bytes, 128 << 20);
    /// ```
    pub fn max_window_bytes(mut self, bytes: u64) -> Self {
        self.max_window_bytes = bytes;
        self
    }

    /// Sets [`dictionary`](Self#structfield.dictionary).
    ///
    /// ```
    /// use tidegate::codec::ZstdDecompressOptions;
    ///
    /// assert!(ZstdDecompressOptions::default().dictionary(b"common text".to_vec()).dictionary.is_some());
    /// ```
    pub fn dictionary(mut self, bytes: impl Into<Option<Vec<u8>>>) -> Self {
        self.dictionary = bytes.into();
        self
    }
}
