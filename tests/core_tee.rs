//! What a tee decides: when its source is read, and which branch gets what.
#![cfg(feature = "core")]

use tidegate::core::effect::tee::*;
use tidegate::core::tee::Tee;
use tidegate::core::{Core, Id};

fn tee() -> (Core, Id<Tee>) {
    let mut core = Core::new();
    let id = core.tee_new();
    (core, id)
}

#[test]
fn the_first_pull_reads_the_source_for_its_branch() {
    let (mut core, id) = tee();
    assert_eq!(core.tee_pull(id, 1), READ_FOR_2);
}

#[test]
fn a_pull_during_a_read_reads_again_once_the_chunk_is_delivered() {
    let (mut core, id) = tee();
    core.tee_pull(id, 0);
    core.tee_deliver(id);
    assert_eq!(core.tee_pull(id, 1), TeeEffects::NONE);
    assert_eq!(core.tee_delivered(id), READ_FOR_2);
}

#[test]
fn a_pull_from_before_the_delivery_is_answered_by_it() {
    let (mut core, id) = tee();
    core.tee_pull(id, 0);
    core.tee_pull(id, 1);
    core.tee_deliver(id);
    assert_eq!(core.tee_delivered(id), TeeEffects::NONE);
    assert_eq!(core.tee_pull(id, 0), READ_FOR_1);
}

#[test]
fn a_cancelled_branch_gets_nothing_more() {
    let (mut core, id) = tee();
    assert_eq!(core.tee_cancel(id, 0), TeeEffects::NONE);
    core.tee_pull(id, 1);
    assert_eq!(core.tee_deliver(id), BRANCH_2);
}

#[test]
fn the_source_is_cancelled_when_both_branches_are() {
    let (mut core, id) = tee();
    assert_eq!(core.tee_cancel(id, 1), TeeEffects::NONE);
    assert_eq!(core.tee_cancel(id, 0), CANCEL_SOURCE);
}

#[test]
fn a_source_that_closes_ends_the_tee_and_closes_the_branches_that_live() {
    let (mut core, id) = tee();
    core.tee_cancel(id, 1);
    core.tee_pull(id, 0);
    assert_eq!(core.tee_closed(id), BRANCH_1);
    assert_eq!(core.live(), 0);
    assert_eq!(core.tee_pull(id, 0), STALE);
}

#[test]
fn a_failed_read_lets_the_next_pull_read() {
    let (mut core, id) = tee();
    core.tee_pull(id, 0);
    core.tee_read_failed(id);
    assert_eq!(core.tee_pull(id, 1), READ_FOR_2);
    assert_eq!(core.tee_errored(id), BRANCH_1 | BRANCH_2);
    assert_eq!(core.live(), 0);
}
