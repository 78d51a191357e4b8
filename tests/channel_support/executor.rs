//! An executor of one thread that says when a task sleeps for ever, and futures that are dropped at a chosen poll.
#![allow(dead_code)]

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::support::Random;

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Running<'a> {
    name: &'static str,
    future: Option<Pin<Box<dyn Future<Output = ()> + 'a>>>,
    woken: Arc<Flag>,
}

/// Polls the tasks that were woken, in an order that the seed decides.
pub struct Executor<'a> {
    tasks: Vec<Running<'a>>,
    random: Random,
    /// Tasks are polled that nobody woke, too, as `join` and `select` do.
    spurious: bool,
}

impl<'a> Executor<'a> {
    pub fn new(seed: u64, spurious: bool) -> Self {
        Self {
            tasks: Vec::new(),
            random: Random(seed),
            spurious,
        }
    }

    pub fn spawn(&mut self, name: &'static str, future: impl Future<Output = ()> + 'a) {
        self.tasks.push(Running {
            name,
            future: Some(Box::pin(future)),
            woken: Arc::new(Flag(AtomicBool::new(true))),
        });
    }

    /// Runs until nobody is woken. Returns the names of those that still wait.
    pub fn run(&mut self) -> Vec<&'static str> {
        for _ in 0..100_000 {
            let live = |task: &&mut Running<'_>| task.future.is_some();
            let woken = |task: &Running<'_>| task.woken.0.load(Ordering::Relaxed);
            let mut tasks: Vec<_> = self.tasks.iter_mut().filter(live).collect();
            if !tasks.iter().any(|task| woken(task)) {
                return tasks.iter().map(|task| task.name).collect();
            }
            if !(self.spurious && self.random.below(3) == 0) {
                tasks.retain(|task| woken(task));
            }
            let at = self.random.below(tasks.len());
            let task = &mut tasks[at];
            task.woken.0.store(false, Ordering::Relaxed);
            let waker = Waker::from(task.woken.clone());
            let mut context = Context::from_waker(&waker);
            if let Some(future) = &mut task.future
                && future.as_mut().poll(&mut context).is_ready()
            {
                task.future = None;
            }
        }
        panic!("the tasks come to no end");
    }

    /// How many wakers of tasks that have ended are kept somewhere.
    pub fn wakers_left(&self) -> usize {
        let ended = self.tasks.iter().filter(|task| task.future.is_none());
        ended
            .map(|task| Arc::strong_count(&task.woken) - 1)
            .sum::<usize>()
    }
}

/// Gives the thread back once.
pub async fn yield_now() {
    let mut given = false;
    poll_fn(|context| {
        if std::mem::replace(&mut given, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// When futures are dropped.
#[derive(Clone, Copy, Debug)]
pub enum When {
    Never,
    /// In place of this poll, counted over all futures.
    Before(usize),
    /// Right after this poll, if it was pending.
    After(usize),
    /// At any poll, with a chance of one in so many.
    Often(usize),
}

/// Counts the polls of all futures that are run by [`Cuts::cut`].
pub struct Cuts {
    when: When,
    polls: Cell<usize>,
    random: Cell<u64>,
}

impl Cuts {
    pub fn new(when: When, seed: u64) -> Rc<Self> {
        Rc::new(Self {
            when,
            polls: Cell::new(0),
            random: Cell::new(seed),
        })
    }

    pub fn polls(&self) -> usize {
        self.polls.get()
    }

    fn chance(&self, of: usize) -> bool {
        let mut random = Random(self.random.get());
        let hit = random.below(of) == 0;
        self.random.set(random.0);
        hit
    }

    /// Runs a future, or drops it: then there is no result.
    pub async fn cut<F: Future>(&self, future: F) -> Option<F::Output> {
        let mut future = Some(Box::pin(future));
        poll_fn(move |context| {
            let poll = self.polls.get();
            self.polls.set(poll + 1);
            let before = match self.when {
                When::Before(at) => at == poll,
                When::Often(of) => self.chance(of),
                _ => false,
            };
            let result = match &mut future {
                Some(future) if !before => future.as_mut().poll(context),
                _ => {
                    future = None;
                    return Poll::Ready(None);
                }
            };
            let after = match self.when {
                When::After(at) => at == poll,
                When::Often(of) => self.chance(of),
                _ => false,
            };
            if result.is_pending() && after {
                future = None;
                return Poll::Ready(None);
            }
            result.map(Some)
        })
        .await
    }
}
