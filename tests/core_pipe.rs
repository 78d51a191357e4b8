//! Pipes: the core by itself, and under a host.
#![cfg(feature = "core")]

mod core_byte_support;
mod support;

use support::host::Host;
use support::realm::World;
use support::turn;
use support::user::{Callback, Op, Op::*, Outcome, Spec, Streams};
use tidegate::core::Core;
use tidegate::core::effect::pipe::*;
use tidegate::core::effect::{PipeReport, WritableEffects, readable, writable};
use tidegate::core::pipe::{
    COUNTED, PAUSE_MEMORY, PAUSE_TURN, PREVENT_ABORT, PREVENT_CANCEL, PREVENT_CLOSE,
};
use tidegate::core::readable::NO_PULL;
use tidegate::core::{Id, pipe::Pipe, readable::Readable, writable::Writable};

/// Source 0 and destination 0, started; the source has no pull.
fn host(source_mark: f64, destination_mark: f64) -> Host {
    let mut host = Host::default();
    host.new_readable(Spec {
        high_water_mark: source_mark,
        has_work: false,
        ..Spec::default()
    });
    host.new_writable(Spec {
        high_water_mark: destination_mark,
        ..Spec::default()
    });
    turn(&mut host, &[]);
    host
}

const PIPED: &str = "pipeTo(0)#1: Undefined";

#[test]
fn chunks_go_from_the_source_to_the_destination_and_the_close_follows() {
    let mut host = host(3.0, 1.0);
    let ops = [
        Enqueue(0, 1),
        Enqueue(0, 2),
        CloseReadable(0),
        PipeTo(0, 0, 0),
    ];
    let seen = turn(&mut host, &ops);
    assert_eq!(
        seen,
        ["Write(0) Chunk(1)", "Write(0) Chunk(2)", "Close(0)", PIPED]
    );
    assert_eq!(host.core.live(), 0);
}

#[test]
fn an_enqueue_never_calls_the_sink_within_itself() {
    let mut host = host(3.0, 1.0);
    turn(&mut host, &[PipeTo(0, 0, 0)]);
    support::user::perform(&mut host, Enqueue(0, 1));
    assert_eq!(host.user().log(), [""; 0]);
    assert_eq!(turn(&mut host, &[]), ["Write(0) Chunk(1)"]);
}

#[test]
fn one_burst_moves_what_the_destination_has_room_for() {
    let mut core = Core::new();
    let source = core.readable_new(5.0, tidegate::core::readable::NO_PULL);
    let destination = core.writable_new(2.0);
    core.readable_started(source);
    core.writable_started(destination);
    for _ in 0..3 {
        core.readable_enqueue(source);
    }
    let pipe = core.pipe_new(source, 0, destination, 0, 0);
    assert_eq!(core.pipe_next(pipe), MOVE.with_source(readable::CHUNK));
    assert_eq!(
        core.pipe_write(pipe, 1.0),
        writable::QUEUED | writable::CALL_WRITE
    );
    assert_eq!(core.pipe_next(pipe), MOVE.with_source(readable::CHUNK));
    assert_eq!(
        core.pipe_write(pipe, 1.0),
        writable::QUEUED | writable::BACKPRESSURE
    );
    assert_eq!(core.pipe_next(pipe), WAIT);
    assert_eq!(core.readable_desired_size(source), 4.0);
}

#[test]
fn an_empty_source_gets_one_read_request() {
    let mut core = Core::new();
    let source = core.readable_new(0.0, 0);
    let destination = core.writable_new(1.0);
    core.readable_started(source);
    let pipe = core.pipe_new(source, 0, destination, 0, 0);
    let read = readable::PENDING | readable::CALL_PULL;
    assert_eq!(core.pipe_next(pipe), READ.with_source(read));
    assert_eq!(core.pipe_next(pipe), WAIT);
}

#[test]
fn nothing_is_read_while_the_destination_has_no_room() {
    let mut host = host(3.0, 0.0);
    turn(&mut host, &[Enqueue(0, 1), PipeTo(0, 0, 0)]);
    assert_eq!(host.readable_desired_size(0), Some(2.0));
}

#[test]
fn a_paused_pipe_moves_nothing_and_goes_on_where_it_was() {
    let mut core = Core::new();
    let source = core.readable_new(5.0, tidegate::core::readable::NO_PULL);
    let destination = core.writable_new(2.0);
    core.readable_started(source);
    core.writable_started(destination);
    core.readable_enqueue(source);
    let pipe = core.pipe_new(source, 0, destination, 0, 0);
    core.pipe_pause(pipe, PAUSE_MEMORY, true);
    assert_eq!(core.pipe_next(pipe), WAIT);
    assert_eq!(core.readable_desired_size(source), 4.0);
    core.pipe_pause(pipe, PAUSE_MEMORY, false);
    assert_eq!(core.pipe_next(pipe), MOVE.with_source(readable::CHUNK));
}

#[test]
fn a_pipe_with_two_reasons_to_pause_goes_on_when_both_are_gone() {
    for (first, second) in [(PAUSE_MEMORY, PAUSE_TURN), (PAUSE_TURN, PAUSE_MEMORY)] {
        let (mut core, source, _, pipe) = counted(1.0, 3.0);
        core.readable_enqueue(source);
        core.pipe_pause(pipe, first, true);
        core.pipe_pause(pipe, second, true);
        core.pipe_pause(pipe, first, false);
        assert_eq!(core.pipe_next(pipe), WAIT);
        core.pipe_pause(pipe, first, false);
        assert_eq!(core.pipe_next(pipe), WAIT);
        core.pipe_pause(pipe, second, false);
        assert_eq!(core.pipe_next(pipe).action(), MOVE);
    }
}

#[test]
fn a_reason_to_pause_that_is_given_twice_is_withdrawn_once() {
    let (mut core, source, _, pipe) = counted(1.0, 3.0);
    core.readable_enqueue(source);
    core.pipe_pause(pipe, PAUSE_TURN, true);
    core.pipe_pause(pipe, PAUSE_TURN, true);
    core.pipe_pause(pipe, PAUSE_TURN, false);
    assert_eq!(core.pipe_next(pipe).action(), MOVE);
}

#[test]
fn a_paused_pipe_whose_destination_gets_room_reads_nothing() {
    for report in [Core::pipe_write_settled, Core::pipe_turned] {
        for (paused, expected) in [(false, READ), (true, WAIT)] {
            let (mut core, source, _, pipe) = counted(0.0, 1.0);
            core.pipe_next(pipe);
            core.readable_enqueue(source);
            core.pipe_pause(pipe, PAUSE_TURN, paused);
            let answer = report(&mut core, pipe).written();
            assert_eq!(answer.map(PipeAnswer::action), Some(expected));
        }
    }
}

#[test]
fn a_pause_changes_nothing_of_a_pipe_that_has_gone() {
    let (mut core, _, _, pipe) = counted(1.0, 3.0);
    core.pipe_free(pipe);
    core.pipe_pause(pipe, PAUSE_TURN, true);
    assert_eq!(core.pipe_next(pipe), STALE);
}

#[test]
fn a_paused_pipe_shuts_down_when_a_side_has_ended() {
    let mut core = Core::new();
    let source = core.readable_new(0.0, 0);
    let destination = core.writable_new(1.0);
    core.readable_started(source);
    core.writable_started(destination);
    let pipe = core.pipe_new(source, 0, destination, 0, 0);
    core.pipe_pause(pipe, PAUSE_MEMORY, true);
    core.pipe_source_ended(pipe, 2);
    assert_eq!(core.pipe_next(pipe), BEGIN_DRAINING | BY_SOURCE_ERROR);
    assert_eq!(core.pipe_next(pipe), ABORT_DESTINATION | BY_SOURCE_ERROR);
}

#[test]
fn the_read_of_a_byte_source_is_the_hosts() {
    let mut core = Core::new();
    let destination = core.writable_new(1.0);
    let source = core.byte_readable_new(0.0, 0);
    let pipe = core.pipe_new(source, 0, destination, 0, 0);
    assert_eq!(core.pipe_next(pipe), READ);
    assert_eq!(core.pipe_next(pipe), WAIT);
    core.pipe_fulfilled(pipe);
    assert_eq!(
        core.pipe_write(pipe, 1.0) & writable::QUEUED,
        writable::QUEUED
    );
}

#[test]
fn a_byte_source_leaves_a_readable_with_the_same_id_alone() {
    let mut core = Core::new();
    let unrelated = core.readable_new(1.0, 0);
    let source = core.byte_readable_new(0.0, 0);
    assert_eq!(
        unrelated.bits(),
        source.bits(),
        "ids of two kinds, each the first of its kind"
    );
    let destination = core.writable_new(1.0);
    let pipe = core.pipe_new(source, 0, destination, 0, 0);
    core.pipe_next(pipe);
    core.readable_read(unrelated);
    core.pipe_free(pipe);
    assert_eq!(core.readable_enqueue(unrelated), readable::FULFILL);
}

#[test]
fn the_end_of_a_byte_sources_pull_is_no_concern_of_its_pipe() {
    let mut core = Core::new();
    let unrelated = core.readable_new(1.0, 0);
    assert_eq!(core.readable_started(unrelated), readable::CALL_PULL);
    let source = core.byte_readable_new(0.0, 0);
    let destination = core.writable_new(1.0);
    let pipe = core.pipe_new(source, 0, destination, 0, 0);
    assert_eq!(core.pipe_turned(pipe), PipeReport::STALE);
    let still_pulling = !core.readable_read(unrelated).has(readable::CALL_PULL);
    assert!(still_pulling);
}

#[test]
fn a_source_that_errors_aborts_the_destination() {
    let mut host = host(1.0, 1.0);
    turn(&mut host, &[PipeTo(0, 0, 0)]);
    let seen = turn(&mut host, &[ErrorReadable(0, 5)]);
    assert_eq!(
        seen,
        [
            "Aborted(0) Error(5)",
            "Abort(0) Error(5)",
            "pipeTo(0)#1 rejected: Error(5)"
        ]
    );
    assert_eq!(host.core.live(), 0);
}

#[test]
fn prevent_abort_leaves_the_destination_as_it_is() {
    let mut host = host(1.0, 1.0);
    turn(&mut host, &[PipeTo(0, 0, PREVENT_ABORT)]);
    let seen = turn(&mut host, &[ErrorReadable(0, 5)]);
    assert_eq!(seen, ["pipeTo(0)#1 rejected: Error(5)"]);
    assert_eq!(host.writable_desired_size(0), Some(1.0));
    assert!(!host.is_writable_locked(0));
}

#[test]
fn a_destination_that_errors_cancels_the_source() {
    let mut host = host(1.0, 1.0);
    turn(&mut host, &[PipeTo(0, 0, 0)]);
    let seen = turn(&mut host, &[ErrorWritable(0, 6)]);
    assert_eq!(
        seen,
        ["Cancel(0) Error(6)", "pipeTo(0)#1 rejected: Error(6)"]
    );
    assert_eq!(host.core.live(), 0);
}

#[test]
fn prevent_cancel_leaves_the_source_as_it_is() {
    let mut host = host(1.0, 1.0);
    turn(&mut host, &[PipeTo(0, 0, PREVENT_CANCEL)]);
    let seen = turn(&mut host, &[ErrorWritable(0, 6)]);
    assert_eq!(seen, ["pipeTo(0)#1 rejected: Error(6)"]);
    assert_eq!(host.readable_desired_size(0), Some(1.0));
    let seen = turn(&mut host, &[GetReader(0), Read(0), Enqueue(0, 1)]);
    assert_eq!(seen, ["read(0)#1: Chunk(1)"]);
}

#[test]
fn prevent_close_leaves_the_destination_open() {
    let mut host = host(1.0, 1.0);
    turn(&mut host, &[PipeTo(0, 0, PREVENT_CLOSE)]);
    assert_eq!(turn(&mut host, &[CloseReadable(0)]), [PIPED]);
    assert_eq!(host.writable_desired_size(0), Some(1.0));
    assert!(!host.is_writable_locked(0));
}

#[test]
fn a_destination_that_is_closed_cancels_the_source_with_a_type_error() {
    let mut host = host(1.0, 1.0);
    turn(&mut host, &[CloseStream(0)]);
    let seen = turn(&mut host, &[PipeTo(0, 0, 0)]);
    assert_eq!(
        seen,
        ["Cancel(0) TypeError", "pipeTo(0)#1 rejected: TypeError"]
    );
    assert_eq!(host.core.live(), 0);
}

#[test]
fn a_source_that_has_errored_wins_over_a_destination_that_has() {
    let mut host = host(1.0, 1.0);
    turn(&mut host, &[ErrorReadable(0, 1), ErrorWritable(0, 2)]);
    let seen = turn(&mut host, &[PipeTo(0, 0, 0)]);
    assert_eq!(seen, ["pipeTo(0)#1 rejected: Error(1)"]);
}

#[test]
fn a_close_of_the_destination_that_fails_is_the_pipes_failure() {
    let mut host = host(1.0, 1.0);
    host.user()
        .on(Callback::Close(0), &[], Outcome::Rejected(7));
    let seen = turn(&mut host, &[CloseReadable(0), PipeTo(0, 0, 0)]);
    assert_eq!(seen, ["Close(0)", "pipeTo(0)#1 rejected: Error(7)"]);
}

#[test]
fn the_signal_aborts_the_destination_and_cancels_the_source() {
    let mut host = host(1.0, 1.0);
    turn(&mut host, &[PipeTo(0, 0, 0)]);
    let seen = turn(&mut host, &[Signal(0, 8)]);
    let expected = [
        "Aborted(0) Error(8)",
        "Abort(0) Error(8)",
        "Cancel(0) Error(8)",
        "pipeTo(0)#1 rejected: Error(8)",
    ];
    assert_eq!(seen, expected);
    assert_eq!(host.core.live(), 0);
}

#[test]
fn the_signal_with_both_ends_prevented_ends_the_pipe_alone() {
    let mut host = host(1.0, 1.0);
    turn(&mut host, &[PipeTo(0, 0, PREVENT_ABORT | PREVENT_CANCEL)]);
    assert_eq!(
        turn(&mut host, &[Signal(0, 8)]),
        ["pipeTo(0)#1 rejected: Error(8)"]
    );
    assert!(!host.is_readable_locked(0));
    assert!(!host.is_writable_locked(0));
}

#[test]
fn what_was_read_is_written_before_the_pipe_acts() {
    let mut host = host(1.0, 5.0);
    host.user().on(Callback::Write(0), &[], Outcome::Pending);
    turn(&mut host, &[PipeTo(0, 0, 0), Enqueue(0, 1), Enqueue(0, 2)]);
    assert_eq!(turn(&mut host, &[ErrorReadable(0, 5)]), [""; 0]);
    let seen = turn(&mut host, &[Settle(Callback::Write(0), None)]);
    assert_eq!(seen[0], "Write(0) Chunk(2)");
    assert_eq!(seen.last().unwrap(), "pipeTo(0)#1 rejected: Error(5)");
}

/// <https://streams.spec.whatwg.org/#rs-pipeTo-shutdown-with-action>
#[test]
fn a_shutdown_that_waits_for_a_write_goes_on_waiting_when_the_destination_errors() {
    let mut host = host(1.0, 1.0);
    host.user().on(Callback::Write(0), &[], Outcome::Pending);
    turn(&mut host, &[PipeTo(0, 0, 0), Enqueue(0, 1)]);
    turn(&mut host, &[Signal(0, 8)]);
    turn(&mut host, &[ErrorWritable(0, 9)]);
    assert_eq!(turn(&mut host, &[ErrorReadable(0, 7)]), [""; 0]);
    let seen = turn(&mut host, &[Settle(Callback::Write(0), None)]);
    assert_eq!(seen, ["pipeTo(0)#1 rejected: Error(8)"]);
}

#[test]
fn the_first_reason_to_end_stays() {
    let mut host = host(1.0, 1.0);
    turn(&mut host, &[PipeTo(0, 0, 0)]);
    let seen = turn(&mut host, &[ErrorReadable(0, 1), Op::Signal(0, 2)]);
    assert_eq!(seen.last().unwrap(), "pipeTo(0)#1 rejected: Error(2)");
}

#[test]
fn a_pipe_that_has_ended_leaves_both_streams_to_others() {
    let mut host = host(2.0, 1.0);
    turn(
        &mut host,
        &[PipeTo(0, 0, PREVENT_ABORT | PREVENT_CANCEL), Signal(0, 1)],
    );
    let seen = turn(&mut host, &[GetReader(0), Read(0), Enqueue(0, 3)]);
    assert_eq!(seen, ["read(0)#1: Chunk(3)"]);
}

#[test]
fn a_stale_id_answers_stale_and_changes_nothing() {
    let mut core = Core::new();
    let source = core.readable_new(1.0, 0);
    let destination = core.writable_new(1.0);
    let pipe = core.pipe_new(source, 0, destination, 0, 0);
    core.pipe_free(pipe);
    for stale in [pipe, Id::NONE, Id::from_bits(u32::MAX)] {
        assert_eq!(core.pipe_next(stale), STALE);
        assert_eq!(core.pipe_signalled(stale), STALE);
        assert_eq!(core.pipe_write(stale, 1.0), WritableEffects::STALE);
        core.pipe_source_ended(stale, 2);
        core.pipe_destination_ended(stale, 2);
        core.pipe_fulfilled(stale);
        core.pipe_free(stale);
    }
    assert_eq!(core.live(), 2);
}

/// A pipe of the core whose destination has one write in flight, with what is queued in the source.
fn writing(source_queue: u32) -> (Core, Id<Pipe>, Id<Writable>) {
    let mut core = Core::new();
    let source = core.readable_new(5.0, NO_PULL);
    let destination = core.writable_new(1.0);
    core.readable_started(source);
    core.writable_started(destination);
    for _ in 0..=source_queue {
        core.readable_enqueue(source);
    }
    let pipe = core.pipe_new(source, 0, destination, 0, 0);
    assert_eq!(core.pipe_next(pipe).action(), MOVE);
    core.pipe_write(pipe, 1.0);
    (core, pipe, destination)
}

#[test]
fn the_report_of_a_write_that_made_room_says_what_the_pipe_does_next() {
    let (mut core, pipe, _) = writing(1);
    let moved = MOVE.with_source(readable::CHUNK);
    assert_eq!(core.pipe_write_settled(pipe), PipeReport::of_pipe(moved));
    core.pipe_write(pipe, 1.0);
    let read = READ.with_source(readable::PENDING);
    assert_eq!(core.pipe_write_settled(pipe), PipeReport::of_pipe(read));
}

#[test]
fn the_report_of_a_write_gives_the_destinations_effects_where_there_are_others() {
    let (mut core, pipe, destination) = writing(1);
    core.writable_close(destination);
    let expected = writable::RESOLVE_WRITE | writable::CALL_CLOSE;
    assert_eq!(core.pipe_write_settled(pipe).destination(), expected);
}

#[test]
fn the_report_of_a_write_leaves_a_pipe_that_shuts_down_to_its_host() {
    let (mut core, pipe, _) = writing(1);
    core.pipe_signalled(pipe);
    let expected = writable::RESOLVE_WRITE | writable::READY;
    assert_eq!(core.pipe_write_settled(pipe).destination(), expected);
    assert_eq!(core.pipe_write_settled(Id::NONE), PipeReport::STALE);
}

/// A pipe whose destination counts chunks, with nothing moved yet; the marks are those of the two ends.
fn counted(
    source_mark: f64,
    destination_mark: f64,
) -> (Core, Id<Readable>, Id<Writable>, Id<Pipe>) {
    let mut core = Core::new();
    let source = core.readable_new(source_mark, 0);
    let destination = core.writable_new(destination_mark);
    core.readable_started(source);
    core.writable_started(destination);
    let pipe = core.pipe_new(source, 0, destination, 0, COUNTED);
    (core, source, destination, pipe)
}

#[test]
fn a_chunk_that_answers_the_read_of_a_counted_pipe_is_written_by_its_enqueue() {
    let (mut core, source, _, pipe) = counted(0.0, 1.0);
    assert_eq!(core.pipe_next(pipe).action(), READ);
    let effects = core.readable_enqueue(source);
    assert!(effects.has(readable::FULFILL));
    assert_eq!(effects.delivery(), TAKEN | BEGIN | FULL);
    assert_eq!(core.pipe_next(pipe), WAIT);
}

#[test]
fn a_counted_pipe_reads_on_while_its_destination_has_room() {
    let (mut core, source, destination, pipe) = counted(0.0, 3.0);
    core.pipe_next(pipe);
    for delivery in [TAKEN | BEGIN, TAKEN, TAKEN | FULL] {
        let effects = core.readable_enqueue(source);
        assert!(effects.has(readable::FULFILL));
        assert_eq!(effects.delivery(), delivery);
    }
    assert_eq!(core.writable_desired_size(destination), 0.0);
    assert_eq!(core.readable_enqueue(source), readable::QUEUED);
}

#[test]
fn a_counted_pipe_that_is_paused_or_shuts_down_reads_no_further() {
    let (mut core, source, _, pipe) = counted(0.0, 3.0);
    core.pipe_next(pipe);
    core.pipe_pause(pipe, PAUSE_MEMORY, true);
    core.readable_enqueue(source);
    assert_eq!(core.readable_enqueue(source), readable::QUEUED);

    let (mut core, source, _, pipe) = counted(0.0, 3.0);
    core.pipe_next(pipe);
    core.pipe_signalled(pipe);
    assert_eq!(core.readable_enqueue(source), readable::FULFILL);
}

#[test]
fn the_report_of_a_pull_and_a_write_answers_both() {
    let (mut core, source, _, pipe) = counted(1.0, 1.0);
    core.pipe_next(pipe);
    core.readable_enqueue(source);
    let answer = core.pipe_turned(pipe).written().expect("it was written");
    assert_eq!(answer.action(), READ);
    assert!(answer.source().has(readable::CALL_PULL));
    core.pipe_free(pipe);
    assert_eq!(core.pipe_turned(pipe), PipeReport::STALE);
}
