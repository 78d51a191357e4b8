//! Jobs in microtasks, as js/runtime/jobs.js orders them: inside pipes they share microtasks.
use std::collections::VecDeque;

use super::Host;
use crate::support::realm::World;

/// What a microtask of the shell's own does, and for which stream, pipe, transform, tee or request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    ReadableStarted(usize),
    WritableStarted(usize),
    PullSettled(usize),
    WriteSettled(usize),
    /// A pipe's pull and its write, reported together.
    Turned(usize),
    AdvancePipe(usize),
    CallBegun(usize),
    WriteHeld(usize),
    WakeWrite(usize),
    FailWaitingWrite(usize),
    BothSettled(usize),
    Deliver(usize),
    SettlePulls(usize),
    ErrorBranches(usize),
    FinishMany(usize),
}

#[derive(Debug)]
pub struct Jobs {
    /// Whether a transform's promises take the standard's microtasks, so that what happens within a turn compares.
    pub keeps_ticks: bool,
    /// How many jobs may join another.
    pub burst: u32,
    /// Jobs that have joined the running one.
    joined: VecDeque<Job>,
    room: u32,
    queued: Vec<Job>,
    collected: Vec<Job>,
    running: bool,
}

impl Default for Jobs {
    fn default() -> Self {
        Self {
            keeps_ticks: false,
            burst: 64,
            joined: VecDeque::new(),
            room: 0,
            queued: Vec::new(),
            collected: Vec::new(),
            running: false,
        }
    }
}

impl Host {
    /// In a microtask of its own.
    pub fn schedule_job(&mut self, job: Job) {
        self.schedule(move |host| {
            host.jobs.running = true;
            host.run_job(job);
            host.jobs.running = false;
            if !host.jobs.collected.is_empty() && host.jobs.queued.is_empty() {
                host.queue_completions();
            }
        });
    }

    fn queue_completions(&mut self) {
        self.jobs.queued = std::mem::take(&mut self.jobs.collected);
        self.schedule(|host| {
            host.jobs.running = true;
            for job in host.jobs.queued.clone() {
                host.run_job(job);
            }
            host.jobs.running = false;
            host.jobs.queued.clear();
            if !host.jobs.collected.is_empty() {
                host.queue_completions();
            }
        });
    }

    /// Runs a job and those that join it.
    fn run_job(&mut self, job: Job) {
        self.jobs.room = self.jobs.burst;
        self.do_job(job);
        while let Some(job) = self.jobs.joined.pop_front() {
            self.do_job(job);
        }
        self.jobs.room = 0;
    }

    /// Later in the running microtask of ours, or in one of its own.
    pub fn schedule_in_pipe(&mut self, job: Job) {
        if self.jobs.room == 0 {
            return self.schedule_job(job);
        }
        self.jobs.room -= 1;
        self.jobs.joined.push_back(job);
    }

    /// The completion of a callback at the end of a pipe, in the next microtask of such.
    pub fn schedule_after(&mut self, job: Job) {
        if self.jobs.running {
            self.jobs.collected.push(job);
        } else {
            self.schedule_job(job);
        }
    }

    /// In the place of the completion that was collected last, if that is `other`.
    pub fn schedule_in_place_of(&mut self, other: Job, job: Job) -> bool {
        match self.jobs.collected.last_mut() {
            Some(last) if *last == other => {
                *last = job;
                true
            }
            _ => false,
        }
    }

    fn do_job(&mut self, job: Job) {
        match job {
            Job::ReadableStarted(at) => self.readable_started(at),
            Job::WritableStarted(at) => self.writable_started(at),
            Job::PullSettled(at) => self.pull_settled(at),
            Job::WriteSettled(at) => self.write_settled(at),
            Job::Turned(pipe) => self.pipe_turned(pipe),
            Job::AdvancePipe(pipe) => self.advance_pipe(pipe),
            Job::CallBegun(pipe) => self.call_begun(pipe),
            Job::WriteHeld(pipe) => self.write_held(pipe),
            Job::WakeWrite(transform) => self.wake_write(transform),
            Job::FailWaitingWrite(at) => self.fail_waiting_write(at),
            Job::BothSettled(transform) => self.both_settled(transform),
            Job::Deliver(tee) => self.deliver(tee),
            Job::SettlePulls(tee) => self.settle_pulls(tee),
            Job::ErrorBranches(tee) => self.error_branches(tee),
            Job::FinishMany(request) => self.finish_many(request),
        }
    }
}
