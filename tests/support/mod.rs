//! A JavaScript realm in miniature, user code as data, and two hosts that carry streams in it: [`host`] over the
//! core, [`model`] straight from the standard's text.
#![allow(dead_code)]

pub mod host;
pub mod model;
pub mod realm;
pub mod user;
