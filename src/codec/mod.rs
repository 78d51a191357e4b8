//! Push codecs for bytes and text, and the chain that fuses them.
//!
//! A [`Codec`] is a state machine that is handed a piece of input and room for output and says how
//! much of either it used. It does no I/O, knows nothing of what is before or behind it, accepts its
//! input split anywhere, and allocates nothing per step. A [`Chain`] links codecs with bounded queues
//! and is what the Wasm module exposes.
//!
//! 1. A step never produces more than the output it was given: expansion is bounded by the caller.
//! 2. What a codec produces, and the error it ends with, do not depend on how its input was split: it
//!    produces everything before the fault, then fails.
//! 3. Nothing here panics on any input.
//!
//! ```
//! use tidegate::codec::{Chain, Lines, LinesOptions, Sha256Tap};
//!
//! let lines = Lines::new(LinesOptions::default());
//! let mut chain = Chain::new(vec![Box::new(Sha256Tap::new()), Box::new(lines)]);
//! chain.input(8).copy_from_slice(b"one\r\ntwo");
//! chain.commit(8);
//! chain.end_input();
//! chain.run()?;
//! assert!(chain.batch().records().map(|line| line.get(0)).eq([Some("one"), Some("two")]));
//! assert_eq!(chain.digest(0).map(<[u8]>::len), Some(32));
//! # Ok::<(), tidegate::codec::CodecError>(())
//! ```

mod ascii;
mod batch;
#[cfg(any(feature = "brotli", feature = "brotli-compress"))]
mod brotli;
mod chain;
mod chain_save;
mod compressor;
mod crc32;
mod csv;
#[cfg(any(tidegate_family = "csv", test))]
mod csv_auto;
mod csv_options;
#[cfg(feature = "encoding")]
mod decode_text;
#[cfg(feature = "std")]
mod decoder;
mod deflate;
mod digest;
mod error;
mod inflate;
mod json;
mod lines;
mod marks;
#[cfg(feature = "std")]
mod pass;
mod queue;
mod raw;
#[cfg(feature = "futures-io")]
mod reader;
mod records;
mod saved;
#[cfg(any(tidegate_npm, test))]
mod slots;
#[cfg(feature = "std")]
mod stream;
#[cfg(any(tidegate_family = "csv", test))]
mod table;
mod text;
mod utf8;
#[cfg(feature = "zstd")]
mod zstd;

pub use ascii::{
    Base64Alphabet, Base64Decode, Base64DecodeOptions, Base64Encode, Base64EncodeOptions,
    HexDecode, HexEncode, LastGroup, LineEnd,
};
pub use batch::{Batch, Record, RecordBatch, RecordIter};
#[cfg(feature = "brotli-compress")]
pub use brotli::{BrotliCompress, BrotliCompressOptions};
#[cfg(feature = "brotli")]
pub use brotli::{BrotliDecompress, BrotliDecompressOptions};
pub use chain::{Chain, ChainState, StageStats};
#[cfg(any(tidegate_family = "inflate", tidegate_family = "deflate"))]
pub(crate) use crc32::Crc32Tap;
pub use csv::Csv;
#[cfg(tidegate_family = "csv")]
pub(crate) use csv_auto::AutoCsv;
pub use csv_options::{CsvOptions, Delimiter, Ragged};
#[cfg(feature = "encoding")]
pub use decode_text::{DecodeText, DecodeTextOptions};
#[cfg(feature = "std")]
pub use decoder::Decoder;
pub use deflate::{Deflate, DeflateFormat, DeflateOptions};
pub use digest::{DigestAlgorithm, Digests, Sha256Tap, UnknownAlgorithm};
pub use error::{CodecError, ErrorCode};
pub use inflate::{
    Gunzip, GunzipOptions, GzipHeader, Inflate, InflateFormat, InflateOptions, Trailing,
};
#[cfg(not(tidegate_npm))]
pub use json::InvalidPath;
pub use json::{Json, JsonOptions, JsonPath};
pub use lines::{Lines, LinesOptions};
#[cfg(feature = "futures-io")]
pub use reader::{Reader, decode_reader};
pub use records::Records;
#[cfg(tidegate_npm)]
pub(crate) use slots::Slots;
#[cfg(feature = "std")]
pub use stream::{Chunks, DecodeError, Decoded, Input, RecordStream, decode};
#[cfg(tidegate_family = "csv")]
pub(crate) use table::{Plan, Progress, Rows, Table};
pub use text::TextCodec;
#[cfg(feature = "zstd")]
pub use zstd::{ZstdCompress, ZstdCompressOptions, ZstdDecompress, ZstdDecompressOptions};

/// The most a [`Chain`] lets a codec consume or produce in one step, and the high-water mark of each
/// of its queues, in bytes.
///
/// ```
/// use tidegate::codec::{Chain, SLICE, Sha256Tap};
///
/// assert_eq!(Chain::new(vec![Box::new(Sha256Tap::new())]).desired_size(), SLICE);
/// ```
pub const SLICE: usize = 64 * 1024;

/// The least room for output with which every codec can make progress, in bytes.
///
/// ```
/// use tidegate::codec::{Codec, Lines, LinesOptions, MIN_OUTPUT};
///
/// let mut output = [0; MIN_OUTPUT];
/// let step = Lines::new(LinesOptions::default()).step(b"a\n", &mut output, true);
/// assert_eq!(step.unwrap().produced, 2);
/// ```
pub const MIN_OUTPUT: usize = 16;

/// Whether an allocation of this many bytes would succeed now: asked before code that cannot be told
/// that there is no memory.
pub(crate) fn can_allocate(bytes: usize) -> bool {
    let mut probe = Vec::<u8>::new();
    let reserved = probe.try_reserve_exact(bytes).is_ok();
    // Without it the allocation is one that nobody looks at, and is left out.
    std::hint::black_box(&mut probe);
    reserved
}

/// Why a step ended.
///
/// ```
/// use tidegate::codec::{Codec, Sha256Tap, Status};
///
/// let mut codec = Sha256Tap::new();
/// let mut output = [0; 16];
/// assert_eq!(codec.step(b"abc", &mut output, false).unwrap().status, Status::NeedInput);
/// assert_eq!(codec.step(b"", &mut output, true).unwrap().status, Status::Finished);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All input was consumed; the codec can go on when it gets more.
    NeedInput,
    /// There is not enough room for what comes next; input may be left.
    NeedOutput,
    /// The input was the last, all of it was consumed, and everything has been produced.
    Finished,
}

/// What a step did.
///
/// ```
/// use tidegate::codec::{Codec, Sha256Tap, Status, Step};
///
/// let step = Sha256Tap::new().step(&[0; 40], &mut [0; 16], false).unwrap();
/// let expected = Step { status: Status::NeedOutput, consumed: 16, produced: 16 };
/// assert_eq!(step, expected);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Why it ended.
    pub status: Status,
    /// How many bytes of the input it used; the caller presents the rest again.
    pub consumed: usize,
    /// How many bytes it wrote to the start of the output.
    pub produced: usize,
}

/// Why a step failed, and what it did before.
///
/// ```
/// use tidegate::codec::{Codec, ErrorCode, Lines, LinesOptions};
///
/// let mut lines = Lines::new(LinesOptions::default().fatal(true));
/// let mut output = [0; 32];
/// let fault = lines.step(b"one\n\xff", &mut output, true).unwrap_err();
/// assert_eq!(fault.error.code, ErrorCode::InvalidUtf8);
/// assert_eq!(&output[..fault.produced], b"one\n");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What was wrong.
    pub error: CodecError,
    /// How many bytes the step wrote to the start of the output before the fault. They count.
    pub produced: usize,
}

/// A push state machine from bytes to bytes.
///
/// ```
/// use tidegate::codec::{Chain, Codec, Fault, Status, Step};
///
/// /// Turns letters into capitals.
/// struct Capitals;
///
/// impl Codec for Capitals {
///     fn name(&self) -> &'static str {
///         "capitals"
///     }
///
///     fn step(&mut self, input: &[u8], output: &mut [u8], last: bool) -> Result<Step, Fault> {
///         let bytes = input.len().min(output.len());
///         output[..bytes].copy_from_slice(&input[..bytes]);
///         output[..bytes].make_ascii_uppercase();
///         let status = if bytes < input.len() {
///             Status::NeedOutput
///         } else if last {
///             Status::Finished
///         } else {
///             Status::NeedInput
///         };
///         Ok(Step { status, consumed: bytes, produced: bytes })
///     }
/// }
///
/// let mut chain = Chain::new(vec![Box::new(Capitals)]);
/// chain.input(4)[..4].copy_from_slice(b"text");
/// chain.commit(4);
/// chain.end_input();
/// chain.run().unwrap();
/// assert_eq!(chain.batch().bytes, b"TEXT");
/// ```
pub trait Codec: Send {
    /// The name that errors and statistics carry.
    ///
    /// ```
    /// use tidegate::codec::{Codec, Sha256Tap};
    ///
    /// assert_eq!(Sha256Tap::new().name(), "digest");
    /// ```
    fn name(&self) -> &'static str;

    /// Consumes from the front of `input` and writes to the front of `output`, which must have at least
    /// [`MIN_OUTPUT`] bytes. `last` says that nothing follows `input`; once given it must be given
    /// with every later step. After an error, or [`Status::Finished`], the codec must not be stepped.
    ///
    /// ```
    /// use tidegate::codec::{Codec, Lines, LinesOptions};
    ///
    /// let mut output = [0; 32];
    /// let step = Lines::new(LinesOptions::default()).step(b"a\r\nb", &mut output, true).unwrap();
    /// assert_eq!((step.consumed, &output[..step.produced]), (4, &b"a\nb\n"[..]));
    /// ```
    fn step(&mut self, input: &[u8], output: &mut [u8], last: bool) -> Result<Step, Fault>;

    /// Produces what the codec holds back of the input it has consumed, as far as its format lets it, so that
    /// a reader of the output can have it now. It is called between steps, when all input so far has been consumed, and again while
    /// its status is [`Status::NeedOutput`]. [`Status::NeedInput`] says that everything has been produced, and
    /// the codec goes on with its next step. `output` is as in [`step`](Self::step); nothing is consumed.
    ///
    /// By default a codec holds nothing back. A codec of text holds back a line that has not ended, and a flush
    /// does not end it.
    ///
    /// ```
    /// use tidegate::codec::{Codec, Sha256Tap, Status};
    ///
    /// let flushed = Sha256Tap::new().flush(&mut [0; 16]).unwrap();
    /// assert_eq!((flushed.status, flushed.produced), (Status::NeedInput, 0));
    /// ```
    fn flush(&mut self, output: &mut [u8]) -> Result<Step, Fault> {
        let _ = output;
        Ok(Step {
            status: Status::NeedInput,
            consumed: 0,
            produced: 0,
        })
    }

    /// The codec's state between two steps, as bytes that [`restore`](Self::restore) reads: what it has been given of the input,
    /// and has not given out. They are for the same release of the codec, or a later one that still knows their
    /// version. Options are not among them, and neither are [`records`](Self::records), which a chain saves.
    ///
    /// By default a codec refuses, with [`ErrorCode::CannotSave`].
    ///
    /// ```
    /// use tidegate::codec::{Codec, Lines, LinesOptions};
    ///
    /// let mut output = [0; 32];
    /// let mut lines = Lines::new(LinesOptions::default());
    /// lines.step(b"one\r", &mut output, false).unwrap();
    /// let state = lines.save()?;
    ///
    /// let mut lines = Lines::new(LinesOptions::default());
    /// lines.restore(&state)?;
    /// let step = lines.step(b"\n", &mut output, true).unwrap();
    /// assert_eq!(&output[..step.produced], b"\n"); // the carriage return belonged to the end of the line
    /// # Ok::<(), tidegate::codec::CodecError>(())
    /// ```
    fn save(&self) -> Result<Vec<u8>, CodecError> {
        let detail = "this codec does not implement save()";
        Err(CodecError::new(
            self.name(),
            ErrorCode::CannotSave,
            0,
            detail,
        ))
    }

    /// Takes over a state that [`save`](Self::save) returned, to be called before the first step of a codec with
    /// the same options. Fails with [`ErrorCode::InvalidState`] if the bytes are no such state; then the codec must
    /// not be stepped. The bytes may come from anywhere: a wrong state can lead to wrong output, but to nothing else.
    ///
    /// ```
    /// use tidegate::codec::{Codec, ErrorCode, Lines, LinesOptions};
    ///
    /// let mut lines = Lines::new(LinesOptions::default());
    /// assert_eq!(lines.restore(b"no state").unwrap_err().code, ErrorCode::InvalidState);
    /// ```
    fn restore(&mut self, state: &[u8]) -> Result<(), CodecError> {
        let _ = state;
        let detail = "this codec does not implement restore()";
        Err(CodecError::new(
            self.name(),
            ErrorCode::InvalidState,
            0,
            detail,
        ))
    }

    /// Where the records in the produced bytes end, for codecs that make records. Such a codec writes
    /// a one-byte separator behind each field or line.
    ///
    /// ```
    /// use tidegate::codec::{Codec, Lines, LinesOptions, Sha256Tap};
    ///
    /// assert!(Lines::new(LinesOptions::default()).records().is_some());
    /// assert!(Sha256Tap::new().records().is_none());
    /// ```
    fn records(&mut self) -> Option<&mut Records> {
        None
    }

    /// The digest of all bytes, for codecs that compute one, once the input is finished. Several are one after another,
    /// in the order in which they were asked for.
    ///
    /// ```
    /// use tidegate::codec::{Codec, Sha256Tap};
    ///
    /// let mut tap = Sha256Tap::new();
    /// tap.step(b"abc", &mut [0; 16], true).unwrap();
    /// assert_eq!(tap.digest().unwrap()[..4], [0xba, 0x78, 0x16, 0xbf]);
    /// ```
    fn digest(&self) -> Option<&[u8]> {
        None
    }

    /// The digest of all bytes by one algorithm, for codecs that compute it, once the input is finished.
    ///
    /// ```
    /// use tidegate::codec::{Codec, DigestAlgorithm, Digests};
    ///
    /// let mut tap = Digests::new(&[DigestAlgorithm::Md5, DigestAlgorithm::Crc32]);
    /// tap.step(b"abc", &mut [0; 16], true).unwrap();
    /// assert_eq!(tap.digest_of(DigestAlgorithm::Crc32), Some(&[0x35, 0x24, 0x41, 0xc2][..]));
    /// assert_eq!(tap.digest_of(DigestAlgorithm::Sha1), None);
    /// ```
    fn digest_of(&self, algorithm: DigestAlgorithm) -> Option<&[u8]> {
        let _ = algorithm;
        None
    }
}
