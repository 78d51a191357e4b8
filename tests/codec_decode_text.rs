//! Text of other encodings: what the Encoding Standard says, cut anywhere.
#![cfg(feature = "encoding")]

mod codec_support;

use codec_support::{Outcome, drive, splits};
use proptest::prelude::*;
use tidegate::codec::{Codec, DecodeText, DecodeTextOptions, ErrorCode};

fn decoder(label: &str, fatal: bool) -> Box<dyn Codec> {
    let options = DecodeTextOptions::default().fatal(fatal);
    Box::new(DecodeText::new(label, options).unwrap())
}

/// The outcome in one piece, which must be that at every split and with little room.
fn everywhere(label: &str, fatal: bool, input: &[u8]) -> Outcome {
    let whole = drive(&mut *decoder(label, fatal), &[input], 4096);
    for pieces in splits(input) {
        for room in [16, 4096] {
            let made = drive(&mut *decoder(label, fatal), &pieces, room);
            assert_eq!(made, whole, "{label} {pieces:?}");
        }
    }
    whole
}

#[test]
fn characters_are_those_of_the_standard_wherever_their_bytes_are_cut() {
    let cases: [(&str, &[u8], &str); 9] = [
        ("latin1", b"\x80\xe9", "\u{20ac}\u{e9}"),
        ("koi8-u", b"\xae\xbe", "\u{45e}\u{40e}"),
        ("sjis", b"\x82\xa0\xb1", "\u{3042}\u{ff71}"),
        ("euc-jp", b"\xa4\xa2\x8f\xb0\xa1", "\u{3042}\u{4e02}"),
        ("iso-2022-jp", b"\x1b$B$\"\x1b(Ba", "\u{3042}a"),
        ("gb18030", b"\x81\x30\x81\x30\xc4\xe3", "\u{80}\u{4f60}"),
        ("big5", b"\x88\x62\xa4\x40", "\u{ca}\u{304}\u{4e00}"),
        ("utf-16be", b"\xfe\xff\xd8\x3c\xdf\x0a", "\u{1f30a}"),
        ("x-user-defined", b"a\x80\xff", "a\u{f780}\u{f7ff}"),
    ];
    for (label, bytes, text) in cases {
        assert_eq!(everywhere(label, false, bytes), (text.into(), Ok(())));
        assert_eq!(everywhere(label, true, bytes), (text.into(), Ok(())));
    }
}

#[test]
fn bytes_that_are_no_character_are_replaced_or_an_error_where_they_begin() {
    let cases: [(&str, &[u8], &str, u64, &str); 6] = [
        ("utf-8", b"ab\xe2\x82c", "ab\u{fffd}c", 2, "ab"),
        ("utf-8", b"ab\xe2\x82", "ab\u{fffd}", 2, "ab"),
        ("shift_jis", b"ab\x82", "ab\u{fffd}", 2, "ab"),
        ("big5", b"a\x81\x80b", "a\u{fffd}b", 1, "a"),
        ("gb18030", b"a\x81\x30\x81b", "a\u{fffd}0\u{4e65}", 1, "a"),
        ("utf-16le", b"a\0\0\xd8b\0", "a\u{fffd}b", 2, "a"),
    ];
    for (label, bytes, text, offset, before) in cases {
        let replaced = everywhere(label, false, bytes);
        assert_eq!(replaced.1, Ok(()));
        assert_eq!(String::from_utf8(replaced.0).unwrap(), text, "{label}");
        let (made, result) = everywhere(label, true, bytes);
        let error = result.unwrap_err();
        assert_eq!((made, error.offset), (before.into(), offset), "{label}");
        let is_utf8 = error.code == ErrorCode::InvalidUtf8;
        assert_eq!(is_utf8, label == "utf-8");
    }
}

#[test]
fn labels_are_those_of_the_standard_and_of_no_replacement() {
    let none = |label| DecodeText::new(label, DecodeTextOptions::default()).is_none();
    assert!(!none(" ISO-8859-1\n"));
    assert!(none("utf-7") && none("") && none("iso-2022-kr") && none("replacement"));
}

const LABELS: [&str; 12] = [
    "utf-8",
    "utf-16le",
    "utf-16be",
    "gbk",
    "gb18030",
    "big5",
    "euc-jp",
    "iso-2022-jp",
    "shift_jis",
    "euc-kr",
    "windows-874",
    "x-user-defined",
];

proptest! {
    #[test]
    fn any_bytes_in_any_pieces_have_one_outcome(
        bytes in prop::collection::vec(any::<u8>(), 0..120),
        label in prop::sample::select(&LABELS[..]),
        size in 1usize..40,
        room in 16usize..60,
        fatal: bool,
    ) {
        let whole = drive(&mut *decoder(label, fatal), &[&bytes], 4096);
        let mut pieces: Vec<&[u8]> = bytes.chunks(size).collect();
        pieces.push(&[]);
        prop_assert_eq!(drive(&mut *decoder(label, fatal), &pieces, room), whole);
    }
}
