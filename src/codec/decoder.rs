//! A source and the codecs that it goes through, as it is put together.
use std::fmt;

use super::{
    Codec, Csv, CsvOptions, Decoded, Deflate, DeflateOptions, DigestAlgorithm, Digests, Gunzip,
    GunzipOptions, Inflate, InflateOptions, Input, Json, JsonOptions, JsonPath, Lines,
    LinesOptions, RecordStream, Sha256Tap,
};

/// A source of bytes and the codecs that it goes through. They run as one [`Chain`](crate::codec::Chain): the bytes are
/// copied once into it and once out of it, however many codecs there are.
///
/// ```
/// use tidegate::codec::{CsvOptions, GunzipOptions, decode_reader};
///
/// let decoder = decode_reader(&b""[..])
///     .gunzip(GunzipOptions::default())
///     .sha256()
///     .csv(CsvOptions::default());
/// assert_eq!(format!("{decoder:?}"), r#"["gunzip", "digest", "csv"]"#);
/// ```
#[must_use = "a decoder does nothing until it is asked for bytes or records"]
pub struct Decoder<I> {
    input: I,
    codecs: Vec<Box<dyn Codec>>,
}

impl<I> fmt::Debug for Decoder<I> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.codecs.iter().map(|codec| codec.name());
        formatter.debug_list().entries(names).finish()
    }
}

impl<I> Decoder<I> {
    pub(super) fn new(input: I) -> Self {
        Self {
            input,
            codecs: Vec::new(),
        }
    }

    /// Adds a codec.
    ///
    /// ```
    /// use tidegate::codec::{Sha256Tap, decode_reader};
    ///
    /// let decoder = decode_reader(&b"text"[..]).with(Sha256Tap::new());
    /// # drop(decoder);
    /// ```
    pub fn with(mut self, codec: impl Codec + 'static) -> Self {
        self.codecs.push(Box::new(codec));
        self
    }

    /// Unpacks gzip: all members of it.
    ///
    /// ```
    /// # use tidegate::codec::{GunzipOptions, decode};
    /// # futures_executor::block_on(async {
    /// use futures_util::{StreamExt, stream};
    /// use std::io::Write;
    /// let mut packed = flate2::write::GzEncoder::new(Vec::new(), Default::default());
    /// packed.write_all(b"text").unwrap();
    /// let source = stream::iter([packed.finish()]);
    /// let mut bytes = decode(source).gunzip(GunzipOptions::default()).bytes();
    /// assert_eq!(bytes.next().await.unwrap().unwrap(), "text");
    /// # });
    /// ```
    pub fn gunzip(self, options: GunzipOptions) -> Self {
        self.with(Gunzip::new(options))
    }

    /// Unpacks a zlib stream, or deflate data alone.
    ///
    /// ```
    /// # use tidegate::codec::{InflateOptions, decode};
    /// # futures_executor::block_on(async {
    /// use futures_util::{StreamExt, stream};
    /// use std::io::Write;
    /// let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), Default::default());
    /// packed.write_all(b"text").unwrap();
    /// let source = stream::iter([packed.finish()]);
    /// let mut bytes = decode(source).inflate(InflateOptions::default()).bytes();
    /// assert_eq!(bytes.next().await.unwrap().unwrap(), "text");
    /// # });
    /// ```
    pub fn inflate(self, options: InflateOptions) -> Self {
        self.with(Inflate::new(options))
    }

    /// Unpacks zstd: all frames of it.
    ///
    /// ```
    /// use futures_util::TryStreamExt;
    /// use tidegate::codec::{ZstdDecompressOptions, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let packed = b"\x28\xb5\x2f\xfd\x20\x04\x21\0\0text";
    /// let bytes = decode_reader(&packed[..]).zstd_decompress(ZstdDecompressOptions::default()).bytes();
    /// assert_eq!(bytes.try_collect::<Vec<_>>().await.unwrap().concat(), b"text");
    /// # });
    /// ```
    #[cfg(feature = "zstd")]
    pub fn zstd_decompress(self, options: super::ZstdDecompressOptions) -> Self {
        self.with(super::ZstdDecompress::new(options))
    }

    /// Compresses as zstd.
    ///
    /// ```
    /// use futures_util::TryStreamExt;
    /// use tidegate::codec::{ZstdCompressOptions, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let bytes = decode_reader(&[b'a'; 1000][..]).zstd_compress(ZstdCompressOptions::default()).bytes();
    /// let packed = bytes.try_collect::<Vec<_>>().await.unwrap().concat();
    /// assert!(packed.len() < 40);
    /// # });
    /// ```
    #[cfg(feature = "zstd")]
    pub fn zstd_compress(self, options: super::ZstdCompressOptions) -> Self {
        self.with(super::ZstdCompress::new(options))
    }

    /// Compresses: as gzip, zlib or deflate alone.
    ///
    /// ```
    /// use futures_util::TryStreamExt;
    /// use tidegate::codec::{DeflateOptions, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let bytes = decode_reader(&[b'a'; 1000][..]).deflate(DeflateOptions::default()).bytes();
    /// let packed = bytes.try_collect::<Vec<_>>().await.unwrap().concat();
    /// assert!(packed.len() < 40);
    /// # });
    /// ```
    pub fn deflate(self, options: DeflateOptions) -> Self {
        self.with(Deflate::new(options))
    }

    /// Computes the SHA-256 digest of what passes: see [`Decoded::digest`].
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use tidegate::codec::decode_reader;
    ///
    /// # futures_executor::block_on(async {
    /// let mut bytes = decode_reader(&b"abc"[..]).sha256().bytes();
    /// while bytes.next().await.is_some() {}
    /// assert_eq!(bytes.digest(0).unwrap().len(), 32);
    /// # });
    /// ```
    pub fn sha256(self) -> Self {
        self.with(Sha256Tap::new())
    }

    /// Computes digests of what passes, all in one pass: see [`Decoded::digest_of`].
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use tidegate::codec::{DigestAlgorithm, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let both = [DigestAlgorithm::Blake3, DigestAlgorithm::Crc32];
    /// let mut bytes = decode_reader(&b"abc"[..]).digests(&both).bytes();
    /// while bytes.next().await.is_some() {}
    /// assert_eq!(bytes.digest_of(0, DigestAlgorithm::Crc32).unwrap(), [0x35, 0x24, 0x41, 0xc2]);
    /// # });
    /// ```
    pub fn digests(self, algorithms: &[DigestAlgorithm]) -> Self {
        self.with(Digests::new(algorithms))
    }

    /// Splits text into lines.
    ///
    /// ```
    /// # use tidegate::codec::{LinesOptions, decode};
    /// # futures_executor::block_on(async {
    /// use futures_util::{TryStreamExt, stream};
    /// let source = stream::iter([Ok::<_, std::io::Error>("one\r\ntw"), Ok("o")]);
    /// let batches: Vec<_> = decode(source)
    ///     .lines(LinesOptions::default())
    ///     .records()
    ///     .try_collect()
    ///     .await
    ///     .unwrap();
    /// let lines: Vec<_> = batches.iter().flatten().map(|line| line.get(0)).collect();
    /// assert_eq!(lines, [Some("one"), Some("two")]);
    /// # });
    /// ```
    pub fn lines(self, options: LinesOptions) -> Self {
        self.with(Lines::new(options))
    }

    /// Splits text into rows of fields.
    ///
    /// # Panics
    ///
    /// If delimiter and quote are not two different ASCII characters other than CR and LF: see [`Csv::new`].
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use tidegate::codec::{CsvOptions, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let mut rows = decode_reader(&b"a,\"b, c\"\n"[..]).csv(CsvOptions::default()).records();
    /// let batch = rows.next().await.unwrap().unwrap();
    /// assert_eq!(&batch.iter().next().unwrap()[1], "b, c");
    /// # });
    /// ```
    pub fn csv(self, options: CsvOptions) -> Self {
        let csv = Csv::new(options);
        self.with(csv.expect(
            "csv(): delimiter and quote must be two different ASCII characters other than CR and LF",
        ))
    }

    /// Gives the text of each value that a path leads to in one JSON document.
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use tidegate::codec::{JsonOptions, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let text = &br#"{"total": 2, "items": [{"id": 1}, {"id": 2}]}"#[..];
    /// let path = "$.items[*]".parse().unwrap();
    /// let mut items = decode_reader(text).json(path, JsonOptions::default()).records();
    /// let batch = items.next().await.unwrap().unwrap();
    /// assert_eq!(&batch.iter().nth(1).unwrap()[0], r#"{"id": 2}"#); // for serde_json, say
    /// # });
    /// ```
    pub fn json(self, path: JsonPath, options: JsonOptions) -> Self {
        self.with(Json::new(path, options))
    }
}

impl<I: Input> Decoder<I> {
    fn start(mut self) -> Decoded<I> {
        if self.codecs.is_empty() {
            self.codecs.push(Box::new(super::pass::Pass));
        }
        Decoded::new(self.input, self.codecs)
    }

    /// The bytes that the last codec makes, as a stream, or with the feature `futures-io` as a reader.
    ///
    /// ```
    /// use futures_util::{StreamExt, stream};
    /// use tidegate::codec::{DecodeError, ErrorCode, GunzipOptions, decode};
    ///
    /// # futures_executor::block_on(async {
    /// let source = stream::iter([Ok::<_, std::io::Error>("no gzip")]);
    /// let mut bytes = decode(source).gunzip(GunzipOptions::default()).bytes();
    /// let Some(Err(DecodeError::Codec(error))) = bytes.next().await else { panic!() };
    /// assert_eq!(error.code, ErrorCode::NotGzip);
    /// # });
    /// ```
    pub fn bytes(self) -> Decoded<I> {
        self.start()
    }

    /// The records that the last codec makes, in batches: rows of fields, or lines, each a record of one field. No field is
    /// copied by itself.
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use tidegate::codec::{LinesOptions, decode_reader};
    ///
    /// # futures_executor::block_on(async {
    /// let mut lines = decode_reader(&b"one\ntwo\n"[..]).lines(LinesOptions::default()).records();
    /// assert_eq!(lines.next().await.unwrap().unwrap().len(), 2);
    /// assert!(lines.next().await.is_none());
    /// # });
    /// ```
    pub fn records(self) -> RecordStream<I> {
        RecordStream::new(self.start())
    }
}
