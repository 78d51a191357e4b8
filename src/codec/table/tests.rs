use super::column::ColumnType;
use super::filter::{Condition, Operator};
use super::plan::{ColumnName, Nulls};
use super::*;
use crate::codec::{Chain, Codec, Csv, CsvOptions, Ragged};

/// What a table made of a text: its values as text, row by row, and how it ended.
#[derive(Debug, PartialEq)]
struct Made {
    rows: Vec<Vec<String>>,
    error: Option<CodecError>,
    bad_value: Option<BadValue>,
    invalid: u64,
}

fn named(name: &str) -> ColumnName {
    ColumnName {
        index: None,
        name: name.into(),
    }
}

fn numbered(index: u32) -> ColumnName {
    ColumnName {
        index: Some(index),
        name: String::new(),
    }
}

fn columns<const N: usize>(columns: [(ColumnName, ColumnType); N]) -> Plan {
    Plan {
        header: true,
        shape: Shape::Columns(columns.into()),
        nulls: Nulls::new([Vec::new()]),
        ..Plan::default()
    }
}

fn fields<const N: usize>(columns: [ColumnName; N]) -> Plan {
    Plan {
        header: true,
        shape: Shape::Fields(columns.into()),
        nulls: Nulls::new([Vec::new()]),
        ..Plan::default()
    }
}

/// A table of `plan()` over `text` that arrives in these pieces.
fn made(plan: Plan, pieces: &[&[u8]], options: CsvOptions, limit: usize) -> Made {
    let mut csv = Csv::new(options).expect("the options are usable");
    csv.records().expect("csv makes records").record_starts();
    let mut chain = Chain::new(vec![Box::new(csv)]);
    let mut table = Table::new(plan);
    let mut reader = Reader::default();
    let mut made = Made {
        rows: Vec::new(),
        error: None,
        bad_value: None,
        invalid: 0,
    };
    for number in 0..=pieces.len() {
        let mut piece = pieces.get(number).copied().unwrap_or_default();
        loop {
            let room = chain.input(piece.len());
            let fed = room.len();
            room.copy_from_slice(&piece[..fed]);
            chain.commit(fed);
            piece = &piece[fed..];
            if number == pieces.len() {
                chain.end_input();
            }
            let state = chain.run();
            let ended = state.is_err() || number == pieces.len();
            loop {
                let rows = Rows::new(&chain.batch_again());
                match table.take_in(&rows, limit, ended) {
                    Ok(Progress::HasBatch) => made.rows.extend(reader.rows(&mut table, limit)),
                    Ok(Progress::NeedRows) => break,
                    Err(error) => {
                        made.error = Some(error);
                        made.bad_value = table.bad_value();
                        return made;
                    }
                }
            }
            made.invalid = table.invalid();
            if let Err(error) = state {
                made.error = Some(error);
                return made;
            }
            if piece.is_empty() && state != Ok(crate::codec::ChainState::HasBatch) {
                break;
            }
        }
    }
    made
}

/// Reads batches as JavaScript does, with the dictionaries of the batches before.
#[derive(Default)]
struct Reader {
    dictionaries: Vec<Vec<String>>,
}

impl Reader {
    fn rows(&mut self, table: &mut Table, limit: usize) -> Vec<Vec<String>> {
        if !matches!(table.plan.shape, Shape::Columns(_)) {
            table.shown = true;
            let batch = Batch::new(table.text.as_slice(), &table.ends, &table.rows, &[]);
            let rows = batch.records();
            return rows
                .map(|row| (0..row.len()).map(|at| row[at].to_owned()).collect())
                .collect();
        }
        let (length, words) = table.batch_columns();
        assert!(length <= limit);
        assert_eq!(words.len(), table.columns.len() * WORDS);
        self.dictionaries.resize(table.columns.len(), Vec::new());
        let mut rows = vec![Vec::new(); length];
        for (column, dictionary) in table.columns.iter_mut().zip(&mut self.dictionaries) {
            let validity = column.validity.bits().map(<[u8]>::to_vec);
            if let Values::Dictionary {
                dictionary: held, ..
            } = &column.values
            {
                let (known, text, ends) = held.new_texts();
                dictionary.truncate(known);
                let base = ends.first().copied().unwrap_or_default();
                for ends in ends.windows(2) {
                    let text = &text[(ends[0] - base) as usize..(ends[1] - base) as usize];
                    dictionary.push(String::from_utf8(text.into()).expect("text is UTF-8"));
                }
            }
            for (at, row) in rows.iter_mut().enumerate() {
                let is_there = validity
                    .as_ref()
                    .is_none_or(|bits| bits[at / 8] >> (at % 8) & 1 == 1);
                let value = match &mut column.values {
                    Values::F64(values) => values[at].to_string(),
                    Values::I64(values) => values[at].to_string(),
                    Values::I32(values) => values[at].to_string(),
                    Values::Bool(bits) => {
                        (bits.first(length)[at / 8] >> (at % 8) & 1 == 1).to_string()
                    }
                    Values::Utf8 { offsets, text } => {
                        let text = &text[offsets[at] as usize..offsets[at + 1] as usize];
                        String::from_utf8(text.into()).expect("text is UTF-8")
                    }
                    Values::Dictionary { codes, .. } if is_there => {
                        dictionary[codes[at] as usize].clone()
                    }
                    Values::Dictionary { .. } => String::new(),
                };
                row.push(if is_there { value } else { "null".into() });
            }
        }
        rows
    }
}

const TEXT: &str = "id,amount,when,city,open,note\n\
    1,1.5,2026-01-01,Ulm,true,a\n\
    2,,2026-01-02T10:00Z,\"Köln, am Rhein\",false,b\n\
    9007199254740993,-2e3,,Ulm,,c\n\
    4,0.1,1969-12-31T23:59:59.9999,,yes,d\n";

fn every_type() -> Plan {
    columns([
        (named("id"), ColumnType::I64),
        (named("amount"), ColumnType::F64),
        (named("when"), ColumnType::Timestamp),
        (named("city"), ColumnType::Dictionary),
        (named("city"), ColumnType::Utf8),
        (named("open"), ColumnType::Bool),
    ])
}

fn rows(expected: &[&[&str]]) -> Vec<Vec<String>> {
    let row = |row: &&[&str]| row.iter().map(|&field| field.to_owned()).collect();
    expected.iter().map(row).collect()
}

#[test]
fn values_have_their_types_and_empty_fields_are_null() {
    let made = made(
        every_type(),
        &[TEXT.as_bytes()],
        CsvOptions::default(),
        1000,
    );
    assert_eq!(made.error, None);
    assert_eq!(
        made.rows,
        rows(&[
            &["1", "1.5", "1767225600000", "Ulm", "Ulm", "true"],
            &[
                "2",
                "null",
                "1767348000000",
                "Köln, am Rhein",
                "Köln, am Rhein",
                "false"
            ],
            &["9007199254740993", "-2000", "null", "Ulm", "Ulm", "null"],
            &["4", "0.1", "-1", "null", "null", "true"],
        ])
    );
}

/// Every place to cut at, every size of batches that matters: the same.
fn same_however_it_is_cut(plan: fn() -> Plan, text: &str, options: CsvOptions) -> Made {
    let whole = made(plan(), &[text.as_bytes()], options, usize::MAX);
    let bytes: Vec<_> = text.as_bytes().chunks(1).collect();
    for limit in [1, 2, 3, usize::MAX] {
        assert_eq!(
            made(plan(), &bytes, options, limit),
            whole,
            "byte by byte, {limit}"
        );
        for cut in 0..text.len() {
            let (before, behind) = text.as_bytes().split_at(cut);
            assert_eq!(
                made(plan(), &[before, &[], behind], options, limit),
                whole,
                "at {cut}, {limit}"
            );
        }
    }
    whole
}

#[test]
fn columns_do_not_depend_on_how_the_text_was_cut() {
    let made = same_however_it_is_cut(every_type, TEXT, CsvOptions::default());
    assert_eq!(made.rows.len(), 4);
}

#[test]
fn every_truncation_gives_what_is_complete_or_an_error() {
    for end in 0..TEXT.len() {
        let Ok(text) = std::str::from_utf8(&TEXT.as_bytes()[..end]) else {
            continue;
        };
        let bytes: Vec<_> = text.as_bytes().chunks(1).collect();
        let options = CsvOptions::default().ragged(Ragged::Keep);
        let whole = made(every_type(), &[text.as_bytes()], options, 2);
        assert_eq!(made(every_type(), &bytes, options, 3), whole);
    }
}

#[test]
fn a_value_of_another_type_is_an_error_behind_the_rows_before_it() {
    let plan = || {
        columns([
            (named("b"), ColumnType::Dictionary),
            (named("b"), ColumnType::I32),
            (named("a"), ColumnType::F64),
        ])
    };
    let text = "a,b\n1,2\n3,4\nfive,6\n7,eight\nnine,ten\n";
    let made = same_however_it_is_cut(plan, text, CsvOptions::default());
    assert_eq!(made.rows, rows(&[&["2", "2", "1"], &["4", "4", "3"]]));
    let error = made.error.expect("five is no number");
    assert_eq!((error.code, error.offset), (ErrorCode::InvalidValue, 12));
    assert_eq!(error.detail, "row 4, column 'a': 'five' is no f64");
    assert_eq!(made.bad_value, Some(BadValue { row: 4, column: 2 }));
}

#[test]
fn of_two_errors_in_a_row_the_first_column_has_it() {
    let plan = || columns([(named("b"), ColumnType::I32), (named("a"), ColumnType::F64)]);
    let made = same_however_it_is_cut(plan, "a,b\nx,y\n", CsvOptions::default());
    assert_eq!(
        made.error.expect("y is no number").detail,
        "row 2, column 'b': 'y' is no i32"
    );
}

#[test]
fn a_value_of_another_type_can_be_null_and_is_counted() {
    let plan = || Plan {
        invalid_is_null: true,
        ..columns([(named("a"), ColumnType::I32)])
    };
    let made = same_however_it_is_cut(plan, "a\n1\nx\n2147483648\n4\n", CsvOptions::default());
    assert_eq!(made.rows, rows(&[&["1"], &["null"], &["null"], &["4"]]));
    assert_eq!((made.error, made.invalid), (None, 2));
}

#[test]
fn other_texts_can_be_null() {
    let plan = Plan {
        nulls: Nulls::new([b"NA".to_vec(), b"-".to_vec()]),
        ..columns([
            (named("a"), ColumnType::F64),
            (named("b"), ColumnType::Utf8),
        ])
    };
    let made = made(
        plan,
        &[b"a,b\nNA ,NA\n1,\n-,x\n,x\n"],
        CsvOptions::default(),
        9,
    );
    assert_eq!(
        made.rows,
        rows(&[&["null", "null"], &["1", ""], &["null", "x"]])
    );
    assert_eq!(made.error.expect("nothing is no number").offset, 18);
}

#[test]
fn columns_have_numbers_without_a_header() {
    let plan = || Plan {
        header: false,
        ..columns([
            (numbered(1), ColumnType::I32),
            (numbered(9), ColumnType::Utf8),
        ])
    };
    let made = same_however_it_is_cut(plan, "a,1\nb,2\nc,x\n", CsvOptions::default());
    assert_eq!(made.rows, rows(&[&["1", "null"], &["2", "null"]]));
    assert_eq!(
        made.error.expect("x is no number").detail,
        "row 3, column 1: 'x' is no i32"
    );
}

#[test]
fn only_rows_that_fulfill_all_conditions_become_values() {
    let plan = || Plan {
        conditions: vec![
            Condition::new(
                named("amount"),
                Operator::Greater,
                filter::Values::Float(vec![1.0]),
            )
            .unwrap(),
            Condition::new(
                named("city"),
                Operator::Equal,
                filter::Values::Text(vec![b"Ulm".to_vec()]),
            )
            .unwrap(),
        ],
        ..columns([(named("id"), ColumnType::I32)])
    };
    let text = "id,amount,city\n1,2,Ulm\nx,1,Ulm\n3,9,Bonn\n4,1.01,Ulm\n";
    let made = same_however_it_is_cut(plan, text, CsvOptions::default());
    // The row of x is left out, so that it is no number does not matter.
    assert_eq!((made.rows, made.error), (rows(&[&["1"], &["4"]]), None));
}

#[test]
fn rows_have_the_fields_that_are_wanted_in_their_order() {
    let plan = || Plan {
        conditions: vec![
            Condition::new(named("a"), Operator::NotEqual, filter::Values::Null).unwrap(),
        ],
        ..fields([named("c"), named("a")])
    };
    let text = "a,b,c\n1,2,\"3\n\u{e4}\"\n,5,6\n7,8\n9,8,7,6\n";
    let made = same_however_it_is_cut(plan, text, CsvOptions::default().ragged(Ragged::Keep));
    assert_eq!(
        made.rows,
        rows(&[&["c", "a"], &["3\n\u{e4}", "1"], &["", "7"], &["7", "9"]])
    );
}

#[test]
fn rows_can_be_chosen_whole() {
    let plan = || Plan {
        header: true,
        conditions: vec![
            Condition::new(
                numbered(0),
                Operator::GreaterOrEqual,
                filter::Values::Integer(vec![2]),
            )
            .unwrap(),
        ],
        ..Plan::default()
    };
    let made = same_however_it_is_cut(plan, "a,b\n1,x\n2,\n30,z\n", CsvOptions::default());
    assert_eq!(made.rows, rows(&[&["a", "b"], &["2", ""], &["30", "z"]]));
}

#[test]
fn a_column_that_is_not_there_is_an_error_that_names_those_that_are() {
    for plan in [
        || fields([named("c")]),
        || columns([(named("c"), ColumnType::Utf8)]),
    ] {
        let made = same_however_it_is_cut(plan, "a,\"b\"\n1,2\n", CsvOptions::default());
        let error = made.error.expect("there is no c");
        assert_eq!((error.code, error.offset), (ErrorCode::MissingColumn, 0));
        assert_eq!(
            error.detail,
            "the header has no column 'c'; it has 'a', 'b'"
        );
        assert!(made.rows.is_empty());
    }
}

#[test]
fn a_name_that_is_there_twice_names_no_column() {
    let plan = || fields([named("a")]);
    let made = same_however_it_is_cut(plan, "a,b,a\n1,2,3\n", CsvOptions::default());
    assert_eq!(
        made.error.map(|error| error.code),
        Some(ErrorCode::DuplicateColumn)
    );
    assert_eq!(
        self::made(
            fields([named("b")]),
            &[b"a,b,a\n1,2,3\n"],
            CsvOptions::default(),
            9
        )
        .error,
        None
    );
}

#[test]
fn the_error_of_the_parser_comes_behind_the_rows_before_it() {
    let plan = || columns([(named("a"), ColumnType::I32)]);
    let made = same_however_it_is_cut(plan, "a,b\n1,2\n3,4\n5\n", CsvOptions::default());
    assert_eq!(made.rows, rows(&[&["1"], &["3"]]));
    assert_eq!(
        made.error.map(|error| (error.code, error.offset)),
        Some((ErrorCode::RaggedRow, 12))
    );
}

#[test]
fn a_text_without_rows_makes_nothing() {
    for text in ["", "\n", "a\n"] {
        let made = same_however_it_is_cut(
            || columns([(named("a"), ColumnType::F64)]),
            text,
            CsvOptions::default(),
        );
        assert_eq!((made.rows, made.error), (Vec::new(), None));
    }
}

#[test]
fn a_long_text_comes_in_full_batches() {
    let mut text = String::from("n,city\n");
    let mut expected = Vec::new();
    for number in 0..20_000 {
        let city = format!("city {}", number % 300);
        text += &format!("{number},{city}\n");
        expected.push(vec![number.to_string(), city]);
    }
    let plan = || {
        columns([
            (named("n"), ColumnType::I32),
            (named("city"), ColumnType::Dictionary),
        ])
    };
    for limit in [1, 999, 20_000, usize::MAX] {
        let made = made(plan(), &[text.as_bytes()], CsvOptions::default(), limit);
        assert_eq!(made.rows, expected);
    }
}

#[test]
fn the_rows_of_a_batch_end_where_javascript_counts() {
    let text = "ä,😀\nb,c\n";
    let mut chain = Chain::new(vec![Box::new(Csv::new(CsvOptions::default()).unwrap())]);
    chain.input(text.len()).copy_from_slice(text.as_bytes());
    chain.commit(text.len());
    chain.run().unwrap();
    let mut table = Table::new(Plan::default());
    assert!(!table.has_columns());
    table
        .take_in(&Rows::new(&chain.batch_again()), 9, true)
        .unwrap();
    let (batch, ..) = table.batch_text();
    assert_eq!((batch.ends, batch.rows), (&[1, 4, 6, 8][..], &[2, 4][..]));
}

/// As `js/codecs/plan` writes it.
fn plan_bytes() -> Vec<u8> {
    let mut bytes = vec![7];
    let number = |bytes: &mut Vec<u8>, number: u32| bytes.extend(number.to_le_bytes());
    let text = |bytes: &mut Vec<u8>, text: &str| {
        bytes.extend((text.len() as u32).to_le_bytes());
        bytes.extend(text.as_bytes());
    };
    number(&mut bytes, 2);
    text(&mut bytes, "");
    text(&mut bytes, "NA");
    number(&mut bytes, 2);
    number(&mut bytes, u32::MAX);
    text(&mut bytes, "a");
    bytes.push(0);
    number(&mut bytes, 3);
    text(&mut bytes, "");
    bytes.push(7);
    number(&mut bytes, 5);
    for (operator, kind) in [(1, 0), (6, 1), (2, 2), (5, 3), (0, 4)] {
        number(&mut bytes, 1);
        text(&mut bytes, "b");
        bytes.extend([operator, kind]);
        if kind > 0 {
            number(&mut bytes, 1);
        }
        match kind {
            1 => text(&mut bytes, "x"),
            2 | 3 => bytes.extend([0; 8]),
            4 => text(&mut bytes, "2026-01-01T00:00:00.000Z"),
            _ => {}
        }
    }
    bytes
}

#[test]
fn a_plan_is_read_from_bytes() {
    let plan = Plan::read(&plan_bytes()).expect("it is a plan");
    assert!(plan.header && plan.invalid_is_null);
    assert!(plan.nulls.has(b"") && plan.nulls.has(b"NA") && !plan.nulls.has(b"x"));
    assert_eq!(plan.conditions.len(), 5);
    let Shape::Columns(columns) = plan.shape else {
        panic!("columns are wanted");
    };
    assert_eq!(
        columns,
        [
            (named("a"), ColumnType::F64),
            (numbered(3), ColumnType::Dictionary)
        ]
    );
}

#[test]
fn bytes_that_are_no_plan_make_none() {
    let bytes = plan_bytes();
    for end in 0..bytes.len() {
        assert!(Plan::read(&bytes[..end]).is_none(), "{end} bytes");
    }
    assert!(Plan::read(&[&bytes[..], &[0]].concat()).is_none());
    for at in 0..bytes.len() {
        for byte in [0, 1, 9, 0xff] {
            let mut bytes = bytes.clone();
            bytes[at] = byte;
            // Whatever it is, it is read without a panic.
            let _ = Plan::read(&bytes).map(Table::new);
        }
    }
}
