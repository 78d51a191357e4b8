//! A host as js/machines/byte-readable.js is one, with bytes for buffers.
use std::collections::VecDeque;

use tidegate::core::byte_readable::{AUTO_ALLOCATE, ByteReadable, COPY_ENTRY_DONE, COPY_FILLED};
use tidegate::core::effect::byte_readable::*;
use tidegate::core::{Core, Id};

use super::{Answer, ByteStream, ReadInto, Reader, Refusal, State, Step};

struct Descriptor {
    region: Vec<u8>,
    byte_offset: usize,
    buffer_length: usize,
}

/// A byte stream over the core.
pub struct Host {
    pub core: Core,
    pub id: Id<ByteReadable>,
    auto_allocate: usize,
    queue: VecDeque<Vec<u8>>,
    pending: VecDeque<Descriptor>,
    requests: VecDeque<u32>,
    reader: Reader,
    state: State,
    pulling: bool,
    pulls: u32,
    answers: Vec<(u32, Answer)>,
    /// Everything since it was last emptied.
    pub log: Vec<Step>,
}

impl Host {
    /// `auto_allocate` 0: the source does not allocate.
    pub fn new(high_water_mark: f64, auto_allocate: usize) -> Self {
        Self::in_core(Core::new(), high_water_mark, auto_allocate)
    }

    /// The same in a core that has other streams too.
    pub fn in_core(mut core: Core, high_water_mark: f64, auto_allocate: usize) -> Self {
        let flags = if auto_allocate > 0 { AUTO_ALLOCATE } else { 0 };
        let id = core.byte_readable_new(high_water_mark, flags);
        Self {
            core,
            id,
            auto_allocate,
            queue: VecDeque::new(),
            pending: VecDeque::new(),
            requests: VecDeque::new(),
            reader: Reader::None,
            state: State::Readable,
            pulling: false,
            pulls: 0,
            answers: Vec::new(),
            log: Vec::new(),
        }
    }

    fn answer(&mut self, request: u32, answer: Answer) {
        self.answers.push((request, answer.clone()));
        self.log.push(Step::Answer(request, answer));
    }

    pub fn has_queued(&self) -> bool {
        !self.queue.is_empty()
    }

    pub fn has_requests(&self) -> bool {
        !self.requests.is_empty()
    }

    fn call_pull(&mut self, effects: ByteReadableEffects) {
        if effects.has(CALL_PULL) {
            assert!(!self.pulling, "pull while a pull is outstanding");
            self.pulling = true;
            self.pulls += 1;
            self.log.push(Step::Pull);
        }
    }

    fn close_stream(&mut self) {
        self.state = State::Closed;
        self.log.push(Step::Closed);
        if self.reader == Reader::Default {
            for request in std::mem::take(&mut self.requests) {
                self.answer(request, Answer::Done(None));
            }
        }
    }

    fn fail_requests(&mut self) {
        for request in std::mem::take(&mut self.requests) {
            self.answer(request, Answer::Failed);
        }
    }

    fn error_stream(&mut self) {
        self.core.byte_readable_end(self.id);
        self.state = State::Errored;
        self.log.push(Step::Errored);
        self.queue.clear();
        self.pending.clear();
        self.fail_requests();
    }

    fn take_entry(&mut self, effects: ByteReadableEffects) -> Vec<u8> {
        let entry = self.queue.pop_front().unwrap();
        let from = if effects.has(PARTIAL) {
            self.core.byte_readable_entry_offset() as usize
        } else {
            0
        };
        entry[from..].to_vec()
    }

    fn queue_abandoned(&mut self) {
        let head = self.pending.pop_front().unwrap();
        let filled = self.core.byte_readable_filled() as usize;
        if filled > 0 {
            self.queue.push_back(head.region[..filled].to_vec());
        }
    }

    /// Makes the plan's copies into `into` or the pending descriptors; the complete ones' bytes.
    fn make_copies(&mut self, mut into: Option<&mut Descriptor>) -> Vec<Vec<u8>> {
        let mut filled = Vec::new();
        loop {
            let step = self.core.byte_readable_next_copy();
            if step == 0 {
                return filled;
            }
            let from = self.core.byte_readable_copy_from() as usize;
            let to = self.core.byte_readable_copy_to() as usize;
            let length = self.core.byte_readable_copy_length() as usize;
            let descriptor = match into {
                Some(ref mut descriptor) => &mut **descriptor,
                None => self.pending.front_mut().unwrap(),
            };
            descriptor.region[to..to + length].copy_from_slice(&self.queue[0][from..from + length]);
            if step & COPY_FILLED != 0 {
                filled.push(descriptor.region[..to + length].to_vec());
                if into.is_none() {
                    self.pending.pop_front();
                }
            }
            if step & COPY_ENTRY_DONE != 0 {
                self.queue.pop_front();
            }
        }
    }

    fn fulfill(&mut self, chunks: Vec<Vec<u8>>) {
        for chunk in chunks {
            let request = self.requests.pop_front().expect("a request for each chunk");
            self.answer(request, Answer::Chunk(chunk));
        }
    }

    fn refusal(effects: ByteReadableEffects) -> Option<Refusal> {
        if effects.has(ZERO | NOT_ZERO) {
            Some(Refusal::Type)
        } else if effects.has(TOO_LONG | OTHER_OFFSET | OTHER_BUFFER) {
            Some(Refusal::Range)
        } else {
            None
        }
    }

    fn finish_respond(&mut self, effects: ByteReadableEffects) {
        if self.state == State::Closed {
            if effects.has(ABANDONED) {
                self.pending.pop_front();
            }
            if effects.has(ANSWER_CLOSED) {
                let mut filled = self.core.byte_readable_filled() as usize;
                for head in std::mem::take(&mut self.pending) {
                    let request = self.requests.pop_front().unwrap();
                    let view = head.region[..filled].to_vec();
                    self.answer(request, Answer::Done(Some(view)));
                    filled = 0;
                }
                assert!(self.requests.is_empty());
            }
            return;
        }
        let mut chunks = Vec::new();
        if effects.has(ABANDONED) {
            self.queue_abandoned();
        }
        if effects.has(FILLED) {
            let head = self.pending.pop_front().unwrap();
            let filled = self.core.byte_readable_filled() as usize;
            if effects.has(REMAINDER) {
                let end = filled + self.core.byte_readable_remainder() as usize;
                self.queue.push_back(head.region[filled..end].to_vec());
            }
            chunks.push(head.region[..filled].to_vec());
        }
        if effects.has(COPY) {
            chunks.extend(self.make_copies(None));
        }
        self.fulfill(chunks);
        self.call_pull(effects);
    }

    fn write_to_head(&mut self, bytes: &[u8]) {
        let filled = self.core.byte_readable_head_filled(self.id) as usize;
        let region = &mut self.pending.front_mut().unwrap().region[filled..];
        let length = bytes.len().min(region.len());
        region[..length].copy_from_slice(&bytes[..length]);
    }
}

impl ByteStream for Host {
    fn started(&mut self) {
        let effects = self.core.byte_readable_started(self.id);
        self.call_pull(effects);
    }

    fn pull_settled(&mut self) {
        self.pulling = false;
        let effects = self.core.byte_readable_pull_settled(self.id);
        if !effects.has(STALE) {
            self.call_pull(effects);
        }
    }

    fn acquire(&mut self, reader: Reader) {
        self.reader = reader;
    }

    fn release(&mut self) {
        self.core.byte_readable_release(self.id);
        self.pending.truncate(1);
        self.reader = Reader::None;
        self.fail_requests();
    }

    fn read(&mut self, request: u32) {
        match self.state {
            State::Closed => return self.answer(request, Answer::Done(None)),
            State::Errored => return self.answer(request, Answer::Failed),
            State::Readable => {}
        }
        let mut effects = self.core.byte_readable_read(self.id);
        if effects.has(CHUNK) {
            let chunk = self.take_entry(effects);
            if effects.has(CLOSE) {
                self.close_stream();
            }
            self.call_pull(effects);
            self.answer(request, Answer::Chunk(chunk));
            return;
        }
        if effects.has(ALLOCATE) {
            let size = self.auto_allocate;
            effects = self.core.byte_readable_read_allocated(self.id, size as f64);
            self.pending.push_back(Descriptor {
                region: vec![0; size],
                byte_offset: 0,
                buffer_length: size,
            });
        }
        assert!(effects.has(PENDING));
        self.requests.push_back(request);
        self.call_pull(effects);
    }

    fn read_into(&mut self, request: u32, read: ReadInto) {
        if self.state == State::Errored {
            return self.answer(request, Answer::Failed);
        }
        let mut descriptor = Descriptor {
            region: vec![0; read.byte_length()],
            byte_offset: read.byte_offset,
            buffer_length: read.buffer_length(),
        };
        let effects = self.core.byte_readable_pull_into(
            self.id,
            read.buffer_length() as f64,
            read.byte_offset as f64,
            read.byte_length() as f64,
            (read.min * read.element_size) as f64,
            read.element_size as u32,
        );
        assert!(!effects.has(REFUSED));
        if effects.has(STALE) {
            self.answer(request, Answer::Done(Some(Vec::new())));
        } else if effects.has(INSUFFICIENT) {
            self.error_stream();
            self.answer(request, Answer::Failed);
        } else {
            let mut filled = self.make_copies(Some(&mut descriptor));
            if effects.has(PENDING) {
                assert!(filled.is_empty());
                self.pending.push_back(descriptor);
                self.requests.push_back(request);
                self.call_pull(effects);
            } else {
                assert!(effects.has(CHUNK));
                if effects.has(CLOSE) {
                    self.close_stream();
                }
                self.call_pull(effects);
                let chunk = filled.remove(0);
                self.answer(request, Answer::Chunk(chunk));
            }
        }
    }

    fn enqueue(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        if !self.core.byte_readable_can_close_or_enqueue(self.id) {
            return Err(Refusal::Type);
        }
        let effects = self.core.byte_readable_enqueue(self.id, bytes.len() as f64);
        let mut chunks = Vec::new();
        if effects.has(ABANDONED) {
            self.queue_abandoned();
        }
        if effects.has(ANSWER) {
            for _ in 0..self.core.byte_readable_answers() {
                chunks.push(self.take_entry(effects));
            }
        }
        if effects.has(DROP_PULL_INTO) {
            self.pending.pop_front();
        }
        if effects.has(QUEUED) {
            self.queue.push_back(bytes.to_vec());
        }
        if effects.has(COPY) {
            chunks.extend(self.make_copies(None));
        }
        if effects.has(FULFILL) {
            chunks.push(bytes.to_vec());
        }
        self.fulfill(chunks);
        self.call_pull(effects);
        Ok(())
    }

    fn respond(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.write_to_head(bytes);
        let effects = self.core.byte_readable_respond(self.id, bytes.len() as f64);
        match Self::refusal(effects) {
            Some(refusal) => Err(refusal),
            None => {
                self.finish_respond(effects);
                Ok(())
            }
        }
    }

    fn respond_with_view(
        &mut self,
        bytes: &[u8],
        byte_offset: usize,
        buffer_length: usize,
    ) -> Result<(), Refusal> {
        let check = self.core.byte_readable_check_respond_with_view(
            self.id,
            buffer_length as f64,
            byte_offset as f64,
            bytes.len() as f64,
        );
        if let Some(refusal) = Self::refusal(check) {
            return Err(refusal);
        }
        self.write_to_head(bytes);
        let effects = self.core.byte_readable_respond(self.id, bytes.len() as f64);
        assert_eq!(Self::refusal(effects), None);
        self.finish_respond(effects);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Refusal> {
        let effects = self.core.byte_readable_close(self.id);
        if effects.has(REFUSED | STALE) {
            return Err(Refusal::Type);
        }
        if effects.has(INSUFFICIENT) {
            self.error_stream();
            return Err(Refusal::Type);
        }
        if effects.has(CLOSE) {
            self.close_stream();
        }
        Ok(())
    }

    fn error(&mut self) {
        if self.state == State::Readable {
            self.error_stream();
        }
    }

    fn cancel(&mut self) {
        if self.state != State::Readable {
            return;
        }
        self.core.byte_readable_end(self.id);
        self.close_stream();
        for request in std::mem::take(&mut self.requests) {
            self.answer(request, Answer::Done(None));
        }
        self.pending.clear();
        self.queue.clear();
    }

    fn state(&self) -> State {
        self.state
    }

    fn reader(&self) -> Reader {
        self.reader
    }

    fn pulling(&self) -> bool {
        self.pulling
    }

    fn pulls(&self) -> u32 {
        self.pulls
    }

    fn desired_size(&self) -> f64 {
        self.core.byte_readable_desired_size(self.id)
    }

    fn byob_request(&self) -> Option<(usize, usize)> {
        let head = self.pending.front()?;
        let filled = self.core.byte_readable_head_filled(self.id) as usize;
        Some((head.byte_offset + filled, head.region.len() - filled))
    }

    fn byob_buffer_length(&self) -> usize {
        self.pending.front().map_or(0, |head| head.buffer_length)
    }

    fn answers(&self) -> &[(u32, Answer)] {
        &self.answers
    }
}
