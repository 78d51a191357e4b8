//! Random programs: which streams there are, what is called turn by turn, and what callbacks do.
use proptest::prelude::*;
use tidegate::core::pipe::PREVENT_CANCEL;

use super::user::{BytesSpec, Callback, Cast, Op, Outcome, PipeStyle, Script, Spec, TransformSpec};

/// A program: its streams, the calls made turn by turn with the microtasks run between the turns, and what callbacks
/// do.
#[derive(Debug, Clone)]
pub struct Program {
    pub cast: Vec<Cast>,
    pub turns: Vec<Vec<Op>>,
    pub scripts: Vec<Script>,
    /// Whether a callback does the same each time.
    pub steady: bool,
    /// Which callback may fail; None: any. Of two failures in one turn either may be the first.
    pub failing: Option<Callback>,
    /// How many jobs of the shell's may share a microtask.
    pub burst: u32,
}

/// Which streams programs of a kind have, and how exactly what is seen must agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Everything in the very same order.
    Sides,
    /// Promises inside a transform and a tee take more microtasks in the standard than in the core's hosts, so the
    /// order counts for each stream by itself.
    Transforms,
    /// The standard leaves open when a pipe reads and writes, so what has become of everything counts.
    Pipes,
    /// Any streams, piped and teed into any others. What has become of everything counts, and nothing fails in the
    /// middle of a turn.
    Graphs,
    /// The same of a source with a tee and two sinks.
    Tees,
    /// A source that is piped to a sink, of which one callback fails while chunks flow. What comes of the first failure
    /// counts.
    Failures,
    /// The streams of `Graphs`, and callbacks that do anything at all. Most of what comes of that is open, so it is held
    /// against what must be true of any streams: nothing is stuck, nothing leaks, and in the end everything is settled.
    Storms,
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

/// `has_size`: how likely a `size()` is.
fn spec(has_size: f64) -> impl Strategy<Value = Spec> {
    (
        high_water_mark(),
        prop::bool::weighted(has_size),
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

fn bytes_spec() -> impl Strategy<Value = BytesSpec> {
    (
        prop_oneof![2 => Just(0.0), 1 => Just(3.0), 1 => Just(16.0)],
        prop_oneof![2 => Just(0usize), 1 => 1..4usize],
        prop::bool::weighted(0.3),
    )
        .prop_map(|(high_water_mark, auto_allocate, has_start)| BytesSpec {
            high_water_mark,
            auto_allocate,
            has_start,
        })
}

fn transform(has_size: f64) -> impl Strategy<Value = Cast> {
    (spec(has_size), spec(has_size))
        .prop_map(|(writable, readable)| Cast::Transform(TransformSpec { writable, readable }))
}

fn cast(kind: Kind) -> BoxedStrategy<Vec<Cast>> {
    let readable = || spec(0.3).prop_map(Cast::Readable);
    let writable = || spec(0.3).prop_map(Cast::Writable);
    let bytes = || bytes_spec().prop_map(Cast::Bytes);
    match kind {
        Kind::Sides => prop_oneof![
            readable().prop_map(|one| vec![one]),
            writable().prop_map(|one| vec![one]),
            bytes().prop_map(|one| vec![one]),
            (readable(), writable()).prop_map(|(one, two)| vec![one, two]),
            (readable(), readable()).prop_map(|(one, two)| vec![one, two]),
        ]
        .boxed(),
        Kind::Transforms => transform(0.3).prop_map(|one| vec![one]).boxed(),
        Kind::Pipes => (prop_oneof![3 => readable(), 1 => bytes()], writable())
            .prop_map(|(one, two)| vec![one, two])
            .boxed(),
        Kind::Tees => (
            prop_oneof![2 => readable(), 1 => bytes()],
            prop::collection::vec(writable(), 2),
        )
            .prop_map(|(source, sinks)| [vec![source], sinks].concat())
            .boxed(),
        Kind::Failures => (
            prop_oneof![3 => readable(), 1 => bytes()],
            spec(0.1).prop_map(Cast::Writable),
        )
            .prop_map(|(one, two)| vec![one, two])
            .boxed(),
        Kind::Graphs | Kind::Storms => {
            let source = prop_oneof![
                3 => spec(0.1).prop_map(Cast::Readable),
                1 => bytes(),
            ];
            let sink = spec(0.1).prop_map(Cast::Writable);
            (
                prop::collection::vec(source, 1..3),
                prop::collection::vec(transform(0.1), 0..4),
                prop::collection::vec(sink, 1..3),
            )
                .prop_map(|(sources, transforms, sinks)| [sources, transforms, sinks].concat())
                .boxed()
        }
    }
}

fn reason() -> impl Strategy<Value = u8> {
    0..4u8
}

fn style() -> impl Strategy<Value = PipeStyle> {
    prop_oneof![
        5 => Just(PipeStyle::Plain),
        1 => Just(PipeStyle::Watched),
        1 => Just(PipeStyle::AtOnce),
        1 => Just(PipeStyle::Yields),
    ]
}

/// Calls of one stream by itself, of up to `streams`.
fn own_call(kind: Kind, streams: usize) -> BoxedStrategy<Op> {
    let at = move || 0..streams;
    let read_many = move |at| match kind {
        Kind::Sides | Kind::Transforms | Kind::Storms => Op::ReadMany(at),
        Kind::Pipes | Kind::Graphs | Kind::Tees | Kind::Failures => Op::ReadQueued(at),
    };
    prop_oneof![
        6 => at().prop_map(Op::GetReader),
        1 => at().prop_map(Op::ReleaseReader),
        8 => at().prop_map(Op::Read),
        2 => at().prop_map(read_many),
        1 => at().prop_map(Op::GetByobReader),
        2 => (at(), 1..5usize, 1..3usize, 1..4usize)
            .prop_map(|(at, elements, size, min)| Op::ReadInto(at, elements, size, min)),
        2 => (at(), 0..4usize).prop_map(|(at, count)| Op::Respond(at, count)),
        1 => at().prop_map(Op::ReaderClosed),
        1 => (at(), reason()).prop_map(|(at, reason)| Op::CancelReader(at, reason)),
        1 => (at(), reason()).prop_map(|(at, reason)| Op::CancelStream(at, reason)),
        8 => (at(), any::<u8>()).prop_map(|(at, chunk)| Op::Enqueue(at, chunk)),
        2 => at().prop_map(Op::CloseReadable),
        1 => (at(), reason()).prop_map(|(at, reason)| Op::ErrorReadable(at, reason)),
        6 => at().prop_map(Op::GetWriter),
        1 => at().prop_map(Op::ReleaseWriter),
        8 => (at(), any::<u8>()).prop_map(|(at, chunk)| Op::Write(at, chunk)),
        2 => (at(), 0..5u8, any::<u8>()).prop_map(|(at, count, first)| Op::WriteMany(at, count, first)),
        2 => at().prop_map(Op::WriterReady),
        1 => at().prop_map(Op::WriterClosed),
        2 => at().prop_map(Op::CloseWriter),
        1 => at().prop_map(Op::CloseStream),
        1 => (at(), reason()).prop_map(|(at, reason)| Op::AbortWriter(at, reason)),
        1 => (at(), reason()).prop_map(|(at, reason)| Op::AbortStream(at, reason)),
        1 => (at(), reason()).prop_map(|(at, reason)| Op::ErrorWritable(at, reason)),
        10 => (0..6usize, prop::option::weighted(0.3, reason()))
            .prop_map(|(at, reason)| Op::SettleAny(at, reason)),
    ]
    .boxed()
}

fn op(kind: Kind) -> BoxedStrategy<Op> {
    let streams = match kind {
        Kind::Sides | Kind::Transforms | Kind::Pipes => 2,
        Kind::Tees => 3,
        Kind::Graphs | Kind::Failures | Kind::Storms => 8,
    };
    let at = move || 0..streams;
    let pipe = || {
        (style(), at(), at(), 0..8u32).prop_map(move |(style, from, to, flags)| match style {
            PipeStyle::AtOnce => Op::PipeAs(style, from, to, 0),
            // How many chunks a source that lives on has given is open.
            style if kind == Kind::Failures => Op::PipeAs(style, from, to, flags & !PREVENT_CANCEL),
            style => Op::PipeAs(style, from, to, flags),
        })
    };
    let others = || {
        prop_oneof![
            1 => (0..4usize, reason()).prop_map(|(pipe, reason)| Op::Signal(pipe, reason)),
            1 => (0..4usize).prop_map(Op::Pause),
            2 => (0..4usize).prop_map(Op::Resume),
        ]
    };
    match kind {
        Kind::Sides | Kind::Transforms => own_call(kind, streams),
        Kind::Pipes | Kind::Tees => {
            prop_oneof![24 => own_call(kind, streams), 6 => pipe(), 3 => others()].boxed()
        }
        Kind::Failures => {
            prop_oneof![10 => own_call(kind, streams), 12 => pipe(), 1 => others()].boxed()
        }
        Kind::Graphs | Kind::Storms => prop_oneof![
            20 => own_call(kind, streams),
            12 => pipe(),
            3 => others(),
            2 => at().prop_map(Op::Tee),
        ]
        .boxed(),
    }
}

/// Calls that end the same way whatever comes before or after them in their turn.
fn smooth(streams: usize) -> BoxedStrategy<Op> {
    let at = move || 0..streams;
    prop_oneof![
        6 => (at(), any::<u8>()).prop_map(|(at, chunk)| Op::Enqueue(at, chunk)),
        3 => (at(), any::<u8>()).prop_map(|(at, chunk)| Op::Write(at, chunk)),
        2 => (at(), 1..4u8, any::<u8>()).prop_map(|(at, count, first)| Op::WriteMany(at, count, first)),
        3 => at().prop_map(Op::Read),
        3 => (0..6usize).prop_map(|at| Op::SettleAny(at, None)),
    ]
    .boxed()
}

fn turn(kind: Kind) -> BoxedStrategy<Vec<Op>> {
    let one = op(kind).prop_map(|op| vec![op]);
    match kind {
        Kind::Sides | Kind::Storms => {
            prop_oneof![3 => one, 1 => prop::collection::vec(op(kind), 2..4)].boxed()
        }
        Kind::Transforms | Kind::Pipes | Kind::Failures => one.boxed(),
        Kind::Graphs | Kind::Tees => {
            prop_oneof![4 => one, 1 => prop::collection::vec(smooth(8), 2..5)].boxed()
        }
    }
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

/// What fails; a sum of other sizes depends on when each of them is taken away.
fn failing_outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        reason().prop_map(Outcome::Throws),
        reason().prop_map(Outcome::Rejected),
        prop_oneof![Just(f64::NAN), Just(-1.0), Just(f64::INFINITY)].prop_map(Outcome::Size),
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

/// What callbacks do, and whether each does the same every time.
fn scripts(kind: Kind) -> BoxedStrategy<(Vec<Script>, bool)> {
    let idle =
        (Just(Vec::new()), calm_outcome()).prop_map(|(ops, outcome)| Script { ops, outcome });
    // How many pulls there are is only certain where each of them gives something.
    let giving = (1..4u8, any::<u8>(), calm_outcome()).prop_map(|(count, first, outcome)| Script {
        ops: vec![Op::Give(count, first)],
        outcome,
    });
    // Where ticks are not the standard's, two things that race in one turn of the microtasks may end either way.
    let most = if kind == Kind::Sides { 3 } else { 2 };
    let wild = (prop::collection::vec(op(Kind::Sides), 0..=most), outcome())
        .prop_map(|(ops, outcome)| Script { ops, outcome });
    let failing = (
        1..3u8,
        any::<u8>(),
        prop_oneof![9 => calm_outcome(), 1 => failing_outcome()],
    )
        .prop_map(|(count, first, outcome)| Script {
            ops: vec![Op::Give(count, first)],
            outcome,
        });
    let stormy = (
        prop_oneof![
            Just(Vec::new()),
            giving_ops(),
            prop::collection::vec(op(Kind::Storms), 0..=2)
        ],
        prop_oneof![3 => calm_outcome(), 1 => outcome()],
    )
        .prop_map(|(ops, outcome)| Script { ops, outcome });
    let failing = prop::collection::vec(failing, 1..8).prop_map(|scripts| (scripts, false));
    let stormy = prop::collection::vec(stormy, 1..8).prop_map(|scripts| (scripts, false));
    let idle = prop::collection::vec(idle, 1..8).prop_map(|scripts| (scripts, true));
    let giving = prop::collection::vec(giving, 1..8).prop_map(|scripts| (scripts, false));
    let wild = prop::collection::vec(wild, 1..8).prop_map(|scripts| (scripts, false));
    match kind {
        Kind::Sides | Kind::Transforms => wild.boxed(),
        Kind::Pipes => prop_oneof![idle, giving].boxed(),
        Kind::Graphs | Kind::Tees => prop_oneof![1 => idle, 3 => giving].boxed(),
        Kind::Failures => failing.boxed(),
        Kind::Storms => stormy.boxed(),
    }
}

fn failing(kind: Kind) -> BoxedStrategy<Option<Callback>> {
    if kind != Kind::Failures {
        return Just(None).boxed();
    }
    // A pull that fails after it has given several chunks races with those.
    let one = prop_oneof![
        6 => Just(Callback::Write(0)),
        2 => Just(Callback::WritableSize(0)),
        1 => Just(Callback::Close(0)),
        1 => Just(Callback::SourceStart(0)),
        1 => Just(Callback::SinkStart(0)),
    ];
    one.prop_map(Some).boxed()
}

fn giving_ops() -> impl Strategy<Value = Vec<Op>> {
    (1..3u8, any::<u8>()).prop_map(|(count, first)| vec![Op::Give(count, first)])
}

pub fn program(kind: Kind) -> impl Strategy<Value = Program> {
    (
        cast(kind),
        prop::collection::vec(turn(kind), 1..60),
        scripts(kind),
        prop_oneof![3 => Just(64u32), 1 => 0..3u32],
        failing(kind),
    )
        .prop_map(
            move |(cast, mut turns, (scripts, steady), burst, failing)| {
                if kind == Kind::Tees {
                    turns.insert(0, vec![Op::Tee(0)]);
                }
                if matches!(kind, Kind::Graphs | Kind::Tees) {
                    let sources = cast
                        .iter()
                        .filter(|stream| matches!(stream, Cast::Readable(_) | Cast::Bytes(_)))
                        .count();
                    for turn in turns.iter_mut().filter(|turn| turn.len() > 1) {
                        keep_from_racing(turn, sources);
                    }
                }
                Program {
                    cast,
                    turns,
                    scripts,
                    steady,
                    failing,
                    burst,
                }
            },
        )
}

/// In one turn a chunk that is enqueued to a transform's readable side would race with those that come through it.
fn keep_from_racing(turn: &mut [Op], sources: usize) {
    for op in turn {
        if let Op::Enqueue(at, _) = op {
            *at %= sources;
        }
    }
}
