//! Many chunks in one command: what `readMany()` and `writeMany()` stand on.
use tidegate::core::Core;
use tidegate::core::effect::{ReadableEffects, readable as r, writable as w};
use tidegate::core::{Id, readable::Readable};

fn started_readable(core: &mut Core, high_water_mark: f64) -> Id<Readable> {
    let id = core.readable_new(high_water_mark, 0);
    core.readable_started(id);
    id
}

#[test]
fn read_many_takes_all_that_is_queued_and_pulls_once() {
    let mut core = Core::new();
    let id = started_readable(&mut core, 3.0);
    for _ in 0..3 {
        core.readable_enqueue(id);
    }
    core.readable_pull_settled(id);
    core.readable_pull_settled(id);
    assert_eq!(core.readable_read_many(id), r::CHUNK | r::CALL_PULL);
    assert_eq!(core.readable_desired_size(id), 3.0);
    assert_eq!(core.readable_read_many(id), r::PENDING);
}

#[test]
fn read_many_of_a_closing_stream_closes_it() {
    let mut core = Core::new();
    let id = started_readable(&mut core, 3.0);
    core.readable_enqueue(id);
    core.readable_enqueue(id);
    assert_eq!(core.readable_close(id), ReadableEffects::NONE);
    assert_eq!(core.readable_read_many(id), r::CHUNK | r::CLOSE);
    assert_eq!(core.readable_read_many(id), r::STALE);
}

#[test]
fn write_many_counts_every_chunk_against_the_high_water_mark() {
    let mut core = Core::new();
    let id = core.writable_new(4.0);
    core.writable_started(id);
    assert_eq!(core.writable_write_many(id, 3), w::QUEUED | w::CALL_WRITE);
    assert_eq!(core.writable_desired_size(id), 1.0);
    assert_eq!(core.writable_write_many(id, 2), w::QUEUED | w::BACKPRESSURE);
    for left in (1..=5).rev() {
        let effects = core.writable_write_settled(id);
        assert!(effects.has(w::RESOLVE_WRITE), "write {left} is answered");
    }
    assert_eq!(core.writable_desired_size(id), 4.0);
}

#[test]
fn write_many_is_refused_once_the_stream_closes() {
    let mut core = Core::new();
    let id = core.writable_new(4.0);
    core.writable_started(id);
    core.writable_close(id);
    assert_eq!(core.writable_write_many(id, 2), w::REFUSED);
}
