//! What a table is to have in it, and how JavaScript says so in bytes.

use super::column::ColumnType;
use super::filter::{Condition, Operator, Values};
use super::parse;

/// What is wanted of a text of rows.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// The first row has the names of the columns.
    pub(crate) header: bool,
    pub(crate) shape: Shape,
    /// A row must fulfill all of them.
    pub(crate) conditions: Vec<Condition>,
    pub(crate) nulls: Nulls,
    /// A value that is none of its column's type is null; otherwise it is an error.
    pub(crate) invalid_is_null: bool,
}

/// What becomes of the rows.
#[derive(Debug, Default)]
pub(crate) enum Shape {
    /// They keep all their fields.
    #[default]
    AllFields,
    /// Each becomes a row of the fields of these columns.
    Fields(Vec<ColumnName>),
    /// They become columns of values.
    Columns(Vec<(ColumnName, ColumnType)>),
}

/// How a column is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ColumnName {
    /// Its number from 0, if it is known before the text.
    pub(crate) index: Option<u32>,
    /// Its name in the header; with a number, only what messages call it.
    pub(crate) name: String,
}

/// The texts that stand for no value.
#[derive(Debug, Default)]
pub(crate) struct Nulls {
    pub(super) empty: bool,
    pub(super) others: Vec<Vec<u8>>,
}

impl Nulls {
    pub(crate) fn new(texts: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut nulls = Self::default();
        for text in texts {
            if text.is_empty() {
                nulls.empty = true;
            } else {
                nulls.others.push(text);
            }
        }
        nulls
    }

    #[inline]
    pub(super) fn has(&self, text: &[u8]) -> bool {
        if text.is_empty() {
            return self.empty;
        }
        self.others.iter().any(|other| other == text)
    }
}

/// Where no number of a column is given, and for the number of all columns.
const NONE: u32 = u32::MAX;
const HEADER: u8 = 1;
const INVALID_IS_NULL: u8 = 2;
const COLUMNS: u8 = 4;

impl Plan {
    /// Reads what `js/codecs/plan` writes; None if it is anything else. Needs memory in proportion to `bytes`.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let flags = reader.byte()?;
        let nulls = Nulls::new(reader.list(Reader::text)?);
        let shape = if flags & COLUMNS != 0 {
            let column = |reader: &mut Reader<'_>| Some((reader.column()?, reader.column_type()?));
            Shape::Columns(reader.list(column)?)
        } else if reader.0.starts_with(&NONE.to_le_bytes()) {
            reader.number()?;
            Shape::AllFields
        } else {
            Shape::Fields(reader.list(Reader::column)?)
        };
        let conditions = reader.list(Reader::condition)?;
        reader.0.is_empty().then_some(Self {
            header: flags & HEADER != 0,
            shape,
            conditions,
            nulls,
            invalid_is_null: flags & INVALID_IS_NULL != 0,
        })
    }
}

/// The bytes that have not been read.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*bytes)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn number(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn text(&mut self) -> Option<Vec<u8>> {
        let length = self.number()? as usize;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(text.to_vec())
    }

    /// A count and so many of what `read` reads. Each of them takes bytes, so the count need not be trusted.
    fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.number()?;
        (0..count).map(|_| read(self)).collect()
    }

    fn column(&mut self) -> Option<ColumnName> {
        let index = self.number()?;
        Some(ColumnName {
            index: (index != NONE).then_some(index),
            name: String::from_utf8(self.text()?).ok()?,
        })
    }

    fn column_type(&mut self) -> Option<ColumnType> {
        ColumnType::ALL.get(usize::from(self.byte()?)).copied()
    }

    fn condition(&mut self) -> Option<Condition> {
        let column = self.column()?;
        let operator = *Operator::ALL.get(usize::from(self.byte()?))?;
        let values = match self.byte()? {
            0 => Values::Null,
            1 => Values::Text(self.list(Self::text)?),
            2 => Values::Float(self.list(|reader| reader.take().map(f64::from_le_bytes))?),
            3 => Values::Integer(self.list(|reader| reader.take().map(i64::from_le_bytes))?),
            4 => Values::Timestamp(self.list(|reader| parse::timestamp(&reader.text()?))?),
            _ => return None,
        };
        Condition::new(column, operator, values)
    }
}
