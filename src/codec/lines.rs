//! Text into lines.

use memchr::{memchr, memchr_iter, memrchr};

use super::saved::{StateReader, StateWriter};
use super::text::{Output, TextCodec, TextParser};
use super::utf8::Utf8;
use super::{CodecError, ErrorCode, Records};

const NAME: &str = "lines";

/// How to read lines.
///
/// ```
/// use futures_util::StreamExt;
/// use tidegate::codec::{LinesOptions, decode_reader};
///
/// # futures_executor::block_on(async {
/// let options = LinesOptions::default().fatal(true).max_bytes(80);
/// let lines = decode_reader(&b"one\n"[..]).lines(options).records().next().await;
/// assert_eq!(lines.unwrap().unwrap().len(), 1);
/// # });
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct LinesOptions {
    /// Invalid UTF-8 is an error; otherwise it becomes U+FFFD.
    pub fatal: bool,
    /// A byte order mark at the start is text; otherwise it is dropped.
    pub ignore_bom: bool,
    /// The longest line there may be, in bytes of text without its end.
    pub max_bytes: usize,
}

impl Default for LinesOptions {
    fn default() -> Self {
        Self {
            fatal: false,
            ignore_bom: false,
            max_bytes: 1 << 20,
        }
    }
}

impl LinesOptions {
    /// Sets [`fatal`](Self#structfield.fatal).
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use tidegate::codec::{LinesOptions, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let options = LinesOptions::default().fatal(true);
    /// let lines = decode_reader(&b"\xff\n"[..]).lines(options).records().next().await;
    /// assert!(lines.unwrap().is_err()); // it is no UTF-8
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
    /// use tidegate::codec::{LinesOptions, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let options = LinesOptions::default().ignore_bom(true);
    /// let lines = decode_reader("\u{feff}a\n".as_bytes()).lines(options).records().next().await;
    /// assert_eq!(&lines.unwrap().unwrap().iter().next().unwrap()[0], "\u{feff}a");
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
    /// use tidegate::codec::{LinesOptions, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let options = LinesOptions::default().max_bytes(4);
    /// let lines = decode_reader(&b"hello\n"[..]).lines(options).records().next().await;
    /// assert!(lines.unwrap().is_err()); // the line is too long
    /// # });
    /// ```
    pub fn max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }
}

/// Splits text at LF and CRLF. A CR elsewhere is text. The last line need not be ended.
///
/// Each line is followed by one LF in the output, so in the middle of a chain the codec is one that
/// makes all line ends alike.
///
/// ```
/// use tidegate::codec::{Chain, Lines, LinesOptions};
///
/// let mut chain = Chain::new(vec![Box::new(Lines::new(LinesOptions::default()))]);
/// chain.input(9).copy_from_slice(b"one\r\ntwo\n");
/// chain.commit(9);
/// chain.run()?;
/// assert_eq!(chain.batch().bytes, b"one\ntwo\n");
/// # Ok::<(), tidegate::codec::CodecError>(())
/// ```
pub type Lines = TextCodec<Parser>;

impl Lines {
    /// A splitter at the start of a text.
    ///
    /// ```
    /// use tidegate::codec::{Codec, Lines, LinesOptions};
    ///
    /// assert_eq!(Lines::new(LinesOptions::default()).name(), "lines");
    /// ```
    pub fn new(options: LinesOptions) -> Self {
        Self::named(NAME, options, false)
    }

    /// A splitter of JSON values, one a line. Marks and CRs stay in the text, so that the output has the
    /// offsets of the input; invalid UTF-8 is an error.
    #[cfg(tidegate_npm)]
    pub(crate) fn of_json(max_bytes: usize) -> Self {
        let options = LinesOptions::default()
            .fatal(true)
            .ignore_bom(true)
            .max_bytes(max_bytes);
        Self::named("ndjson", options, true)
    }

    fn named(name: &'static str, options: LinesOptions, keeps_returns: bool) -> Self {
        let parser = Parser {
            name,
            max_bytes: options.max_bytes,
            keeps_returns,
            length: 0,
            start: None,
            held_return: false,
        };
        let utf8 = Utf8::new(name, options.fatal, options.ignore_bom);
        Self::of(utf8, parser, Records::of_fields())
    }
}

/// The parser of [`Lines`].
#[derive(Debug)]
pub struct Parser {
    /// The codec's, in errors.
    name: &'static str,
    max_bytes: usize,
    /// A CR is text before LF too.
    keeps_returns: bool,
    /// Bytes of the current line that have been put.
    length: usize,
    /// The offset at which the current line began; none before its first byte.
    start: Option<u64>,
    /// The text so far ends with a CR, which is text unless LF follows.
    held_return: bool,
}

impl Parser {
    fn put(&mut self, text: &[u8], output: &mut Output<'_>) -> Result<(), CodecError> {
        let room = self.max_bytes - self.length;
        if text.len() > room {
            // As much of the line as there would be had it come byte by byte.
            output.put(&text[..room]);
            self.length += room;
            let detail = format!("a line may have {} bytes", self.max_bytes);
            let start = self.start.unwrap_or_default();
            return Err(CodecError::new(
                self.name,
                ErrorCode::TooLong,
                start,
                detail,
            ));
        }
        output.put(text);
        self.length += text.len();
        Ok(())
    }

    /// Takes whole lines in one piece, as far as none of them needs a look: returns how many bytes of `text` they are. One copy of many lines is several
    /// times as fast as one each.
    fn take_lines(&mut self, text: &[u8], output: &mut Output<'_>) -> usize {
        let Some(last) = memrchr(b'\n', text) else {
            return 0;
        };
        let lines = &text[..=last];
        if self.held_return || (!self.keeps_returns && memchr(b'\r', lines).is_some()) {
            return 0;
        }
        let mut taken = 0;
        for end in memchr_iter(b'\n', lines) {
            if self.length + (end - taken) > self.max_bytes {
                break;
            }
            output.records.end_field(end);
            taken = end + 1;
            self.length = 0;
            self.start = None;
        }
        output.put(&lines[..taken]);
        taken
    }

    fn end_line(&mut self, output: &mut Output<'_>) {
        output.end_field(b'\n');
        self.length = 0;
        self.start = None;
        self.held_return = false;
    }
}

impl TextParser for Parser {
    fn push(
        &mut self,
        text: &[u8],
        offset: u64,
        output: &mut Output<'_>,
    ) -> Result<(), CodecError> {
        let mut at = self.take_lines(text, output);
        while at < text.len() {
            self.start.get_or_insert(offset + at as u64);
            if self.held_return && text[at] != b'\n' {
                self.held_return = false;
                self.put(b"\r", output)?;
            }
            let rest = &text[at..];
            let end = memchr(b'\n', rest);
            let line = &rest[..end.unwrap_or(rest.len())];
            let (line, held) = match line {
                [line @ .., b'\r'] if !self.keeps_returns => (line, true),
                _ => (line, false),
            };
            self.put(line, output)?;
            match end {
                Some(end) => {
                    self.end_line(output);
                    at += end + 1;
                }
                None => {
                    self.held_return = held;
                    at = text.len();
                }
            }
        }
        Ok(())
    }

    fn finish(&mut self, _offset: u64, output: &mut Output<'_>) -> Result<(), CodecError> {
        if self.held_return {
            self.put(b"\r", output)?;
        }
        if self.start.is_some() {
            self.end_line(output);
        }
        Ok(())
    }

    fn save(&self, state: &mut StateWriter) {
        state.number(self.length as u64);
        state.optional(self.start);
        state.flag(self.held_return);
    }

    fn restore(&mut self, state: &mut StateReader<'_>) -> Result<(), CodecError> {
        self.length = state.size(self.max_bytes)?;
        self.start = state.optional_count()?;
        self.held_return = state.flag()?;
        Ok(())
    }
}
