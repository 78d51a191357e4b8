//! What a codec says when its input is not what it should be.

use std::fmt;

/// What was wrong, as a stable name: programs branch on it, people read the message.
///
/// ```
/// use futures_util::StreamExt;
/// use tidegate::codec::{DecodeError, ErrorCode, GunzipOptions, decode_reader};
///
/// # futures_executor::block_on(async {
/// let mut bytes = decode_reader(&b"\x1f\x8b"[..]).gunzip(GunzipOptions::default()).bytes();
/// match bytes.next().await {
///     Some(Err(DecodeError::Codec(error))) => assert_eq!(error.code, ErrorCode::Truncated),
///     other => unreachable!("{other:?}"),
/// }
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(tidegate_npm, repr(u32))]
pub enum ErrorCode {
    /// The first two bytes of a gzip member are not `1f 8b`.
    NotGzip,
    /// A gzip member names a compression method other than deflate.
    UnsupportedMethod,
    /// A gzip header has bits set that RFC 1952 reserves, or that of a zstd frame the one that RFC 8878 does.
    ReservedFlags,
    /// The CRC-16 of a gzip header does not match it.
    HeaderCrcMismatch,
    /// The first two bytes are not those of a zlib stream.
    NotZlib,
    /// The first bytes are not those of a zstd frame.
    NotZstd,
    /// A zlib stream or a zstd frame was compressed with a dictionary, which a decoder must have as well.
    NeedsDictionary,
    /// A dictionary that was given is broken.
    InvalidDictionary,
    /// A zstd frame needs more memory for its window than was allowed.
    WindowTooLarge,
    /// The compressed data itself is invalid.
    CorruptData,
    /// The CRC-32 of a gzip member does not match what it unpacked to.
    CrcMismatch,
    /// The Adler-32 of a zlib stream does not match what it unpacked to.
    AdlerMismatch,
    /// The checksum of a zstd frame does not match what the frame unpacked to.
    ChecksumMismatch,
    /// The length in a gzip trailer, or in the header of a zstd frame, does not match what the member or frame unpacked to, or what there was to compress.
    SizeMismatch,
    /// The input ended inside a gzip member, a zlib stream, deflate data or a JSON document or a zstd frame.
    Truncated,
    /// The output has more bytes than were allowed.
    OutputTooLarge,
    /// The output has more bytes than were allowed for so much input.
    RatioTooHigh,
    /// Bytes that are no gzip member, or zstd frame, follow the last one, or bytes follow the end of a zlib stream, of deflate data or of a JSON document.
    TrailingData,
    /// A character that base64 or hexadecimal text does not have.
    InvalidCharacter,
    /// A `=` in base64 text where a group has none, or none where it has one.
    InvalidPadding,
    /// The last character of base64 text has bits that belong to no byte.
    StrayBits,
    /// The text is not valid UTF-8, and `fatal` was asked for.
    InvalidUtf8,
    /// The bytes are no text in an encoding other than UTF-8, and `fatal` was asked for.
    InvalidText,
    /// A line, row or item is longer than the configured bound.
    TooLong,
    /// The input ended inside a quoted field.
    UnclosedQuote,
    /// A quoted field is followed by something other than a delimiter or the end of its row.
    StrayQuote,
    /// A row has another number of fields than the first.
    RaggedRow,
    /// A value is none of its column's type.
    InvalidValue,
    /// The header has no column of a name that was asked for.
    MissingColumn,
    /// The header has a name twice that was asked for.
    DuplicateColumn,
    /// The text is no JSON.
    InvalidJson,
    /// More arrays and objects are open than were allowed.
    TooDeep,
    /// Nothing is at the path that was asked for.
    MissingPath,
    /// The memory that the codec needs cannot be had.
    OutOfMemory,
    /// The codec cannot save its state, or not here.
    CannotSave,
    /// What was to be restored is no state of this codec, or one of another release.
    InvalidState,
    /// An error of a codec that is not of this crate, by its own name, such as `"bad-checksum"`.
    // The npm package has no such codec.
    #[cfg(not(tidegate_npm))]
    Custom(&'static str),
}

impl ErrorCode {
    /// The code's name, which is stable: the package for JavaScript has the same names.
    ///
    /// ```
    /// use tidegate::codec::ErrorCode;
    ///
    /// assert_eq!(ErrorCode::CrcMismatch.as_str(), "crc-mismatch");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotGzip => "not-gzip",
            Self::UnsupportedMethod => "unsupported-method",
            Self::ReservedFlags => "reserved-flags",
            Self::HeaderCrcMismatch => "header-crc-mismatch",
            Self::NotZlib => "not-zlib",
            Self::NotZstd => "not-zstd",
            Self::NeedsDictionary => "needs-dictionary",
            Self::InvalidDictionary => "invalid-dictionary",
            Self::WindowTooLarge => "window-too-large",
            Self::CorruptData => "corrupt-data",
            Self::CrcMismatch => "crc-mismatch",
            Self::AdlerMismatch => "adler-mismatch",
            Self::ChecksumMismatch => "checksum-mismatch",
            Self::SizeMismatch => "size-mismatch",
            Self::Truncated => "truncated",
            Self::OutputTooLarge => "output-too-large",
            Self::RatioTooHigh => "ratio-too-high",
            Self::TrailingData => "trailing-data",
            Self::InvalidCharacter => "invalid-character",
            Self::InvalidPadding => "invalid-padding",
            Self::StrayBits => "stray-bits",
            Self::InvalidUtf8 => "invalid-utf8",
            Self::InvalidText => "invalid-text",
            Self::TooLong => "too-long",
            Self::UnclosedQuote => "unclosed-quote",
            Self::StrayQuote => "stray-quote",
            Self::RaggedRow => "ragged-row",
            Self::InvalidValue => "invalid-value",
            Self::MissingColumn => "missing-column",
            Self::DuplicateColumn => "duplicate-column",
            Self::InvalidJson => "invalid-json",
            Self::TooDeep => "too-deep",
            Self::MissingPath => "missing-path",
            Self::OutOfMemory => "out-of-memory",
            Self::CannotSave => "cannot-save",
            Self::InvalidState => "invalid-state",
            #[cfg(not(tidegate_npm))]
            Self::Custom(name) => name,
        }
    }

    const fn what(self) -> &'static str {
        match self {
            Self::NotGzip => "not gzip data",
            Self::UnsupportedMethod => "unsupported compression method",
            Self::ReservedFlags => "reserved header flags set",
            Self::HeaderCrcMismatch => "header CRC mismatch",
            Self::NotZlib => "not a zlib stream",
            Self::NotZstd => "not zstd data",
            Self::NeedsDictionary => "a dictionary is needed",
            Self::InvalidDictionary => "the dictionary is invalid",
            Self::WindowTooLarge => "window larger than allowed",
            Self::CorruptData => "corrupt data",
            Self::CrcMismatch => "CRC mismatch",
            Self::AdlerMismatch => "Adler-32 mismatch",
            Self::ChecksumMismatch => "checksum mismatch",
            Self::SizeMismatch => "size mismatch",
            Self::Truncated => "input ends too early",
            Self::OutputTooLarge => "more output than allowed",
            Self::RatioTooHigh => "more output than allowed for this much input",
            Self::TrailingData => "data after the end",
            Self::InvalidCharacter => "invalid character",
            Self::InvalidPadding => "invalid padding",
            Self::StrayBits => "stray bits",
            Self::InvalidUtf8 => "invalid UTF-8",
            Self::InvalidText => "invalid text",
            Self::TooLong => "too long",
            Self::UnclosedQuote => "unclosed quote",
            Self::StrayQuote => "stray character after a quoted field",
            Self::RaggedRow => "wrong number of fields",
            Self::InvalidValue => "invalid value",
            Self::MissingColumn => "missing column",
            Self::DuplicateColumn => "duplicate column",
            Self::InvalidJson => "invalid JSON",
            Self::TooDeep => "too deep",
            Self::MissingPath => "missing path",
            Self::OutOfMemory => "out of memory",
            Self::CannotSave => "its state cannot be saved",
            Self::InvalidState => "the state cannot be restored",
            #[cfg(not(tidegate_npm))]
            Self::Custom(name) => name,
        }
    }
}

/// A codec's input was wrong. The codec is of no further use.
///
/// ```
/// use tidegate::codec::{Chain, Gunzip, GunzipOptions};
///
/// let mut chain = Chain::new(vec![Box::new(Gunzip::new(GunzipOptions::default()))]);
/// chain.input(2).copy_from_slice(b"PK");
/// chain.commit(2);
/// let error = chain.run().unwrap_err();
/// assert_eq!((error.codec, error.offset), ("gunzip", 0));
/// assert!(error.to_string().starts_with("gunzip: not gzip data at byte 0"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CodecError {
    /// The codec's name, as in [`Codec::name`](super::Codec::name).
    pub codec: &'static str,
    /// What was wrong.
    pub code: ErrorCode,
    /// Where: the number of bytes of the codec's own input before the place.
    pub offset: u64,
    /// What was expected and what was found, for people; may be empty.
    pub detail: String,
    /// Of the codec of JSON: the normalized path (RFC 9535, 2.7) of the item at fault, as far as the text had got to one;
    /// else empty.
    pub path: String,
}

impl CodecError {
    /// An error of the codec of this name, at `offset` bytes of its own input. `detail` says what was expected and what was
    /// found.
    ///
    /// ```
    /// use tidegate::codec::{CodecError, ErrorCode};
    ///
    /// let error = CodecError::new("frames", ErrorCode::Custom("bad-length"), 12, "it is 0");
    /// assert_eq!(error.to_string(), "frames: bad-length at byte 12: it is 0");
    /// ```
    pub fn new(
        codec: &'static str,
        code: ErrorCode,
        offset: u64,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            codec,
            code,
            offset,
            detail: detail.into(),
            path: String::new(),
        }
    }

    /// Allocates nothing.
    pub(crate) const fn out_of_memory(codec: &'static str, offset: u64) -> Self {
        Self {
            codec,
            code: ErrorCode::OutOfMemory,
            offset,
            detail: String::new(),
            path: String::new(),
        }
    }
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} at byte {}",
            self.codec,
            self.code.what(),
            self.offset
        )?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        if !self.path.is_empty() {
            write!(f, " (path {})", self.path)?;
        }
        Ok(())
    }
}

impl std::error::Error for CodecError {}
