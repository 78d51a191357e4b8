//! Channels: readable streams that are written to by producers which cannot always wait. What happens to a chunk for which
//! there is no room is decided here.
use super::effect::channel::*;
use super::readable::Readable;

/// A chunk past the capacity fails the channel.
pub const OVERFLOW_ERROR: u32 = 0;
/// Its producer waits.
pub const OVERFLOW_BLOCK: u32 = 1;
/// The oldest chunks make room for it.
pub const OVERFLOW_DROP_OLDEST: u32 = 2;
/// It is dropped.
pub const OVERFLOW_DROP_NEWEST: u32 = 3;

impl Readable {
    /// What to do with a chunk of `size` for a stream that may hold `capacity`, both in units of its strategy: one of the
    /// answers of [`super::effect::channel`]. With [`ACCEPT`] the host enqueues the chunk, after it has dropped as many
    /// chunks from the head of its queue as the answer says.
    ///
    /// A chunk that answers a read is always accepted, and one that is larger than the capacity never.
    pub fn offer(&mut self, size: f64, capacity: f64, overflow: u32) -> ChannelAnswer {
        if !(0.0..f64::INFINITY).contains(&size) {
            return BAD_SIZE;
        }
        if self.has_requests() || self.queued_size() + size <= capacity {
            return ACCEPT;
        }
        if size > capacity {
            return TOO_LARGE;
        }
        match overflow {
            OVERFLOW_BLOCK => BLOCK,
            OVERFLOW_DROP_NEWEST => DROP_NEWEST,
            OVERFLOW_DROP_OLDEST => {
                let mut dropped = 0;
                while self.queued_size() + size > capacity && self.drop_oldest() {
                    dropped += 1;
                }
                ChannelAnswer::accept_after(dropped)
            }
            _ => OVERFLOW,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::effect::readable::{CHUNK, NEED_SIZE};
    use crate::core::readable::{HAS_SIZE, NO_PULL};
    use crate::core::{Core, Id};
    use proptest::prelude::*;

    fn channel(sizes: &[f64]) -> (Core, Id<Readable>) {
        let mut core = Core::new();
        let id = core.readable_new(2.0, HAS_SIZE | NO_PULL);
        core.readable_started(id);
        for size in sizes {
            assert_eq!(core.readable_enqueue(id), NEED_SIZE);
            core.readable_enqueue_commit(id, *size);
        }
        (core, id)
    }

    #[test]
    fn a_chunk_is_accepted_up_to_the_capacity() {
        let (mut core, id) = channel(&[1.0, 1.0]);
        assert_eq!(core.channel_offer(id, 1.0, 3.0, OVERFLOW_ERROR), ACCEPT);
        assert_eq!(core.channel_offer(id, 1.5, 3.0, OVERFLOW_ERROR), OVERFLOW);
    }

    #[test]
    fn a_chunk_past_the_capacity_waits_or_is_dropped_as_the_policy_says() {
        let (mut core, id) = channel(&[1.0, 1.0]);
        assert_eq!(core.channel_offer(id, 1.0, 2.0, OVERFLOW_BLOCK), BLOCK);
        assert_eq!(
            core.channel_offer(id, 1.0, 2.0, OVERFLOW_DROP_NEWEST),
            DROP_NEWEST
        );
    }

    #[test]
    fn the_oldest_make_room_and_no_more_of_them_than_it_takes() {
        let (mut core, id) = channel(&[1.0, 2.0, 3.0]);
        let answer = core.channel_offer(id, 4.0, 8.0, OVERFLOW_DROP_OLDEST);
        assert_eq!(answer, ChannelAnswer::accept_after(2));
        assert!(core.readable_read(id).has(CHUNK));
    }

    #[test]
    fn a_chunk_that_is_waited_for_needs_no_room() {
        let (mut core, id) = channel(&[]);
        core.readable_read(id);
        assert_eq!(core.channel_offer(id, 9.0, 1.0, OVERFLOW_ERROR), ACCEPT);
    }

    #[test]
    fn a_chunk_larger_than_the_capacity_is_refused_whatever_the_policy_and_drops_nothing() {
        let (mut core, id) = channel(&[1.0]);
        for overflow in [
            OVERFLOW_ERROR,
            OVERFLOW_BLOCK,
            OVERFLOW_DROP_OLDEST,
            OVERFLOW_DROP_NEWEST,
        ] {
            assert_eq!(core.channel_offer(id, 5.0, 4.0, overflow), TOO_LARGE);
        }
        assert_eq!(core.readable_desired_size(id), 1.0);
    }

    #[test]
    fn bad_sizes_and_stale_ids_change_nothing() {
        let (mut core, id) = channel(&[1.0]);
        for size in [f64::NAN, -1.0, f64::INFINITY] {
            assert_eq!(
                core.channel_offer(id, size, 4.0, OVERFLOW_DROP_OLDEST),
                BAD_SIZE
            );
        }
        assert_eq!(
            core.channel_offer(Id::NONE, 1.0, 4.0, OVERFLOW_ERROR),
            STALE
        );
    }

    proptest! {
        #[test]
        fn never_holds_more_than_the_capacity_and_drops_as_a_plain_list_would(
            capacity in 1u32..12, overflow in 0u32..4, steps in prop::collection::vec(prop_oneof![Just(0u32), 1u32..8], 0..200)
        ) {
            let (mut core, id) = channel(&[]);
            let mut naive: Vec<u32> = Vec::new();
            let held = |list: &[u32]| list.iter().sum::<u32>();
            for size in steps {
                if size == 0 {
                    if !naive.is_empty() {
                        naive.remove(0);
                        core.readable_read(id);
                    }
                    continue;
                }
                let answer = core.channel_offer(id, f64::from(size), f64::from(capacity), overflow);
                let mut dropped = 0;
                let expected = if size > capacity && held(&naive) + size > capacity {
                    TOO_LARGE
                } else if held(&naive) + size <= capacity {
                    ACCEPT
                } else {
                    match overflow {
                        OVERFLOW_BLOCK => BLOCK,
                        OVERFLOW_DROP_NEWEST => DROP_NEWEST,
                        OVERFLOW_ERROR => OVERFLOW,
                        _ => {
                            while held(&naive) + size > capacity {
                                naive.remove(0);
                                dropped += 1;
                            }
                            ACCEPT
                        }
                    }
                };
                prop_assert_eq!(answer, if dropped > 0 { ChannelAnswer::accept_after(dropped) } else { expected });
                if expected == ACCEPT {
                    naive.push(size);
                    core.readable_enqueue(id);
                    core.readable_enqueue_commit(id, f64::from(size));
                }
                prop_assert!(held(&naive) <= capacity);
                prop_assert_eq!(core.readable_desired_size(id), 2.0 - f64::from(held(&naive)));
            }
        }
    }
}
