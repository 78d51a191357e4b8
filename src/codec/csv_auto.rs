//! CSV whose delimiter is found in its first rows.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use super::{Codec, CodecError, Csv, CsvOptions, Fault, Ragged, Records, Status, Step};

/// In the order in which they are preferred.
const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The sample ends with this many line ends, or has this many bytes: then the delimiter is chosen, whatever comes later. So it does not depend on how
/// the text is cut, and rows that come slowly do not wait long.
const LINES: u32 = 10;
const BYTES: usize = 16 * 1024;

/// The CSV parser, with a delimiter that is chosen by the first rows.
pub(crate) struct AutoCsv {
    csv: Csv,
    options: CsvOptions,
    /// The sample, and how much of it the parser has read.
    sample: Vec<u8>,
    read: usize,
    lines: u32,
    /// The delimiter once it has been chosen, or 0: for whoever wants to know.
    chosen: Arc<AtomicU8>,
}

impl AutoCsv {
    /// As [`Csv::new`], without a delimiter.
    pub(crate) fn new(options: CsvOptions) -> Option<Self> {
        let first = candidates(options).next()?;
        Some(Self {
            csv: Csv::new(options.delimiter(first))?,
            options,
            sample: Vec::new(),
            read: 0,
            lines: 0,
            chosen: Arc::default(),
        })
    }

    /// Where the delimiter will be told.
    pub(crate) fn chosen(&self) -> Arc<AtomicU8> {
        Arc::clone(&self.chosen)
    }

    fn is_chosen(&self) -> bool {
        self.chosen.load(Ordering::Relaxed) != 0
    }

    /// Adds input to the sample until that is large enough; says how much. None if there is no memory.
    fn take(&mut self, input: &[u8]) -> Option<usize> {
        let room = &input[..input.len().min(BYTES - self.sample.len())];
        let most = self.options.skip_lines.saturating_add(LINES);
        let mut end = room.len();
        for (at, &byte) in room.iter().enumerate() {
            if byte == b'\n' || (byte == b'\r' && self.options.cr_ends_row) {
                self.lines += 1;
                if self.lines == most {
                    end = at + 1;
                    break;
                }
            }
        }
        self.sample.try_reserve(end).ok()?;
        self.sample.extend_from_slice(&room[..end]);
        Some(end)
    }

    fn is_large_enough(&self) -> bool {
        self.sample.len() == BYTES || self.lines >= self.options.skip_lines.saturating_add(LINES)
    }

    /// Chooses by the sample, which is the whole text if it is the `last`.
    fn choose(&mut self, last: bool) {
        let mut best = (None, Score::default());
        for delimiter in candidates(self.options) {
            let score = score(&self.sample, self.options.delimiter(delimiter), last);
            if best.0.is_none() || score > best.1 {
                best = (Some(delimiter), score);
            }
        }
        let delimiter = best.0.unwrap_or(CANDIDATES[0]);
        self.csv.set_delimiter(delimiter);
        self.chosen.store(delimiter, Ordering::Relaxed);
    }
}

/// Those that mean nothing else.
fn candidates(options: CsvOptions) -> impl Iterator<Item = u8> {
    let taken = [options.quote, options.escape, options.comment];
    CANDIDATES
        .into_iter()
        .filter(move |&delimiter| !taken.contains(&Some(delimiter)))
}

/// How well a delimiter fits, the more important first: the first row has several fields, nothing is wrong, so many of a thousand rows have as many as the
/// first, and that is how many.
type Score = (bool, bool, usize, usize);

fn score(sample: &[u8], options: CsvOptions, last: bool) -> Score {
    let options = options
        .ragged(Ragged::Keep)
        .width(None)
        .fatal(false)
        .max_bytes(usize::MAX);
    let Some(mut csv) = Csv::new(options) else {
        return Score::default();
    };
    let Some(records) = csv.records() else {
        return Score::default();
    };
    records.enable();
    // Each byte may become a U+FFFD.
    let mut output = Vec::new();
    let room = sample.len() * 3 + super::MIN_OUTPUT + super::MIN_OUTPUT;
    if output.try_reserve_exact(room).is_err() {
        return Score::default();
    }
    output.resize(room, 0);
    let mut is_right = csv.step(sample, &mut output, last).is_ok();
    if !last
        && csv
            .records()
            .is_some_and(|records| records.rows().is_empty())
    {
        // One long line: what there is of it.
        is_right &= csv.step(&[], &mut output, true).is_ok();
    }
    let rows = csv.records().map_or(&[][..], |records| records.rows());
    let mut before = 0;
    let mut widths = rows.iter().map(|&end| {
        let width = end - before;
        before = end;
        width
    });
    let Some(first) = widths.next() else {
        return Score::default();
    };
    let alike = 1 + widths.filter(|&width| width == first).count();
    (
        first > 1,
        is_right,
        alike * 1000 / rows.len(),
        first as usize,
    )
}

impl Codec for AutoCsv {
    fn name(&self) -> &'static str {
        self.csv.name()
    }

    fn step(&mut self, input: &[u8], output: &mut [u8], last: bool) -> Result<Step, Fault> {
        let mut consumed = 0;
        if !self.is_chosen() {
            let error = || Fault {
                error: CodecError::out_of_memory(self.csv.name(), 0),
                produced: 0,
            };
            let error = error();
            consumed = self.take(input).ok_or(error)?;
            let is_whole = last && consumed == input.len();
            if !is_whole && !self.is_large_enough() {
                return Ok(Step {
                    status: Status::NeedInput,
                    consumed,
                    produced: 0,
                });
            }
            self.choose(is_whole);
        }
        let mut produced = 0;
        if self.read < self.sample.len() {
            let is_last = last && consumed == input.len();
            let step = self.csv.step(&self.sample[self.read..], output, is_last)?;
            self.read += step.consumed;
            produced = step.produced;
            if step.status != Status::NeedInput {
                return Ok(Step { consumed, ..step });
            }
            self.sample = Vec::new();
            self.read = 0;
        }
        if consumed == input.len() && consumed > 0 {
            return Ok(Step {
                status: Status::NeedInput,
                consumed,
                produced,
            });
        }
        if produced > 0 {
            // There may be too little room left.
            return Ok(Step {
                status: Status::NeedOutput,
                consumed,
                produced,
            });
        }
        let step = self.csv.step(&input[consumed..], output, last)?;
        Ok(Step {
            consumed: consumed + step.consumed,
            ..step
        })
    }

    fn records(&mut self) -> Option<&mut Records> {
        self.csv.records()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Chain, ChainState};

    fn options() -> CsvOptions {
        CsvOptions::default().ragged(Ragged::Keep)
    }

    type Rows = Vec<Vec<String>>;

    /// The delimiter, the rows, and the error.
    fn read(pieces: &[&[u8]], options: CsvOptions) -> (char, Rows, Option<CodecError>) {
        let auto = AutoCsv::new(options).unwrap();
        let chosen = auto.chosen();
        let mut chain = Chain::new(vec![Box::new(auto)]);
        let mut rows = Rows::new();
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
                for row in chain.batch().records() {
                    rows.push((0..row.len()).map(|at| row[at].to_owned()).collect());
                }
                match state {
                    Err(error) => {
                        return (chosen.load(Ordering::Relaxed).into(), rows, Some(error));
                    }
                    Ok(ChainState::HasBatch) => {}
                    Ok(_) if piece.is_empty() => break,
                    Ok(_) => {}
                }
            }
        }
        (chosen.load(Ordering::Relaxed).into(), rows, None)
    }

    fn everywhere(text: &str, options: CsvOptions) -> (char, Rows, Option<CodecError>) {
        let whole = read(&[text.as_bytes()], options);
        let bytes: Vec<_> = text.as_bytes().chunks(1).collect();
        assert_eq!(read(&bytes, options), whole);
        for cut in 0..text.len().min(300) {
            let (before, behind) = text.as_bytes().split_at(cut);
            assert_eq!(read(&[before, &[], behind], options), whole, "cut at {cut}");
        }
        whole
    }

    #[test]
    fn the_delimiter_is_that_which_makes_rows_alike() {
        for (text, expected) in [
            ("a,b\n1,2\n", ','),
            ("name;price\nx;1,5\ny;2\n", ';'),
            ("a\tb c\n1\t2,3\n", '\t'),
            ("a|b|c\n1|2|3", '|'),
            ("\"a;b\",c\n\"d\",\"e;f\"\n", ','),
            ("\u{feff}a;b\r\nc;d\r\n", ';'),
            ("only\none\ncolumn\n", ','),
            ("", ','),
        ] {
            assert_eq!(everywhere(text, options()).0, expected, "{text:?}");
        }
    }

    #[test]
    fn all_rows_are_read_with_it_and_faults_are_where_they_are() {
        let (_, rows, error) = everywhere("a;b\n1;\"2\n3\"\n", options());
        assert_eq!(
            (rows, error),
            (
                vec![
                    vec!["a".into(), "b".into()],
                    vec!["1".into(), "2\n3".into()]
                ],
                None
            )
        );
        let text = "a;b\n".repeat(20) + "c\n";
        let (_, rows, error) = everywhere(&text, CsvOptions::default());
        assert_eq!(
            (rows.len(), error.map(|error| error.offset)),
            (20, Some(80))
        );
    }

    #[test]
    fn only_the_first_rows_count() {
        let text = "a;b\n".repeat(10) + &"a,b,c\n".repeat(1000);
        assert_eq!(everywhere(&text, options()).0, ';');
        let text = "x,".repeat(BYTES) + "\n" + &"a;b\n".repeat(10);
        assert_eq!(read(&[text.as_bytes()], options()).0, ',');
    }

    #[test]
    fn skipped_lines_and_comments_do_not_count_and_other_marks_are_no_delimiters() {
        let text = "A, report\n".repeat(12) + "#a,b,c\nx;y\n1;2\n";
        let options = options().skip_lines(12).comment(b'#');
        assert_eq!(everywhere(&text, options).0, ';');
        assert_eq!(
            everywhere("a|b,c\n", options.skip_lines(0).quote(b',')).0,
            '|'
        );
    }
}
