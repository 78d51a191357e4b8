//! Codecs fused: one copy in, one batch out, bounded queues in between.

use super::queue::ByteQueue;
use super::{Codec, CodecError, ErrorCode, MIN_OUTPUT, SLICE, Status};

/// What a chain can do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainState {
    /// It has done what it can with the input it got. There may be a small batch.
    NeedInput,
    /// There is a batch as large as batches get.
    HasBatch,
    /// The input has ended and all is done. There may be a last batch.
    Finished,
}

/// What a chain has produced since the last batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch<'a> {
    /// The bytes; of records only complete ones, each field with a one-byte separator behind it.
    pub bytes: &'a [u8],
    /// The end of each field, in UTF-16 code units of `bytes` as text; empty for bytes.
    pub ends: &'a [u32],
    /// The number of fields up to the end of each row; empty for bytes and lines.
    pub rows: &'a [u32],
}

/// What a stage has done and holds, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageStats {
    /// The codec's name.
    pub name: &'static str,
    /// Bytes it has consumed.
    pub bytes_in: u64,
    /// Bytes it has produced.
    pub bytes_out: u64,
    /// Bytes that wait in the queue before it.
    pub queued: usize,
    /// The most that may wait there.
    pub high_water_mark: usize,
    /// Bytes it has produced that have not been taken; only the last stage holds any.
    pub held: usize,
}

struct Stage {
    codec: Box<dyn Codec>,
    /// What is to be consumed.
    queue: ByteQueue,
    /// The codec has said that it needs room, so it may go on without more input.
    needs_output: bool,
    finished: bool,
    bytes_in: u64,
    bytes_out: u64,
}

/// A chain of codecs, driven by its host: put bytes into [`input`](Self::input),
/// [`commit`](Self::commit) them, [`run`](Self::run), take the [`batch`](Self::batch), and so on.
pub struct Chain {
    stages: Vec<Stage>,
    /// What the last stage has produced. Longer than [`SLICE`] only while a record is.
    output: Vec<u8>,
    output_length: usize,
    /// Bytes at the start of the output that `batch` has shown.
    shown: Option<usize>,
    input_ended: bool,
    /// What a codec failed with: no codec is stepped again.
    failure: Option<CodecError>,
}

impl Chain {
    /// A chain of these codecs, of which only the last may make records that matter.
    pub fn new(codecs: Vec<Box<dyn Codec>>) -> Self {
        let mut stages: Vec<_> = codecs
            .into_iter()
            .map(|codec| Stage {
                codec,
                queue: ByteQueue::new(SLICE),
                needs_output: false,
                finished: false,
                bytes_in: 0,
                bytes_out: 0,
            })
            .collect();
        if let Some(records) = stages.last_mut().and_then(|stage| stage.codec.records()) {
            records.enable();
        }
        Self {
            stages,
            output: vec![0; SLICE],
            output_length: 0,
            shown: None,
            input_ended: false,
            failure: None,
        }
    }

    /// The room there is for input. It may be empty: then `run`, and take the batch.
    pub fn input(&mut self) -> &mut [u8] {
        match self.stages.first_mut() {
            Some(stage) => stage.queue.writable(),
            None => &mut [],
        }
    }

    /// The length of [`input`](Self::input).
    pub fn desired_size(&self) -> usize {
        self.stages
            .first()
            .map_or(0, |stage| stage.queue.desired_size())
    }

    /// Says that `bytes` bytes were put at the start of [`input`](Self::input).
    pub fn commit(&mut self, bytes: usize) {
        if let Some(stage) = self.stages.first_mut() {
            stage.queue.commit(bytes);
        }
    }

    /// Says that no more input comes.
    pub fn end_input(&mut self) {
        self.input_ended = true;
    }

    /// Works until there is a full batch or more input is needed. Forgets the batch shown before.
    /// Once it has failed it fails again with the same error.
    pub fn run(&mut self) -> Result<ChainState, CodecError> {
        self.release();
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        self.work()
            .inspect_err(|failure| self.failure = Some(failure.clone()))
    }

    fn work(&mut self) -> Result<ChainState, CodecError> {
        let Some(mut at) = self.stages.len().checked_sub(1) else {
            return Ok(ChainState::Finished);
        };
        // The stage furthest down that can do something does it, so that queues stay short.
        loop {
            if self.step(at)? {
                at = (at + 1).min(self.stages.len() - 1);
            } else if self.is_full() {
                return Ok(ChainState::HasBatch);
            } else if at == 0 {
                break;
            } else {
                at -= 1;
            }
        }
        let finished = self.stages.last().is_none_or(|stage| stage.finished);
        Ok(if finished {
            ChainState::Finished
        } else {
            ChainState::NeedInput
        })
    }

    /// What has been produced and not yet shown; nothing after a failure. Stays valid until the next
    /// call of `run`.
    pub fn batch(&mut self) -> Batch<'_> {
        if self.failure.is_some() {
            // The failed step's records are of bytes that were never counted.
            return Batch {
                bytes: &[],
                ends: &[],
                rows: &[],
            };
        }
        self.release();
        let length = self.complete();
        self.shown = Some(length);
        let bytes = &self.output[..length];
        let Some(records) = self
            .stages
            .last_mut()
            .and_then(|stage| stage.codec.records())
        else {
            return Batch {
                bytes,
                ends: &[],
                rows: &[],
            };
        };
        if !bytes.is_ascii() {
            records.to_utf16(bytes);
        }
        Batch {
            bytes,
            ends: records.ends(),
            rows: records.rows(),
        }
    }

    /// The number of stages.
    pub fn len(&self) -> usize {
        self.stages.len()
    }

    /// Whether there are no stages.
    pub fn is_empty(&self) -> bool {
        self.stages.is_empty()
    }

    /// What the stage of this number has done and holds.
    pub fn stats(&self, stage: usize) -> Option<StageStats> {
        let last = stage + 1 == self.stages.len();
        let held = if last {
            self.output_length - self.shown.unwrap_or(0)
        } else {
            0
        };
        self.stages.get(stage).map(|stage| StageStats {
            name: stage.codec.name(),
            bytes_in: stage.bytes_in,
            bytes_out: stage.bytes_out,
            queued: stage.queue.queued(),
            high_water_mark: stage.queue.high_water_mark(),
            held,
        })
    }

    /// The digest that the stage of this number has computed.
    pub fn digest(&self, stage: usize) -> Option<&[u8]> {
        self.stages
            .get(stage)
            .and_then(|stage| stage.codec.digest())
    }

    /// Lets one stage work; says whether it did anything.
    fn step(&mut self, at: usize) -> Result<bool, CodecError> {
        let input_ended = if at == 0 {
            self.input_ended
        } else {
            self.stages[at - 1].finished
        };
        let (stages, after) = self.stages.split_at_mut(at + 1);
        let Some(stage) = stages.last_mut() else {
            return Ok(false);
        };
        if stage.finished || (stage.queue.queued() == 0 && !stage.needs_output && !input_ended) {
            return Ok(false);
        }
        let room = match after.first_mut() {
            Some(next) => next.queue.writable(),
            None => {
                let whole = stage
                    .codec
                    .records()
                    .is_none_or(|records| records.complete() > 0);
                if !whole && self.output.len() - self.output_length < MIN_OUTPUT {
                    grow(&mut self.output, stage.codec.name(), stage.bytes_in)?;
                }
                // Room beyond a slice is for a record that needs it, not for larger batches.
                let limit = if whole || self.output_length + MIN_OUTPUT <= SLICE {
                    SLICE.max(self.output_length)
                } else {
                    self.output.len()
                };
                &mut self.output[self.output_length..limit]
            }
        };
        if room.len() < MIN_OUTPUT {
            return Ok(false);
        }
        let step = stage
            .codec
            .step(stage.queue.readable(), room, input_ended)?;
        stage.queue.consume(step.consumed);
        stage.needs_output = step.status == Status::NeedOutput;
        stage.finished = step.status == Status::Finished;
        stage.bytes_in += step.consumed as u64;
        stage.bytes_out += step.produced as u64;
        match after.first_mut() {
            Some(next) => next.queue.commit(step.produced),
            None => self.output_length += step.produced,
        }
        Ok(step.consumed > 0 || step.produced > 0 || stage.finished)
    }

    /// Bytes of the output that can be shown.
    fn complete(&mut self) -> usize {
        match self
            .stages
            .last_mut()
            .and_then(|stage| stage.codec.records())
        {
            Some(records) => records.complete(),
            None => self.output_length,
        }
    }

    /// Whether the output has no room for the next step and something to show.
    fn is_full(&mut self) -> bool {
        self.output_length + MIN_OUTPUT > SLICE && self.complete() > 0
    }

    fn release(&mut self) {
        let Some(shown) = self.shown.take() else {
            return;
        };
        self.output.copy_within(shown..self.output_length, 0);
        self.output_length -= shown;
        if let Some(records) = self
            .stages
            .last_mut()
            .and_then(|stage| stage.codec.records())
        {
            records.take();
        }
    }
}

/// Makes room for a record longer than the output; the codec's own bound keeps this finite.
fn grow(output: &mut Vec<u8>, codec: &'static str, offset: u64) -> Result<(), CodecError> {
    let length = output.len();
    if output.try_reserve_exact(length).is_err() {
        let detail = format!("no memory for more than {length} bytes of it");
        return Err(CodecError::new(codec, ErrorCode::TooLong, offset, detail));
    }
    output.resize(length * 2, 0);
    Ok(())
}
