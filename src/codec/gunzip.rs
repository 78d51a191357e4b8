//! gzip (RFC 1952) around deflate (RFC 1951).

use flate2::{Crc, Decompress, FlushDecompress};

use super::{Codec, CodecError, ErrorCode, Fault, Status, Step, can_allocate};

const NAME: &str = "gunzip";

/// More than the unpacker allocates: its window of 32 KiB and its tables.
const INFLATE_BYTES: usize = 64 * 1024;

/// What a member begins with.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

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
    /// Made when the first deflate data comes.
    inflate: Option<Decompress>,
    state: State,
    /// Bytes consumed.
    offset: u64,
    crc: Crc,
    header_crc: Crc,
    flags: u8,
}

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
        Self {
            options,
            inflate: None,
            state: State::Header(0),
            offset: 0,
            crc: Crc::new(),
            header_crc: Crc::new(),
            flags: 0,
        }
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
            State::ExtraLength(_, low) => match low | u16::from(byte) << 8 {
                0 => self.after(FLAG_EXTRA),
                length => State::Extra(length),
            },
            State::Extra(1) => self.after(FLAG_EXTRA),
            State::Extra(length) => State::Extra(length - 1),
            State::Name if byte == 0 => self.after(FLAG_NAME),
            State::Comment if byte == 0 => self.after(FLAG_COMMENT),
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
                self.begin_member(byte);
                State::NextMember
            }
            State::NextMember if byte == MAGIC[1] => State::Header(2),
            State::BetweenMembers | State::NextMember if self.ignores_trailing() => State::Ignoring,
            State::BetweenMembers => {
                let detail = "what follows is no gzip member".into();
                return self.error(ErrorCode::TrailingData, self.offset, detail);
            }
            State::NextMember => self.push_header(1, byte)?,
            state @ (State::Name | State::Comment | State::Deflate | State::Ignoring) => state,
        };
        self.offset += 1;
        Ok(())
    }

    fn ignores_trailing(&self) -> bool {
        self.options.trailing == Trailing::Ignore
    }

    fn begin_member(&mut self, first_byte: u8) {
        if let Some(inflate) = &mut self.inflate {
            inflate.reset(false);
        }
        self.crc.reset();
        self.header_crc.reset();
        self.header_crc.update(&[first_byte]);
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
            3 => self.flags = byte,
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
                let got = self.unpacked() as u32;
                if value != got {
                    let detail = format!("expected {value} bytes, got {got}, modulo 2^32");
                    return self.error(ErrorCode::SizeMismatch, start, detail);
                }
                Ok(State::BetweenMembers)
            }
            _ => Ok(State::Trailer(at + 1, value)),
        }
    }

    /// Bytes that the member has unpacked to.
    fn unpacked(&self) -> u64 {
        self.inflate.as_ref().map_or(0, Decompress::total_out)
    }

    /// Unpacks until the input or the room ends, or the member does; counts bytes consumed and produced,
    /// also of data that turns out to be invalid.
    fn inflate(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        done: &mut Done,
    ) -> Result<(), CodecError> {
        if self.inflate.is_none() && !can_allocate(INFLATE_BYTES) {
            return Err(CodecError::out_of_memory(NAME, self.offset));
        }
        let inflate = self.inflate.get_or_insert_with(|| Decompress::new(false));
        let before = (inflate.total_in(), inflate.total_out());
        let result = inflate.decompress(input, output, FlushDecompress::None);
        let consumed = (inflate.total_in() - before.0) as usize;
        let produced = (inflate.total_out() - before.1) as usize;
        done.consumed += consumed;
        done.produced += produced;
        self.offset += consumed as u64;
        self.crc.update(&output[..produced]);
        match result {
            Ok(flate2::Status::StreamEnd) => self.state = State::Trailer(0, 0),
            Ok(_) => {}
            Err(_) => {
                // The library's own message depends on how the input was split.
                let detail = "the deflate data is invalid before this byte".into();
                return self.error(ErrorCode::CorruptData, self.offset, detail);
            }
        }
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
            match self.state {
                State::Deflate => {
                    let produced = done.produced;
                    let room = &mut output[produced..];
                    let full = room.len();
                    self.inflate(&input[done.consumed..], room, done)?;
                    if self.state == State::Deflate {
                        if done.produced - produced == full {
                            // Whether more is held back is known only once there is room.
                            return Ok(Status::NeedOutput);
                        }
                        if done.consumed == input.len() {
                            break;
                        }
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
            Ok(status) => Ok(Step {
                status,
                consumed: done.consumed,
                produced: done.produced,
            }),
            Err(error) => Err(Fault {
                error,
                produced: done.produced,
            }),
        }
    }
}

/// What a step has done so far, in bytes.
#[derive(Default)]
struct Done {
    consumed: usize,
    produced: usize,
}
