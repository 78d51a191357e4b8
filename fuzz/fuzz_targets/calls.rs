//! Any sequence of calls of the core, with any ids and sizes, neither panics nor hangs.
#![no_main]

#[path = "../../tests/support/any_calls.rs"]
mod any_calls;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_calls::run(bytes));
