//! How zstd is made.

use super::matches::LEVELS;

/// How to compress as zstd.
///
/// ```
/// use tidegate::codec::ZstdCompressOptions;
///
/// let options = ZstdCompressOptions::default();
/// assert_eq!((options.level, options.checksum), (3, true));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ZstdCompressOptions {
    /// From 1, the fastest, to 4, the smallest. More is 4.
    pub level: u8,
    /// Whether the frame ends with a checksum, by which a decoder finds faults. By default it does.
    pub checksum: bool,
    /// How many bytes there will be, for the header to say it. Other than so many are an error.
    pub content_size: Option<u64>,
    /// A dictionary: one in the format of RFC 8878, 5, or any bytes, which are raw content. A decoder needs the same.
    pub dictionary: Option<Vec<u8>>,
}

pub(super) const DEFAULT_LEVEL: u8 = 3;

impl Default for ZstdCompressOptions {
    fn default() -> Self {
        Self {
            level: DEFAULT_LEVEL,
            checksum: true,
            content_size: None,
            dictionary: None,
        }
    }
}

impl ZstdCompressOptions {
    /// The highest level.
    ///
    /// ```
    /// use tidegate::codec::ZstdCompressOptions;
    ///
    /// let options = ZstdCompressOptions::default().level(ZstdCompressOptions::HIGHEST);
    /// assert!(options.level > 1);
    /// ```
    pub const HIGHEST: u8 = LEVELS.len() as u8;

    /// Sets [`level`](Self#structfield.level).
    ///
    /// ```
    /// use tidegate::codec::ZstdCompressOptions;
    ///
    /// assert_eq!(ZstdCompressOptions::default().level(1).level, 1);
    /// ```
    pub fn level(mut self, level: u8) -> Self {
        self.level = level;
        self
    }

    /// Sets [`checksum`](Self#structfield.checksum).
    ///
    /// ```
    /// use tidegate::codec::ZstdCompressOptions;
    ///
    /// assert!(!ZstdCompressOptions::default().checksum(false).checksum);
    /// ```
    pub fn checksum(mut self, checksum: bool) -> Self {
        self.checksum = checksum;
        self
    }

    /// Sets [`content_size`](Self#structfield.content_size).
    ///
    /// ```
    /// use tidegate::codec::ZstdCompressOptions;
    ///
    /// assert_eq!(ZstdCompressOptions::default().content_size(4).content_size, Some(4));
    /// ```
    pub fn content_size(mut self, bytes: impl Into<Option<u64>>) -> Self {
        self.content_size = bytes.into();
        self
    }

    /// Sets [`dictionary`](Self#structfield.dictionary).
    ///
    /// ```
    /// use tidegate::codec::ZstdCompressOptions;
    ///
    /// assert!(ZstdCompressOptions::default().dictionary(b"common text".to_vec()).dictionary.is_some());
    /// ```
    pub fn dictionary(mut self, bytes: impl Into<Option<Vec<u8>>>) -> Self {
        self.dictionary = bytes.into();
        self
    }
}
