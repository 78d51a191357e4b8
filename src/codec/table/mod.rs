//! What becomes of rows besides rows of text: the fields and rows that are wanted, or columns of values.
//!
//! A [`Table`] is fed the batches of a chain that ends with a parser of rows. It makes nothing of a row or a field that is not
//! asked for. Like a codec, it first gives what is before a fault, and where the batches are cut makes no difference.

mod column;
mod dictionary;
mod filter;
mod parse;
mod plan;
mod rows;

use super::{Batch, CodecError, ErrorCode, Records};
use column::{Column, Rules, Stop, Values};
pub(crate) use plan::Plan;
use plan::{ColumnName, Shape};
pub(crate) use rows::Rows;

const NAME: &str = "csv";

/// A batch of columns ends when one of them has more bytes of text, as an offset into it has 31 bits and a row has at most 2^28 bytes.
const MOST_TEXT: usize = 1 << 28;

/// Words that describe a column to JavaScript.
const WORDS: usize = 9;

/// A value that is none of its column's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadValue {
    /// Its row, from 1; a header is a row.
    pub(crate) row: u64,
    /// Its column, by its place among those that were asked for.
    pub(crate) column: u32,
}

/// What a call of [`Table::take_in`] has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// All rows have been taken in.
    NeedRows,
    /// There is a batch: it is to be shown, and then the same rows to be taken in again.
    HasBatch,
}

/// Rows on their way into what a [`Plan`] wants of them.
#[derive(Debug)]
pub(crate) struct Table {
    plan: Plan,
    /// The numbers of the columns that are wanted, and those of the conditions, once they are known.
    wanted: Vec<usize>,
    tested: Vec<usize>,
    is_resolved: bool,
    /// Rows before those that are being taken in.
    rows_before: u64,
    /// Of the rows that are being taken in, so many have been.
    at: usize,
    /// The rows that fulfill the conditions.
    chosen: Vec<u32>,
    failure: Option<CodecError>,
    bad_value: Option<BadValue>,
    columns: Vec<Column>,
    /// Rows in the columns.
    length: usize,
    /// The batch has been shown and is to be forgotten.
    shown: bool,
    text: Vec<u8>,
    ends: Vec<u32>,
    rows: Vec<u32>,
    words: Vec<u32>,
}

impl Table {
    pub(crate) fn new(plan: Plan) -> Self {
        let columns = match &plan.shape {
            Shape::Columns(columns) => columns.iter().map(|(_, kind)| Column::new(*kind)).collect(),
            _ => Vec::new(),
        };
        Self {
            plan,
            wanted: Vec::new(),
            tested: Vec::new(),
            is_resolved: false,
            rows_before: 0,
            at: 0,
            chosen: Vec::new(),
            failure: None,
            bad_value: None,
            columns,
            length: 0,
            shown: false,
            text: Vec::new(),
            ends: Vec::new(),
            rows: Vec::new(),
            words: Vec::new(),
        }
    }

    /// Takes rows in until there is a batch of `limit` rows, or none is left; with `flush`, a batch has what there is. To be called
    /// with the same rows until it needs others. Forgets the batch that was shown before.
    ///
    /// It fails when everything before the fault has been shown, and then again with the same error.
    pub(crate) fn take_in(
        &mut self,
        rows: &Rows<'_>,
        limit: usize,
        flush: bool,
    ) -> Result<Progress, CodecError> {
        self.forget_shown();
        if self.failure.is_none() {
            self.failure = self.work(rows, limit.max(1)).err();
        }
        let is_columns = self.has_columns();
        let length = if is_columns {
            self.length
        } else {
            self.rows.len()
        };
        let is_full = self.at < rows.len() || length >= limit || !is_columns;
        if length > 0 && (is_full || flush || self.failure.is_some()) {
            return Ok(Progress::HasBatch);
        }
        match &self.failure {
            Some(error) => Err(error.clone()),
            None => {
                self.rows_before += rows.len() as u64;
                self.at = 0;
                Ok(Progress::NeedRows)
            }
        }
    }

    /// Whether its batches are columns.
    pub(crate) fn has_columns(&self) -> bool {
        matches!(self.plan.shape, Shape::Columns(_))
    }

    /// The value that it failed at, if that is why.
    pub(crate) fn bad_value(&self) -> Option<BadValue> {
        self.bad_value
    }

    /// The values so far that are null because they were none of their column's type.
    pub(crate) fn invalid(&self) -> u64 {
        self.columns.iter().map(|column| column.invalid).sum()
    }

    fn forget_shown(&mut self) {
        if !std::mem::take(&mut self.shown) {
            return;
        }
        self.columns.iter_mut().for_each(Column::clear);
        self.length = 0;
        self.text.clear();
        self.ends.clear();
        self.rows.clear();
    }

    fn work(&mut self, rows: &Rows<'_>, limit: usize) -> Result<(), CodecError> {
        if rows.len() == 0 {
            return Ok(());
        }
        if !self.is_resolved {
            self.resolve(rows)?;
            self.is_resolved = true;
            if self.plan.header {
                self.at = 1;
                if !self.has_columns() {
                    self.chosen.clear();
                    self.chosen
                        .try_reserve(1)
                        .map_err(|_| out_of_memory(rows, 0))?;
                    self.chosen.push(0);
                    self.copy_rows(rows)?;
                }
            }
        }
        if self.has_columns() {
            self.fill_columns(rows, limit)
        } else {
            self.choose(rows, usize::MAX)?;
            self.at = rows.len();
            self.copy_rows(rows)
        }
    }

    /// Finds the columns in the header, which is the first row if there is one.
    fn resolve(&mut self, rows: &Rows<'_>) -> Result<(), CodecError> {
        let Plan {
            header,
            shape,
            conditions,
            ..
        } = &self.plan;
        let find = |column: &ColumnName| match column.index {
            Some(index) => Ok(index as usize),
            None if *header => find_name(rows, &column.name),
            None => Err(missing(rows, &column.name)),
        };
        self.wanted = match shape {
            Shape::AllFields => Vec::new(),
            Shape::Fields(columns) => columns.iter().map(find).collect::<Result<_, _>>()?,
            Shape::Columns(columns) => {
                let names = columns.iter().map(|(column, _)| find(column));
                names.collect::<Result<_, _>>()?
            }
        };
        let tested = conditions.iter().map(|condition| find(&condition.column));
        self.tested = tested.collect::<Result<_, _>>()?;
        Ok(())
    }

    /// Chooses of the rows that have not been taken in at most `most` that fulfill the conditions. They are taken in then.
    fn choose(&mut self, rows: &Rows<'_>, most: usize) -> Result<(), CodecError> {
        self.chosen.clear();
        let left = rows.len() - self.at.min(rows.len());
        self.chosen
            .try_reserve(left.min(most))
            .map_err(|_| out_of_memory(rows, self.at))?;
        while self.at < rows.len() && self.chosen.len() < most {
            let row = self.at;
            let mut conditions = self.plan.conditions.iter().zip(&self.tested);
            if conditions.all(|(condition, &column)| {
                condition.matches(rows.field(row, column), &self.plan.nulls)
            }) {
                self.chosen.push(row as u32);
            }
            self.at += 1;
        }
        Ok(())
    }

    fn fill_columns(&mut self, rows: &Rows<'_>, limit: usize) -> Result<(), CodecError> {
        let room = limit.saturating_sub(self.length);
        // A row has at most 2^28 bytes, but many rows come together only if they are short.
        if room == 0
            || self
                .columns
                .iter()
                .any(|column| column.text_length() > MOST_TEXT)
        {
            return Ok(());
        }
        self.choose(rows, room)?;
        let rules = Rules {
            nulls: &self.plan.nulls,
            invalid_is_null: self.plan.invalid_is_null,
        };
        let mut fault = None;
        // Columns of text last: they have no invalid values, and get none of the rows behind one.
        for of_text in [false, true] {
            for (at, column) in self.columns.iter_mut().enumerate() {
                if column.kind.is_text() != of_text {
                    continue;
                }
                match column.append(rows, &self.chosen, self.wanted[at], rules) {
                    Ok(()) => {}
                    Err(Stop::Invalid(place)) => {
                        fault = Some((at, self.chosen[place]));
                        self.chosen.truncate(place);
                    }
                    Err(Stop::OutOfMemory) => {
                        let first = self.chosen.first().map_or(self.at, |&row| row as usize);
                        self.columns
                            .iter_mut()
                            .for_each(|column| column.truncate(self.length));
                        return Err(out_of_memory(rows, first));
                    }
                }
            }
        }
        self.length += self.chosen.len();
        let Some((at, row)) = fault else {
            return Ok(());
        };
        self.columns
            .iter_mut()
            .for_each(|column| column.truncate(self.length));
        let number = self.rows_before + u64::from(row) + 1;
        self.bad_value = Some(BadValue {
            row: number,
            column: at as u32,
        });
        let row = row as usize;
        let detail = self.describe(number, at, rows.field(row, self.wanted[at]));
        Err(CodecError::new(
            NAME,
            ErrorCode::InvalidValue,
            rows.start(row),
            detail,
        ))
    }

    fn describe(&self, row: u64, at: usize, value: &[u8]) -> String {
        let Shape::Columns(columns) = &self.plan.shape else {
            return String::new();
        };
        let (column, kind) = &columns[at];
        let value = excerpt(value);
        let kind = kind.name();
        if column.name.is_empty() {
            return format!(
                "row {row}, column {}: '{value}' is no {kind}",
                self.wanted[at]
            );
        }
        format!(
            "row {row}, column '{}': '{value}' is no {kind}",
            excerpt(column.name.as_bytes())
        )
    }

    /// Copies the fields that are wanted of the rows that are chosen.
    fn copy_rows(&mut self, rows: &Rows<'_>) -> Result<(), CodecError> {
        let Self {
            chosen,
            wanted,
            text,
            ends,
            rows: row_ends,
            ..
        } = self;
        let all = matches!(self.plan.shape, Shape::AllFields);
        row_ends
            .try_reserve(chosen.len())
            .map_err(|_| out_of_memory(rows, 0))?;
        for &row in chosen.iter() {
            let row = row as usize;
            let (first, behind) = rows.fields(row);
            let copied = if all {
                copy_piece(rows.piece(first, behind), text, ends)
            } else {
                wanted.iter().try_for_each(|&column| {
                    let field = first.saturating_add(column);
                    if field < behind {
                        return copy_piece(rows.piece(field, field + 1), text, ends);
                    }
                    copy_piece((0, b"\0", &[0]), text, ends)
                })
            };
            copied.ok_or_else(|| out_of_memory(rows, row))?;
            row_ends.push(ends.len() as u32);
        }
        Ok(())
    }

    /// The rows of the batch as text for JavaScript: in Latin-1 if all its characters are in that, else in UTF-8 with the ends of fields in UTF-16 code
    /// units. Returns its length in UTF-8, and whether it is Latin-1.
    pub(crate) fn batch_text(&mut self) -> (Batch<'_>, usize, bool) {
        self.shown = true;
        let length = self.text.len();
        let latin1 = Records::to_latin1(&mut self.ends, &mut self.text);
        if latin1.is_none() {
            Records::to_utf16(&mut self.ends, &self.text);
        }
        let text = &self.text[..latin1.unwrap_or(length)];
        (
            Batch::new(text, &self.ends, &self.rows, &[]),
            length,
            latin1.is_some(),
        )
    }

    /// The batch of columns: its number of rows, and nine words for each column. They are the address and the bytes of its values; the
    /// address and number of the offsets of texts, one more than there are texts; the address of the bits that say which values are there, or 0,
    /// and the number of nulls; of a dictionary the address and length of its new texts, and how many texts were there before.
    pub(crate) fn batch_columns(&mut self) -> (usize, &[u32]) {
        self.shown = true;
        self.words.clear();
        if self.words.try_reserve(self.columns.len() * WORDS).is_err() {
            return (0, &[]);
        }
        for column in &mut self.columns {
            let nulls = column.validity.nulls as u32;
            let validity = column.validity.bits().map_or(0, address);
            let mut words = [0, 0, 0, 0, validity, nulls, 0, 0, 0];
            (words[0], words[1]) = match &mut column.values {
                Values::F64(values) => (address(values), bytes_of(values)),
                Values::I64(values) => (address(values), bytes_of(values)),
                Values::I32(values) => (address(values), bytes_of(values)),
                Values::Bool(bits) => {
                    let bits = bits.first(self.length);
                    (address(bits), bytes_of(bits))
                }
                Values::Utf8 { offsets, text } => {
                    (words[2], words[3]) = (address(offsets), offsets.len() as u32);
                    (address(text), bytes_of(text))
                }
                Values::Dictionary { codes, dictionary } => {
                    let (known, text, ends) = dictionary.new_texts();
                    (words[2], words[3]) = (address(ends), ends.len() as u32);
                    (words[6], words[7], words[8]) = (address(text), bytes_of(text), known as u32);
                    (address(codes), bytes_of(codes))
                }
            };
            self.words.extend(words);
        }
        (self.length, &self.words)
    }
}

fn address<T>(items: &[T]) -> u32 {
    items.as_ptr() as usize as u32
}

fn bytes_of<T>(items: &[T]) -> u32 {
    std::mem::size_of_val(items) as u32
}

fn copy_piece(
    (start, piece, piece_ends): (usize, &[u8], &[u32]),
    text: &mut Vec<u8>,
    ends: &mut Vec<u32>,
) -> Option<()> {
    text.try_reserve(piece.len()).ok()?;
    ends.try_reserve(piece_ends.len()).ok()?;
    let to = text.len();
    text.extend_from_slice(piece);
    ends.extend(
        piece_ends
            .iter()
            .map(|&end| (end as usize - start + to) as u32),
    );
    Some(())
}

fn out_of_memory(rows: &Rows<'_>, row: usize) -> CodecError {
    CodecError::out_of_memory(NAME, rows.start(row))
}

fn find_name(rows: &Rows<'_>, name: &str) -> Result<usize, CodecError> {
    let (first, behind) = rows.fields(0);
    let mut found = (0..behind - first).filter(|&column| rows.field(0, column) == name.as_bytes());
    let column = found.next().ok_or_else(|| missing(rows, name))?;
    match found.next() {
        None => Ok(column),
        Some(_) => {
            let detail = format!(
                "'{}' is there twice; name the column by its number",
                excerpt(name.as_bytes())
            );
            Err(CodecError::new(
                NAME,
                ErrorCode::DuplicateColumn,
                rows.start(0),
                detail,
            ))
        }
    }
}

fn missing(rows: &Rows<'_>, name: &str) -> CodecError {
    let (first, behind) = rows.fields(0);
    let names: Vec<_> = (0..(behind - first).min(10))
        .map(|column| format!("'{}'", excerpt(rows.field(0, column))))
        .collect();
    let more = if behind - first > names.len() {
        ", …"
    } else {
        ""
    };
    let detail = format!(
        "the header has no column '{}'; it has {}{more}",
        excerpt(name.as_bytes()),
        names.join(", ")
    );
    CodecError::new(NAME, ErrorCode::MissingColumn, rows.start(0), detail)
}

/// The start of a text, for messages.
fn excerpt(text: &[u8]) -> String {
    const MOST: usize = 40;
    let text = String::from_utf8_lossy(&text[..text.len().min(MOST * 4)]);
    let mut excerpt: String = text.chars().take(MOST).collect();
    if excerpt.len() < text.len() {
        excerpt.push('…');
    }
    excerpt
}

#[cfg(test)]
mod tests;
