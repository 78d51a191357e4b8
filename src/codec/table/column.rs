//! Columns of values, in the layout of Apache Arrow (<https://arrow.apache.org/docs/format/Columnar.html>).

use super::dictionary::Dictionary;
use super::parse;
use super::plan::Nulls;
use super::rows::Rows;

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColumnType {
    F64,
    I64,
    I32,
    Bool,
    /// In milliseconds since 1970, UTC.
    Timestamp,
    /// In microseconds.
    TimestampMicros,
    Utf8,
    /// Text, each of which is there once.
    Dictionary,
}

impl ColumnType {
    /// In the order of their numbers in `js/codecs/plan`.
    pub(super) const ALL: [Self; 8] = [
        Self::F64,
        Self::I64,
        Self::I32,
        Self::Bool,
        Self::Timestamp,
        Self::TimestampMicros,
        Self::Utf8,
        Self::Dictionary,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::F64 => "f64",
            Self::I64 => "i64",
            Self::I32 => "i32",
            Self::Bool => "bool",
            Self::Timestamp => "timestamp",
            Self::TimestampMicros => "timestamp-us",
            Self::Utf8 => "utf8",
            Self::Dictionary => "dictionary",
        }
    }

    /// Whether any text is such a value.
    pub(super) fn is_text(self) -> bool {
        matches!(self, Self::Utf8 | Self::Dictionary)
    }
}

/// Why a column could not get all the values it should.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The value of this place in the list of rows is none.
    Invalid(usize),
    OutOfMemory,
}

/// How text becomes values.
#[derive(Clone, Copy)]
pub(super) struct Rules<'a> {
    pub(super) nulls: &'a Nulls,
    pub(super) invalid_is_null: bool,
}

/// The values of a column.
#[derive(Debug)]
pub(super) enum Values {
    F64(Vec<f64>),
    /// Timestamps too.
    I64(Vec<i64>),
    I32(Vec<i32>),
    Bool(Bits),
    Utf8 {
        /// Where each text ends; the first is 0.
        offsets: Vec<i32>,
        text: Vec<u8>,
    },
    Dictionary {
        codes: Vec<i32>,
        dictionary: Dictionary,
    },
}

/// A column that is being filled.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) kind: ColumnType,
    pub(super) values: Values,
    pub(super) validity: Validity,
    /// Values that are null because they were none of the type.
    pub(super) invalid: u64,
}

impl Column {
    pub(super) fn new(kind: ColumnType) -> Self {
        Self {
            kind,
            values: match kind {
                ColumnType::F64 => Values::F64(Vec::new()),
                ColumnType::I64 | ColumnType::Timestamp | ColumnType::TimestampMicros => {
                    Values::I64(Vec::new())
                }
                ColumnType::I32 => Values::I32(Vec::new()),
                ColumnType::Bool => Values::Bool(Bits::default()),
                ColumnType::Utf8 => Values::Utf8 {
                    offsets: Vec::new(),
                    text: Vec::new(),
                },
                ColumnType::Dictionary => Values::Dictionary {
                    codes: Vec::new(),
                    dictionary: Dictionary::default(),
                },
            },
            validity: Validity::default(),
            invalid: 0,
        }
    }

    /// Adds the fields of the column of number `at` of these rows. Up to the value that stops it, they are added.
    pub(super) fn append(
        &mut self,
        rows: &Rows<'_>,
        chosen: &[u32],
        at: usize,
        rules: Rules<'_>,
    ) -> Result<(), Stop> {
        let length = self.validity.length;
        self.validity
            .reserve(chosen.len())
            .ok_or(Stop::OutOfMemory)?;
        let mut source = Source {
            rows,
            chosen,
            at,
            rules,
            validity: &mut self.validity,
            invalid: &mut self.invalid,
        };
        match &mut self.values {
            Values::F64(values) => {
                reserve(values, chosen)?;
                source.each(&mut |_, text| put(values, text.map(parse::float), f64::NAN))
            }
            Values::I32(values) => {
                reserve(values, chosen)?;
                source.each(&mut |_, text| {
                    let value = text.map(|text| parse::integer(text)?.try_into().ok());
                    put(values, value, 0)
                })
            }
            Values::I64(values) => {
                reserve(values, chosen)?;
                let parse: fn(&[u8]) -> Option<i64> = match self.kind {
                    ColumnType::Timestamp => {
                        |text| parse::timestamp(text).map(|micros| micros.div_euclid(1000))
                    }
                    ColumnType::TimestampMicros => parse::timestamp,
                    _ => parse::integer,
                };
                source.each(&mut |_, text| put(values, text.map(parse), 0))
            }
            Values::Bool(bits) => {
                bits.reserve(length + chosen.len())
                    .ok_or(Stop::OutOfMemory)?;
                source.each(&mut |at, text| {
                    let value = text.map(parse::boolean);
                    bits.set(at, value == Some(Some(true)));
                    value.is_none_or(|value| value.is_some())
                })
            }
            Values::Utf8 { offsets, text } => source.texts(offsets, text),
            Values::Dictionary { codes, dictionary } => source.codes(codes, dictionary),
        }
    }

    /// Forgets the values behind the first `length`.
    pub(super) fn truncate(&mut self, length: usize) {
        self.validity.truncate(length);
        match &mut self.values {
            Values::F64(values) => values.truncate(length),
            Values::I64(values) => values.truncate(length),
            Values::I32(values) => values.truncate(length),
            Values::Bool(bits) => bits.0.truncate(length.div_ceil(8)),
            Values::Utf8 { offsets, text } => {
                offsets.truncate(length + 1);
                text.truncate(offsets.last().map_or(0, |&end| end as usize));
            }
            Values::Dictionary { codes, .. } => codes.truncate(length),
        }
    }

    /// Forgets all values, and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.truncate(0);
        if let Values::Dictionary { dictionary, .. } = &mut self.values {
            dictionary.forget_new();
        }
    }

    /// The bytes of text in it.
    pub(super) fn text_length(&self) -> usize {
        match &self.values {
            Values::Utf8 { text, .. } => text.len(),
            _ => 0,
        }
    }
}

fn reserve<T>(values: &mut Vec<T>, chosen: &[u32]) -> Result<(), Stop> {
    values
        .try_reserve(chosen.len())
        .map_err(|_| Stop::OutOfMemory)
}

/// Adds what was parsed, or `null`; says whether there was anything to add, or nothing to parse. Room is there.
fn put<T>(values: &mut Vec<T>, value: Option<Option<T>>, null: T) -> bool {
    let is_usable = !matches!(value, Some(None));
    values.push(value.flatten().unwrap_or(null));
    is_usable
}

/// Fields that become values.
struct Source<'a> {
    rows: &'a Rows<'a>,
    chosen: &'a [u32],
    at: usize,
    rules: Rules<'a>,
    validity: &'a mut Validity,
    invalid: &'a mut u64,
}

impl Source<'_> {
    /// Calls `put` with the place of each field and with its text, or nothing for a null; it says whether that is a value, and room for it is there. One function
    /// for all types, as a loop for each is much code.
    fn each(&mut self, put: &mut dyn FnMut(usize, Option<&[u8]>) -> bool) -> Result<(), Stop> {
        let Rules {
            nulls,
            invalid_is_null,
        } = self.rules;
        for (place, &row) in self.chosen.iter().enumerate() {
            let text = self.rows.field(row as usize, self.at);
            let at = self.validity.length;
            let is_null = match text {
                [] => nulls.empty,
                [b' ' | b'\t', ..] => nulls.has(parse::trim(text)),
                _ => !nulls.others.is_empty() && nulls.has(parse::trim(text)),
            };
            let is_there = !is_null && put(at, Some(text));
            if is_null {
                put(at, None);
            } else if !is_there {
                if !invalid_is_null {
                    return Err(Stop::Invalid(place));
                }
                *self.invalid += 1;
            }
            self.validity.push(is_there);
        }
        Ok(())
    }

    fn texts(&mut self, offsets: &mut Vec<i32>, text: &mut Vec<u8>) -> Result<(), Stop> {
        let (rows, at) = (self.rows, self.at);
        let fields = self.chosen.iter().map(|&row| rows.field(row as usize, at));
        let length = fields.clone().map(<[u8]>::len).sum();
        text.try_reserve(length)
            .and_then(|()| offsets.try_reserve(self.chosen.len() + 1))
            .map_err(|_| Stop::OutOfMemory)?;
        if offsets.is_empty() {
            offsets.push(0);
        }
        for field in fields {
            let is_null = self.rules.nulls.has(field);
            if !is_null {
                text.extend_from_slice(field);
            }
            // `Table` ends a batch long before there is so much text.
            offsets.push(text.len() as i32);
            self.validity.push(!is_null);
        }
        Ok(())
    }

    fn codes(&mut self, codes: &mut Vec<i32>, dictionary: &mut Dictionary) -> Result<(), Stop> {
        codes
            .try_reserve(self.chosen.len())
            .map_err(|_| Stop::OutOfMemory)?;
        for &row in self.chosen {
            let field = self.rows.field(row as usize, self.at);
            let is_null = self.rules.nulls.has(field);
            let code = if is_null {
                0
            } else {
                dictionary.code_of(field).ok_or(Stop::OutOfMemory)?
            };
            codes.push(code);
            self.validity.push(!is_null);
        }
        Ok(())
    }
}

/// A bit for each value, the lowest bit of a byte first.
#[derive(Debug, Default)]
pub(super) struct Bits(Vec<u8>);

impl Bits {
    /// Makes room for `length` bits. Bits that were not set are 0.
    fn reserve(&mut self, length: usize) -> Option<()> {
        let bytes = length.div_ceil(8);
        let more = bytes.saturating_sub(self.0.len());
        self.0.try_reserve(more).ok()?;
        self.0.resize(self.0.len() + more, 0);
        Some(())
    }

    #[inline]
    fn set(&mut self, at: usize, value: bool) {
        if let Some(byte) = self.0.get_mut(at / 8) {
            *byte = *byte & !(1 << (at % 8)) | u8::from(value) << (at % 8);
        }
    }

    /// The first `length` bits; those behind them in the last byte are 0.
    pub(super) fn first(&mut self, length: usize) -> &[u8] {
        self.0.truncate(length.div_ceil(8));
        if let Some(last) = self.0.get_mut(length / 8) {
            *last &= (1 << (length % 8)) - 1;
        }
        &self.0
    }
}

/// Which values are there. Bits exist only once one is not.
#[derive(Debug, Default)]
pub(super) struct Validity {
    bits: Bits,
    /// Values so far.
    length: usize,
    pub(super) nulls: usize,
}

impl Validity {
    fn reserve(&mut self, more: usize) -> Option<()> {
        let bytes = (self.length + more).div_ceil(8);
        let missing = bytes.saturating_sub(self.bits.0.len());
        self.bits.0.try_reserve(missing).ok()
    }

    /// To be called no more often than room was made for.
    #[inline]
    fn push(&mut self, is_there: bool) {
        if !is_there {
            self.cover(self.length + 1);
            self.bits.set(self.length, false);
            self.nulls += 1;
        }
        self.length += 1;
    }

    /// Adds bits for values that are there.
    fn cover(&mut self, length: usize) {
        let bytes = length.div_ceil(8).max(self.bits.0.len());
        self.bits.0.resize(bytes, 0xff);
    }

    fn truncate(&mut self, length: usize) {
        if length >= self.length {
            return;
        }
        self.length = length;
        // What is behind the end may be used again.
        let kept = self.bits.first(length.min(self.bits.0.len() * 8)).len();
        if let Some(last) = self.bits.0.get_mut(length / 8) {
            *last |= 0xff << (length % 8);
        }
        let zeros: usize = self.bits.0[..kept]
            .iter()
            .map(|byte| byte.count_zeros() as usize)
            .sum();
        self.nulls = zeros;
    }

    /// The bits; none if every value is there.
    pub(super) fn bits(&mut self) -> Option<&[u8]> {
        if self.nulls == 0 {
            return None;
        }
        self.cover(self.length);
        Some(self.bits.first(self.length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn validity_has_a_bit_for_each_value_once_one_is_null(
            values in prop::collection::vec(prop::bool::weighted(0.9), 0..70), kept in 0..70usize, more in prop::collection::vec(any::<bool>(), 0..20),
        ) {
            let mut validity = Validity::default();
            let mut model = values.clone();
            validity.reserve(values.len()).unwrap();
            values.iter().for_each(|&value| validity.push(value));
            validity.truncate(kept);
            model.truncate(kept);
            validity.reserve(more.len()).unwrap();
            more.iter().for_each(|&value| validity.push(value));
            model.extend(more);
            let nulls = model.iter().filter(|&&value| !value).count();
            prop_assert_eq!(validity.nulls, nulls);
            let expected = (nulls > 0).then(|| {
                let mut bytes = vec![0u8; model.len().div_ceil(8)];
                for (at, _) in model.iter().enumerate().filter(|&(_, &value)| value) {
                    bytes[at / 8] |= 1 << (at % 8);
                }
                bytes
            });
            prop_assert_eq!(validity.bits().map(<[u8]>::to_vec), expected);
        }
    }
}
