//! Bytes as programs for one codec each: nothing may panic, the outcome may not depend on how the input is split, and it must be what another
//! implementation says.

use flate2::{Decompress, FlushDecompress, Status as ZlibStatus};
use tidegate::codec::{
    Base64Alphabet, Base64Decode, Base64DecodeOptions, Base64Encode, Base64EncodeOptions, Chain,
    Codec, Csv, CsvOptions, DecodeText, DecodeTextOptions, Deflate, DeflateFormat, DeflateOptions,
    Delimiter, DigestAlgorithm, Digests, Gunzip, GunzipOptions, HexDecode, HexEncode, Inflate,
    InflateFormat, InflateOptions, Json, JsonOptions, LastGroup, Lines, LinesOptions, Ragged,
    Trailing,
};

use super::json_model::{self, Step};
use super::{Outcome, drive, drive_chain, drive_chain_unended};

/// The most that is unpacked, so that a bomb does not take the fuzzer's time.
const MOST: u64 = 1 << 20;

/// What the first bytes say, each of them 0 where the program is too short.
struct Program<'a>(&'a [u8]);

impl<'a> Program<'a> {
    fn byte(&mut self) -> u8 {
        match self.0 {
            [first, rest @ ..] => {
                self.0 = rest;
                *first
            }
            [] => 0,
        }
    }

    fn pieces(&mut self) -> (usize, &'a [u8]) {
        (usize::from(self.byte()).max(1), self.0)
    }
}

/// The outcome in one piece, which must be that in pieces of `size` bytes with little room as well.
fn split_or_not(make: impl Fn() -> Box<dyn Codec>, input: &[u8], size: usize) -> Outcome {
    let whole = drive(&mut *make(), &[input], 1 << 16);
    let mut pieces: Vec<&[u8]> = input.chunks(size).collect();
    pieces.push(&[]);
    assert_eq!(drive(&mut *make(), &pieces, 16 + size), whole);
    whole
}

/// Decompression of any bytes, as gzip, zlib or raw deflate. What raw data becomes is what zlib-rs makes of it.
pub fn inflate(program: &[u8]) {
    let mut program = Program(program);
    let (format, flags) = (program.byte(), program.byte());
    let (size, input) = program.pieces();
    let trailing = if flags & 1 == 0 {
        Trailing::Error
    } else {
        Trailing::Ignore
    };
    let ratio = (flags & 2 != 0).then_some(20);
    let bytes = if flags & 4 == 0 { MOST } else { 1000 };
    if format % 3 == 0 {
        let options = GunzipOptions::default()
            .trailing(trailing)
            .max_output_bytes(bytes)
            .max_ratio(ratio);
        let _ = split_or_not(|| Box::new(Gunzip::new(options)), input, size);
        return;
    }
    let is_raw = format % 3 == 1;
    let format = if is_raw {
        InflateFormat::Raw
    } else {
        InflateFormat::Zlib
    };
    let options = InflateOptions::default().format(format).trailing(trailing);
    let options = options.max_output_bytes(bytes).max_ratio(ratio);
    let (produced, result) = split_or_not(|| Box::new(Inflate::new(options)), input, size);
    if is_raw && trailing == Trailing::Ignore && ratio.is_none() && bytes == MOST {
        let mut expected = vec![0; MOST as usize];
        let mut zlib = Decompress::new(false);
        let end = zlib.decompress(input, &mut expected, FlushDecompress::None);
        let length = zlib.total_out() as usize;
        if length < expected.len() {
            assert_eq!(
                result.is_ok(),
                matches!(end, Ok(ZlibStatus::StreamEnd)),
                "{result:?} {end:?}"
            );
            let shorter = length.min(produced.len());
            assert_eq!(produced[..shorter], expected[..shorter]);
            assert!(result.is_err() || produced.len() == length);
        }
    }
}

/// Decompression of any bytes as brotli, or of what is compressed of them.
pub fn brotli(program: &[u8]) {
    use tidegate::codec::{
        BrotliCompress, BrotliCompressOptions, BrotliDecompress, BrotliDecompressOptions,
    };
    let mut program = Program(program);
    let (kind, flags) = (program.byte(), program.byte());
    let (size, input) = program.pieces();
    let mut options = BrotliDecompressOptions::default().max_output_bytes(MOST);
    if flags & 1 != 0 {
        options = options.trailing(Trailing::Ignore);
    }
    if flags & 2 != 0 {
        options = options.max_ratio(20);
    }
    if flags & 4 != 0 {
        options = options.max_window_bytes(1 << 18);
    }
    if kind % 4 != 1 {
        let whole = drive(&mut BrotliDecompress::new(options), &[input], 1 << 16);
        let pieces: Vec<&[u8]> = input.chunks(size).chain([&[][..]]).collect();
        let split = drive(&mut BrotliDecompress::new(options), &pieces, 16 + size);
        let what = "makes more than its meta-block has";
        let overruns =
            |outcome: &Outcome| matches!(&outcome.1, Err(error) if error.detail.contains(what));
        if overruns(&whole) && overruns(&split) {
            // The command at fault may have been given out in part.
            assert!(whole.0.starts_with(&split.0) || split.0.starts_with(&whole.0));
        } else {
            assert_eq!(split, whole);
        }
        return;
    }
    let packing = BrotliCompressOptions::default()
        .quality(flags % 10)
        .window(10 + flags % 8);
    let (packed, result) = split_or_not(|| Box::new(BrotliCompress::new(packing)), input, size);
    result.unwrap();
    let mut unpack = BrotliDecompress::new(BrotliDecompressOptions::default());
    let (unpacked, result) = drive(&mut unpack, &[&packed], 1 << 16);
    result.unwrap();
    assert_eq!(unpacked, input);
}

/// Decompression of any bytes as zstd. The first bytes are options; `check` gets the input, and what became of it if nothing bounded it.
#[cfg(feature = "zstd")]
pub fn zstd_decompress(program: &[u8], check: impl FnOnce(&[u8], &Outcome)) {
    use tidegate::codec::{ZstdDecompress, ZstdDecompressOptions};
    let mut program = Program(program);
    let flags = program.byte();
    let (size, input) = program.pieces();
    let trailing = if flags & 1 == 0 {
        Trailing::Error
    } else {
        Trailing::Ignore
    };
    let options = ZstdDecompressOptions::default()
        .trailing(trailing)
        .max_ratio((flags & 2 != 0).then_some(20))
        .max_output_bytes(if flags & 4 == 0 { MOST } else { 1000 })
        .max_window_bytes(1 << 20);
    let make = || Box::new(ZstdDecompress::new(options.clone())) as Box<dyn Codec>;
    let outcome = split_or_not(make, input, size);
    if flags & 7 == 0 && (outcome.0.len() as u64) < MOST {
        check(input, &outcome);
    }
}

/// Compression of any bytes as zstd: the same however they are cut, and unpacked what they were. `check` gets what was packed, and what it was.
#[cfg(feature = "zstd")]
pub fn zstd_compress(program: &[u8], check: impl FnOnce(&[u8], &[u8])) {
    use tidegate::codec::{
        ZstdCompress, ZstdCompressOptions, ZstdDecompress, ZstdDecompressOptions,
    };
    let mut program = Program(program);
    let (level, flags, times) = (program.byte(), program.byte(), program.byte());
    let (size, input) = program.pieces();
    // More than one block, and matches that are far away.
    let input = input.repeat(1 + usize::from(times) * usize::from(flags & 1) * 8);
    let input = &input[..input.len().min(1 << 19)];
    let dictionary = (flags & 2 != 0).then(|| input[..input.len() / 3].to_vec());
    let dictionary = dictionary.filter(|bytes| !bytes.starts_with(&[0x37, 0xa4, 0x30, 0xec]));
    let options = ZstdCompressOptions::default()
        .level(1 + level % ZstdCompressOptions::HIGHEST)
        .checksum(flags & 4 != 0)
        .content_size((flags & 8 != 0).then_some(input.len() as u64))
        .dictionary(dictionary.clone());
    let make = || Box::new(ZstdCompress::new(options.clone())) as Box<dyn Codec>;
    let size = if input.len() > 10_000 {
        1000 * size
    } else {
        size
    };
    let (packed, result) = split_or_not(make, input, size);
    result.unwrap();
    assert!(packed.len() <= input.len() + input.len() / 1000 + 32);
    let unpacking = ZstdDecompressOptions::default().dictionary(dictionary.clone());
    let (unpacked, result) = drive(&mut ZstdDecompress::new(unpacking), &[&packed], 1 << 16);
    result.unwrap();
    assert!(unpacked == input);
    if dictionary.is_none() {
        check(&packed, input);
    }
}

/// Compression of any bytes: the same bytes however they are cut, and unpacked what they were.
pub fn deflate(program: &[u8]) {
    let mut program = Program(program);
    let (format, level, flags) = (program.byte(), program.byte(), program.byte());
    let (size, input) = program.pieces();
    let (packing, unpacking) = match format % 3 {
        0 => (DeflateFormat::Gzip, None),
        1 => (DeflateFormat::Raw, Some(InflateFormat::Raw)),
        _ => (DeflateFormat::Zlib, Some(InflateFormat::Zlib)),
    };
    let mut options = DeflateOptions::default().format(packing).level(level % 10);
    if flags & 1 != 0 && packing == DeflateFormat::Gzip {
        options = options
            .name("n")
            .comment("c")
            .mtime(u32::from(flags))
            .os(flags);
    }
    let make = || Box::new(Deflate::new(options.clone())) as Box<dyn Codec>;
    let (packed, result) = split_or_not(make, input, size);
    result.unwrap();
    let mut unpack: Box<dyn Codec> = match unpacking {
        None => Box::new(Gunzip::new(GunzipOptions::default())),
        Some(format) => Box::new(Inflate::new(InflateOptions::default().format(format))),
    };
    let (unpacked, result) = drive(&mut *unpack, &[&packed], 1 << 16);
    result.unwrap();
    assert_eq!(unpacked, input);
}

fn lines_of(flags: u8, bound: u8) -> Lines {
    let max_bytes = if bound == 255 {
        1 << 20
    } else {
        usize::from(bound)
    };
    let options = LinesOptions::default()
        .fatal(flags & 1 != 0)
        .ignore_bom(flags & 2 != 0);
    Lines::new(options.max_bytes(max_bytes))
}

/// Lines of any bytes: those of the text as the standard library decodes it.
pub fn lines(program: &[u8]) {
    let mut program = Program(program);
    let (flags, bound) = (program.byte(), program.byte());
    let (size, input) = program.pieces();
    let (produced, result) = split_or_not(|| Box::new(lines_of(flags, bound)), input, size);
    let text = String::from_utf8_lossy(input);
    let text = if flags & 2 == 0 {
        text.strip_prefix('\u{feff}').unwrap_or(&text)
    } else {
        &*text
    };
    if result.is_ok() {
        let mut expected = text.replace("\r\n", "\n");
        if !expected.is_empty() && !expected.ends_with('\n') {
            expected.push('\n');
        }
        assert_eq!(String::from_utf8(produced).unwrap(), expected);
    }
}

fn csv_of(program: &mut Program<'_>) -> Option<Csv> {
    let (flags, dialect, bound) = (program.byte(), program.byte(), program.byte());
    let delimiter = [",", ";", "||", "ab"][usize::from(dialect & 3)];
    let options = CsvOptions::default()
        .delimiter(Delimiter::new(delimiter)?)
        .quote((dialect & 4 == 0).then_some(b'"'))
        .escape((dialect & 8 != 0).then_some(b'\\'))
        .comment((dialect & 16 != 0).then_some(b'#'))
        .cr_ends_row(dialect & 32 != 0)
        .skip_lines(u32::from(dialect >> 6))
        .ragged(if flags & 1 == 0 {
            Ragged::Error
        } else {
            Ragged::Keep
        })
        .keep_empty_lines(flags & 2 != 0)
        .fatal(flags & 4 != 0)
        .ignore_bom(flags & 8 != 0)
        .width((flags & 16 != 0).then_some(2))
        .max_bytes(if bound == 255 {
            1 << 20
        } else {
            usize::from(bound)
        });
    Csv::new(options)
}

/// Rows of any bytes in any dialect: the same however they are split. Of a row that is too long nothing is shown, so its bytes are not compared.
pub fn csv(program: &[u8]) {
    let mut program = Program(program);
    let start = program.0;
    if csv_of(&mut program).is_none() {
        return;
    }
    let make = || Box::new(csv_of(&mut Program(start)).unwrap()) as Box<dyn Codec>;
    let (size, input) = program.pieces();
    let whole = drive_chain(&mut Chain::new(vec![make()]), &[input]);
    let pieces: Vec<&[u8]> = input.chunks(size).collect();
    assert_eq!(drive_chain(&mut Chain::new(vec![make()]), &pieces), whole);
}

/// The steps of a path, of which a byte says two bits each.
fn json_steps(mut bits: u8) -> Vec<Step> {
    let mut steps = Vec::new();
    while bits > 0 {
        steps.push(match bits & 3 {
            0 => Step::Index(1),
            1 | 2 => Step::All,
            _ => Step::Name(["a", "é\u{1f30a}"][steps.len() % 2].to_owned()),
        });
        bits >>= 2;
    }
    steps
}

fn json_of(steps: &[Step], max_bytes: usize, max_depth: usize) -> Json {
    let options = JsonOptions::default()
        .max_bytes(max_bytes)
        .max_depth(max_depth);
    Json::new(Step::path(steps).parse().unwrap(), options)
}

/// Items of any bytes: those of a parser that has all of the document, and the same fault at the same place.
pub fn json(program: &[u8]) {
    let mut program = Program(program);
    let (path, bound, depth) = (program.byte(), program.byte(), program.byte());
    let (size, input) = program.pieces();
    let steps = json_steps(path);
    let max_bytes = if bound == 255 {
        1 << 20
    } else {
        usize::from(bound)
    };
    let max_depth = usize::from(depth);
    let make = || Box::new(json_of(&steps, max_bytes, max_depth)) as Box<dyn Codec>;
    let (all, result) = drive_chain(&mut Chain::new(vec![make()]), &[input]);
    let pieces: Vec<&[u8]> = input.chunks(size).collect();
    let split = drive_chain(&mut Chain::new(vec![make()]), &pieces);
    assert_eq!(split, (all, result));
    let _ = split_or_not(make, input, size);
    let (all, result) = split;
    let model = json_model::read(input, &steps, max_bytes, max_depth);
    let fault = result.err().map(|error| (error.code, error.offset));
    assert_eq!(
        (all.records.into_iter().flatten().collect(), fault),
        (model.items, model.fault)
    );
}

const ALGORITHMS: [DigestAlgorithm; 7] = [
    DigestAlgorithm::Sha1,
    DigestAlgorithm::Sha256,
    DigestAlgorithm::Sha384,
    DigestAlgorithm::Sha512,
    DigestAlgorithm::Md5,
    DigestAlgorithm::Blake3,
    DigestAlgorithm::Crc32,
];

/// Digests of any bytes: the same in pieces, and the bytes pass unchanged.
pub fn digests(program: &[u8]) {
    let mut program = Program(program);
    let wanted = program.byte();
    let algorithms: Vec<DigestAlgorithm> = (0..7)
        .filter(|bit| wanted >> bit & 1 == 1)
        .map(|bit| ALGORITHMS[bit])
        .collect();
    if algorithms.is_empty() {
        return;
    }
    let (size, input) = program.pieces();
    let (mut whole, mut split) = (Digests::new(&algorithms), Digests::new(&algorithms));
    let (passed, result) = drive(&mut whole, &[input], 1 << 16);
    result.unwrap();
    assert_eq!(passed, input);
    let mut pieces: Vec<&[u8]> = input.chunks(size).collect();
    pieces.push(&[]);
    drive(&mut split, &pieces, 16 + size).1.unwrap();
    assert_eq!(whole.digest(), split.digest());
}

fn base64_alphabet(flags: u8) -> Base64Alphabet {
    if flags & 1 == 0 {
        Base64Alphabet::Standard
    } else {
        Base64Alphabet::Url
    }
}

fn base64_decode(flags: u8) -> Base64Decode {
    let last_group = if flags & 2 == 0 {
        LastGroup::Strict
    } else {
        LastGroup::Loose
    };
    let options = Base64DecodeOptions::default().alphabet(base64_alphabet(flags));
    Base64Decode::new(
        options
            .last_group(last_group)
            .skip_whitespace(flags & 4 == 0),
    )
}

fn base64_encode(flags: u8, line: u8) -> Base64Encode {
    let options = Base64EncodeOptions::default().alphabet(base64_alphabet(flags));
    let options = options.padding(flags & 2 == 0);
    Base64Encode::new(if flags & 4 == 0 {
        options
    } else {
        options.line_length(line.into())
    })
}

/// Any bytes as base64 or hexadecimal text, which come back; any text read as such.
pub fn ascii(program: &[u8]) {
    let mut program = Program(program);
    let (kind, flags, line) = (program.byte(), program.byte(), program.byte());
    let (size, input) = program.pieces();
    let read: &dyn Fn() -> Box<dyn Codec> = &|| match kind & 1 {
        0 => Box::new(base64_decode(flags)),
        _ => Box::new(HexDecode::new(flags & 4 == 0)),
    };
    if kind & 2 != 0 {
        let _ = split_or_not(read, input, size);
        return;
    }
    let (text, result) = split_or_not(
        || match kind & 1 {
            0 => Box::new(base64_encode(flags, line)),
            _ => Box::new(HexEncode::new(flags & 1 == 0)),
        },
        input,
        size,
    );
    result.unwrap();
    // Without padding it is loose, with lines it has whitespace.
    let mut back: Box<dyn Codec> = match kind & 1 {
        0 => Box::new(base64_decode(flags & 3)),
        _ => Box::new(HexDecode::new(false)),
    };
    assert_eq!(
        drive(&mut *back, &[&text], 1 << 16),
        (input.to_vec(), Ok(()))
    );
}

/// Any bytes as text of any encoding. UTF-8 is what the standard library makes of it.
pub fn decode_text(program: &[u8]) {
    const LABELS: [&str; 10] = [
        "utf-8",
        "utf-16le",
        "gb18030",
        "big5",
        "euc-jp",
        "iso-2022-jp",
        "shift_jis",
        "euc-kr",
        "windows-1253",
        "utf-16be",
    ];
    let mut program = Program(program);
    let (label, flags) = (program.byte(), program.byte());
    let (size, input) = program.pieces();
    let label = LABELS[usize::from(label) % LABELS.len()];
    let options = DecodeTextOptions::default()
        .fatal(flags & 1 != 0)
        .ignore_bom(true);
    let make = || Box::new(DecodeText::new(label, options).unwrap()) as Box<dyn Codec>;
    let (text, result) = split_or_not(make, input, size);
    let text = String::from_utf8(text).unwrap();
    if label == "utf-8" && flags & 1 == 0 {
        assert_eq!(text, String::from_utf8_lossy(input));
    }
    assert!(result.is_ok() || flags & 1 != 0);
}

/// A chain goes on from a state that was saved anywhere, and no bytes that pass for a state do harm.
pub fn state(program: &[u8]) {
    let mut program = Program(program);
    let (kind, flags, at) = (program.byte(), program.byte(), program.byte());
    let (size, input) = program.pieces();
    let make = || {
        let codec: Box<dyn Codec> = match kind % 10 {
            0 => Box::new(Gunzip::new(GunzipOptions::default().max_output_bytes(MOST))),
            1 => Box::new(Inflate::new(
                InflateOptions::default()
                    .format(InflateFormat::Raw)
                    .max_output_bytes(MOST),
            )),
            2 => Box::new(lines_of(flags, 255)),
            3 => Box::new(Csv::new(CsvOptions::default().ragged(Ragged::Keep)).unwrap()),
            4 => Box::new(Digests::new(&ALGORITHMS[..5])),
            5 => Box::new(base64_encode(flags, flags)),
            6 => Box::new(base64_decode(flags)),
            7 => Box::new(HexEncode::new(false)),
            8 => Box::new(HexDecode::new(true)),
            _ => Box::new(json_of(&json_steps(flags), 1 << 20, 40)),
        };
        Chain::new(vec![codec])
    };
    if kind >= 128 {
        let mut chain = make();
        if chain.restore(input).is_ok() {
            let _ = drive_chain(&mut chain, &[&[size as u8; 40], &[at; 300]]);
        }
        return;
    }
    let (expected, outcome) = drive_chain(&mut make(), &[input]);
    let (before, after) = input.split_at(input.len() * usize::from(at) / 256);
    let mut first = make();
    let (mut all, result) = drive_chain_unended(&mut first, &[before]);
    if result.is_err() {
        return;
    }
    let saved = first.save().unwrap();
    let mut second = make();
    second.restore(&saved).unwrap();
    let (rest, result) = drive_chain(&mut second, &[after]);
    all.bytes.extend(rest.bytes);
    all.records.extend(rest.records);
    assert_eq!((all, result), (expected, outcome));
}
