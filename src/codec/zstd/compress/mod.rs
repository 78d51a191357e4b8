//! Compression as zstd: one frame, whose blocks are of 128 KiB wherever the input was cut.

mod bits;
mod block;
mod fse;
mod huffman;
mod lazy;
mod matches;
mod options;

pub use options::ZstdCompressOptions;

use super::block::MOST;
use super::dictionary::Dictionary;
use super::header::MAGIC;
use super::xxhash::Xxh64;
use crate::codec::compressor::{Asked, Compressor, Made};
use crate::codec::{Codec, CodecError, ErrorCode, Fault, Status, Step, can_allocate};
use block::Blocks;
use matches::{Finder, LEVELS, Search, Sequence};

const NAME: &str = "zstdCompress";

/// The window moves when the input has gone so far beyond it.
const STRIDE: usize = 4 * MOST;

/// More than the buffers that do not depend on the level, in bytes: literals, sequences, and what is made of them.
const BUFFERS: usize = 1024 * 1024;

/// Compresses. What it makes does not depend on how its input is cut, only on where it is [flushed](Codec::flush).
///
/// ```
/// use tidegate::codec::{Chain, ZstdCompress, ZstdCompressOptions, ZstdDecompress, ZstdDecompressOptions};
///
/// let pack = ZstdCompress::new(ZstdCompressOptions::default());
/// let unpack = ZstdDecompress::new(ZstdDecompressOptions::default());
/// let mut chain = Chain::new(vec![Box::new(pack), Box::new(unpack)]);
/// chain.input(4).copy_from_slice(b"text");
/// chain.commit(4);
/// chain.end_input();
/// chain.run()?;
/// assert_eq!(chain.batch().bytes, b"text");
/// # Ok::<(), tidegate::codec::CodecError>(())
/// ```
pub struct ZstdCompress(Compressor<Work>);

impl ZstdCompress {
    /// A compressor at the start of its input.
    ///
    /// ```
    /// use tidegate::codec::{Codec, ZstdCompress, ZstdCompressOptions};
    ///
    /// let codec = ZstdCompress::new(ZstdCompressOptions::default());
    /// assert_eq!(codec.name(), "zstdCompress");
    /// ```
    pub fn new(options: ZstdCompressOptions) -> Self {
        Self(Compressor::new(options))
    }
}

impl Codec for ZstdCompress {
    fn name(&self) -> &'static str {
        NAME
    }

    fn step(&mut self, input: &[u8], output: &mut [u8], last: bool) -> Result<Step, Fault> {
        self.0.step(input, output, last)
    }

    /// Ends the block, so that everything before can be unpacked.
    fn flush(&mut self, output: &mut [u8]) -> Result<Step, Fault> {
        self.0.flush(output)
    }

    #[cfg(not(tidegate_npm))]
    fn save(&self) -> Result<Vec<u8>, CodecError> {
        self.0
            .cannot_save("begin anew: frames of zstd may follow each other")
    }
}

/// The compressor, and what is between it and the steps.
struct Work {
    search: Search,
    checksum: bool,
    content: Option<u64>,
    dictionary_id: u32,
    finder: Finder,
    blocks: Blocks,
    sequences: Vec<Sequence>,
    /// The window, and behind it the block that is gathered.
    bytes: Vec<u8>,
    /// Where the block begins.
    start: usize,
    /// Bytes gathered.
    total: u64,
    hash: Xxh64,
    has_header: bool,
    made: Made,
    /// Everything gathered so far has been flushed.
    flushed: bool,
    finished: bool,
}

impl crate::codec::compressor::Work for Work {
    type Options = ZstdCompressOptions;

    const NAME: &'static str = NAME;

    fn new(options: &ZstdCompressOptions) -> Result<Self, CodecError> {
        let memory = || CodecError::out_of_memory(NAME, 0);
        let level = usize::from(options.level).clamp(1, LEVELS.len());
        let search = LEVELS[level - 1];
        let window = 1 << search.window_log;
        let given = options.dictionary.as_deref().unwrap_or_default();
        if !can_allocate(BUFFERS + given.len().min(window)) {
            return Err(memory());
        }
        let dictionary = Dictionary::read(given).ok_or_else(|| {
            let detail = "it has the magic number of a dictionary, and not the format";
            CodecError::new(NAME, ErrorCode::InvalidDictionary, 0, detail)
        })?;
        let mut finder = Finder::new(search).ok_or_else(memory)?;
        if let Some(entropy) = &dictionary.entropy {
            finder.recent = entropy.1.recent;
        }
        let content = &given[dictionary.start..];
        let content = &content[content.len().saturating_sub(window)..];
        finder.index(content, content.len());
        Ok(Self {
            search,
            checksum: options.checksum,
            content: options.content_size,
            dictionary_id: dictionary.id,
            finder,
            blocks: Blocks::new(),
            sequences: Vec::with_capacity(MOST / 4),
            bytes: content.to_vec(),
            start: content.len(),
            total: 0,
            hash: Xxh64::new(),
            has_header: false,
            made: Made {
                bytes: Vec::with_capacity(MOST + 64),
                given: 0,
            },
            flushed: true,
            finished: false,
        })
    }

    fn advance(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        asked: Asked,
        step: &mut Step,
    ) -> Result<(), CodecError> {
        loop {
            if !self.made.give(output, step) {
                step.status = Status::NeedOutput;
                return Ok(());
            }
            let rest = &input[step.consumed..];
            // A block that is whole waits for what follows, as it may be the last.
            if self.bytes.len() - self.start == MOST && !rest.is_empty() {
                self.write_block(false);
                continue;
            }
            let length = self.gather(rest)?;
            step.consumed += length;
            if length < rest.len() {
                continue;
            }
            match asked {
                Asked::Finish if self.finished => {
                    step.status = Status::Finished;
                    return Ok(());
                }
                Asked::Finish => self.finish()?,
                Asked::Flush if !self.flushed => {
                    self.flushed = true;
                    self.write_block(false);
                }
                Asked::Flush | Asked::Nothing => {
                    step.status = Status::NeedInput;
                    return Ok(());
                }
            }
        }
    }
}

impl Work {
    /// Takes input until the block is whole; returns how many bytes.
    fn gather(&mut self, input: &[u8]) -> Result<usize, CodecError> {
        let mut length = input.len().min(MOST - (self.bytes.len() - self.start));
        if length == 0 {
            return Ok(0);
        }
        if let Some(content) = self.content {
            let left = content - self.total;
            if left == 0 {
                return self.wrong_size("there are more");
            }
            length = length.min(left.min(MOST as u64) as usize);
        }
        let spare = self.bytes.capacity() - self.bytes.len();
        if spare < length {
            // Twice as much, up to what the window and its stride need.
            let whole = (1 << self.search.window_log) + STRIDE;
            let wanted = (2 * self.bytes.capacity()).min(whole);
            let more = wanted.saturating_sub(self.bytes.len()).max(length);
            if self.bytes.try_reserve_exact(more).is_err() {
                return Err(CodecError::out_of_memory(NAME, self.total));
            }
        }
        self.bytes.extend_from_slice(&input[..length]);
        self.total += length as u64;
        self.flushed = false;
        Ok(length)
    }

    fn wrong_size<T>(&self, what: &str) -> Result<T, CodecError> {
        let content = self.content.unwrap_or_default();
        let detail = format!("{content} bytes were to come, and {what}");
        let code = ErrorCode::SizeMismatch;
        Err(CodecError::new(NAME, code, self.total, detail))
    }

    /// Writes the block that has been gathered.
    fn write_block(&mut self, is_last: bool) {
        self.made.bytes.clear();
        self.made.given = 0;
        let is_first = !self.has_header;
        if is_first {
            // What is all there has its size in the header.
            if is_last && self.content.is_none() {
                self.content = Some(self.total);
            }
            self.write_header();
        }
        let block = &self.bytes[self.start..];
        if self.checksum {
            self.hash.update(block);
        }
        let recent = self.finder.recent;
        // Some decoders of 2019 take no first block of one byte.
        let is_even = !is_first && block.len() > 4 && block.iter().all(|&byte| byte == block[0]);
        let packed = if is_even || block.len() < 8 {
            None
        } else {
            (self.finder).find(&self.bytes, self.start, &mut self.sequences);
            self.blocks.compress(block, &self.sequences)
        };
        let (kind, size, bytes) = match packed {
            Some(packed) => (2, packed.len(), packed),
            None if is_even => (1, block.len(), &block[..1]),
            None => (0, block.len(), block),
        };
        if kind != 2 {
            // A decoder learns nothing of it.
            self.finder.recent = recent;
        }
        let header = u32::from(is_last) | kind << 1 | (size as u32) << 3;
        self.made
            .bytes
            .extend_from_slice(&header.to_le_bytes()[..3]);
        self.made.bytes.extend_from_slice(bytes);
        self.slide();
    }

    /// The next block begins behind this one. Where it would have no room, the window moves to the front.
    fn slide(&mut self) {
        let window = 1 << self.search.window_log;
        if self.bytes.len() + MOST > window + STRIDE {
            let surplus = self.bytes.len() - window;
            self.bytes.copy_within(surplus.., 0);
            self.bytes.truncate(window);
            self.finder.slide(surplus);
        }
        self.start = self.bytes.len();
    }

    /// Behind the last input.
    fn finish(&mut self) -> Result<(), CodecError> {
        if self.content.is_some_and(|content| content != self.total) {
            return self.wrong_size(&format!("{} came", self.total));
        }
        self.write_block(true);
        if self.checksum {
            let sum = self.hash.checksum();
            self.made.bytes.extend_from_slice(&sum.to_le_bytes());
        }
        self.finished = true;
        Ok(())
    }

    /// Writes the header of the frame (RFC 8878, 3.1.1.1).
    fn write_header(&mut self) {
        self.has_header = true;
        let window_log = self.search.window_log;
        let is_single = self
            .content
            .is_some_and(|content| content <= 1 << window_log);
        let (content_flag, content_bytes, content) = match self.content {
            None => (0, 0, 0),
            Some(content) if is_single && content < 256 => (0, 1, content),
            Some(content) if content < 65_536 + 256 => (1, 2, content.wrapping_sub(256)),
            Some(content) if content < 1 << 32 => (2, 4, content),
            Some(content) => (3, 8, content),
        };
        let (id_flag, id_bytes) = match self.dictionary_id {
            0 => (0, 0),
            1..256 => (1, 1),
            256..65_536 => (2, 2),
            _ => (3, 4),
        };
        let flags = u8::from(is_single) << 5 | u8::from(self.checksum) << 2;
        self.made.bytes.extend_from_slice(&MAGIC);
        self.made.bytes.push(content_flag << 6 | flags | id_flag);
        if !is_single {
            self.made.bytes.push(((window_log - 10) << 3) as u8);
        }
        let id = self.dictionary_id.to_le_bytes();
        self.made.bytes.extend_from_slice(&id[..id_bytes]);
        self.made
            .bytes
            .extend_from_slice(&content.to_le_bytes()[..content_bytes]);
    }
}
