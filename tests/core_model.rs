//! Random programs: the core under a host, and a deliberately naive model of the standard, get the same random calls,
//! re-entrant ones included, and must let user code see the same. The host does what js/machines and js/runtime/jobs do.
//!
//! `cargo test --release --test core_model -- --ignored` makes a million calls of each kind; MODEL_STEPS=n makes as
//! many, MODEL_SEED=n makes others.
//! Byte streams have programs and a model of their own in core_byte_readable.rs.
#![cfg(feature = "core")]

mod core_byte_support;
mod support;

use std::collections::BTreeMap;
use std::rc::Rc;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use support::host::Host;
use support::model::Model;
use support::program::{Kind, Program, program};
use support::realm::{Value, World};
use support::user::{Callback, Event, Op, Script, Streams, make, perform};

/// What is compared of what user code saw since the last time.
fn seen<S: Streams>(streams: &mut S, kind: Kind, program: &Program) -> Vec<Event> {
    let mut events = std::mem::take(&mut streams.user().events);
    if matches!(kind, Kind::Graphs | Kind::Tees | Kind::Failures)
        || kind == Kind::Pipes && !program.steady
    {
        // In the middle of a turn a burst is ahead, and another chunk meets a read or is queued.
        events.retain(|event| {
            !matches!(
                event,
                Event::Sizes(..) | Event::Called(Callback::ReadableSize(_), _)
            )
        });
    }
    if kind != Kind::Sides {
        events.sort_by_key(|event| match event {
            Event::Called(callback, _) => format!("{callback:?}"),
            Event::Threw(what, at, _) | Event::Sizes(what, at, _) => format!("{what}{at}"),
            Event::Settled(what, at, nth, _) => format!("{what}{at}#{nth:4}"),
        });
    }
    if matches!(kind, Kind::Graphs | Kind::Tees) && program.steady {
        // A pull that gives nothing is called where a read comes before it, and how many reads that are is open.
        events.retain(|event| !matches!(event, Event::Called(Callback::Pull(_), _)));
    } else if program.steady {
        // A burst asks for one pull where a chunk at a time asks for several.
        events.dedup_by(|one, other| {
            one == other && matches!(one, Event::Called(Callback::Pull(_), _))
        });
    }
    events
}

/// Whether user code learns of a failure.
fn fails(events: &[Event]) -> bool {
    events.iter().any(|event| {
        matches!(
            event,
            Event::Settled(_, _, _, Err(_))
                | Event::Called(
                    Callback::Cancel(_) | Callback::Abort(_) | Callback::TransformCancel(_),
                    _
                )
        )
    })
}

/// Whether only that differs how many chunks came before a failure: the standard leaves that open. Where it fails late, after
/// several calls or after a failure that waited for writes under way, what else comes before it is open too. What follows
/// differs then, so the program ends there.
fn chunks_differ(left: &[Event], right: &[Event]) -> bool {
    let mut flows = BTreeMap::<Callback, [Vec<Value>; 2]>::new();
    let mut others = [Vec::new(), Vec::new()];
    for (side, events) in [left, right].into_iter().enumerate() {
        for event in events {
            match event {
                Event::Called(
                    callback @ (Callback::Pull(_) | Callback::Transform(_) | Callback::Write(_)),
                    chunk,
                ) => flows.entry(*callback).or_default()[side].push(*chunk),
                Event::Called(Callback::WritableSize(_), _) => {}
                other => others[side].push(other.clone()),
            }
        }
    }
    let prefixes = flows.values().all(|[left, right]| {
        let length = left.len().min(right.len());
        left[..length] == right[..length]
    });
    prefixes && others[0] == others[1]
}

/// Runs a program on both; the number of calls it made.
fn compare(program: &Program, kind: Kind) -> Result<u64, TestCaseError> {
    let scripts: Rc<[Script]> = program.scripts.clone().into();
    let mut host = Host::default();
    let mut model = Model::default();
    let is_open = matches!(
        kind,
        Kind::Pipes | Kind::Graphs | Kind::Tees | Kind::Failures
    );
    host.user().only_failing = program.failing;
    model.user().only_failing = program.failing;
    host.jobs.keeps_ticks = kind == Kind::Transforms;
    host.jobs.burst = program.burst;
    host.user().follow(scripts.clone(), program.steady, is_open);
    model.user().follow(scripts, program.steady, is_open);
    make(&mut host, &program.cast);
    make(&mut model, &program.cast);
    let begin = [Vec::new()];
    for turn in begin.iter().chain(&program.turns) {
        // A failure that waits for chunks to be written races with them, and so does a close that waits for reads.
        let fails_late = turn.len() > 1 || model.is_ending();
        for op in turn {
            perform(&mut host, *op);
            perform(&mut model, *op);
        }
        host.run_microtasks();
        model.run_microtasks();
        let (left, right) = (
            seen(&mut host, kind, program),
            seen(&mut model, kind, program),
        );
        let states = (state(&mut host), state(&mut model));
        if matches!(kind, Kind::Graphs | Kind::Tees | Kind::Failures)
            && (left != right || states.0 != states.1)
            && (fails(&left)
                || fails(&right)
                || kind == Kind::Failures && states.0.iter().any(|(size, _)| size.is_none()))
            && (fails_late || chunks_differ(&left, &right))
        {
            break;
        }
        prop_assert_eq!(left, right, "core (left) and model after {:?}", turn);
        prop_assert_eq!(states.0, states.1, "core (left) and model after {:?}", turn);
    }
    Ok(host.user().steps)
}

/// Runs a program on the core alone, and ends all that is left of it: nothing is stuck and nothing leaks after any
/// turn, and in the end every promise is settled.
fn endure(program: &Program) -> Result<u64, TestCaseError> {
    let mut host = Host::default();
    host.jobs.burst = program.burst;
    host.user()
        .follow(program.scripts.clone().into(), program.steady, false);
    make(&mut host, &program.cast);
    host.run_microtasks();
    for turn in &program.turns {
        for op in turn {
            perform(&mut host, *op);
        }
        host.run_microtasks();
        prop_assert_eq!(host.find_fault(), None, "after {:?}", turn);
    }
    host.user().follow(Rc::new([]), false, false);
    for _ in 0..3 {
        for at in 0..host.readable_count() {
            perform(&mut host, Op::Respond(at, 0));
            perform(&mut host, Op::ErrorReadable(at, 0));
            perform(&mut host, Op::CancelReader(at, 0));
            perform(&mut host, Op::CancelStream(at, 0));
        }
        for at in 0..host.writable_count() {
            perform(&mut host, Op::ErrorWritable(at, 0));
        }
        host.run_microtasks();
        while host.user().owes() {
            perform(&mut host, Op::SettleAny(0, None));
            host.run_microtasks();
        }
    }
    prop_assert_eq!(host.find_fault(), None, "in the end");
    prop_assert_eq!(host.find_unended(), None, "in the end");
    prop_assert_eq!(host.user().unsettled, 0, "promises are left");
    Ok(host.user().steps)
}

/// The answers of every query.
fn state<S: Streams>(streams: &mut S) -> Vec<(Option<f64>, bool)> {
    let mut answers = Vec::new();
    for at in 0..streams.readable_count() {
        answers.push((
            streams.readable_desired_size(at),
            streams.is_readable_locked(at),
        ));
    }
    for at in 0..streams.writable_count() {
        answers.push((
            streams.writable_desired_size(at),
            streams.is_writable_locked(at),
        ));
    }
    answers
}

/// Runs programs of `kind` until `steps` calls were made; the number of calls.
fn run(kind: Kind, seed: u64, steps: u64) -> u64 {
    let mut made = 0;
    let mut turn = 0u64;
    while made < steps {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        bytes[8..16].copy_from_slice(&turn.to_le_bytes());
        turn += 1;
        let config = Config {
            cases: 64,
            failure_persistence: None,
            max_shrink_iters: 4000,
            ..Config::default()
        };
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let mut runner = TestRunner::new_with_rng(config, rng);
        let counted = std::cell::Cell::new(0);
        let failed = std::cell::Cell::new(false);
        let result = runner.run(&program(kind), |program| {
            let result = match kind {
                Kind::Storms => endure(&program),
                _ => compare(&program, kind),
            };
            match result {
                // What is made smaller is not counted.
                Ok(calls) if !failed.get() => counted.set(counted.get() + calls),
                Ok(_) => {}
                Err(_) => failed.set(true),
            }
            result.map(|_| ())
        });
        match result {
            Ok(()) => made += counted.get(),
            Err(TestError::Fail(why, program)) => {
                let made = made + counted.get();
                panic!("{kind:?}, seed {seed}, after {made} calls: {why}\n{program:#?}")
            }
            Err(TestError::Abort(why)) => panic!("{why}"),
        }
    }
    made
}

/// Seeds of past differences, and a few others.
const SEEDS: [u64; 3] = [1, 2, 3];

#[test]
fn readable_and_writable_streams_do_what_the_model_does() {
    for seed in SEEDS {
        run(Kind::Sides, seed, 10_000);
    }
}

#[test]
fn transform_streams_do_what_the_model_does() {
    for seed in SEEDS {
        run(Kind::Transforms, seed, 10_000);
    }
}

#[test]
fn pipes_do_what_the_model_does() {
    for seed in SEEDS {
        run(Kind::Pipes, seed, 10_000);
    }
}

#[test]
fn streams_that_are_piped_and_teed_into_others_do_what_the_model_does() {
    for seed in SEEDS {
        run(Kind::Graphs, seed, 10_000);
    }
}

#[test]
fn tees_do_what_the_model_does() {
    for seed in SEEDS {
        run(Kind::Tees, seed, 10_000);
    }
}

#[test]
fn what_fails_while_chunks_flow_ends_as_in_the_model() {
    for seed in SEEDS {
        run(Kind::Failures, seed, 10_000);
    }
}

#[test]
fn whatever_user_code_does_nothing_is_stuck_or_left() {
    for seed in SEEDS {
        run(Kind::Storms, seed, 10_000);
    }
}

fn million(kind: Kind) {
    let number = |name, otherwise| {
        std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
    };
    let made = run(
        kind,
        number("MODEL_SEED", 0),
        number("MODEL_STEPS", 1_000_000),
    );
    println!("{kind:?}: {made} calls without a difference");
}

#[test]
#[ignore = "takes minutes"]
fn a_million_calls_of_readable_and_writable_streams() {
    million(Kind::Sides);
}

#[test]
#[ignore = "takes minutes"]
fn a_million_calls_of_transform_streams() {
    million(Kind::Transforms);
}

#[test]
#[ignore = "takes minutes"]
fn a_million_calls_of_streams_and_pipes() {
    million(Kind::Pipes);
}

#[test]
#[ignore = "takes minutes"]
fn a_million_calls_of_streams_that_are_piped_and_teed_into_others() {
    million(Kind::Graphs);
}

#[test]
#[ignore = "takes minutes"]
fn a_million_calls_of_pipes_that_fail_while_chunks_flow() {
    million(Kind::Failures);
}

#[test]
#[ignore = "takes minutes"]
fn a_million_calls_of_user_code_that_does_anything() {
    million(Kind::Storms);
}

#[test]
#[ignore = "takes minutes"]
fn a_million_calls_of_streams_with_tees() {
    million(Kind::Tees);
}
