//! Codecs fused: one copy in, one batch out, bounded queues in between.

use super::queue::{ByteQueue, length_for, lengthen};
use super::{Batch, Codec, CodecError, DigestAlgorithm, MIN_OUTPUT, Records, SLICE, Status};

/// What a chain can do next.
///
/// ```
/// use tidegate::codec::{Chain, ChainState, Lines, LinesOptions};
///
/// let mut chain = Chain::new(vec![Box::new(Lines::new(LinesOptions::default()))]);
/// assert_eq!(chain.run(), Ok(ChainState::NeedInput));
/// chain.end_input();
/// assert_eq!(chain.run(), Ok(ChainState::Finished));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainState {
    /// It has done what it can with the input it got. There may be a small batch.
    NeedInput,
    /// There is a batch: one as large as batches get, or the last before a failure.
    HasBatch,
    /// The input has ended and all is done. There may be a last batch.
    Finished,
}

/// What a stage has done and holds, in bytes.
///
/// ```
/// use tidegate::codec::{Chain, SLICE, Sha256Tap};
///
/// let mut chain = Chain::new(vec![Box::new(Sha256Tap::new())]);
/// chain.input(3)[..3].copy_from_slice(b"abc");
/// chain.commit(3);
/// let stats = chain.stats(0).unwrap();
/// assert_eq!((stats.name, stats.queued, stats.high_water_mark), ("digest", 3, SLICE));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
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

pub(super) struct Stage {
    pub(super) codec: Box<dyn Codec>,
    /// What is to be consumed.
    pub(super) queue: ByteQueue,
    /// The codec has said that it needs room, so it may go on without more input.
    pub(super) needs_output: bool,
    /// It is to give what it holds back, once it and those before it have nothing else to do.
    pub(super) flushes: bool,
    pub(super) finished: bool,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
}

impl Stage {
    fn out_of_memory(&self, first_working: usize) -> Failure {
        Failure {
            error: CodecError::out_of_memory(self.codec.name(), self.bytes_in),
            first_working,
        }
    }
}

/// A buffer that is not the chain's, of [`MIN_OUTPUT`] bytes or more.
pub(super) struct Room<'buffer> {
    pub(super) bytes: &'buffer mut [u8],
    /// How many of them the chain has written.
    pub(super) length: usize,
}

/// What a chain fails with, once everything before it has been shown.
pub(super) struct Failure {
    pub(super) error: CodecError,
    /// The first stage that still works, on what was produced before the fault.
    pub(super) first_working: usize,
}

/// A chain of codecs, driven by its host: put bytes into [`input`](Self::input),
/// [`commit`](Self::commit) them, [`run`](Self::run), take the [`batch`](Self::batch), and so on.
///
/// ```
/// use tidegate::codec::{Chain, ChainState, Lines, LinesOptions};
///
/// let mut chain = Chain::new(vec![Box::new(Lines::new(LinesOptions::default()))]);
/// let (mut text, mut lines) = (&b"one\ntwo\nthree"[..], 0);
/// loop {
///     let room = chain.input(text.len());
///     let fed = room.len();
///     room.copy_from_slice(&text[..fed]);
///     chain.commit(fed);
///     text = &text[fed..];
///     if text.is_empty() {
///         chain.end_input();
///     }
///     let state = chain.run()?;
///     lines += chain.batch().records().len();
///     if state == ChainState::Finished {
///         break;
///     }
/// }
/// assert_eq!(lines, 3);
/// # Ok::<(), tidegate::codec::CodecError>(())
/// ```
pub struct Chain {
    pub(super) stages: Vec<Stage>,
    /// What the last stage has produced. Longer than [`SLICE`] only if a record is.
    pub(super) output: Vec<u8>,
    pub(super) output_length: usize,
    /// Bytes at the start of the output that `batch` has shown.
    pub(super) shown: Option<usize>,
    pub(super) input_ended: bool,
    pub(super) failure: Option<Failure>,
}

impl Chain {
    /// A chain of these codecs, of which only the last may make records that matter. Its queues are
    /// allocated when something comes.
    ///
    /// ```
    /// use tidegate::codec::{Chain, Gunzip, GunzipOptions, Sha256Tap};
    ///
    /// let chain = Chain::new(vec![
    ///     Box::new(Gunzip::new(GunzipOptions::default())),
    ///     Box::new(Sha256Tap::new()),
    /// ]);
    /// assert_eq!(chain.len(), 2);
    /// ```
    pub fn new(codecs: Vec<Box<dyn Codec>>) -> Self {
        let mut stages: Vec<_> = codecs
            .into_iter()
            .map(|codec| Stage {
                codec,
                queue: ByteQueue::default(),
                needs_output: false,
                flushes: false,
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
            output: Vec::new(),
            output_length: 0,
            shown: None,
            input_ended: false,
            failure: None,
        }
    }

    /// Room for up to `wanted` bytes of input. It may be empty: then `run`, and take the batch.
    ///
    /// ```
    /// # use tidegate::codec::{Chain, Sha256Tap};
    /// let mut chain = Chain::new(vec![Box::new(Sha256Tap::new())]);
    /// let room = chain.input(4);
    /// room.copy_from_slice(b"text");
    /// chain.commit(4);
    /// ```
    pub fn input(&mut self, wanted: usize) -> &mut [u8] {
        let Some(stage) = self.stages.first_mut() else {
            return &mut [];
        };
        if self.failure.is_some() {
            return &mut [];
        }
        if !stage.queue.reserve(wanted) {
            self.failure = Some(stage.out_of_memory(0));
            return &mut [];
        }
        let room = stage.queue.writable();
        let length = room.len().min(wanted);
        &mut room[..length]
    }

    /// How many bytes of input the chain wants.
    ///
    /// ```
    /// # use tidegate::codec::{Chain, SLICE, Sha256Tap};
    /// let mut chain = Chain::new(vec![Box::new(Sha256Tap::new())]);
    /// chain.input(4).copy_from_slice(b"text");
    /// chain.commit(4);
    /// assert_eq!(chain.desired_size(), SLICE - 4);
    /// ```
    pub fn desired_size(&self) -> usize {
        self.stages
            .first()
            .map_or(0, |stage| stage.queue.desired_size())
    }

    /// Says that `bytes` bytes were put at the start of [`input`](Self::input).
    ///
    /// ```
    /// # use tidegate::codec::{Chain, Sha256Tap};
    /// let mut chain = Chain::new(vec![Box::new(Sha256Tap::new())]);
    /// chain.input(4).copy_from_slice(b"text");
    /// chain.commit(2); // only two of them
    /// chain.run()?;
    /// assert_eq!(chain.batch().bytes, b"te");
    /// # Ok::<(), tidegate::codec::CodecError>(())
    /// ```
    pub fn commit(&mut self, bytes: usize) {
        if let Some(stage) = self.stages.first_mut() {
            stage.queue.commit(bytes);
        }
    }

    /// Says that no more input comes.
    ///
    /// ```
    /// # use tidegate::codec::{Chain, ChainState, Sha256Tap};
    /// let mut chain = Chain::new(vec![Box::new(Sha256Tap::new())]);
    /// chain.end_input();
    /// assert_eq!(chain.run(), Ok(ChainState::Finished));
    /// ```
    pub fn end_input(&mut self) {
        self.input_ended = true;
    }

    /// Has every codec produce what it holds back of the input so far, as [`Codec::flush`] says, one after the other
    /// from the first on. The next calls of [`run`](Self::run) do it; it is done when one of them says
    /// [`ChainState::NeedInput`].
    ///
    /// ```
    /// # use tidegate::codec::{Chain, ChainState, Sha256Tap};
    /// let mut chain = Chain::new(vec![Box::new(Sha256Tap::new())]);
    /// chain.input(4).copy_from_slice(b"text");
    /// chain.commit(4);
    /// chain.flush();
    /// assert_eq!(chain.run(), Ok(ChainState::NeedInput));
    /// assert_eq!(chain.batch().bytes, b"text");
    /// ```
    pub fn flush(&mut self) {
        for stage in &mut self.stages {
            stage.flushes = !stage.finished;
        }
    }

    /// Works until there is a full batch or more input is needed. Forgets the batch shown before.
    ///
    /// When a codec refuses its input, those behind it work on what it produced before; only when all of
    /// that has been shown does the chain fail. If one of them refuses that, the chain fails with its
    /// error instead. Once it has failed it fails again with the same error.
    ///
    /// ```
    /// # use tidegate::codec::{Chain, ErrorCode, Gunzip, GunzipOptions};
    /// let mut chain = Chain::new(vec![Box::new(Gunzip::new(GunzipOptions::default()))]);
    /// chain.input(4).copy_from_slice(b"text");
    /// chain.commit(4);
    /// assert_eq!(chain.run().unwrap_err().code, ErrorCode::NotGzip);
    /// ```
    pub fn run(&mut self) -> Result<ChainState, CodecError> {
        self.work(None)
    }

    /// The same with the last codec's output in `room`, where there is a batch if anything is. For chains without records, and while the
    /// chain holds no output.
    #[cfg(feature = "futures-io")]
    pub(super) fn run_into(&mut self, room: &mut Room<'_>) -> Result<ChainState, CodecError> {
        debug_assert!(self.output_length == self.shown.unwrap_or(0));
        self.work(Some(room))
    }

    /// Whether [`run_into`](Self::run_into) may be called.
    #[cfg(feature = "futures-io")]
    pub(super) fn writes_anywhere(&mut self) -> bool {
        self.output_length == self.shown.unwrap_or(0) && self.records().is_none()
    }

    fn work(&mut self, mut room: Option<&mut Room<'_>>) -> Result<ChainState, CodecError> {
        self.release();
        let Some(last) = self.stages.len().checked_sub(1) else {
            return Ok(ChainState::Finished);
        };
        // The stage furthest down that can do something does it, so that queues stay short.
        let mut at = last;
        loop {
            let first = self.failure.as_ref().map_or(0, |it| it.first_working);
            if at >= first && self.step(at, room.as_deref_mut()) {
                at = (at + 1).min(last);
            } else if self.is_full(room.as_deref()) {
                return Ok(ChainState::HasBatch);
            } else if at <= first {
                break;
            } else {
                at -= 1;
            }
        }
        if self.failure.is_some() && self.complete_in(room.as_deref()) > 0 {
            return Ok(ChainState::HasBatch);
        }
        match &self.failure {
            Some(failure) => Err(failure.error.clone()),
            None if self.stages[last].finished => Ok(ChainState::Finished),
            None => Ok(ChainState::NeedInput),
        }
    }

    /// What has been produced and not yet shown. Stays valid until the next call of `run`.
    ///
    /// ```
    /// # use tidegate::codec::{Chain, Sha256Tap};
    /// let mut chain = Chain::new(vec![Box::new(Sha256Tap::new())]);
    /// chain.input(4).copy_from_slice(b"text");
    /// chain.commit(4);
    /// chain.run()?;
    /// assert_eq!(chain.batch().bytes, b"text");
    /// # Ok::<(), tidegate::codec::CodecError>(())
    /// ```
    pub fn batch(&mut self) -> Batch<'_> {
        self.release();
        let length = self.complete();
        self.shown = Some(length);
        self.batch_of(length)
    }

    /// The first bytes of the output, and what is known of the records in them.
    fn batch_of(&mut self, length: usize) -> Batch<'_> {
        let bytes = &self.output[..length];
        match (self.stages.last_mut()).and_then(|stage| stage.codec.records()) {
            Some(records) => Batch::new(bytes, records.ends(), records.rows(), records.starts()),
            None => Batch::new(bytes, &[], &[], &[]),
        }
    }

    /// The same as text for JavaScript: in Latin-1 if all its characters are in that. Returns its length in UTF-8, and whether it is Latin-1.
    #[cfg(tidegate_npm)]
    pub(crate) fn batch_text(&mut self) -> (Batch<'_>, usize, bool) {
        self.release();
        let length = self.complete();
        self.shown = Some(length);
        let bytes = &mut self.output[..length];
        let records = (self.stages.last_mut()).and_then(|stage| stage.codec.records());
        let latin1 = records.and_then(|records| {
            let latin1 = records.make_latin1(bytes);
            if latin1.is_none() {
                records.count_in_utf16(bytes);
            }
            latin1
        });
        let batch = self.batch_of(latin1.unwrap_or(length));
        (batch, length, latin1.is_some())
    }

    /// The batch that was shown last, if nothing has happened since; else what [`batch`](Self::batch) shows.
    #[cfg(any(tidegate_family = "csv", test))]
    pub(crate) fn batch_again(&mut self) -> Batch<'_> {
        let Some(length) = self.shown else {
            return self.batch();
        };
        self.batch_of(length)
    }

    /// Whether a batch would have something in it, right after a run.
    #[cfg(feature = "std")]
    pub(super) fn has_output(&mut self) -> bool {
        self.complete() > 0
    }

    /// The bytes of the batch that was shown last.
    #[cfg(feature = "std")]
    pub(super) fn shown(&self) -> &[u8] {
        &self.output[..self.shown.unwrap_or(0)]
    }

    /// The number of stages.
    ///
    /// ```
    /// # use tidegate::codec::{Chain, Sha256Tap};
    /// assert_eq!(Chain::new(vec![Box::new(Sha256Tap::new())]).len(), 1);
    /// ```
    pub fn len(&self) -> usize {
        self.stages.len()
    }

    /// Whether there are no stages.
    ///
    /// ```
    /// # use tidegate::codec::Chain;
    /// assert!(Chain::new(Vec::new()).is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.stages.is_empty()
    }

    /// What the stage of this number has done and holds.
    ///
    /// ```
    /// # use tidegate::codec::{Chain, Sha256Tap};
    /// let mut chain = Chain::new(vec![Box::new(Sha256Tap::new())]);
    /// chain.input(3).copy_from_slice(b"abc");
    /// chain.commit(3);
    /// chain.run()?;
    /// assert_eq!(chain.stats(0).unwrap().bytes_in, 3);
    /// assert_eq!(chain.stats(1), None);
    /// # Ok::<(), tidegate::codec::CodecError>(())
    /// ```
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
            high_water_mark: SLICE,
            held,
        })
    }

    /// The digest that the stage of this number has computed.
    ///
    /// ```
    /// # use tidegate::codec::{Chain, Sha256Tap};
    /// let mut chain = Chain::new(vec![Box::new(Sha256Tap::new())]);
    /// chain.end_input();
    /// chain.run()?;
    /// assert_eq!(chain.digest(0).unwrap()[..4], [0xe3, 0xb0, 0xc4, 0x42]);
    /// # Ok::<(), tidegate::codec::CodecError>(())
    /// ```
    pub fn digest(&self, stage: usize) -> Option<&[u8]> {
        self.stages
            .get(stage)
            .and_then(|stage| stage.codec.digest())
    }

    /// The digest that the stage of this number has computed by one algorithm.
    ///
    /// ```
    /// # use tidegate::codec::{Chain, DigestAlgorithm, Digests};
    /// let algorithms = [DigestAlgorithm::Sha1, DigestAlgorithm::Crc32];
    /// let mut chain = Chain::new(vec![Box::new(Digests::new(&algorithms))]);
    /// chain.end_input();
    /// chain.run()?;
    /// assert_eq!(chain.digest_of(0, DigestAlgorithm::Crc32), Some(&[0; 4][..]));
    /// # Ok::<(), tidegate::codec::CodecError>(())
    /// ```
    pub fn digest_of(&self, stage: usize, algorithm: DigestAlgorithm) -> Option<&[u8]> {
        self.stages
            .get(stage)
            .and_then(|stage| stage.codec.digest_of(algorithm))
    }

    /// Lets one stage work; says whether anything has changed.
    fn step(&mut self, at: usize, mut direct: Option<&mut Room<'_>>) -> bool {
        let input_ended = if at == 0 {
            self.input_ended
        } else {
            self.stages[at - 1].finished
        };
        let flushes = self.stages[at].flushes && !self.stages[..at].iter().any(|it| it.flushes);
        let (stages, after) = self.stages.split_at_mut(at + 1);
        let Some(stage) = stages.last_mut() else {
            return false;
        };
        let waiting = stage.queue.queued();
        let is_idle = waiting == 0 && !stage.needs_output && !input_ended;
        if stage.finished || (is_idle && !flushes) {
            return false;
        }
        let room = match (after.first_mut(), direct.as_deref_mut()) {
            (Some(next), _) => {
                if !next.queue.reserve_for(waiting) {
                    self.failure = Some(next.out_of_memory(at + 1));
                    return true;
                }
                next.queue.writable()
            }
            (None, Some(direct)) => &mut direct.bytes[direct.length..],
            (None, None) => {
                let whole = stage
                    .codec
                    .records()
                    .is_none_or(|records| records.complete() > 0);
                let (length, free) = (self.output.len(), self.output.len() - self.output_length);
                // The codec's own bound on a record keeps the doubling finite.
                let longer = length_for(length, free, waiting)
                    .or_else(|| (!whole && free < MIN_OUTPUT).then(|| length.saturating_mul(2)));
                if longer.is_some_and(|length| !lengthen(&mut self.output, length)) {
                    self.failure = Some(stage.out_of_memory(at + 1));
                    return true;
                }
                // Room beyond a slice is for a record that needs it, not for larger batches.
                let limit = if whole || self.output_length + MIN_OUTPUT <= SLICE {
                    SLICE.max(self.output_length)
                } else {
                    self.output.len()
                };
                let limit = limit.min(self.output.len());
                &mut self.output[self.output_length..limit]
            }
        };
        if room.len() < MIN_OUTPUT {
            return false;
        }
        let result = if is_idle {
            stage.codec.flush(room)
        } else {
            (stage.codec).step(stage.queue.readable(), room, input_ended)
        };
        let (changed, produced) = match result {
            Ok(step) if is_idle => {
                stage.flushes = step.status == Status::NeedOutput;
                (!stage.flushes || step.produced > 0, step.produced)
            }
            Ok(step) => {
                stage.queue.consume(step.consumed);
                stage.needs_output = step.status == Status::NeedOutput;
                stage.finished = step.status == Status::Finished;
                stage.flushes &= !stage.finished;
                stage.bytes_in += step.consumed as u64;
                let changed = step.consumed > 0 || step.produced > 0 || stage.finished;
                (changed, step.produced)
            }
            Err(fault) => {
                self.failure = Some(Failure {
                    error: fault.error,
                    first_working: at + 1,
                });
                (true, fault.produced)
            }
        };
        stage.bytes_out += produced as u64;
        match (after.first_mut(), direct) {
            (Some(next), _) => next.queue.commit(produced),
            (None, Some(direct)) => direct.length += produced,
            (None, None) => self.output_length += produced,
        }
        changed
    }

    pub(super) fn records(&mut self) -> Option<&mut Records> {
        (self.stages.last_mut()).and_then(|stage| stage.codec.records())
    }

    /// Bytes of the output that can be shown.
    fn complete(&mut self) -> usize {
        match self.records() {
            Some(records) => records.complete(),
            None => self.output_length,
        }
    }

    fn complete_in(&mut self, room: Option<&Room<'_>>) -> usize {
        room.map_or_else(|| self.complete(), |room| room.length)
    }

    /// Whether the output has no room for the next step and something to show.
    fn is_full(&mut self, room: Option<&Room<'_>>) -> bool {
        match room {
            Some(room) => room.length + MIN_OUTPUT > room.bytes.len(),
            None => self.output_length + MIN_OUTPUT > SLICE && self.complete() > 0,
        }
    }

    pub(super) fn release(&mut self) {
        let Some(shown) = self.shown.take() else {
            return;
        };
        // A record that comes in many pieces is not moved for each.
        if shown == 0 {
            return;
        }
        self.output.copy_within(shown..self.output_length, 0);
        self.output_length -= shown;
        if let Some(records) = self.records() {
            records.take();
        }
    }
}
