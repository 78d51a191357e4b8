//! What all codecs around deflate data have in common: the blocks, made when the first data comes, and the bounds on what they unpack to.

use super::blocks::{Blocks, Outcome};
use crate::codec::saved::{StateReader, StateWriter};
use crate::codec::{CodecError, ErrorCode, Fault, Status, Step, can_allocate};

/// More than the blocks take.
const MEMORY: usize = 64 * 1024;

/// What a ratio allows beside, in bytes: the start of a file can be of one letter.
const ALLOWANCE: u64 = 64 * 1024;

/// The bounds on the output.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::codec) struct Limits {
    pub(in crate::codec) max_output_bytes: Option<u64>,
    pub(in crate::codec) max_ratio: Option<u32>,
}

impl Limits {
    /// How many bytes there may be after so many bytes of input, and which bound that is.
    pub(in crate::codec) fn allowed(&self, consumed: u64) -> (u64, ErrorCode) {
        let by_ratio = self.max_ratio.map_or(u64::MAX, |ratio| {
            consumed
                .saturating_mul(ratio.into())
                .saturating_add(ALLOWANCE)
        });
        match self.max_output_bytes {
            Some(bytes) if bytes <= by_ratio => (bytes, ErrorCode::OutputTooLarge),
            _ => (by_ratio, ErrorCode::RatioTooHigh),
        }
    }

    /// What the error of a bound says, with what `allowed` has returned.
    pub(in crate::codec) fn detail(&self, allowed: u64, bound: ErrorCode) -> String {
        match bound {
            ErrorCode::OutputTooLarge => format!("the output may have {allowed} bytes"),
            _ => format!(
                "a byte may unpack to {} bytes",
                self.max_ratio.unwrap_or_default()
            ),
        }
    }
}

/// What a step has done so far, in bytes.
#[derive(Default)]
pub(in crate::codec) struct Done {
    pub(in crate::codec) consumed: usize,
    pub(in crate::codec) produced: usize,
}

impl Done {
    pub(in crate::codec) fn step(self, status: Status) -> Step {
        Step {
            status,
            consumed: self.consumed,
            produced: self.produced,
        }
    }

    pub(in crate::codec) fn fault(self, error: CodecError) -> Fault {
        Fault {
            error,
            produced: self.produced,
        }
    }
}

/// Deflate data within a codec's input.
pub(super) struct Unpack {
    name: &'static str,
    limits: Limits,
    blocks: Option<Box<Blocks>>,
    /// Where the data begins in the codec's input.
    start: u64,
    /// Bytes that earlier data has unpacked to.
    before: u64,
}

impl Unpack {
    pub(super) fn new(name: &'static str, limits: Limits) -> Self {
        Self {
            name,
            limits,
            blocks: None,
            start: 0,
            before: 0,
        }
    }

    /// The codec's.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// Data begins at this byte of the input.
    pub(super) fn begin(&mut self, offset: u64) {
        self.before += self.total_out();
        self.start = offset;
        if let Some(blocks) = &mut self.blocks {
            blocks.reset();
        }
    }

    /// Bytes that the data has unpacked to so far.
    pub(super) fn total_out(&self) -> u64 {
        self.blocks.as_ref().map_or(0, |blocks| blocks.total_out())
    }

    /// Unpacks as far as input and room go; says why it ended.
    pub(super) fn run(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        done: &mut Done,
    ) -> Result<Outcome, CodecError> {
        let Self {
            name,
            limits,
            start,
            before,
            ..
        } = *self;
        let blocks = match &mut self.blocks {
            Some(blocks) => blocks,
            None if can_allocate(MEMORY) => self.blocks.insert(Box::new(Blocks::new())),
            None => return Err(CodecError::out_of_memory(name, start)),
        };
        loop {
            let room = &mut output[done.produced..];
            // What has been consumed is at least what was before this element, so no byte too many is unpacked; whether one is too many is decided
            // by the element that it comes from.
            let (allowed, bound) = limits.allowed(start + blocks.element());
            let left = allowed.saturating_sub(before + blocks.total_out());
            let clipped = left < room.len() as u64;
            let room = if clipped {
                &mut room[..left as usize]
            } else {
                room
            };
            let (consumed, produced, outcome) = blocks.run(&input[done.consumed..], room);
            done.consumed += consumed;
            done.produced += produced;
            match outcome {
                Outcome::NeedOutput if clipped => {
                    let offset = start + blocks.element();
                    if limits.allowed(offset).0 > before + blocks.total_out() {
                        continue;
                    }
                    let detail = limits.detail(allowed, bound);
                    return Err(CodecError::new(name, bound, offset, detail));
                }
                Outcome::Invalid(what) => {
                    let offset = start + blocks.element();
                    return Err(CodecError::new(name, ErrorCode::CorruptData, offset, what));
                }
                outcome => return Ok(outcome),
            }
        }
    }

    pub(super) fn save(&self, state: &mut StateWriter) {
        state.number(self.start);
        state.number(self.before);
        state.flag(self.blocks.is_some());
        if let Some(blocks) = &self.blocks {
            blocks.save(state);
        }
    }

    pub(super) fn restore(&mut self, state: &mut StateReader<'_>) -> Result<(), CodecError> {
        self.start = state.count()?;
        self.before = state.count()?;
        self.blocks = None;
        if state.flag()? {
            if !can_allocate(MEMORY) {
                return Err(CodecError::out_of_memory(self.name, self.start));
            }
            self.blocks.insert(Box::new(Blocks::new())).restore(state)?;
        }
        Ok(())
    }
}
