//! What the compressors have in common: one made with the first step, whose input and output are its own affair.

use super::{CodecError, ErrorCode, Fault, Status, Step};

/// What is asked for once the input is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Nothing,
    Flush,
    Finish,
}

/// A compressor, with what is between it and the steps.
pub(super) trait Work: Sized {
    type Options;

    /// The name of the codec.
    const NAME: &'static str;

    /// Fails with [`ErrorCode::OutOfMemory`] if there is not enough for it, or with what is wrong with the options.
    fn new(options: &Self::Options) -> Result<Self, CodecError>;

    /// Goes on until the input is used up and what is asked for is done, or the output is full; says in `step` how far it came.
    fn advance(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        asked: Asked,
        step: &mut Step,
    ) -> Result<(), CodecError>;
}

pub(super) struct Compressor<W: Work> {
    options: W::Options,
    /// Made with the first step.
    work: Option<Box<W>>,
    /// Bytes consumed.
    offset: u64,
}

impl<W: Work> Compressor<W> {
    pub(super) fn new(options: W::Options) -> Self {
        Self {
            options,
            work: None,
            offset: 0,
        }
    }

    pub(super) fn step(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        last: bool,
    ) -> Result<Step, Fault> {
        let asked = if last { Asked::Finish } else { Asked::Nothing };
        self.advance(input, output, asked)
    }

    pub(super) fn flush(&mut self, output: &mut [u8]) -> Result<Step, Fault> {
        self.advance(&[], output, Asked::Flush)
    }

    fn advance(&mut self, input: &[u8], output: &mut [u8], asked: Asked) -> Result<Step, Fault> {
        let mut step = Step {
            status: Status::NeedInput,
            consumed: 0,
            produced: 0,
        };
        let result = self
            .work()
            .and_then(|work| work.advance(input, output, asked, &mut step));
        self.offset += step.consumed as u64;
        match result {
            Ok(()) => Ok(step),
            Err(error) => Err(Fault {
                error,
                produced: step.produced,
            }),
        }
    }

    fn work(&mut self) -> Result<&mut W, CodecError> {
        match &mut self.work {
            Some(work) => Ok(work),
            none => Ok(none.insert(Box::new(W::new(&self.options)?))),
        }
    }

    /// The error of saving a compressor. `instead` says what to do.
    #[cfg(not(tidegate_npm))]
    pub(super) fn cannot_save<T>(&self, instead: &str) -> Result<T, CodecError> {
        let detail = format!("a compressor's cannot; {instead}");
        let code = ErrorCode::CannotSave;
        Err(CodecError::new(W::NAME, code, self.offset, detail))
    }
}

/// What has been made, and how much of it has been given out.
#[derive(Default)]
pub(super) struct Made {
    pub(super) bytes: Vec<u8>,
    pub(super) given: usize,
}

impl Made {
    /// Gives out as much as there is room for. Says whether that was all.
    pub(super) fn give(&mut self, output: &mut [u8], step: &mut Step) -> bool {
        let rest = &self.bytes[self.given..];
        let room = &mut output[step.produced..];
        let length = rest.len().min(room.len());
        room[..length].copy_from_slice(&rest[..length]);
        self.given += length;
        step.produced += length;
        self.given == self.bytes.len()
    }
}
