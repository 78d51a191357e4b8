//! Channels: what becomes of a chunk past the capacity, which writes wait, when their producers go on, and the end.
#![cfg(feature = "core")]

use std::collections::VecDeque;

use proptest::prelude::*;
use tidegate::core::channel::*;
use tidegate::core::effect::channel::*;
use tidegate::core::effect::{ChannelEffects, readable};
use tidegate::core::readable::Readable;
use tidegate::core::{Core, Id};

const ACCEPTED: ChannelEffects = ChannelEffects::from_bits(readable::QUEUED.bits());

/// A channel of a started stream.
fn channel(high_water_mark: f64, capacity: f64, overflow: u32) -> (Core, Id<Readable>) {
    let mut core = Core::new();
    let id = core.readable_new(high_water_mark, 0);
    core.channel_new(id, capacity, overflow);
    assert!(core.readable_started(id).is_none());
    (core, id)
}

/// A write as a host makes it: its last answer, and how many of the oldest chunks were dropped for it.
fn write(core: &mut Core, id: Id<Readable>, size: f64) -> (ChannelEffects, u32) {
    let mut dropped = 0;
    loop {
        let effects = core.channel_write(id, size, false);
        if effects != DROP_OLDEST {
            return (effects, dropped);
        }
        dropped += 1;
    }
}

#[test]
fn a_write_is_full_from_the_high_water_mark_on() {
    let (mut core, id) = channel(2.0, 8.0, OVERFLOW_ERROR);
    assert_eq!(core.channel_write(id, 1.0, false), ACCEPTED);
    assert_eq!(core.channel_write(id, 1.0, false), ACCEPTED | FULL);
    assert_eq!(core.channel_write(id, 1.0, false), ACCEPTED | FULL);
}

#[test]
fn a_chunk_past_the_capacity_fails_waits_or_is_dropped_as_the_policy_says() {
    for (overflow, answer) in [
        (OVERFLOW_ERROR, OVERFLOW),
        (OVERFLOW_BLOCK, BLOCK),
        (OVERFLOW_DROP_NEWEST, DROP_NEWEST),
    ] {
        let (mut core, id) = channel(2.0, 3.0, overflow);
        core.channel_write(id, 2.0, false);
        assert!(core.channel_write(id, 1.0, false).is_accepted());
        assert_eq!(core.channel_write(id, 0.5, false), answer);
        assert_eq!(core.readable_desired_size(id), -1.0);
    }
}

#[test]
fn the_oldest_make_room_and_no_more_of_them_than_it_takes() {
    let (mut core, id) = channel(2.0, 8.0, OVERFLOW_DROP_OLDEST);
    for size in [1.0, 2.0, 3.0] {
        core.channel_write(id, size, false);
    }
    assert_eq!(write(&mut core, id, 4.0), (ACCEPTED | FULL, 2));
    assert_eq!(core.readable_desired_size(id), -5.0);
}

#[test]
fn a_chunk_that_is_waited_for_needs_no_room() {
    let (mut core, id) = channel(1.0, 1.0, OVERFLOW_ERROR);
    core.readable_read(id);
    assert_eq!(core.channel_write(id, 9.0, false), ENQUEUE);
    assert_eq!(core.readable_enqueue(id), readable::FULFILL);
}

#[test]
fn a_chunk_larger_than_the_capacity_is_refused_whatever_the_policy_and_drops_nothing() {
    for overflow in 0..4 {
        let (mut core, id) = channel(2.0, 4.0, overflow);
        core.channel_write(id, 1.0, false);
        assert_eq!(core.channel_write(id, 5.0, false), TOO_LARGE);
        assert_eq!(core.readable_desired_size(id), 1.0);
    }
}

#[test]
fn bad_sizes_and_stale_ids_change_nothing() {
    let (mut core, id) = channel(2.0, 4.0, OVERFLOW_DROP_OLDEST);
    for size in [f64::NAN, -1.0, f64::INFINITY] {
        assert_eq!(core.channel_write(id, size, false), BAD_SIZE);
    }
    assert_eq!(core.readable_desired_size(id), 2.0);
    let stream = core.readable_new(1.0, 0);
    for id in [stream, Id::NONE] {
        assert_eq!(core.channel_write(id, 1.0, false), STALE);
        assert_eq!(core.channel_resume(id, false), STALE);
        assert_eq!(core.channel_resume(id, true), STALE);
        assert!(!core.channel_wait(id));
        assert_eq!(core.channel_write(id, 1.0, true), STALE);
    }
}

#[test]
fn a_stream_pulls_only_while_a_producer_waits() {
    let (mut core, id) = channel(2.0, 8.0, OVERFLOW_ERROR);
    core.channel_write(id, 1.0, false);
    assert_eq!(core.readable_read(id), readable::CHUNK);
    core.channel_write(id, 2.0, false);
    assert_eq!(
        core.readable_read(id),
        readable::CHUNK | readable::CALL_PULL
    );
    assert_eq!(core.channel_resume(id, false), DRAIN);
    core.readable_pull_settled(id);
    assert_eq!(core.readable_read(id), readable::PENDING);
}

#[test]
fn blocked_writes_go_on_in_their_order_when_the_stream_pulls() {
    let (mut core, id) = channel(1.0, 2.0, OVERFLOW_BLOCK);
    core.channel_write(id, 2.0, false);
    for size in [1.0, 2.0, 1.0] {
        assert_eq!(core.channel_write(id, size, false), BLOCK);
    }
    assert!(core.readable_read(id).has(readable::CALL_PULL));
    assert_eq!(core.channel_write(id, 1.0, true), ACCEPTED | FULL);
    assert_eq!(core.channel_write(id, 2.0, true), BLOCK, "1 + 2 > 2");
    assert_eq!(core.channel_resume(id, false), ChannelEffects::NONE);
    core.readable_pull_settled(id);
    assert_eq!(
        core.channel_write(id, 0.0, false),
        BLOCK,
        "none overtakes those that wait"
    );
}

#[test]
fn the_end_comes_after_what_is_blocked() {
    let (mut core, id) = channel(1.0, 1.0, OVERFLOW_BLOCK);
    core.channel_write(id, 1.0, false);
    core.channel_write(id, 1.0, false);
    assert_eq!(core.channel_resume(id, true), ChannelEffects::NONE);
    assert_eq!(core.channel_write(id, 1.0, false), REFUSED);
    assert!(core.readable_read(id).has(readable::CALL_PULL));
    assert_eq!(core.channel_write(id, 1.0, true), ACCEPTED | FULL);
    assert_eq!(
        core.channel_write(id, 1.0, true),
        REFUSED,
        "none is blocked"
    );
    assert_eq!(core.channel_resume(id, false), ENDED);
    assert_eq!(core.readable_read(id), readable::CHUNK | readable::CLOSE);
    assert_eq!(core.live(), 0);
}

#[test]
fn the_end_of_an_empty_channel_closes_its_stream() {
    let (mut core, id) = channel(1.0, 1.0, OVERFLOW_BLOCK);
    let effects = core.channel_resume(id, true);
    assert!(effects.has(ENDED) && effects.stream() == readable::CLOSE);
    assert_eq!(core.live(), 0);
}

#[test]
fn nobody_waits_for_room_while_a_read_waits() {
    let (mut core, id) = channel(0.0, 1.0, OVERFLOW_ERROR);
    assert!(core.channel_wait(id));
    assert!(core.readable_read(id).has(readable::CALL_PULL));
    assert_eq!(core.channel_resume(id, false), DRAIN);
    core.readable_read(id);
    assert!(!core.channel_wait(id));
    assert_eq!(
        core.channel_write(id, 1.0, false),
        ENQUEUE,
        "a second read waits"
    );
    core.readable_enqueue(id);
    assert_eq!(core.channel_write(id, 1.0, false), ENQUEUE | FULL);
}

/// A channel as a plain program would have it.
#[derive(Default)]
struct Naive {
    queue: VecDeque<u32>,
    blocked: VecDeque<u32>,
    waits: bool,
    ended: bool,
}

impl Naive {
    fn held(&self) -> u32 {
        self.queue.iter().sum()
    }

    /// The chunk's fate, and how many were dropped for it.
    fn offer(
        &mut self,
        size: u32,
        mark: u32,
        capacity: u32,
        overflow: u32,
    ) -> (ChannelEffects, u32) {
        let mut dropped = 0;
        if self.held() + size > capacity {
            if size > capacity {
                return (TOO_LARGE, 0);
            }
            match overflow {
                OVERFLOW_BLOCK => return (BLOCK, 0),
                OVERFLOW_DROP_NEWEST => return (DROP_NEWEST, 0),
                OVERFLOW_DROP_OLDEST => {}
                _ => return (OVERFLOW, 0),
            }
        }
        while self.held() + size > capacity {
            self.queue.pop_front();
            dropped += 1;
        }
        self.queue.push_back(size);
        let full = FULL.when(self.held() >= mark);
        self.waits |= !full.is_none();
        (ACCEPTED | full, dropped)
    }

    /// The host's part when the stream pulls; false where it would fail the channel.
    fn pull(
        &mut self,
        core: &mut Core,
        id: Id<Readable>,
        mark: u32,
        capacity: u32,
        overflow: u32,
    ) -> Result<bool, TestCaseError> {
        while let Some(&size) = self.blocked.front() {
            let (expected, _) = self.offer(size, mark, capacity, overflow);
            let answer = core.channel_write(id, f64::from(size), true);
            prop_assert_eq!(answer, expected);
            if answer == BLOCK {
                break;
            }
            if !answer.is_accepted() {
                return Ok(false);
            }
            self.blocked.pop_front();
        }
        let answer = core.channel_resume(id, false);
        let drains = self.waits && self.held() < mark;
        let expected = if self.ended {
            ENDED
        } else {
            DRAIN.when(drains)
        };
        let expected = expected.when(self.blocked.is_empty());
        self.waits &= expected != DRAIN;
        prop_assert_eq!(answer & (ENDED | DRAIN), expected);
        while core.readable_pull_settled(id).has(readable::CALL_PULL) {
            prop_assert_eq!(
                core.channel_resume(id, false),
                ChannelEffects::NONE,
                "all was done before"
            );
        }
        Ok(true)
    }
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Write(u32),
    Read,
    Wait,
    End,
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn holds_no_more_than_its_capacity_and_decides_as_a_plain_program(
        mark in 1u32..5, more in 0u32..8, overflow in 0u32..4,
        steps in prop::collection::vec(prop_oneof![
            4 => (1u32..7).prop_map(Step::Write), 4 => Just(Step::Read), 1 => Just(Step::Wait), 1 => Just(Step::End)
        ], 0..120)
    ) {
        let capacity = mark + more;
        let (mut core, id) = channel(f64::from(mark), f64::from(capacity), overflow);
        let mut naive = Naive::default();
        for step in steps {
            match step {
                Step::Write(size) => {
                    let (answer, made_room) = write(&mut core, id, f64::from(size));
                    if naive.ended {
                        prop_assert_eq!(answer, if core.live() == 0 { STALE } else { REFUSED });
                        continue;
                    }
                    let (expected, dropped) = if naive.blocked.is_empty() {
                        naive.offer(size, mark, capacity, overflow)
                    } else {
                        (BLOCK, 0)
                    };
                    let pulls = readable::CALL_PULL.when(dropped > 0 && naive.waits && naive.held() < mark);
                    prop_assert_eq!(answer, expected | ChannelEffects::from_bits(pulls.bits()));
                    prop_assert_eq!(made_room, dropped);
                    if answer == BLOCK {
                        naive.blocked.push_back(size);
                    }
                    if !pulls.is_none() {
                        naive.pull(&mut core, id, mark, capacity, overflow)?;
                    }
                }
                Step::Read if naive.queue.is_empty() => {}
                Step::Read => {
                    naive.queue.pop_front();
                    let effects = core.readable_read(id);
                    prop_assert!(effects.has(readable::CHUNK));
                    let closes = naive.ended && naive.blocked.is_empty() && naive.queue.is_empty();
                    prop_assert_eq!(effects.has(readable::CLOSE), closes);
                    let ended = naive.ended && naive.blocked.is_empty();
                    let waits = naive.waits || !naive.blocked.is_empty();
                    prop_assert_eq!(effects.has(readable::CALL_PULL), waits && !ended && naive.held() < mark);
                    if effects.has(readable::CALL_PULL) && !naive.pull(&mut core, id, mark, capacity, overflow)? {
                        return Ok(());
                    }
                }
                Step::Wait => {
                    let waits = naive.held() >= mark && !(naive.ended && naive.blocked.is_empty());
                    prop_assert_eq!(core.channel_wait(id), waits);
                    naive.waits |= waits;
                }
                Step::End => {
                    let answer = core.channel_resume(id, true);
                    if !naive.ended {
                        let closes = naive.blocked.is_empty() && naive.queue.is_empty();
                        prop_assert_eq!(answer.has(ENDED), naive.blocked.is_empty());
                        prop_assert_eq!(answer.stream().has(readable::CLOSE), closes);
                    }
                    naive.ended = true;
                }
            }
            prop_assert!(naive.held() <= capacity);
            if core.live() > 0 {
                prop_assert_eq!(core.readable_desired_size(id), f64::from(mark) - f64::from(naive.held()));
            }
        }
    }
}
