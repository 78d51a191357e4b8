//! Transform streams: the core by itself, and under a host.
#![cfg(feature = "core")]

mod core_byte_support;
mod support;

use support::host::Host;
use support::realm::World;
use support::turn;
use support::user::{
    Callback,
    Callback::{Flush, Transform, TransformCancel, TransformStart},
    Op::*,
    Outcome, Spec, Streams, TransformSpec,
};
use tidegate::core::effect::readable;
use tidegate::core::effect::transform::WAKE_WRITE;
use tidegate::core::effect::writable::{CALL_WRITE, HOLD_WRITE, QUEUED, RESOLVE_WRITE};
use tidegate::core::effect::{ReadableEffects, TransformEffects};
use tidegate::core::readable::{HAS_SIZE, Readable};
use tidegate::core::writable::Writable;
use tidegate::core::{Core, Id};

/// A started transform of the core: its readable side, its writable side.
fn started(core: &mut Core, readable_mark: f64, flags: u32) -> (Id<Readable>, Id<Writable>) {
    let readable = core.readable_new(readable_mark, flags);
    let writable = core.writable_new(5.0);
    core.transform_new(readable, writable);
    core.writable_started(writable);
    core.readable_started(readable);
    (readable, writable)
}

/// A host with one transform that has started and has a writer and a reader.
fn host(readable_mark: f64) -> Host {
    let mut host = Host::default();
    host.new_transform(TransformSpec {
        writable: Spec {
            high_water_mark: 5.0,
            ..Spec::default()
        },
        readable: Spec {
            high_water_mark: readable_mark,
            ..Spec::default()
        },
    });
    turn(&mut host, &[GetWriter(0), GetReader(0)]);
    host
}

#[test]
fn a_write_is_held_until_the_readable_side_wants_something() {
    let mut core = Core::new();
    let (readable, writable) = started(&mut core, 0.0, 0);
    assert_eq!(core.writable_write(writable, 1.0), QUEUED | HOLD_WRITE);
    let expected = readable::PENDING | readable::WAKE_WRITE;
    assert_eq!(core.readable_read(readable), expected);
}

#[test]
fn a_readable_side_with_room_lets_writes_through() {
    let mut core = Core::new();
    let (_, writable) = started(&mut core, 1.0, 0);
    assert_eq!(core.writable_write(writable, 1.0), QUEUED | CALL_WRITE);
}

#[test]
fn no_user_code_is_asked_for_when_a_transforms_readable_side_pulls() {
    let mut core = Core::new();
    let (readable, _) = started(&mut core, 0.0, 0);
    assert_eq!(core.readable_read(readable), readable::PENDING);
}

#[test]
fn an_enqueue_that_fills_the_readable_side_brings_backpressure_back() {
    let mut core = Core::new();
    let (readable, writable) = started(&mut core, 1.0, 0);
    core.writable_write(writable, 1.0);
    let expected = readable::QUEUED | readable::SETTLE_PULL;
    assert_eq!(core.readable_enqueue(readable), expected);
    core.writable_write(writable, 1.0);
    assert_eq!(
        core.writable_write_settled(writable),
        RESOLVE_WRITE | HOLD_WRITE
    );
}

#[test]
fn an_enqueue_beyond_the_mark_is_accepted() {
    let mut core = Core::new();
    let (readable, _) = started(&mut core, 1.0, 0);
    core.readable_enqueue(readable);
    assert_eq!(core.readable_enqueue(readable), readable::QUEUED);
    assert_eq!(core.readable_desired_size(readable), -1.0);
}

#[test]
fn an_enqueue_asks_the_readable_strategy_for_the_size() {
    let mut core = Core::new();
    let (readable, writable) = started(&mut core, 4.0, HAS_SIZE);
    assert_eq!(core.readable_enqueue(readable), readable::NEED_SIZE);
    assert_eq!(
        core.transform_enqueue_commit(readable, writable, 1.0),
        readable::QUEUED
    );
    assert_eq!(core.readable_desired_size(readable), 3.0);
}

#[test]
fn a_size_that_ends_the_stream_and_is_bad_is_still_refused() {
    let mut core = Core::new();
    let (readable, writable) = started(&mut core, 4.0, HAS_SIZE);
    assert_eq!(core.readable_enqueue(readable), readable::NEED_SIZE);
    core.readable_error(readable);
    core.writable_error(writable);
    assert_eq!(
        core.transform_enqueue_commit(readable, writable, -1.0),
        ReadableEffects::BAD_SIZE
    );
    assert_eq!(
        core.transform_enqueue_commit(readable, writable, 1.0),
        ReadableEffects::STALE
    );
}

#[test]
fn a_size_that_cancels_the_readable_side_leaves_later_writes_held() {
    let mut core = Core::new();
    let (readable, writable) = started(&mut core, 4.0, HAS_SIZE);
    assert_eq!(core.readable_enqueue(readable), readable::NEED_SIZE);
    assert_eq!(core.readable_error(readable), readable::ERROR);
    assert_eq!(
        core.transform_enqueue_commit(readable, writable, 1.0),
        ReadableEffects::STALE
    );
    assert_eq!(core.writable_write(writable, 1.0), QUEUED | HOLD_WRITE);
}

#[test]
fn an_enqueue_to_a_closing_readable_side_is_refused() {
    let mut core = Core::new();
    let (readable, _) = started(&mut core, 1.0, 0);
    core.readable_enqueue(readable);
    core.readable_close(readable);
    assert_eq!(core.readable_enqueue(readable), ReadableEffects::REFUSED);
}

#[test]
fn a_write_that_is_held_goes_on_when_it_is_unblocked() {
    let mut core = Core::new();
    let (_, writable) = started(&mut core, 0.0, 0);
    core.writable_write(writable, 1.0);
    assert_eq!(core.transform_unblock_write(writable), WAKE_WRITE);
    assert_eq!(
        core.transform_unblock_write(writable),
        TransformEffects::NONE
    );
}

#[test]
fn a_stale_id_answers_stale_and_changes_nothing() {
    let mut core = Core::new();
    let (readable, writable) = started(&mut core, 1.0, 0);
    core.readable_error(readable);
    core.writable_error(writable);
    let live = core.live();
    for stale in [readable, Id::NONE, Id::from_bits(u32::MAX)] {
        assert_eq!(core.readable_enqueue(stale), ReadableEffects::STALE);
        assert_eq!(
            core.transform_enqueue_commit(stale, writable, 1.0),
            ReadableEffects::STALE
        );
    }
    for stale in [writable, Id::NONE, Id::from_bits(u32::MAX)] {
        assert_eq!(core.transform_unblock_write(stale), TransformEffects::STALE);
    }
    assert_eq!(core.live(), live);
}

#[test]
fn what_is_written_is_transformed_when_it_is_read() {
    let mut host = host(0.0);
    host.user()
        .on(Transform(0), &[Enqueue(0, 9)], Outcome::Undefined);
    assert_eq!(turn(&mut host, &[Write(0, 1)]), [""; 0]);
    let seen = turn(&mut host, &[Read(0)]);
    assert_eq!(
        seen,
        [
            "Transform(0) Chunk(1)",
            "read(0)#1: Chunk(9)",
            "write(0)#1: Undefined"
        ]
    );
}

#[test]
fn a_transform_that_throws_errors_both_sides_in_a_microtask() {
    let mut host = host(1.0);
    host.user().on(Transform(0), &[], Outcome::Throws(4));
    support::user::perform(&mut host, Write(0, 1));
    assert_eq!(host.writable_desired_size(0), Some(4.0));
    let seen = turn(&mut host, &[Read(0)]);
    let expected = [
        "Transform(0) Chunk(1)",
        "reader.closed(0)#1 rejected: Error(4)",
        "read(0)#1 rejected: Error(4)",
        "write(0)#1 rejected: Error(4)",
        "writer.closed(0)#1 rejected: Error(4)",
    ];
    assert_eq!(seen, expected);
    assert_eq!(host.core.live(), 0);
}

#[test]
fn a_close_flushes_and_then_closes_the_readable_side() {
    let mut host = host(1.0);
    host.user()
        .on(Flush(0), &[Enqueue(0, 8)], Outcome::Fulfilled);
    let seen = turn(&mut host, &[CloseWriter(0), Read(0), Read(0)]);
    let expected = [
        "Flush(0)",
        "read(0)#1: Chunk(8)",
        "reader.closed(0)#1: Undefined",
        "read(0)#2: Done",
        "close(0)#1: Undefined",
        "writer.closed(0)#1: Undefined",
    ];
    assert_eq!(seen, expected);
    assert_eq!(host.core.live(), 0);
}

#[test]
fn a_flush_that_fails_errors_both_sides() {
    let mut host = host(1.0);
    host.user().on(Flush(0), &[], Outcome::Rejected(6));
    let seen = turn(&mut host, &[CloseWriter(0)]);
    let expected = [
        "Flush(0)",
        "reader.closed(0)#1 rejected: Error(6)",
        "close(0)#1 rejected: Error(6)",
        "writer.closed(0)#1 rejected: Error(6)",
    ];
    assert_eq!(seen, expected);
    assert_eq!(host.core.live(), 0);
}

/// <https://streams.spec.whatwg.org/#transformer-api>, `cancel`
#[test]
fn a_cancel_of_the_readable_side_cancels_the_transformer_and_errors_the_writable_side() {
    let mut host = host(1.0);
    let seen = turn(&mut host, &[CancelReader(0, 3)]);
    let expected = [
        "TransformCancel(0) Error(3)",
        "reader.closed(0)#1: Undefined",
        "writer.closed(0)#1 rejected: Error(3)",
        "cancel(0)#1: Undefined",
    ];
    assert_eq!(seen, expected);
    assert_eq!(host.core.live(), 0);
}

#[test]
fn an_abort_of_the_writable_side_cancels_the_transformer_and_errors_the_readable_side() {
    let mut host = host(1.0);
    let seen = turn(&mut host, &[AbortWriter(0, 3)]);
    let expected = [
        "TransformCancel(0) Error(3)",
        "reader.closed(0)#1 rejected: Error(3)",
        "abort(0)#1: Undefined",
        "writer.closed(0)#1 rejected: Error(3)",
    ];
    assert_eq!(seen, expected);
    assert_eq!(host.core.live(), 0);
}

#[test]
fn a_cancel_and_a_close_at_once_run_one_of_their_callbacks() {
    let mut host = host(1.0);
    host.user().on(TransformCancel(0), &[], Outcome::Pending);
    let seen = turn(&mut host, &[CancelReader(0, 3), CloseWriter(0)]);
    assert_eq!(
        seen,
        [
            "TransformCancel(0) Error(3)",
            "reader.closed(0)#1: Undefined"
        ]
    );
    let seen = turn(&mut host, &[Settle(Callback::TransformCancel(0), None)]);
    assert!(
        !seen.iter().any(|event| event.starts_with("Flush")),
        "{seen:?}"
    );
    assert!(seen.contains(&"cancel(0)#1: Undefined".into()), "{seen:?}");
    assert_eq!(host.core.live(), 0);
}

#[test]
fn terminate_closes_the_readable_side_and_errors_the_writable_one() {
    let mut host = host(1.0);
    let seen = turn(&mut host, &[CloseReadable(0)]);
    let expected = [
        "reader.closed(0)#1: Undefined",
        "writer.closed(0)#1 rejected: TypeError",
    ];
    assert_eq!(seen, expected);
    assert_eq!(host.core.live(), 0);
}

#[test]
fn a_write_that_is_held_fails_with_the_error_that_comes_meanwhile() {
    let mut host = host(0.0);
    turn(&mut host, &[Write(0, 1)]);
    let seen = turn(&mut host, &[ErrorReadable(0, 2)]);
    let expected = [
        "reader.closed(0)#1 rejected: Error(2)",
        "write(0)#1 rejected: Error(2)",
        "writer.closed(0)#1 rejected: Error(2)",
    ];
    assert_eq!(seen, expected);
    assert_eq!(host.core.live(), 0);
}

#[test]
fn a_start_that_fails_errors_both_sides() {
    let mut host = Host::default();
    host.user().on(TransformStart(0), &[], Outcome::Rejected(1));
    let readable = Spec {
        has_start: true,
        ..Spec::default()
    };
    let writable = Spec::default();
    host.new_transform(TransformSpec { writable, readable });
    let seen = turn(&mut host, &[GetReader(0), GetWriter(0)]);
    assert!(
        seen.contains(&"reader.closed(0)#1 rejected: Error(1)".into()),
        "{seen:?}"
    );
    assert!(
        seen.contains(&"writer.closed(0)#1 rejected: Error(1)".into()),
        "{seen:?}"
    );
    assert_eq!(host.core.live(), 0);
}

#[test]
fn the_report_of_a_transform_that_ended_well_settles_the_pull_and_the_write() {
    let mut core = Core::new();
    let (readable, writable) = started(&mut core, 0.0, 0);
    core.readable_read(readable);
    assert_eq!(core.writable_write(writable, 1.0), QUEUED | CALL_WRITE);
    let answered = readable::FULFILL | readable::SETTLE_PULL;
    assert_eq!(core.readable_enqueue(readable), answered);
    core.writable_write(writable, 1.0);
    let expected = RESOLVE_WRITE | HOLD_WRITE;
    assert_eq!(
        core.transform_settled(readable, writable, Id::NONE)
            .destination(),
        expected
    );
    let wanted = readable::PENDING | readable::WAKE_WRITE;
    assert_eq!(core.readable_read(readable), wanted);
}

#[test]
fn the_report_of_a_transform_whose_readable_side_has_ended_settles_the_write() {
    let mut core = Core::new();
    let (readable, writable) = started(&mut core, 0.0, 0);
    core.readable_read(readable);
    core.writable_write(writable, 1.0);
    core.readable_enqueue(readable);
    core.readable_close(readable);
    assert_eq!(
        core.transform_settled(readable, writable, Id::NONE)
            .destination(),
        RESOLVE_WRITE
    );
}
