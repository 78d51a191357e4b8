//! A channel said as plainly as can be, with lists: what the random programs of tests/channel_model.rs compare one with.
#![allow(dead_code)]

use std::collections::{HashSet, VecDeque};

use tidegate::channel::{FailureKind, Overflow, QueuingStrategy, TryRecvError, channel};

/// A value: its name, and its size.
pub type Value = (u32, usize);

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Put {
    Taken,
    Full,
    TooLarge,
    Closed,
}

#[derive(Clone, Copy, Debug)]
pub enum Wish {
    Send(Value),
    Reserve(usize),
}

/// What became of a future that waited.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fate {
    Waits,
    Done,
    Refused,
}

/// The channel, said as plainly as can be.
pub struct Model {
    pub mark: usize,
    pub capacity: usize,
    pub overflow: Overflow,
    pub queue: VecDeque<Value>,
    pub delivered: Option<Value>,
    pub reading: bool,
    pub reserved: usize,
    pub waiting: Vec<(usize, Wish)>,
    pub granted: HashSet<usize>,
    pub closing: bool,
    pub closed: bool,
    pub failure: Option<FailureKind>,
    pub dropped: u64,
}

impl Model {
    pub fn new(mark: usize, capacity: usize, overflow: Overflow) -> Self {
        Self {
            mark,
            capacity,
            overflow,
            queue: VecDeque::new(),
            delivered: None,
            reading: false,
            reserved: 0,
            waiting: Vec::new(),
            granted: HashSet::new(),
            closing: false,
            closed: false,
            failure: None,
            dropped: 0,
        }
    }

    /// Whether a `ready` has its result: no backpressure, or no value is taken any more.
    pub fn tells_ready(&self) -> bool {
        let room = self.reading || self.desired_size() > 0;
        self.over() || self.closing || self.waiting.is_empty() && room
    }

    /// Whether a `closed` has its result.
    pub fn tells_closed(&self) -> bool {
        self.failure.is_some() || self.closed && self.delivered.is_none()
    }

    /// A `recv` that waits is dropped.
    pub fn cancel_read(&mut self) {
        self.reading = false;
    }

    /// The values of a `recv_many`, after its first.
    pub fn take_more(&mut self, more: usize) -> Vec<Value> {
        (0..more).map_while(|_| self.take(false).ok()).collect()
    }

    /// Whether a receiver that waits finds something.
    pub fn has_news(&self) -> bool {
        self.delivered.is_some() || self.over()
    }

    pub fn held(&self) -> usize {
        self.queue.iter().map(|value| value.1).sum::<usize>() + self.reserved
    }

    pub fn over(&self) -> bool {
        self.closed || self.failure.is_some()
    }

    pub fn desired_size(&self) -> isize {
        if self.over() {
            return 0;
        }
        self.mark.min(self.capacity) as isize - self.held() as isize
    }

    pub fn put(&mut self, value: Value) -> Put {
        if self.over() || self.closing {
            return Put::Closed;
        }
        if self.reading && (self.waiting.is_empty() || self.overflow != Overflow::Block) {
            self.reading = false;
            self.delivered = Some(value);
            return Put::Taken;
        }
        let behind = !self.waiting.is_empty() && self.overflow == Overflow::Block;
        if !behind && self.held() + value.1 <= self.capacity {
            self.queue.push_back(value);
            return Put::Taken;
        }
        if value.1 > self.capacity && self.capacity > 0 {
            return Put::TooLarge;
        }
        match self.overflow {
            Overflow::Block => Put::Full,
            Overflow::Fail => {
                self.fail(FailureKind::Overflow);
                Put::Closed
            }
            Overflow::DropNewest => {
                self.dropped += 1;
                Put::Taken
            }
            _ if self.reserved + value.1 > self.capacity => Put::Full,
            _ => {
                while self.held() + value.1 > self.capacity {
                    self.queue.pop_front();
                    self.dropped += 1;
                }
                self.queue.push_back(value);
                self.advance();
                Put::Taken
            }
        }
    }

    pub fn reserve(&mut self, size: usize) -> Put {
        if self.over() || self.closing {
            Put::Closed
        } else if self.waiting.is_empty() && self.held() + size <= self.capacity {
            self.reserved += size;
            Put::Taken
        } else if size > self.capacity {
            Put::TooLarge
        } else {
            Put::Full
        }
    }

    pub fn put_reserved(&mut self, value: Value, reserved: usize) -> Put {
        if self.over() || self.closing {
            return Put::Closed;
        }
        let others = self.held() - reserved;
        if value.1 > reserved && others + value.1 > self.capacity {
            return if value.1 > self.capacity {
                Put::TooLarge
            } else {
                Put::Full
            };
        }
        self.reserved -= reserved;
        if self.reading {
            self.reading = false;
            self.delivered = Some(value);
        } else {
            self.queue.push_back(value);
        }
        self.advance();
        Put::Taken
    }

    pub fn release(&mut self, size: usize) {
        self.reserved -= size;
        self.advance();
    }

    pub fn advance(&mut self) {
        while !self.over() && !self.waiting.is_empty() {
            let (future, wish) = self.waiting[0];
            match wish {
                Wish::Send(value) if self.reading => {
                    self.reading = false;
                    self.delivered = Some(value);
                }
                Wish::Send(value) if self.held() + value.1 <= self.capacity => {
                    self.queue.push_back(value);
                }
                Wish::Reserve(size) if !self.closing && self.held() + size <= self.capacity => {
                    self.reserved += size;
                    self.granted.insert(future);
                }
                _ => break,
            }
            self.waiting.remove(0);
        }
        if self.closing && self.waiting.is_empty() && self.queue.is_empty() && !self.over() {
            self.closed = true;
            self.reading = false;
        }
    }

    pub fn take(&mut self, leave_read: bool) -> Result<Value, TryRecvError> {
        if let Some(value) = self.delivered.take() {
            return Ok(value);
        }
        if let Some(kind) = self.failure {
            return Err(TryRecvError::Failed(failure(kind)));
        }
        if self.closed {
            return Err(TryRecvError::Closed);
        }
        if let Some(value) = self.queue.pop_front() {
            self.advance();
            return Ok(value);
        }
        let reads = leave_read || self.reading;
        self.reading = true;
        self.advance();
        if self.delivered.is_some() || self.over() {
            return self.take(leave_read);
        }
        self.reading = reads;
        Err(TryRecvError::Empty)
    }

    pub fn close(&mut self) {
        if self.over() || self.closing {
            return;
        }
        self.closing = true;
        self.waiting
            .retain(|(_, wish)| matches!(wish, Wish::Send(_)));
        self.advance();
    }

    pub fn fail(&mut self, kind: FailureKind) {
        if self.failure.is_some() || self.closed && self.delivered.is_none() {
            return;
        }
        self.failure = Some(kind);
        self.queue.clear();
        self.delivered = None;
    }

    pub fn give_up(&mut self, future: usize) {
        let Some(at) = self.waiting.iter().position(|it| it.0 == future) else {
            return;
        };
        self.waiting.remove(at);
        self.advance();
    }

    pub fn fate(&mut self, future: usize, reserves: bool) -> Fate {
        if self.waiting.iter().any(|it| it.0 == future) {
            if self.failure.is_none() {
                return Fate::Waits;
            }
            self.waiting.retain(|it| it.0 != future);
            return Fate::Refused;
        }
        if !reserves || self.granted.remove(&future) {
            Fate::Done
        } else {
            Fate::Refused
        }
    }
}

/// A failure of this kind, as only channels make them.
pub fn failure(kind: FailureKind) -> tidegate::channel::Failure {
    let (sender, mut receiver) = channel::<u8>(QueuingStrategy::count(1).overflow(Overflow::Fail));
    match kind {
        FailureKind::Failed => sender.fail("broken"),
        _ => {
            sender.try_send(1).unwrap();
            sender.try_send(2).unwrap_err();
        }
    }
    match receiver.try_recv() {
        Err(TryRecvError::Failed(failure)) => failure,
        other => panic!("{other:?}"),
    }
}
