//! Every order in which two or three threads can use a channel, with loom. Not part of `cargo test`, as it replaces the lock:
//! `RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=3 cargo test --release --test channel_loom`.
#![cfg(loom)]

use loom::future::block_on;
use loom::thread;
use tidegate::channel::{QueuingStrategy, SendError, channel};

#[test]
fn what_is_sent_is_received_and_the_end_is_seen() {
    loom::model(|| {
        let (sender, mut receiver) = channel(QueuingStrategy::count(1));
        let producer = thread::spawn(move || {
            block_on(async {
                sender.send(1).await.unwrap();
                sender.send(2).await.unwrap();
            });
        });
        let received = block_on(async {
            let mut all = Vec::new();
            while let Some(value) = receiver.recv().await.unwrap() {
                all.push(value);
            }
            all
        });
        assert_eq!(received, [1, 2]);
        producer.join().unwrap();
    });
}

#[test]
fn two_senders_share_a_place_and_neither_sleeps() {
    loom::model(|| {
        let (sender, mut receiver) = channel(QueuingStrategy::count(1));
        let other = sender.clone();
        let producer = thread::spawn(move || {
            block_on(async { other.reserve().await.unwrap().send(1).unwrap() });
        });
        let second = thread::spawn(move || block_on(sender.send(2)).unwrap());
        let mut sum = 0;
        while let Some(value) = block_on(receiver.recv()).unwrap() {
            sum += value;
        }
        assert_eq!(sum, 3);
        producer.join().unwrap();
        second.join().unwrap();
    });
}

#[test]
fn a_permit_that_is_dropped_wakes_the_sender_that_waits() {
    loom::model(|| {
        let (sender, mut receiver) = channel(QueuingStrategy::count(1));
        let other = sender.clone();
        let holder = thread::spawn(move || drop(block_on(other.reserve())));
        block_on(sender.send(1)).unwrap();
        assert_eq!(block_on(receiver.recv()).unwrap(), Some(1));
        holder.join().unwrap();
    });
}

#[test]
fn a_receiver_that_is_dropped_wakes_the_sender_that_waits() {
    loom::model(|| {
        let (sender, receiver) = channel(QueuingStrategy::count(1));
        sender.try_send(0).unwrap();
        let consumer = thread::spawn(move || drop(receiver));
        assert_eq!(block_on(sender.send(1)), Err(SendError::Closed(1)));
        assert!(block_on(sender.closed()).is_err());
        consumer.join().unwrap();
    });
}

#[test]
fn a_channel_without_room_passes_values_between_threads() {
    loom::model(|| {
        let (sender, mut receiver) = channel(QueuingStrategy::count(0));
        let producer = thread::spawn(move || block_on(sender.send(1)).unwrap());
        assert_eq!(block_on(receiver.recv()).unwrap(), Some(1));
        producer.join().unwrap();
        assert_eq!(block_on(receiver.recv()).unwrap(), None);
    });
}

/// Polls a future once, then drops it.
fn poll_and_drop(future: impl Future) {
    let mut future = std::pin::pin!(future);
    block_on(std::future::poll_fn(|context| {
        let _ = future.as_mut().poll(context);
        std::task::Poll::Ready(())
    }));
}

#[test]
fn a_send_that_is_dropped_lets_the_sender_behind_it_go_on() {
    loom::model(|| {
        let (sender, mut receiver) = channel(QueuingStrategy::count(1));
        sender.try_send(0).unwrap();
        let other = sender.clone();
        let dropper = thread::spawn(move || poll_and_drop(other.send(1)));
        let second = thread::spawn(move || block_on(sender.send(2)).unwrap());
        let mut all = Vec::new();
        while let Some(value) = block_on(receiver.recv()).unwrap() {
            all.push(value);
        }
        // What was dropped may have been sent before that.
        all.retain(|&value| value != 1);
        assert_eq!(all, [0, 2]);
        dropper.join().unwrap();
        second.join().unwrap();
    });
}

#[test]
fn a_recv_that_is_dropped_loses_nothing_while_a_sender_sends() {
    loom::model(|| {
        let (sender, mut receiver) = channel(QueuingStrategy::count(0));
        let producer = thread::spawn(move || block_on(sender.send(1)).unwrap());
        let mut first = None;
        poll_and_drop(async { first = receiver.recv().await.unwrap() });
        let mut values = Vec::from_iter(first);
        block_on(receiver.recv_many(&mut values, 2)).unwrap();
        assert_eq!(values, [1]);
        producer.join().unwrap();
    });
}

#[test]
fn a_reservation_that_is_dropped_while_it_is_granted_gives_its_room_back() {
    loom::model(|| {
        let (sender, mut receiver) = channel(QueuingStrategy::count(1));
        sender.try_send(0).unwrap();
        let other = sender.clone();
        let dropper = thread::spawn(move || poll_and_drop(other.reserve()));
        assert_eq!(block_on(receiver.recv()).unwrap(), Some(0));
        block_on(sender.send(1)).unwrap();
        dropper.join().unwrap();
        assert_eq!(receiver.try_recv(), Ok(1));
        assert_eq!(sender.desired_size(), 1);
    });
}

#[test]
fn a_sender_that_waits_to_be_ready_is_woken_by_the_receiver() {
    loom::model(|| {
        let (sender, mut receiver) = channel(QueuingStrategy::count(1));
        sender.try_send(0).unwrap();
        let producer = thread::spawn(move || {
            block_on(sender.ready()).unwrap();
            sender.try_send(1).unwrap();
        });
        assert_eq!(block_on(receiver.recv()).unwrap(), Some(0));
        assert_eq!(block_on(receiver.recv()).unwrap(), Some(1));
        producer.join().unwrap();
    });
}
