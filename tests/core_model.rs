//! Random programs: the core under a host, and a deliberately naive model of the standard, get the same random calls,
//! re-entrant ones included, and must let user code see the same.
//!
//! `cargo test --release --test core_model -- --ignored` makes a million calls of each kind; MODEL_SEED=n makes others.
//! Byte streams have programs and a model of their own in core_byte_source.rs.
#![cfg(feature = "core")]

mod support;

use std::rc::Rc;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use support::host::Host;
use support::model::Model;
use support::realm::World;
use support::user::{Callback, Cast, Event, Op, Outcome, Script, Spec, Streams, TransformSpec};
use support::user::{make, perform};

/// A program: its streams, the calls made one after another with the microtasks run between them, and what callbacks
/// do, in turn.
#[derive(Debug, Clone)]
struct Program {
    cast: Vec<Cast>,
    ops: Vec<Op>,
    scripts: Vec<Script>,
}

/// Which streams programs of a kind have, and how exactly the order of what is seen must agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Everything in the very same order.
    Sides,
    /// Promises inside a transform take more microtasks in the standard than in the core's hosts, so the order counts
    /// for each stream by itself.
    Transforms,
    /// The standard leaves open when a pipe reads and writes, so what has become of everything counts.
    Pipes,
}

fn high_water_mark() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => Just(1.0),
        2 => Just(0.0),
        2 => Just(2.0),
        1 => Just(0.5),
        1 => Just(5.0),
        1 => Just(f64::INFINITY),
    ]
}

fn spec() -> impl Strategy<Value = Spec> {
    (
        high_water_mark(),
        prop::bool::weighted(0.3),
        prop::bool::weighted(0.8),
        prop::bool::weighted(0.3),
    )
        .prop_map(|(high_water_mark, has_size, has_work, has_start)| Spec {
            high_water_mark,
            has_size,
            has_work,
            has_start,
        })
}

fn cast(kind: Kind) -> BoxedStrategy<Vec<Cast>> {
    let readable = || spec().prop_map(Cast::Readable);
    let writable = || spec().prop_map(Cast::Writable);
    match kind {
        Kind::Sides => prop_oneof![
            readable().prop_map(|one| vec![one]),
            writable().prop_map(|one| vec![one]),
            (readable(), writable()).prop_map(|(one, two)| vec![one, two]),
            (readable(), readable()).prop_map(|(one, two)| vec![one, two]),
        ]
        .boxed(),
        Kind::Transforms => (spec(), spec())
            .prop_map(|(writable, readable)| {
                vec![Cast::Transform(TransformSpec { writable, readable })]
            })
            .boxed(),
        Kind::Pipes => (readable(), writable())
            .prop_map(|(one, two)| vec![one, two])
            .boxed(),
    }
}

fn reason() -> impl Strategy<Value = u8> {
    0..4u8
}

fn op(kind: Kind) -> BoxedStrategy<Op> {
    let at = || 0..2usize;
    let settle = (0..6usize, prop::option::weighted(0.3, reason()))
        .prop_map(|(at, reason)| Op::SettleAny(at, reason));
    let sides = prop_oneof![
        6 => at().prop_map(Op::GetReader),
        1 => at().prop_map(Op::ReleaseReader),
        8 => at().prop_map(Op::Read),
        1 => at().prop_map(Op::ReaderClosed),
        1 => (at(), reason()).prop_map(|(at, reason)| Op::CancelReader(at, reason)),
        1 => (at(), reason()).prop_map(|(at, reason)| Op::CancelStream(at, reason)),
        8 => (at(), any::<u8>()).prop_map(|(at, chunk)| Op::Enqueue(at, chunk)),
        2 => at().prop_map(Op::CloseReadable),
        1 => (at(), reason()).prop_map(|(at, reason)| Op::ErrorReadable(at, reason)),
        6 => at().prop_map(Op::GetWriter),
        1 => at().prop_map(Op::ReleaseWriter),
        8 => (at(), any::<u8>()).prop_map(|(at, chunk)| Op::Write(at, chunk)),
        2 => at().prop_map(Op::WriterReady),
        1 => at().prop_map(Op::WriterClosed),
        2 => at().prop_map(Op::CloseWriter),
        1 => at().prop_map(Op::CloseStream),
        1 => (at(), reason()).prop_map(|(at, reason)| Op::AbortWriter(at, reason)),
        1 => (at(), reason()).prop_map(|(at, reason)| Op::AbortStream(at, reason)),
        1 => (at(), reason()).prop_map(|(at, reason)| Op::ErrorWritable(at, reason)),
        10 => settle,
    ];
    if kind != Kind::Pipes {
        return sides.boxed();
    }
    prop_oneof![
        12 => sides,
        3 => (at(), at(), 0..8u32).prop_map(|(from, to, flags)| Op::PipeTo(from, to, flags)),
        1 => (at(), reason()).prop_map(|(pipe, reason)| Op::Signal(pipe, reason)),
    ]
    .boxed()
}

/// Outcomes that fail nothing: what fails, `Op::Settle` makes fail.
fn calm_outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        6 => Just(Outcome::Undefined),
        3 => Just(Outcome::Fulfilled),
        5 => Just(Outcome::Pending),
        1 => Just(Outcome::Size(0.0)),
        2 => Just(Outcome::Size(2.0)),
    ]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        6 => Just(Outcome::Undefined),
        3 => Just(Outcome::Fulfilled),
        5 => Just(Outcome::Pending),
        1 => reason().prop_map(Outcome::Throws),
        1 => reason().prop_map(Outcome::Rejected),
        3 => prop_oneof![
            4 => Just(0.0),
            4 => Just(2.0),
            4 => Just(0.1),
            1 => Just(f64::NAN),
            1 => Just(-1.0),
            1 => Just(f64::INFINITY),
        ]
        .prop_map(Outcome::Size),
    ]
}

fn program(kind: Kind) -> impl Strategy<Value = Program> {
    // Where ticks are not the standard's, two things that race in one turn of the microtasks may end either way.
    let most = match kind {
        Kind::Sides => 3,
        Kind::Transforms => 2,
        Kind::Pipes => 0,
    };
    let outcome = if kind == Kind::Pipes {
        calm_outcome().boxed()
    } else {
        outcome().boxed()
    };
    let script = (prop::collection::vec(op(Kind::Sides), 0..=most), outcome)
        .prop_map(|(ops, outcome)| Script { ops, outcome });
    (
        cast(kind),
        prop::collection::vec(op(kind), 1..60),
        prop::collection::vec(script, 1..8),
    )
        .prop_map(|(cast, ops, scripts)| Program { cast, ops, scripts })
}

/// What is compared of what user code saw since the last time.
fn seen<S: Streams>(streams: &mut S, kind: Kind) -> Vec<Event> {
    let mut events = std::mem::take(&mut streams.user().events);
    if kind != Kind::Sides {
        events.sort_by_key(|event| match event {
            Event::Called(callback, _) => format!("{callback:?}"),
            Event::Threw(what, at, _) | Event::Sizes(what, at, _) => format!("{what}{at}"),
            Event::Settled(what, at, nth, _) => format!("{what}{at}#{nth:4}"),
        });
    }
    if kind == Kind::Pipes {
        // A burst asks for one pull where a chunk at a time asks for several.
        events.dedup_by(|one, other| {
            one == other && matches!(one, Event::Called(Callback::Pull(_), _))
        });
    }
    events
}

/// Runs a program on both; the number of calls it made.
fn compare(program: &Program, kind: Kind) -> Result<u64, TestCaseError> {
    let scripts: Rc<[Script]> = program.scripts.clone().into();
    let mut host = Host::default();
    let mut model = Model::default();
    host.user().follow(scripts.clone(), kind == Kind::Pipes);
    model.user().follow(scripts, kind == Kind::Pipes);
    make(&mut host, &program.cast);
    make(&mut model, &program.cast);
    let begin = [None];
    for op in begin.into_iter().chain(program.ops.iter().map(Some)) {
        if let Some(op) = op {
            perform(&mut host, *op);
            perform(&mut model, *op);
        }
        host.run_microtasks();
        model.run_microtasks();
        let (left, right) = (seen(&mut host, kind), seen(&mut model, kind));
        prop_assert_eq!(left, right, "core (left) and model after {:?}", op);
        let (left, right) = (state(&mut host), state(&mut model));
        prop_assert_eq!(left, right, "core (left) and model after {:?}", op);
    }
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
            max_shrink_iters: 20_000,
            ..Config::default()
        };
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let mut runner = TestRunner::new_with_rng(config, rng);
        let counted = std::cell::Cell::new(0);
        let result = runner.run(&program(kind), |program| {
            counted.set(counted.get() + compare(&program, kind)?);
            Ok(())
        });
        match result {
            Ok(()) => made += counted.get(),
            Err(TestError::Fail(why, program)) => {
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

fn million(kind: Kind) {
    let seed = std::env::var("MODEL_SEED").map_or(0, |seed| seed.parse().expect("a number"));
    let made = run(kind, seed, 1_000_000);
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
