//! Comma-separated values (RFC 4180).

use memchr::{memchr, memchr2, memchr3};

use super::csv_options::{CsvOptions, Ragged};
use super::marks::{BLOCK, Marks};
use super::saved::{StateReader, StateWriter};
use super::text::{Output, TextCodec, TextParser};
use super::utf8::Utf8;
use super::{CodecError, ErrorCode, Records};

const NAME: &str = "csv";

/// A byte that is nowhere in UTF-8.
const NONE: u8 = 0xff;

/// Splits text into rows of fields, quotes removed.
///
/// Rows end with LF or CRLF, the last one also with the text. A CR elsewhere is text. A quote that is
/// not at the start of a field is text as well, unless the field began with one.
///
/// ```
/// use tidegate::codec::{Chain, Csv, CsvOptions};
///
/// let csv = Csv::new(CsvOptions::default()).unwrap();
/// let mut chain = Chain::new(vec![Box::new(csv)]);
/// chain.input(6).copy_from_slice(b"a,\"b\"\n");
/// chain.commit(6);
/// chain.run()?;
/// assert_eq!(&chain.batch().records().next().unwrap()[1], "b");
/// # Ok::<(), tidegate::codec::CodecError>(())
/// ```
pub type Csv = TextCodec<Parser>;

impl Csv {
    /// A parser at the start of a text. None if quote, escape and comment, as far as there are any, are not
    /// different ASCII characters other than CR and LF, or the delimiter has one of them in it or is a byte that is not ASCII: then text could not be told from structure.
    ///
    /// ```
    /// use tidegate::codec::{Csv, CsvOptions};
    ///
    /// assert!(Csv::new(CsvOptions::default().delimiter(b';')).is_some());
    /// assert!(Csv::new(CsvOptions::default().delimiter(b'"')).is_none()); // the quote
    /// ```
    pub fn new(options: CsvOptions) -> Option<Self> {
        let CsvOptions {
            quote,
            escape,
            comment,
            ..
        } = options;
        let delimiter = options.delimiter.as_bytes();
        let is_line_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
        if delimiter.iter().any(is_line_end) || (delimiter.len() == 1 && !delimiter.is_ascii()) {
            return None;
        }
        let given = [quote, escape, comment];
        for (at, byte) in given
            .iter()
            .enumerate()
            .filter_map(|(at, byte)| Some((at, (*byte)?)))
        {
            let is_usable = byte.is_ascii() && !is_line_end(&byte) && !delimiter.contains(&byte);
            if !is_usable || given[..at].contains(&Some(byte)) {
                return None;
            }
        }
        let parser = Parser {
            delimiter: delimiter[0],
            is_long: delimiter.len() > 1,
            matched: 0,
            after_return: false,
            options,
            quote: quote.unwrap_or(NONE),
            comment: comment.unwrap_or(NONE),
            state: if options.skip_lines > 0 {
                State::Skipped(options.skip_lines)
            } else {
                State::FieldStart
            },
            held_return: false,
            quote_offset: 0,
            row: Row::default(),
            width: options.width.map(u64::from),
            rows: 0,
        };
        let utf8 = Utf8::new(NAME, options.fatal, options.ignore_bom);
        Some(Self::of(utf8, parser, Records::of_rows()))
    }
}

#[cfg(any(tidegate_family = "csv", test))]
impl Csv {
    /// Takes another delimiter, an ASCII character that is not another mark, before the first step.
    pub(super) fn set_delimiter(&mut self, delimiter: u8) {
        self.parser.options.delimiter = delimiter.into();
        self.parser.delimiter = delimiter;
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No byte of the field has come.
    FieldStart,
    /// In a field that did not begin with a quote.
    Unquoted,
    /// Between the quotes.
    Quoted,
    /// Behind a quote in a quoted field: the end of the field, or half of an escaped quote.
    AfterQuote,
    /// Behind an escape in a quoted field.
    Escaped,
    /// In one of the lines that are no rows, of which there are this many.
    Skipped(u32),
}

/// The row being read.
#[derive(Debug, Default)]
struct Row {
    /// The offset of its first byte, once that has come.
    start: Option<u64>,
    /// Fields that have ended.
    fields: u64,
    /// Bytes put.
    bytes: usize,
}

/// The parser of [`Csv`].
#[derive(Debug)]
pub struct Parser {
    options: CsvOptions,
    /// The first byte of that of the options.
    delimiter: u8,
    /// The delimiter has more bytes.
    is_long: bool,
    /// The text so far ends with so many bytes of a long delimiter, outside of quotes; they are held.
    matched: usize,
    /// The text so far ends with a CR that has ended a row, to which an LF belongs.
    after_return: bool,
    /// That of the options, or [`NONE`]; likewise the comment.
    quote: u8,
    comment: u8,
    state: State,
    /// The text so far ends with a CR outside of quotes, which is text unless LF follows.
    held_return: bool,
    /// The offset of the quote that opened the field.
    quote_offset: u64,
    row: Row,
    width: Option<u64>,
    /// Rows that have ended.
    rows: u64,
}

impl Parser {
    fn error(&self, code: ErrorCode, offset: u64, detail: String) -> CodecError {
        CodecError::new(NAME, code, offset, detail)
    }

    fn check_length(&self) -> Result<(), CodecError> {
        if self.row.bytes <= self.options.max_bytes {
            return Ok(());
        }
        let detail = format!("a row may have {} bytes", self.options.max_bytes);
        Err(self.error(
            ErrorCode::TooLong,
            self.row.start.unwrap_or_default(),
            detail,
        ))
    }

    fn put(&mut self, text: &[u8], output: &mut Output<'_>) {
        output.put(text);
        self.row.bytes += text.len();
    }

    fn end_field(&mut self, output: &mut Output<'_>) {
        // What reads the produced text knows where fields end, and wants one byte there.
        output.end_field(if self.is_long { b',' } else { self.delimiter });
        self.row.bytes += 1;
        self.row.fields += 1;
        self.state = State::FieldStart;
    }

    /// Ends the row with the field that was ended last. The next one begins at `next`.
    fn end_row(&mut self, next: u64, output: &mut Output<'_>) -> Result<(), CodecError> {
        self.check_length()?;
        let fields = self.row.fields;
        self.rows += 1;
        let width = *self.width.get_or_insert(fields);
        if fields != width && self.options.ragged == Ragged::Error {
            let detail = format!("row {} has {fields}, not {width}", self.rows);
            let start = self.row.start.unwrap_or_default();
            return Err(self.error(ErrorCode::RaggedRow, start, detail));
        }
        let start = self.row.start.unwrap_or_default();
        output.records.end_row_from(start);
        self.row = Row {
            start: Some(next),
            fields: 0,
            bytes: 0,
        };
        Ok(())
    }

    fn is_skipped_line(&self) -> bool {
        self.row.fields == 0 && self.state == State::FieldStart && !self.options.keep_empty_lines
    }

    /// LF, or the end of the text, outside of quotes.
    fn end_line(&mut self, next: u64, output: &mut Output<'_>) -> Result<(), CodecError> {
        if self.is_skipped_line() {
            self.row.start = Some(next);
            return Ok(());
        }
        self.end_field(output);
        self.end_row(next, output)
    }

    fn stray(&self, offset: u64) -> Result<(), CodecError> {
        self.check_length()?;
        let detail = "a delimiter or the end of the row must follow the closing quote";
        Err(self.error(ErrorCode::StrayQuote, offset, detail.into()))
    }

    /// The held CR turned out to be text.
    fn release_return(&mut self, offset: u64, output: &mut Output<'_>) -> Result<(), CodecError> {
        self.held_return = false;
        if self.state == State::AfterQuote {
            return self.stray(offset);
        }
        self.state = State::Unquoted;
        self.put(b"\r", output);
        Ok(())
    }

    /// The held beginning of a long delimiter turned out to be text, as far as it is no beginning of another; `offset` is behind it.
    fn release_delimiter(
        &mut self,
        offset: u64,
        whole: bool,
        output: &mut Output<'_>,
    ) -> Result<(), CodecError> {
        let delimiter = self.options.delimiter;
        let held = &delimiter.as_bytes()[..self.matched];
        if self.state == State::AfterQuote {
            return self.stray(offset - held.len() as u64);
        }
        let mut released = 1;
        while !held.starts_with(&held[released..]) {
            released += 1;
        }
        if whole {
            released = held.len();
        }
        self.put(&held[..released], output);
        self.matched -= released;
        self.state = State::Unquoted;
        Ok(())
    }

    /// A CR outside of quotes, behind which the text goes on at `next`.
    fn push_return(&mut self, next: u64, output: &mut Output<'_>) -> Result<(), CodecError> {
        if self.options.cr_ends_row {
            self.after_return = true;
            return self.end_line(next, output);
        }
        self.held_return = true;
        Ok(())
    }

    /// As `push_plain`, where the delimiter has several bytes. Stops at the first of them as well.
    fn push_plain_long(&mut self, text: &[u8], output: &mut Output<'_>) -> usize {
        let end = memchr3(self.delimiter, b'\n', b'\r', text).unwrap_or(text.len());
        if end > 0 {
            self.put(&text[..end], output);
            self.state = State::Unquoted;
        }
        end
    }

    /// Reads text outside of quotes: put as it is, in as few pieces as can be. Stops at a quote that begins a field, at a comment and at a CR;
    /// says how much it has read.
    fn push_plain(
        &mut self,
        text: &[u8],
        offset: u64,
        output: &mut Output<'_>,
    ) -> Result<usize, CodecError> {
        let marks = Marks::new([self.delimiter, self.quote, b'\n', b'\r']);
        // Of `text`, what is before `put` has been put, what is before `field` is before this field,
        // and what is before `counted` is in `row.bytes` or belongs to earlier rows.
        let (mut put, mut field, mut counted) = (0, 0, 0);
        let mut end = text.len();
        'text: for block in (0..text.len()).step_by(BLOCK) {
            for mark in marks.find(&text[block..]) {
                let at = block + mark;
                let byte = text[at];
                if at > field {
                    self.state = State::Unquoted;
                }
                if byte == b'\r' || byte == self.quote {
                    if byte != b'\r' && self.state == State::Unquoted {
                        continue;
                    }
                    end = at;
                    break 'text;
                }
                field = at + 1;
                let ends_row = byte == b'\n';
                let next = offset + field as u64;
                if ends_row && self.is_skipped_line() {
                    output.put(&text[put..at]);
                    put = field;
                    counted = field;
                    self.row.start = Some(next);
                    if text.get(field) == Some(&self.comment) {
                        end = field;
                        break 'text;
                    }
                    continue;
                }
                output.records.end_field(at - put);
                self.row.fields += 1;
                self.state = State::FieldStart;
                if ends_row {
                    self.row.bytes += field - counted;
                    counted = field;
                    if let Err(error) = self.end_row(next, output) {
                        // The rows before are recorded, so their text must be there.
                        output.put(&text[put..field]);
                        return Err(error);
                    }
                    if text.get(field) == Some(&self.comment) {
                        end = field;
                        break 'text;
                    }
                }
            }
        }
        if end > field {
            self.state = State::Unquoted;
        }
        output.put(&text[put..end]);
        self.row.bytes += end - counted;
        Ok(end)
    }
}

impl TextParser for Parser {
    fn push(
        &mut self,
        text: &[u8],
        offset: u64,
        output: &mut Output<'_>,
    ) -> Result<(), CodecError> {
        let CsvOptions { escape, .. } = self.options;
        let Self {
            delimiter,
            quote,
            comment,
            ..
        } = *self;
        if !text.is_empty() {
            self.row.start.get_or_insert(offset);
        }
        let mut at = 0;
        while at < text.len() {
            let here = offset + at as u64;
            let byte = text[at];
            if self.after_return {
                self.after_return = false;
                if byte == b'\n' {
                    at += 1;
                    self.row.start = Some(here + 1);
                    continue;
                }
            }
            if self.matched > 0 {
                let delimiter = self.options.delimiter;
                if byte != delimiter.as_bytes()[self.matched] {
                    self.release_delimiter(here, false, output)?;
                    continue;
                }
                at += 1;
                self.matched += 1;
                if self.matched == delimiter.as_bytes().len() {
                    self.matched = 0;
                    self.end_field(output);
                }
                continue;
            }
            if self.held_return {
                if byte == b'\n' {
                    self.held_return = false;
                    self.end_line(here + 1, output)?;
                    at += 1;
                } else {
                    self.release_return(here - 1, output)?;
                }
                continue;
            }
            let rest = &text[at..];
            match self.state {
                State::FieldStart if byte == comment && self.row.fields == 0 => {
                    self.state = State::Skipped(1);
                }
                State::Skipped(lines) => {
                    let end = if self.options.cr_ends_row {
                        memchr2(b'\n', b'\r', rest)
                    } else {
                        memchr(b'\n', rest)
                    };
                    self.after_return = end.is_some_and(|end| rest[end] == b'\r');
                    at += end.map_or(rest.len(), |end| end + 1);
                    if end.is_some() {
                        self.row.start = Some(offset + at as u64);
                        self.state = match lines {
                            1 => State::FieldStart,
                            _ => State::Skipped(lines - 1),
                        };
                    }
                }
                State::FieldStart if byte == quote => {
                    self.state = State::Quoted;
                    self.quote_offset = here;
                    at += 1;
                }
                State::FieldStart | State::Unquoted => {
                    if self.is_long {
                        at += self.push_plain_long(rest, output);
                    } else {
                        at += self.push_plain(rest, here, output)?;
                    }
                    let next = offset + at as u64 + 1;
                    match text.get(at) {
                        Some(b'\r') => self.push_return(next, output)?,
                        Some(b'\n') if self.is_long => self.end_line(next, output)?,
                        Some(&byte) if self.is_long && byte == delimiter => self.matched = 1,
                        // A quote or a comment.
                        _ => continue,
                    }
                    at += 1;
                }
                State::Quoted => {
                    let end = match escape {
                        Some(escape) => memchr2(quote, escape, rest),
                        None => memchr(quote, rest),
                    };
                    let inside = end.unwrap_or(rest.len());
                    self.put(&rest[..inside], output);
                    at += inside;
                    if end.is_some() {
                        let is_quote = text[at] == quote;
                        self.state = if is_quote {
                            State::AfterQuote
                        } else {
                            State::Escaped
                        };
                        at += 1;
                    }
                }
                State::Escaped => {
                    // An escape before anything else is text.
                    let kept = if byte == quote { None } else { escape };
                    self.put(kept.as_slice(), output);
                    if byte == quote {
                        self.put(&[quote], output);
                    }
                    at += usize::from(byte == quote || Some(byte) == escape);
                    self.state = State::Quoted;
                }
                State::AfterQuote => {
                    at += 1;
                    if byte == quote {
                        self.state = State::Quoted;
                        self.put(&[quote], output);
                    } else if byte == delimiter {
                        if self.is_long {
                            self.matched = 1;
                        } else {
                            self.end_field(output);
                        }
                    } else if byte == b'\n' {
                        self.end_line(here + 1, output)?;
                    } else if byte == b'\r' {
                        self.push_return(here + 1, output)?;
                    } else {
                        return self.stray(here);
                    }
                }
            }
        }
        self.check_length()
    }

    fn finish(&mut self, offset: u64, output: &mut Output<'_>) -> Result<(), CodecError> {
        if self.matched > 0 {
            self.release_delimiter(offset, true, output)?;
        }
        if self.held_return {
            self.release_return(offset.saturating_sub(1), output)?;
        }
        if matches!(self.state, State::Quoted | State::Escaped) {
            let detail = "the input ends inside the field that this quote opened";
            return Err(self.error(ErrorCode::UnclosedQuote, self.quote_offset, detail.into()));
        }
        let is_between_rows = match self.state {
            State::FieldStart => self.row.fields == 0,
            State::Skipped(_) => true,
            _ => false,
        };
        if is_between_rows {
            return Ok(());
        }
        self.end_line(offset, output)
    }

    fn save(&self, state: &mut StateWriter) {
        let (number, lines) = match self.state {
            State::FieldStart => (0, 0),
            State::Unquoted => (1, 0),
            State::Quoted => (2, 0),
            State::AfterQuote => (3, 0),
            State::Escaped => (4, 0),
            State::Skipped(lines) => (5, lines),
        };
        state.number(number);
        state.number(lines.into());
        state.flag(self.held_return);
        state.flag(self.after_return);
        state.number(self.matched as u64);
        state.number(self.quote_offset);
        state.optional(self.row.start);
        state.number(self.row.fields);
        state.number(self.row.bytes as u64);
        state.optional(self.width);
        state.number(self.rows);
    }

    fn restore(&mut self, state: &mut StateReader<'_>) -> Result<(), CodecError> {
        let number = state.number(5)?;
        let lines = state.number(u32::MAX.into())? as u32;
        self.state = match number {
            0 => State::FieldStart,
            1 => State::Unquoted,
            2 => State::Quoted,
            3 => State::AfterQuote,
            4 => State::Escaped,
            _ => State::Skipped(lines),
        };
        // The last of the lines is counted down to none where it ends.
        state.require((number == 5) == (lines > 0))?;
        self.held_return = state.flag()?;
        self.after_return = state.flag()?;
        self.matched = state.size(self.options.delimiter.as_bytes().len() - 1)?;
        // Only one of them is what the text so far ends with.
        let held = [self.held_return, self.after_return, self.matched > 0];
        state.require(held.iter().filter(|&&held| held).count() <= 1)?;
        self.quote_offset = state.count()?;
        self.row.start = state.optional_count()?;
        self.row.fields = state.count()?;
        self.row.bytes = state.size(self.options.max_bytes)?;
        self.width = state.optional_count()?;
        self.rows = state.count()?;
        Ok(())
    }
}
