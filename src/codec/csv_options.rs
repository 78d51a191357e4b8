//! How comma-separated values are read.

/// What to do with a row that has another number of fields than the first.
///
/// ```
/// use futures_util::StreamExt;
/// use tidegate::codec::{CsvOptions, DecodeError, ErrorCode, Ragged, decode_reader};
///
/// # futures_executor::block_on(async {
/// let text = &b"a,b\nc\n"[..];
/// let mut batches = decode_reader(text).csv(CsvOptions::default().ragged(Ragged::Keep)).records();
/// assert_eq!(batches.next().await.unwrap().unwrap().len(), 2);
///
/// let mut batches = decode_reader(text).csv(CsvOptions::default()).records();
/// assert_eq!(batches.next().await.unwrap().unwrap().len(), 1); // what is before the error
/// let Some(Err(DecodeError::Codec(error))) = batches.next().await else { panic!() };
/// assert_eq!(error.code, ErrorCode::RaggedRow);
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ragged {
    /// It is an error.
    Error,
    /// It is kept as it is.
    Keep,
}

/// What is between the fields of a row: a byte, or a text of at most eight bytes.
///
/// ```
/// use futures_util::StreamExt;
/// use tidegate::codec::{CsvOptions, Delimiter, decode_reader};
///
/// # futures_executor::block_on(async {
/// let options = CsvOptions::default().delimiter(Delimiter::new("||").unwrap());
/// let rows = decode_reader(&b"a||b|c\n"[..]).csv(options).records().next().await;
/// assert_eq!(&rows.unwrap().unwrap().iter().next().unwrap()[1], "b|c");
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delimiter {
    bytes: [u8; Self::LONGEST],
    length: u8,
}

impl Delimiter {
    pub(super) const LONGEST: usize = 8;

    /// A delimiter of these characters; none if there is no character, or they have more than eight bytes in UTF-8.
    ///
    /// ```
    /// use tidegate::codec::Delimiter;
    ///
    /// assert_eq!(Delimiter::new(";"), Some(Delimiter::from(b';')));
    /// assert_eq!(Delimiter::new(""), None);
    /// ```
    pub fn new(text: &str) -> Option<Self> {
        let mut bytes = [0; Self::LONGEST];
        bytes
            .get_mut(..text.len())?
            .copy_from_slice(text.as_bytes());
        (!text.is_empty()).then_some(Self {
            bytes,
            length: text.len() as u8,
        })
    }

    /// Its bytes.
    ///
    /// ```
    /// use tidegate::codec::Delimiter;
    ///
    /// assert_eq!(Delimiter::from(b',').as_bytes(), b",");
    /// ```
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl From<u8> for Delimiter {
    fn from(byte: u8) -> Self {
        let mut bytes = [0; Self::LONGEST];
        bytes[0] = byte;
        Self { bytes, length: 1 }
    }
}

/// How to read comma-separated values.
///
/// ```
/// use futures_util::StreamExt;
/// use tidegate::codec::{CsvOptions, decode_reader};
///
/// # futures_executor::block_on(async {
/// let options = CsvOptions::default().delimiter(b';').quote(b'\'');
/// let rows = decode_reader(&b"a;'b;c'\n"[..]).csv(options).records().next().await;
/// assert_eq!(&rows.unwrap().unwrap().iter().next().unwrap()[1], "b;c");
/// # });
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CsvOptions {
    /// What is between fields: an ASCII character, or any text of a few bytes.
    pub delimiter: Delimiter,
    /// The byte around fields, ASCII; none where no byte has that meaning.
    pub quote: Option<u8>,
    /// The byte, ASCII, that makes a quote, or one of itself, text inside of quotes. By default two quotes in a row are one that is text, which
    /// holds with an escape as well.
    pub escape: Option<u8>,
    /// The byte, ASCII, that makes a line that begins with it no row. By default there is none.
    pub comment: Option<u8>,
    /// How many lines at the start of the text are no rows, whatever is in them.
    pub skip_lines: u32,
    /// A CR ends a row as well, with or without an LF behind it; otherwise a CR alone is text.
    pub cr_ends_row: bool,
    /// What to do with rows of unequal length.
    pub ragged: Ragged,
    /// The number of fields a row must have; by default as many as the first has.
    pub width: Option<u32>,
    /// Empty lines are rows of one empty field; otherwise they are no rows.
    pub keep_empty_lines: bool,
    /// Invalid UTF-8 is an error; otherwise it becomes U+FFFD.
    pub fatal: bool,
    /// A byte order mark at the start is text; otherwise it is dropped.
    pub ignore_bom: bool,
    /// The longest row there may be: the bytes of its fields, and one more for each.
    pub max_bytes: usize,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self {
            delimiter: b','.into(),
            quote: Some(b'"'),
            escape: None,
            comment: None,
            skip_lines: 0,
            cr_ends_row: false,
            ragged: Ragged::Error,
            width: None,
            keep_empty_lines: false,
            fatal: false,
            ignore_bom: false,
            max_bytes: 1 << 20,
        }
    }
}

impl CsvOptions {
    /// Sets [`delimiter`](Self#structfield.delimiter).
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use tidegate::codec::{CsvOptions, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let options = CsvOptions::default().delimiter(b'\t');
    /// let rows = decode_reader(&b"a\tb\n"[..]).csv(options).records().next().await;
    /// assert_eq!(rows.unwrap().unwrap().iter().next().unwrap().len(), 2);
    /// # });
    /// ```
    pub fn delimiter(mut self, delimiter: impl Into<Delimiter>) -> Self {
        self.delimiter = delimiter.into();
        self
    }

    /// Sets [`quote`](Self#structfield.quote).
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use tidegate::codec::{CsvOptions, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let options = CsvOptions::default().quote(b'\'');
    /// let rows = decode_reader(&b"'a,b',c\n"[..]).csv(options).records().next().await;
    /// assert_eq!(&rows.unwrap().unwrap().iter().next().unwrap()[0], "a,b");
    /// # });
    /// ```
    pub fn quote(mut self, quote: impl Into<Option<u8>>) -> Self {
        self.quote = quote.into();
        self
    }

    /// Sets [`escape`](Self#structfield.escape).
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use tidegate::codec::{CsvOptions, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let options = CsvOptions::default().escape(b'\\');
    /// let rows = decode_reader(&br#""a\"b","c""#[..]).csv(options).records().next().await;
    /// assert_eq!(rows.unwrap().unwrap().iter().next().unwrap().get(0), Some("a\"b"));
    /// # });
    /// ```
    pub fn escape(mut self, escape: impl Into<Option<u8>>) -> Self {
        self.escape = escape.into();
        self
    }

    /// Sets [`comment`](Self#structfield.comment).
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use tidegate::codec::{CsvOptions, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let options = CsvOptions::default().comment(b'#');
    /// let rows = decode_reader(&b"# a comment\na,b\n"[..]).csv(options).records().next().await;
    /// assert_eq!(rows.unwrap().unwrap().len(), 1);
    /// # });
    /// ```
    pub fn comment(mut self, comment: impl Into<Option<u8>>) -> Self {
        self.comment = comment.into();
        self
    }

    /// Sets [`skip_lines`](Self#structfield.skip_lines).
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use tidegate::codec::{CsvOptions, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let options = CsvOptions::default().skip_lines(2);
    /// let rows = decode_reader(&b"A report\n\na,b\n"[..]).csv(options).records().next().await;
    /// assert_eq!(rows.unwrap().unwrap().len(), 1);
    /// # });
    /// ```
    pub fn skip_lines(mut self, lines: u32) -> Self {
        self.skip_lines = lines;
        self
    }

    /// Sets [`cr_ends_row`](Self#structfield.cr_ends_row).
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use tidegate::codec::{CsvOptions, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let options = CsvOptions::default().cr_ends_row(true);
    /// let rows = decode_reader(&b"a,b\rc,d\r\n"[..]).csv(options).records().next().await;
    /// assert_eq!(rows.unwrap().unwrap().len(), 2);
    /// # });
    /// ```
    pub fn cr_ends_row(mut self, cr_ends_row: bool) -> Self {
        self.cr_ends_row = cr_ends_row;
        self
    }

    /// Sets [`ragged`](Self#structfield.ragged).
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use tidegate::codec::{CsvOptions, Ragged, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let options = CsvOptions::default().ragged(Ragged::Keep);
    /// let rows = decode_reader(&b"a,b\nc\n"[..]).csv(options).records().next().await;
    /// assert_eq!(rows.unwrap().unwrap().len(), 2);
    /// # });
    /// ```
    pub fn ragged(mut self, ragged: Ragged) -> Self {
        self.ragged = ragged;
        self
    }

    /// Sets [`width`](Self#structfield.width).
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use tidegate::codec::{CsvOptions, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let options = CsvOptions::default().width(3);
    /// let rows = decode_reader(&b"a,b\n"[..]).csv(options).records().next().await;
    /// assert!(rows.unwrap().is_err()); // it has two fields
    /// # });
    /// ```
    pub fn width(mut self, width: impl Into<Option<u32>>) -> Self {
        self.width = width.into();
        self
    }

    /// Sets [`keep_empty_lines`](Self#structfield.keep_empty_lines).
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use tidegate::codec::{CsvOptions, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let options = CsvOptions::default().keep_empty_lines(true).width(1);
    /// let rows = decode_reader(&b"a\n\nb\n"[..]).csv(options).records().next().await;
    /// assert_eq!(rows.unwrap().unwrap().len(), 3);
    /// # });
    /// ```
    pub fn keep_empty_lines(mut self, keep_empty_lines: bool) -> Self {
        self.keep_empty_lines = keep_empty_lines;
        self
    }

    /// Sets [`fatal`](Self#structfield.fatal).
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use tidegate::codec::{CsvOptions, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let options = CsvOptions::default().fatal(true);
    /// let rows = decode_reader(&b"\xff\n"[..]).csv(options).records().next().await;
    /// assert!(rows.unwrap().is_err()); // it is no UTF-8
    /// # });
    /// ```
    pub fn fatal(mut self, fatal: bool) -> Self {
        self.fatal = fatal;
        self
    }

    /// Sets [`ignore_bom`](Self#structfield.ignore_bom).
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use tidegate::codec::{CsvOptions, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let options = CsvOptions::default().ignore_bom(true);
    /// let rows = decode_reader("\u{feff}a\n".as_bytes()).csv(options).records().next().await;
    /// assert_eq!(&rows.unwrap().unwrap().iter().next().unwrap()[0], "\u{feff}a");
    /// # });
    /// ```
    pub fn ignore_bom(mut self, ignore_bom: bool) -> Self {
        self.ignore_bom = ignore_bom;
        self
    }

    /// Sets [`max_bytes`](Self#structfield.max_bytes).
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use tidegate::codec::{CsvOptions, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let options = CsvOptions::default().max_bytes(4);
    /// let rows = decode_reader(&b"hello\n"[..]).csv(options).records().next().await;
    /// assert!(rows.unwrap().is_err()); // the row is too long
    /// # });
    /// ```
    pub fn max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }
}
