//! Channels beside those of others, in one run: `cargo run --release --manifest-path benches/native/Cargo.toml --target-dir target/native-benches --bin channels`.
//!
//! *ping-pong* sends one value and receives it, in one task. *joined* sends and receives in two tasks of one thread, through a
//! channel of 64. Each figure is the least of some turns, in which the order of the channels rotates, in nanoseconds a value.
use std::hint::black_box;
use std::time::Instant;

use futures::executor::block_on;
use futures::future::join;
use futures::{SinkExt, StreamExt};
use tidegate::channel::QueuingStrategy;

const VALUES: u64 = 400_000;
const TURNS: usize = 15;

macro_rules! programs {
    ($new:expr, |$sender:ident, $value:ident| $send:expr, |$receiver:ident| $receive:expr) => {
        [
            || {
                let (mut $sender, mut $receiver) = $new;
                let _ = (&mut $sender, &mut $receiver);
                block_on(async {
                    for $value in 0..VALUES {
                        $send;
                        black_box($receive);
                    }
                });
            },
            || {
                let (mut $sender, mut $receiver) = $new;
                let _ = (&mut $sender, &mut $receiver);
                let produce = async move {
                    for $value in 0..VALUES {
                        $send;
                    }
                };
                let consume = async move {
                    for _ in 0..VALUES {
                        black_box($receive);
                    }
                };
                block_on(join(produce, consume));
            },
        ]
    };
}

fn main() {
    let channels: [(&str, [fn(); 2]); 5] = [
        (
            "tidegate",
            programs!(
                tidegate::channel::channel(QueuingStrategy::count(64)),
                |sender, value| sender.send(value).await.unwrap(),
                |receiver| receiver.recv().await.unwrap().unwrap()
            ),
        ),
        (
            "futures::mpsc",
            programs!(
                futures::channel::mpsc::channel::<u64>(63),
                |sender, value| sender.send(value).await.unwrap(),
                |receiver| receiver.next().await.unwrap()
            ),
        ),
        (
            "tokio::mpsc",
            programs!(
                tokio::sync::mpsc::channel::<u64>(64),
                |sender, value| sender.send(value).await.unwrap(),
                |receiver| receiver.recv().await.unwrap()
            ),
        ),
        (
            "async-channel",
            programs!(
                async_channel::bounded::<u64>(64),
                |sender, value| sender.send(value).await.unwrap(),
                |receiver| receiver.recv().await.unwrap()
            ),
        ),
        (
            "flume",
            programs!(
                flume::bounded::<u64>(64),
                |sender, value| sender.send_async(value).await.unwrap(),
                |receiver| receiver.recv_async().await.unwrap()
            ),
        ),
    ];
    // For a profile of one of them.
    let only = std::env::args().nth(1);
    let mut best = [[f64::INFINITY; 2]; 5];
    for turn in 0..TURNS {
        for place in 0..channels.len() {
            let at = (turn + place) % channels.len();
            if only.as_ref().is_some_and(|only| only != channels[at].0) {
                continue;
            }
            for program in 0..2 {
                let began = Instant::now();
                channels[at].1[program]();
                let each = began.elapsed().as_secs_f64() * 1e9 / VALUES as f64;
                best[at][program] = best[at][program].min(each);
            }
        }
    }
    println!("{:<16}{:>10}{:>10}", "ns a value", "ping-pong", "joined");
    for (at, (name, _)) in channels.iter().enumerate() {
        println!("{name:<16}{:>10.1}{:>10.1}", best[at][0], best[at][1]);
    }
    for (program, name) in ["ping-pong", "joined"].iter().enumerate() {
        let fastest = best[1..].iter().map(|them| them[program]).fold(f64::INFINITY, f64::min);
        println!("{name}: {:.2} of the fastest of the others", best[0][program] / fastest);
    }
}
