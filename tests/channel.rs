//! Channels, one behaviour a test.
#[path = "channel_support/mod.rs"]
mod support;

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
use std::thread;
use std::time::Duration;

use futures_executor::block_on;
use futures_util::future::join;
use futures_util::{SinkExt, StreamExt};
use support::Task;
use tidegate::channel::{
    FailureKind, Overflow, QueuingStrategy, SendError, Sender, TryRecvError, TrySendError, channel,
};

#[test]
fn values_arrive_in_the_order_in_which_they_were_sent() {
    let (sender, mut receiver) = channel(QueuingStrategy::count(3));
    let produce = async {
        for turn in 0..100 {
            sender.send(turn).await.unwrap();
        }
        sender.close();
    };
    let consume = async {
        let mut all = Vec::new();
        while let Some(turn) = receiver.recv().await.unwrap() {
            all.push(turn);
        }
        all
    };
    let (_, all) = block_on(join(produce, consume));
    assert!(all.into_iter().eq(0..100));
}

#[test]
fn a_value_for_which_there_is_no_room_comes_back() {
    let (sender, mut receiver) = channel(QueuingStrategy::count(1).capacity(2));
    assert_eq!(sender.try_send('a'), Ok(()));
    assert_eq!(sender.try_send('b'), Ok(()));
    assert_eq!(sender.try_send('c'), Err(TrySendError::Full('c')));
    assert_eq!(sender.desired_size(), -1);
    assert_eq!(receiver.try_recv(), Ok('a'));
    assert_eq!(sender.try_send('c'), Ok(()));
}

#[test]
fn a_value_larger_than_the_capacity_comes_back_from_each_way_to_send() {
    let (sender, _receiver) = channel(QueuingStrategy::bytes(4));
    assert_eq!(
        sender.try_send("hello"),
        Err(TrySendError::TooLarge("hello"))
    );
    assert_eq!(
        block_on(sender.send("hello")),
        Err(SendError::TooLarge("hello"))
    );
    let refused = block_on(sender.reserve_size(5)).map(drop);
    assert_eq!(refused, Err(TrySendError::TooLarge(())));
}

#[test]
fn a_value_larger_than_the_capacity_is_taken_by_a_receiver_that_waits() {
    let (sender, mut receiver) = channel(QueuingStrategy::bytes(4));
    let mut recv = Task::new(receiver.recv());
    assert!(recv.poll().is_pending());
    assert_eq!(sender.try_send("hello"), Ok(()));
    assert_eq!(recv.wakes(), 1);
    assert!(matches!(recv.poll(), Poll::Ready(Ok(Some("hello")))));
}

#[test]
fn senders_that_wait_are_served_first_in_first_out_and_are_not_overtaken() {
    let (sender, mut receiver) = channel(QueuingStrategy::count(1));
    sender.try_send(0).unwrap();
    let mut tasks: Vec<_> = (1..4).map(|turn| Task::new(sender.send(turn))).collect();
    assert!(tasks.iter_mut().all(|task| task.poll().is_pending()));
    for turn in 0..4 {
        assert_eq!(sender.try_send(9), Err(TrySendError::Full(9)));
        assert_eq!(receiver.try_recv(), Ok(turn));
        let woken: Vec<_> = tasks.iter().map(Task::wakes).collect();
        let expected: Vec<_> = (0..3).map(|task| usize::from(task <= turn)).collect();
        assert_eq!(woken, expected);
    }
    assert!(
        tasks
            .iter_mut()
            .all(|task| task.poll() == Poll::Ready(Ok(())))
    );
}

#[test]
fn a_large_value_that_waits_is_not_overtaken_by_a_small_one() {
    let (sender, mut receiver) = channel(QueuingStrategy::bytes(4));
    sender.try_send("ab").unwrap();
    let mut large = Task::new(sender.send("cdef"));
    assert!(large.poll().is_pending());
    assert_eq!(sender.try_send("g"), Err(TrySendError::Full("g")));
    let mut small = Task::new(sender.send("g"));
    assert!(small.poll().is_pending());
    assert_eq!(receiver.try_recv(), Ok("ab"));
    assert_eq!(receiver.try_recv(), Ok("cdef"));
    assert_eq!(receiver.try_recv(), Ok("g"));
}

#[test]
fn a_dropped_send_sends_nothing_and_lets_those_behind_it_go_on() {
    let (sender, mut receiver) = channel(QueuingStrategy::bytes(4));
    sender.try_send("abc").unwrap();
    let mut large = Task::new(sender.send("defg"));
    let mut small = Task::new(sender.send("h"));
    assert!(large.poll().is_pending() && small.poll().is_pending());
    drop(large);
    assert_eq!(small.wakes(), 1);
    assert_eq!(small.poll(), Poll::Ready(Ok(())));
    assert_eq!(receiver.try_recv(), Ok("abc"));
    assert_eq!(receiver.try_recv(), Ok("h"));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn a_dropped_permit_gives_its_room_to_the_next_sender() {
    let (sender, mut receiver) = channel(QueuingStrategy::count(1));
    let permit = block_on(sender.reserve()).unwrap();
    assert_eq!(sender.desired_size(), 0);
    let mut send = Task::new(sender.send(1));
    assert!(send.poll().is_pending());
    drop(permit);
    assert_eq!(send.wakes(), 1);
    assert_eq!(send.poll(), Poll::Ready(Ok(())));
    assert_eq!(receiver.try_recv(), Ok(1));
}

#[test]
fn a_reservation_that_is_granted_and_dropped_gives_its_room_to_the_next_sender() {
    let (sender, mut receiver) = channel(QueuingStrategy::count(1));
    sender.try_send(0).unwrap();
    let mut reserve = Task::new(sender.reserve());
    let mut send = Task::new(sender.send(1));
    assert!(reserve.poll().is_pending() && send.poll().is_pending());
    assert_eq!(receiver.try_recv(), Ok(0));
    assert_eq!((reserve.wakes(), send.wakes()), (1, 0));
    drop(reserve);
    assert_eq!(send.wakes(), 1);
    assert_eq!(receiver.try_recv(), Ok(1));
}

#[test]
fn a_permit_for_less_than_the_value_needs_room_for_the_rest() {
    let (sender, mut receiver) = channel(QueuingStrategy::bytes(4));
    let permit = block_on(sender.reserve_size(1)).unwrap();
    sender.try_send("ab").unwrap();
    assert_eq!(permit.send("cde"), Err(TrySendError::Full("cde")));
    let permit = block_on(sender.reserve_size(1)).unwrap();
    assert_eq!(permit.send("cd"), Ok(()));
    assert_eq!(receiver.try_recv(), Ok("ab"));
    assert_eq!(receiver.try_recv(), Ok("cd"));
    assert_eq!(sender.desired_size(), 4);
}

#[test]
fn a_dropped_recv_loses_no_value() {
    let (sender, mut receiver) = channel(QueuingStrategy::count(1));
    let mut recv = Task::new(receiver.recv());
    assert!(recv.poll().is_pending());
    sender.try_send(1).unwrap();
    drop(recv);
    assert_eq!(receiver.try_recv(), Ok(1));
}

#[test]
fn a_dropped_recv_makes_no_room() {
    let (sender, mut receiver) = channel(QueuingStrategy::count(0));
    let mut recv = Task::new(receiver.recv());
    assert!(recv.poll().is_pending());
    drop(recv);
    assert_eq!(sender.try_send(1), Err(TrySendError::Full(1)));
}

#[test]
fn a_channel_without_room_passes_each_value_from_hand_to_hand() {
    let (sender, mut receiver) = channel(QueuingStrategy::count(0));
    assert_eq!(sender.try_send(0), Err(TrySendError::Full(0)));
    let mut send = Task::new(sender.send(1));
    assert!(send.poll().is_pending());
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(send.poll(), Poll::Ready(Ok(())));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    let both = join(sender.send(2), receiver.recv());
    assert!(matches!(block_on(both), (Ok(()), Ok(Some(2)))));
}

#[test]
fn a_closed_channel_gives_what_is_queued_and_what_waits_and_refuses_the_rest() {
    let (sender, mut receiver) = channel(QueuingStrategy::count(1));
    sender.try_send(0).unwrap();
    let mut send = Task::new(sender.send(1));
    let mut reserve = Task::new(sender.reserve());
    assert!(send.poll().is_pending() && reserve.poll().is_pending());
    sender.close();
    assert_eq!(reserve.wakes(), 1);
    assert_eq!(
        reserve.poll().map(|it| it.map(drop)),
        Poll::Ready(Err(TrySendError::Closed(())))
    );
    assert_eq!(sender.try_send(2), Err(TrySendError::Closed(2)));
    assert_eq!(block_on(sender.send(2)), Err(SendError::Closed(2)));
    let mut closed = Task::new(sender.closed());
    assert!(closed.poll().is_pending());
    assert_eq!(receiver.try_recv(), Ok(0));
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    assert_eq!(closed.wakes(), 1);
    assert!(matches!(closed.poll(), Poll::Ready(Ok(()))));
}

#[test]
fn the_last_sender_that_is_dropped_closes_the_channel() {
    let (sender, mut receiver) = channel(QueuingStrategy::count(2));
    let other = sender.clone();
    sender.try_send(1).unwrap();
    drop(sender);
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    let mut recv = Task::new(receiver.recv());
    assert!(recv.poll().is_pending());
    drop(other);
    assert_eq!(recv.wakes(), 1);
    assert!(matches!(recv.poll(), Poll::Ready(Ok(None))));
}

#[test]
fn a_sender_that_a_panic_drops_fails_the_channel() {
    let (sender, mut receiver) = channel(QueuingStrategy::count(2));
    let panicked = thread::spawn(move || {
        sender.try_send(1).unwrap();
        std::panic::resume_unwind(Box::new("half the data"));
    });
    assert!(panicked.join().is_err());
    let failure = block_on(receiver.recv()).unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Panicked);
}

#[test]
fn a_failure_drops_what_is_queued_and_gives_back_what_waits() {
    let (sender, mut receiver) = channel(QueuingStrategy::count(1));
    sender.try_send(0).unwrap();
    let mut send = Task::new(sender.send(1));
    assert!(send.poll().is_pending());
    sender.fail("broken");
    assert_eq!(send.wakes(), 1);
    assert_eq!(send.poll(), Poll::Ready(Err(SendError::Closed(1))));
    let Err(TryRecvError::Failed(failure)) = receiver.try_recv() else {
        panic!("it must fail");
    };
    assert_eq!(failure.kind(), FailureKind::Failed);
    assert_eq!(
        std::error::Error::source(&failure).unwrap().to_string(),
        "broken"
    );
    let failure = block_on(sender.closed()).unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Failed);
}

#[test]
fn a_receiver_that_is_cancelled_gives_its_reason_to_the_senders() {
    let (sender, receiver) = channel(QueuingStrategy::count(1));
    sender.try_send(0).unwrap();
    let mut send = Task::new(sender.send(1));
    let mut ready = Task::new(sender.ready());
    let mut closed = Task::new(sender.closed());
    assert!(send.poll().is_pending() && ready.poll().is_pending() && closed.poll().is_pending());
    receiver.cancel("the client is gone");
    assert_eq!((send.wakes(), ready.wakes(), closed.wakes()), (1, 1, 1));
    assert_eq!(send.poll(), Poll::Ready(Err(SendError::Closed(1))));
    assert_eq!(ready.poll(), Poll::Ready(Err(TrySendError::Closed(()))));
    let Poll::Ready(Err(failure)) = closed.poll() else {
        panic!("it must have failed");
    };
    assert_eq!(failure.kind(), FailureKind::Cancelled);
    assert_eq!(
        failure.to_string(),
        "the receiver was cancelled or dropped: the client is gone"
    );
}

#[test]
fn a_sender_is_ready_while_there_is_room_below_the_mark_or_a_receiver_waits() {
    let (sender, mut receiver) = channel(QueuingStrategy::count(1).capacity(4));
    assert_eq!(block_on(sender.ready()), Ok(()));
    sender.try_send(0).unwrap();
    let mut ready = Task::new(sender.ready());
    assert!(ready.poll().is_pending());
    assert_eq!(receiver.try_recv(), Ok(0));
    assert_eq!(ready.wakes(), 1);
    assert_eq!(ready.poll(), Poll::Ready(Ok(())));

    let (sender, mut receiver) = channel::<u32>(QueuingStrategy::count(0));
    let mut ready = Task::new(sender.ready());
    assert!(ready.poll().is_pending());
    let mut recv = Task::new(receiver.recv());
    assert!(recv.poll().is_pending());
    assert_eq!(ready.wakes(), 1);
    assert_eq!(ready.poll(), Poll::Ready(Ok(())));
}

#[test]
fn the_oldest_make_room_or_the_newest_is_dropped_as_the_strategy_says_and_both_are_counted() {
    let (sender, mut receiver) = channel(QueuingStrategy::bytes(4).overflow(Overflow::DropOldest));
    for text in ["a", "b", "cd", "efg"] {
        sender.try_send(text).unwrap();
    }
    assert_eq!(receiver.dropped(), 3);
    assert_eq!(receiver.try_recv(), Ok("efg"));

    let (sender, mut receiver) = channel(QueuingStrategy::count(1).overflow(Overflow::DropNewest));
    sender.try_send(1).unwrap();
    block_on(sender.send(2)).unwrap();
    assert_eq!(sender.dropped(), 1);
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn room_that_the_oldest_made_beyond_what_was_needed_is_told_to_those_that_wait_for_it() {
    let (sender, mut receiver) = channel(QueuingStrategy::bytes(4).overflow(Overflow::DropOldest));
    sender.try_send("abcd").unwrap();
    let mut reserve = Task::new(sender.reserve_size(2));
    assert!(reserve.poll().is_pending());
    let mut ready = Task::new(sender.ready());
    assert!(ready.poll().is_pending());
    sender.try_send("e").unwrap();
    assert_eq!((reserve.wakes(), ready.wakes()), (1, 1));
    let Poll::Ready(Ok(permit)) = reserve.poll() else {
        panic!("there is room");
    };
    permit.send("fg").unwrap();
    assert_eq!(receiver.try_recv(), Ok("e"));
    assert_eq!(receiver.try_recv(), Ok("fg"));
}

#[test]
fn a_value_that_fulfilled_a_read_is_not_dropped_to_make_room() {
    let (sender, mut receiver) = channel(QueuingStrategy::count(1).overflow(Overflow::DropOldest));
    let mut recv = Task::new(receiver.recv());
    assert!(recv.poll().is_pending());
    (1..4).for_each(|turn| sender.try_send(turn).unwrap());
    assert!(matches!(recv.poll(), Poll::Ready(Ok(Some(1)))));
    drop(recv);
    assert_eq!(receiver.try_recv(), Ok(3));
}

#[test]
fn an_overflow_fails_the_channel_where_the_strategy_says_so() {
    let (sender, mut receiver) = channel(QueuingStrategy::count(1).overflow(Overflow::Fail));
    sender.try_send(1).unwrap();
    assert_eq!(sender.try_send(2), Err(TrySendError::Closed(2)));
    let failure = block_on(receiver.recv()).unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Overflow);
}

#[test]
fn many_values_are_received_at_once_up_to_a_limit() {
    let (sender, mut receiver) = channel(QueuingStrategy::count(2));
    sender.try_send(0).unwrap();
    sender.try_send(1).unwrap();
    let mut send = Task::new(sender.send(2));
    assert!(send.poll().is_pending());
    let mut values = Vec::new();
    assert_eq!(block_on(receiver.recv_many(&mut values, 8)).unwrap(), 3);
    assert_eq!(values, [0, 1, 2]);
    sender.close();
    assert_eq!(block_on(receiver.recv_many(&mut values, 8)).unwrap(), 0);
}

#[test]
fn a_channel_is_a_sink_and_a_stream() {
    let (mut sender, receiver) = channel(QueuingStrategy::bytes(4));
    let produce = async {
        for text in ["ab", "cd", "ef", "ghij", "k"] {
            sender.feed(text).await.unwrap();
        }
        SinkExt::close(&mut sender).await.unwrap();
    };
    let (_, all) = block_on(join(
        produce,
        receiver.map(Result::unwrap).collect::<Vec<_>>(),
    ));
    assert_eq!(all, ["ab", "cd", "ef", "ghij", "k"]);
}

#[test]
fn a_sink_that_is_dropped_before_it_is_closed_fails_the_channel() {
    let (mut sender, mut receiver) = channel(QueuingStrategy::count(4));
    block_on(SinkExt::send(&mut sender, 1)).unwrap();
    drop(sender);
    let failure = block_on(receiver.recv()).unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Aborted);
}

#[test]
fn a_sink_that_is_closed_ends_its_sender_only() {
    let (mut one, mut receiver) = channel(QueuingStrategy::count(4));
    let two = one.clone();
    block_on(SinkExt::send(&mut one, 1)).unwrap();
    block_on(SinkExt::close(&mut one)).unwrap();
    two.try_send(2).unwrap();
    drop(two);
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(receiver.try_recv(), Ok(2));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn a_value_that_waits_behind_a_sink_is_given_up_with_it() {
    let (mut sender, mut receiver) = channel(QueuingStrategy::bytes(4));
    let other = sender.clone();
    block_on(sender.feed("abc")).unwrap();
    block_on(sender.feed("de")).unwrap(); // ready, and too large for the room there is
    let mut send = Task::new(other.send("f"));
    assert!(send.poll().is_pending());
    drop(sender);
    assert_eq!(
        block_on(receiver.recv()).unwrap_err().kind(),
        FailureKind::Aborted
    );
    assert_eq!(send.poll(), Poll::Ready(Err(SendError::Closed("f"))));
}

type Call = Arc<Mutex<Option<Box<dyn FnOnce() + Send>>>>;

/// A value whose drop uses the channel.
struct Reenters(Call);

impl Drop for Reenters {
    fn drop(&mut self) {
        let call = self.0.lock().unwrap().take();
        call.into_iter().for_each(|call| call());
    }
}

#[test]
fn the_drop_of_a_value_may_use_its_channel() {
    for how in 0..4 {
        let overflow = if how == 0 {
            Overflow::DropOldest
        } else {
            Overflow::Block
        };
        let (sender, receiver) = channel(QueuingStrategy::count(1).overflow(overflow));
        let called = Arc::new(AtomicUsize::new(0));
        let (other, count) = (sender.clone(), called.clone());
        let call: Box<dyn FnOnce() + Send> = Box::new(move || {
            other.close();
            count.fetch_add(1, Ordering::Relaxed);
        });
        let none = || Arc::new(Mutex::new(None));
        assert!(
            sender
                .try_send(Reenters(Arc::new(Mutex::new(Some(call)))))
                .is_ok()
        );
        match how {
            0 => assert!(sender.try_send(Reenters(none())).is_ok()),
            1 => sender.fail("broken"),
            2 => receiver.cancel("enough"),
            _ => drop(receiver),
        }
        assert_eq!(called.load(Ordering::Relaxed), 1);
    }
}

#[test]
fn a_size_function_may_use_its_channel_and_may_panic() {
    let (sender, mut receiver) = channel(QueuingStrategy::with_size(8, |value: &usize| {
        assert_ne!(*value, 7, "seven");
        *value
    }));
    let thrown = catch_unwind(AssertUnwindSafe(|| sender.try_send(7)));
    assert!(thrown.is_err());
    sender.try_send(5).unwrap();
    assert_eq!(sender.desired_size(), 3);
    assert_eq!(receiver.try_recv(), Ok(5));
}

#[test]
fn a_waker_may_use_the_channel_that_calls_it() {
    let (sender, receiver) = channel(QueuingStrategy::count(1));
    let receiver = Arc::new(Mutex::new(receiver));
    let got = Arc::new(Mutex::new(Vec::new()));
    let waker = support::waker({
        let (receiver, got) = (receiver.clone(), got.clone());
        move || {
            if let Ok(mut receiver) = receiver.try_lock() {
                got.lock().unwrap().push(receiver.try_recv());
            }
        }
    });
    let mut context = std::task::Context::from_waker(&waker);
    assert!(
        receiver
            .lock()
            .unwrap()
            .poll_next_unpin(&mut context)
            .is_pending()
    );
    sender.try_send(1).unwrap();
    assert_eq!(*got.lock().unwrap(), [Ok(1)]);
}

#[test]
fn values_that_are_not_send_stay_on_their_thread() {
    let (sender, mut receiver) = channel(QueuingStrategy::count(1));
    let value = Rc::new(RefCell::new(1));
    sender.try_send(value.clone()).unwrap();
    *receiver.try_recv().unwrap().borrow_mut() += 1;
    assert_eq!(*value.borrow(), 2);
}

#[test]
fn threads_share_a_channel() {
    const EACH: usize = 5_000;
    let (sender, mut receiver) = channel(QueuingStrategy::count(4));
    let threads: Vec<_> = (0..3)
        .map(|number| {
            let sender = sender.clone();
            thread::spawn(move || {
                block_on(async {
                    for turn in 0..EACH {
                        match turn % 3 {
                            0 => sender
                                .reserve()
                                .await
                                .unwrap()
                                .send((number, turn))
                                .unwrap(),
                            _ => sender.send((number, turn)).await.unwrap(),
                        }
                    }
                });
            })
        })
        .collect();
    drop(sender);
    let mut next = [0; 3];
    block_on(async {
        while let Some((number, turn)) = receiver.recv().await.unwrap() {
            assert_eq!(next[number], turn);
            next[number] += 1;
        }
    });
    assert_eq!(next, [EACH; 3]);
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
}

/// A waker that looks at its channel whenever one of its clones is dropped.
fn waker_with_drop(sender: &'static Sender<u32>) -> Waker {
    const TABLE: RawWakerVTable = RawWakerVTable::new(
        |sender| RawWaker::new(sender, &TABLE),
        drop_waker,
        |_| {},
        drop_waker,
    );
    fn drop_waker(sender: *const ()) {
        // SAFETY: `waker_with_drop` was given a sender that lives for ever.
        let sender = unsafe { &*sender.cast::<Sender<u32>>() };
        sender.desired_size();
    }
    // SAFETY: the table's functions keep the rules of a waker: the sender is `Sync`, and nothing owns it.
    unsafe { Waker::from_raw(RawWaker::new(std::ptr::from_ref(sender).cast(), &TABLE)) }
}

#[test]
fn a_waker_whose_drop_uses_the_channel_is_dropped_without_the_lock() {
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        let (sender, receiver) = channel(QueuingStrategy::count(1));
        let sender: &'static _ = Box::leak(Box::new(sender));
        let waker = waker_with_drop(sender);
        let mut context = Context::from_waker(&waker);
        sender.try_send(0).unwrap();
        let mut reserve = pin!(sender.reserve());
        let mut send = pin!(sender.send(1));
        let mut ready = pin!(sender.ready());
        for _ in 0..2 {
            assert!(reserve.as_mut().poll(&mut context).is_pending());
            assert!(send.as_mut().poll(&mut context).is_pending());
            assert!(ready.as_mut().poll(&mut context).is_pending());
        }
        drop(receiver);
        assert!(reserve.as_mut().poll(&mut context).is_ready());
        assert!(send.as_mut().poll(&mut context).is_ready());
        assert!(ready.as_mut().poll(&mut context).is_ready());
        done.send(()).unwrap();
    });
    assert!(
        is_done.recv_timeout(Duration::from_secs(20)).is_ok(),
        "the channel is locked for ever"
    );
}
