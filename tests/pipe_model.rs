//! Random programs of pipes against a model: a source and a sink that are ready, wait and fail as a script says, and the same
//! program dropped at each point where it waits.
//!
//! `MODEL_STEPS=n` makes more or fewer steps, `MODEL_SEED=n` makes others.
#[path = "channel_support/mod.rs"]
mod support;

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use futures_sink::Sink;
use support::{Random, Task};
use tidegate::pipe::{PipeError, pipe_to};

/// What a program does, chosen before it runs.
#[derive(Clone, Debug)]
struct Script {
    /// How many values the source has.
    values: usize,
    source_fails: bool,
    /// The sink fails where it is asked to be ready after this many values, if there are so many.
    sink_fails_after: usize,
    close_fails: bool,
    prevent_close: bool,
    seed: u64,
}

/// What happened.
#[derive(Default)]
struct Log {
    read: usize,
    written: Vec<usize>,
    closed: bool,
    source_ended: bool,
    source_dropped: bool,
    sink_dropped: bool,
    sink_failed: bool,
    /// The sink said that it is ready, and got no value since.
    ready: bool,
    wakers: Vec<Waker>,
}

struct Source {
    script: Script,
    random: Random,
    log: Rc<RefCell<Log>>,
}

struct Target {
    script: Script,
    random: Random,
    log: Rc<RefCell<Log>>,
}

fn waits(random: &mut Random, log: &mut Log, context: &Context<'_>) -> bool {
    let waits = random.below(3) == 0;
    if waits {
        log.wakers.push(context.waker().clone());
    }
    waits
}

impl Stream for Source {
    type Item = Result<usize, &'static str>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let mut log = this.log.borrow_mut();
        assert!(!log.source_ended, "a source was read after its end");
        assert!(log.ready, "a source was read while the sink was not ready");
        if waits(&mut this.random, &mut log, context) {
            return Poll::Pending;
        }
        if log.read < this.script.values {
            log.read += 1;
            return Poll::Ready(Some(Ok(log.read)));
        }
        log.source_ended = true;
        Poll::Ready(this.script.source_fails.then_some(Err("the source")))
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.log.borrow_mut().source_dropped = true;
    }
}

impl Sink<usize> for Target {
    type Error = &'static str;

    fn poll_ready(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Self::Error>> {
        let this = &mut *self;
        let mut log = this.log.borrow_mut();
        assert!(
            !log.sink_failed && !log.closed,
            "a sink was used after its end"
        );
        if log.ready {
            return Poll::Ready(Ok(()));
        }
        if waits(&mut this.random, &mut log, context) {
            return Poll::Pending;
        }
        if log.written.len() >= this.script.sink_fails_after {
            log.sink_failed = true;
            return Poll::Ready(Err("the sink"));
        }
        log.ready = true;
        Poll::Ready(Ok(()))
    }

    fn start_send(self: Pin<&mut Self>, value: usize) -> Result<(), Self::Error> {
        let mut log = self.log.borrow_mut();
        assert!(
            std::mem::take(&mut log.ready),
            "a sink was written while it was not ready"
        );
        log.written.push(value);
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Self::Error>> {
        let this = &mut *self;
        let mut log = this.log.borrow_mut();
        assert!(!log.closed, "a sink was closed twice");
        if waits(&mut this.random, &mut log, context) {
            return Poll::Pending;
        }
        log.closed = true;
        Poll::Ready(if this.script.close_fails {
            Err("the close")
        } else {
            Ok(())
        })
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.log.borrow_mut().sink_dropped = true;
    }
}

/// Runs a program, or drops it after `polls` polls. Returns how often it was polled.
fn run(script: &Script, polls: usize) -> usize {
    let log = Rc::new(RefCell::new(Log::default()));
    let source = Source {
        script: script.clone(),
        random: Random(script.seed),
        log: log.clone(),
    };
    let sink = Target {
        script: script.clone(),
        random: Random(script.seed ^ 0x5555),
        log: log.clone(),
    };
    let mut pipe = pipe_to(source, sink);
    if script.prevent_close {
        pipe = pipe.prevent_close();
    }
    let mut pipe = Task::new(pipe);
    let mut polled = 0;
    let result = loop {
        if polled == polls {
            break None;
        }
        polled += 1;
        match pipe.poll() {
            Poll::Ready(result) => break Some(result),
            Poll::Pending => {
                let wakers = std::mem::take(&mut log.borrow_mut().wakers);
                assert!(
                    !wakers.is_empty() || pipe.wakes() > 0,
                    "nobody wakes the pipe: {script:?}"
                );
            }
        }
        let log = log.borrow();
        assert_eq!(
            log.read,
            log.written.len(),
            "the pipe holds a value: {script:?}"
        );
    };
    drop(pipe);
    let log = log.borrow();
    assert!(log.source_dropped && log.sink_dropped);
    assert!(log.written.iter().copied().eq(1..=log.written.len()));
    assert_eq!(log.read, log.written.len());
    let Some(result) = result else {
        return polled;
    };
    let fails = script.sink_fails_after <= script.values;
    // The sink is asked once more after the last value, before the source is.
    let expected = if fails {
        Err(PipeError::Destination("the sink"))
    } else if script.source_fails {
        Err(PipeError::Source("the source"))
    } else if script.close_fails && !script.prevent_close {
        Err(PipeError::Destination("the close"))
    } else {
        Ok(())
    };
    assert_eq!(result, expected, "{script:?}");
    assert_eq!(
        log.written.len(),
        script.values.min(script.sink_fails_after),
        "{script:?}"
    );
    assert_eq!(
        log.closed,
        !fails && !script.source_fails && !script.prevent_close,
        "{script:?}"
    );
    polled
}

#[test]
fn random_programs_end_as_the_standard_says_and_can_be_dropped_wherever_they_wait() {
    let number = |name| std::env::var(name).ok().and_then(|it| it.parse().ok());
    let mut random = Random(number("MODEL_SEED").unwrap_or(1) as u64);
    let steps = number("MODEL_STEPS").unwrap_or(50_000);
    let mut done = 0;
    while done < steps {
        let values = random.below(8);
        let script = Script {
            values,
            source_fails: random.below(3) == 0,
            sink_fails_after: if random.below(3) == 0 {
                random.below(8)
            } else {
                usize::MAX
            },
            close_fails: random.below(4) == 0,
            prevent_close: random.below(4) == 0,
            seed: random.next(),
        };
        let polls = run(&script, usize::MAX);
        for polls in 0..polls {
            done += run(&script, polls);
        }
        done += polls;
    }
}
