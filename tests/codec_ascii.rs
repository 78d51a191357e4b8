//! Base64 and hexadecimal digits: the vectors of RFC 4648, against naive implementations, cut anywhere, and every fault with its offset.
#![cfg(feature = "codecs")]

mod codec_support;

use codec_support::{Outcome, drive, splits};
use proptest::prelude::*;
use tidegate::codec::{
    Base64Alphabet, Base64Decode, Base64DecodeOptions, Base64Encode, Base64EncodeOptions, Codec,
    ErrorCode, HexDecode, HexEncode, LastGroup, LineEnd,
};

/// The outcome in one piece, which must be that at every split and with little room.
fn everywhere(make: &dyn Fn() -> Box<dyn Codec>, input: &[u8]) -> Outcome {
    let whole = drive(&mut *make(), &[input], 4096);
    for pieces in splits(input) {
        for room in [16, 19, 4096] {
            assert_eq!(drive(&mut *make(), &pieces, room), whole, "{pieces:?}");
        }
    }
    whole
}

fn encode(options: Base64EncodeOptions, input: &[u8]) -> String {
    let (text, result) = everywhere(&|| Box::new(Base64Encode::new(options)), input);
    result.unwrap();
    String::from_utf8(text).unwrap()
}

fn decode(options: Base64DecodeOptions, text: &str) -> (Vec<u8>, Option<(ErrorCode, u64)>) {
    let (bytes, result) = everywhere(&|| Box::new(Base64Decode::new(options)), text.as_bytes());
    (bytes, result.err().map(|error| (error.code, error.offset)))
}

const STRICT: fn() -> Base64DecodeOptions = Base64DecodeOptions::default;

fn loose() -> Base64DecodeOptions {
    STRICT().last_group(LastGroup::Loose)
}

/// <https://www.rfc-editor.org/rfc/rfc4648#section-10>
const VECTORS: [(&str, &str, &str); 7] = [
    ("", "", ""),
    ("f", "Zg==", "66"),
    ("fo", "Zm8=", "666f"),
    ("foo", "Zm9v", "666f6f"),
    ("foob", "Zm9vYg==", "666f6f62"),
    ("fooba", "Zm9vYmE=", "666f6f6261"),
    ("foobar", "Zm9vYmFy", "666f6f626172"),
];

#[test]
fn the_vectors_of_the_rfc_are_met() {
    for (bytes, base64, hex) in VECTORS {
        let options = Base64EncodeOptions::default();
        assert_eq!(encode(options, bytes.as_bytes()), base64);
        let bare = base64.trim_end_matches('=');
        assert_eq!(encode(options.padding(false), bytes.as_bytes()), bare);
        assert_eq!(decode(STRICT(), base64), (bytes.into(), None));
        assert_eq!(decode(loose(), base64), (bytes.into(), None));
        assert_eq!(decode(loose(), bare), (bytes.into(), None));
        let made = everywhere(&|| Box::new(HexEncode::new(false)), bytes.as_bytes());
        assert_eq!(made, (hex.into(), Ok(())));
        let made = everywhere(&|| Box::new(HexEncode::new(true)), bytes.as_bytes());
        assert_eq!(made, (hex.to_uppercase().into(), Ok(())));
        for text in [hex.to_owned(), hex.to_uppercase()] {
            let read = everywhere(&|| Box::new(HexDecode::new(false)), text.as_bytes());
            assert_eq!(read, (bytes.into(), Ok(())));
        }
    }
}

#[test]
fn the_alphabets_differ_in_two_characters_and_refuse_those_of_each_other() {
    let url = Base64EncodeOptions::default().alphabet(Base64Alphabet::Url);
    assert_eq!(
        encode(Base64EncodeOptions::default(), b"\xfb\xff\xbf"),
        "+/+/"
    );
    assert_eq!(encode(url, b"\xfb\xff\xbf"), "-_-_");
    let url = STRICT().alphabet(Base64Alphabet::Url);
    assert_eq!(decode(STRICT(), "+/+/"), (b"\xfb\xff\xbf".into(), None));
    assert_eq!(decode(url, "-_-_"), (b"\xfb\xff\xbf".into(), None));
    for (options, text) in [(url, "AAAA+/+/"), (STRICT(), "AAAA-_-_")] {
        let expected = (vec![0; 3], Some((ErrorCode::InvalidCharacter, 4)));
        assert_eq!(decode(options, text), expected);
    }
}

#[test]
fn lines_have_a_line_end_between_them_and_none_at_the_end() {
    let bytes: Vec<u8> = (0..=120).collect();
    let mail = Base64EncodeOptions::default().line_length(76);
    let one = encode(Base64EncodeOptions::default(), &bytes);
    let lines: Vec<&str> = one
        .as_bytes()
        .chunks(76)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    assert_eq!(encode(mail, &bytes), lines.join("\r\n"));
    assert_eq!(encode(mail.line_end(LineEnd::Lf), &bytes), lines.join("\n"));
    assert_eq!(encode(mail, &bytes[..57]), lines[0]);
    assert_eq!(decode(STRICT(), &lines.join("\r\n")), (bytes, None));
}

#[test]
fn whitespace_may_be_anywhere_unless_it_is_refused() {
    let text = " Z\tg\r\n=\x0c= \n";
    assert_eq!(decode(STRICT(), text), (b"f".into(), None));
    let error = |offset| Some((ErrorCode::InvalidCharacter, offset));
    let options = STRICT().skip_whitespace(false);
    assert_eq!(decode(options, text), (vec![], error(0)));
    assert_eq!(decode(options, "Zm9v\nZm9v"), (b"foo".into(), error(4)));
    let read = |skip, text: &str| {
        let (bytes, result) = everywhere(&|| Box::new(HexDecode::new(skip)), text.as_bytes());
        (bytes, result.err().map(|error| (error.code, error.offset)))
    };
    assert_eq!(read(true, " 6\t6\r\n6\x0cf "), (b"fo".into(), None));
    assert_eq!(read(false, "66 6f"), (b"f".into(), error(2)));
}

#[test]
fn an_end_in_the_middle_of_a_group_is_an_error_where_padding_is_asked_for() {
    let cut = |text: &str| Some((ErrorCode::Truncated, text.len() as u64));
    for text in ["Zm9vZ", "Zm9vZg", "Zm9vZg=", "Zm9vZm8"] {
        assert_eq!(decode(STRICT(), text), (b"foo".into(), cut(text)));
    }
    // A character alone is less than a byte, and one `=` of two is no padding.
    for text in ["Zm9vZ", "Zm9vZg="] {
        assert_eq!(decode(loose(), text), (b"foo".into(), cut(text)));
    }
    assert_eq!(decode(loose(), "Zm9vZm8 \n"), (b"foofo".into(), None));
    let (bytes, result) = everywhere(&|| Box::new(HexDecode::new(true)), b"666\n");
    assert_eq!(bytes, b"f");
    let error = result.unwrap_err();
    assert_eq!((error.code, error.offset), (ErrorCode::Truncated, 4));
}

#[test]
fn padding_in_the_wrong_place_is_an_error_at_its_offset() {
    for options in [STRICT(), loose()] {
        let bad = |offset| Some((ErrorCode::InvalidPadding, offset));
        assert_eq!(decode(options, "="), (vec![], bad(0)));
        assert_eq!(decode(options, "Zm9vZ==="), (b"foo".into(), bad(5)));
        assert_eq!(decode(options, "Zm9vZg=x"), (b"foo".into(), bad(7)));
        let trailing = |offset| Some((ErrorCode::TrailingData, offset));
        assert_eq!(decode(options, "Zg===").1, trailing(4));
        assert_eq!(decode(options, "Zg==\nZg=="), (b"f".into(), trailing(5)));
    }
}

#[test]
fn bits_that_belong_to_no_byte_are_an_error_unless_they_are_ignored() {
    let stray = |offset| Some((ErrorCode::StrayBits, offset));
    assert_eq!(decode(STRICT(), "Zh=="), (vec![], stray(1)));
    assert_eq!(decode(STRICT(), "Zm9v Zm9= "), (b"foo".into(), stray(7)));
    assert_eq!(decode(loose(), "Zh=="), (b"f".into(), None));
    assert_eq!(decode(loose(), "Zm9"), (b"fo".into(), None));
}

#[test]
fn every_byte_that_is_no_character_is_refused_where_it_is() {
    let text: String = "Zm9v".repeat(30);
    for byte in 0..=255u8 {
        if byte.is_ascii_alphanumeric() || b"+/=\t\n\x0c\r ".contains(&byte) {
            continue;
        }
        for at in [0, 3, 60, 119] {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = byte;
            let mut codec = Base64Decode::new(STRICT());
            let (made, result) = drive(&mut codec, &[&bytes], 4096);
            let error = result.unwrap_err();
            let expected = (ErrorCode::InvalidCharacter, at as u64, at / 4 * 3);
            assert_eq!((error.code, error.offset, made.len()), expected);
        }
    }
    for byte in 0..=255u8 {
        if byte.is_ascii_hexdigit() || b"\t\n\x0c\r ".contains(&byte) {
            continue;
        }
        let mut bytes = b"66".repeat(40);
        bytes[41] = byte;
        let (made, result) = drive(&mut HexDecode::new(true), &[&bytes], 4096);
        let error = result.unwrap_err();
        let expected = (ErrorCode::InvalidCharacter, 41, 20);
        assert_eq!((error.code, error.offset, made.len()), expected);
    }
}

/// Bit by bit, as the RFC describes it.
fn naive(bytes: &[u8]) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<u8> = bytes
        .iter()
        .flat_map(|byte| (0..8).map(move |bit| byte >> (7 - bit) & 1))
        .collect();
    let sextet = |bits: &[u8]| (0..6).fold(0, |value, at| value << 1 | bits.get(at).unwrap_or(&0));
    let mut text: String = bits
        .chunks(6)
        .map(|bits| char::from(alphabet[usize::from(sextet(bits))]))
        .collect();
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

proptest! {
    #[test]
    fn any_bytes_in_any_pieces_are_what_a_naive_encoder_makes_and_come_back(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        size in 1usize..70,
        room in 16usize..90,
        line in 0usize..20,
    ) {
        let options = Base64EncodeOptions::default();
        let options = if line > 0 { options.line_length(line * 4) } else { options };
        let mut pieces: Vec<&[u8]> = bytes.chunks(size).collect();
        pieces.push(&[]);
        let (text, result) = drive(&mut Base64Encode::new(options), &pieces, room);
        prop_assert_eq!(result, Ok(()));
        let all = naive(&bytes).into_bytes();
        let lines: Vec<&[u8]> = if line > 0 { all.chunks(line * 4).collect() } else { vec![&all] };
        prop_assert_eq!(&text, &lines.join(&b"\r\n"[..]));
        let mut pieces: Vec<&[u8]> = text.chunks(size).collect();
        pieces.push(&[]);
        prop_assert_eq!(drive(&mut Base64Decode::new(STRICT()), &pieces, room), (bytes, Ok(())));
    }

    #[test]
    fn any_text_in_any_pieces_has_one_outcome(
        text in "[A-D+/=\\-_ \n]{0,80}",
        size in 1usize..40,
        room in 16usize..40,
        is_loose: bool,
    ) {
        let options = if is_loose { loose() } else { STRICT() };
        let whole = drive(&mut Base64Decode::new(options), &[text.as_bytes()], 4096);
        let mut pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
        pieces.push(&[]);
        prop_assert_eq!(drive(&mut Base64Decode::new(options), &pieces, room), whole);
    }
}
