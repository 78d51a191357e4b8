//! csv: escapes, comments, skipped lines and text without quotes, against a naive parser that has all of the text at once.
#![cfg(feature = "codecs")]

mod codec_support;

use codec_support::{drive_chain, splits};
use proptest::prelude::*;
use tidegate::codec::{Chain, CodecError, Csv, CsvOptions, Delimiter, ErrorCode, Ragged};

type Rows = Vec<Vec<String>>;

fn rows_of(pieces: &[&[u8]], options: CsvOptions) -> Result<Rows, CodecError> {
    let mut chain = Chain::new(vec![Box::new(Csv::new(options).unwrap())]);
    let (collected, result) = drive_chain(&mut chain, pieces);
    result.map(|()| collected.records)
}

/// The rows of `input`, which must be the same however it is split.
fn everywhere(input: &str, options: CsvOptions) -> Result<Rows, CodecError> {
    let whole = rows_of(&[input.as_bytes()], options);
    for pieces in splits(input.as_bytes()) {
        assert_eq!(rows_of(&pieces, options), whole, "{pieces:?}");
    }
    whole
}

fn options() -> CsvOptions {
    CsvOptions::default().ragged(Ragged::Keep)
}

/// One character at a time; `Err` holds what is wrong.
fn model(input: &str, options: CsvOptions) -> Result<Rows, ErrorCode> {
    let is = |character: Option<&char>, byte: Option<u8>| {
        byte.is_some_and(|byte| character == Some(&char::from(byte)))
    };
    let text: Vec<char> = input.chars().collect();
    let line_end = |at: usize| match text.get(at..) {
        Some(['\n', ..]) => Some(1),
        Some(['\r', '\n', ..]) => Some(2),
        Some(['\r', ..]) if options.cr_ends_row => Some(1),
        _ => None,
    };
    let next_line = |at: usize| {
        let ends = |at: &usize| text[*at] == '\n' || options.cr_ends_row && text[*at] == '\r';
        let end = (at..text.len()).find(ends);
        end.map_or(text.len(), |end| end + line_end(end).unwrap_or(0))
    };
    let delimiter: Vec<char> = std::str::from_utf8(options.delimiter.as_bytes())
        .unwrap()
        .chars()
        .collect();
    let is_delimiter = |at: usize| text[at..].starts_with(&delimiter);
    let (mut rows, mut at) = (Vec::new(), 0);
    for _ in 0..options.skip_lines {
        at = next_line(at);
    }
    while at < text.len() {
        if is(text.get(at), options.comment) {
            at = next_line(at);
            continue;
        }
        if let Some(length) = line_end(at) {
            at += length;
            continue;
        }
        let mut row = Vec::new();
        loop {
            let mut field = String::new();
            if is(text.get(at), options.quote) {
                at += 1;
                loop {
                    let (now, then) = (text.get(at), text.get(at + 1));
                    let Some(&character) = now else {
                        return Err(ErrorCode::UnclosedQuote);
                    };
                    let is_escape = is(now, options.escape)
                        && (is(then, options.quote) || is(then, options.escape));
                    let is_doubled = is(now, options.quote) && is(then, options.quote);
                    if is_escape || is_doubled {
                        field.push(*then.unwrap());
                        at += 2;
                    } else if is(now, options.quote) {
                        at += 1;
                        break;
                    } else {
                        field.push(character);
                        at += 1;
                    }
                }
                if at < text.len() && !is_delimiter(at) && line_end(at).is_none() {
                    return Err(ErrorCode::StrayQuote);
                }
            } else {
                while at < text.len() && !is_delimiter(at) && line_end(at).is_none() {
                    field.push(text[at]);
                    at += 1;
                }
            }
            row.push(field);
            if is_delimiter(at) {
                at += delimiter.len();
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
fn an_escape_makes_a_quote_and_itself_text_and_is_text_before_anything_else() {
    let read = |input| everywhere(input, options().escape(b'\\')).unwrap();
    assert_eq!(read(r#""a\"b","c\\","\d""#), [["a\"b", "c\\", "\\d"]]);
    assert_eq!(read(r#""a""b""#), [["a\"b"]]);
    assert_eq!(read(r"a\b,\"), [["a\\b", "\\"]]);
}

#[test]
fn text_that_ends_behind_an_escape_is_in_an_unclosed_quote() {
    let error = everywhere("a\n\"b\\", options().escape(b'\\')).unwrap_err();
    assert_eq!((error.code, error.offset), (ErrorCode::UnclosedQuote, 2));
}

#[test]
fn a_line_that_begins_with_the_comment_is_no_row() {
    let read = |input| everywhere(input, options().comment(b'#')).unwrap();
    assert_eq!(
        read("#x,\"\r\na,#b\n#\n\n##\nc\n#end"),
        [vec!["a", "#b"], vec!["c"]]
    );
    assert_eq!(read(" #a\n\"#b\"\n"), [[" #a"], ["#b"]]);
}

#[test]
fn lines_at_the_start_are_skipped_whatever_is_in_them() {
    let read = |lines, input| everywhere(input, options().skip_lines(lines)).unwrap();
    assert_eq!(read(2, "\"a report\r\n\n1,2\n"), [["1", "2"]]);
    assert_eq!(read(3, "a\nb\n"), Rows::new());
}

#[test]
fn a_header_behind_what_is_skipped_gives_the_number_of_fields() {
    let options = CsvOptions::default().skip_lines(1).comment(b'#');
    let error = everywhere("one\n#two,\na,b\nc\n", options).unwrap_err();
    assert_eq!((error.code, error.offset), (ErrorCode::RaggedRow, 14));
}

#[test]
fn without_a_quote_quotes_are_text() {
    let read = |input| everywhere(input, options().quote(None)).unwrap();
    assert_eq!(
        read("\"a\nb\",\"\"\r\n"),
        [vec!["\"a"], vec!["b\"", "\"\""]]
    );
}

#[test]
fn bytes_with_two_meanings_are_refused() {
    assert!(Csv::new(options().escape(b'"')).is_none());
    assert!(Csv::new(options().comment(b',')).is_none());
    assert!(Csv::new(options().comment(b'\n')).is_none());
    assert!(Csv::new(options().escape(0xc3)).is_none());
    assert!(Csv::new(options().quote(None).escape(b'"')).is_some());
}

fn row(fields: &[&str]) -> Vec<String> {
    fields.iter().map(|&field| field.to_owned()).collect()
}

#[test]
fn a_delimiter_can_have_several_characters() {
    let options = options().delimiter(Delimiter::new("||").unwrap());
    let rows = everywhere("a||b|c||\"d||\"\"e\"||\n|||x\r\ny|", options);
    assert_eq!(
        rows.unwrap(),
        [
            row(&["a", "b|c", "d||\"e", ""]),
            row(&["", "|x"]),
            row(&["y|"])
        ]
    );
}

#[test]
fn the_beginning_of_a_delimiter_after_a_closing_quote_is_a_stray_character() {
    let options = options().delimiter(Delimiter::new("<tab>").unwrap());
    for text in ["a\n\"b\"<ta\n", "a\n\"b\"<ta"] {
        let error = everywhere(text, options).unwrap_err();
        assert_eq!((error.code, error.offset), (ErrorCode::StrayQuote, 5));
    }
}

#[test]
fn a_delimiter_has_at_most_eight_bytes_and_none_of_the_other_marks() {
    assert_eq!(Delimiter::new("123456789"), None);
    assert_eq!(Delimiter::new(""), None);
    let usable = |text| Csv::new(options().delimiter(Delimiter::new(text).unwrap())).is_some();
    assert!(usable("12345678") && usable("é") && usable("\t"));
    assert!(!usable("|\"") && !usable("|\n") && !usable("\r"));
    assert!(Csv::new(options().delimiter(0xe9)).is_none());
}

#[test]
fn a_cr_can_end_a_row() {
    let rows = everywhere("a\rb\r\nc\n\r\r\"d\re\"\r", options().cr_ends_row(true));
    assert_eq!(rows.unwrap(), [["a"], ["b"], ["c"], ["d\re"]]);
    let options = options().cr_ends_row(true).keep_empty_lines(true);
    let rows = everywhere("a\r\n\r\rb", options);
    assert_eq!(rows.unwrap(), [["a"], [""], [""], ["b"]]);
}

#[test]
fn a_row_behind_a_cr_begins_at_its_first_byte() {
    let options = CsvOptions::default().cr_ends_row(true);
    let error = everywhere("a,b\r\nc\r", options).unwrap_err();
    assert_eq!((error.code, error.offset), (ErrorCode::RaggedRow, 5));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_text_is_read_as_the_naive_parser_reads_it(
        input in r#"[aabc,,"\\#é\n\r]{0,24}"#,
        escape in any::<bool>(),
        comment in any::<bool>(),
        quote in any::<bool>(),
        skip in 0_u32..3,
        delimiter in prop::sample::select(&[",", ",", ",,", "ab", "aab", "é", ",é", "aabaac"][..]),
        cr_ends_row in any::<bool>(),
        cuts in prop::collection::vec(0_usize..25, 0..4),
    ) {
        let options = options()
            .escape(escape.then_some(b'\\'))
            .comment(comment.then_some(b'#'))
            .quote(quote.then_some(b'"'))
            .delimiter(Delimiter::new(delimiter).unwrap())
            .cr_ends_row(cr_ends_row)
            .skip_lines(skip);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(input.len())).collect();
        cuts.extend([0, input.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &input.as_bytes()[cut[0]..cut[1]]).collect();
        let got = rows_of(&pieces, options).map_err(|error| error.code);
        prop_assert_eq!(got, model(&input, options));
    }
}
