//! Random programs of one channel against a model that keeps plain lists: every result, every wake, the desired size.
//!
//! `MODEL_STEPS=n` makes more or fewer steps, `MODEL_SEED=n` makes others.
#[path = "channel_support/mod.rs"]
mod support;

use std::collections::{HashMap, HashSet, VecDeque};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures_util::StreamExt;
use support::{Random, Task};
use tidegate::channel::{
    FailureKind, Overflow, Permit, QueuingStrategy, Receiver, SendError, Sender, TryRecvError,
    TrySendError, channel,
};

/// A value: its name, and its size.
type Value = (u32, usize);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Put {
    Taken,
    Full,
    TooLarge,
    Closed,
}

#[derive(Clone, Copy, Debug)]
enum Wish {
    Send(Value),
    Reserve(usize),
}

/// What became of a future that waited.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Waits,
    Done,
    Refused,
}

/// The channel, said as plainly as can be.
struct Model {
    mark: usize,
    capacity: usize,
    overflow: Overflow,
    queue: VecDeque<Value>,
    delivered: Option<Value>,
    reading: bool,
    reserved: usize,
    waiting: Vec<(usize, Wish)>,
    granted: HashSet<usize>,
    closing: bool,
    closed: bool,
    failure: Option<FailureKind>,
    dropped: u64,
}

impl Model {
    fn held(&self) -> usize {
        self.queue.iter().map(|value| value.1).sum::<usize>() + self.reserved
    }

    fn over(&self) -> bool {
        self.closed || self.failure.is_some()
    }

    fn desired_size(&self) -> isize {
        if self.over() {
            return 0;
        }
        self.mark.min(self.capacity) as isize - self.held() as isize
    }

    fn put(&mut self, value: Value) -> Put {
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
                Put::Taken
            }
        }
    }

    fn reserve(&mut self, size: usize) -> Put {
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

    fn put_reserved(&mut self, value: Value, reserved: usize) -> Put {
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

    fn release(&mut self, size: usize) {
        self.reserved -= size;
        self.advance();
    }

    fn advance(&mut self) {
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

    fn take(&mut self, leave_read: bool) -> Result<Value, TryRecvError> {
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

    fn close(&mut self) {
        if self.over() || self.closing {
            return;
        }
        self.closing = true;
        self.waiting
            .retain(|(_, wish)| matches!(wish, Wish::Send(_)));
        self.advance();
    }

    fn fail(&mut self, kind: FailureKind) {
        if self.failure.is_some() || self.closed && self.delivered.is_none() {
            return;
        }
        self.failure = Some(kind);
        self.queue.clear();
        self.delivered = None;
    }

    fn give_up(&mut self, future: usize) {
        let Some(at) = self.waiting.iter().position(|it| it.0 == future) else {
            return;
        };
        self.waiting.remove(at);
        self.advance();
    }

    fn fate(&mut self, future: usize, reserves: bool) -> Fate {
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
fn failure(kind: FailureKind) -> tidegate::channel::Failure {
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

fn put_of<T>(result: &Result<(), TrySendError<T>>) -> Put {
    match result {
        Ok(()) => Put::Taken,
        Err(TrySendError::Full(_)) => Put::Full,
        Err(TrySendError::TooLarge(_)) => Put::TooLarge,
        Err(_) => Put::Closed,
    }
}

type SendTask = Task<tidegate::channel::SendFuture<'static, Value>>;
type ReserveTask = Task<tidegate::channel::Reserve<'static, Value>>;

struct Program {
    random: Random,
    sender: &'static Sender<Value>,
    receiver: Receiver<Value>,
    model: Model,
    sends: HashMap<usize, (SendTask, Value)>,
    reserves: HashMap<usize, (ReserveTask, usize)>,
    permits: Vec<(Permit<'static, Value>, usize)>,
    next: u32,
    reader: Task<std::future::Pending<()>>,
    /// The reader's last poll was pending.
    reading_polled: bool,
}

impl Program {
    fn new(mut random: Random) -> Self {
        let overflow = [
            Overflow::Block,
            Overflow::Block,
            Overflow::Fail,
            Overflow::DropOldest,
            Overflow::DropNewest,
        ][random.below(5)];
        let (mark, capacity) = (random.below(5), random.below(6));
        let strategy = QueuingStrategy::with_size(mark, |value: &Value| value.1)
            .capacity(capacity)
            .overflow(overflow);
        let (sender, receiver) = channel(strategy);
        let model = Model {
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
        };
        Self {
            random,
            sender: Box::leak(Box::new(sender)),
            receiver,
            model,
            sends: HashMap::new(),
            reserves: HashMap::new(),
            permits: Vec::new(),
            next: 0,
            reader: Task::new(std::future::pending()),
            reading_polled: false,
        }
    }

    fn value(&mut self) -> Value {
        self.next += 1;
        (self.next, self.random.below(4))
    }

    fn any<V>(random: &mut Random, map: &HashMap<usize, V>) -> Option<usize> {
        let mut keys: Vec<_> = map.keys().copied().collect();
        keys.sort_unstable();
        (!keys.is_empty()).then(|| keys[random.below(keys.len())])
    }

    fn step(&mut self) {
        match self.random.below(100) {
            0..20 => {
                let value = self.value();
                let result = self.sender.try_send(value);
                if let Err(error) = &result {
                    assert_eq!(error.into_inner(), value);
                }
                assert_eq!(put_of(&result), self.model.put(value));
            }
            20..35 => self.start_send(),
            35..45 => {
                if let Some(future) = Self::any(&mut self.random, &self.sends) {
                    self.poll_send(future);
                }
            }
            45..50 => {
                if let Some(future) = Self::any(&mut self.random, &self.sends) {
                    self.sends.remove(&future);
                    self.model.give_up(future);
                }
            }
            50..58 => self.start_reserve(),
            58..62 => {
                if let Some(future) = Self::any(&mut self.random, &self.reserves) {
                    self.poll_reserve(future);
                }
            }
            62..65 => {
                if let Some(future) = Self::any(&mut self.random, &self.reserves) {
                    let (_, size) = self.reserves.remove(&future).unwrap();
                    if self.model.granted.remove(&future) {
                        self.model.release(size);
                    } else {
                        self.model.give_up(future);
                    }
                }
            }
            65..70 => {
                if let Some((permit, size)) = self.permits.pop() {
                    let value = self.value();
                    let result = permit.send(value);
                    let expected = self.model.put_reserved(value, size);
                    assert_eq!(put_of(&result), expected);
                    if expected != Put::Taken {
                        self.model.release(size);
                    }
                }
            }
            70..72
                if self
                    .permits
                    .pop()
                    .map(|(_, size)| self.model.release(size))
                    .is_none() =>
            {
                self.sender.clone().try_send((0, 9)).map_err(drop).ok();
                self.model.put((0, 9));
            }
            72..82 => {
                let expected = self.model.take(false);
                assert_eq!(self.receiver.try_recv(), expected);
            }
            82..94 => self.poll_next(),
            94..97 => self.recv_and_drop(),
            97 => {
                self.sender.close();
                self.model.close();
            }
            98 if self.random.below(4) == 0 => {
                self.sender.fail("broken");
                self.model.fail(FailureKind::Failed);
            }
            _ => {}
        }
        assert_eq!(self.sender.desired_size(), self.model.desired_size());
        assert_eq!(self.sender.dropped(), self.model.dropped);
        self.check_wakes();
    }

    /// Whoever can go on has been woken.
    fn check_wakes(&mut self) {
        for (future, (task, _)) in &self.sends {
            let waits = self.model.waiting.iter().any(|it| it.0 == *future);
            assert!(
                waits && self.model.failure.is_none() || task.wakes() > 0,
                "a send sleeps"
            );
        }
        for (future, (task, _)) in &self.reserves {
            let waits = self.model.waiting.iter().any(|it| it.0 == *future);
            assert!(
                waits && self.model.failure.is_none() || task.wakes() > 0,
                "a reserve sleeps"
            );
        }
    }

    fn start_send(&mut self) {
        let value = self.value();
        let mut task = Task::new(self.sender.send(value));
        let poll = task.poll();
        let future = self.next as usize;
        match self.model.put(value) {
            Put::Taken => assert_eq!(poll, Poll::Ready(Ok(()))),
            Put::TooLarge => assert_eq!(poll, Poll::Ready(Err(SendError::TooLarge(value)))),
            Put::Closed => assert_eq!(poll, Poll::Ready(Err(SendError::Closed(value)))),
            Put::Full => {
                assert_eq!(poll, Poll::Pending);
                self.model.waiting.push((future, Wish::Send(value)));
                self.sends.insert(future, (task, value));
            }
        }
    }

    fn poll_send(&mut self, future: usize) {
        let (task, value) = self.sends.get_mut(&future).unwrap();
        let (poll, value) = (task.poll(), *value);
        match self.model.fate(future, false) {
            Fate::Waits => assert_eq!(poll, Poll::Pending),
            Fate::Done => assert_eq!(poll, Poll::Ready(Ok(()))),
            Fate::Refused => assert_eq!(poll, Poll::Ready(Err(SendError::Closed(value)))),
        }
        if poll.is_ready() {
            self.sends.remove(&future);
        }
    }

    fn start_reserve(&mut self) {
        self.next += 1;
        let (future, size) = (self.next as usize, self.random.below(3));
        let mut task = Task::new(self.sender.reserve_size(size));
        let poll = task.poll();
        let expected = self.model.reserve(size);
        match poll {
            Poll::Ready(Ok(permit)) => {
                assert_eq!(expected, Put::Taken);
                self.permits.push((permit, size));
            }
            Poll::Ready(Err(error)) => assert_eq!(put_of::<()>(&Err(error)), expected),
            Poll::Pending => {
                assert_eq!(expected, Put::Full);
                self.model.waiting.push((future, Wish::Reserve(size)));
                self.reserves.insert(future, (task, size));
            }
        }
    }

    fn poll_reserve(&mut self, future: usize) {
        let (task, size) = self.reserves.get_mut(&future).unwrap();
        let (poll, size) = (task.poll(), *size);
        let fate = self.model.fate(future, true);
        match poll {
            Poll::Pending => return assert_eq!(fate, Fate::Waits),
            Poll::Ready(Ok(permit)) => {
                assert_eq!(fate, Fate::Done);
                self.permits.push((permit, size));
            }
            Poll::Ready(Err(_)) => assert_eq!(fate, Fate::Refused),
        }
        self.reserves.remove(&future);
    }

    fn poll_next(&mut self) {
        let woken = self.reader.take_wakes() > 0;
        let waited = std::mem::take(&mut self.reading_polled);
        let waker = self.reader.waker();
        let poll = Pin::new(&mut self.receiver).poll_next_unpin(&mut Context::from_waker(&waker));
        let expected = self.model.take(true);
        match (poll, expected) {
            (Poll::Pending, Err(TryRecvError::Empty)) => {
                self.reading_polled = true;
                return;
            }
            (Poll::Ready(Some(Ok(value))), Ok(expected)) => assert_eq!(value, expected),
            (Poll::Ready(Some(Err(failure))), Err(TryRecvError::Failed(expected))) => {
                assert_eq!(failure.kind(), expected.kind());
            }
            (Poll::Ready(None), Err(_)) => {}
            (poll, expected) => panic!("{poll:?}, expected {expected:?}"),
        }
        assert!(woken || !waited, "the receiver sleeps");
    }

    fn recv_and_drop(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        let mut recv = Box::pin(self.receiver.recv());
        let poll = recv.as_mut().poll(&mut context);
        drop(recv);
        self.reading_polled = false;
        let expected = self.model.take(true);
        if poll.is_pending() {
            self.model.reading = false;
        }
        match (poll, expected) {
            (Poll::Pending, Err(TryRecvError::Empty)) => {}
            (Poll::Ready(Ok(Some(value))), Ok(expected)) => assert_eq!(value, expected),
            (Poll::Ready(Ok(None)), Err(TryRecvError::Closed)) => {}
            (Poll::Ready(Err(failure)), Err(TryRecvError::Failed(expected))) => {
                assert_eq!(failure.kind(), expected.kind());
            }
            (poll, expected) => panic!("{poll:?}, expected {expected:?}"),
        }
    }
}

fn run(steps: usize) {
    let number = |name| std::env::var(name).ok().and_then(|it| it.parse().ok());
    let mut random = Random(number("MODEL_SEED").unwrap_or(1) as u64);
    let steps = number("MODEL_STEPS").unwrap_or(steps);
    let mut done = 0;
    while done < steps {
        let seed = random.next();
        let mut program = Program::new(Random(seed));
        let length = 20 + random.below(180);
        for _ in 0..length {
            program.step();
        }
        done += length;
    }
}

#[test]
fn random_programs_do_what_the_model_does() {
    run(60_000);
}

#[test]
#[ignore = "a million steps"]
fn a_million_steps_do_what_the_model_does() {
    run(1_000_000);
}
