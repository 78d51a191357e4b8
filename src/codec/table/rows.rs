//! The rows of a batch, as a table sees them.

use crate::codec::Batch;

/// The rows of a batch and where they began in the input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'a> {
    text: &'a [u8],
    ends: &'a [u32],
    rows: &'a [u32],
    starts: &'a [u64],
}

impl<'a> Rows<'a> {
    pub(crate) fn new(batch: &Batch<'a>) -> Self {
        Self {
            text: batch.bytes,
            ends: batch.ends,
            rows: batch.rows,
            starts: batch.starts,
        }
    }

    /// The number of rows.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The offset of the row's first byte in the input.
    pub(super) fn start(&self, row: usize) -> u64 {
        self.starts.get(row).copied().unwrap_or_default()
    }

    /// The first of the row's fields, and the first behind them.
    #[inline]
    pub(super) fn fields(&self, row: usize) -> (usize, usize) {
        let first = row
            .checked_sub(1)
            .map_or(0, |before| self.rows[before] as usize);
        (first, self.rows[row] as usize)
    }

    #[inline]
    fn start_of(&self, field: usize) -> usize {
        field
            .checked_sub(1)
            .map_or(0, |before| self.ends[before] as usize + 1)
    }

    /// A field of a row; empty where the row has fewer.
    #[inline]
    pub(super) fn field(&self, row: usize, column: usize) -> &'a [u8] {
        let (first, behind) = self.fields(row);
        let field = first + column;
        if field >= behind {
            return &[];
        }
        self.text
            .get(self.start_of(field)..self.ends[field] as usize)
            .unwrap_or_default()
    }

    /// The text of these fields, each with a separator behind it, and where they end in the text of the batch.
    pub(super) fn piece(&self, first: usize, behind: usize) -> (usize, &'a [u8], &'a [u32]) {
        let ends = self.ends.get(first..behind).unwrap_or_default();
        let Some(&last) = ends.last() else {
            return (0, &[], &[]);
        };
        let start = self.start_of(first);
        let text = self.text.get(start..=last as usize).unwrap_or_default();
        (start, text, ends)
    }
}
