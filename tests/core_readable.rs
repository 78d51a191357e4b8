//! Readable streams with a default controller: the core by itself, and under a host.
#![cfg(feature = "core")]

mod core_byte_support;
mod support;

use support::host::Host;
use support::realm::World;
use support::turn;
use support::user::{Callback::*, Op::*, Outcome, Spec, Streams};
use tidegate::core::effect::readable::*;
use tidegate::core::readable::{HAS_SIZE, NO_PULL, Readable};
use tidegate::core::{Core, Id};

/// A stream of the core that has started.
fn started(core: &mut Core, high_water_mark: f64, flags: u32) -> Id<Readable> {
    let id = core.readable_new(high_water_mark, flags);
    core.readable_started(id);
    id
}

fn host(spec: Spec) -> Host {
    let mut host = Host::default();
    host.new_readable(spec);
    host
}

#[test]
fn the_source_is_pulled_when_start_has_fulfilled_and_not_before() {
    let mut core = Core::new();
    let id = core.readable_new(1.0, 0);
    assert_eq!(core.readable_read(id), PENDING);
    assert_eq!(core.readable_started(id), CALL_PULL);
}

#[test]
fn a_full_queue_asks_for_no_pull() {
    let mut core = Core::new();
    let id = core.readable_new(1.0, 0);
    assert_eq!(core.readable_enqueue(id), QUEUED);
    assert_eq!(core.readable_started(id), ReadableEffects::NONE);
    assert_eq!(core.readable_desired_size(id), 0.0);
}

#[test]
fn a_high_water_mark_of_0_pulls_only_for_a_read() {
    let mut core = Core::new();
    let id = core.readable_new(0.0, 0);
    assert_eq!(core.readable_started(id), ReadableEffects::NONE);
    assert_eq!(core.readable_read(id), PENDING | CALL_PULL);
}

#[test]
fn an_infinite_high_water_mark_never_has_enough() {
    let mut core = Core::new();
    let id = core.readable_new(f64::INFINITY, 0);
    assert_eq!(core.readable_started(id), CALL_PULL);
    assert_eq!(core.readable_enqueue(id), QUEUED);
    assert_eq!(core.readable_desired_size(id), f64::INFINITY);
    assert_eq!(core.readable_pull_settled(id), CALL_PULL);
}

/// <https://streams.spec.whatwg.org/#readablestreamdefaultcontroller-pullagain>
#[test]
fn what_wants_a_pull_during_a_pull_gets_one_after_it() {
    let mut core = Core::new();
    let id = core.readable_new(2.0, 0);
    assert_eq!(core.readable_started(id), CALL_PULL);
    assert_eq!(core.readable_read(id), PENDING);
    assert_eq!(core.readable_read(id), PENDING);
    assert_eq!(core.readable_pull_settled(id), CALL_PULL);
    assert_eq!(core.readable_pull_settled(id), ReadableEffects::NONE);
}

#[test]
fn a_pull_that_enqueues_nothing_is_not_repeated() {
    let mut host = host(Spec::default());
    assert_eq!(turn(&mut host, &[]), ["Pull(0)"]);
    assert_eq!(turn(&mut host, &[]), [""; 0]);
}

#[test]
fn a_source_without_pull_is_never_asked() {
    let mut core = Core::new();
    let id = core.readable_new(1.0, NO_PULL);
    assert_eq!(core.readable_started(id), ReadableEffects::NONE);
    assert_eq!(core.readable_read(id), PENDING);
    assert_eq!(core.readable_enqueue(id), FULFILL);
}

#[test]
fn an_enqueue_answers_the_oldest_read_and_leaves_the_queue_alone() {
    let mut host = host(Spec {
        has_work: false,
        ..Spec::default()
    });
    let seen = turn(
        &mut host,
        &[GetReader(0), Read(0), Read(0), Enqueue(0, 7), Enqueue(0, 8)],
    );
    assert_eq!(seen, ["read(0)#1: Chunk(7)", "read(0)#2: Chunk(8)"]);
    assert_eq!(host.readable_desired_size(0), Some(1.0));
}

#[test]
fn chunks_are_read_in_the_order_in_which_they_were_enqueued() {
    let mut host = host(Spec {
        high_water_mark: 3.0,
        has_work: false,
        ..Spec::default()
    });
    let ops = [Enqueue(0, 1), Enqueue(0, 2), GetReader(0), Read(0), Read(0)];
    assert_eq!(
        turn(&mut host, &ops),
        ["read(0)#1: Chunk(1)", "read(0)#2: Chunk(2)"]
    );
}

#[test]
fn a_pull_that_enqueues_within_itself_is_called_again_until_the_queue_is_full() {
    let mut host = host(Spec {
        high_water_mark: 2.0,
        ..Spec::default()
    });
    host.user()
        .on(Pull(0), &[Enqueue(0, 1)], Outcome::Undefined);
    host.user()
        .on(Pull(0), &[Enqueue(0, 2)], Outcome::Undefined);
    assert_eq!(turn(&mut host, &[]), ["Pull(0)", "Pull(0)"]);
    assert_eq!(host.readable_desired_size(0), Some(0.0));
}

#[test]
fn a_pull_whose_promise_rejects_errors_the_stream() {
    let mut host = host(Spec::default());
    host.user().on(Pull(0), &[], Outcome::Rejected(3));
    let seen = turn(&mut host, &[GetReader(0), Read(0)]);
    assert_eq!(
        seen,
        [
            "Pull(0)",
            "reader.closed(0)#1 rejected: Error(3)",
            "read(0)#1 rejected: Error(3)"
        ]
    );
    assert_eq!(host.core.live(), 0);
}

#[test]
fn a_start_that_rejects_errors_the_stream() {
    let mut host = Host::default();
    host.user()
        .on(SourceStart(0), &[Enqueue(0, 1)], Outcome::Rejected(1));
    host.new_readable(Spec {
        has_start: true,
        ..Spec::default()
    });
    let seen = turn(&mut host, &[GetReader(0)]);
    assert_eq!(
        seen,
        ["SourceStart(0)", "reader.closed(0)#1 rejected: Error(1)"]
    );
}

#[test]
fn a_close_with_an_empty_queue_closes_at_once() {
    let mut core = Core::new();
    let id = started(&mut core, 1.0, 0);
    assert_eq!(core.readable_close(id), CLOSE);
    assert_eq!(core.live(), 0);
}

#[test]
fn a_close_with_chunks_in_the_queue_waits_until_they_are_read() {
    let mut core = Core::new();
    let id = started(&mut core, 3.0, NO_PULL);
    core.readable_enqueue(id);
    core.readable_enqueue(id);
    assert_eq!(core.readable_close(id), ReadableEffects::NONE);
    assert_eq!(core.readable_enqueue(id), REFUSED);
    assert_eq!(core.readable_read(id), CHUNK);
    assert_eq!(core.readable_read(id), CHUNK | CLOSE);
    assert_eq!(core.live(), 0);
}

#[test]
fn a_closing_stream_refuses_another_close_and_another_chunk() {
    let mut core = Core::new();
    let id = started(&mut core, 1.0, NO_PULL);
    core.readable_enqueue(id);
    core.readable_close(id);
    assert_eq!(core.readable_close(id), REFUSED);
    assert_eq!(core.readable_enqueue(id), REFUSED);
    assert_eq!(core.readable_desired_size(id), 0.0);
}

#[test]
fn a_closing_stream_is_not_pulled() {
    let mut core = Core::new();
    let id = started(&mut core, 3.0, 0);
    core.readable_enqueue(id);
    core.readable_enqueue(id);
    core.readable_close(id);
    assert_eq!(core.readable_pull_settled(id), ReadableEffects::NONE);
    assert_eq!(core.readable_read(id), CHUNK);
}

#[test]
fn reads_that_wait_when_the_stream_closes_are_done() {
    let mut host = host(Spec {
        has_work: false,
        ..Spec::default()
    });
    let seen = turn(
        &mut host,
        &[GetReader(0), Read(0), Read(0), CloseReadable(0)],
    );
    assert_eq!(
        seen,
        [
            "reader.closed(0)#1: Undefined",
            "read(0)#1: Done",
            "read(0)#2: Done"
        ]
    );
}

#[test]
fn an_error_drops_the_queue_and_rejects_what_waits() {
    let mut host = host(Spec {
        has_work: false,
        ..Spec::default()
    });
    let ops = [Enqueue(0, 1), ErrorReadable(0, 2), GetReader(0), Read(0)];
    let seen = turn(&mut host, &ops);
    assert_eq!(
        seen,
        [
            "reader.closed(0)#1 rejected: Error(2)",
            "read(0)#1 rejected: Error(2)"
        ]
    );
    assert_eq!(host.readable_desired_size(0), None);
}

#[test]
fn the_first_error_stays() {
    let mut host = host(Spec {
        has_work: false,
        ..Spec::default()
    });
    let seen = turn(
        &mut host,
        &[ErrorReadable(0, 1), ErrorReadable(0, 2), GetReader(0)],
    );
    assert_eq!(seen, ["reader.closed(0)#1 rejected: Error(1)"]);
}

#[test]
fn a_cancel_closes_first_and_calls_the_source_after() {
    let mut host = host(Spec {
        has_work: false,
        ..Spec::default()
    });
    host.user()
        .on(Cancel(0), &[Enqueue(0, 1)], Outcome::Undefined);
    let seen = turn(&mut host, &[GetReader(0), Read(0), CancelReader(0, 5)]);
    let expected = [
        "Cancel(0) Error(5)",
        "enqueue(0) threw TypeError",
        "reader.closed(0)#1: Undefined",
        "read(0)#1: Done",
        "cancel(0)#1: Undefined",
    ];
    assert_eq!(seen, expected);
    assert_eq!(host.core.live(), 0);
}

#[test]
fn a_cancel_of_an_errored_stream_rejects_with_its_error_and_calls_nobody() {
    let mut host = host(Spec::default());
    turn(&mut host, &[]);
    let seen = turn(&mut host, &[ErrorReadable(0, 1), CancelStream(0, 2)]);
    assert_eq!(seen, ["cancel(0)#1 rejected: Error(1)"]);
}

#[test]
fn a_size_that_is_not_a_finite_number_of_at_least_0_errors_the_stream() {
    for size in [f64::NAN, -1.0, f64::INFINITY, f64::NEG_INFINITY] {
        let mut host = host(Spec {
            has_size: true,
            has_work: false,
            ..Spec::default()
        });
        host.user().on(ReadableSize(0), &[], Outcome::Size(size));
        let seen = turn(&mut host, &[Enqueue(0, 1), GetReader(0)]);
        let expected = [
            "ReadableSize(0) Chunk(1)",
            "enqueue(0) threw RangeError",
            "reader.closed(0)#1 rejected: RangeError",
        ];
        assert_eq!(seen, expected, "{size}");
    }
}

#[test]
fn a_size_that_throws_errors_the_stream_with_what_it_threw() {
    let mut host = host(Spec {
        has_size: true,
        has_work: false,
        ..Spec::default()
    });
    host.user().on(ReadableSize(0), &[], Outcome::Throws(9));
    let seen = turn(&mut host, &[Enqueue(0, 1), GetReader(0)]);
    assert_eq!(
        seen[1..],
        [
            "enqueue(0) threw Error(9)",
            "reader.closed(0)#1 rejected: Error(9)"
        ]
    );
}

#[test]
fn a_chunk_that_answers_a_read_has_no_size() {
    let mut host = host(Spec {
        has_size: true,
        has_work: false,
        ..Spec::default()
    });
    let seen = turn(&mut host, &[GetReader(0), Read(0), Enqueue(0, 1)]);
    assert_eq!(seen, ["read(0)#1: Chunk(1)"]);
}

#[test]
fn a_size_that_reads_lets_its_own_chunk_wait_behind_that_read() {
    let mut host = host(Spec {
        has_size: true,
        has_work: false,
        ..Spec::default()
    });
    host.user()
        .on(ReadableSize(0), &[Read(0)], Outcome::Size(1.0));
    let seen = turn(
        &mut host,
        &[GetReader(0), Enqueue(0, 1), Enqueue(0, 2), Read(0)],
    );
    let expected = [
        "ReadableSize(0) Chunk(1)",
        "read(0)#1: Chunk(2)",
        "read(0)#2: Chunk(1)",
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_size_that_ends_the_stream_leaves_the_chunk_nowhere() {
    let mut core = Core::new();
    let id = started(&mut core, 1.0, HAS_SIZE | NO_PULL);
    assert_eq!(core.readable_enqueue(id), NEED_SIZE);
    assert_eq!(core.readable_error(id), ERROR);
    assert_eq!(core.readable_enqueue_commit(id, 1.0), STALE);
    assert_eq!(core.readable_enqueue_commit(id, f64::NAN), BAD_SIZE);
}

#[test]
fn desired_size_is_the_mark_less_the_sizes_in_the_queue() {
    let mut core = Core::new();
    let id = started(&mut core, 10.0, HAS_SIZE | NO_PULL);
    core.readable_enqueue(id);
    core.readable_enqueue_commit(id, 2.5);
    core.readable_enqueue(id);
    core.readable_enqueue_commit(id, 9.0);
    assert_eq!(core.readable_desired_size(id), -1.5);
    core.readable_read(id);
    assert_eq!(core.readable_desired_size(id), 1.0);
}

/// <https://streams.spec.whatwg.org/#abstract-opdef-readablestreamdefaultreaderrelease>
#[test]
fn a_release_rejects_the_reads_that_wait_and_later_chunks_are_queued() {
    let mut host = host(Spec {
        has_work: false,
        ..Spec::default()
    });
    let seen = turn(
        &mut host,
        &[GetReader(0), Read(0), ReleaseReader(0), Enqueue(0, 1)],
    );
    assert_eq!(
        seen,
        [
            "reader.closed(0)#1 rejected: TypeError",
            "read(0)#1 rejected: TypeError"
        ]
    );
    assert_eq!(
        turn(&mut host, &[GetReader(0), Read(0)]),
        ["read(0)#2: Chunk(1)"]
    );
}

#[test]
fn a_locked_stream_gives_no_second_reader() {
    let mut host = host(Spec {
        has_work: false,
        ..Spec::default()
    });
    let seen = turn(&mut host, &[GetReader(0), GetReader(0)]);
    assert_eq!(seen, ["getReader(0) threw TypeError"]);
}

#[test]
fn a_stale_id_answers_stale_and_changes_nothing() {
    let mut core = Core::new();
    let id = started(&mut core, 1.0, NO_PULL);
    core.readable_close(id);
    let other = started(&mut core, 4.0, NO_PULL);
    assert_ne!(id, other);
    for stale in [
        id,
        Id::NONE,
        Id::from_bits(u32::MAX),
        Id::from_bits(other.bits() ^ 1 << 31),
    ] {
        assert_eq!(core.readable_started(stale), STALE);
        assert_eq!(core.readable_pull_settled(stale), STALE);
        assert_eq!(core.readable_read(stale), STALE);
        assert_eq!(core.readable_enqueue(stale), STALE);
        assert_eq!(core.readable_close(stale), STALE);
        assert_eq!(core.readable_error(stale), STALE);
        assert_eq!(core.readable_desired_size(stale), 0.0);
        core.readable_release(stale);
        core.readable_free(stale);
    }
    assert_eq!(core.readable_desired_size(other), 4.0);
    assert_eq!(core.live(), 1);
}

#[test]
fn freeing_an_abandoned_stream_gives_its_slot_back() {
    let mut core = Core::new();
    let id = started(&mut core, 1.0, 0);
    core.readable_free(id);
    assert_eq!(core.live(), 0);
    assert_eq!(core.readable_pull_settled(id), STALE);
}
