//! Bounded channels: a queue between producers and one consumer, with the Streams Standard's backpressure.
//!
//! The core's readable machine decides what a channel does; this module holds the values, the wakers and the lock. It works
//! with any executor and starts no thread.
//!
//! ```
//! use futures_util::future::join;
//! use tidegate::channel::{QueuingStrategy, channel};
//!
//! # futures_executor::block_on(async {
//! let (sender, mut receiver) = channel(QueuingStrategy::count(2));
//! let produce = async move {
//!     for turn in 0..5 {
//!         sender.send(turn).await?; // waits while two are queued
//!     }
//!     Ok::<_, tidegate::channel::SendError<u32>>(())
//! };
//! let consume = async {
//!     let mut sum = 0;
//!     while let Some(turn) = receiver.recv().await? {
//!         sum += turn;
//!     }
//!     Ok::<_, tidegate::channel::Failure>(sum)
//! };
//! let (sent, sum) = join(produce, consume).await;
//! assert_eq!((sent, sum.unwrap()), (Ok(()), 10));
//! # });
//! ```
//!
//! # What holds
//!
//! 1. A channel never holds more than its capacity. A value that fulfills a waiting [`recv`](Receiver::recv) needs no room,
//!    so a channel of capacity 0 passes each value from hand to hand.
//! 2. Values arrive in the order in which they were sent. Senders that wait are served first in, first out, and no
//!    [`try_send`](Sender::try_send) overtakes them.
//! 3. A future may be dropped at every point. A `send` that is dropped while it waits sends nothing; once it was woken because
//!    there is room, its value is in the channel. A dropped `recv` loses nothing, and a dropped [`Permit`] gives its room to
//!    the next sender.
//! 4. A value that is not sent is given back in the error. What is queued when a channel fails or is cancelled is dropped.
//! 5. When every sender is dropped the channel closes, after what is queued. A sender that a panic drops fails the channel
//!    instead, so that data which ends too early does not look complete.
//! 6. The lock is never held while code of yours runs: the size function, a value's `Drop`, a waker.

mod error;
mod permit;
mod receiver;
mod send;
mod sender;
mod sink;
mod state;
mod strategy;
mod sync;
mod wakes;
mod watch;

pub use error::{Failure, FailureKind, SendError, TryRecvError, TrySendError};
pub use permit::{Permit, Reserve};
pub use receiver::{Receiver, Recv, RecvMany};
pub use send::SendFuture;
pub use sender::Sender;
pub use strategy::{Overflow, QueuingStrategy};
pub use watch::{Closed, Ready};

use state::State;
use strategy::Size;
use sync::{Arc, Mutex};

pub(crate) struct Shared<T> {
    state: Mutex<State<T>>,
    size: Size<T>,
}

impl<T> Shared<T> {
    /// The state, which no panic leaves half changed: nothing of a user runs under the lock.
    #[inline]
    fn lock(&self) -> sync::MutexGuard<'_, State<T>> {
        match self.state.lock() {
            Ok(guard) => guard,
            Err(poisoned) => poisoned.into_inner(),
        }
    }
}

/// Makes a channel that queues by `strategy`: its sender, which can be cloned, and its receiver.
///
/// ```
/// use tidegate::channel::{QueuingStrategy, channel};
///
/// let (sender, mut receiver) = channel(QueuingStrategy::count(16));
/// sender.try_send("hello").unwrap();
/// assert_eq!(receiver.try_recv(), Ok("hello"));
/// ```
pub fn channel<T>(strategy: QueuingStrategy<T>) -> (Sender<T>, Receiver<T>) {
    let (state, size) = State::new(strategy);
    let shared = Arc::new(Shared {
        state: Mutex::new(state),
        size,
    });
    (Sender::new(shared.clone()), Receiver::new(shared))
}
