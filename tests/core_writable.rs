//! Writable streams: the core by itself, and under a host.
#![cfg(feature = "core")]

mod core_byte_support;
mod support;

use support::host::Host;
use support::realm::World;
use support::turn;
use support::user::{
    Callback,
    Callback::{Aborted, Close, WritableSize},
    Op::*,
    Outcome, Spec, Streams,
};
use tidegate::core::effect::writable::*;
use tidegate::core::writable::Writable;
use tidegate::core::{Core, Id};

fn started(core: &mut Core, high_water_mark: f64) -> Id<Writable> {
    let id = core.writable_new(high_water_mark);
    core.writable_started(id);
    id
}

/// A host whose stream 0 has started and has a writer; what that made user code see is forgotten.
fn host(spec: Spec) -> Host {
    let mut host = Host::default();
    host.new_writable(spec);
    turn(&mut host, &[GetWriter(0)]);
    host
}

#[test]
fn writes_wait_for_start() {
    let mut core = Core::new();
    let id = core.writable_new(2.0);
    assert_eq!(core.writable_write(id, 1.0), QUEUED);
    assert_eq!(core.writable_started(id), CALL_WRITE);
}

#[test]
fn backpressure_begins_when_the_queue_reaches_the_mark_and_ends_below_it() {
    let mut core = Core::new();
    let id = started(&mut core, 2.0);
    assert_eq!(core.writable_write(id, 1.0), QUEUED | CALL_WRITE);
    assert_eq!(core.writable_write(id, 1.0), QUEUED | BACKPRESSURE);
    assert!(core.writable_backpressure(id));
    assert_eq!(core.writable_write(id, 1.0), QUEUED);
    assert_eq!(core.writable_write_settled(id), RESOLVE_WRITE | CALL_WRITE);
    assert_eq!(
        core.writable_write_settled(id),
        RESOLVE_WRITE | READY | CALL_WRITE
    );
    assert_eq!(core.writable_write_settled(id), RESOLVE_WRITE);
    assert_eq!(core.writable_desired_size(id), 2.0);
}

#[test]
fn a_mark_of_0_is_backpressure_for_ever() {
    let mut core = Core::new();
    let id = started(&mut core, 0.0);
    assert!(core.writable_backpressure(id));
    assert_eq!(core.writable_write(id, 1.0), QUEUED | CALL_WRITE);
    assert_eq!(core.writable_write_settled(id), RESOLVE_WRITE);
    assert!(core.writable_backpressure(id));
}

#[test]
fn one_write_is_in_flight_at_a_time() {
    let mut host = host(Spec {
        high_water_mark: 5.0,
        ..Spec::default()
    });
    host.user().on(Callback::Write(0), &[], Outcome::Pending);
    let seen = turn(&mut host, &[Write(0, 1), Write(0, 2)]);
    assert_eq!(seen, ["Write(0) Chunk(1)"]);
    let seen = turn(&mut host, &[Settle(Callback::Write(0), None)]);
    assert_eq!(
        seen,
        [
            "Write(0) Chunk(2)",
            "write(0)#1: Undefined",
            "write(0)#2: Undefined"
        ]
    );
}

#[test]
fn close_waits_behind_the_writes_before_it() {
    let mut core = Core::new();
    let id = started(&mut core, 5.0);
    core.writable_write(id, 1.0);
    core.writable_write(id, 1.0);
    assert_eq!(core.writable_close(id), WritableEffects::NONE);
    assert_eq!(core.writable_write_settled(id), RESOLVE_WRITE | CALL_WRITE);
    assert_eq!(core.writable_write_settled(id), RESOLVE_WRITE | CALL_CLOSE);
    assert_eq!(core.writable_close_settled(id), RESOLVE_CLOSE);
    assert_eq!(core.live(), 0);
}

#[test]
fn a_close_ends_backpressure() {
    let mut core = Core::new();
    let id = started(&mut core, 1.0);
    core.writable_write(id, 1.0);
    assert_eq!(core.writable_close(id), READY);
    assert!(!core.writable_backpressure(id));
    assert_eq!(core.writable_close(id), REFUSED);
}

#[test]
fn a_close_of_an_erroring_stream_leaves_the_rejected_ready_alone() {
    let mut core = Core::new();
    let id = core.writable_new(0.0);
    core.writable_error(id);
    assert_eq!(core.writable_close(id), WritableEffects::NONE);
}

#[test]
fn a_closing_stream_refuses_writes_and_another_close() {
    let mut core = Core::new();
    let id = started(&mut core, 1.0);
    assert_eq!(core.writable_close(id), CALL_CLOSE);
    assert_eq!(core.writable_write(id, 1.0), REFUSED);
    assert_eq!(core.writable_close(id), REFUSED);
}

/// <https://streams.spec.whatwg.org/#writable-stream-abort>
#[test]
fn an_abort_while_a_write_is_in_flight_waits_for_that_write() {
    let mut host = host(Spec {
        high_water_mark: 5.0,
        ..Spec::default()
    });
    host.user().on(Callback::Write(0), &[], Outcome::Pending);
    let seen = turn(&mut host, &[Write(0, 1), Write(0, 2), AbortWriter(0, 7)]);
    assert_eq!(seen, ["Write(0) Chunk(1)", "Aborted(0) Error(7)"]);
    let seen = turn(&mut host, &[Settle(Callback::Write(0), None)]);
    let expected = [
        "Abort(0) Error(7)",
        "write(0)#1: Undefined",
        "write(0)#2 rejected: Error(7)",
        "abort(0)#1: Undefined",
        "writer.closed(0)#1 rejected: Error(7)",
    ];
    assert_eq!(seen, expected);
    assert_eq!(host.core.live(), 0);
}

#[test]
fn an_abort_before_start_waits_for_start() {
    let mut core = Core::new();
    let id = core.writable_new(1.0);
    assert_eq!(core.writable_abort(id), ABORT_ACCEPTED | START_ERRORING);
    assert_eq!(core.writable_started(id), FINISH_ERRORING | CALL_ABORT);
}

#[test]
fn an_abort_before_a_start_that_fails_still_calls_the_sinks_abort() {
    let mut core = Core::new();
    let id = core.writable_new(1.0);
    core.writable_abort(id);
    assert_eq!(core.writable_start_failed(id), FINISH_ERRORING | CALL_ABORT);
}

#[test]
fn a_start_that_fails_errors_the_stream() {
    let mut core = Core::new();
    let id = core.writable_new(1.0);
    core.writable_write(id, 1.0);
    assert_eq!(
        core.writable_start_failed(id),
        START_ERRORING | FINISH_ERRORING | REJECT_CLOSED
    );
    assert_eq!(core.live(), 0);
}

#[test]
fn an_abort_of_an_erroring_stream_never_reaches_the_sink() {
    let mut core = Core::new();
    let id = started(&mut core, 1.0);
    core.writable_write(id, 1.0);
    assert_eq!(core.writable_error(id), CLEAR | START_ERRORING);
    assert_eq!(core.writable_abort(id), ABORT_ACCEPTED);
    let expected = RESOLVE_WRITE | FINISH_ERRORING | REJECT_ABORT | REJECT_CLOSED;
    assert_eq!(core.writable_write_settled(id), expected);
}

#[test]
fn a_second_abort_gets_the_promise_of_the_first() {
    let mut host = host(Spec::default());
    host.user().on(Callback::Write(0), &[], Outcome::Pending);
    turn(
        &mut host,
        &[Write(0, 1), AbortWriter(0, 1), AbortWriter(0, 2)],
    );
    let seen = turn(&mut host, &[Settle(Callback::Write(0), None)]);
    assert_eq!(seen[..1], ["Abort(0) Error(1)"]);
    assert!(seen.contains(&"abort(0)#1: Undefined".into()));
    assert!(seen.contains(&"abort(0)#2: Undefined".into()));
}

#[test]
fn a_signal_listener_that_aborts_again_makes_one_abort() {
    let mut host = host(Spec::default());
    host.user()
        .on(Aborted(0), &[AbortWriter(0, 2)], Outcome::Undefined);
    let seen = turn(&mut host, &[AbortWriter(0, 1)]);
    assert_eq!(seen[..2], ["Aborted(0) Error(1)", "Abort(0) Error(2)"]);
}

#[test]
fn a_close_in_flight_wins_over_an_abort_that_comes_later() {
    let mut core = Core::new();
    let id = started(&mut core, 1.0);
    core.writable_close(id);
    assert_eq!(core.writable_abort(id), ABORT_ACCEPTED | START_ERRORING);
    assert_eq!(
        core.writable_close_settled(id),
        RESOLVE_CLOSE | RESOLVE_ABORT
    );
    assert_eq!(core.live(), 0);
}

#[test]
fn a_close_that_fails_rejects_the_pending_abort_and_the_sinks_abort_is_not_called() {
    let mut core = Core::new();
    let id = started(&mut core, 1.0);
    core.writable_close(id);
    core.writable_abort(id);
    let expected = REJECT_CLOSE | REJECT_ABORT | FINISH_ERRORING | REJECT_CLOSED;
    assert_eq!(core.writable_close_failed(id), expected);
    assert_eq!(core.live(), 0);
}

#[test]
fn a_close_that_fails_errors_the_stream() {
    let mut host = host(Spec::default());
    host.user().on(Close(0), &[], Outcome::Rejected(4));
    let seen = turn(&mut host, &[CloseWriter(0)]);
    assert_eq!(
        seen,
        [
            "Close(0)",
            "close(0)#1 rejected: Error(4)",
            "writer.closed(0)#1 rejected: Error(4)"
        ]
    );
}

#[test]
fn a_write_that_fails_rejects_itself_what_is_queued_and_closed() {
    let mut host = host(Spec {
        high_water_mark: 5.0,
        ..Spec::default()
    });
    host.user().on(Callback::Write(0), &[], Outcome::Throws(2));
    let seen = turn(&mut host, &[Write(0, 1), Write(0, 2), CloseWriter(0)]);
    let expected = [
        "Write(0) Chunk(1)",
        "write(0)#1 rejected: Error(2)",
        "write(0)#2 rejected: Error(2)",
        "close(0)#1 rejected: Error(2)",
        "writer.closed(0)#1 rejected: Error(2)",
    ];
    assert_eq!(seen, expected);
    assert_eq!(host.core.live(), 0);
}

#[test]
fn a_write_that_fails_while_the_stream_errors_leaves_the_first_error() {
    let mut host = host(Spec::default());
    host.user().on(Callback::Write(0), &[], Outcome::Pending);
    turn(&mut host, &[Write(0, 1), ErrorWritable(0, 1)]);
    let seen = turn(&mut host, &[Settle(Callback::Write(0), Some(2))]);
    assert_eq!(
        seen,
        [
            "write(0)#1 rejected: Error(2)",
            "writer.closed(0)#1 rejected: Error(1)"
        ]
    );
}

#[test]
fn an_error_rejects_ready_at_once_and_closed_when_the_write_is_done() {
    let mut host = host(Spec::default());
    host.user().on(Callback::Write(0), &[], Outcome::Pending);
    let seen = turn(
        &mut host,
        &[Write(0, 1), WriterReady(0), ErrorWritable(0, 3)],
    );
    assert_eq!(
        seen,
        ["Write(0) Chunk(1)", "writer.ready(0)#2 rejected: Error(3)"]
    );
    let seen = turn(&mut host, &[Settle(Callback::Write(0), None)]);
    assert_eq!(
        seen,
        [
            "write(0)#1: Undefined",
            "writer.closed(0)#1 rejected: Error(3)"
        ]
    );
}

#[test]
fn an_error_of_an_erroring_stream_is_refused() {
    let mut core = Core::new();
    let id = core.writable_new(1.0);
    core.writable_error(id);
    assert_eq!(core.writable_error(id), REFUSED);
    assert_eq!(core.writable_write(id, 1.0), REFUSED);
}

#[test]
fn a_size_that_is_not_a_finite_number_of_at_least_0_errors_the_stream() {
    for size in [f64::NAN, -0.5, f64::INFINITY] {
        let mut core = Core::new();
        let id = started(&mut core, 1.0);
        let expected = BAD_SIZE | QUEUED | CLEAR | START_ERRORING | FINISH_ERRORING | REJECT_CLOSED;
        assert_eq!(core.writable_write(id, size), expected, "{size}");
        assert_eq!(core.live(), 0);
    }
}

#[test]
fn a_size_that_throws_rejects_the_write_with_what_it_threw() {
    let mut host = host(Spec {
        has_size: true,
        ..Spec::default()
    });
    host.user().on(WritableSize(0), &[], Outcome::Throws(5));
    let seen = turn(&mut host, &[Write(0, 1)]);
    let expected = [
        "WritableSize(0) Chunk(1)",
        "writer.closed(0)#1 rejected: Error(5)",
        "write(0)#1 rejected: Error(5)",
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_size_that_releases_the_writer_rejects_the_write() {
    let mut host = host(Spec {
        has_size: true,
        ..Spec::default()
    });
    host.user()
        .on(WritableSize(0), &[ReleaseWriter(0)], Outcome::Size(1.0));
    let seen = turn(&mut host, &[Write(0, 1)]);
    assert_eq!(seen.last().unwrap(), "write(0)#1 rejected: TypeError");
}

#[test]
fn a_released_writer_lets_its_writes_go_on() {
    let mut host = host(Spec::default());
    let seen = turn(&mut host, &[Write(0, 1), ReleaseWriter(0)]);
    let expected = [
        "Write(0) Chunk(1)",
        "writer.closed(0)#1 rejected: TypeError",
        "write(0)#1: Undefined",
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_writer_of_a_closing_stream_is_ready() {
    let mut host = host(Spec {
        high_water_mark: 0.0,
        ..Spec::default()
    });
    host.user().on(Close(0), &[], Outcome::Pending);
    turn(&mut host, &[CloseWriter(0), ReleaseWriter(0)]);
    assert_eq!(
        turn(&mut host, &[GetWriter(0)]),
        ["writer.ready(0)#2: Undefined"]
    );
}

#[test]
fn reports_of_what_is_not_in_flight_are_stale() {
    let mut core = Core::new();
    let id = started(&mut core, 1.0);
    assert_eq!(core.writable_write_settled(id), STALE);
    assert_eq!(core.writable_write_failed(id), STALE);
    assert_eq!(core.writable_close_settled(id), STALE);
    assert_eq!(core.writable_close_failed(id), STALE);
    assert_eq!(core.writable_desired_size(id), 1.0);
}

#[test]
fn a_stale_id_answers_stale_and_changes_nothing() {
    let mut core = Core::new();
    let id = started(&mut core, 1.0);
    core.writable_free(id);
    let other = started(&mut core, 3.0);
    for stale in [
        id,
        Id::NONE,
        Id::from_bits(u32::MAX),
        Id::from_bits(other.bits() ^ 1 << 31),
    ] {
        assert_eq!(core.writable_started(stale), STALE);
        assert_eq!(core.writable_start_failed(stale), STALE);
        assert_eq!(core.writable_write(stale, 1.0), STALE);
        assert_eq!(core.writable_write_settled(stale), STALE);
        assert_eq!(core.writable_write_failed(stale), STALE);
        assert_eq!(core.writable_close(stale), STALE);
        assert_eq!(core.writable_close_settled(stale), STALE);
        assert_eq!(core.writable_close_failed(stale), STALE);
        assert_eq!(core.writable_abort(stale), STALE);
        assert_eq!(core.writable_error(stale), STALE);
        assert_eq!(core.writable_desired_size(stale), 0.0);
        assert!(!core.writable_backpressure(stale));
        core.writable_free(stale);
    }
    assert_eq!(core.writable_desired_size(other), 3.0);
    assert_eq!(core.live(), 1);
}
