//! zlib streams (RFC 1950) around deflate data, and deflate data alone.

use super::Trailing;
use super::blocks::Outcome;
use super::unpack::{Done, Limits, Unpack};
use crate::codec::saved::{StateReader, StateWriter};
use crate::codec::{Codec, CodecError, ErrorCode, Fault, Status, Step};

/// Of a saved state.
const VERSION: u8 = 1;

/// What is around deflate data.
///
/// ```
/// use tidegate::codec::{InflateFormat, InflateOptions};
///
/// assert_eq!(InflateOptions::default().format, InflateFormat::Zlib);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum InflateFormat {
    /// A zlib stream: a header of two bytes, and an Adler-32 of what it unpacks to. HTTP calls it deflate.
    #[default]
    Zlib,
    /// Nothing, so nothing can be checked.
    Raw,
}

/// How to unpack zlib streams and deflate data.
///
/// ```
/// use futures_util::TryStreamExt;
/// use std::io::Write;
/// use tidegate::codec::{InflateFormat, InflateOptions, decode_reader};
///
/// # futures_executor::block_on(async {
/// let mut packed = flate2::write::DeflateEncoder::new(Vec::new(), Default::default());
/// packed.write_all(b"text").unwrap();
/// let packed = packed.finish().unwrap();
/// let options = InflateOptions::default().format(InflateFormat::Raw);
/// let bytes: Vec<_> = decode_reader(&packed[..]).inflate(options).bytes().try_collect().await.unwrap();
/// assert_eq!(bytes.concat(), b"text");
/// # });
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct InflateOptions {
    /// What is around the data.
    pub format: InflateFormat,
    /// What to do with bytes behind the end.
    pub trailing: Trailing,
    /// The most bytes there may be of output. By default there is no bound.
    pub max_output_bytes: Option<u64>,
    /// The most bytes of output there may be for each byte of input, and 64 KiB beside. By default there is no bound. Deflate reaches
    /// 1032; text is seldom beyond 20.
    pub max_ratio: Option<u32>,
}

impl InflateOptions {
    /// Sets [`format`](Self#structfield.format).
    ///
    /// ```
    /// use tidegate::codec::{InflateFormat, InflateOptions};
    ///
    /// let options = InflateOptions::default().format(InflateFormat::Raw);
    /// assert_eq!(options.format, InflateFormat::Raw);
    /// ```
    pub fn format(mut self, format: InflateFormat) -> Self {
        self.format = format;
        self
    }

    /// Sets [`trailing`](Self#structfield.trailing).
    ///
    /// ```
    /// use tidegate::codec::{InflateOptions, Trailing};
    ///
    /// let options = InflateOptions::default().trailing(Trailing::Ignore);
    /// assert_eq!(options.trailing, Trailing::Ignore);
    /// ```
    pub fn trailing(mut self, trailing: Trailing) -> Self {
        self.trailing = trailing;
        self
    }

    /// Sets [`max_output_bytes`](Self#structfield.max_output_bytes).
    ///
    /// ```
    /// use tidegate::codec::InflateOptions;
    ///
    /// let options = InflateOptions::default().max_output_bytes(1 << 20);
    /// assert_eq!(options.max_output_bytes, Some(1 << 20));
    /// ```
    pub fn max_output_bytes(mut self, bytes: impl Into<Option<u64>>) -> Self {
        self.max_output_bytes = bytes.into();
        self
    }

    /// Sets [`max_ratio`](Self#structfield.max_ratio).
    ///
    /// ```
    /// use tidegate::codec::InflateOptions;
    ///
    /// assert_eq!(InflateOptions::default().max_ratio(100).max_ratio, Some(100));
    /// ```
    pub fn max_ratio(mut self, ratio: impl Into<Option<u32>>) -> Self {
        self.max_ratio = ratio.into();
        self
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the first byte of a zlib header.
    Method,
    /// Before the second, behind this one.
    Flags(u8),
    Data,
    /// Before the byte of this number of the Adler-32, with what is known of it.
    Trailer(u8, u32),
    /// Behind the end.
    End,
}

/// Unpacks a zlib stream, or deflate data alone.
///
/// ```
/// use std::io::Write;
/// use tidegate::codec::{Chain, Inflate, InflateOptions};
///
/// let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), Default::default());
/// packed.write_all(b"text").unwrap();
/// let packed = packed.finish().unwrap();
/// let mut chain = Chain::new(vec![Box::new(Inflate::new(InflateOptions::default()))]);
/// chain.input(packed.len()).copy_from_slice(&packed);
/// chain.commit(packed.len());
/// chain.end_input();
/// chain.run()?;
/// assert_eq!(chain.batch().bytes, b"text");
/// # Ok::<(), tidegate::codec::CodecError>(())
/// ```
pub struct Inflate {
    options: InflateOptions,
    unpack: Unpack,
    state: State,
    /// Bytes consumed.
    offset: u64,
    adler: u32,
}

impl Inflate {
    /// An unpacker at the start of its input. Its [name](Codec::name) is that of the package's function: `"inflate"`, or of raw data
    /// `"inflateRaw"`.
    ///
    /// ```
    /// use tidegate::codec::{Codec, Inflate, InflateOptions};
    ///
    /// assert_eq!(Inflate::new(InflateOptions::default()).name(), "inflate");
    /// ```
    pub fn new(options: InflateOptions) -> Self {
        let (name, state) = match options.format {
            InflateFormat::Zlib => ("inflate", State::Method),
            InflateFormat::Raw => ("inflateRaw", State::Data),
        };
        let limits = Limits {
            max_output_bytes: options.max_output_bytes,
            max_ratio: options.max_ratio,
        };
        Self {
            options,
            unpack: Unpack::new(name, limits),
            state,
            offset: 0,
            adler: 1,
        }
    }

    fn error<T>(
        &self,
        code: ErrorCode,
        offset: u64,
        detail: impl Into<String>,
    ) -> Result<T, CodecError> {
        Err(CodecError::new(self.name(), code, offset, detail))
    }

    /// Reads one byte outside of the data.
    fn push_byte(&mut self, byte: u8) -> Result<(), CodecError> {
        self.state = match self.state {
            State::Method if byte & 0xf != 8 => {
                let detail = format!("expected 8 (deflate), got {}", byte & 0xf);
                return self.error(ErrorCode::UnsupportedMethod, self.offset, detail);
            }
            State::Method if byte >> 4 > 7 => {
                let detail = format!("its window has 2^{} bytes, more than 2^15", (byte >> 4) + 8);
                return self.error(ErrorCode::UnsupportedMethod, self.offset, detail);
            }
            State::Method => State::Flags(byte),
            State::Flags(method) => {
                if !u16::from_be_bytes([method, byte]).is_multiple_of(31) {
                    let detail = "the check of its header is wrong";
                    return self.error(ErrorCode::NotZlib, self.offset, detail);
                }
                if byte & 0x20 != 0 {
                    let detail = "it was compressed with a dictionary of its own (FDICT)";
                    return self.error(ErrorCode::NeedsDictionary, self.offset, detail);
                }
                self.unpack.begin(self.offset + 1);
                State::Data
            }
            State::Trailer(at, value) => {
                let value = value << 8 | u32::from(byte);
                if at < 3 {
                    State::Trailer(at + 1, value)
                } else {
                    if value != self.adler {
                        let got = self.adler;
                        let detail = format!("expected {value:#010x}, got {got:#010x}");
                        let start = self.offset.saturating_sub(3);
                        return self.error(ErrorCode::AdlerMismatch, start, detail);
                    }
                    State::End
                }
            }
            State::End if self.options.trailing == Trailing::Error => {
                let detail = "the stream has ended before";
                return self.error(ErrorCode::TrailingData, self.offset, detail);
            }
            state @ (State::Data | State::End) => state,
        };
        self.offset += 1;
        Ok(())
    }

    fn work(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        last: bool,
        done: &mut Done,
    ) -> Result<Status, CodecError> {
        loop {
            if self.state == State::Data {
                let (consumed, produced) = (done.consumed, done.produced);
                let result = self.unpack.run(input, output, done);
                self.offset += (done.consumed - consumed) as u64;
                let is_raw = self.options.format == InflateFormat::Raw;
                if !is_raw {
                    self.adler =
                        zlib_rs::adler32::adler32(self.adler, &output[produced..done.produced]);
                }
                match result? {
                    Outcome::End if is_raw => self.state = State::End,
                    Outcome::End => self.state = State::Trailer(0, 0),
                    Outcome::NeedOutput => return Ok(Status::NeedOutput),
                    _ => break,
                }
            }
            if self.state == State::End && self.options.trailing == Trailing::Ignore {
                self.offset += (input.len() - done.consumed) as u64;
                done.consumed = input.len();
            }
            match input.get(done.consumed) {
                Some(&byte) => {
                    self.push_byte(byte)?;
                    done.consumed += 1;
                }
                None => break,
            }
        }
        match (last, self.state) {
            (false, _) => Ok(Status::NeedInput),
            (true, State::End) => Ok(Status::Finished),
            (true, state) => {
                let part = match state {
                    State::Data => "inside the compressed data",
                    State::Trailer(..) => "inside the Adler-32",
                    _ => "inside the header",
                };
                self.error(ErrorCode::Truncated, self.offset, part)
            }
        }
    }
}

impl Codec for Inflate {
    fn name(&self) -> &'static str {
        self.unpack.name()
    }

    fn step(&mut self, input: &[u8], output: &mut [u8], last: bool) -> Result<Step, Fault> {
        let mut done = Done::default();
        match self.work(input, output, last, &mut done) {
            Ok(status) => Ok(done.step(status)),
            Err(error) => Err(done.fault(error)),
        }
    }

    #[cfg(not(tidegate_npm))]
    fn save(&self) -> Result<Vec<u8>, CodecError> {
        let mut state = StateWriter::new(self.name(), VERSION);
        let (number, at, value) = match self.state {
            State::Method => (0, 0, 0),
            State::Flags(method) => (1, 0, method.into()),
            State::Data => (2, 0, 0),
            State::Trailer(at, value) => (3, at, value),
            State::End => (4, 0, 0),
        };
        state.number(number);
        state.number(at.into());
        state.number(value.into());
        state.number(self.offset);
        state.number(self.adler.into());
        self.unpack.save(&mut state);
        state.finish()
    }

    #[cfg(not(tidegate_npm))]
    fn restore(&mut self, state: &[u8]) -> Result<(), CodecError> {
        let mut state = StateReader::new(self.name(), VERSION, state)?;
        let number = state.number(4)?;
        let at = state.number(3)? as u8;
        let value = state.number(u32::MAX.into())? as u32;
        self.state = match number {
            0 => State::Method,
            1 => State::Flags(value as u8),
            2 => State::Data,
            3 => State::Trailer(at, value),
            _ => State::End,
        };
        let has_header = self.options.format == InflateFormat::Zlib;
        state.require(has_header || matches!(self.state, State::Data | State::End))?;
        self.offset = state.count()?;
        self.adler = state.number(u32::MAX.into())? as u32;
        // Both sums are less than 65521.
        state.require(self.adler & 0xffff < 65521 && self.adler >> 16 < 65521)?;
        self.unpack.restore(&mut state)?;
        state.finish()
    }
}
