//! json: the grammar of RFC 8259 and paths of RFC 9535, against a reader that has all of the document, split anywhere.
#![cfg(feature = "codecs")]

mod codec_support;

use codec_support::json_model::{self, Step};
use codec_support::{drive_chain, drive_chain_unended, splits};
use proptest::prelude::*;
use tidegate::codec::{
    Chain, CodecError, ErrorCode, Json, JsonOptions, JsonPath, Lines, LinesOptions,
};

fn items_of(
    path: &str,
    pieces: &[&[u8]],
    options: JsonOptions,
) -> (Vec<String>, Option<CodecError>) {
    let json = Json::new(path.parse().unwrap(), options);
    let (collected, result) = drive_chain(&mut Chain::new(vec![Box::new(json)]), pieces);
    (
        collected.records.into_iter().flatten().collect(),
        result.err(),
    )
}

/// What comes before the end or the fault, and that fault: the same however the text is split.
fn everywhere(path: &str, text: &[u8], options: JsonOptions) -> (Vec<String>, Option<CodecError>) {
    let whole = items_of(path, &[text], options);
    for pieces in splits(text) {
        assert_eq!(items_of(path, &pieces, options), whole, "{pieces:?}");
    }
    whole
}

fn items(path: &str, text: &str) -> Vec<String> {
    let (items, error) = everywhere(path, text.as_bytes(), JsonOptions::default());
    assert_eq!(error, None);
    items
}

fn fault(path: &str, text: &[u8]) -> CodecError {
    everywhere(path, text, JsonOptions::default()).1.unwrap()
}

fn code_and_offset(path: &str, text: &[u8]) -> (ErrorCode, u64) {
    let error = fault(path, text);
    assert_eq!(error.codec, "json");
    (error.code, error.offset)
}

#[test]
fn the_elements_of_an_array_are_items() {
    assert_eq!(
        items("$[*]", "[1, \"two\", {\"three\": [4]}]"),
        ["1", "\"two\"", "{\"three\": [4]}"]
    );
}

#[test]
fn the_members_of_an_object_are_items() {
    assert_eq!(items("$.*", "{\"a\": 1, \"b\" : [ ] }"), ["1", "[ ]"]);
}

#[test]
fn the_whole_document_is_an_item() {
    assert_eq!(items("$", " {\"a\": 1}\n"), ["{\"a\": 1}"]);
    assert_eq!(items("$", "12"), ["12"]);
}

#[test]
fn a_path_leads_through_objects_and_arrays() {
    let text = r#"{"meta": {"items": [0]}, "b": {"items": [1, 2]}, "c": 3, "items": {"x": 4}}"#;
    assert_eq!(items("$.*.items[*]", text), ["0", "1", "2"]);
    assert_eq!(items("$.b.items[1]", text), ["2"]);
    assert_eq!(items("$['items']", text), ["{\"x\": 4}"]);
    assert_eq!(items("$.items.x", text), ["4"]);
}

#[test]
fn a_name_has_one_meaning_however_it_is_escaped() {
    let text = r#"{"\u0061": 1, "a\/b": 2, "\ud83c\udf0a": 3, "🌊": 4, "a": 5}"#;
    assert_eq!(items("$.a", text), ["1", "5"]);
    assert_eq!(items("$['a/b']", text), ["2"]);
    assert_eq!(items("$.🌊", text), ["3", "4"]);
    assert_eq!(items("$['\\uD83C\\uDF0A']", text), ["3", "4"]);
}

#[test]
fn half_a_surrogate_pair_is_no_name_that_a_path_can_have() {
    let text = r#"{"\ud83c": 1, "\ud83cx": 2, "\udf0a": 3, "\ufffd": 4}"#;
    assert_eq!(items("$['\u{fffd}']", text), ["4"]);
    assert_eq!(items("$.*", text).len(), 4);
}

#[test]
fn a_name_that_only_begins_alike_is_another() {
    let text = r#"{"item": 1, "items": 2, "itemsx": 3, "": 4}"#;
    assert_eq!(items("$.items", text), ["2"]);
    assert_eq!(items("$['']", text), ["4"]);
}

#[test]
fn an_index_is_of_arrays_and_a_name_of_objects() {
    let options = JsonOptions::default().missing_is_error(false);
    let none = (Vec::<String>::new(), None);
    assert_eq!(everywhere("$[0]", br#"{"0": 1}"#, options), none);
    assert_eq!(everywhere("$['0']", b"[1]", options), none);
    assert_eq!(everywhere("$[*][0]", b"[1, null, \"x\"]", options), none);
}

#[test]
fn a_byte_order_mark_is_dropped_and_counts_in_offsets() {
    assert_eq!(items("$", "\u{feff}1"), ["1"]);
    assert_eq!(
        code_and_offset("$", "\u{feff}x".as_bytes()),
        (ErrorCode::InvalidJson, 3)
    );
}

#[test]
fn nothing_at_the_path_is_an_error_that_names_the_step() {
    for (path, text, place) in [
        ("$.feature[*]", r#"{"features": []}"#, "$['feature']"),
        ("$.features[*]", r#"{"features": null}"#, "$['features'][*]"),
        ("$.*.items[*]", r#"{"a": {"item": [1]}}"#, "$[*]['items']"),
        ("$[2]", "[0, 1]", "$[2]"),
        ("$[*]", "3", "$[*]"),
    ] {
        let error = fault(path, text.as_bytes());
        assert_eq!(error.code, ErrorCode::MissingPath, "{path}");
        assert_eq!(
            (error.offset, &*error.path),
            (text.len() as u64, place),
            "{path}"
        );
    }
}

#[test]
fn an_empty_container_has_no_items_and_is_no_error() {
    assert_eq!(items("$.features[*]", r#"{"features": []}"#), [""; 0]);
    assert_eq!(items("$.*.items[*]", "{}"), [""; 0]);
    assert_eq!(items("$[*].name", "[{\"name\": 1}, {}]"), ["1"]);
}

#[test]
fn a_fault_has_the_offset_of_the_byte_that_cannot_be_there() {
    for (text, offset) in [
        ("[1,]", 3),
        ("[1 2]", 3),
        ("[1}", 2),
        ("{\"a\" 1}", 5),
        ("{\"a\":1,}", 7),
        ("{a:1}", 1),
        ("[01]", 2),
        ("[1.]", 3),
        ("[-]", 2),
        ("[1e+]", 4),
        ("[tru]", 4),
        ("[truE]", 4),
        ("[\"\\x\"]", 3),
        ("[\"\\u00g0\"]", 6),
        ("[\"a\tb\"]", 3),
        ("[nul\"l\"]", 4),
        ("]", 0),
        ("'a'", 0),
        ("\u{a0}1", 0),
    ] {
        for path in ["$", "$[*]", "$.x", "$[7][*]"] {
            assert_eq!(
                code_and_offset(path, text.as_bytes()),
                (ErrorCode::InvalidJson, offset),
                "{text} {path}"
            );
        }
    }
}

#[test]
fn a_document_that_has_not_ended_is_truncated() {
    for text in [
        "", " ", "[", "[1", "[1,", "{\"a\"", "\"a", "-", "1.", "tr", "[\"\\u12",
    ] {
        let expected = (ErrorCode::Truncated, text.len() as u64);
        assert_eq!(code_and_offset("$", text.as_bytes()), expected, "{text}");
        assert_eq!(code_and_offset("$[*]", text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn what_follows_the_document_is_an_error() {
    assert_eq!(code_and_offset("$", b"{} {}"), (ErrorCode::TrailingData, 3));
    assert_eq!(
        code_and_offset("$[*]", b"[1]]"),
        (ErrorCode::TrailingData, 3)
    );
}

#[test]
fn text_that_is_no_utf8_is_an_error_wherever_it_is() {
    assert_eq!(
        code_and_offset("$.a", b"{\"b\": \"\xff\"}"),
        (ErrorCode::InvalidUtf8, 7)
    );
    assert_eq!(code_and_offset("$", b"\"\xc3"), (ErrorCode::InvalidUtf8, 1));
}

#[test]
fn items_before_a_fault_come_first() {
    let (items, error) = everywhere("$[*]", b"[1, [2], 3 x", JsonOptions::default());
    assert_eq!(items, ["1", "[2]", "3"]);
    let error = error.unwrap();
    assert_eq!((error.offset, &*error.path), (11, "$[2]"));
}

#[test]
fn an_error_names_the_item_by_its_path() {
    let path_of = |path: &str, text: &str| fault(path, text.as_bytes()).path;
    assert_eq!(
        path_of("$.features[*]", r#"{"features": [{}, {"a": x"#),
        "$['features'][1]"
    );
    assert_eq!(
        path_of("$.*[*].b", r#"{"it's\n": [{"c": [}"#),
        "$['it\\'s\\n'][0]"
    );
    assert_eq!(
        path_of("$[*].*", r#"[{"\u00e9\ud83c\udf0a": tru "#),
        "$[0]['é🌊']"
    );
    assert_eq!(path_of("$.a.b", "{\"c\": tru "), "$");
    assert_eq!(path_of("$.*", r#"{"é\ud83c": tru "#), "$['é\u{fffd}']");
    let long = format!("{{\"{}\": x", "n".repeat(100));
    assert_eq!(path_of("$.*", &long), format!("$['{}…']", "n".repeat(64)));
}

#[test]
fn an_item_may_be_as_long_as_the_bound_and_no_longer() {
    let options = JsonOptions::default().max_bytes(4);
    assert_eq!(
        everywhere("$[*]", b"[1234, \"ab\", [1]]", options).0,
        ["1234", "\"ab\"", "[1]"]
    );
    let (items, error) = everywhere("$[*]", b"[1, \"abc\"]", options);
    let error = error.unwrap();
    assert_eq!(
        (error.code, error.offset, &*error.path),
        (ErrorCode::TooLong, 4, "$[1]")
    );
    assert_eq!(items, ["1"]);
    let (_, error) = everywhere(
        "$.a",
        b"{\"b\": \"as long as it wants\", \"a\": 1}",
        options,
    );
    assert_eq!(error, None);
}

#[test]
fn containers_may_be_as_deep_as_the_bound_and_no_deeper() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    for path in ["$", "$[*]", "$[0][0]", "$[1]"] {
        let options = JsonOptions::default().missing_is_error(false);
        let pieces: &[&[u8]] = &[nested(1024).as_bytes().to_vec().leak()];
        assert_eq!(items_of(path, pieces, options).1, None);
        let error = items_of(path, &[nested(1025).as_bytes()], options)
            .1
            .unwrap();
        assert_eq!((error.code, error.offset), (ErrorCode::TooDeep, 1024));
        let error = everywhere(path, b"[[[]]]", options.max_depth(2)).1.unwrap();
        assert_eq!((error.code, error.offset), (ErrorCode::TooDeep, 2));
    }
}

#[test]
fn items_are_lines_for_the_next_codec() {
    let json = Json::new("$[*]".parse().unwrap(), JsonOptions::default());
    let lines = Lines::new(LinesOptions::default());
    let mut chain = Chain::new(vec![Box::new(json), Box::new(lines)]);
    let (collected, result) = drive_chain(&mut chain, &[b"[1,[2,3]]"]);
    result.unwrap();
    assert_eq!(collected.records, [["1"], ["[2,3]"]]);
}

#[test]
fn a_document_goes_on_from_a_state_of_every_place_in_it() {
    let text = r#" {"it\u0065ms": {"é🌊": [1, {"a": tru"#;
    let text = format!("{text}e}}], \"\\ud83c\\udf0a\": \"x\\n\"}}, \"b\": -1.5e+3}}");
    for path in [
        "$",
        "$.*",
        "$.items.*",
        "$.items['é🌊'][1].a",
        "$.items['🌊']",
    ] {
        let make = || {
            Chain::new(vec![
                Box::new(Json::new(path.parse().unwrap(), JsonOptions::default())) as _,
            ])
        };
        let whole = drive_chain(&mut make(), &[text.as_bytes()]);
        assert_eq!(whole.1, Ok(()));
        for at in 0..=text.len() {
            let mut first = make();
            let (mut all, result) = drive_chain_unended(&mut first, &[&text.as_bytes()[..at]]);
            result.unwrap();
            let mut second = make();
            second.restore(&first.save().unwrap()).unwrap();
            let (rest, result) = drive_chain(&mut second, &[&text.as_bytes()[at..]]);
            all.bytes.extend(rest.bytes);
            all.records.extend(rest.records);
            assert_eq!((&all, &result), (&whole.0, &whole.1), "{path} at {at}");
        }
    }
}

#[test]
fn a_path_has_the_steps_that_one_pass_can_follow() {
    let shown = |path: &str| path.parse::<JsonPath>().map(|path| path.to_string());
    for (path, expected) in [
        ("$", "$"),
        ("$.a_1.é", "$['a_1']['é']"),
        ("$ .a [ 'b' ]\t[ * ]", "$['a']['b'][*]"),
        ("$.*[*][0][4294967295]", "$[*][*][0][4294967295]"),
        (
            "$[\"it's\"]['\\'\\\\\"\\/\\b\\f\\n\\r\\t\\u0001']",
            "$['it\\'s']['\\'\\\\\"/\\b\\f\\n\\r\\t\\u0001']",
        ),
    ] {
        assert_eq!(shown(path).as_deref(), Ok(expected), "{path}");
    }
}

#[test]
fn any_other_path_is_refused_where_it_goes_wrong() {
    for (path, at) in [
        ("", 1),
        ("a", 1),
        ("$a", 2),
        ("$.", 3),
        ("$..a", 3),
        ("$.1", 3),
        ("$.a-b", 4),
        ("$[", 3),
        ("$[]", 3),
        ("$[-1]", 3),
        ("$[01]", 4),
        ("$[1:2]", 4),
        ("$[0,1]", 4),
        ("$[?@.a]", 3),
        ("$['a]", 6),
        ("$['\\x']", 5),
        ("$['\\ud83c']", 10),
        ("$['\\\"']", 5),
        ("$ ", 3),
        ("$[4294967296]", 12),
    ] {
        let error = path.parse::<JsonPath>().unwrap_err().to_string();
        assert!(
            error.contains(&format!("at character {at}:")),
            "{path} {error}"
        );
    }
}

fn any_value() -> impl Strategy<Value = String> {
    let name = prop::sample::select(
        &[
            "a",
            "b",
            "\\u0061",
            "é🌊",
            "\\ud83c\\udf0a",
            "",
            "a long name with \\\" in it",
        ][..],
    );
    let space = || prop::sample::select(&["", "", "", " ", "\n  ", "\t\r\n"][..]);
    let leaf = prop::sample::select(
        &[
            "1",
            "-0.5e-3",
            "true",
            "false",
            "null",
            "\"\"",
            "\"x\\\\\"",
            "\"a string of more than one block \\u00e9\"",
            "\"é🌊\"",
            "[]",
            "{ }",
        ][..],
    );
    leaf.prop_map(str::to_owned)
        .prop_recursive(5, 60, 6, move |inner| {
            let member = (name.clone(), space(), space(), inner.clone()).prop_map(
                |(name, before, after, value)| format!("\"{name}\"{before}:{after}{value}"),
            );
            let list =
                |open: &'static str, close: &'static str, items: BoxedStrategy<Vec<String>>| {
                    (items, space(), space()).prop_map(move |(items, before, after)| {
                        format!(
                            "{open}{before}{}{after}{close}",
                            items.join(&format!("{after},{before}"))
                        )
                    })
                };
            prop_oneof![
                list("[", "]", prop::collection::vec(inner, 0..6).boxed()),
                list("{", "}", prop::collection::vec(member, 0..6).boxed()),
            ]
        })
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::All),
        1 => (0_usize..3).prop_map(Step::Index),
        2 => prop::sample::select(&["a", "é🌊", "🌊", ""][..]).prop_map(|name| Step::Name(name.to_owned())),
    ]
}

proptest! {
    #[test]
    fn any_document_has_the_items_of_a_reader_that_has_it_all(
        value in any_value(),
        steps in prop::collection::vec(any_step(), 0..4),
        change in prop::option::weighted(0.3, (any::<prop::sample::Index>(), prop::sample::select(&b"[]{},:\"\\0-e.a \x01\xff"[..]))),
        piece in 1_usize..40,
    ) {
        let mut text = value.into_bytes();
        if let Some((at, byte)) = change {
            let at = at.index(text.len());
            text[at] = byte;
        }
        let expected = json_model::read(&text, &steps, 1 << 24, 1024);
        let pieces: Vec<&[u8]> = text.chunks(piece).collect();
        let (items, error) = items_of(&Step::path(&steps), &pieces, JsonOptions::default());
        prop_assert_eq!(items, expected.items);
        prop_assert_eq!(error.map(|error| (error.code, error.offset)), expected.fault);
    }
}
