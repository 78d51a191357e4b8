//! Machines that their user owns, with no registry: alone, and behind locks that threads share.
#![cfg(feature = "core")]

use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use tidegate::core::byte_plan::Plan;
use tidegate::core::byte_readable::ByteReadable;
use tidegate::core::effect::pipe::*;
use tidegate::core::effect::{byte_readable, readable, tee, writable};
use tidegate::core::pipe::{COUNTED, Pipe};
use tidegate::core::readable::{NO_PULL, Readable};
use tidegate::core::tee::Tee;
use tidegate::core::writable::Writable;

#[test]
fn a_readable_is_owned_alone() {
    let mut stream = Readable::new(2.0, 0);
    assert_eq!(stream.started(), readable::CALL_PULL);
    assert_eq!(stream.enqueue(), readable::QUEUED);
    assert_eq!(stream.pull_settled(), readable::CALL_PULL);
    assert_eq!(stream.desired_size(), 1.0);
    assert_eq!(stream.close(), readable::ReadableEffects::NONE);
    assert_eq!(stream.read(), readable::CHUNK | readable::CLOSE);
}

#[test]
fn a_writable_is_owned_alone() {
    let mut stream = Writable::new(1.0);
    stream.started();
    let written = writable::QUEUED | writable::BACKPRESSURE | writable::CALL_WRITE;
    assert_eq!(stream.write(1.0), written);
    let settled = writable::RESOLVE_WRITE | writable::READY;
    assert_eq!(stream.write_settled(), settled);
    assert_eq!(stream.close(), writable::CALL_CLOSE);
    assert_eq!(stream.close_settled(), writable::RESOLVE_CLOSE);
}

#[test]
fn a_writable_that_is_owned_errors_without_a_registry() {
    let mut stream = Writable::new(1.0);
    stream.started();
    let effects = stream.error();
    assert!(effects.has(writable::FINISH_ERRORING));
    assert!(effects.has(writable::REJECT_CLOSED));
}

#[test]
fn a_byte_stream_and_a_tee_are_owned_alone() {
    let mut plan = Plan::default();
    let mut stream = ByteReadable::new(0.0, NO_PULL);
    stream.started();
    assert_eq!(stream.enqueue(&mut plan, 4.0), byte_readable::QUEUED);
    assert_eq!(stream.read(&mut plan), byte_readable::CHUNK);
    assert_eq!(stream.close(), byte_readable::CLOSE);
    assert!(stream.is_over());

    let mut tee = Tee::default();
    assert_eq!(tee.pull(0), tee::READ_FOR_1);
    assert_eq!(tee.deliver(), tee::BRANCH_1 | tee::BRANCH_2);
    assert_eq!(tee.closed(), tee::BRANCH_1 | tee::BRANCH_2);
}

#[test]
fn a_pipe_moves_chunks_between_two_machines_that_are_owned() {
    let mut source = Readable::new(4.0, NO_PULL);
    let mut destination = Writable::new(1.0);
    source.started();
    destination.started();
    let mut pipe = Pipe::new(0, 0, COUNTED);
    for _ in 0..3 {
        source.enqueue();
    }
    let first = pipe.next(Some(&mut source), Some(&mut destination));
    assert_eq!(first.action(), MOVE);
    assert!(first.has(TAKEN | BEGIN));
    for next in [MOVE, MOVE, READ] {
        let report = pipe.write_settled(Some(&mut source), Some(&mut destination));
        assert_eq!(report.written().map(PipeAnswer::action), Some(next));
    }
    assert_eq!(source.close(), readable::CLOSE);
    pipe.source_ended(1);
    for next in [BEGIN_DRAINING, CLOSE_DESTINATION, WAIT] {
        assert_eq!(pipe.next(None, Some(&mut destination)).action(), next);
    }
}

/// A channel as a host would make it: one machine and the chunks it counts, behind one lock.
struct Channel {
    machine: Readable,
    chunks: Vec<u32>,
}

#[test]
fn a_machine_behind_a_lock_is_shared_by_threads() {
    const EACH: u32 = 2_000;
    const CAPACITY: f64 = 8.0;
    let mut machine = Readable::new(CAPACITY, NO_PULL);
    machine.started();
    let shared = Arc::new((
        Mutex::new(Channel {
            machine,
            chunks: Vec::new(),
        }),
        Condvar::new(),
    ));
    let producers: Vec<_> = (0..3)
        .map(|producer| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let (lock, changed) = &*shared;
                for turn in 0..EACH {
                    let mut channel = changed
                        .wait_while(lock.lock().unwrap(), |channel| {
                            channel.machine.desired_size() <= 0.0
                        })
                        .unwrap();
                    assert_eq!(channel.machine.enqueue(), readable::QUEUED);
                    channel.chunks.push(producer * EACH + turn);
                    changed.notify_all();
                }
            })
        })
        .collect();
    let (lock, changed) = &*shared;
    let mut seen = Vec::new();
    while seen.len() < 3 * EACH as usize {
        let mut channel = changed
            .wait_while(lock.lock().unwrap(), |channel| channel.chunks.is_empty())
            .unwrap();
        assert!(channel.chunks.len() <= CAPACITY as usize);
        assert_eq!(channel.machine.read_many(), readable::CHUNK);
        seen.append(&mut channel.chunks);
        changed.notify_all();
    }
    for producer in producers {
        producer.join().unwrap();
    }
    assert_eq!(lock.lock().unwrap().machine.desired_size(), CAPACITY);
    seen.sort_unstable();
    assert!(seen.into_iter().eq(0..3 * EACH));
}

#[test]
fn a_registry_can_be_moved_to_another_thread() {
    let mut core = tidegate::core::Core::new();
    let id = core.readable_new(1.0, 0);
    let effects = thread::spawn(move || core.readable_started(id))
        .join()
        .unwrap();
    assert_eq!(effects, readable::CALL_PULL);
}
