//! The codec of everything that reads text: it decodes UTF-8 and feeds a parser.

use super::saved::{StateReader, StateWriter};
use super::utf8::{Piece, Utf8};
use super::{Codec, CodecError, Fault, Records, Status, Step};

const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// Room kept free for what a parser may write beyond one byte for each byte it reads: a held-back
/// carriage return or beginning of a delimiter, and separators at the end. With it, [`MIN_OUTPUT`](super::MIN_OUTPUT) has room for a character.
const SLACK: usize = 12;

/// Of a saved state.
const VERSION: u8 = 1;

/// Where a parser writes. It never runs out: the caller gives a parser no more than fits.
pub struct Output<'a> {
    bytes: &'a mut [u8],
    length: usize,
    pub(crate) records: &'a mut Records,
}

impl Output<'_> {
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        self.bytes[self.length..self.length + bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
        self.records.advance(bytes.len());
    }

    /// Ends the field that the output ends with.
    pub(crate) fn end_field(&mut self, separator: u8) {
        self.records.end_field(0);
        self.put(&[separator]);
    }
}

/// A parser of valid UTF-8 split between characters. It writes at most one byte for each byte it
/// reads, and [`SLACK`] more.
pub trait TextParser {
    /// Reads `text`, whose first byte has `offset` bytes of input before it.
    fn push(&mut self, text: &[u8], offset: u64, output: &mut Output<'_>)
    -> Result<(), CodecError>;

    /// The text has ended, after `offset` bytes of input.
    fn finish(&mut self, offset: u64, output: &mut Output<'_>) -> Result<(), CodecError>;

    fn save(&self, state: &mut StateWriter);

    /// Refuses a state in which the parser could panic.
    fn restore(&mut self, state: &mut StateReader<'_>) -> Result<(), CodecError>;
}

/// A codec that reads text. What it gives is its parser's: see [`Lines`](super::Lines) and [`Csv`](super::Csv).
///
/// ```
/// use tidegate::codec::{Codec, Csv, CsvOptions, Lines, LinesOptions};
///
/// let codecs: [Box<dyn Codec>; 2] = [
///     Box::new(Lines::new(LinesOptions::default())),
///     Box::new(Csv::new(CsvOptions::default()).unwrap()),
/// ];
/// assert_eq!(codecs.map(|codec| codec.name()), ["lines", "csv"]);
/// ```
#[derive(Debug)]
pub struct TextCodec<P> {
    utf8: Utf8,
    pub(super) parser: P,
    records: Records,
}

impl<P> TextCodec<P> {
    pub(crate) fn of(utf8: Utf8, parser: P, records: Records) -> Self {
        Self {
            utf8,
            parser,
            records,
        }
    }
}

impl<P: TextParser + Send> Codec for TextCodec<P> {
    fn name(&self) -> &'static str {
        self.utf8.codec()
    }

    fn step(&mut self, input: &[u8], output: &mut [u8], last: bool) -> Result<Step, Fault> {
        let mut output = Output {
            bytes: output,
            length: 0,
            records: &mut self.records,
        };
        let result = feed(&mut self.utf8, &mut self.parser, input, &mut output, last);
        let produced = output.length;
        match result {
            Ok((status, consumed)) if !output.records.is_exhausted() => Ok(Step {
                status,
                consumed,
                produced,
            }),
            Ok(_) => Err(Fault {
                error: CodecError::out_of_memory(self.utf8.codec(), self.utf8.offset()),
                produced,
            }),
            Err(error) => Err(Fault { error, produced }),
        }
    }

    #[cfg(not(tidegate_npm))]
    fn save(&self) -> Result<Vec<u8>, CodecError> {
        let mut state = StateWriter::new(self.name(), VERSION);
        self.utf8.save(&mut state);
        self.parser.save(&mut state);
        state.finish()
    }

    #[cfg(not(tidegate_npm))]
    fn restore(&mut self, state: &[u8]) -> Result<(), CodecError> {
        let mut state = StateReader::new(self.name(), VERSION, state)?;
        self.utf8.restore(&mut state)?;
        self.parser.restore(&mut state)?;
        state.finish()
    }

    fn records(&mut self) -> Option<&mut Records> {
        Some(&mut self.records)
    }
}

/// Returns why the step ends and how much input it used.
fn feed(
    utf8: &mut Utf8,
    parser: &mut impl TextParser,
    input: &[u8],
    output: &mut Output<'_>,
    last: bool,
) -> Result<(Status, usize), CodecError> {
    let mut consumed = 0;
    loop {
        let room = (output.bytes.len() - output.length).saturating_sub(SLACK);
        if room < 4 {
            return Ok((Status::NeedOutput, consumed));
        }
        let offset = utf8.offset();
        let (piece, used) = utf8.next(&input[consumed..], room, last)?;
        match piece {
            Piece::Input(length) => {
                parser.push(&input[consumed..consumed + length], offset, output)?;
            }
            Piece::Joined(bytes, length) => parser.push(&bytes[..length], offset, output)?,
            Piece::Replacement => parser.push(REPLACEMENT, offset, output)?,
            Piece::None => {
                if !last {
                    return Ok((Status::NeedInput, consumed + used));
                }
                parser.finish(offset, output)?;
                return Ok((Status::Finished, consumed + used));
            }
        }
        consumed += used;
    }
}
