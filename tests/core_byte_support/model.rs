//! The standard's algorithms word for word, on bytes, without a thought for speed. Names are the
//! standard's.
use super::{Answer, ByteStream, ReadInto, Reader, Refusal, State, Step};

#[derive(Clone, Copy, PartialEq, Eq)]
enum ReaderType {
    Default,
    Byob,
    None,
}

#[derive(Clone)]
struct Descriptor {
    buffer: Vec<u8>,
    byte_offset: usize,
    byte_length: usize,
    bytes_filled: usize,
    minimum_fill: usize,
    element_size: usize,
    reader_type: ReaderType,
}

/// The oracle.
pub struct Model {
    high_water_mark: f64,
    auto_allocate: usize,
    queue: Vec<Vec<u8>>,
    pending_pull_intos: Vec<Descriptor>,
    requests: Vec<u32>,
    reader: Reader,
    state: State,
    started: bool,
    close_requested: bool,
    pulling: bool,
    pull_again: bool,
    pulls: u32,
    answers: Vec<(u32, Answer)>,
    /// Everything since it was last emptied.
    pub log: Vec<Step>,
}

impl Model {
    /// As [`super::host::Host::new`].
    pub fn new(high_water_mark: f64, auto_allocate: usize) -> Self {
        Self {
            high_water_mark,
            auto_allocate,
            queue: Vec::new(),
            pending_pull_intos: Vec::new(),
            requests: Vec::new(),
            reader: Reader::None,
            state: State::Readable,
            started: false,
            close_requested: false,
            pulling: false,
            pull_again: false,
            pulls: 0,
            answers: Vec::new(),
            log: Vec::new(),
        }
    }

    fn answer(&mut self, request: u32, answer: Answer) {
        self.answers.push((request, answer.clone()));
        self.log.push(Step::Answer(request, answer));
    }

    pub fn is_closing(&self) -> bool {
        self.close_requested
    }

    pub fn has_queued(&self) -> bool {
        !self.queue.is_empty()
    }

    pub fn requests(&self) -> usize {
        self.requests.len()
    }

    fn queue_total_size(&self) -> usize {
        self.queue.iter().map(Vec::len).sum()
    }

    fn call_pull_if_needed(&mut self) {
        let should = self.state == State::Readable
            && !self.close_requested
            && self.started
            && (!self.requests.is_empty() || self.desired_size() > 0.0);
        if !should {
            return;
        }
        if self.pulling {
            self.pull_again = true;
            return;
        }
        self.pulling = true;
        self.pulls += 1;
        self.log.push(Step::Pull);
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

    fn error_controller(&mut self) {
        if self.state != State::Readable {
            return;
        }
        self.pending_pull_intos.clear();
        self.queue.clear();
        self.state = State::Errored;
        self.log.push(Step::Errored);
        for request in std::mem::take(&mut self.requests) {
            self.answer(request, Answer::Failed);
        }
    }

    fn handle_queue_drain(&mut self) {
        if self.queue_total_size() == 0 && self.close_requested {
            self.close_stream();
        } else {
            self.call_pull_if_needed();
        }
    }

    fn fill_read_request_from_queue(&mut self, request: u32) {
        let entry = self.queue.remove(0);
        self.handle_queue_drain();
        self.answer(request, Answer::Chunk(entry));
    }

    fn fill_from_queue(&mut self, descriptor: &mut Descriptor) -> bool {
        let most = self
            .queue_total_size()
            .min(descriptor.byte_length - descriptor.bytes_filled);
        let max_filled = descriptor.bytes_filled + most;
        let mut left = most;
        let mut ready = false;
        let aligned = max_filled - max_filled % descriptor.element_size;
        if aligned >= descriptor.minimum_fill {
            left = aligned - descriptor.bytes_filled;
            ready = true;
        }
        for _ in 0..left {
            let at = descriptor.byte_offset + descriptor.bytes_filled;
            descriptor.buffer[at] = self.queue[0].remove(0);
            descriptor.bytes_filled += 1;
            if self.queue[0].is_empty() {
                self.queue.remove(0);
            }
        }
        ready
    }

    fn process_pull_intos_using_queue(&mut self) -> Vec<Descriptor> {
        let mut filled = Vec::new();
        while !self.pending_pull_intos.is_empty() && self.queue_total_size() > 0 {
            let mut descriptor = self.pending_pull_intos[0].clone();
            if self.fill_from_queue(&mut descriptor) {
                self.pending_pull_intos.remove(0);
                filled.push(descriptor);
            } else {
                self.pending_pull_intos[0] = descriptor;
            }
        }
        filled
    }

    fn commit(&mut self, descriptor: &Descriptor) {
        let request = self.requests.remove(0);
        let from = descriptor.byte_offset;
        let view = descriptor.buffer[from..from + descriptor.bytes_filled].to_vec();
        assert_eq!(view.len() % descriptor.element_size, 0);
        let answer = if self.state == State::Closed {
            Answer::Done(Some(view))
        } else {
            Answer::Chunk(view)
        };
        self.answer(request, answer);
    }

    fn enqueue_detached_pull_into_to_queue(&mut self) {
        let first = self.pending_pull_intos.remove(0);
        if first.bytes_filled > 0 {
            let from = first.byte_offset;
            self.queue
                .push(first.buffer[from..from + first.bytes_filled].to_vec());
        }
    }

    fn respond_internal(&mut self, bytes: &[u8]) {
        let at = self.pending_pull_intos[0].byte_offset + self.pending_pull_intos[0].bytes_filled;
        self.pending_pull_intos[0].buffer[at..at + bytes.len()].copy_from_slice(bytes);
        if self.state == State::Closed {
            if self.pending_pull_intos[0].reader_type == ReaderType::None {
                self.pending_pull_intos.remove(0);
            }
            if self.reader == Reader::Byob {
                while !self.requests.is_empty() {
                    let descriptor = self.pending_pull_intos.remove(0);
                    self.commit(&descriptor);
                }
            }
        } else {
            self.respond_in_readable_state(bytes.len());
        }
        self.call_pull_if_needed();
    }

    fn respond_in_readable_state(&mut self, bytes_written: usize) {
        self.pending_pull_intos[0].bytes_filled += bytes_written;
        let mut first = self.pending_pull_intos[0].clone();
        if first.reader_type == ReaderType::None {
            self.enqueue_detached_pull_into_to_queue();
            for filled in self.process_pull_intos_using_queue() {
                self.commit(&filled);
            }
            return;
        }
        if first.bytes_filled < first.minimum_fill {
            return;
        }
        self.pending_pull_intos.remove(0);
        let remainder = first.bytes_filled % first.element_size;
        if remainder > 0 {
            let end = first.byte_offset + first.bytes_filled;
            self.queue.push(first.buffer[end - remainder..end].to_vec());
        }
        first.bytes_filled -= remainder;
        let filled = self.process_pull_intos_using_queue();
        self.commit(&first);
        for descriptor in filled {
            self.commit(&descriptor);
        }
    }

    fn check_zero(&self, length: usize) -> Result<(), Refusal> {
        if (self.state == State::Closed) == (length == 0) {
            Ok(())
        } else {
            Err(Refusal::Type)
        }
    }
}

impl ByteStream for Model {
    fn started(&mut self) {
        self.started = true;
        self.call_pull_if_needed();
    }

    fn pull_settled(&mut self) {
        self.pulling = false;
        if self.pull_again {
            self.pull_again = false;
            self.call_pull_if_needed();
        }
    }

    fn acquire(&mut self, reader: Reader) {
        self.reader = reader;
    }

    fn release(&mut self) {
        if !self.pending_pull_intos.is_empty() {
            self.pending_pull_intos.truncate(1);
            self.pending_pull_intos[0].reader_type = ReaderType::None;
        }
        self.reader = Reader::None;
        for request in std::mem::take(&mut self.requests) {
            self.answer(request, Answer::Failed);
        }
    }

    fn read(&mut self, request: u32) {
        match self.state {
            State::Closed => self.answer(request, Answer::Done(None)),
            State::Errored => self.answer(request, Answer::Failed),
            State::Readable => {
                if self.queue_total_size() > 0 {
                    return self.fill_read_request_from_queue(request);
                }
                if self.auto_allocate > 0 {
                    self.pending_pull_intos.push(Descriptor {
                        buffer: vec![0; self.auto_allocate],
                        byte_offset: 0,
                        byte_length: self.auto_allocate,
                        bytes_filled: 0,
                        minimum_fill: 1,
                        element_size: 1,
                        reader_type: ReaderType::Default,
                    });
                }
                self.requests.push(request);
                self.call_pull_if_needed();
            }
        }
    }

    fn read_into(&mut self, request: u32, read: ReadInto) {
        if self.state == State::Errored {
            return self.answer(request, Answer::Failed);
        }
        let mut descriptor = Descriptor {
            buffer: vec![0; read.buffer_length()],
            byte_offset: read.byte_offset,
            byte_length: read.byte_length(),
            bytes_filled: 0,
            minimum_fill: read.min * read.element_size,
            element_size: read.element_size,
            reader_type: ReaderType::Byob,
        };
        if !self.pending_pull_intos.is_empty() {
            self.pending_pull_intos.push(descriptor);
            self.requests.push(request);
            return;
        }
        if self.state == State::Closed {
            return self.answer(request, Answer::Done(Some(Vec::new())));
        }
        if self.queue_total_size() > 0 {
            if self.fill_from_queue(&mut descriptor) {
                self.handle_queue_drain();
                let from = descriptor.byte_offset;
                let view = descriptor.buffer[from..from + descriptor.bytes_filled].to_vec();
                return self.answer(request, Answer::Chunk(view));
            }
            if self.close_requested {
                self.error_controller();
                return self.answer(request, Answer::Failed);
            }
        }
        self.pending_pull_intos.push(descriptor);
        self.requests.push(request);
        self.call_pull_if_needed();
    }

    fn enqueue(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        if self.close_requested || self.state != State::Readable {
            return Err(Refusal::Type);
        }
        if let Some(first) = self.pending_pull_intos.first()
            && first.reader_type == ReaderType::None
        {
            self.enqueue_detached_pull_into_to_queue();
        }
        match self.reader {
            Reader::Default => {
                while !self.requests.is_empty() && self.queue_total_size() > 0 {
                    let request = self.requests.remove(0);
                    self.fill_read_request_from_queue(request);
                }
                if self.requests.is_empty() {
                    self.queue.push(bytes.to_vec());
                } else {
                    if !self.pending_pull_intos.is_empty() {
                        self.pending_pull_intos.remove(0);
                    }
                    let request = self.requests.remove(0);
                    self.answer(request, Answer::Chunk(bytes.to_vec()));
                }
            }
            Reader::Byob => {
                self.queue.push(bytes.to_vec());
                for filled in self.process_pull_intos_using_queue() {
                    self.commit(&filled);
                }
            }
            Reader::None => self.queue.push(bytes.to_vec()),
        }
        self.call_pull_if_needed();
        Ok(())
    }

    fn respond(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.check_zero(bytes.len())?;
        let first = &self.pending_pull_intos[0];
        if first.bytes_filled + bytes.len() > first.byte_length {
            return Err(Refusal::Range);
        }
        self.respond_internal(bytes);
        Ok(())
    }

    fn respond_with_view(
        &mut self,
        bytes: &[u8],
        byte_offset: usize,
        buffer_length: usize,
    ) -> Result<(), Refusal> {
        self.check_zero(bytes.len())?;
        let first = &self.pending_pull_intos[0];
        if first.byte_offset + first.bytes_filled != byte_offset
            || first.buffer.len() != buffer_length
            || first.bytes_filled + bytes.len() > first.byte_length
        {
            return Err(Refusal::Range);
        }
        self.respond_internal(bytes);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Refusal> {
        if self.close_requested || self.state != State::Readable {
            return Err(Refusal::Type);
        }
        if self.queue_total_size() > 0 {
            self.close_requested = true;
            return Ok(());
        }
        if let Some(first) = self.pending_pull_intos.first()
            && first.bytes_filled % first.element_size != 0
        {
            self.error_controller();
            return Err(Refusal::Type);
        }
        self.close_stream();
        Ok(())
    }

    fn error(&mut self) {
        self.error_controller();
    }

    fn cancel(&mut self) {
        if self.state != State::Readable {
            return;
        }
        self.close_stream();
        for request in std::mem::take(&mut self.requests) {
            self.answer(request, Answer::Done(None));
        }
        self.pending_pull_intos.clear();
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
        self.high_water_mark - self.queue_total_size() as f64
    }

    fn byob_request(&self) -> Option<(usize, usize)> {
        let first = self.pending_pull_intos.first()?;
        Some((
            first.byte_offset + first.bytes_filled,
            first.byte_length - first.bytes_filled,
        ))
    }

    fn byob_buffer_length(&self) -> usize {
        self.pending_pull_intos
            .first()
            .map_or(0, |first| first.buffer.len())
    }

    fn answers(&self) -> &[(u32, Answer)] {
        &self.answers
    }
}
