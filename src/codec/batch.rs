//! What a chain has produced, and the records in it.

use std::iter::FusedIterator;
use std::ops::Index;

/// What a chain has produced since the last batch.
///
/// ```
/// use tidegate::codec::{Chain, Lines, LinesOptions};
///
/// let mut chain = Chain::new(vec![Box::new(Lines::new(LinesOptions::default()))]);
/// chain.input(8)[..8].copy_from_slice(b"one\r\ntwo");
/// chain.commit(8);
/// chain.end_input();
/// chain.run().unwrap();
/// let batch = chain.batch();
/// assert_eq!((batch.bytes, batch.ends), (&b"one\ntwo\n"[..], &[3, 7][..]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Batch<'a> {
    /// The bytes; of records only complete ones, each field with a one-byte separator behind it.
    pub bytes: &'a [u8],
    /// The end of each field, as an offset into `bytes`; empty for bytes.
    pub ends: &'a [u32],
    /// The number of fields up to the end of each row; empty for bytes and lines.
    pub rows: &'a [u32],
    /// For each row the offset of its first byte in the input, where that is recorded.
    pub(super) starts: &'a [u64],
}

impl<'a> Batch<'a> {
    pub(super) fn new(
        bytes: &'a [u8],
        ends: &'a [u32],
        rows: &'a [u32],
        starts: &'a [u64],
    ) -> Self {
        Self {
            bytes,
            ends,
            rows,
            starts,
        }
    }

    /// The records of the batch: rows of fields, or lines, each of which is a record of one field. There are none where the
    /// last codec of the chain makes bytes. Nothing is copied.
    ///
    /// # Panics
    ///
    /// If a codec that is not of this crate made records that are not valid UTF-8.
    ///
    /// ```
    /// use tidegate::codec::{Chain, Csv, CsvOptions};
    ///
    /// let mut chain = Chain::new(vec![Box::new(Csv::new(CsvOptions::default()).unwrap())]);
    /// chain.input(10)[..10].copy_from_slice(b"a,b\n1,2 3\n");
    /// chain.commit(10);
    /// chain.end_input();
    /// chain.run()?;
    /// let batch = chain.batch();
    /// let cells: Vec<_> = batch.records().map(|row| (row.get(0), row.get(1))).collect();
    /// assert_eq!(cells, [(Some("a"), Some("b")), (Some("1"), Some("2 3"))]);
    /// # Ok::<(), tidegate::codec::CodecError>(())
    /// ```
    pub fn records(&self) -> RecordIter<'a> {
        RecordIter {
            text: std::str::from_utf8(self.bytes)
                .expect("a codec that makes records must make UTF-8"),
            ends: self.ends,
            rows: (!self.rows.is_empty()).then(|| self.rows.iter()),
            start: 0,
            field: 0,
        }
    }
}

/// A batch of records that owns its text: one allocation for the text and two for the ends, however many fields there are.
///
/// `decode(…).csv(…).records()` is a stream of them.
///
/// ```
/// use futures_util::StreamExt;
/// use tidegate::codec::{CsvOptions, RecordBatch, decode_reader};
///
/// # futures_executor::block_on(async {
/// let mut batches = decode_reader(&b"a,b\nc,d\n"[..]).csv(CsvOptions::default()).records();
/// let batch: RecordBatch = batches.next().await.unwrap().unwrap();
/// let second: Vec<_> = batch.iter().map(|row| row[1].to_owned()).collect();
/// assert_eq!(second, ["b", "d"]);
/// # });
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordBatch {
    text: String,
    ends: Vec<u32>,
    rows: Vec<u32>,
}

impl RecordBatch {
    /// The number of records.
    ///
    /// ```
    /// # use futures_util::StreamExt;
    /// # use tidegate::codec::{CsvOptions, decode_reader};
    /// # futures_executor::block_on(async {
    /// # let mut batches = decode_reader(&b"whale,30\n"[..]).csv(CsvOptions::default()).records();
    /// # let batch = batches.next().await.unwrap().unwrap();
    /// assert_eq!(batch.len(), 1); // whale,30
    /// # });
    /// ```
    pub fn len(&self) -> usize {
        self.iter().len()
    }

    /// Whether there is no record.
    ///
    /// ```
    /// use tidegate::codec::RecordBatch;
    ///
    /// assert!(RecordBatch::default().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The records, which borrow from the batch.
    ///
    /// ```
    /// # use futures_util::StreamExt;
    /// # use tidegate::codec::{LinesOptions, decode_reader};
    /// # futures_executor::block_on(async {
    /// # let mut batches = decode_reader(&b"one\ntwo\n"[..]).lines(LinesOptions::default()).records();
    /// # let batch = batches.next().await.unwrap().unwrap();
    /// let longest = batch.iter().map(|line| line[0].len()).max(); // of the lines one and two
    /// assert_eq!(longest, Some(3));
    /// # });
    /// ```
    pub fn iter(&self) -> RecordIter<'_> {
        RecordIter {
            text: &self.text,
            ends: &self.ends,
            rows: (!self.rows.is_empty()).then(|| self.rows.iter()),
            start: 0,
            field: 0,
        }
    }
}

impl From<Batch<'_>> for RecordBatch {
    /// Copies the batch, all its text at once. Text that is not UTF-8, which only a codec that is not of this crate makes,
    /// panics as [`Batch::records`] does.
    fn from(batch: Batch<'_>) -> Self {
        let text = String::from_utf8(batch.bytes.to_vec());
        Self {
            text: text.expect("a codec that makes records must make UTF-8"),
            ends: batch.ends.to_vec(),
            rows: batch.rows.to_vec(),
        }
    }
}

impl<'a> IntoIterator for &'a RecordBatch {
    type Item = Record<'a>;
    type IntoIter = RecordIter<'a>;

    fn into_iter(self) -> RecordIter<'a> {
        self.iter()
    }
}

/// The records of a batch, in order.
///
/// ```
/// use futures_util::StreamExt;
/// use tidegate::codec::{LinesOptions, RecordIter, decode_reader};
///
/// # futures_executor::block_on(async {
/// let mut batches = decode_reader(&b"one\ntwo\n"[..]).lines(LinesOptions::default()).records();
/// let batch = batches.next().await.unwrap().unwrap();
/// let mut records: RecordIter<'_> = batch.iter();
/// assert_eq!(records.len(), 2);
/// assert_eq!(records.next().unwrap().get(0), Some("one"));
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct RecordIter<'a> {
    text: &'a str,
    ends: &'a [u32],
    /// None where each field is a record.
    rows: Option<std::slice::Iter<'a, u32>>,
    /// Where the next record's text begins.
    start: u32,
    /// The next record's first field.
    field: u32,
}

impl<'a> Iterator for RecordIter<'a> {
    type Item = Record<'a>;

    #[inline]
    fn next(&mut self) -> Option<Record<'a>> {
        let end = match &mut self.rows {
            Some(rows) => *rows.next()?,
            None if (self.field as usize) < self.ends.len() => self.field + 1,
            None => return None,
        };
        let record = Record {
            text: self.text,
            ends: &self.ends[self.field as usize..end as usize],
            start: self.start,
        };
        self.field = end;
        self.start = record.ends.last().map_or(self.start, |&end| end + 1);
        Some(record)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = match &self.rows {
            Some(rows) => rows.len(),
            None => self.ends.len() - self.field as usize,
        };
        (left, Some(left))
    }
}

impl ExactSizeIterator for RecordIter<'_> {}
impl FusedIterator for RecordIter<'_> {}

/// One record: the fields of a row, or one line. It borrows its text from the batch.
///
/// ```
/// use tidegate::codec::{CsvOptions, decode_reader};
///
/// # futures_executor::block_on(async {
/// let mut names = Vec::new();
/// decode_reader(&b"whale,30\nmouse,0\n"[..])
///     .csv(CsvOptions::default())
///     .records()
///     .for_each(|row| names.push(row[0].to_owned()))
///     .await
///     .unwrap();
/// assert_eq!(names, ["whale", "mouse"]);
/// # });
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    text: &'a str,
    ends: &'a [u32],
    start: u32,
}

impl<'a> Record<'a> {
    /// The number of fields.
    ///
    /// ```
    /// # use futures_util::StreamExt;
    /// # use tidegate::codec::{CsvOptions, decode_reader};
    /// # futures_executor::block_on(async {
    /// # let mut batches = decode_reader(&b"whale,30\n"[..]).csv(CsvOptions::default()).records();
    /// # let batch = batches.next().await.unwrap().unwrap();
    /// let row = batch.iter().next().unwrap(); // whale,30
    /// assert_eq!(row.len(), 2);
    /// # });
    /// ```
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it has no field.
    ///
    /// ```
    /// # use futures_util::StreamExt;
    /// # use tidegate::codec::{CsvOptions, decode_reader};
    /// # futures_executor::block_on(async {
    /// # let mut batches = decode_reader(&b"whale,30\n"[..]).csv(CsvOptions::default()).records();
    /// # let batch = batches.next().await.unwrap().unwrap();
    /// assert!(batch.iter().all(|row| !row.is_empty())); // whale,30
    /// # });
    /// ```
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The field of this number, or `None` if the record has fewer.
    ///
    /// ```
    /// # use futures_util::StreamExt;
    /// # use tidegate::codec::{CsvOptions, decode_reader};
    /// # futures_executor::block_on(async {
    /// # let mut batches = decode_reader(&b"whale,30\n"[..]).csv(CsvOptions::default()).records();
    /// # let batch = batches.next().await.unwrap().unwrap();
    /// let row = batch.iter().next().unwrap(); // whale,30
    /// assert_eq!((row.get(0), row.get(2)), (Some("whale"), None));
    /// # });
    /// ```
    #[inline]
    pub fn get(&self, field: usize) -> Option<&'a str> {
        let end = *self.ends.get(field)? as usize;
        let start = match field.checked_sub(1) {
            Some(before) => self.ends[before] as usize + 1,
            None => self.start as usize,
        };
        self.text.get(start..end)
    }

    /// The fields, in order.
    ///
    /// ```
    /// # use futures_util::StreamExt;
    /// # use tidegate::codec::{CsvOptions, decode_reader};
    /// # futures_executor::block_on(async {
    /// # let mut batches = decode_reader(&b"whale,30\n"[..]).csv(CsvOptions::default()).records();
    /// # let batch = batches.next().await.unwrap().unwrap();
    /// let row = batch.iter().next().unwrap(); // whale,30
    /// assert!(row.iter().eq(["whale", "30"]));
    /// # });
    /// ```
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        let (text, mut start) = (self.text, self.start as usize);
        self.ends.iter().map(move |&end| {
            let field = text.get(start..end as usize);
            start = end as usize + 1;
            field.unwrap_or_default()
        })
    }
}

impl Index<usize> for Record<'_> {
    type Output = str;

    /// The field of this number. Panics if the record has fewer.
    #[inline]
    fn index(&self, field: usize) -> &str {
        self.get(field).unwrap_or_else(|| {
            panic!(
                "the record has {} fields, so none has the index {field}",
                self.len()
            )
        })
    }
}
