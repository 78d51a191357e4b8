//! Bytes in hexadecimal, and such text as bytes: RFC 4648, section 8.

use hex_simd::{AsOut, AsciiCase};

use super::{is_whitespace, run_of_text, shown};
#[cfg(not(tidegate_npm))]
use crate::codec::saved::{StateReader, StateWriter};
use crate::codec::{Codec, CodecError, ErrorCode, Fault, Status, Step};

const ENCODE: &str = "hexEncode";
const DECODE: &str = "hexDecode";
#[cfg(not(tidegate_npm))]
const VERSION: u8 = 1;

/// Makes two hexadecimal digits of each byte.
///
/// ```
/// use tidegate::codec::{Codec, HexEncode};
///
/// let mut output = [0; 16];
/// let step = HexEncode::new(false).step(b"\x0f\xa0", &mut output, true).unwrap();
/// assert_eq!(&output[..step.produced], b"0fa0");
/// ```
#[derive(Debug)]
pub struct HexEncode {
    case: AsciiCase,
}

impl HexEncode {
    /// An encoder, with upper or lower case.
    ///
    /// ```
    /// use tidegate::codec::{Codec, HexEncode};
    ///
    /// let mut output = [0; 16];
    /// HexEncode::new(true).step(b"\x0f\xa0", &mut output, true).unwrap();
    /// assert_eq!(&output[..4], b"0FA0");
    /// ```
    pub fn new(upper_case: bool) -> Self {
        let case = if upper_case {
            AsciiCase::Upper
        } else {
            AsciiCase::Lower
        };
        Self { case }
    }
}

impl Codec for HexEncode {
    fn name(&self) -> &'static str {
        ENCODE
    }

    fn step(&mut self, input: &[u8], output: &mut [u8], last: bool) -> Result<Step, Fault> {
        let bytes = input.len().min(output.len() / 2);
        let _ = hex_simd::encode(&input[..bytes], output.as_out(), self.case);
        let status = if bytes < input.len() {
            Status::NeedOutput
        } else if last {
            Status::Finished
        } else {
            Status::NeedInput
        };
        Ok(Step {
            status,
            consumed: bytes,
            produced: bytes * 2,
        })
    }

    #[cfg(not(tidegate_npm))]
    fn save(&self) -> Result<Vec<u8>, CodecError> {
        StateWriter::new(ENCODE, VERSION).finish()
    }

    #[cfg(not(tidegate_npm))]
    fn restore(&mut self, state: &[u8]) -> Result<(), CodecError> {
        StateReader::new(ENCODE, VERSION, state)?.finish()
    }
}

/// Makes bytes of hexadecimal digits, in upper or lower case.
///
/// ```
/// use tidegate::codec::{Codec, ErrorCode, HexDecode};
///
/// let mut output = [0; 16];
/// let step = HexDecode::new(true).step(b"0fA0\n", &mut output, true).unwrap();
/// assert_eq!(&output[..step.produced], b"\x0f\xa0");
/// let fault = HexDecode::new(true).step(b"0fa", &mut output, true).unwrap_err();
/// assert_eq!(fault.error.code, ErrorCode::Truncated);
/// ```
#[derive(Debug)]
pub struct HexDecode {
    skip_whitespace: bool,
    /// The first digit of a byte.
    half: Option<u8>,
    /// Bytes of input before this step.
    offset: u64,
}

/// The four bits that a character stands for.
fn value(character: u8) -> Option<u8> {
    let digit = char::from(character).to_digit(16)?;
    Some(digit as u8)
}

impl HexDecode {
    /// A decoder, to which [ASCII whitespace](https://infra.spec.whatwg.org/#ascii-whitespace) is nothing, or a fault.
    ///
    /// ```
    /// use tidegate::codec::{Codec, ErrorCode, HexDecode};
    ///
    /// let fault = HexDecode::new(false).step(b"0f a0", &mut [0; 16], true).unwrap_err();
    /// assert_eq!((fault.error.code, fault.error.offset), (ErrorCode::InvalidCharacter, 2));
    /// ```
    pub fn new(skip_whitespace: bool) -> Self {
        Self {
            skip_whitespace,
            half: None,
            offset: 0,
        }
    }

    /// Whole bytes from the start of `text`, as far as there are some and there is room; returns how many.
    fn bytes(text: &[u8], output: &mut [u8]) -> usize {
        let most = text.len().min(output.len() * 2);
        let bytes = run_of_text(&text[..most]) / 2;
        let decode = |bytes: usize, output: &mut [u8]| {
            hex_simd::decode(&text[..bytes * 2], output[..bytes].as_out()).is_ok()
        };
        if bytes == 0 || decode(bytes, output) {
            return bytes;
        }
        let bad = |&character: &u8| value(character).is_none();
        let before = text.iter().position(bad).unwrap_or(0) / 2;
        decode(before, output);
        before
    }

    /// Takes one character, with room for a byte; returns how many bytes it made.
    fn take(&mut self, character: u8, offset: u64, output: &mut [u8]) -> Result<usize, CodecError> {
        if self.skip_whitespace && is_whitespace(character) {
            return Ok(0);
        }
        let Some(low) = value(character) else {
            let detail = format!("{} is no hexadecimal digit", shown(character));
            return Err(CodecError::new(
                DECODE,
                ErrorCode::InvalidCharacter,
                offset,
                detail,
            ));
        };
        match self.half.take() {
            None => {
                self.half = Some(low);
                Ok(0)
            }
            Some(high) => {
                output[0] = high << 4 | low;
                Ok(1)
            }
        }
    }
}

impl Codec for HexDecode {
    fn name(&self) -> &'static str {
        DECODE
    }

    fn step(&mut self, input: &[u8], output: &mut [u8], last: bool) -> Result<Step, Fault> {
        let (mut at, mut produced) = (0, 0);
        let status = loop {
            if self.half.is_none() {
                let bytes = Self::bytes(&input[at..], &mut output[produced..]);
                at += bytes * 2;
                produced += bytes;
            }
            let offset = self.offset + at as u64;
            let room = &mut output[produced..];
            match input.get(at) {
                None if !last => break Status::NeedInput,
                None if self.half.is_some() => {
                    let detail = "the last byte has one digit";
                    let error = CodecError::new(DECODE, ErrorCode::Truncated, offset, detail);
                    return Err(Fault { error, produced });
                }
                None => break Status::Finished,
                Some(_) if room.is_empty() => break Status::NeedOutput,
                Some(&character) => {
                    produced += self
                        .take(character, offset, room)
                        .map_err(|error| Fault { error, produced })?;
                    at += 1;
                }
            }
        };
        self.offset += at as u64;
        Ok(Step {
            status,
            consumed: at,
            produced,
        })
    }

    #[cfg(not(tidegate_npm))]
    fn save(&self) -> Result<Vec<u8>, CodecError> {
        let mut state = StateWriter::new(DECODE, VERSION);
        state.optional(self.half.map(u64::from));
        state.number(self.offset);
        state.finish()
    }

    #[cfg(not(tidegate_npm))]
    fn restore(&mut self, state: &[u8]) -> Result<(), CodecError> {
        let mut state = StateReader::new(DECODE, VERSION, state)?;
        let half = state.optional_count()?;
        state.require(half.is_none_or(|half| half < 16))?;
        self.half = half.map(|half| half as u8);
        self.offset = state.count()?;
        state.finish()
    }
}
