//! What a chain's state is saved as: the states of its codecs, and the bytes before, between and behind them.

use super::chain::{Failure, Stage};
use super::queue::{ByteQueue, lengthen};
use super::saved::{StateReader, StateWriter};
use super::{Chain, CodecError, SLICE};

const NAME: &str = "chain";

/// Of a saved state.
const VERSION: u8 = 1;

impl Stage {
    fn save(&self, state: &mut StateWriter) -> Result<(), CodecError> {
        state.piece(&self.codec.save()?);
        state.piece(self.queue.readable());
        for flag in [self.needs_output, self.flushes, self.finished] {
            state.flag(flag);
        }
        state.number(self.bytes_in);
        state.number(self.bytes_out);
        Ok(())
    }

    fn restore(&mut self, state: &mut StateReader<'_>) -> Result<(), CodecError> {
        self.codec.restore(state.piece(usize::MAX)?)?;
        let queued = state.piece(SLICE)?;
        self.queue = ByteQueue::default();
        if !self.queue.reserve(queued.len()) {
            return Err(CodecError::out_of_memory(self.codec.name(), self.bytes_in));
        }
        self.queue.writable()[..queued.len()].copy_from_slice(queued);
        self.queue.commit(queued.len());
        for flag in [
            &mut self.needs_output,
            &mut self.flushes,
            &mut self.finished,
        ] {
            *flag = state.flag()?;
        }
        self.bytes_in = state.count()?;
        self.bytes_out = state.count()?;
        Ok(())
    }
}

impl Chain {
    /// The state of all codecs, with the bytes between them and those produced and not taken, for
    /// [`restore`](Self::restore). Forgets the batch shown last. It may be called between any two other calls. Fails if a codec
    /// cannot save its state, or the chain has failed.
    ///
    /// ```
    /// use tidegate::codec::{Chain, Lines, LinesOptions};
    ///
    /// let lines = || Chain::new(vec![Box::new(Lines::new(LinesOptions::default()))]);
    /// let mut chain = lines();
    /// chain.input(6)[..6].copy_from_slice(b"one\ntw");
    /// chain.commit(6);
    /// chain.run()?;
    /// assert_eq!(chain.batch().records().len(), 1);
    /// let state = chain.save()?;
    ///
    /// let mut chain = lines();
    /// chain.restore(&state)?;
    /// chain.input(1)[..1].copy_from_slice(b"o");
    /// chain.commit(1);
    /// chain.end_input();
    /// chain.run()?;
    /// assert_eq!(chain.batch().bytes, b"two\n");
    /// # Ok::<(), tidegate::codec::CodecError>(())
    /// ```
    pub fn save(&mut self) -> Result<Vec<u8>, CodecError> {
        self.release();
        if let Some(failure) = &self.failure {
            return Err(failure.error.clone());
        }
        let mut state = StateWriter::new(NAME, VERSION);
        state.number(self.stages.len() as u64);
        for stage in &self.stages {
            stage.save(&mut state)?;
        }
        state.flag(self.input_ended);
        state.piece(&self.output[..self.output_length]);
        if let Some(records) = self.records() {
            records.save(&mut state);
        }
        state.finish()
    }

    /// Goes on where the chain was that [`save`](Self::save) returned this state of. This chain must have the same codecs with
    /// the same options. If it refuses the state, it has failed with the error that it returns.
    ///
    /// ```
    /// use tidegate::codec::{Chain, ErrorCode, Sha256Tap};
    ///
    /// let mut chain = Chain::new(vec![Box::new(Sha256Tap::new())]);
    /// assert_eq!(chain.restore(b"no state").unwrap_err().code, ErrorCode::InvalidState);
    /// assert!(chain.run().is_err());
    /// ```
    pub fn restore(&mut self, state: &[u8]) -> Result<(), CodecError> {
        self.failure = None;
        self.forget_output();
        self.take_over(state).inspect_err(|error| {
            self.forget_output();
            self.failure = Some(Failure {
                error: error.clone(),
                first_working: self.stages.len(),
            });
        })
    }

    fn forget_output(&mut self) {
        (self.output_length, self.shown) = (0, None);
        if let Some(records) = self.records() {
            records.clear();
        }
    }

    fn take_over(&mut self, state: &[u8]) -> Result<(), CodecError> {
        let mut state = StateReader::new(NAME, VERSION, state)?;
        if state.size(usize::MAX)? != self.stages.len() {
            return state.refuse("it is that of a chain with another number of codecs");
        }
        for stage in &mut self.stages {
            stage.restore(&mut state)?;
        }
        self.input_ended = state.flag()?;
        // A stage that had finished too early would never take what comes, and its host would wait for ever.
        let mut input_ended = self.input_ended;
        for stage in &self.stages {
            let is_possible = input_ended && stage.queue.queued() == 0;
            state.require(!stage.finished || is_possible)?;
            input_ended = stage.finished;
        }
        let output = state.piece(usize::MAX)?;
        if output.len() > self.output.len() {
            let length = output.len().max(SLICE);
            if !lengthen(&mut self.output, length) {
                return Err(CodecError::out_of_memory(NAME, 0));
            }
        }
        self.output[..output.len()].copy_from_slice(output);
        if let Some(records) = self.records() {
            let Ok(text) = std::str::from_utf8(output) else {
                return state.refuse("its records are not UTF-8");
            };
            records.restore(text, &mut state)?;
        }
        self.output_length = output.len();
        state.finish()
    }
}
