//! The lock and the reference count, which loom replaces to try every order of the threads.
#[cfg(loom)]
pub(super) use loom::sync::{Arc, Mutex, MutexGuard};
#[cfg(not(loom))]
pub(super) use std::sync::{Arc, Mutex, MutexGuard};
