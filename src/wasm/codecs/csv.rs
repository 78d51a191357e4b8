//! Csv.
use wasm_bindgen::prelude::wasm_bindgen;

use std::cell::RefCell;
use std::sync::atomic::Ordering;

use super::{
    FATAL, HAS_BATCH, IGNORE_BOM, NEED_INPUT, SMALL_THINGS, STALE, add, fail, make_room, tell,
    tell_text, with_state,
};
use crate::codec::{
    AutoCsv, Codec, Csv, CsvOptions, Delimiter, Plan, Progress, Ragged, Rows, Table, can_allocate,
};

const KEEP_EMPTY_LINES: u32 = 4;
const KEEP_RAGGED: u32 = 8;
const WITH_TABLE: u32 = 16;
const CR_ENDS_ROW: u32 = 32;
const AUTO_DELIMITER: u32 = 64;

/// The longest plan of a table, in bytes.
const LONGEST_PLAN: u32 = 1 << 24;

thread_local! {
    /// What the table of the next csv is to be.
    static PLAN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Adds csv to the chain being put together. The delimiter's bytes are those of the two words before the first that is 0, least significant first; it is not looked at
/// where the first rows choose. `quote`, `escape` and `comment` are bytes, or more than 127 for none. A `width` of 0 is that
/// of the first row. With the flag for a table, the plan at [`codecs_table_plan`] says what becomes of the rows. Says whether these bytes and the
/// plan can be used; if not, nothing is added.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)] // one each for what JavaScript has as one object
pub fn codecs_add_csv(
    delimiter_low: u32,
    delimiter_high: u32,
    quote: u8,
    escape: u8,
    comment: u8,
    skip_lines: u32,
    width: u32,
    max_bytes: u32,
    flags: u32,
) -> bool {
    let given = |byte: u8| byte.is_ascii().then_some(byte);
    let delimiter = (u64::from(delimiter_high) << 32 | u64::from(delimiter_low)).to_le_bytes();
    let length = delimiter.iter().position(|&byte| byte == 0);
    // A NUL is the delimiter where it is the only byte.
    let length = length.unwrap_or(delimiter.len()).max(1);
    let delimiter = std::str::from_utf8(&delimiter[..length]).ok();
    let plan = PLAN.take();
    let Some(delimiter) = delimiter.and_then(Delimiter::new) else {
        return false;
    };
    let options = CsvOptions {
        delimiter,
        quote: given(quote),
        escape: given(escape),
        comment: given(comment),
        skip_lines,
        ragged: if flags & KEEP_RAGGED != 0 {
            Ragged::Keep
        } else {
            Ragged::Error
        },
        width: (width > 0).then_some(width),
        keep_empty_lines: flags & KEEP_EMPTY_LINES != 0,
        fatal: flags & FATAL != 0,
        ignore_bom: flags & IGNORE_BOM != 0,
        max_bytes: max_bytes as usize,
        cr_ends_row: flags & CR_ENDS_ROW != 0,
    };
    if flags & AUTO_DELIMITER == 0 {
        return Csv::new(options).is_some_and(|csv| add_rows(csv, flags, &plan));
    }
    let Some(csv) = AutoCsv::new(options) else {
        return false;
    };
    let chosen = csv.chosen();
    let added = add_rows(csv, flags, &plan);
    with_state(|state| state.delimiter = Some(chosen));
    added
}

/// Adds a parser of rows, and the table that its rows go to.
fn add_rows(mut csv: impl Codec + 'static, flags: u32, plan: &[u8]) -> bool {
    if flags & WITH_TABLE != 0 {
        // Its parts are a few times as large as what describes them.
        if !can_allocate(plan.len() * 8 + SMALL_THINGS) {
            with_state(|state| state.incomplete = true);
            return true;
        }
        let Some(plan) = Plan::read(plan) else {
            return false;
        };
        if let Some(records) = csv.records() {
            records.record_starts();
        }
        with_state(|state| state.table = Some(Box::new(Table::new(plan))));
    }
    add(csv);
    true
}

/// Room for so many bytes that say what becomes of the rows of the csv that is added next: returns its address, 0 if there is no memory.
#[wasm_bindgen]
pub fn codecs_table_plan(length: u32) -> u32 {
    PLAN.with_borrow_mut(|plan| {
        plan.clear();
        if length > LONGEST_PLAN || plan.try_reserve_exact(length as usize).is_err() {
            with_state(|state| state.incomplete = true);
            return 0;
        }
        plan.resize(length as usize, 0);
        plan.as_ptr() as usize as u32
    })
}

/// Takes the rows of the batch into the chain's table, until that has a batch of `limit` rows or all rows are in it; with `flush`, a batch has what there is.
/// To be called after a run until it needs input.
///
/// With a batch of rows the words are as those of `codecs_text`; with a batch of columns, the address and number of the words that describe
/// them (`src/codec/table/mod.rs`), and the number of rows. After a failure they are as those of `codecs_run`.
#[wasm_bindgen]
pub fn codecs_table(id: u32, limit: u32, flush: bool) -> u32 {
    with_state(|state| {
        let Some(held) = state.chains.get_mut(id) else {
            return STALE;
        };
        let Some(table) = &mut held.table else {
            return NEED_INPUT;
        };
        make_room(&mut state.spare);
        let rows = Rows::new(&held.chain.batch_again());
        match table.take_in(&rows, limit as usize, flush) {
            Ok(Progress::NeedRows) => {
                // These rows are not taken in again.
                held.chain.batch();
                NEED_INPUT
            }
            Ok(Progress::HasBatch) if table.has_columns() => {
                let (length, words) = table.batch_columns();
                tell(0, words);
                super::INFO[2].store(length as u32, Ordering::Relaxed);
                HAS_BATCH
            }
            Ok(Progress::HasBatch) => {
                tell_text(table.batch_text());
                HAS_BATCH
            }
            Err(error) => fail(&mut state.error, error),
        }
    })
}

/// A figure of a chain's table: 0 values that are null because they were none of their column's type; of the value that it failed at, 1 the row, from 1 (0 if
/// there is none), and 2 the column's place among those asked for.
#[wasm_bindgen]
pub fn codecs_table_figure(id: u32, figure: u32) -> f64 {
    with_state(|state| {
        let table = state
            .chains
            .get_mut(id)
            .and_then(|held| held.table.as_ref());
        table.map_or(0.0, |table| match (figure, table.bad_value()) {
            (0, _) => table.invalid() as f64,
            (1, Some(value)) => value.row as f64,
            (2, Some(value)) => f64::from(value.column),
            _ => 0.0,
        })
    })
}

/// The delimiter that the chain's csv has chosen, a byte; 0 if there is none yet.
#[wasm_bindgen]
pub fn codecs_table_delimiter(id: u32) -> u32 {
    with_state(|state| {
        let held = state.chains.get_mut(id);
        let chosen = held.and_then(|held| held.delimiter.as_ref());
        chosen.map_or(0, |chosen| chosen.load(Ordering::Relaxed).into())
    })
}
