//! Where records end in the bytes a codec produced.

use super::CodecError;
use super::saved::{StateReader, StateWriter};

/// Ends of fields and rows in the text of a batch.
///
/// Positions count from the start of the batch. Behind the end of each field is a one-byte separator,
/// so a field begins one byte after the end of the field before it.
///
/// ```
/// use tidegate::codec::Records;
///
/// // The codec has written "ab;c;" as a row of two fields.
/// let mut records = Records::of_rows();
/// records.enable();
/// records.end_field(2);
/// records.advance(3);
/// records.end_field(1);
/// records.end_row();
/// records.advance(2);
/// assert_eq!((records.ends(), records.rows()), (&[2, 4][..], &[2][..]));
/// ```
#[derive(Debug, Default)]
pub struct Records {
    enabled: bool,
    position: usize,
    ends: Vec<u32>,
    rows: Option<Vec<u32>>,
    /// For each complete row the offset of its first byte in the input; only where somebody asks for it.
    starts: Option<Vec<u64>>,
    complete: usize,
    /// There was no memory for an end: no more are recorded.
    exhausted: bool,
}

impl Records {
    /// Records of which each is one field: lines.
    ///
    /// ```
    /// # use tidegate::codec::Records;
    /// let mut records = Records::of_fields();
    /// records.enable();
    /// records.end_field(3); // of "one", which is written next
    /// assert_eq!((records.ends(), records.rows().len()), (&[3][..], 0));
    /// ```
    pub fn of_fields() -> Self {
        Self::default()
    }

    /// Records of which each is a row of fields.
    ///
    /// ```
    /// # use tidegate::codec::Records;
    /// let mut records = Records::of_rows();
    /// records.enable();
    /// records.end_field(3);
    /// assert!(records.ends().is_empty()); // the row has not ended
    /// records.end_row();
    /// assert_eq!(records.ends(), [3]);
    /// ```
    pub fn of_rows() -> Self {
        Self {
            rows: Some(Vec::new()),
            ..Self::default()
        }
    }

    /// Begins to record. Without it the codec is a mere byte codec, as it is in the middle of a chain,
    /// where nobody would take the records.
    ///
    /// ```
    /// # use tidegate::codec::Records;
    /// let mut records = Records::of_fields();
    /// records.end_field(3);
    /// assert!(records.ends().is_empty());
    /// records.enable();
    /// records.end_field(3);
    /// assert_eq!(records.ends(), [3]);
    /// ```
    pub fn enable(&mut self) {
        self.enabled = true;
    }

    /// Counts bytes that the codec has produced, separators among them.
    ///
    /// ```
    /// # use tidegate::codec::Records;
    /// let mut records = Records::of_fields();
    /// records.enable();
    /// records.advance(2);
    /// records.end_field(1);
    /// assert_eq!(records.ends(), [3]);
    /// ```
    #[inline]
    pub fn advance(&mut self, bytes: usize) {
        self.position += bytes;
    }

    /// Ends a field `ahead` bytes behind the current position; the separator follows there.
    ///
    /// ```
    /// # use tidegate::codec::Records;
    /// let mut records = Records::of_fields();
    /// records.enable();
    /// records.end_field(5);
    /// assert_eq!((records.ends(), records.complete()), (&[5][..], 6));
    /// ```
    #[inline]
    pub fn end_field(&mut self, ahead: usize) {
        if self.enabled && self.push_end((self.position + ahead) as u32) && self.rows.is_none() {
            self.complete = self.position + ahead + 1;
        }
    }

    #[inline]
    fn push_end(&mut self, end: u32) -> bool {
        self.exhausted = self.exhausted || self.ends.try_reserve(1).is_err();
        if !self.exhausted {
            self.ends.push(end);
        }
        !self.exhausted
    }

    /// Ends a row with the field that was ended last.
    ///
    /// ```
    /// # use tidegate::codec::Records;
    /// let mut records = Records::of_rows();
    /// records.enable();
    /// records.end_field(5);
    /// records.end_row();
    /// assert_eq!((records.rows(), records.complete()), (&[1][..], 6));
    /// ```
    #[inline]
    pub fn end_row(&mut self) {
        if !self.enabled || self.exhausted {
            return;
        }
        if let (Some(rows), Some(&end)) = (&mut self.rows, self.ends.last()) {
            if rows.try_reserve(1).is_err() {
                self.exhausted = true;
                return;
            }
            rows.push(self.ends.len() as u32);
            self.complete = end as usize + 1;
        }
    }

    /// Begins to record where rows begin in the input.
    #[cfg(any(tidegate_family = "csv", test))]
    pub(crate) fn record_starts(&mut self) {
        self.starts = Some(Vec::new());
    }

    /// Ends a row whose first byte is at `start` in the input.
    #[inline]
    pub(crate) fn end_row_from(&mut self, start: u64) {
        if let Some(starts) = &mut self.starts {
            if starts.try_reserve(1).is_err() {
                self.exhausted = true;
            } else if self.enabled && !self.exhausted {
                starts.push(start);
            }
        }
        self.end_row();
    }

    /// For each complete row the offset of its first byte in the input, where that is recorded.
    pub(crate) fn starts(&self) -> &[u64] {
        self.starts.as_deref().unwrap_or_default()
    }

    /// Whether there was no memory for an end. Those before it are recorded; the codec fails with
    /// [`ErrorCode::OutOfMemory`](super::ErrorCode::OutOfMemory).
    ///
    /// ```
    /// # use tidegate::codec::Records;
    /// assert!(!Records::of_rows().is_exhausted());
    /// ```
    pub fn is_exhausted(&self) -> bool {
        self.exhausted
    }

    /// Bytes of the batch up to and including the last complete record's separator.
    ///
    /// ```
    /// # use tidegate::codec::Records;
    /// let mut records = Records::of_fields();
    /// records.enable();
    /// records.end_field(3);
    /// records.advance(10); // and six bytes of the next line
    /// assert_eq!(records.complete(), 4);
    /// ```
    pub fn complete(&self) -> usize {
        self.complete
    }

    /// The ends of the fields of all complete records.
    ///
    /// ```
    /// # use tidegate::codec::Records;
    /// let mut records = Records::of_fields();
    /// records.enable();
    /// records.end_field(1);
    /// records.end_field(4);
    /// assert_eq!(records.ends(), [1, 4]);
    /// ```
    pub fn ends(&self) -> &[u32] {
        &self.ends[..self.complete_fields()]
    }

    /// For each complete row, the number of fields up to its end; empty where records are lines.
    ///
    /// ```
    /// # use tidegate::codec::Records;
    /// let mut records = Records::of_rows();
    /// records.enable();
    /// records.end_field(1);
    /// records.end_field(4);
    /// records.end_row();
    /// assert_eq!(records.rows(), [2]);
    /// ```
    pub fn rows(&self) -> &[u32] {
        self.rows.as_deref().unwrap_or_default()
    }

    /// Whether records are rows of fields.
    pub(crate) fn has_rows(&self) -> bool {
        self.rows.is_some()
    }

    fn complete_fields(&self) -> usize {
        match &self.rows {
            Some(rows) => rows.last().map_or(0, |&fields| fields as usize),
            None => self.ends.len(),
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.ends.clear();
        if let Some(rows) = &mut self.rows {
            rows.clear();
        }
        if let Some(starts) = &mut self.starts {
            starts.clear();
        }
        (self.position, self.complete) = (0, 0);
    }

    pub(super) fn save(&self, state: &mut StateWriter) {
        state.numbers(&self.ends);
        state.numbers(self.rows());
    }

    /// Refuses a state that is not that of `text`, which has been produced and not been taken.
    pub(super) fn restore(
        &mut self,
        text: &str,
        state: &mut StateReader<'_>,
    ) -> Result<(), CodecError> {
        let (ends, rows) = (state.numbers()?, state.numbers()?);
        // A separator is behind each end.
        let within = ends
            .iter()
            .all(|&end| (end as usize) < text.len() && text.is_char_boundary(end as usize));
        let last_row = rows.last().map_or(0, |&fields| fields as usize);
        state.require(within && ends.is_sorted_by(|a, b| a < b))?;
        state.require(last_row <= ends.len() && rows.is_sorted_by(|a, b| a < b))?;
        state.require(rows.first() != Some(&0) && (self.rows.is_some() || rows.is_empty()))?;
        self.position = text.len();
        self.ends = ends;
        if let Some(own) = &mut self.rows {
            *own = rows;
        }
        let fields = self.complete_fields();
        self.complete = fields
            .checked_sub(1)
            .map_or(0, |last| self.ends[last] as usize + 1);
        Ok(())
    }

    /// Turns the ends of complete fields into UTF-16 offsets into the text, which must be valid UTF-8.
    /// To be called at most once before [`take`](Self::take).
    #[cfg(any(tidegate_npm, test))]
    pub(crate) fn count_in_utf16(&mut self, text: &[u8]) {
        let fields = self.complete_fields();
        Self::to_utf16(&mut self.ends[..fields], text);
    }

    /// The same for any ends.
    #[cfg(any(tidegate_npm, test))]
    pub(crate) fn to_utf16(ends: &mut [u32], text: &[u8]) {
        let (mut from, mut surplus) = (0, 0);
        for end in ends {
            let to = (*end as usize).min(text.len());
            surplus += utf8_surplus(&text[from..to]);
            *end -= surplus;
            from = to;
        }
    }

    /// Makes Latin-1 of the text of the complete records, in place, and turns their ends into offsets into that, which are those in UTF-16 as well. Returns
    /// its length; none, and nothing is changed, if other characters are in it. To be called at most once before [`take`](Self::take), in place of
    /// `count_in_utf16`.
    #[cfg(tidegate_npm)]
    pub(crate) fn make_latin1(&mut self, text: &mut [u8]) -> Option<usize> {
        let fields = self.complete_fields();
        Self::to_latin1(&mut self.ends[..fields], text)
    }

    /// The same for any ends.
    #[cfg(any(tidegate_npm, test))]
    pub(crate) fn to_latin1(ends: &mut [u32], text: &mut [u8]) -> Option<usize> {
        if text.is_ascii() {
            return Some(text.len());
        }
        if !is_latin1(text) {
            return None;
        }
        let (mut read, mut written, mut field) = (0, 0, 0);
        loop {
            let run = ascii_run(&text[read..]);
            text.copy_within(read..read + run, written);
            read += run;
            written += run;
            let surplus = (read - written) as u32;
            while let Some(end) = ends.get_mut(field).filter(|end| **end as usize <= read) {
                *end -= surplus;
                field += 1;
            }
            if read + 1 >= text.len() {
                return Some(written);
            }
            text[written] = text[read] << 6 | text[read + 1] & 0x3f;
            read += 2;
            written += 1;
        }
    }

    /// Forgets the complete records: a new batch begins with the bytes of the incomplete one.
    ///
    /// ```
    /// # use tidegate::codec::Records;
    /// let mut records = Records::of_fields();
    /// records.enable();
    /// records.end_field(3);
    /// records.advance(4);
    /// records.take();
    /// assert!(records.ends().is_empty());
    /// assert_eq!(records.complete(), 0);
    /// ```
    pub fn take(&mut self) {
        let fields = self.complete_fields();
        self.ends.drain(..fields);
        for end in &mut self.ends {
            *end -= self.complete as u32;
        }
        if let Some(rows) = &mut self.rows {
            rows.clear();
        }
        if let Some(starts) = &mut self.starts {
            starts.clear();
        }
        self.position -= self.complete;
        self.complete = 0;
    }
}

/// How many more bytes than UTF-16 code units valid UTF-8 has: the bytes that do not begin a character,
/// less one for each character of four bytes, which has two units.
#[cfg(any(tidegate_npm, test))]
fn utf8_surplus(text: &[u8]) -> u32 {
    if text.is_ascii() {
        return 0;
    }
    text.iter()
        .map(|&byte| u32::from((byte as i8) < -0x40))
        .sum::<u32>()
        - text
            .iter()
            .map(|&byte| u32::from(byte >= 0xf0))
            .sum::<u32>()
}

/// Whether all characters of valid UTF-8 are Latin-1, those between U+0080 and U+009F aside, for which decoders have other characters.
#[cfg(any(tidegate_npm, test))]
fn is_latin1(text: &[u8]) -> bool {
    let is_low = |part: &[u8]| part.iter().fold(0, |most, &byte| most.max(byte)) < 0xc4;
    text.chunks(256).all(is_low)
        && memchr::memchr_iter(0xc2, text)
            .all(|at| text.get(at + 1).is_some_and(|&next| next >= 0xa0))
}

/// How many bytes at the start are ASCII.
#[cfg(any(tidegate_npm, test))]
fn ascii_run(text: &[u8]) -> usize {
    let mut run = 0;
    for word in text.chunks_exact(8) {
        let word = u64::from_le_bytes(word.try_into().unwrap_or_default()) & 0x8080_8080_8080_8080;
        if word != 0 {
            return run + word.trailing_zeros() as usize / 8;
        }
        run += 8;
    }
    run + text[run..]
        .iter()
        .take_while(|byte| byte.is_ascii())
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_ends_of_fields_become_the_offsets_that_javascript_counts(fields in prop::collection::vec("\\PC{0,6}", 0..20)) {
            let mut records = Records::of_fields();
            records.enable();
            let (mut text, mut units, mut expected) = (String::new(), 0, Vec::new());
            for field in fields {
                text.push_str(&field);
                records.advance(field.len());
                records.end_field(0);
                units += field.encode_utf16().count() as u32;
                expected.push(units);
                text.push('\n');
                records.advance(1);
                units += 1;
            }
            records.count_in_utf16(text.as_bytes());
            prop_assert_eq!(records.ends(), &expected[..]);
        }

        #[test]
        fn text_of_latin_1_becomes_that(fields in prop::collection::vec("[a-z\u{a0}-\u{ff}]{0,20}|[a-c]{0,40}", 0..20), other in "|\u{85}|Ł|😀") {
            let text = fields.concat() + &other;
            let mut end = 0;
            let mut ends: Vec<u32> = fields.iter().map(|field| { end += field.len() as u32; end }).collect();
            let mut bytes = text.clone().into_bytes();
            let length = Records::to_latin1(&mut ends, &mut bytes);
            if !other.is_empty() {
                prop_assert_eq!((length, &bytes[..]), (None, text.as_bytes()));
                return Ok(());
            }
            let expected: Vec<u8> = text.chars().map(|character| character as u8).collect();
            prop_assert_eq!(&bytes[..length.unwrap()], &expected[..]);
            let mut end = 0;
            let expected: Vec<u32> = fields.iter().map(|field| { end += field.chars().count() as u32; end }).collect();
            prop_assert_eq!(ends, expected);
        }
    }
}
