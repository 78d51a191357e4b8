//! What tests/e2e/rust-web.test.mjs runs in browsers: every exported function whose name begins with `test_` is a test.
//!
//! A test makes JavaScript's streams with the functions of `harness`, of the engine's classes or of the npm package's.
mod fetched;
mod harness;
mod pipes;
mod readable;
mod readable_bytes;
mod volume;
mod writable;
