//! Random programs of one channel against a model that keeps plain lists: every result, every wake, the desired size.
//!
//! `MODEL_STEPS=n` makes more or fewer steps, `MODEL_SEED=n` makes others.
#[path = "channel_support/model.rs"]
mod model;
#[path = "channel_support/mod.rs"]
mod support;

use std::collections::HashMap;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::StreamExt;
use model::{Fate, Model, Put, Value, Wish};
use support::{Random, Task};
use tidegate::channel::{
    Closed, Failure, FailureKind, Overflow, Permit, QueuingStrategy, Ready, Receiver, Reserve,
    SendError, SendFuture, Sender, TryRecvError, TrySendError, channel,
};

fn put_of<T>(result: &Result<(), TrySendError<T>>) -> Put {
    match result {
        Ok(()) => Put::Taken,
        Err(TrySendError::Full(_)) => Put::Full,
        Err(TrySendError::TooLarge(_)) => Put::TooLarge,
        Err(_) => Put::Closed,
    }
}

type SendTask = Task<SendFuture<'static, Value>>;
type ReserveTask = Task<Reserve<'static, Value>>;
type RecvTask = Task<Pin<Box<dyn Future<Output = Result<Vec<Value>, Failure>>>>>;

struct Program {
    random: Random,
    sender: &'static Sender<Value>,
    /// Used only while no `recv` waits, which borrows it.
    receiver: *mut Receiver<Value>,
    /// A `recv` or `recv_many` that waits, and its limit.
    recv: Option<(RecvTask, usize)>,
    readies: HashMap<usize, Task<Ready<'static, Value>>>,
    closeds: HashMap<usize, Task<Closed<'static, Value>>>,
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
        let model = Model::new(mark, capacity, overflow);
        Self {
            random,
            sender: Box::leak(Box::new(sender)),
            receiver: Box::into_raw(Box::new(receiver)),
            recv: None,
            readies: HashMap::new(),
            closeds: HashMap::new(),
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
            72..90 if self.recv.is_some() => self.poll_or_drop_recv(),
            72..78 => {
                let expected = self.model.take(false);
                assert_eq!(self.receiver().try_recv(), expected);
            }
            78..86 => self.poll_next(),
            86..90 => self.start_recv(),
            90..93 => {
                self.next += 1;
                let future = self.next as usize;
                self.readies.insert(future, Task::new(self.sender.ready()));
                self.poll_ready(future);
            }
            93..95 => match Self::any(&mut self.random, &self.readies) {
                Some(future) if self.random.below(2) == 0 => self.poll_ready(future),
                Some(future) => drop(self.readies.remove(&future)),
                None => {}
            },
            95 => {
                self.next += 1;
                let future = self.next as usize;
                self.closeds.insert(future, Task::new(self.sender.closed()));
                self.poll_closed(future);
            }
            96 => match Self::any(&mut self.random, &self.closeds) {
                Some(future) if self.random.below(2) == 0 => self.poll_closed(future),
                Some(future) => drop(self.closeds.remove(&future)),
                None => {}
            },
            97 if self.random.below(3) == 0 => {
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
        for task in self.readies.values() {
            assert!(
                !self.model.tells_ready() || task.wakes() > 0,
                "a ready sleeps"
            );
        }
        for task in self.closeds.values() {
            assert!(
                !self.model.tells_closed() || task.wakes() > 0,
                "a closed sleeps"
            );
        }
        if let Some((task, _)) = &self.recv {
            assert!(!self.model.has_news() || task.wakes() > 0, "a recv sleeps");
        }
        let reader = !self.reading_polled || self.reader.wakes() > 0;
        assert!(reader || !self.model.has_news(), "the receiver sleeps");
    }

    fn receiver(&mut self) -> &'static mut Receiver<Value> {
        assert!(self.recv.is_none());
        // SAFETY: it lives until `finish`, and no `recv` borrows it now.
        unsafe { &mut *self.receiver }
    }

    fn poll_ready(&mut self, future: usize) {
        let task = self.readies.get_mut(&future).unwrap();
        task.take_wakes();
        match task.poll() {
            Poll::Pending => return assert!(!self.model.tells_ready()),
            Poll::Ready(result) => {
                assert!(self.model.tells_ready());
                let ended = self.model.over() || self.model.closing;
                assert_eq!(result.is_err(), ended);
            }
        }
        self.readies.remove(&future);
    }

    fn poll_closed(&mut self, future: usize) {
        let task = self.closeds.get_mut(&future).unwrap();
        match task.poll() {
            Poll::Pending => return assert!(!self.model.tells_closed()),
            Poll::Ready(result) => {
                assert!(self.model.tells_closed());
                let kind = result.err().map(|failure| failure.kind());
                assert_eq!(kind, self.model.failure);
            }
        }
        self.closeds.remove(&future);
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
        let poll = self
            .receiver()
            .poll_next_unpin(&mut Context::from_waker(&waker));
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

    fn start_recv(&mut self) {
        let receiver = self.receiver();
        let limit = self.random.below(4);
        let future: Pin<Box<dyn Future<Output = Result<Vec<Value>, Failure>>>> = match limit {
            1 => Box::pin(async { Ok(receiver.recv().await?.into_iter().collect()) }),
            _ => Box::pin(async move {
                let mut values = Vec::new();
                let count = receiver.recv_many(&mut values, limit).await?;
                assert_eq!(count, values.len());
                Ok(values)
            }),
        };
        self.reading_polled = false;
        self.recv = Some((Task::new(future), limit));
        self.poll_recv();
    }

    fn poll_or_drop_recv(&mut self) {
        if self.random.below(2) == 0 {
            return self.poll_recv();
        }
        self.recv = None;
        self.model.cancel_read();
    }

    fn poll_recv(&mut self) {
        let Some((task, limit)) = &mut self.recv else {
            return;
        };
        task.take_wakes();
        let poll = task.poll();
        let expected = match limit {
            0 => Ok(Vec::new()),
            more => self.model.take(true).map(|first| {
                let mut values = vec![first];
                values.extend(self.model.take_more(*more - 1));
                values
            }),
        };
        match (poll, expected) {
            (Poll::Pending, Err(TryRecvError::Empty)) => return,
            (Poll::Ready(Ok(values)), Ok(expected)) => assert_eq!(values, expected),
            (Poll::Ready(Ok(values)), Err(TryRecvError::Closed)) => assert!(values.is_empty()),
            (Poll::Ready(Err(failure)), Err(TryRecvError::Failed(expected))) => {
                assert_eq!(failure.kind(), expected.kind());
            }
            (poll, expected) => panic!("{poll:?}, expected {expected:?}"),
        }
        self.recv = None;
    }

    /// Drops every future and permit, takes what is queued, and finds the channel as empty as a new one.
    fn finish(mut self) {
        self.recv = None;
        self.sends.clear();
        self.reserves.clear();
        self.permits.clear();
        let receiver = self.receiver();
        while receiver.try_recv().is_ok() {}
        if !self.model.over() && !self.model.closing {
            let empty = self.model.mark.min(self.model.capacity) as isize;
            assert_eq!(self.sender.desired_size(), empty, "room is lost");
        }
        self.readies.clear();
        self.closeds.clear();
        // SAFETY: both are of `new`, and no future borrows them any more.
        unsafe {
            drop(Box::from_raw(self.receiver));
            drop(Box::from_raw(std::ptr::from_ref(self.sender).cast_mut()));
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
        program.finish();
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
