//! Decompression of brotli, RFC 7932.

use brotli_decompressor::{
    BrotliDecoderErrorCode, BrotliDecoderHasMoreOutput, BrotliDecoderTakeOutput,
    BrotliDecompressStream, BrotliResult, BrotliState,
};

use super::memory::Heap;
use crate::codec::saved::{StateReader, StateWriter};
use crate::codec::{Codec, CodecError, ErrorCode, Fault, Status, Step, Trailing, can_allocate};

const NAME: &str = "brotliDecompress";

/// Of a saved state.
const VERSION: u8 = 1;

/// The largest window of RFC 7932, in bytes.
const LARGEST_WINDOW: u64 = 1 << 24;

/// What the decoder is before it knows anything of the data takes less than so many bytes.
const MEMORY: usize = 8 * 1024;

/// Under a bound the decoder gets its input in pieces that end at multiples of so many bytes, and all that it makes of one is given out
/// before the next. So what a bound says does not depend on how the input is split, although the decoder works ahead within a piece.
const PIECE: u64 = 1024;

/// What a ratio allows beside, in bytes: the start of a file can be of one letter.
const ALLOWANCE: u64 = 64 * 1024;

/// How to unpack brotli.
///
/// ```
/// use tidegate::codec::{BrotliDecompressOptions, Trailing};
///
/// let options = BrotliDecompressOptions::default();
/// assert_eq!((options.trailing, options.max_window_bytes), (Trailing::Error, 1 << 24));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct BrotliDecompressOptions {
    /// What to do with bytes behind the end.
    pub trailing: Trailing,
    /// The most bytes there may be of output. By default there is no bound.
    pub max_output_bytes: Option<u64>,
    /// The most bytes of output there may be for each byte of input, and 64 KiB beside; of the input, each 1,024 bytes that have begun count as
    /// whole. By default there is no bound. A few bytes of brotli can unpack to 16 MiB.
    pub max_ratio: Option<u32>,
    /// The largest window, in bytes, that a stream may ask for. So much memory it can need. By default 16 MiB, the largest of RFC 7932.
    pub max_window_bytes: u64,
}

impl Default for BrotliDecompressOptions {
    fn default() -> Self {
        Self {
            trailing: Trailing::default(),
            max_output_bytes: None,
            max_ratio: None,
            max_window_bytes: LARGEST_WINDOW,
        }
    }
}

impl BrotliDecompressOptions {
    /// Sets [`trailing`](Self#structfield.trailing).
    ///
    /// ```
    /// use tidegate::codec::{BrotliDecompressOptions, Trailing};
    ///
    /// let options = BrotliDecompressOptions::default().trailing(Trailing::Ignore);
    /// assert_eq!(options.trailing, Trailing::Ignore);
    /// ```
    pub fn trailing(mut self, trailing: Trailing) -> Self {
        self.trailing = trailing;
        self
    }

    /// Sets [`max_output_bytes`](Self#structfield.max_output_bytes).
    ///
    /// ```
    /// use tidegate::codec::BrotliDecompressOptions;
    ///
    /// let options = BrotliDecompressOptions::default().max_output_bytes(1 << 20);
    /// assert_eq!(options.max_output_bytes, Some(1 << 20));
    /// ```
    pub fn max_output_bytes(mut self, bytes: impl Into<Option<u64>>) -> Self {
        self.max_output_bytes = bytes.into();
        self
    }

    /// Sets [`max_ratio`](Self#structfield.max_ratio).
    ///
    /// ```
    /// use tidegate::codec::BrotliDecompressOptions;
    ///
    /// assert_eq!(BrotliDecompressOptions::default().max_ratio(100).max_ratio, Some(100));
    /// ```
    pub fn max_ratio(mut self, ratio: impl Into<Option<u32>>) -> Self {
        self.max_ratio = ratio.into();
        self
    }

    /// Sets [`max_window_bytes`](Self#structfield.max_window_bytes).
    ///
    /// ```
    /// use tidegate::codec::BrotliDecompressOptions;
    ///
    /// let options = BrotliDecompressOptions::default().max_window_bytes(1 << 22);
    /// assert_eq!(options.max_window_bytes, 1 << 22);
    /// ```
    pub fn max_window_bytes(mut self, bytes: u64) -> Self {
        self.max_window_bytes = bytes;
        self
    }

    /// How many bytes there may be of output after so many bytes of input, and which bound that is.
    fn allowed(&self, consumed: u64) -> (u64, ErrorCode) {
        let by_ratio = self.max_ratio.map_or(u64::MAX, |ratio| {
            consumed
                .next_multiple_of(PIECE)
                .saturating_mul(ratio.into())
                .saturating_add(ALLOWANCE)
        });
        match self.max_output_bytes {
            Some(bytes) if bytes <= by_ratio => (bytes, ErrorCode::OutputTooLarge),
            _ => (by_ratio, ErrorCode::RatioTooHigh),
        }
    }

    fn is_bounded(&self) -> bool {
        self.max_output_bytes.is_some() || self.max_ratio.is_some()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the first byte.
    Start,
    Data,
    /// Behind the end.
    End,
}

/// Unpacks brotli. Its memory is bounded by the window that the stream asks for, and grows only as far as there is data to fill it. Its state can
/// be [saved](Codec::save) before the first byte and behind the end.
///
/// ```
/// use tidegate::codec::{BrotliDecompress, BrotliDecompressOptions, Chain};
///
/// let packed = b"\x8b\x01\x80text\x03";
/// let codec = BrotliDecompress::new(BrotliDecompressOptions::default());
/// let mut chain = Chain::new(vec![Box::new(codec)]);
/// chain.input(packed.len()).copy_from_slice(packed);
/// chain.commit(packed.len());
/// chain.end_input();
/// chain.run()?;
/// assert_eq!(chain.batch().bytes, b"text");
/// # Ok::<(), tidegate::codec::CodecError>(())
/// ```
pub struct BrotliDecompress {
    options: BrotliDecompressOptions,
    state: State,
    /// From the first byte to the end, boxed for its size.
    decoder: Option<Box<Decoder>>,
    /// Bytes consumed.
    offset: u64,
    /// Bytes of output so far.
    total_out: u64,
    /// A command makes more than its meta-block has. The decoder finds that when it gives out, or at the command's end; it is told at the end,
    /// if the decoder [can go on](can_go_on). If not, the place and how much of the command comes before depend on how the input is split.
    overruns: bool,
    /// What the decoder has failed with, to be told when all output before it has been given out.
    fault: Option<CodecError>,
}

type Decoder = BrotliState<Heap, Heap, Heap>;

impl BrotliDecompress {
    /// An unpacker at the start of its input.
    ///
    /// ```
    /// use tidegate::codec::{BrotliDecompress, BrotliDecompressOptions, Codec};
    ///
    /// let codec = BrotliDecompress::new(BrotliDecompressOptions::default());
    /// assert_eq!(codec.name(), "brotliDecompress");
    /// ```
    pub fn new(options: BrotliDecompressOptions) -> Self {
        Self {
            options,
            state: State::Start,
            decoder: None,
            offset: 0,
            total_out: 0,
            overruns: false,
            fault: None,
        }
    }

    /// Looks at the first byte, which has the window's size, before anything is allocated.
    fn start(&mut self, first: u8) -> Result<(), CodecError> {
        let Some(bits) = window_bits(first) else {
            let detail = "it is large-window brotli, which is not RFC 7932; compress it without --large_window";
            return Err(error(ErrorCode::WindowTooLarge, 0, detail));
        };
        if 1 << bits > self.options.max_window_bytes {
            let most = self.options.max_window_bytes;
            let detail = format!("it has 2^{bits} bytes, and {most} are allowed");
            return Err(error(ErrorCode::WindowTooLarge, 0, detail));
        }
        if !can_allocate(MEMORY) {
            return Err(CodecError::out_of_memory(NAME, 0));
        }
        self.decoder = Some(Box::new(Decoder::new_strict(Heap, Heap, Heap)));
        self.state = State::Data;
        Ok(())
    }

    /// Unpacks as far as input and room go.
    fn unpack(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        step: &mut Step,
    ) -> Result<Status, CodecError> {
        let Some(decoder) = &mut self.decoder else {
            return Ok(Status::NeedInput);
        };
        loop {
            let mut piece = &input[step.consumed..];
            if self.options.is_bounded() {
                let left = PIECE - self.offset % PIECE;
                piece = &piece[..piece.len().min(left as usize)];
            }
            // The decoder keeps the first bytes of an element that is not complete. It is given one more at a time, so that
            // it is known how many it has read of them.
            let is_buffered = decoder.buffer_length > 0;
            if is_buffered {
                piece = &piece[..piece.len().min(1)];
            }
            let begun = self.offset + u64::from(!piece.is_empty());
            let (allowed, bound) = self.options.allowed(begun);
            let left = allowed - self.total_out;
            let room = &mut output[step.produced..];
            let clipped = left <= room.len() as u64;
            let room = if clipped {
                &mut room[..left as usize]
            } else {
                room
            };
            let has_room = !room.is_empty();
            if !has_room && !clipped && !piece.is_empty() {
                return Ok(Status::NeedOutput);
            }
            let had_failed = self.fault.is_some();
            let (consumed, produced) = if had_failed {
                (0, take(decoder, room))
            } else {
                let mut done = run(decoder, piece, room);
                match done.result {
                    BrotliResult::ResultFailure if !self.overruns && can_go_on(decoder) => {
                        self.overruns = true;
                        go_on(decoder);
                        if !is_buffered {
                            done.consumed = give_back(decoder);
                        }
                    }
                    BrotliResult::ResultSuccess if !self.overruns => self.state = State::End,
                    BrotliResult::ResultSuccess | BrotliResult::ResultFailure => {
                        let given = self.offset + done.consumed as u64;
                        let fault = fault_of(decoder, given, is_buffered);
                        self.fault = Some(if self.overruns {
                            overrun(fault.offset)
                        } else {
                            fault
                        });
                        // Else the decoder keeps what it has unpacked before.
                        decoder.error_code = BrotliDecoderErrorCode::BROTLI_DECODER_NO_ERROR;
                        decoder.meta_block_remaining_len = decoder.meta_block_remaining_len.max(0);
                    }
                    BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => {}
                }
                (done.consumed, done.produced)
            };
            step.consumed += consumed;
            step.produced += produced;
            self.offset += consumed as u64;
            self.total_out += produced as u64;
            if self.state == State::End {
                self.decoder = None;
                return Ok(Status::NeedInput);
            }
            // A decoder that has failed may not be able to give what it has.
            let is_stuck = had_failed && produced == 0 && has_room;
            if BrotliDecoderHasMoreOutput(decoder) && !is_stuck {
                if self.total_out < allowed {
                    if step.produced == output.len() {
                        return Ok(Status::NeedOutput);
                    }
                    continue;
                }
                let offset = self.offset.saturating_sub(1) / PIECE * PIECE;
                return Err(error(bound, offset, self.exceeded(bound)));
            }
            if let Some(fault) = self.fault.take() {
                return Err(fault);
            }
            if step.consumed == input.len() {
                return Ok(Status::NeedInput);
            }
        }
    }

    fn exceeded(&self, bound: ErrorCode) -> String {
        match (bound, self.options.max_ratio, self.options.max_output_bytes) {
            (ErrorCode::RatioTooHigh, Some(ratio), _) => {
                format!("a byte may unpack to {ratio} bytes")
            }
            (_, _, bytes) => format!("the output may have {} bytes", bytes.unwrap_or_default()),
        }
    }

    fn work(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        last: bool,
        step: &mut Step,
    ) -> Result<Status, CodecError> {
        if let (State::Start, Some(&first)) = (self.state, input.first()) {
            self.start(first)?;
        }
        if self.state == State::Data && self.unpack(input, output, step)? == Status::NeedOutput {
            return Ok(Status::NeedOutput);
        }
        if self.state == State::End && step.consumed < input.len() {
            if self.options.trailing == Trailing::Error {
                let detail = "the stream has ended before";
                return Err(error(ErrorCode::TrailingData, self.offset, detail));
            }
            self.offset += (input.len() - step.consumed) as u64;
            step.consumed = input.len();
        }
        match (last, self.state) {
            (false, _) => Ok(Status::NeedInput),
            (true, State::End) => Ok(Status::Finished),
            (true, State::Data) if self.overruns => Err(overrun(self.offset.saturating_sub(1))),
            (true, State::Data) => {
                let detail = "inside the compressed data";
                Err(error(ErrorCode::Truncated, self.offset, detail))
            }
            (true, State::Start) => Err(error(ErrorCode::Truncated, 0, "there is no data")),
        }
    }
}

impl Codec for BrotliDecompress {
    fn name(&self) -> &'static str {
        NAME
    }

    fn step(&mut self, input: &[u8], output: &mut [u8], last: bool) -> Result<Step, Fault> {
        let mut step = Step {
            status: Status::NeedInput,
            consumed: 0,
            produced: 0,
        };
        match self.work(input, output, last, &mut step) {
            Ok(status) => Ok(Step { status, ..step }),
            Err(error) => Err(Fault {
                error,
                produced: step.produced,
            }),
        }
    }

    #[cfg(not(tidegate_npm))]
    fn save(&self) -> Result<Vec<u8>, CodecError> {
        if self.state == State::Data {
            let detail = "that of a brotli stream can be saved before its first byte and behind its end only; read to its end, or begin anew";
            return Err(error(ErrorCode::CannotSave, self.offset, detail));
        }
        let mut state = StateWriter::new(NAME, VERSION);
        state.flag(self.state == State::End);
        state.number(self.offset);
        state.number(self.total_out);
        state.finish()
    }

    #[cfg(not(tidegate_npm))]
    fn restore(&mut self, state: &[u8]) -> Result<(), CodecError> {
        let mut state = StateReader::new(NAME, VERSION, state)?;
        self.state = if state.flag()? {
            State::End
        } else {
            State::Start
        };
        self.offset = state.count()?;
        self.total_out = state.count()?;
        state.require(self.state == State::End || self.offset == 0 && self.total_out == 0)?;
        state.finish()
    }
}

fn error(code: ErrorCode, offset: u64, detail: impl Into<String>) -> CodecError {
    CodecError::new(NAME, code, offset, detail)
}

/// The logarithm of the window's size, from the first byte of a stream: RFC 7932, 9.1. None if it is the one that RFC 7932 leaves out, which
/// large-window brotli has.
fn window_bits(first: u8) -> Option<u8> {
    match (first & 1, first >> 1 & 7, first >> 4 & 7) {
        (0, ..) => Some(16),
        (_, 0, 0) => Some(17),
        (_, 0, 1) => None,
        (_, 0, bits) => Some(8 + bits),
        (_, bits, _) => Some(17 + bits),
    }
}

/// What a call of the decoder did, in bytes.
struct Done {
    result: BrotliResult,
    consumed: usize,
    produced: usize,
}

fn run(decoder: &mut Decoder, input: &[u8], output: &mut [u8]) -> Done {
    let (mut consumed, mut produced, mut total) = (0, 0, 0);
    let result = BrotliDecompressStream(
        &mut input.len(),
        &mut consumed,
        input,
        &mut output.len(),
        &mut produced,
        output,
        &mut total,
        decoder,
    );
    Done {
        result,
        consumed,
        produced,
    }
}

/// Whether the decoder has failed because what it was to give out is more than the meta-block has, and can still make the rest of the command
/// that is at fault. If its buffer is smaller than the window, nothing is given out to make room in it, as what a meta-block makes has room.
fn can_go_on(decoder: &Decoder) -> bool {
    use brotli_decompressor::BrotliDecoderErrorCode::BROTLI_DECODER_ERROR_FORMAT_BLOCK_LENGTH_1;
    if !matches!(
        decoder.error_code,
        BROTLI_DECODER_ERROR_FORMAT_BLOCK_LENGTH_1
    ) {
        return false;
    }
    let size = i64::from(decoder.ringbuffer_size);
    let end = i64::from(decoder.pos) + i64::from(decoder.loop_counter.max(0));
    size == 1 << decoder.window_bits.min(24) || end < size
}

/// Lets a decoder that has failed so end the command, and the stream with it.
fn go_on(decoder: &mut Decoder) {
    decoder.error_code = BrotliDecoderErrorCode::BROTLI_DECODER_NO_ERROR;
    decoder.meta_block_remaining_len = 0;
    decoder.is_last_metablock = 1;
}

/// Gives back the bytes that the decoder has read ahead, if it has not done so; returns how many it has read.
fn give_back(decoder: &mut Decoder) -> usize {
    let reader = &mut decoder.br;
    reader.next_in = reader.next_in.saturating_sub(reader.bit_pos_ / 8);
    reader.bit_pos_ %= 8;
    reader.next_in as usize
}

fn overrun(offset: u64) -> CodecError {
    let detail = "a command makes more than its meta-block has";
    error(ErrorCode::CorruptData, offset, detail)
}

/// Takes what the decoder has unpacked and not given out; returns how many bytes.
fn take(decoder: &mut Decoder, output: &mut [u8]) -> usize {
    let mut length = output.len();
    if length == 0 {
        return 0;
    }
    let bytes = BrotliDecoderTakeOutput(decoder, &mut length);
    output[..bytes.len()].copy_from_slice(bytes);
    bytes.len()
}

/// What the decoder has failed with, when it had been given the bytes before `given`, the last of them from its own buffer or not. The
/// place is the last byte that it has read.
fn fault_of(decoder: &Decoder, given: u64, was_buffered: bool) -> CodecError {
    use BrotliDecoderErrorCode::*;
    let detail = match decoder.error_code {
        BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES
        | BROTLI_DECODER_ERROR_ALLOC_TREE_GROUPS
        | BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MAP
        | BROTLI_DECODER_ERROR_ALLOC_RING_BUFFER_1
        | BROTLI_DECODER_ERROR_ALLOC_RING_BUFFER_2
        | BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES => {
            return CodecError::out_of_memory(NAME, given);
        }
        BROTLI_DECODER_ERROR_FORMAT_EXUBERANT_NIBBLE => {
            "the length of a meta-block has a digit too many"
        }
        BROTLI_DECODER_ERROR_FORMAT_EXUBERANT_META_NIBBLE => {
            "the length of a metadata block has a byte too many"
        }
        BROTLI_DECODER_ERROR_FORMAT_RESERVED => "a reserved bit is set",
        BROTLI_DECODER_ERROR_FORMAT_SIMPLE_HUFFMAN_ALPHABET => {
            "a symbol of a prefix code is not in its alphabet"
        }
        BROTLI_DECODER_ERROR_FORMAT_SIMPLE_HUFFMAN_SAME => "a prefix code has a symbol twice",
        BROTLI_DECODER_ERROR_FORMAT_CL_SPACE => "the code of the code lengths is not complete",
        BROTLI_DECODER_ERROR_FORMAT_HUFFMAN_SPACE => "a prefix code is not complete",
        BROTLI_DECODER_ERROR_FORMAT_CONTEXT_MAP_REPEAT => "a context map is too long",
        BROTLI_DECODER_ERROR_FORMAT_TRANSFORM => "there is no such transform of a word",
        BROTLI_DECODER_ERROR_FORMAT_DICTIONARY => "there is no such word in the dictionary",
        BROTLI_DECODER_ERROR_FORMAT_PADDING_1 | BROTLI_DECODER_ERROR_FORMAT_PADDING_2 => {
            "a bit is set between the end of a block and that of its byte"
        }
        BROTLI_DECODER_ERROR_FORMAT_DISTANCE => "a distance is too large",
        _ => "the decoder has failed",
    };
    // It has given back what it has not read, unless that is in its own buffer and in the bits before it.
    let kept = u64::from(decoder.br.avail_in) + u64::from(decoder.br.bit_pos_ / 8);
    let read = if was_buffered {
        given.saturating_sub(kept)
    } else {
        given
    };
    let last = read.saturating_sub(1);
    match decoder.error_code {
        BROTLI_DECODER_ERROR_FORMAT_BLOCK_LENGTH_1 | BROTLI_DECODER_ERROR_FORMAT_BLOCK_LENGTH_2 => {
            overrun(last)
        }
        _ => error(ErrorCode::CorruptData, last, detail),
    }
}
