//! gzip members (RFC 1952) around deflate data.

use super::blocks::Outcome;
use super::header::{GzipHeader, MOST, NoRoom};
use super::unpack::{Done, Limits, Unpack};
use crate::codec::crc32::Crc32;
use crate::codec::saved::{StateReader, StateWriter};
use crate::codec::{Codec, CodecError, ErrorCode, Fault, Status, Step};

const NAME: &str = "gunzip";

/// Of a saved state.
const VERSION: u8 = 1;

/// What a member begins with.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

const FLAG_TEXT: u8 = 1;
const FLAG_HEADER_CRC: u8 = 1 << 1;
const FLAG_EXTRA: u8 = 1 << 2;
const FLAG_NAME: u8 = 1 << 3;
const FLAG_COMMENT: u8 = 1 << 4;
const FLAGS_RESERVED: u8 = 0b1110_0000;

/// What to do with bytes behind the last member.
///
/// ```
/// use futures_util::TryStreamExt;
/// use std::io::Write;
/// use tidegate::codec::{GunzipOptions, Trailing, decode_reader};
///
/// # futures_executor::block_on(async {
/// let mut packed = flate2::write::GzEncoder::new(Vec::new(), Default::default());
/// packed.write_all(b"text").unwrap();
/// let mut packed = packed.finish().unwrap();
/// packed.extend([0; 8]); // padding
///
/// for (trailing, works) in [(Trailing::Ignore, true), (Trailing::Error, false)] {
///     let options = GunzipOptions::default().trailing(trailing);
///     let bytes: Result<Vec<_>, _> = decode_reader(&packed[..]).gunzip(options).bytes().try_collect().await;
///     assert_eq!(bytes.is_ok(), works);
/// }
/// # });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trailing {
    /// They are an error.
    #[default]
    Error,
    /// They are read and dropped.
    Ignore,
}

/// How to unpack gzip.
///
/// ```
/// use tidegate::codec::{GunzipOptions, Trailing};
///
/// assert_eq!(GunzipOptions::default().trailing, Trailing::Error);
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct GunzipOptions {
    /// What to do with bytes that are no member behind the last member.
    pub trailing: Trailing,
    /// The most bytes there may be of output, of all members. By default there is no bound.
    pub max_output_bytes: Option<u64>,
    /// The most bytes of output there may be for each byte of input, and 64 KiB beside. By default there is no bound. Deflate reaches
    /// 1032; text is seldom beyond 20.
    pub max_ratio: Option<u32>,
}

impl GunzipOptions {
    /// Sets [`trailing`](Self#structfield.trailing).
    ///
    /// ```
    /// use tidegate::codec::{GunzipOptions, Trailing};
    ///
    /// let options = GunzipOptions::default().trailing(Trailing::Ignore);
    /// assert_eq!(options.trailing, Trailing::Ignore);
    /// ```
    pub fn trailing(mut self, trailing: Trailing) -> Self {
        self.trailing = trailing;
        self
    }

    /// Sets [`max_output_bytes`](Self#structfield.max_output_bytes).
    ///
    /// ```
    /// # use futures_util::{StreamExt, TryStreamExt};
    /// # use std::io::Write;
    /// use tidegate::codec::{DecodeError, ErrorCode, GunzipOptions, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let mut packed = flate2::write::GzEncoder::new(Vec::new(), Default::default());
    /// packed.write_all(b"much text").unwrap();
    /// let packed = packed.finish().unwrap();
    /// let options = GunzipOptions::default().max_output_bytes(4);
    /// let mut bytes = decode_reader(&packed[..]).gunzip(options).bytes();
    /// assert_eq!(bytes.next().await.unwrap().unwrap(), "much");
    /// let Some(Err(DecodeError::Codec(error))) = bytes.next().await else { panic!() };
    /// assert_eq!(error.code, ErrorCode::OutputTooLarge);
    /// # });
    /// ```
    pub fn max_output_bytes(mut self, bytes: impl Into<Option<u64>>) -> Self {
        self.max_output_bytes = bytes.into();
        self
    }

    /// Sets [`max_ratio`](Self#structfield.max_ratio).
    ///
    /// ```
    /// use tidegate::codec::GunzipOptions;
    ///
    /// assert_eq!(GunzipOptions::default().max_ratio(100).max_ratio, Some(100));
    /// ```
    pub fn max_ratio(mut self, ratio: impl Into<Option<u32>>) -> Self {
        self.max_ratio = ratio.into();
        self
    }
}

/// Unpacks gzip of one or more members, and checks all that a member lets one check: the header's CRC
/// where there is one, the CRC and length of what it unpacked to.
///
/// ```
/// use std::io::Write;
/// use tidegate::codec::{Chain, Gunzip, GunzipOptions};
///
/// let mut packed = flate2::write::GzEncoder::new(Vec::new(), Default::default());
/// packed.write_all(b"text").unwrap();
/// let packed = packed.finish().unwrap();
/// let mut chain = Chain::new(vec![Box::new(Gunzip::new(GunzipOptions::default()))]);
/// chain.input(packed.len()).copy_from_slice(&packed);
/// chain.commit(packed.len());
/// chain.end_input();
/// chain.run()?;
/// assert_eq!(chain.batch().bytes, b"text");
/// # Ok::<(), tidegate::codec::CodecError>(())
/// ```
pub struct Gunzip {
    options: GunzipOptions,
    unpack: Unpack,
    state: State,
    /// Bytes consumed.
    offset: u64,
    crc: Crc32,
    header_crc: Crc32,
    flags: u8,
    /// That of the current member, of which the long fields are kept only if somebody wants them.
    header: GzipHeader,
    /// Where the field of the header began that is being read.
    field: u64,
    on_header: Option<OnHeader>,
}

type OnHeader = Box<dyn FnMut(&GzipHeader) + Send>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the byte of this number of the ten that begin a header.
    Header(u8),
    /// Before the given byte of the extra field's length, with what is known of it.
    ExtraLength(u8, u16),
    /// In the extra field, with this many bytes to come.
    Extra(u16),
    Name,
    Comment,
    /// Before the given byte of the header's CRC, with what is known of it.
    HeaderCrc(u8, u16),
    Deflate,
    /// Before the byte of this number of the trailer, with what is known of the four-byte value.
    Trailer(u8, u32),
    /// Behind a member: the next one, the end, or something else.
    BetweenMembers,
    /// Behind a member and a first byte as a member has it: only the second says whether it is one.
    NextMember,
    /// Behind the last member, dropping the rest.
    Ignoring,
}

impl Gunzip {
    /// An unpacker at the start of its input.
    ///
    /// ```
    /// use tidegate::codec::{Codec, Gunzip, GunzipOptions};
    ///
    /// assert_eq!(Gunzip::new(GunzipOptions::default()).name(), "gunzip");
    /// ```
    pub fn new(options: GunzipOptions) -> Self {
        let limits = Limits {
            max_output_bytes: options.max_output_bytes,
            max_ratio: options.max_ratio,
        };
        Self {
            options,
            unpack: Unpack::new(NAME, limits),
            state: State::Header(0),
            offset: 0,
            crc: Crc32::new(),
            header_crc: Crc32::new(),
            flags: 0,
            header: GzipHeader::default(),
            field: 0,
            on_header: None,
        }
    }

    /// Calls `found` with the header of each member, once it is complete and before anything of the member is unpacked. A name or comment of
    /// more than 65,535 bytes is then an error, [`ErrorCode::TooLong`]; else it is read over.
    ///
    /// ```
    /// use tidegate::codec::{Gunzip, GunzipOptions, decode_reader};
    ///
    /// let mut gunzip = Gunzip::new(GunzipOptions::default());
    /// gunzip.on_header(|header| println!("{:?}", header.name));
    /// let decoder = decode_reader(&b""[..]).with(gunzip);
    /// # drop(decoder);
    /// ```
    pub fn on_header(&mut self, found: impl FnMut(&GzipHeader) + Send + 'static) {
        self.on_header = Some(Box::new(found));
    }

    fn error<T>(&self, code: ErrorCode, offset: u64, detail: String) -> Result<T, CodecError> {
        Err(CodecError::new(NAME, code, offset, detail))
    }

    /// Reads one byte outside of the deflate data.
    fn push_byte(&mut self, byte: u8) -> Result<(), CodecError> {
        if !matches!(self.state, State::HeaderCrc(..) | State::Trailer(..)) {
            self.header_crc.update(&[byte]);
        }
        self.state = match self.state {
            State::Header(at) => self.push_header(at, byte)?,
            State::ExtraLength(0, _) => State::ExtraLength(1, u16::from(byte)),
            State::ExtraLength(_, low) => {
                self.keep(FLAG_EXTRA, None)?;
                match low | u16::from(byte) << 8 {
                    0 => self.after(FLAG_EXTRA),
                    length => State::Extra(length),
                }
            }
            State::Extra(length) => {
                self.keep(FLAG_EXTRA, Some(byte))?;
                match length {
                    1 => self.after(FLAG_EXTRA),
                    _ => State::Extra(length - 1),
                }
            }
            State::Name | State::Comment => {
                let flag = if self.state == State::Name {
                    FLAG_NAME
                } else {
                    FLAG_COMMENT
                };
                self.keep(flag, (byte != 0).then_some(byte))?;
                match byte {
                    0 => self.after(flag),
                    _ => self.state,
                }
            }
            State::HeaderCrc(0, _) => State::HeaderCrc(1, u16::from(byte)),
            State::HeaderCrc(_, low) => {
                let (expected, got) = (low | u16::from(byte) << 8, self.header_crc.sum() as u16);
                if expected != got {
                    let detail = format!("expected {expected:#06x}, got {got:#06x}");
                    return self.error(ErrorCode::HeaderCrcMismatch, self.offset - 1, detail);
                }
                State::Deflate
            }
            State::Trailer(at, value) => self.push_trailer(at, value, byte)?,
            State::BetweenMembers if byte == MAGIC[0] => {
                self.crc.reset();
                self.header_crc.reset();
                self.header_crc.update(&[byte]);
                State::NextMember
            }
            State::NextMember if byte == MAGIC[1] => State::Header(2),
            State::BetweenMembers | State::NextMember if self.ignores_trailing() => State::Ignoring,
            State::BetweenMembers => {
                let detail = "what follows is no gzip member".into();
                return self.error(ErrorCode::TrailingData, self.offset, detail);
            }
            State::NextMember => self.push_header(1, byte)?,
            state @ (State::Deflate | State::Ignoring) => state,
        };
        self.offset += 1;
        if self.state == State::Deflate {
            self.unpack.begin(self.offset);
            let header = std::mem::take(&mut self.header);
            if let Some(found) = &mut self.on_header {
                found(&header);
            }
        }
        Ok(())
    }

    fn ignores_trailing(&self) -> bool {
        self.options.trailing == Trailing::Ignore
    }

    /// Keeps a byte of a field of the header, or that the field is there, if somebody wants the header.
    fn keep(&mut self, flag: u8, byte: Option<u8>) -> Result<(), CodecError> {
        if self.on_header.is_none() {
            return Ok(());
        }
        let field = match flag {
            FLAG_EXTRA => &mut self.header.extra,
            FLAG_NAME => &mut self.header.name,
            _ => &mut self.header.comment,
        };
        if field.is_none() {
            self.field = self.offset;
        }
        let Some(byte) = byte else {
            field.get_or_insert_default();
            return Ok(());
        };
        match GzipHeader::push(field, byte) {
            Ok(()) => Ok(()),
            Err(NoRoom::TooLong) => {
                let detail = format!("a name or comment may have {MOST} bytes");
                self.error(ErrorCode::TooLong, self.field, detail)
            }
            Err(NoRoom::OutOfMemory) => Err(CodecError::out_of_memory(NAME, self.offset)),
        }
    }

    fn push_header(&mut self, at: u8, byte: u8) -> Result<State, CodecError> {
        match at {
            0 | 1 => {
                let expected = MAGIC[usize::from(at)];
                if byte != expected {
                    let detail = format!("expected {expected:#04x}, got {byte:#04x}");
                    return self.error(ErrorCode::NotGzip, self.offset, detail);
                }
            }
            2 if byte != 8 => {
                let detail = format!("expected 8 (deflate), got {byte}");
                return self.error(ErrorCode::UnsupportedMethod, self.offset, detail);
            }
            3 if byte & FLAGS_RESERVED != 0 => {
                return self.error(
                    ErrorCode::ReservedFlags,
                    self.offset,
                    format!("{byte:#04x}"),
                );
            }
            3 => {
                self.flags = byte;
                self.header.is_text = byte & FLAG_TEXT != 0;
            }
            4..=7 => self.header.mtime |= u32::from(byte) << (8 * u32::from(at - 4)),
            8 => self.header.extra_flags = byte,
            9 => self.header.os = byte,
            _ => {}
        }
        Ok(if at < 9 {
            State::Header(at + 1)
        } else {
            self.after(0)
        })
    }

    /// The state behind the part of the header that `flag` stands for.
    fn after(&self, flag: u8) -> State {
        let parts = [
            (FLAG_EXTRA, State::ExtraLength(0, 0)),
            (FLAG_NAME, State::Name),
            (FLAG_COMMENT, State::Comment),
            (FLAG_HEADER_CRC, State::HeaderCrc(0, 0)),
        ];
        let done = parts
            .iter()
            .position(|&(part, _)| part == flag)
            .map_or(0, |at| at + 1);
        let next = parts[done..]
            .iter()
            .find(|&&(part, _)| self.flags & part != 0);
        next.map_or(State::Deflate, |&(_, state)| state)
    }

    fn push_trailer(&mut self, at: u8, value: u32, byte: u8) -> Result<State, CodecError> {
        let value = value | u32::from(byte) << (8 * u32::from(at % 4));
        // The last byte of a value is `offset`, so the value began three bytes before.
        let start = self.offset.saturating_sub(3);
        match at {
            3 => {
                let got = self.crc.sum();
                if value != got {
                    let detail = format!("expected {value:#010x}, got {got:#010x}");
                    return self.error(ErrorCode::CrcMismatch, start, detail);
                }
                Ok(State::Trailer(4, 0))
            }
            7 => {
                let got = self.unpack.total_out() as u32;
                if value != got {
                    let detail = format!("expected {value} bytes, got {got}, modulo 2^32");
                    return self.error(ErrorCode::SizeMismatch, start, detail);
                }
                Ok(State::BetweenMembers)
            }
            _ => Ok(State::Trailer(at + 1, value)),
        }
    }

    fn work(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        last: bool,
        done: &mut Done,
    ) -> Result<Status, CodecError> {
        loop {
            match self.state {
                State::Deflate => {
                    let (consumed, produced) = (done.consumed, done.produced);
                    let result = self.unpack.run(input, output, done);
                    self.offset += (done.consumed - consumed) as u64;
                    self.crc.update(&output[produced..done.produced]);
                    match result? {
                        Outcome::End => self.state = State::Trailer(0, 0),
                        Outcome::NeedOutput => return Ok(Status::NeedOutput),
                        _ => break,
                    }
                }
                State::Ignoring => {
                    self.offset += (input.len() - done.consumed) as u64;
                    done.consumed = input.len();
                    break;
                }
                _ => match input.get(done.consumed) {
                    Some(&byte) => {
                        self.push_byte(byte)?;
                        done.consumed += 1;
                    }
                    None => break,
                },
            }
        }
        if last {
            self.finish()
        } else {
            Ok(Status::NeedInput)
        }
    }

    fn finish(&self) -> Result<Status, CodecError> {
        let part = match self.state {
            State::BetweenMembers | State::Ignoring => return Ok(Status::Finished),
            State::NextMember if self.ignores_trailing() => return Ok(Status::Finished),
            State::Deflate => "the compressed data",
            State::Trailer(..) => "the trailer",
            _ => "the header",
        };
        self.error(
            ErrorCode::Truncated,
            self.offset,
            format!("inside {part} of a gzip member"),
        )
    }
}

impl Codec for Gunzip {
    fn name(&self) -> &'static str {
        NAME
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
        let mut state = StateWriter::new(NAME, VERSION);
        let (number, at, value) = match self.state {
            State::Header(at) => (0, at, 0),
            State::ExtraLength(at, low) => (1, at, low.into()),
            State::Extra(left) => (2, 0, left.into()),
            State::Name => (3, 0, 0),
            State::Comment => (4, 0, 0),
            State::HeaderCrc(at, low) => (5, at, low.into()),
            State::Deflate => (6, 0, 0),
            State::Trailer(at, value) => (7, at, value),
            State::BetweenMembers => (8, 0, 0),
            State::NextMember => (9, 0, 0),
            State::Ignoring => (10, 0, 0),
        };
        state.number(number);
        state.number(at.into());
        state.number(value.into());
        state.number(self.offset);
        state.number(self.crc.sum().into());
        state.number(self.header_crc.sum().into());
        state.number(self.flags.into());
        state.number(self.field);
        self.header.save(&mut state);
        self.unpack.save(&mut state);
        state.finish()
    }

    #[cfg(not(tidegate_npm))]
    fn restore(&mut self, state: &[u8]) -> Result<(), CodecError> {
        let mut state = StateReader::new(NAME, VERSION, state)?;
        let number = state.number(10)?;
        let at = state.number(9)? as u8;
        let value = state.number(u32::MAX.into())? as u32;
        self.state = match number {
            0 => State::Header(at),
            1 => State::ExtraLength(at, value as u16),
            2 => State::Extra(value as u16),
            3 => State::Name,
            4 => State::Comment,
            5 => State::HeaderCrc(at, value as u16),
            6 => State::Deflate,
            7 => State::Trailer(at, value),
            8 => State::BetweenMembers,
            9 => State::NextMember,
            _ => State::Ignoring,
        };
        let possible = match self.state {
            State::Extra(left) => left > 0,
            State::ExtraLength(at, _) | State::HeaderCrc(at, _) => at < 2,
            State::Trailer(at, _) => at < 8,
            _ => true,
        };
        state.require(possible)?;
        self.offset = state.count()?;
        self.crc = Crc32::with_sum(state.number(u32::MAX.into())? as u32);
        self.header_crc = Crc32::with_sum(state.number(u32::MAX.into())? as u32);
        self.flags = state.number(u8::MAX.into())? as u8;
        self.field = state.count()?;
        self.header.restore(&mut state)?;
        self.unpack.restore(&mut state)?;
        state.finish()
    }
}
