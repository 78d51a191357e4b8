//! Compression with deflate (RFC 1951), as gzip (RFC 1952), zlib (RFC 1950) or alone.

use flate2::{Compress, Compression, FlushCompress};

use super::compressor::{Asked, Compressor, Made};
use super::crc32::Crc32;
use super::{Codec, CodecError, ErrorCode, Fault, Status, Step, can_allocate};

const NAME: &str = "deflate";

/// The compressor gets its input in pieces of this size, and room for as much as it wants, whatever pieces and room a step has. What it
/// makes depends on both.
const PIECE: usize = 32 * 1024;
const ROOM: usize = 64 * 1024;

/// More than the compressor and its buffers allocate.
const DEFLATE_BYTES: usize = 768 * 1024;

/// The operating system in a header that says nothing of it.
const UNKNOWN_OS: u8 = 255;

/// What is around the deflate data.
///
/// ```
/// use tidegate::codec::{DeflateFormat, DeflateOptions};
///
/// assert_eq!(DeflateOptions::default().format, DeflateFormat::Gzip);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeflateFormat {
    /// gzip, RFC 1952: a header, the CRC-32 and the length.
    #[default]
    Gzip,
    /// zlib, RFC 1950: two bytes before, the Adler-32 behind. HTTP calls it deflate.
    Zlib,
    /// Nothing, RFC 1951.
    Raw,
}

/// How to compress, and what a gzip header says.
///
/// ```
/// use tidegate::codec::{DeflateFormat, DeflateOptions};
///
/// let options = DeflateOptions::default();
/// assert_eq!((options.level, options.format), (6, DeflateFormat::Gzip));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeflateOptions {
    /// What is around the deflate data.
    pub format: DeflateFormat,
    /// From 0, which stores, over 1, the fastest, to 9, the smallest. More is 9.
    pub level: u8,
    /// gzip: the name of the file, in Latin-1. It ends at its first zero byte.
    pub name: Option<Vec<u8>>,
    /// gzip: a comment, in Latin-1. It ends at its first zero byte.
    pub comment: Option<Vec<u8>>,
    /// gzip: when the file was changed, in seconds since 1970; 0 says nothing.
    pub mtime: u32,
    /// gzip: the number of the operating system, 255 for an unknown one.
    pub os: u8,
}

impl Default for DeflateOptions {
    fn default() -> Self {
        Self {
            format: DeflateFormat::default(),
            level: 6,
            name: None,
            comment: None,
            mtime: 0,
            os: UNKNOWN_OS,
        }
    }
}

impl DeflateOptions {
    /// Sets [`format`](Self#structfield.format).
    ///
    /// ```
    /// use tidegate::codec::{DeflateFormat, DeflateOptions};
    ///
    /// let options = DeflateOptions::default().format(DeflateFormat::Raw);
    /// assert_eq!(options.format, DeflateFormat::Raw);
    /// ```
    pub fn format(mut self, format: DeflateFormat) -> Self {
        self.format = format;
        self
    }

    /// Sets [`level`](Self#structfield.level).
    ///
    /// ```
    /// use tidegate::codec::DeflateOptions;
    ///
    /// assert_eq!(DeflateOptions::default().level(9).level, 9);
    /// ```
    pub fn level(mut self, level: u8) -> Self {
        self.level = level;
        self
    }

    /// Sets [`name`](Self#structfield.name).
    ///
    /// ```
    /// use tidegate::codec::DeflateOptions;
    ///
    /// assert_eq!(DeflateOptions::default().name("a.csv").name.as_deref(), Some(&b"a.csv"[..]));
    /// ```
    pub fn name(mut self, name: impl Into<Vec<u8>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets [`comment`](Self#structfield.comment).
    ///
    /// ```
    /// use tidegate::codec::DeflateOptions;
    ///
    /// assert_eq!(DeflateOptions::default().comment("draft").comment.as_deref(), Some(&b"draft"[..]));
    /// ```
    pub fn comment(mut self, comment: impl Into<Vec<u8>>) -> Self {
        self.comment = Some(comment.into());
        self
    }

    /// Sets [`mtime`](Self#structfield.mtime).
    ///
    /// ```
    /// use tidegate::codec::DeflateOptions;
    ///
    /// assert_eq!(DeflateOptions::default().mtime(1_700_000_000).mtime, 1_700_000_000);
    /// ```
    pub fn mtime(mut self, mtime: u32) -> Self {
        self.mtime = mtime;
        self
    }

    /// Sets [`os`](Self#structfield.os).
    ///
    /// ```
    /// use tidegate::codec::DeflateOptions;
    ///
    /// assert_eq!(DeflateOptions::default().os(3).os, 3); // Unix
    /// ```
    pub fn os(mut self, os: u8) -> Self {
        self.os = os;
        self
    }

    fn gzip_header(&self) -> Vec<u8> {
        let [first, second, third, fourth] = self.mtime.to_le_bytes();
        let effort = match self.level {
            1 => 4,
            9.. => 2,
            _ => 0,
        };
        let fields = [(8, &self.name), (16, &self.comment)];
        let mut header = vec![
            0x1f, 0x8b, 8, 0, first, second, third, fourth, effort, self.os,
        ];
        for (flag, field) in fields {
            let Some(text) = field else { continue };
            header[3] |= flag;
            header.extend(text.iter().take_while(|&&byte| byte != 0));
            header.push(0);
        }
        header
    }
}

/// Compresses. What it makes does not depend on how its input is cut, only on where it is [flushed](Codec::flush).
///
/// ```
/// use std::io::Read;
/// use tidegate::codec::{Chain, Deflate, DeflateOptions};
///
/// let mut chain = Chain::new(vec![Box::new(Deflate::new(DeflateOptions::default().name("tide.txt")))]);
/// chain.input(4).copy_from_slice(b"text");
/// chain.commit(4);
/// chain.end_input();
/// chain.run()?;
/// let mut text = String::new();
/// flate2::read::GzDecoder::new(chain.batch().bytes).read_to_string(&mut text).unwrap();
/// assert_eq!(text, "text");
/// # Ok::<(), tidegate::codec::CodecError>(())
/// ```
pub struct Deflate(Compressor<Work>);

impl Deflate {
    /// A compressor at the start of its input.
    ///
    /// ```
    /// use tidegate::codec::{Codec, Deflate, DeflateOptions};
    ///
    /// assert_eq!(Deflate::new(DeflateOptions::default()).name(), "deflate");
    /// ```
    pub fn new(options: DeflateOptions) -> Self {
        Self(Compressor::new(options))
    }
}

impl Codec for Deflate {
    fn name(&self) -> &'static str {
        NAME
    }

    fn step(&mut self, input: &[u8], output: &mut [u8], last: bool) -> Result<Step, Fault> {
        self.0.step(input, output, last)
    }

    /// Ends the block at a whole byte, so that everything before can be unpacked (`Z_SYNC_FLUSH` of zlib).
    fn flush(&mut self, output: &mut [u8]) -> Result<Step, Fault> {
        self.0.flush(output)
    }

    #[cfg(not(tidegate_npm))]
    fn save(&self) -> Result<Vec<u8>, CodecError> {
        self.0
            .cannot_save("begin anew: members of gzip may follow each other")
    }
}

/// The compressor, and what is between it and the steps.
struct Work {
    compress: Compress,
    /// The input that is gathered, at most [`PIECE`], and how much of it the compressor has.
    piece: Vec<u8>,
    compressed: usize,
    /// What the compressor is doing with the piece, until it has made all of that.
    doing: Option<FlushCompress>,
    made: Made,
    /// Everything gathered so far has been flushed.
    flushed: bool,
    finished: bool,
    /// Of the input, for gzip.
    crc: Option<Crc32>,
}

impl super::compressor::Work for Work {
    type Options = DeflateOptions;

    const NAME: &'static str = NAME;

    fn new(options: &DeflateOptions) -> Result<Self, CodecError> {
        if !can_allocate(DEFLATE_BYTES) {
            return Err(CodecError::out_of_memory(NAME, 0));
        }
        let level = Compression::new(u32::from(options.level.min(9)));
        let is_gzip = options.format == DeflateFormat::Gzip;
        Ok(Self {
            compress: Compress::new(level, options.format == DeflateFormat::Zlib),
            piece: Vec::with_capacity(PIECE),
            compressed: 0,
            doing: None,
            made: Made {
                bytes: if is_gzip {
                    options.gzip_header()
                } else {
                    Vec::new()
                },
                given: 0,
            },
            flushed: true,
            finished: false,
            crc: is_gzip.then(Crc32::new),
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
            if let Some(flush) = self.doing {
                self.compress(flush)?;
                continue;
            }
            step.consumed += self.gather(&input[step.consumed..]);
            if self.piece.len() == PIECE {
                self.begin(FlushCompress::None);
                continue;
            }
            match asked {
                Asked::Finish if self.finished => {
                    step.status = Status::Finished;
                    return Ok(());
                }
                Asked::Finish => self.begin(FlushCompress::Finish),
                Asked::Flush if !self.flushed => {
                    self.flushed = true;
                    self.begin(FlushCompress::Sync);
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
    /// Takes input until the piece is whole; returns how many bytes.
    fn gather(&mut self, input: &[u8]) -> usize {
        let length = input.len().min(PIECE - self.piece.len());
        self.piece.extend_from_slice(&input[..length]);
        self.flushed = self.flushed && length == 0;
        length
    }

    fn begin(&mut self, flush: FlushCompress) {
        if let Some(crc) = &mut self.crc {
            crc.update(&self.piece);
        }
        self.doing = Some(flush);
    }

    /// Lets the compressor fill the room once.
    fn compress(&mut self, flush: FlushCompress) -> Result<(), CodecError> {
        self.made.bytes.resize(ROOM, 0);
        self.made.given = 0;
        let (before_in, before_out) = (self.compress.total_in(), self.compress.total_out());
        let input = &self.piece[self.compressed..];
        let result = self.compress.compress(input, &mut self.made.bytes, flush);
        self.compressed += (self.compress.total_in() - before_in) as usize;
        self.made
            .bytes
            .truncate((self.compress.total_out() - before_out) as usize);
        let ended = match (result, flush) {
            (Ok(flate2::Status::StreamEnd), _) => {
                self.finish();
                true
            }
            (Ok(_), FlushCompress::Finish) if !self.made.bytes.is_empty() => false,
            // With room left it has made everything.
            (Ok(_), FlushCompress::None | FlushCompress::Sync) => self.made.bytes.len() < ROOM,
            _ => {
                let detail = "the compressor has failed";
                let offset = self.compress.total_in();
                return Err(CodecError::new(
                    NAME,
                    ErrorCode::CorruptData,
                    offset,
                    detail,
                ));
            }
        };
        if ended {
            self.piece.clear();
            self.compressed = 0;
            self.doing = None;
        }
        Ok(())
    }

    /// What is behind the deflate data.
    fn finish(&mut self) {
        self.finished = true;
        if let Some(crc) = &self.crc {
            self.made.bytes.extend_from_slice(&crc.sum().to_le_bytes());
            let length = self.compress.total_in() as u32;
            self.made.bytes.extend_from_slice(&length.to_le_bytes());
        }
    }
}
