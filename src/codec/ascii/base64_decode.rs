//! Base64 as bytes.

use base64_simd::AsOut;

use super::base64::Base64Alphabet;
use super::{is_whitespace, run_of_text, shown};
#[cfg(not(tidegate_npm))]
use crate::codec::saved::{StateReader, StateWriter};
use crate::codec::{Codec, CodecError, ErrorCode, Fault, Status, Step};

const NAME: &str = "base64Decode";
#[cfg(not(tidegate_npm))]
const VERSION: u8 = 1;

/// What the last group of characters may be, as `lastChunkHandling` of JavaScript's `Uint8Array.fromBase64()` says it.
///
/// ```
/// use tidegate::codec::{Base64Decode, Base64DecodeOptions, Codec, ErrorCode, LastGroup};
///
/// let mut output = [0; 16];
/// let strict = Base64Decode::new(Base64DecodeOptions::default()).step(b"dGlkZQ", &mut output, true);
/// assert_eq!(strict.unwrap_err().error.code, ErrorCode::Truncated);
/// let options = Base64DecodeOptions::default().last_group(LastGroup::Loose);
/// let loose = Base64Decode::new(options).step(b"dGlkZQ", &mut output, true);
/// assert_eq!(&output[..loose.unwrap().produced], b"tide");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LastGroup {
    /// Padded to four characters, and bits that belong to no byte are 0: RFC 4648, 3.2 and 3.5.
    #[default]
    Strict,
    /// With or without padding, and with any bits that belong to no byte.
    Loose,
}

/// How base64 is read.
///
/// ```
/// use tidegate::codec::Base64DecodeOptions;
///
/// assert_ne!(Base64DecodeOptions::default().skip_whitespace(false), Base64DecodeOptions::default());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Base64DecodeOptions {
    pub(crate) alphabet: Base64Alphabet,
    pub(crate) last_group: LastGroup,
    pub(crate) skip_whitespace: bool,
}

impl Default for Base64DecodeOptions {
    fn default() -> Self {
        Self {
            alphabet: Base64Alphabet::Standard,
            last_group: LastGroup::Strict,
            skip_whitespace: true,
        }
    }
}

impl Base64DecodeOptions {
    /// The characters. Those of the other alphabet are faults. Default: [`Base64Alphabet::Standard`].
    ///
    /// ```
    /// use tidegate::codec::{Base64Alphabet, Base64DecodeOptions};
    ///
    /// let options = Base64DecodeOptions::default().alphabet(Base64Alphabet::Standard);
    /// assert_eq!(options, Base64DecodeOptions::default());
    /// ```
    pub fn alphabet(mut self, alphabet: Base64Alphabet) -> Self {
        self.alphabet = alphabet;
        self
    }

    /// What the last group may be. Default: [`LastGroup::Strict`].
    ///
    /// ```
    /// use tidegate::codec::{Base64DecodeOptions, LastGroup};
    ///
    /// let options = Base64DecodeOptions::default().last_group(LastGroup::Strict);
    /// assert_eq!(options, Base64DecodeOptions::default());
    /// ```
    pub fn last_group(mut self, last_group: LastGroup) -> Self {
        self.last_group = last_group;
        self
    }

    /// Whether [ASCII whitespace](https://infra.spec.whatwg.org/#ascii-whitespace) may be anywhere; else it is a fault. Default: true.
    ///
    /// ```
    /// use tidegate::codec::{Base64Decode, Base64DecodeOptions, Codec};
    ///
    /// let mut output = [0; 16];
    /// let options = Base64DecodeOptions::default().skip_whitespace(false);
    /// let fault = Base64Decode::new(options).step(b"dGlk\nZQ==", &mut output, true).unwrap_err();
    /// assert_eq!((fault.error.offset, &output[..fault.produced]), (4, &b"tid"[..]));
    /// ```
    pub fn skip_whitespace(mut self, skip_whitespace: bool) -> Self {
        self.skip_whitespace = skip_whitespace;
        self
    }
}

/// Makes bytes of base64: RFC 4648. Nothing but whitespace may follow a group with padding.
///
/// ```
/// use tidegate::codec::{Base64Decode, Base64DecodeOptions, Chain};
///
/// let mut chain = Chain::new(vec![Box::new(Base64Decode::new(Base64DecodeOptions::default()))]);
/// chain.input(10).copy_from_slice(b"dGlk\r\nZQ==");
/// chain.commit(10);
/// chain.end_input();
/// chain.run()?;
/// assert_eq!(chain.batch().bytes, b"tide");
/// # Ok::<(), tidegate::codec::CodecError>(())
/// ```
#[derive(Debug)]
pub struct Base64Decode {
    options: Base64DecodeOptions,
    /// The bits of the characters of an unfinished group, how many characters those are, and how many `=` follow them.
    bits: u32,
    count: usize,
    pads: usize,
    /// The offset of the group's last character.
    latest: u64,
    /// A group with padding has been read.
    ended: bool,
    /// Bytes of input before this step.
    offset: u64,
}

impl Base64Decode {
    /// A decoder that has been given nothing.
    ///
    /// ```
    /// use tidegate::codec::{Base64Decode, Base64DecodeOptions, Codec};
    ///
    /// let decoder = Base64Decode::new(Base64DecodeOptions::default());
    /// assert_eq!(decoder.name(), "base64Decode");
    /// ```
    pub fn new(options: Base64DecodeOptions) -> Self {
        Self {
            options,
            bits: 0,
            count: 0,
            pads: 0,
            latest: 0,
            ended: false,
            offset: 0,
        }
    }

    /// Whole groups from the start of `text`, as far as there are some and there is room; returns how many.
    fn groups(&self, text: &[u8], output: &mut [u8]) -> usize {
        let most = text.len().min(output.len() / 3 * 4);
        let groups = run_of_text(&text[..most]) / 4;
        let alphabet = self.options.alphabet;
        let decode = |groups: usize, output: &mut [u8]| {
            let (text, output) = (&text[..groups * 4], &mut output[..groups * 3]);
            alphabet.engine().decode(text, output.as_out()).is_ok()
        };
        if groups == 0 || decode(groups, output) {
            return groups;
        }
        let bad = |&character: &u8| alphabet.value(character).is_none();
        let before = text.iter().position(bad).unwrap_or(0) / 4;
        decode(before, output);
        before
    }

    fn error(&self, code: ErrorCode, offset: u64, detail: impl Into<String>) -> CodecError {
        CodecError::new(NAME, code, offset, detail)
    }

    /// Writes the bytes of a last group of 2 or 3 characters; returns how many.
    fn last_bytes(&mut self, output: &mut [u8]) -> Result<usize, CodecError> {
        let surplus = if self.count == 2 { 4 } else { 2 };
        if self.options.last_group == LastGroup::Strict && self.bits & ((1 << surplus) - 1) != 0 {
            let detail =
                "the last character has bits that belong to no byte; loose handling ignores them";
            return Err(self.error(ErrorCode::StrayBits, self.latest, detail));
        }
        let bytes = (self.bits >> surplus).to_be_bytes();
        let length = self.count - 1;
        output[..length].copy_from_slice(&bytes[4 - length..]);
        (self.bits, self.count, self.pads) = (0, 0, 0);
        Ok(length)
    }

    /// What is wrong with a character that is not in the alphabet.
    fn stray(&self, character: u8, offset: u64) -> CodecError {
        let detail = match character {
            b'+' | b'/' => "the alphabet is base64url, which has '-' and '_' in its place".into(),
            b'-' | b'_' => {
                "the alphabet is base64; use base64url, which has '-' and '_'".to_owned()
            }
            _ => shown(character),
        };
        self.error(ErrorCode::InvalidCharacter, offset, detail)
    }

    /// Takes one character, with room for three bytes; returns how many of them it made.
    fn take(&mut self, character: u8, offset: u64, output: &mut [u8]) -> Result<usize, CodecError> {
        if self.options.skip_whitespace && is_whitespace(character) {
            return Ok(0);
        }
        if self.ended {
            let detail = "only whitespace may follow the padding";
            return Err(self.error(ErrorCode::TrailingData, offset, detail));
        }
        if character == b'=' {
            if self.count < 2 {
                let detail = format!(
                    "'=' behind {} characters of a group; there are at least 2",
                    self.count
                );
                return Err(self.error(ErrorCode::InvalidPadding, offset, detail));
            }
            self.pads += 1;
            if self.count + self.pads < 4 {
                return Ok(0);
            }
            self.ended = true;
            return self.last_bytes(output);
        }
        let Some(value) = self.options.alphabet.value(character) else {
            return Err(self.stray(character, offset));
        };
        if self.pads > 0 {
            let detail = "'=' must follow, as a group has four characters";
            return Err(self.error(ErrorCode::InvalidPadding, offset, detail));
        }
        self.bits = self.bits << 6 | u32::from(value);
        self.count += 1;
        self.latest = offset;
        if self.count < 4 {
            return Ok(0);
        }
        output[..3].copy_from_slice(&self.bits.to_be_bytes()[1..]);
        (self.bits, self.count) = (0, 0);
        Ok(3)
    }

    /// The end of the input, with room for two bytes; returns how many of them it made.
    fn finish(&mut self, offset: u64, output: &mut [u8]) -> Result<usize, CodecError> {
        if self.count == 0 {
            return Ok(0);
        }
        let is_whole =
            self.options.last_group == LastGroup::Loose && self.count > 1 && self.pads == 0;
        if !is_whole {
            let found = self.count + self.pads;
            let detail = format!("the last group has {found} of 4 characters");
            return Err(self.error(ErrorCode::Truncated, offset, detail));
        }
        self.last_bytes(output)
    }
}

impl Codec for Base64Decode {
    fn name(&self) -> &'static str {
        NAME
    }

    fn step(&mut self, input: &[u8], output: &mut [u8], last: bool) -> Result<Step, Fault> {
        let (mut at, mut produced) = (0, 0);
        let status = loop {
            if self.count == 0 && !self.ended {
                let groups = self.groups(&input[at..], &mut output[produced..]);
                at += groups * 4;
                produced += groups * 3;
            }
            let room = &mut output[produced..];
            let done = match input.get(at) {
                None if !last => break Status::NeedInput,
                _ if room.len() < 3 => break Status::NeedOutput,
                Some(&character) => self.take(character, self.offset + at as u64, room),
                None => self.finish(self.offset + at as u64, room),
            };
            produced += done.map_err(|error| Fault { error, produced })?;
            if at == input.len() {
                break Status::Finished;
            }
            at += 1;
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
        let mut state = StateWriter::new(NAME, VERSION);
        state.number(self.bits.into());
        state.number(self.count as u64);
        state.number(self.pads as u64);
        state.number(self.latest);
        state.flag(self.ended);
        state.number(self.offset);
        state.finish()
    }

    #[cfg(not(tidegate_npm))]
    fn restore(&mut self, state: &[u8]) -> Result<(), CodecError> {
        let mut state = StateReader::new(NAME, VERSION, state)?;
        let bits = state.size((1 << 18) - 1)?;
        self.count = state.size(3)?;
        self.pads = state.size(1)?;
        self.latest = state.count()?;
        self.ended = state.flag()?;
        self.offset = state.count()?;
        state.require(bits >> (6 * self.count) == 0)?;
        state.require(self.pads == 0 || self.count == 2)?;
        state.require(!self.ended || self.count == 0)?;
        self.bits = bits as u32;
        state.finish()
    }
}
