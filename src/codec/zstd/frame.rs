//! Zstd frames: headers, blocks, checksums, and what is between frames (RFC 8878, 3.1).

use super::block::{Blocks, MOST, Refusal};
use super::dictionary::Dictionary;
use super::header::{self, Header, MAGIC, SKIPPABLE};
use super::options::ZstdDecompressOptions;
use super::window::{NoMemory, Window};
use super::xxhash::Xxh64;
use crate::codec::inflate::unpack::{Done, Limits};
use crate::codec::saved::{StateReader, StateWriter};
use crate::codec::{Codec, CodecError, ErrorCode, Fault, Status, Step, Trailing, can_allocate};

const NAME: &str = "zstdDecompress";

/// Of a saved state.
const VERSION: u8 = 1;

/// More than the tables of a frame take, or a dictionary's.
const TABLES: usize = 64 * 1024;

/// Unpacks zstd of one or more frames, and checks all that a frame lets one check: its size and its checksum, where there are some.
///
/// What it produces and fails with depends on whole blocks: a block that is cut off produces nothing.
///
/// ```
/// use tidegate::codec::{Chain, ZstdDecompress, ZstdDecompressOptions};
///
/// // A frame of four bytes, in one block as it is.
/// let packed = b"\x28\xb5\x2f\xfd\x20\x04\x21\0\0text";
/// let mut chain = Chain::new(vec![Box::new(ZstdDecompress::new(ZstdDecompressOptions::default()))]);
/// chain.input(packed.len()).copy_from_slice(packed);
/// chain.commit(packed.len());
/// chain.end_input();
/// chain.run()?;
/// assert_eq!(chain.batch().bytes, b"text");
/// # Ok::<(), tidegate::codec::CodecError>(())
/// ```
pub struct ZstdDecompress {
    options: ZstdDecompressOptions,
    limits: Limits,
    state: State,
    /// The bytes of what is being read outside of blocks, and how many of them there are.
    part: [u8; header::MOST],
    filled: usize,
    /// Bytes consumed.
    offset: u64,
    /// Bytes that were unpacked, of all frames.
    total: u64,
    has_frame: bool,
    work: Option<Box<Work>>,
    fault: Option<CodecError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before a frame: its magic number, or the end.
    Magic,
    Header,
    /// In the length of a skippable frame, then in the frame with so many bytes to come.
    SkippableLength,
    Skippable(u32),
    BlockHeader,
    Block(BlockHeader),
    Checksum,
    /// Behind the last frame, dropping the rest.
    Ignoring,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct BlockHeader {
    kind: Kind,
    is_last: bool,
    /// How many bytes it has in the input, and unpacked if that is known.
    bytes: usize,
    unpacked: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Raw,
    Repeated,
    Compressed,
}

/// What a frame needs while it is unpacked.
struct Work {
    blocks: Blocks,
    window: Window,
    dictionary: Option<Dictionary>,
    header: Header,
    /// The most bytes of a block of this frame.
    most: usize,
    /// Bytes of this frame that were unpacked.
    total: u64,
    hash: Xxh64,
    /// The start of a block that did not come in one piece.
    gathered: Vec<u8>,
    /// How many bytes at the end of the window have yet to be given out, and how many behind them never will.
    pending: usize,
    dropped: usize,
}

impl ZstdDecompress {
    /// An unpacker at the start of its input.
    ///
    /// ```
    /// use tidegate::codec::{Codec, ZstdDecompress, ZstdDecompressOptions};
    ///
    /// let codec = ZstdDecompress::new(ZstdDecompressOptions::default());
    /// assert_eq!(codec.name(), "zstdDecompress");
    /// ```
    pub fn new(options: ZstdDecompressOptions) -> Self {
        let limits = Limits {
            max_output_bytes: options.max_output_bytes,
            max_ratio: options.max_ratio,
        };
        Self {
            options,
            limits,
            state: State::Magic,
            part: [0; header::MOST],
            filled: 0,
            offset: 0,
            total: 0,
            has_frame: false,
            work: None,
            fault: None,
        }
    }

    fn error<T>(
        &self,
        code: ErrorCode,
        offset: u64,
        detail: impl Into<String>,
    ) -> Result<T, CodecError> {
        Err(CodecError::new(NAME, code, offset, detail))
    }

    fn work(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        last: bool,
        done: &mut Done,
    ) -> Result<Status, CodecError> {
        loop {
            if !self.give(output, done) {
                return Ok(Status::NeedOutput);
            }
            if let Some(error) = self.fault.take() {
                return Err(error);
            }
            let rest = &input[done.consumed..];
            if rest.is_empty() && !self.needs_nothing() {
                return if last {
                    self.end()
                } else {
                    Ok(Status::NeedInput)
                };
            }
            let consumed = self.advance(rest)?;
            done.consumed += consumed;
            self.offset += consumed as u64;
        }
    }

    /// Gives out what has been unpacked, as far as there is room; says whether that was all.
    fn give(&mut self, output: &mut [u8], done: &mut Done) -> bool {
        let Some(work) = &mut self.work else {
            return true;
        };
        let room = &mut output[done.produced..];
        let length = work.pending.min(room.len());
        let from = work.window.at - work.dropped - work.pending;
        room[..length].copy_from_slice(&work.window.bytes[from..from + length]);
        work.pending -= length;
        done.produced += length;
        work.pending == 0
    }

    /// Whether the next step needs no input: a block without a byte.
    fn needs_nothing(&self) -> bool {
        matches!(self.state, State::Block(BlockHeader { bytes: 0, .. }))
    }

    /// The input has ended.
    fn end(&mut self) -> Result<Status, CodecError> {
        let is_whole = match self.state {
            State::Ignoring => true,
            State::Magic if self.filled == 0 => self.has_frame,
            State::Magic => self.has_frame && self.ignores_trailing(),
            _ => false,
        };
        if is_whole {
            return Ok(Status::Finished);
        }
        let inside = match self.state {
            State::Magic if !self.has_frame && self.filled == 0 => "there is no frame",
            State::Skippable(_) | State::SkippableLength => "inside a skippable frame",
            State::Checksum => "inside a checksum",
            _ => "inside a frame",
        };
        self.error(ErrorCode::Truncated, self.offset, inside)
    }

    fn ignores_trailing(&self) -> bool {
        self.options.trailing == Trailing::Ignore
    }

    /// Reads what comes next, or a part of it; returns how many bytes.
    fn advance(&mut self, input: &[u8]) -> Result<usize, CodecError> {
        match self.state {
            State::Ignoring => Ok(input.len()),
            State::Magic => self.read_magic(input[0]),
            State::Skippable(left) => {
                let length = input.len().min(left as usize);
                let left = left - length as u32;
                self.state = if left == 0 {
                    State::Magic
                } else {
                    State::Skippable(left)
                };
                Ok(length)
            }
            State::Block(block) => self.read_block(block, input),
            State::SkippableLength => self.read_part(4, input, Self::read_skippable_length),
            State::BlockHeader => self.read_part(3, input, Self::read_block_header),
            State::Checksum => self.read_part(4, input, Self::read_checksum),
            State::Header => {
                let descriptor = if self.filled > 0 {
                    self.part[0]
                } else {
                    input[0]
                };
                if descriptor & header::RESERVED != 0 {
                    let detail = format!("the frame's descriptor is {descriptor:#04x}");
                    return self.error(ErrorCode::ReservedFlags, self.offset, detail);
                }
                self.read_part(header::length(descriptor), input, Self::read_header)
            }
        }
    }

    /// Gathers a part of so many bytes, and calls `read` with the place in the input where it began.
    fn read_part(
        &mut self,
        wanted: usize,
        input: &[u8],
        read: fn(&mut Self, u64) -> Result<(), CodecError>,
    ) -> Result<usize, CodecError> {
        let length = input.len().min(wanted - self.filled);
        self.part[self.filled..][..length].copy_from_slice(&input[..length]);
        self.filled += length;
        if self.filled == wanted {
            self.filled = 0;
            read(self, self.offset + length as u64 - wanted as u64)?;
        }
        Ok(length)
    }

    fn read_magic(&mut self, byte: u8) -> Result<usize, CodecError> {
        let at = self.filled;
        let skips = |byte: u8| byte == SKIPPABLE[at] || at == 0 && byte & 0xf0 == SKIPPABLE[0];
        let is_skippable = at > 0 && self.part[0] != MAGIC[0];
        let fits = if at == 0 {
            byte == MAGIC[0] || skips(byte)
        } else if is_skippable {
            skips(byte)
        } else {
            byte == MAGIC[at]
        };
        if fits {
            self.part[at] = byte;
            self.filled = (at + 1) % 4;
            if at == 3 {
                self.has_frame = true;
                self.state = if is_skippable {
                    State::SkippableLength
                } else {
                    State::Header
                };
            }
            return Ok(1);
        }
        if self.has_frame && self.ignores_trailing() {
            self.state = State::Ignoring;
            return Ok(1);
        }
        if self.has_frame {
            let detail = "what follows is no zstd frame";
            return self.error(ErrorCode::TrailingData, self.offset - at as u64, detail);
        }
        let detail = format!("expected a frame, which begins with 28 b5 2f fd, got {byte:#04x}");
        self.error(ErrorCode::NotZstd, self.offset, detail)
    }

    fn read_skippable_length(&mut self, _: u64) -> Result<(), CodecError> {
        let [a, b, c, d, ..] = self.part;
        self.state = match u32::from_le_bytes([a, b, c, d]) {
            0 => State::Magic,
            length => State::Skippable(length),
        };
        Ok(())
    }

    fn read_header(&mut self, start: u64) -> Result<(), CodecError> {
        let header = Header::read(&self.part);
        let most = self.options.max_window_bytes;
        if header.window > most {
            let detail = format!(
                "the frame asks for a window of {} bytes, and the option maxWindowBytes allows {most}",
                header.window
            );
            let offset = start + header.window_at as u64;
            return self.error(ErrorCode::WindowTooLarge, offset, detail);
        }
        let memory = CodecError::out_of_memory(NAME, self.offset);
        let work = match &mut self.work {
            Some(work) => work,
            None if can_allocate(2 * TABLES) => {
                let dictionary = match &self.options.dictionary {
                    None => None,
                    Some(bytes) => match Dictionary::read(bytes) {
                        Some(dictionary) => Some(dictionary),
                        None => {
                            let detail =
                                "it has the magic number of a dictionary, and not the format";
                            return self.error(ErrorCode::InvalidDictionary, start, detail);
                        }
                    },
                };
                self.work.insert(Work::new(dictionary))
            }
            None => return Err(memory),
        };
        let id = work
            .dictionary
            .as_ref()
            .map_or(0, |dictionary| dictionary.id);
        if header.dictionary != 0 && header.dictionary != id {
            let wanted = header.dictionary;
            let detail = match (&work.dictionary, id) {
                (None, _) => format!("that with the ID {wanted}, as the option dictionary"),
                (_, 0) => format!("that with the ID {wanted}, and the given one has none"),
                _ => format!("that with the ID {wanted}, and the given one has the ID {id}"),
            };
            let offset = start + header.dictionary_at as u64;
            return self.error(ErrorCode::NeedsDictionary, offset, detail);
        }
        let content = match &work.dictionary {
            None => &[][..],
            Some(dictionary) => {
                let bytes = self.options.dictionary.as_deref().unwrap_or_default();
                &bytes[dictionary.start..]
            }
        };
        if work.begin(header, content).is_err() {
            return Err(memory);
        }
        self.state = State::BlockHeader;
        Ok(())
    }

    fn read_block_header(&mut self, start: u64) -> Result<(), CodecError> {
        let [a, b, c, ..] = self.part;
        let word = u32::from_le_bytes([a, b, c, 0]);
        let size = (word >> 3) as usize;
        let most = self.work.as_ref().map_or(0, |work| work.most);
        let (kind, bytes, unpacked) = match word >> 1 & 3 {
            0 => (Kind::Raw, size, size),
            1 => (Kind::Repeated, 1, size),
            2 => (Kind::Compressed, size, 0),
            _ => {
                let detail = "a block has the reserved type 3";
                return self.error(ErrorCode::CorruptData, start, detail);
            }
        };
        if size > most {
            let detail = format!("a block of {size} bytes, where at most {most} are allowed");
            return self.error(ErrorCode::CorruptData, start, detail);
        }
        self.state = State::Block(BlockHeader {
            kind,
            is_last: word & 1 != 0,
            bytes,
            unpacked,
        });
        Ok(())
    }

    /// Unpacks a block once all of it is there: from the input, if it is whole there.
    fn read_block(&mut self, block: BlockHeader, input: &[u8]) -> Result<usize, CodecError> {
        let start = self.offset;
        let Some(work) = &mut self.work else {
            return self.error(ErrorCode::CorruptData, start, "a block without a frame");
        };
        let gathered = work.gathered.len();
        let start = start - gathered as u64 - 3;
        let length = input.len().min(block.bytes - gathered);
        let result = if gathered == 0 && length == block.bytes {
            work.unpack(block, &input[..length])
        } else {
            if (work.gathered)
                .try_reserve_exact(block.bytes - gathered)
                .is_err()
            {
                return Err(CodecError::out_of_memory(NAME, self.offset));
            }
            work.gathered.extend_from_slice(&input[..length]);
            if work.gathered.len() < block.bytes {
                return Ok(length);
            }
            let whole = std::mem::take(&mut work.gathered);
            let result = work.unpack(block, &whole);
            work.gathered = whole;
            work.gathered.clear();
            result
        };
        let fault = match result {
            Ok(()) => None,
            Err(Refusal::NoMemory) => {
                return Err(CodecError::out_of_memory(NAME, self.offset));
            }
            Err(Refusal::Corrupt(what)) => {
                Some(CodecError::new(NAME, ErrorCode::CorruptData, start, what))
            }
        };
        self.fault = fault;
        self.bound(start, self.offset + length as u64);
        self.state = if !block.is_last {
            State::BlockHeader
        } else if self.fault.is_none() {
            self.end_frame(self.offset + length as u64)
        } else {
            self.state
        };
        Ok(length)
    }

    /// Drops what a block has unpacked beyond what its frame says or the limits allow, and fails for that. The block began at `start` and ended at `end`.
    fn bound(&mut self, start: u64, end: u64) {
        let Some(work) = &mut self.work else { return };
        let before = self.total;
        self.total += work.pending as u64;
        let (allowed, code) = self.limits.allowed(end);
        let mut most = allowed;
        let mut error = None;
        if self.total > allowed {
            let detail = self.limits.detail(allowed, code);
            error = Some(CodecError::new(NAME, code, start, detail));
        }
        if let Some(content) = work.header.content {
            let of_frame = before - (work.total - work.pending as u64) + content;
            if work.total > content && of_frame <= allowed {
                most = of_frame;
                let detail = format!("the frame says that it has {content} bytes, and has more");
                error = Some(CodecError::new(
                    NAME,
                    ErrorCode::SizeMismatch,
                    start,
                    detail,
                ));
            }
        }
        if error.is_some() {
            let surplus = (self.total - most.min(self.total)) as usize;
            work.dropped = surplus.min(work.pending);
            work.pending -= work.dropped;
            self.fault = error;
        }
    }

    /// Behind the last block of a frame.
    fn end_frame(&mut self, offset: u64) -> State {
        let Some(work) = &self.work else {
            return State::Magic;
        };
        if let Some(content) = work.header.content
            && work.total != content
        {
            let got = work.total;
            let detail = format!("the frame says that it has {content} bytes, and has {got}");
            let code = ErrorCode::SizeMismatch;
            self.fault = Some(CodecError::new(NAME, code, offset, detail));
        }
        if work.header.has_checksum {
            State::Checksum
        } else {
            State::Magic
        }
    }

    fn read_checksum(&mut self, start: u64) -> Result<(), CodecError> {
        let [a, b, c, d, ..] = self.part;
        let expected = u32::from_le_bytes([a, b, c, d]);
        let got = self.work.as_ref().map_or(0, |work| work.hash.checksum());
        if expected != got {
            let detail = format!("expected {expected:#010x}, got {got:#010x}");
            return self.error(ErrorCode::ChecksumMismatch, start, detail);
        }
        self.state = State::Magic;
        Ok(())
    }
}

impl Work {
    fn new(dictionary: Option<Dictionary>) -> Box<Self> {
        Box::new(Self {
            blocks: Blocks::new(),
            window: Window::default(),
            dictionary,
            header: Header::default(),
            most: 0,
            total: 0,
            hash: Xxh64::new(),
            gathered: Vec::new(),
            pending: 0,
            dropped: 0,
        })
    }

    /// A frame begins.
    fn begin(&mut self, header: Header, dictionary: &[u8]) -> Result<(), NoMemory> {
        self.header = header;
        self.most = header.window.min(MOST as u64) as usize;
        self.total = 0;
        self.hash = Xxh64::new();
        match (self.dictionary.as_ref()).and_then(|dictionary| dictionary.entropy.as_deref()) {
            Some((codes, tables)) => {
                self.blocks.codes.copy_from(codes);
                self.blocks.tables.copy_from(tables);
            }
            None => {
                self.blocks.codes.is_valid = false;
                self.blocks.tables.reset();
            }
        }
        // No match reaches further back than the content.
        let window = header.window.min(header.content.unwrap_or(u64::MAX));
        self.window.begin(window as usize, self.most, dictionary)
    }

    /// Unpacks a block to the end of the window.
    fn unpack(&mut self, block: BlockHeader, bytes: &[u8]) -> Result<(), Refusal> {
        let window = &mut self.window;
        window.make_room().map_err(|NoMemory| Refusal::NoMemory)?;
        let begin = window.at;
        let result = match block.kind {
            Kind::Compressed => self.blocks.unpack(bytes, window, self.most),
            Kind::Raw | Kind::Repeated => {
                let end = begin + block.unpacked;
                let place = &mut window.bytes[begin..end];
                match block.kind {
                    Kind::Raw => place.copy_from_slice(bytes),
                    _ => place.fill(bytes[0]),
                }
                window.at = end;
                window.total += block.unpacked as u64;
                Ok(())
            }
        };
        let unpacked = &window.bytes[begin..window.at];
        self.pending = unpacked.len();
        self.total += unpacked.len() as u64;
        if self.header.has_checksum {
            self.hash.update(unpacked);
        }
        result
    }
}

impl Codec for ZstdDecompress {
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
        let is_between = self.state == State::Magic && self.filled == 0;
        let is_given = self.work.as_ref().is_none_or(|work| work.pending == 0);
        if !is_between || !is_given || self.fault.is_some() {
            let detail = "it can be saved before a frame or between two, and is inside of one";
            return self.error(ErrorCode::CannotSave, self.offset, detail);
        }
        let mut state = StateWriter::new(NAME, VERSION);
        state.number(self.offset);
        state.number(self.total);
        state.flag(self.has_frame);
        state.finish()
    }

    #[cfg(not(tidegate_npm))]
    fn restore(&mut self, state: &[u8]) -> Result<(), CodecError> {
        let mut state = StateReader::new(NAME, VERSION, state)?;
        self.offset = state.count()?;
        self.total = state.count()?;
        self.has_frame = state.flag()?;
        state.finish()
    }
}
