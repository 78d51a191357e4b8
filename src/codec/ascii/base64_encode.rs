//! Bytes as base64.

use base64_simd::AsOut;

use super::base64::Base64Alphabet;
#[cfg(not(tidegate_npm))]
use crate::codec::CodecError;
#[cfg(not(tidegate_npm))]
use crate::codec::saved::{StateReader, StateWriter};
use crate::codec::{Codec, Fault, Status, Step};

const NAME: &str = "base64Encode";
#[cfg(not(tidegate_npm))]
const VERSION: u8 = 1;

/// What is between two lines.
///
/// ```
/// use tidegate::codec::{Base64Encode, Base64EncodeOptions, Codec, LineEnd};
///
/// let options = Base64EncodeOptions::default().line_length(4).line_end(LineEnd::Lf);
/// let mut output = [0; 16];
/// let step = Base64Encode::new(options).step(b"abcdef", &mut output, true).unwrap();
/// assert_eq!(&output[..step.produced], b"YWJj\nZGVm");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LineEnd {
    /// CR and LF, as e-mail has it (RFC 2045, 6.8).
    #[default]
    CrLf,
    /// LF.
    Lf,
}

impl LineEnd {
    const fn bytes(self) -> &'static [u8] {
        match self {
            Self::CrLf => b"\r\n",
            Self::Lf => b"\n",
        }
    }
}

/// How base64 is made.
///
/// ```
/// use tidegate::codec::Base64EncodeOptions;
///
/// let mail = Base64EncodeOptions::default().line_length(76);
/// assert_ne!(mail, Base64EncodeOptions::default());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Base64EncodeOptions {
    pub(crate) alphabet: Base64Alphabet,
    pub(crate) padding: bool,
    /// In groups; 0 for no lines.
    pub(crate) line_groups: usize,
    pub(crate) line_end: LineEnd,
}

impl Default for Base64EncodeOptions {
    fn default() -> Self {
        Self {
            alphabet: Base64Alphabet::Standard,
            padding: true,
            line_groups: 0,
            line_end: LineEnd::CrLf,
        }
    }
}

impl Base64EncodeOptions {
    /// The characters. Default: [`Base64Alphabet::Standard`].
    ///
    /// ```
    /// use tidegate::codec::{Base64Alphabet, Base64EncodeOptions};
    ///
    /// let options = Base64EncodeOptions::default().alphabet(Base64Alphabet::Standard);
    /// assert_eq!(options, Base64EncodeOptions::default());
    /// ```
    pub fn alphabet(mut self, alphabet: Base64Alphabet) -> Self {
        self.alphabet = alphabet;
        self
    }

    /// Whether `=` fills the last group up to four characters. Default: true.
    ///
    /// ```
    /// use tidegate::codec::Base64EncodeOptions;
    ///
    /// assert_eq!(Base64EncodeOptions::default().padding(true), Base64EncodeOptions::default());
    /// ```
    pub fn padding(mut self, padding: bool) -> Self {
        self.padding = padding;
        self
    }

    /// How many characters a line has, the last one maybe fewer; rounded down to whole groups of four, and at least one of them. The last line has no line end.
    /// Default: all are in one line.
    ///
    /// ```
    /// use tidegate::codec::Base64EncodeOptions;
    ///
    /// let options = Base64EncodeOptions::default();
    /// assert_eq!(options.line_length(78), options.line_length(76));
    /// ```
    pub fn line_length(mut self, characters: usize) -> Self {
        self.line_groups = (characters / 4).max(1);
        self
    }

    /// What is between two lines. Default: [`LineEnd::CrLf`].
    ///
    /// ```
    /// use tidegate::codec::{Base64EncodeOptions, LineEnd};
    ///
    /// let options = Base64EncodeOptions::default();
    /// assert_eq!(options.line_end(LineEnd::CrLf), options);
    /// ```
    pub fn line_end(mut self, line_end: LineEnd) -> Self {
        self.line_end = line_end;
        self
    }
}

/// Makes base64 of bytes: RFC 4648.
///
/// ```
/// use tidegate::codec::{Base64Encode, Base64EncodeOptions, Chain};
///
/// let mut chain = Chain::new(vec![Box::new(Base64Encode::new(Base64EncodeOptions::default()))]);
/// chain.input(4).copy_from_slice(b"tide");
/// chain.commit(4);
/// chain.end_input();
/// chain.run()?;
/// assert_eq!(chain.batch().bytes, b"dGlkZQ==");
/// # Ok::<(), tidegate::codec::CodecError>(())
/// ```
#[derive(Debug)]
pub struct Base64Encode {
    options: Base64EncodeOptions,
    /// Bytes that have been consumed and are no whole group.
    carry: [u8; 2],
    carried: usize,
    /// Groups in the current line, of which there is none beyond the line's length. Not counted where there are no lines.
    column: usize,
}

impl Base64Encode {
    /// An encoder that has been given nothing.
    ///
    /// ```
    /// use tidegate::codec::{Base64Encode, Base64EncodeOptions, Codec};
    ///
    /// let encoder = Base64Encode::new(Base64EncodeOptions::default());
    /// assert_eq!(encoder.name(), "base64Encode");
    /// ```
    pub fn new(options: Base64EncodeOptions) -> Self {
        Self {
            options,
            carry: [0; 2],
            carried: 0,
            column: 0,
        }
    }

    /// Writes one group of 1 to 3 bytes; returns how many characters it is.
    fn group(&self, bytes: &[u8], output: &mut [u8]) -> usize {
        let engine = self.options.alphabet.engine();
        let length = engine.encode(bytes, output.as_out()).len();
        if length < 4 && self.options.padding {
            output[length..4].fill(b'=');
            return 4;
        }
        length
    }
}

impl Codec for Base64Encode {
    fn name(&self) -> &'static str {
        NAME
    }

    fn step(&mut self, input: &[u8], output: &mut [u8], last: bool) -> Result<Step, Fault> {
        let Base64EncodeOptions {
            alphabet,
            line_groups,
            line_end,
            ..
        } = self.options;
        let (mut at, mut produced) = (0, 0);
        let status = loop {
            let source = &input[at..];
            let pending = self.carried + source.len();
            if pending < 3 && !(last && pending > 0) {
                self.carry[self.carried..pending].copy_from_slice(source);
                self.carried = pending;
                at = input.len();
                break if last {
                    Status::Finished
                } else {
                    Status::NeedInput
                };
            }
            let ends_line = line_groups > 0 && self.column == line_groups;
            let separator = if ends_line { line_end.bytes() } else { &[] };
            if output.len() - produced < separator.len() + 4 {
                break Status::NeedOutput;
            }
            output[produced..produced + separator.len()].copy_from_slice(separator);
            produced += separator.len();
            if ends_line {
                self.column = 0;
            }
            let room = &mut output[produced..];
            let groups;
            if self.carried > 0 || source.len() < 3 {
                let mut group = [0; 3];
                let taken = source.len().min(3 - self.carried);
                group[..self.carried].copy_from_slice(&self.carry[..self.carried]);
                group[self.carried..self.carried + taken].copy_from_slice(&source[..taken]);
                produced += self.group(&group[..self.carried + taken], room);
                self.carried = 0;
                at += taken;
                groups = 1;
            } else {
                let whole = (source.len() / 3).min(room.len() / 4);
                groups = if line_groups > 0 {
                    whole.min(line_groups - self.column)
                } else {
                    whole
                };
                let encoded = alphabet
                    .engine()
                    .encode(&source[..groups * 3], room.as_out());
                produced += encoded.len();
                at += groups * 3;
            }
            if line_groups > 0 {
                self.column += groups;
            }
        };
        Ok(Step {
            status,
            consumed: at,
            produced,
        })
    }

    #[cfg(not(tidegate_npm))]
    fn save(&self) -> Result<Vec<u8>, CodecError> {
        let mut state = StateWriter::new(NAME, VERSION);
        state.piece(&self.carry[..self.carried]);
        state.number(self.column as u64);
        state.finish()
    }

    #[cfg(not(tidegate_npm))]
    fn restore(&mut self, state: &[u8]) -> Result<(), CodecError> {
        let mut state = StateReader::new(NAME, VERSION, state)?;
        let carry = state.piece(2)?;
        self.carry[..carry.len()].copy_from_slice(carry);
        self.carried = carry.len();
        self.column = state.size(self.options.line_groups)?;
        state.finish()
    }
}
