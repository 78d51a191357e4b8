//! csv: RFC 4180 against a naive parser that has all of the text at once.
#![cfg(feature = "codecs")]

mod codec_support;

use codec_support::{drive_chain, splits};
use proptest::prelude::*;
use tidegate::codec::{Chain, CodecError, Csv, CsvOptions, ErrorCode, Ragged};

type Rows = Vec<Vec<String>>;

fn rows_of(pieces: &[&[u8]], options: CsvOptions) -> Result<Rows, CodecError> {
    let mut chain = Chain::new(vec![Box::new(Csv::new(options).unwrap())]);
    let (collected, result) = drive_chain(&mut chain, pieces);
    result.map(|()| collected.records)
}

/// The rows of `input`, which must be the same however it is split.
fn everywhere(input: &[u8], options: CsvOptions) -> Result<Rows, CodecError> {
    let whole = rows_of(&[input], options);
    for pieces in splits(input) {
        assert_eq!(rows_of(&pieces, options), whole, "{pieces:?}");
    }
    whole
}

fn keep() -> CsvOptions {
    CsvOptions::default().ragged(Ragged::Keep)
}

fn rows(input: &str) -> Rows {
    everywhere(input.as_bytes(), CsvOptions::default()).unwrap()
}

fn fails(input: &[u8], options: CsvOptions) -> (ErrorCode, u64) {
    let error = everywhere(input, options).unwrap_err();
    assert_eq!(error.codec, "csv");
    (error.code, error.offset)
}

/// One character at a time over the decoded text; `Err` holds what is wrong.
fn model(input: &[u8], keep_empty: bool) -> Result<Rows, ErrorCode> {
    let input = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input);
    let text: Vec<char> = String::from_utf8_lossy(input).chars().collect();
    let line_end = |at: usize| match text.get(at..) {
        Some(['\n', ..]) => Some(1),
        Some(['\r', '\n', ..]) => Some(2),
        _ => None,
    };
    let (mut rows, mut at) = (Vec::new(), 0);
    while at < text.len() {
        if let (Some(length), false) = (line_end(at), keep_empty) {
            at += length;
            continue;
        }
        let mut row = Vec::new();
        loop {
            let mut field = String::new();
            if text.get(at) == Some(&'"') {
                at += 1;
                loop {
                    match text.get(at..) {
                        Some(['"', '"', ..]) => {
                            field.push('"');
                            at += 2;
                        }
                        Some(['"', ..]) => {
                            at += 1;
                            break;
                        }
                        Some([other, ..]) => {
                            field.push(*other);
                            at += 1;
                        }
                        _ => return Err(ErrorCode::UnclosedQuote),
                    }
                }
                if at < text.len() && text[at] != ',' && line_end(at).is_none() {
                    return Err(ErrorCode::StrayQuote);
                }
            } else {
                while at < text.len() && text[at] != ',' && line_end(at).is_none() {
                    field.push(text[at]);
                    at += 1;
                }
            }
            row.push(field);
            if text.get(at) == Some(&',') {
                at += 1;
            } else {
                at += line_end(at).unwrap_or(0);
                break;
            }
        }
        rows.push(row);
    }
    Ok(rows)
}

#[test]
fn fields_are_split_at_commas_and_rows_at_lf_or_crlf() {
    assert_eq!(rows("a,b\n1,\r\n,2\n"), [["a", "b"], ["1", ""], ["", "2"]]);
}

#[test]
fn the_last_row_need_not_be_ended() {
    assert_eq!(rows("a,b\n1,2"), [["a", "b"], ["1", "2"]]);
    assert_eq!(rows("a,b\n1,"), [["a", "b"], ["1", ""]]);
}

#[test]
fn quoted_fields_may_hold_commas_line_ends_and_doubled_quotes() {
    assert_eq!(
        rows("\"a,b\",\"c\r\nd\"\n\"\"\"e\"\"\",\"\"\r\n"),
        [["a,b", "c\r\nd"], ["\"e\"", ""]]
    );
}

#[test]
fn a_quote_inside_of_an_unquoted_field_is_text() {
    assert_eq!(rows("5\" pipe,a\"\"b\n"), [["5\" pipe", "a\"\"b"]]);
}

#[test]
fn empty_lines_are_no_rows_but_empty_quotes_are() {
    assert_eq!(rows("\n\na\r\n\r\n\"\"\n\n"), [["a"], [""]]);
}

#[test]
fn empty_lines_can_be_kept() {
    let options = CsvOptions::default().keep_empty_lines(true);
    assert_eq!(
        everywhere(b"\na\n\r\nb\n", options).unwrap(),
        [[""], ["a"], [""], ["b"]]
    );
}

#[test]
fn a_byte_order_mark_is_dropped_even_before_a_quote() {
    assert_eq!(rows("\u{feff}\"a,b\"\n"), [["a,b"]]);
}

#[test]
fn characters_survive_being_split() {
    assert_eq!(
        rows("São Paulo,\"潮,🌊\"\n🌊,é\n"),
        [["São Paulo", "潮,🌊"], ["🌊", "é"]]
    );
}

#[test]
fn delimiter_and_quote_can_be_chosen() {
    let options = CsvOptions::default().delimiter(b'\t').quote(b'\'');
    assert_eq!(
        everywhere(b"a,\"\t'b\tc'\n", options).unwrap(),
        [["a,\"", "b\tc"]]
    );
}

#[test]
fn delimiter_and_quote_must_be_different_ascii_characters_that_end_no_line() {
    for (delimiter, quote) in [
        (b',', b','),
        (b'\n', b'"'),
        (b',', b'\r'),
        (0xc3, b'"'),
        (b',', 0xff),
    ] {
        assert!(Csv::new(CsvOptions::default().delimiter(delimiter).quote(quote)).is_none());
    }
}

#[test]
fn an_unclosed_quote_is_named_where_it_was_opened() {
    assert_eq!(
        fails(b"a,b\n1,\"2\n3,4\n", CsvOptions::default()),
        (ErrorCode::UnclosedQuote, 6)
    );
    assert_eq!(
        fails(b"\"\"\"", CsvOptions::default()),
        (ErrorCode::UnclosedQuote, 0)
    );
}

#[test]
fn text_after_a_closing_quote_is_named_where_it_begins() {
    assert_eq!(
        fails(b"\"a\"b,c\n", CsvOptions::default()),
        (ErrorCode::StrayQuote, 3)
    );
    assert_eq!(
        fails(b"\"a\"\rb\n", CsvOptions::default()),
        (ErrorCode::StrayQuote, 3)
    );
    assert_eq!(
        fails(b"x\n\"a\"\r", CsvOptions::default()),
        (ErrorCode::StrayQuote, 5)
    );
}

#[test]
fn a_row_of_another_length_is_named_at_its_start() {
    assert_eq!(
        fails(b"a,b\n\n1,2,3\n", CsvOptions::default()),
        (ErrorCode::RaggedRow, 5)
    );
    assert_eq!(
        fails(b"\xef\xbb\xbfa,b\r\n1\r\n", CsvOptions::default()),
        (ErrorCode::RaggedRow, 8)
    );
    let message = rows_of(&[b"a,b\n1\n"], CsvOptions::default())
        .unwrap_err()
        .to_string();
    assert_eq!(
        message,
        "csv: wrong number of fields at byte 4: row 2 has 1, not 2"
    );
}

#[test]
fn the_length_of_rows_can_be_given() {
    let options = CsvOptions::default().width(Some(3));
    assert_eq!(fails(b"a,b\n", options), (ErrorCode::RaggedRow, 0));
}

#[test]
fn rows_of_other_lengths_can_be_kept() {
    let rows = everywhere(b"a,b\n1\n1,2,3\n", keep()).unwrap();
    assert_eq!(rows, [vec!["a", "b"], vec!["1"], vec!["1", "2", "3"]]);
}

#[test]
fn a_row_longer_than_the_bound_is_an_error_that_names_its_start() {
    let options = CsvOptions::default().max_bytes(6);
    assert_eq!(everywhere(b"ab,cd\nef,gh\n", options).unwrap().len(), 2);
    assert_eq!(fails(b"ab,cd\nef,ghi\n", options), (ErrorCode::TooLong, 6));
    assert_eq!(fails(b"ab,cd\n\"efghijk", options), (ErrorCode::TooLong, 6));
    assert_eq!(fails(b"\"abcdefghi\"x\n", options), (ErrorCode::TooLong, 0));
}

#[test]
fn invalid_utf8_is_replaced_or_an_error() {
    assert_eq!(
        rows_of(&[b"a\xff,\xe2\x82,b\n"], keep()).unwrap(),
        [["a\u{fffd}", "\u{fffd}", "b"]]
    );
    let options = CsvOptions::default().fatal(true);
    assert_eq!(
        fails(b"a,b\n\"\xe2\x82\",c\n", options),
        (ErrorCode::InvalidUtf8, 5)
    );
}

#[test]
fn a_row_longer_than_a_batch_arrives_whole() {
    let long = "x".repeat(200_000);
    let input = format!("a,b\n{long},\"{long}\"\nc,d\n");
    for piece in [1000, 65_536, 1 << 20] {
        let pieces: Vec<&[u8]> = input.as_bytes().chunks(piece).collect();
        let rows = rows_of(&pieces, CsvOptions::default()).unwrap();
        assert_eq!(rows, [["a", "b"], [&long, &long], ["c", "d"]]);
    }
}

#[test]
fn many_batches_of_rows_lose_and_double_nothing() {
    let input: String = (0..30_000)
        .map(|n| format!("{n},\"{}\",é\r\n", n * 7))
        .collect();
    let rows = rows_of(&[input.as_bytes()], CsvOptions::default()).unwrap();
    assert_eq!(rows.len(), 30_000);
    for (n, row) in rows.iter().enumerate() {
        assert_eq!(row[..], [n.to_string(), (n * 7).to_string(), "é".into()]);
    }
}

fn pieces_of(input: &[u8], cuts: Vec<usize>) -> Vec<&[u8]> {
    let mut cuts: Vec<usize> = cuts
        .into_iter()
        .map(|cut| cut % (input.len() + 1))
        .collect();
    cuts.sort_unstable();
    let mut from = 0;
    let mut pieces = Vec::new();
    for cut in cuts.into_iter().chain([input.len()]) {
        pieces.push(&input[from..cut]);
        from = cut;
    }
    pieces
}

proptest! {
    #[test]
    fn any_text_gives_the_rows_of_the_naive_parser(
        input in proptest::collection::vec(
            prop_oneof![
                10 => proptest::sample::select(&b"ab,,\"\"\"\n\n\r\xc3\xa9\xf0\x9f\x8c\x8a"[..]),
                1 => any::<u8>(),
            ],
            0..120,
        ),
        cuts in proptest::collection::vec(any::<usize>(), 0..6),
        keep_empty_lines: bool,
    ) {
        let options = keep().keep_empty_lines(keep_empty_lines);
        let pieces = pieces_of(&input, cuts);
        let outcome = rows_of(&pieces, options);
        prop_assert_eq!(&outcome, &rows_of(&[&input], options));
        prop_assert_eq!(outcome.map_err(|error| error.code), model(&input, keep_empty_lines));
    }

    #[test]
    fn rows_that_were_written_come_back(
        rows in (1usize..5).prop_flat_map(|width| {
            let field = "[a-z\"',\r\n é🌊]{0,12}";
            proptest::collection::vec(proptest::collection::vec(field, width), 0..20)
        }),
        cuts in proptest::collection::vec(any::<usize>(), 0..6),
    ) {
        let quoted = |field: &String| format!("\"{}\"", field.replace('"', "\"\""));
        let text: String = rows
            .iter()
            .map(|row| row.iter().map(quoted).collect::<Vec<_>>().join(",") + "\r\n")
            .collect();
        prop_assert_eq!(rows_of(&pieces_of(text.as_bytes(), cuts), CsvOptions::default()).unwrap(), rows);
    }
}
