//! Digests: the vectors of their standards, cut anywhere, several in one pass.
#![cfg(feature = "codecs")]

mod codec_support;

use codec_support::{drive, splits};
use proptest::prelude::*;
use tidegate::codec::{
    Chain, ChainState, Codec, DigestAlgorithm, Digests, ErrorCode, Sha256Tap, Status,
};

use DigestAlgorithm::{Blake3, Crc32, Md5, Sha1, Sha256, Sha384, Sha512};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digest of `pieces`, which must come out unchanged.
fn digest(algorithm: DigestAlgorithm, pieces: &[&[u8]], room: usize) -> String {
    let mut tap = Digests::new(&[algorithm]);
    assert_eq!(drive(&mut tap, pieces, room), (pieces.concat(), Ok(())));
    hex(tap.digest().unwrap())
}

fn check(algorithm: DigestAlgorithm, input: &[u8], expected: &str) {
    assert_eq!(
        digest(algorithm, &[input], 4096),
        expected,
        "{algorithm} of {} bytes",
        input.len()
    );
}

#[test]
fn the_vectors_of_the_standards_are_met() {
    // https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines/example-values; RFC 1321, A.5;
    // https://reveng.sourceforge.io/crc-catalogue/17plus.htm#crc.cat.crc-32-iso-hdlc
    let long = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    check(Crc32, b"123456789", "cbf43926");
    check(Md5, b"", "d41d8cd98f00b204e9800998ecf8427e");
    check(Md5, b"abc", "900150983cd24fb0d6963f7d28e17f72");
    check(Md5, b"message digest", "f96b697d7cb7938d525a2f31aaf161d0");
    check(Sha1, b"abc", "a9993e364706816aba3e25717850c26c9cd0d89d");
    check(Sha1, long, "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    check(
        Sha256,
        b"abc",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    check(
        Sha256,
        long,
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    );
    check(
        Sha384,
        b"abc",
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
    );
    check(
        Sha512,
        b"abc",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    );
    check(
        Sha256,
        &[b'a'; 1_000_000],
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
    );
}

#[test]
fn the_vectors_of_blake3_are_met() {
    // https://github.com/BLAKE3-team/BLAKE3/blob/master/test_vectors/test_vectors.json
    let vectors = [
        (
            0,
            "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
        ),
        (
            1,
            "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213",
        ),
        (
            1023,
            "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11",
        ),
        (
            1024,
            "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7",
        ),
        (
            1025,
            "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444",
        ),
        (
            7169,
            "a003fc7a51754a9b3c7fae0367ab3d782dccf28855a03d435f8cfe74605e7817",
        ),
    ];
    for (length, expected) in vectors {
        let input: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        check(Blake3, &input, expected);
    }
}

#[test]
fn a_digest_is_the_same_at_every_split_point() {
    let input: Vec<u8> = (0..700u32).map(|at| ((at * at) >> 3) as u8).collect();
    for &algorithm in DigestAlgorithm::ALL {
        let whole = digest(algorithm, &[&input], 1 << 16);
        for pieces in splits(&input) {
            assert_eq!(digest(algorithm, &pieces, 16), whole);
        }
    }
}

#[test]
fn several_digests_of_one_pass_are_those_of_a_pass_each() {
    let mut tap = Digests::new(DigestAlgorithm::ALL);
    drive(&mut tap, &[b"one ", b"pass"], 16).1.unwrap();
    for &algorithm in DigestAlgorithm::ALL {
        let alone = digest(algorithm, &[b"one pass"], 16);
        assert_eq!(hex(tap.digest_of(algorithm).unwrap()), alone);
        assert_eq!(alone.len(), 2 * algorithm.length());
    }
    let all = DigestAlgorithm::ALL
        .iter()
        .map(|&each| tap.digest_of(each).unwrap());
    assert_eq!(tap.digest().unwrap(), all.collect::<Vec<_>>().concat());
}

#[test]
fn there_is_no_digest_before_the_end_of_the_input() {
    let mut tap = Digests::new(&[Md5]);
    let step = tap.step(b"abc", &mut [0; 16], false).unwrap();
    assert_eq!(step.status, Status::NeedInput);
    assert_eq!((tap.digest(), tap.digest_of(Md5)), (None, None));
}

#[test]
fn a_digest_that_was_not_asked_for_is_none() {
    let mut tap = Digests::new(&[Md5]);
    tap.step(b"abc", &mut [0; 16], true).unwrap();
    assert_eq!(tap.digest_of(Sha1), None);
}

#[test]
fn the_tap_of_sha_256_alone_gives_its_digest_by_name_too() {
    let mut tap = Sha256Tap::new();
    tap.step(b"abc", &mut [0; 16], true).unwrap();
    assert_eq!(tap.digest(), tap.digest_of(Sha256));
}

#[test]
fn a_sink_takes_everything_and_gives_nothing_out() {
    let mut chain = Chain::new(vec![Box::new(Digests::sink(&[Sha256]))]);
    for _ in 0..100 {
        chain.input(4096).fill(b'a');
        chain.commit(4096);
        assert_eq!(chain.run(), Ok(ChainState::NeedInput));
        assert!(chain.batch().bytes.is_empty());
    }
    chain.end_input();
    assert_eq!(chain.run(), Ok(ChainState::Finished));
    let expected = digest(Sha256, &[&[b'a'; 409_600]], 4096);
    assert_eq!(hex(chain.digest_of(0, Sha256).unwrap()), expected);
}

#[test]
fn names_are_those_of_javascript_in_upper_or_lower_case() {
    for &algorithm in DigestAlgorithm::ALL {
        assert_eq!(algorithm.name().parse(), Ok(algorithm));
        assert_eq!(algorithm.name().to_uppercase().parse(), Ok(algorithm));
    }
    let error = "sha256".parse::<DigestAlgorithm>().unwrap_err();
    assert!(error.to_string().ends_with("sha-512 blake3"), "{error}");
}

#[test]
fn a_saved_state_goes_on_to_the_same_digests_at_every_byte() {
    let saved: Vec<_> = DigestAlgorithm::ALL
        .iter()
        .copied()
        .filter(|&each| each != Blake3)
        .collect();
    let input: Vec<u8> = (0..300u32).map(|at| at as u8).collect();
    let mut whole = Digests::new(&saved);
    drive(&mut whole, &[&input], 1 << 16).1.unwrap();
    for at in 0..=input.len() {
        let mut first = Digests::new(&saved);
        first.step(&input[..at], &mut [0; 512], false).unwrap();
        let mut second = Digests::new(&saved);
        second.restore(&first.save().unwrap()).unwrap();
        second.step(&input[at..], &mut [0; 512], true).unwrap();
        assert_eq!(second.digest(), whole.digest(), "saved at {at}");
    }
    let mut again = Digests::new(&saved);
    again.restore(&whole.save().unwrap()).unwrap();
    assert_eq!(again.digest(), whole.digest(), "saved when finished");
}

#[test]
fn a_state_with_blake3_cannot_be_saved_and_the_error_says_so() {
    let error = Digests::new(&[Sha256, Blake3]).save().unwrap_err();
    assert_eq!(error.code, ErrorCode::CannotSave);
    assert!(error.to_string().contains("blake3"), "{error}");
}

#[test]
fn what_is_no_state_of_these_digests_is_refused() {
    let state = Digests::new(&[Sha256, Crc32]).save().unwrap();
    for length in 0..state.len() {
        let mut tap = Digests::new(&[Sha256, Crc32]);
        let error = tap.restore(&state[..length]).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidState, "cut at {length}");
    }
    for others in [
        &[Sha512, Crc32][..],
        &[Sha256],
        &[Crc32, Sha256],
        &[Sha256, Crc32, Md5],
    ] {
        assert!(Digests::new(others).restore(&state).is_err());
    }
}

proptest! {
    #[test]
    fn a_digest_does_not_depend_on_pieces_and_room(
        data in proptest::collection::vec(any::<u8>(), 0..40_000),
        piece in 1usize..20_000,
        room in 16usize..30_000,
    ) {
        let pieces: Vec<&[u8]> = data.chunks(piece).collect();
        if !pieces.is_empty() {
            for &algorithm in DigestAlgorithm::ALL {
                prop_assert_eq!(digest(algorithm, &pieces, room), digest(algorithm, &[&data], 1 << 16));
            }
        }
    }
}
