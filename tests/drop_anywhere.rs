//! Programs of which one future is dropped at each of its polls in turn, and programs that drop many: nothing is lost that was
//! not handed over, nothing comes twice or in another order, no room and no waker is lost, and everybody else comes to an end.
//!
//! `DROP_SEEDS=n` runs more or fewer programs.
#[path = "channel_support/executor.rs"]
mod executor;
#[path = "channel_support/mod.rs"]
mod support;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use executor::{Cuts, Executor, When, yield_now};
use futures_util::{SinkExt, StreamExt};
use support::Random;
use tidegate::channel::{
    Overflow, QueuingStrategy, Receiver, SendError, Sender, TrySendError, channel,
};
use tidegate::pipe::{pipe_to, pipeline};

/// How many values there are.
#[derive(Clone, Default)]
struct Live(Rc<Cell<isize>>);

/// A value that is counted while it lives.
struct Value {
    sender: usize,
    number: usize,
    size: usize,
    live: Live,
}

impl Live {
    fn value(&self, sender: usize, number: usize, size: usize) -> Value {
        self.0.set(self.0.get() + 1);
        Value {
            sender,
            number,
            size,
            live: self.clone(),
        }
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        self.live.0.set(self.live.0.get() - 1);
    }
}

/// What the tasks of a program share.
#[derive(Clone)]
struct World {
    cuts: Rc<Cuts>,
    live: Live,
    random: Rc<RefCell<Random>>,
    /// What was sent for certain, and what a dropped send may have sent.
    sent: Rc<RefCell<BTreeSet<(usize, usize)>>>,
    maybe: Rc<RefCell<BTreeSet<(usize, usize)>>>,
    received: Rc<RefCell<Vec<(usize, usize)>>>,
}

impl World {
    fn new(when: When, seed: u64) -> Self {
        Self {
            cuts: Cuts::new(when, seed ^ 0x0dd),
            live: Live::default(),
            random: Rc::new(RefCell::new(Random(seed))),
            sent: Rc::default(),
            maybe: Rc::default(),
            received: Rc::default(),
        }
    }

    fn below(&self, limit: usize) -> usize {
        self.random.borrow_mut().below(limit)
    }

    fn sent(&self, sender: usize, number: usize) {
        self.sent.borrow_mut().insert((sender, number));
    }

    fn receive(&self, value: &Value) {
        self.received
            .borrow_mut()
            .push((value.sender, value.number));
    }

    /// Nothing is lost, nothing comes twice, and each sender's values come in order.
    fn check(&self, dropped: u64) {
        let received = self.received.borrow();
        let (sent, maybe) = (self.sent.borrow(), self.maybe.borrow());
        let set: BTreeSet<_> = received.iter().copied().collect();
        assert_eq!(set.len(), received.len(), "a value came twice");
        let missing = sent.difference(&set).count() as u64;
        assert!(missing <= dropped, "{missing} values are lost");
        assert!(set.difference(&sent).all(|it| maybe.contains(it)));
        for &(sender, _) in &set {
            let of: Vec<_> = received.iter().filter(|it| it.0 == sender).collect();
            assert!(of.is_sorted(), "the values of a sender changed places");
        }
    }
}

const VALUES: usize = 3;

/// Sends by `send`.
async fn send_all(world: World, sender: Sender<Value>, name: usize) {
    for number in 0..VALUES {
        let value = world.live.value(name, number, world.below(3));
        match world.cuts.cut(sender.send(value)).await {
            Some(Ok(())) => world.sent(name, number),
            Some(Err(SendError::TooLarge(_))) => {}
            Some(Err(error)) => panic!("{error}"),
            None => drop(world.maybe.borrow_mut().insert((name, number))),
        }
    }
}

/// Reserves room, and uses it, or does not.
async fn reserve_all(world: World, sender: Sender<Value>, name: usize) {
    let mut number = 0;
    while number < VALUES {
        let size = world.below(3);
        let permit = match world.cuts.cut(sender.reserve_size(size)).await {
            Some(Ok(permit)) => permit,
            Some(Err(TrySendError::TooLarge(()))) => return,
            Some(Err(error)) => panic!("{error}"),
            None => continue,
        };
        if world.cuts.cut(yield_now()).await.is_none() || world.below(4) == 0 {
            continue; // the permit is dropped
        }
        let value = world.live.value(name, number, world.below(size + 1));
        permit.send(value).unwrap();
        world.sent(name, number);
        number += 1;
    }
}

/// Sends without waiting, once it is told that there is room.
async fn send_when_ready(world: World, sender: Sender<Value>, name: usize) {
    for number in 0..VALUES {
        let mut value = world.live.value(name, number, world.below(2));
        loop {
            if let Some(ready) = world.cuts.cut(sender.ready()).await {
                ready.unwrap();
            }
            value = match sender.try_send(value) {
                Ok(()) => break,
                Err(TrySendError::TooLarge(_)) => return,
                Err(error) => error.into_inner(),
            };
            // Another sender was faster, or the future was dropped.
            world.cuts.cut(yield_now()).await;
        }
        world.sent(name, number);
    }
}

/// Sends as a sink does.
async fn sink_all(world: World, mut sender: Sender<Value>, name: usize) {
    for number in 0..VALUES {
        loop {
            let value = world.live.value(name, number, world.below(2));
            match world.cuts.cut(sender.feed(value)).await {
                Some(result) => break result.unwrap(),
                // A feed has given its value to the sink only where it was ready.
                None => continue,
            }
        }
        world.sent(name, number);
        if world.below(2) == 0 {
            world.cuts.cut(sender.flush()).await.map(Result::unwrap);
        }
    }
    while world.cuts.cut(SinkExt::close(&mut sender)).await.is_none() {}
}

/// Waits for the end of the channel.
async fn watch(world: World, sender: Rc<Sender<Value>>) {
    loop {
        if let Some(result) = world.cuts.cut(sender.closed()).await {
            return result.unwrap();
        }
    }
}

/// Receives until the end, in every way there is.
async fn receive_all(world: World, mut receiver: Receiver<Value>) {
    loop {
        let more = match world.below(4) {
            0 => {
                let mut values = Vec::new();
                let limit = 1 + world.below(3);
                let result = world.cuts.cut(receiver.recv_many(&mut values, limit)).await;
                values.iter().for_each(|value| world.receive(value));
                assert_eq!(
                    values.len(),
                    result.as_ref().map_or(0, |it| *it.as_ref().unwrap())
                );
                result.is_none() || !values.is_empty()
            }
            1 => match world.cuts.cut(receiver.next()).await {
                Some(Some(value)) => {
                    world.receive(&value.unwrap());
                    true
                }
                ended => ended.is_none(),
            },
            2 => {
                if let Ok(value) = receiver.try_recv() {
                    world.receive(&value);
                }
                true
            }
            _ => match world.cuts.cut(receiver.recv()).await.map(Result::unwrap) {
                Some(Some(value)) => {
                    world.receive(&value);
                    true
                }
                ended => ended.is_none(),
            },
        };
        if !more {
            return;
        }
    }
}

/// A program of one channel; returns how many polls it made.
fn run_channel(seed: u64, when: When) -> usize {
    let mut random = Random(seed);
    let overflow = match random.below(6) {
        0 => Overflow::DropOldest,
        1 => Overflow::DropNewest,
        _ => Overflow::Block,
    };
    let (mark, capacity) = (random.below(4), random.below(4));
    let strategy = QueuingStrategy::with_size(mark, |value: &Value| value.size);
    let (sender, receiver) = channel(strategy.capacity(capacity).overflow(overflow));
    let sender = Rc::new(sender);
    let world = World::new(when, random.next());
    let mut executor = Executor::new(random.next(), random.below(2) == 0);
    executor.spawn("receiver", receive_all(world.clone(), receiver));
    let mut producers = BTreeSet::new();
    for name in 0..2 + random.below(2) {
        let (world, sender) = (world.clone(), Sender::clone(&sender));
        match random.below(4) {
            0 => executor.spawn("send", send_all(world, sender, name)),
            1 => executor.spawn("reserve", reserve_all(world, sender, name)),
            // Without room below the mark there is backpressure unless a receiver waits.
            2 => executor.spawn("ready", send_when_ready(world, sender, name)),
            _ => executor.spawn("sink", sink_all(world, sender, name)),
        }
        producers.insert(name);
    }
    let waits = executor.run();
    assert_eq!(
        waits,
        ["receiver"],
        "somebody sleeps, or the receiver does not wait"
    );
    assert_eq!(
        sender.desired_size(),
        mark.min(capacity) as isize,
        "room is lost"
    );
    assert_eq!(executor.wakers_left(), 0, "the channel keeps a waker");
    assert_eq!(world.live.0.get(), 0, "a value is left");
    executor.spawn("watch", watch(world.clone(), sender.clone()));
    executor.run();
    sender.close();
    assert!(executor.run().is_empty());
    assert_eq!(executor.wakers_left(), 0, "the channel keeps a waker");
    world.check(sender.dropped());
    world.cuts.polls()
}

/// A pipe is dropped and begun again, on the same ends, until it is done.
async fn pipe_all(world: World, mut source: Receiver<Value>, mut sink: Sender<Value>) {
    loop {
        if let Some(result) = world.cuts.cut(pipe_to(&mut source, &mut sink)).await {
            return result.unwrap();
        }
    }
}

/// The same of a pipeline with a channel as one of its stages.
async fn pipeline_all(world: World, mut source: Receiver<Value>, mut sink: Sender<Value>) {
    let (mut writable, mut readable) = channel(QueuingStrategy::count(world.below(3)));
    loop {
        let stages = pipeline(&mut source)
            .map(Ok::<_, std::convert::Infallible>)
            .through((&mut writable, &mut readable))
            .via(|stream| stream)
            .to(&mut sink);
        match world.cuts.cut(stages).await {
            Some(Ok(())) => return,
            // The pipeline that was dropped has closed the stage already, which no other can do again.
            Some(Err(_)) if writable.is_closed() => break,
            Some(Err(error)) => panic!("{error}"),
            None => {}
        }
    }
    pipe_all(world, readable, sink).await;
}

/// A program of two or three channels with pipes between them; returns how many polls it made.
fn run_pipes(seed: u64, when: When) -> usize {
    let mut random = Random(seed);
    let world = World::new(when, random.next());
    let mut executor = Executor::new(random.next(), random.below(2) == 0);
    let (sink, receiver) = channel(QueuingStrategy::count(random.below(3)));
    for name in 0..1 + random.below(2) {
        let (sender, source) = channel(QueuingStrategy::count(random.below(3)));
        let (of_pipe, sink) = (world.clone(), sink.clone());
        if random.below(2) == 0 {
            executor.spawn("pipe", pipe_all(of_pipe, source, sink));
        } else {
            executor.spawn("pipeline", pipeline_all(of_pipe, source, sink));
        }
        executor.spawn("send", send_all(world.clone(), sender, name));
    }
    drop(sink);
    executor.spawn("receiver", receive_all(world.clone(), receiver));
    assert_eq!(executor.run(), [""; 0], "somebody sleeps");
    assert_eq!(executor.wakers_left(), 0, "a channel keeps a waker");
    assert_eq!(world.live.0.get(), 0, "a value is left");
    world.check(0);
    world.cuts.polls()
}

/// Runs a program, drops a future at each of its polls in turn, and then drops many.
fn everywhere(program: fn(u64, When) -> usize) {
    let number = |name| std::env::var(name).ok().and_then(|it| it.parse().ok());
    let mut random = Random(5);
    for _ in 0..number("DROP_SEEDS").unwrap_or(60) {
        let seed = random.next();
        let run = |when| {
            let result = std::panic::catch_unwind(|| program(seed, when));
            result.unwrap_or_else(|_| panic!("seed {seed}, dropped {when:?}"))
        };
        let polls = run(When::Never);
        for at in 0..polls {
            run(When::Before(at));
            run(When::After(at));
        }
        for of in [2, 3, 5, 9] {
            run(When::Often(of));
        }
    }
}

#[test]
fn a_future_of_a_channel_may_be_dropped_at_every_poll() {
    everywhere(run_channel);
}

#[test]
fn a_pipe_or_pipeline_may_be_dropped_at_every_poll_and_begun_again() {
    everywhere(run_pipes);
}
