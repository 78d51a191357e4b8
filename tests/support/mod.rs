//! A JavaScript realm in miniature, user code as data, and two hosts that carry streams in it: [`host`] over the
//! core, [`model`] straight from the standard's text.
#![allow(dead_code)]

pub mod host;
pub mod model;
pub mod program;
pub mod realm;
pub mod user;
pub mod words;

use user::{Op, Streams, perform};

/// Makes the calls in one turn, then runs the microtasks; what user code saw.
pub fn turn<S: Streams>(streams: &mut S, ops: &[Op]) -> Vec<String> {
    for op in ops {
        perform(streams, *op);
    }
    streams.run_microtasks();
    streams.user().log()
}
