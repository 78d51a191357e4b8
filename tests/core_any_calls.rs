//! Any calls of the core with any ids and numbers neither panic nor hang. fuzz/ looks further with the same decoder.
#![cfg(feature = "core")]

#[path = "support/any_calls.rs"]
mod any_calls;

use proptest::prelude::*;
use tidegate::core::Core;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn any_calls_with_any_numbers_return(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        any_calls::run(&bytes);
    }

    #[test]
    fn calls_with_ids_that_are_mostly_live_return(
        calls in prop::collection::vec((any::<u8>(), 0..6u8, 0..16u8, 0..16u8), 0..500)
    ) {
        let bytes: Vec<u8> = calls.into_iter().flat_map(|(a, b, c, d)| [a, b, c, d]).collect();
        any_calls::run(&bytes);
    }
}

#[test]
fn the_committed_inputs_of_the_fuzzer_return() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/calls");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("fuzz/seeds/calls is there") {
        let path = entry.expect("it can be listed").path();
        any_calls::run(&std::fs::read(path).expect("it can be read"));
        count += 1;
    }
    assert!(count > 0, "{folder} is empty");
}

#[test]
fn more_bytes_than_any_memory_holds_do_not_overflow_the_total() {
    let mut core = Core::new();
    let id = core.byte_readable_new(0.0, 0);
    for _ in 0..5000 {
        core.byte_readable_enqueue(id, f64::MAX);
    }
    assert!(core.byte_readable_desired_size(id) < 0.0);
    for _ in 0..5000 {
        core.byte_readable_read(id);
    }
    assert_eq!(core.live(), 1);
}
