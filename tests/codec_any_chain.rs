//! Any codecs, options and input: no panic, and the same outcome however the input is split.
#![cfg(feature = "codecs")]

mod codec_support;

use codec_support::any_chain;
use proptest::prelude::*;

#[test]
fn the_committed_seeds_run() {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/chains");
    let mut count = 0;
    for seed in std::fs::read_dir(seeds).unwrap() {
        any_chain::run(&std::fs::read(seed.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 5);
}

proptest! {
    #[test]
    fn any_program_of_structure_runs(
        codecs in 0u8..32,
        flags: u8,
        bound in prop_oneof![0u8..20, Just(255)],
        piece in 1u8..40,
        data in proptest::collection::vec(
            prop_oneof![
                12 => proptest::sample::select(&b"ab,,;\"\"\n\n\r\xc3\xa9\xef\xbb\xbf\xf0\x9f\x8c\x8a"[..]),
                1 => any::<u8>(),
            ],
            0..300,
        ),
    ) {
        any_chain::run(&[&[codecs, flags, bound, piece][..], &data].concat());
    }

    #[test]
    fn any_bytes_run(program in proptest::collection::vec(any::<u8>(), 0..400)) {
        any_chain::run(&program);
    }
}
