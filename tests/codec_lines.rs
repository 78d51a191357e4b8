//! lines: LF and CRLF, UTF-8 split anywhere, against `String::from_utf8_lossy` and `split`.
#![cfg(feature = "codecs")]

mod codec_support;

use codec_support::{drive, drive_chain, splits};
use proptest::prelude::*;
use tidegate::codec::{Chain, CodecError, ErrorCode, Lines, LinesOptions};

fn lines_of(pieces: &[&[u8]], options: LinesOptions) -> Result<Vec<String>, CodecError> {
    let mut chain = Chain::new(vec![Box::new(Lines::new(options))]);
    let (collected, result) = drive_chain(&mut chain, pieces);
    result.map(|()| collected.records.into_iter().flatten().collect())
}

/// The lines of `input`, which must be the same however it is split.
fn everywhere(input: &[u8], options: LinesOptions) -> Result<Vec<String>, CodecError> {
    let whole = lines_of(&[input], options);
    for pieces in splits(input) {
        assert_eq!(lines_of(&pieces, options), whole, "{pieces:?}");
        let (bytes, result) = drive(&mut Lines::new(options), &pieces, 16);
        match &whole {
            Ok(lines) => {
                let expected: String = lines.iter().map(|line| format!("{line}\n")).collect();
                assert_eq!(
                    (String::from_utf8(bytes).unwrap(), result),
                    (expected, Ok(()))
                );
            }
            Err(error) => assert_eq!(result.as_ref(), Err(error)),
        }
    }
    whole
}

fn lines(input: &[u8]) -> Vec<String> {
    everywhere(input, LinesOptions::default()).unwrap()
}

/// Decodes all, then splits: what a reader with unbounded memory would do.
fn model(input: &[u8]) -> Vec<String> {
    let input = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input);
    let text = String::from_utf8_lossy(input);
    let mut lines: Vec<&str> = text.split('\n').collect();
    let last = lines.pop().unwrap();
    let mut all: Vec<String> = lines
        .into_iter()
        .map(|line| line.strip_suffix('\r').unwrap_or(line).into())
        .collect();
    if !last.is_empty() {
        all.push(last.into());
    }
    all
}

#[test]
fn lines_end_with_lf_or_crlf() {
    assert_eq!(lines(b"one\ntwo\r\n\nfour\n"), ["one", "two", "", "four"]);
}

#[test]
fn the_last_line_need_not_be_ended() {
    assert_eq!(lines(b"one\ntwo"), ["one", "two"]);
}

#[test]
fn no_text_has_no_lines() {
    assert_eq!(lines(b""), [""; 0]);
}

#[test]
fn a_carriage_return_that_ends_no_line_is_text() {
    assert_eq!(lines(b"a\rb\r\r\nc\r"), ["a\rb\r", "c\r"]);
}

#[test]
fn characters_survive_being_split() {
    let text = "tíde\n潮 gate 🌊🌊\nĀ\r\n🌊";
    assert_eq!(lines(text.as_bytes()), ["tíde", "潮 gate 🌊🌊", "Ā", "🌊"]);
}

#[test]
fn a_byte_order_mark_is_dropped_at_the_start_only() {
    assert_eq!(
        lines(b"\xef\xbb\xbfone\n\xef\xbb\xbftwo"),
        ["one", "\u{feff}two"]
    );
    assert_eq!(lines(b"\xef\xbb\xbf"), [""; 0]);
}

#[test]
fn a_byte_order_mark_can_be_kept() {
    let options = LinesOptions::default().ignore_bom(true);
    assert_eq!(
        everywhere(b"\xef\xbb\xbfone", options).unwrap(),
        ["\u{feff}one"]
    );
}

#[test]
fn invalid_utf8_is_replaced_as_the_encoding_standard_says() {
    for input in [
        &b"a\xffb\n"[..],
        b"\xe2\x82",
        b"\xe2\x82\n",
        b"\xf0\x9f\x8c\xe2\x82\xac",
        b"\xef\xbb",
        b"\xc0\xaf\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
    ] {
        assert_eq!(lines(input), model(input));
    }
}

#[test]
fn invalid_utf8_can_be_an_error_that_names_its_first_byte() {
    let options = LinesOptions::default().fatal(true);
    let offset_of = |input: &[u8]| {
        let error = everywhere(input, options).unwrap_err();
        assert_eq!((error.codec, error.code), ("lines", ErrorCode::InvalidUtf8));
        error.offset
    };
    assert_eq!(offset_of(b"ab\nc\xff"), 4);
    assert_eq!(
        offset_of("é\u{20ac}\n".as_bytes().strip_suffix(b"\xac\n").unwrap()),
        2
    );
    assert_eq!(offset_of(b"\xef\xbb\xbf\xef\xbb\xbf\xe2\x82x"), 6);
}

#[test]
fn an_error_says_which_bytes_are_no_character() {
    let options = LinesOptions::default().fatal(true);
    let message = everywhere(b"\xe2\x82x", options).unwrap_err().to_string();
    assert_eq!(
        message,
        "lines: invalid UTF-8 at byte 0: e2 82 is no character"
    );
}

#[test]
fn a_line_longer_than_the_bound_is_an_error_that_names_its_start() {
    let options = LinesOptions::default().max_bytes(4);
    assert_eq!(
        everywhere(b"1234\r\n1234\n", options).unwrap(),
        ["1234", "1234"]
    );
    let error = everywhere(b"1\n12345\n", options).unwrap_err();
    assert_eq!((error.code, error.offset), (ErrorCode::TooLong, 2));
    let error = everywhere(b"\xef\xbb\xbf1234\r5", options).unwrap_err();
    assert_eq!((error.code, error.offset), (ErrorCode::TooLong, 3));
}

#[test]
fn a_line_longer_than_a_batch_arrives_whole() {
    let long = "x".repeat(300_000);
    let input = format!("a\n{long}\nb");
    for piece in [1000, 65_536, 1 << 20] {
        let pieces: Vec<&[u8]> = input.as_bytes().chunks(piece).collect();
        assert_eq!(
            lines_of(&pieces, LinesOptions::default()).unwrap(),
            ["a", &long, "b"]
        );
    }
}

proptest! {
    #[test]
    fn any_bytes_give_the_lines_of_the_decoded_text(
        input in proptest::collection::vec(
            prop_oneof![
                8 => proptest::sample::select(&b"a\n\r\xc3\xa9\xe2\x82\xac\xf0\x9f\x8c\x8a\xef\xbb\xbf"[..]),
                1 => any::<u8>(),
            ],
            0..200,
        ),
        cuts in proptest::collection::vec(0usize..200, 0..6),
    ) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(input.len())).collect();
        cuts.sort_unstable();
        let mut from = 0;
        let mut pieces: Vec<&[u8]> = Vec::new();
        for cut in cuts.into_iter().chain([input.len()]) {
            pieces.push(&input[from..cut]);
            from = cut;
        }
        prop_assert_eq!(lines_of(&pieces, LinesOptions::default()).unwrap(), model(&input));
    }
}
