//! Compression as brotli, RFC 7932.

use alloc_no_stdlib::{Allocator, SliceWrapper};
use brotli::enc::cluster::HistogramPair;
use brotli::enc::command::Command;
use brotli::enc::encode::{
    BrotliEncoderDestroyInstance, BrotliEncoderOperation, BrotliEncoderParameter,
    BrotliEncoderStateStruct,
};
use brotli::enc::entropy_encode::HuffmanTree;
use brotli::enc::histogram::{ContextType, HistogramCommand, HistogramDistance, HistogramLiteral};
use brotli::enc::{BrotliAlloc, PDF, StaticCommand, ZopfliNode, s16, v8};

use super::memory::{Heap, Memory};
use crate::codec::compressor::{Asked, Compressor, Made};
use crate::codec::{Codec, CodecError, ErrorCode, Fault, Status, Step, can_allocate};

const NAME: &str = "brotliCompress";

/// The compressor gets its input in pieces of this size. What it makes depends on that.
const PIECE: usize = 64 * 1024;
const ROOM: usize = 64 * 1024;

/// What the compressor takes whatever its window is, and for each byte of it, at most, in bytes: measured.
const MEMORY: usize = 40 << 20;
const MEMORY_OF_FAST: usize = 4 << 20;

/// How to compress as brotli.
///
/// ```
/// use tidegate::codec::BrotliCompressOptions;
///
/// let options = BrotliCompressOptions::default();
/// assert_eq!((options.quality, options.window, options.size_hint), (5, 22, 0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BrotliCompressOptions {
    /// From 0, the fastest, to 11, the smallest. More is 11. The default, 5, is the least that is smaller than gzip at its level 6 for most text; 10 and 11
    /// take twenty times as long.
    pub quality: u8,
    /// The logarithm of the window's size in bytes, from 10 to 24: how far back a repetition is found, and how much memory unpacking takes.
    pub window: u8,
    /// How many bytes of input there will be, roughly; 0 if nobody knows. It is used to choose how to search.
    pub size_hint: u32,
}

impl Default for BrotliCompressOptions {
    fn default() -> Self {
        Self {
            quality: 5,
            window: 22,
            size_hint: 0,
        }
    }
}

impl BrotliCompressOptions {
    /// Sets [`quality`](Self#structfield.quality).
    ///
    /// ```
    /// use tidegate::codec::BrotliCompressOptions;
    ///
    /// assert_eq!(BrotliCompressOptions::default().quality(9).quality, 9);
    /// ```
    pub fn quality(mut self, quality: u8) -> Self {
        self.quality = quality;
        self
    }

    /// Sets [`window`](Self#structfield.window).
    ///
    /// ```
    /// use tidegate::codec::BrotliCompressOptions;
    ///
    /// assert_eq!(BrotliCompressOptions::default().window(16).window, 16);
    /// ```
    pub fn window(mut self, window: u8) -> Self {
        self.window = window;
        self
    }

    /// Sets [`size_hint`](Self#structfield.size_hint).
    ///
    /// ```
    /// use tidegate::codec::BrotliCompressOptions;
    ///
    /// assert_eq!(BrotliCompressOptions::default().size_hint(1000).size_hint, 1000);
    /// ```
    pub fn size_hint(mut self, bytes: u32) -> Self {
        self.size_hint = bytes;
        self
    }

    /// More than the compressor takes, in bytes.
    fn memory(&self) -> usize {
        match self.quality {
            0 | 1 => MEMORY_OF_FAST,
            2..=8 => MEMORY + (2 << self.window.min(24)),
            _ => MEMORY + (10 << self.window.min(24)),
        }
    }
}

/// Compresses. What it makes does not depend on how its input is cut, only on where it is [flushed](Codec::flush).
///
/// ```
/// use tidegate::codec::{BrotliCompress, BrotliCompressOptions, Chain};
///
/// let codec = BrotliCompress::new(BrotliCompressOptions::default());
/// let mut chain = Chain::new(vec![Box::new(codec)]);
/// chain.input(1000).fill(b'a');
/// chain.commit(1000);
/// chain.end_input();
/// chain.run()?;
/// assert!(chain.batch().bytes.len() < 20);
/// # Ok::<(), tidegate::codec::CodecError>(())
/// ```
pub struct BrotliCompress(Compressor<Work>);

impl BrotliCompress {
    /// A compressor at the start of its input.
    ///
    /// ```
    /// use tidegate::codec::{BrotliCompress, BrotliCompressOptions, Codec};
    ///
    /// assert_eq!(BrotliCompress::new(BrotliCompressOptions::default()).name(), "brotliCompress");
    /// ```
    pub fn new(options: BrotliCompressOptions) -> Self {
        Self(Compressor::new(options))
    }
}

impl Codec for BrotliCompress {
    fn name(&self) -> &'static str {
        NAME
    }

    fn step(&mut self, input: &[u8], output: &mut [u8], last: bool) -> Result<Step, Fault> {
        self.0.step(input, output, last)
    }

    /// Ends the meta-block at a whole byte, so that everything before can be unpacked.
    fn flush(&mut self, output: &mut [u8]) -> Result<Step, Fault> {
        self.0.flush(output)
    }

    #[cfg(not(tidegate_npm))]
    fn save(&self) -> Result<Vec<u8>, CodecError> {
        self.0.cannot_save("begin anew")
    }
}

/// The compressor, and what is between it and the steps.
struct Work {
    encoder: Box<BrotliEncoderStateStruct<EncoderHeap>>,
    /// The input that is gathered, at most [`PIECE`], and how much of it the compressor has.
    piece: Vec<u8>,
    compressed: usize,
    /// What the compressor is doing with the piece, until it has made all of that.
    doing: Option<BrotliEncoderOperation>,
    made: Made,
    /// Everything gathered so far has been flushed.
    flushed: bool,
}

impl crate::codec::compressor::Work for Work {
    type Options = BrotliCompressOptions;

    const NAME: &'static str = NAME;

    fn new(options: &BrotliCompressOptions) -> Result<Self, CodecError> {
        if !can_allocate(options.memory()) {
            return Err(CodecError::out_of_memory(NAME, 0));
        }
        let mut encoder = Box::new(BrotliEncoderStateStruct::new(EncoderHeap));
        for (parameter, value) in [
            (
                BrotliEncoderParameter::BROTLI_PARAM_QUALITY,
                options.quality.min(11).into(),
            ),
            (
                BrotliEncoderParameter::BROTLI_PARAM_LGWIN,
                options.window.clamp(10, 24).into(),
            ),
            (
                BrotliEncoderParameter::BROTLI_PARAM_SIZE_HINT,
                options.size_hint,
            ),
        ] {
            encoder.set_parameter(parameter, value);
        }
        Ok(Self {
            encoder,
            piece: Vec::with_capacity(PIECE),
            compressed: 0,
            doing: None,
            made: Made::default(),
            flushed: true,
        })
    }

    fn advance(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        asked: Asked,
        step: &mut Step,
    ) -> Result<(), CodecError> {
        use BrotliEncoderOperation::{
            BROTLI_OPERATION_FINISH, BROTLI_OPERATION_FLUSH, BROTLI_OPERATION_PROCESS,
        };
        loop {
            if !self.made.give(output, step) {
                step.status = Status::NeedOutput;
                return Ok(());
            }
            if let Some(operation) = self.doing {
                self.compress(operation)?;
                continue;
            }
            let room = PIECE - self.piece.len();
            let length = (input.len() - step.consumed).min(room);
            self.piece
                .extend_from_slice(&input[step.consumed..][..length]);
            step.consumed += length;
            self.flushed = self.flushed && length == 0;
            self.doing = match asked {
                _ if self.piece.len() == PIECE => Some(BROTLI_OPERATION_PROCESS),
                Asked::Finish if self.encoder.is_finished() => {
                    step.status = Status::Finished;
                    return Ok(());
                }
                Asked::Finish => Some(BROTLI_OPERATION_FINISH),
                Asked::Flush if !self.flushed => {
                    self.flushed = true;
                    Some(BROTLI_OPERATION_FLUSH)
                }
                Asked::Flush | Asked::Nothing => {
                    step.status = Status::NeedInput;
                    return Ok(());
                }
            };
        }
    }
}

impl Work {
    /// Lets the compressor fill the room once.
    fn compress(&mut self, operation: BrotliEncoderOperation) -> Result<(), CodecError> {
        self.made.bytes.resize(ROOM, 0);
        self.made.given = 0;
        let (mut taken, mut produced) = (0, 0);
        let input = &self.piece[self.compressed..];
        let succeeded = self.encoder.compress_stream(
            operation,
            &mut input.len(),
            input,
            &mut taken,
            &mut ROOM.clone(),
            &mut self.made.bytes,
            &mut produced,
            &mut None,
            &mut |_, _, _, _| (),
        );
        self.compressed += taken;
        self.made.bytes.truncate(produced);
        if !succeeded {
            let detail = "the compressor has failed";
            return Err(CodecError::new(NAME, ErrorCode::CorruptData, 0, detail));
        }
        if self.compressed == self.piece.len() && !self.encoder.has_more_output() {
            self.piece.clear();
            self.compressed = 0;
            self.doing = None;
        }
        Ok(())
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        BrotliEncoderDestroyInstance(&mut self.encoder);
    }
}

/// Allocates for the encoder.
#[derive(Clone, Copy, Default)]
struct EncoderHeap;

macro_rules! allocates {
    ($($cell:ty),*) => {$(
        impl Allocator<$cell> for EncoderHeap {
            type AllocatedMemory = Memory<$cell>;

            fn alloc_cell(&mut self, length: usize) -> Memory<$cell> {
                let memory = Heap.alloc_cell(length);
                // The encoder does not look at what it gets.
                assert!(memory.len() == length, "out of memory");
                memory
            }

            fn free_cell(&mut self, _: Memory<$cell>) {}
        }
    )*};
}

allocates!(
    u8,
    u16,
    i32,
    u32,
    u64,
    f32,
    v8,
    Command,
    HistogramLiteral,
    HistogramCommand,
    HistogramDistance,
    HistogramPair,
    ContextType,
    HuffmanTree,
    ZopfliNode
);

/// Cells that only the encoder's report of its commands has, which is not asked for. As the compiler sees that there are none, it leaves
/// out what makes it.
macro_rules! allocates_no {
    ($($cell:ty),*) => {$(
        impl Allocator<$cell> for EncoderHeap {
            type AllocatedMemory = Memory<$cell>;

            #[inline(always)]
            fn alloc_cell(&mut self, _: usize) -> Memory<$cell> {
                unreachable!("the report of the commands is not asked for")
            }

            fn free_cell(&mut self, _: Memory<$cell>) {}
        }
    )*};
}

allocates_no!(s16, PDF, StaticCommand);

impl BrotliAlloc for EncoderHeap {}
