//! Codecs over streams and readers, one behaviour a test.
#[path = "channel_support/mod.rs"]
mod support;

use std::cell::Cell;
use std::io::{self, Write};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use flate2::{Compression, write::GzEncoder};
use futures_executor::block_on;
use futures_io::{AsyncBufRead, AsyncRead};
use futures_util::{AsyncReadExt, StreamExt, TryStreamExt, stream};
use support::{Random, Task};
use tidegate::channel::{QueuingStrategy, channel};
use tidegate::codec::{
    Codec, CodecError, CsvOptions, DecodeError, ErrorCode, Fault, GunzipOptions, LinesOptions,
    Records, Status, Step, decode, decode_reader,
};

type Chunk = Result<Vec<u8>, io::Error>;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn rows(count: usize) -> Vec<u8> {
    let line = |at: usize| format!("{at},\"row \"\"{at}\"\"\",ü{}\n", at * 7);
    (0..count).map(line).collect::<String>().into_bytes()
}

/// Chunks of many sizes, empty ones among them.
fn split(bytes: &[u8], seed: u64) -> Vec<Chunk> {
    let mut random = Random(seed);
    let mut rest = bytes;
    let mut chunks = Vec::new();
    while !rest.is_empty() {
        let size = [0, 1, 10, 1_000, 70_000, 300_000][random.below(6)].min(rest.len());
        chunks.push(Ok(rest[..size].to_vec()));
        rest = &rest[size..];
    }
    chunks
}

/// A stream, or a reader, that waits before each chunk.
struct Waits<S> {
    inner: S,
    waited: bool,
}

impl<S> Waits<S> {
    fn new(inner: S) -> Self {
        Self {
            inner,
            waited: false,
        }
    }

    fn waits(&mut self, context: &Context<'_>) -> bool {
        self.waited = !self.waited;
        if self.waited {
            context.waker().wake_by_ref();
        }
        self.waited
    }
}

impl<S: futures_core::Stream + Unpin> futures_core::Stream for Waits<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        if self.waits(context) {
            return Poll::Pending;
        }
        self.inner.poll_next_unpin(context)
    }
}

impl AsyncRead for Waits<&[u8]> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl AsyncBufRead for Waits<&[u8]> {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        if this.waits(context) {
            return Poll::Pending;
        }
        let length = this.inner.len().min(777);
        Poll::Ready(Ok(&this.inner[..length]))
    }

    fn consume(mut self: Pin<&mut Self>, bytes: usize) {
        self.inner = &self.inner[bytes..];
    }
}

#[test]
fn all_members_of_a_gzip_are_decoded_however_the_stream_is_split() {
    let text = rows(20_000);
    let members: Vec<u8> = text.chunks(100_000).flat_map(gzip).collect();
    for seed in 1..12 {
        let source = Waits::new(stream::iter(split(&members, seed)));
        let decoded = decode(source).gunzip(GunzipOptions::default()).bytes();
        let all = block_on(decoded.try_concat_bytes());
        assert!(all.unwrap() == text);
    }
}

/// All bytes of a stream.
trait ConcatBytes {
    async fn try_concat_bytes(self) -> Result<Vec<u8>, DecodeError<io::Error>>;
}

impl<S> ConcatBytes for S
where
    S: futures_core::Stream<Item = Result<bytes::Bytes, DecodeError<io::Error>>>,
{
    async fn try_concat_bytes(self) -> Result<Vec<u8>, DecodeError<io::Error>> {
        let mut all = Vec::new();
        let mut chunks = Box::pin(self);
        while let Some(chunk) = chunks.try_next().await? {
            assert!(!chunk.is_empty());
            all.extend_from_slice(&chunk);
        }
        Ok(all)
    }
}

#[test]
fn records_come_in_batches_without_a_copy_of_each_field() {
    let text = rows(20_000);
    let packed = gzip(&text);
    for seed in 1..6 {
        let source = stream::iter(split(&packed, seed));
        let mut batches = decode(source)
            .gunzip(GunzipOptions::default())
            .sha256()
            .csv(CsvOptions::default())
            .records();
        let mut at = 0;
        while let Some(batch) = block_on(batches.try_next()).unwrap() {
            assert!(!batch.is_empty());
            for row in &batch {
                assert_eq!(row.len(), 3);
                assert_eq!(row[0], at.to_string());
                assert_eq!(row[1], format!("row \"{at}\""));
                assert_eq!(row.get(2), Some(&*format!("ü{}", at * 7)));
                assert_eq!(row.get(3), None);
                at += 1;
            }
        }
        assert_eq!(at, 20_000);
        assert!(batches.digest(1).is_some());
        assert!(block_on(batches.next()).is_none());
    }
}

#[test]
fn a_digest_is_that_of_the_bytes_in_the_middle_of_a_chain() {
    let source = stream::iter(split(&gzip(b"abc"), 3));
    let mut decoded = decode(source)
        .gunzip(GunzipOptions::default())
        .sha256()
        .bytes();
    assert_eq!(decoded.digest(1), None);
    while block_on(decoded.next()).is_some() {}
    let hex: String = decoded
        .digest(1)
        .unwrap()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert!(hex.starts_with("ba7816bf8f01cfea414140de5dae2223"), "{hex}");
}

#[test]
fn what_was_decoded_before_an_error_comes_before_it() {
    let mut packed = gzip(&rows(30_000));
    let length = packed.len();
    packed[length - 5] ^= 1; // the CRC
    for seed in 1..6 {
        let source = stream::iter(split(&packed, seed));
        let decoded = decode(source).gunzip(GunzipOptions::default()).bytes();
        let items: Vec<_> = block_on(decoded.collect());
        let (last, before) = items.split_last().unwrap();
        let bytes: usize = before
            .iter()
            .map(|chunk| chunk.as_ref().unwrap().len())
            .sum();
        assert_eq!(bytes, rows(30_000).len());
        assert!(
            matches!(last, Err(DecodeError::Codec(error)) if error.code == ErrorCode::CrcMismatch)
        );
    }
}

#[test]
fn what_was_decoded_before_the_source_failed_comes_before_its_error() {
    let chunks = [Ok("one\ntwo\nthr"), Err("broken")];
    let lines = decode(stream::iter(chunks))
        .lines(LinesOptions::default())
        .records();
    let items: Vec<_> = block_on(lines.collect());
    assert_eq!(items.len(), 2);
    let lines: Vec<_> = items[0]
        .as_ref()
        .unwrap()
        .iter()
        .map(|line| line[0].to_owned())
        .collect();
    assert_eq!(lines, ["one", "two"]);
    assert_eq!(items[1], Err(DecodeError::Source("broken")));
}

#[test]
fn a_truncated_gzip_is_an_error_and_not_an_end() {
    let packed = gzip(&rows(100));
    let source = stream::iter([Ok::<_, io::Error>(packed[..packed.len() - 9].to_vec())]);
    let items: Vec<_> = block_on(
        decode(source)
            .gunzip(GunzipOptions::default())
            .bytes()
            .collect(),
    );
    let last = items.last().unwrap();
    assert!(matches!(last, Err(DecodeError::Codec(error)) if error.code == ErrorCode::Truncated));
}

#[test]
fn what_there_is_goes_on_while_the_source_waits() {
    let (sender, receiver) = channel(QueuingStrategy::count(1));
    let mut lines = decode(receiver).lines(LinesOptions::default()).records();
    sender.try_send("one\ntw").unwrap();
    let batch = block_on(lines.next()).unwrap().unwrap();
    assert_eq!(
        batch
            .iter()
            .map(|line| line[0].to_owned())
            .collect::<Vec<_>>(),
        ["one"]
    );
    let mut next = Task::new(lines.next());
    assert!(next.poll().is_pending());
    sender.try_send("o\n").unwrap();
    assert_eq!(next.wakes(), 1);
    let Poll::Ready(Some(Ok(batch))) = next.poll() else {
        panic!("there is a line");
    };
    assert_eq!(&batch.iter().next().unwrap()[0], "two");
}

#[test]
fn a_source_is_read_no_further_than_a_batch_needs_and_is_dropped_with_the_stream() {
    let read = Rc::new(Cell::new(0));
    let alive = Rc::new(());
    let (count, owned) = (read.clone(), alive.clone());
    let source = stream::repeat_with(move || {
        let _ = &owned;
        count.set(count.get() + 1);
        Ok::<_, io::Error>(vec![b'a'; 16 * 1024])
    });
    let mut decoded = decode(source).sha256().bytes();
    for batch in 1..50 {
        let bytes = block_on(decoded.next()).unwrap().unwrap();
        assert!(bytes.len() <= 64 * 1024);
        assert!(
            read.get() <= batch * 4 + 8,
            "{} chunks for {batch} batches",
            read.get()
        );
    }
    drop(decoded);
    assert_eq!(Rc::strong_count(&alive), 1);
}

#[test]
fn a_decoder_without_codecs_passes_bytes_on() {
    let source = stream::iter([Ok::<_, io::Error>("abc"), Ok(""), Ok("d")]);
    assert_eq!(
        block_on(decode(source).bytes().try_concat_bytes()).unwrap(),
        b"abcd"
    );
}

#[test]
fn a_reader_is_decoded_into_a_reader() {
    let text = rows(20_000);
    let packed: Vec<u8> = text.chunks(200_000).flat_map(gzip).collect();
    let mut decoded = decode_reader(Waits::new(&packed[..]))
        .gunzip(GunzipOptions::default())
        .bytes();
    let mut all = Vec::new();
    let mut buffer = vec![0; 1_000];
    loop {
        let length = block_on(decoded.read(&mut buffer)).unwrap();
        if length == 0 {
            break;
        }
        all.extend_from_slice(&buffer[..length]);
    }
    assert!(all == text);
}

#[test]
fn a_reader_with_room_of_any_size_reads_what_the_stream_gives_and_then_its_error() {
    let text = rows(6_000);
    let mut packed = gzip(&text);
    for (seed, damaged) in [(1, false), (2, true), (3, false), (4, true)] {
        if damaged {
            let crc = packed.len() - 8;
            packed[crc] ^= 1;
        }
        let decoder = decode(stream::iter(split(&packed, seed))).gunzip(GunzipOptions::default());
        let mut reader = decoder.bytes();
        let (mut random, mut read, mut buffer) = (Random(seed), Vec::new(), vec![0; 100_000]);
        let end = loop {
            let size = [1, 15, 16, 1_000, 70_000, 100_000][random.below(6)];
            match block_on(reader.read(&mut buffer[..size])) {
                Ok(0) => break None,
                Ok(length) => read.extend_from_slice(&buffer[..length]),
                Err(error) => break Some(error.kind()),
            }
            // What a read left may be taken as a chunk.
            if random.below(8) == 0
                && let Some(Ok(chunk)) = block_on(reader.next())
            {
                read.extend_from_slice(&chunk);
            }
        };
        assert!(read == text, "{} bytes of {}", read.len(), text.len());
        assert_eq!(end, damaged.then_some(io::ErrorKind::InvalidData));
        packed = gzip(&text);
    }
}

#[test]
fn a_reader_with_much_room_reads_what_there_is_before_the_sources_error() {
    let text = rows(1_000);
    let packed = gzip(&text);
    let failing = Err(io::Error::from(io::ErrorKind::ConnectionReset));
    let source = stream::iter([Ok(packed[..packed.len() - 20].to_vec()), failing]);
    let mut reader = decode(Waits::new(source))
        .gunzip(GunzipOptions::default())
        .sha256()
        .bytes();
    let (mut read, mut buffer) = (Vec::new(), vec![0; 100_000]);
    let error = loop {
        match block_on(reader.read(&mut buffer)) {
            Ok(length) => read.extend_from_slice(&buffer[..length]),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    assert!(!read.is_empty() && text.starts_with(&read));
    assert_eq!(block_on(reader.read(&mut buffer)).unwrap(), 0);
}

#[test]
fn what_a_reader_left_of_a_batch_is_the_streams_next_chunk() {
    let mut decoded = decode_reader(&b"one\ntwo\n"[..])
        .lines(LinesOptions::default())
        .bytes();
    let mut buffer = [0; 4];
    block_on(decoded.read_exact(&mut buffer)).unwrap();
    assert_eq!(&buffer, b"one\n");
    assert_eq!(&block_on(decoded.next()).unwrap().unwrap()[..], b"two\n");
    assert!(block_on(decoded.next()).is_none());
}

#[test]
fn an_error_of_a_reader_stays_what_it_is_and_that_of_a_codec_is_invalid_data() {
    struct Fails;
    impl AsyncRead for Fails {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
        }
    }
    for room in [8, 100_000] {
        let reader = futures_util::io::BufReader::new(Fails);
        let mut decoded = decode_reader(reader)
            .gunzip(GunzipOptions::default())
            .bytes();
        let error = block_on(decoded.read(&mut vec![0; room])).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        let mut decoded = decode_reader(&b"text"[..])
            .gunzip(GunzipOptions::default())
            .bytes();
        let error = block_on(decoded.read(&mut vec![0; room])).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert!(
            error.to_string().starts_with("gunzip: not gzip data"),
            "{error}"
        );
    }
}

/// A codec of a user: each byte is a record, and `!` is an error of its own.
struct Letters(Records);

impl Codec for Letters {
    fn name(&self) -> &'static str {
        "letters"
    }

    fn step(&mut self, input: &[u8], output: &mut [u8], last: bool) -> Result<Step, Fault> {
        let count = input.len().min(output.len() / 2);
        for (at, byte) in input[..count].iter().enumerate() {
            if *byte == b'!' {
                let code = ErrorCode::Custom("shouting");
                let error =
                    CodecError::new("letters", code, at as u64, "found an exclamation mark");
                return Err(Fault {
                    error,
                    produced: at * 2,
                });
            }
            output[at * 2..at * 2 + 2].copy_from_slice(&[*byte, b'\n']);
            self.0.advance(1);
            self.0.end_field(0);
            self.0.advance(1);
        }
        let status = match (count < input.len(), last) {
            (true, _) => Status::NeedOutput,
            (false, true) => Status::Finished,
            (false, false) => Status::NeedInput,
        };
        Ok(Step {
            status,
            consumed: count,
            produced: count * 2,
        })
    }

    fn records(&mut self) -> Option<&mut Records> {
        Some(&mut self.0)
    }
}

#[test]
fn a_codec_of_a_user_makes_records_and_errors_of_its_own() {
    let source = stream::iter([Ok::<_, io::Error>("ab"), Ok("c!")]);
    let records = decode(source).with(Letters(Records::of_fields())).records();
    let items: Vec<_> = block_on(records.collect());
    let (last, before) = items.split_last().unwrap();
    let letters: String = before
        .iter()
        .flat_map(|batch| batch.as_ref().unwrap())
        .map(|record| record[0].to_owned())
        .collect();
    assert_eq!(letters, "abc");
    let Err(DecodeError::Codec(error)) = last else {
        panic!("it must fail");
    };
    assert_eq!(error.code.as_str(), "shouting");
    assert_eq!(
        error.to_string(),
        "letters: shouting at byte 1: found an exclamation mark"
    );
}

#[test]
fn streams_and_their_futures_can_be_sent_to_another_thread() {
    fn is_send<T: Send>(_: &T) {}
    let decoded = decode(stream::empty::<Chunk>()).gunzip(GunzipOptions::default());
    is_send(&decoded);
    is_send(&decoded.bytes());
    is_send(
        &decode(stream::empty::<Chunk>())
            .csv(CsvOptions::default())
            .records(),
    );
    let (sender, mut receiver) = channel::<u32>(QueuingStrategy::count(1));
    is_send(&sender.send(1));
    is_send(&sender.reserve());
    is_send(&receiver.recv());
    is_send(&tidegate::pipe::pipe_to(receiver, sender));
}
