//! Follows a path through a document, and gives the text of what is there.

use crate::codec::saved::{StateReader, StateWriter};
use crate::codec::text::{Output, TextParser};
use crate::codec::{CodecError, ErrorCode};

use super::grammar::{Bad, Event, Grammar};
use super::name::NameReader;
use super::path::{Selector, write_index, write_name};
use super::{JsonOptions, JsonPath, NAME};

/// Before the first element of an array.
const NO_ELEMENT: u64 = u64::MAX;

/// A container on the path, and where in it the text is.
#[derive(Debug, Default)]
struct Level {
    /// Of the element, if it is an array.
    index: u64,
    /// Of the member, if it is an object.
    name: NameReader,
    /// The selector selects the member or element.
    selects: bool,
}

/// The parser of [`Json`](super::Json).
#[derive(Debug)]
pub struct Parser {
    grammar: Grammar,
    path: JsonPath,
    options: JsonOptions,
    /// Behind each name and item.
    separator: u8,
    /// Items are rows, with the names of members.
    has_rows: bool,
    /// One for each selector.
    levels: Vec<Level>,
    /// How many containers are open of which each is on the path: the levels in use.
    live: usize,
    /// The most selectors that something was found for, and the most containers on the path.
    found: usize,
    entered: usize,
    /// What is read belongs to an item, or to its name.
    in_item: bool,
    /// A name is read that the path asks for.
    in_name: bool,
    /// Bytes of the item that have been put, and the offset of its first byte.
    length: usize,
    start: u64,
}

impl Parser {
    pub(super) fn new(path: JsonPath, options: JsonOptions, separator: u8, has_rows: bool) -> Self {
        let levels = path.selectors.iter().map(|selector| Level {
            name: match selector {
                Selector::Wildcard => NameReader::keeping(),
                _ => NameReader::default(),
            },
            ..Level::default()
        });
        Self {
            grammar: Grammar::new(options.max_depth),
            levels: levels.collect(),
            path,
            options,
            separator,
            has_rows,
            live: 0,
            found: 0,
            entered: 0,
            in_item: false,
            in_name: false,
            length: 0,
            start: 0,
        }
    }

    /// Items are looked for in the innermost container on the path.
    fn has_items(&self) -> bool {
        self.live == self.levels.len()
    }

    /// Whether items have names in the output.
    fn has_names(&self) -> bool {
        self.has_rows && matches!(self.path.selectors.last(), Some(Selector::Wildcard))
    }

    fn start(&mut self, byte: u8, offset: u64, output: &mut Output<'_>) {
        if let Some(level) = self.live.checked_sub(1) {
            let (level, selector) = (&mut self.levels[level], &self.path.selectors[level]);
            if !self.grammar.in_object() {
                level.index = level.index.wrapping_add(1);
                level.selects = match selector {
                    Selector::Wildcard => true,
                    Selector::Index(index) => level.index == *index,
                    Selector::Name(_) => false,
                };
            }
            if !level.selects {
                return;
            }
        }
        self.found = self.found.max(self.live);
        if self.has_items() {
            self.in_item = true;
            if self.grammar.in_object() && self.has_names() {
                // It began with its name.
                return;
            }
            (self.start, self.length) = (offset, 0);
            if self.has_names() && self.levels[self.live - 1].index == 0 {
                // Another array.
                output.put(b"0");
                output.end_field(self.separator);
            }
        } else if matches!(byte, b'{' | b'[') {
            self.levels[self.live].index = NO_ELEMENT;
            self.levels[self.live].selects = false;
            self.live += 1;
            self.entered = self.entered.max(self.live);
        }
    }

    fn start_name(&mut self, offset: u64) {
        self.levels[self.live - 1].name.clear();
        self.in_name = true;
        if self.has_items() && self.has_names() {
            self.in_item = true;
            (self.start, self.length) = (offset, 0);
        }
    }

    /// Reads a piece of a name.
    fn feed_name(&mut self, text: &[u8]) {
        let level = self.live - 1;
        let name = match &self.path.selectors[level] {
            Selector::Wildcard => None,
            Selector::Name(name) => Some(name.as_str()),
            Selector::Index(_) => return,
        };
        self.levels[level].name.feed(text, name);
    }

    fn end_name(&mut self) {
        let (level, selector) = (
            &mut self.levels[self.live - 1],
            &self.path.selectors[self.live - 1],
        );
        level.selects = match selector {
            Selector::Wildcard => {
                level.name.end(None);
                true
            }
            Selector::Name(name) => level.name.is(name),
            Selector::Index(_) => false,
        };
        self.in_name = false;
    }

    /// Puts text of the item.
    fn put(&mut self, text: &[u8], output: &mut Output<'_>) -> Result<(), CodecError> {
        let room = self.options.max_bytes - self.length;
        if text.len() > room {
            // As much of the item as there would be had it come byte by byte.
            output.put(&text[..room]);
            self.length += room;
            let detail = format!("an item may have {} bytes", self.options.max_bytes);
            return Err(self.error(ErrorCode::TooLong, self.start, detail));
        }
        output.put(text);
        self.length += text.len();
        Ok(())
    }

    fn end_item(&mut self, output: &mut Output<'_>) {
        output.end_field(self.separator);
        if self.has_rows {
            output.records.end_row();
        }
        self.in_item = false;
    }

    fn error(&self, code: ErrorCode, offset: u64, detail: String) -> CodecError {
        let mut error = CodecError::new(NAME, code, offset, detail);
        error.path = self.place();
        error
    }

    /// The path to what is being read, as far as the path asked for goes.
    fn place(&self) -> String {
        let mut place = String::from("$");
        // A container that may not be opened is none yet.
        let open = self.live.min(self.grammar.depth());
        for (level, open) in self.levels[..open].iter().enumerate() {
            if self.grammar.is_object_at(level) {
                match &self.path.selectors[level] {
                    _ if self.in_name && level + 1 == self.live => return place,
                    _ if !open.selects => return place,
                    Selector::Name(name) => write_name(&mut place, name),
                    _ => write_name(&mut place, &open.name.shown()),
                }
            } else if open.index != NO_ELEMENT {
                write_index(&mut place, open.index);
            }
        }
        place
    }

    fn refuse(&self, bad: Bad, byte: u8, offset: u64) -> CodecError {
        let found = match byte {
            0x21..0x7f => format!("{}", char::from(byte)),
            _ => format!("the byte {byte:02x}"),
        };
        let (code, detail) = match bad {
            Bad::Expected(what) => (
                ErrorCode::InvalidJson,
                format!("{what} must be there, and {found} is"),
            ),
            Bad::Control => (
                ErrorCode::InvalidJson,
                format!("{found} must be an escape in a string"),
            ),
            Bad::TooDeep => (
                ErrorCode::TooDeep,
                format!("{} containers may be open", self.options.max_depth),
            ),
            Bad::Trailing => (
                ErrorCode::TrailingData,
                format!("{found} is behind the end of the document"),
            ),
        };
        self.error(code, offset, detail)
    }

    /// The part of the path up to the first selector that nothing was found for, if something must have been.
    fn missing(&self) -> Option<&[Selector]> {
        let selector = self.path.selectors.get(self.found)?;
        // An empty container has nothing in it, and that is all right.
        let is_empty = *selector == Selector::Wildcard && self.entered > self.found;
        (!is_empty).then(|| &self.path.selectors[..=self.found])
    }
}

impl TextParser for Parser {
    fn push(
        &mut self,
        text: &[u8],
        offset: u64,
        output: &mut Output<'_>,
    ) -> Result<(), CodecError> {
        // Where what is to be put begins, and the text of the name being read.
        let (mut at, mut from, mut name) = (0, 0, 0);
        loop {
            let event;
            (event, at) = match self.grammar.scan(text, at, self.live) {
                Ok(next) => next,
                Err((bad, at)) => {
                    if self.in_item {
                        self.put(&text[from..at], output)?;
                    }
                    return Err(self.refuse(bad, text[at], offset + at as u64));
                }
            };
            match event {
                Event::More => {
                    if self.in_name && name < at {
                        self.feed_name(&text[name..]);
                    }
                    if self.in_item {
                        self.put(&text[from..], output)?;
                    }
                    return Ok(());
                }
                Event::Start => {
                    self.start(text[at], offset + at as u64, output);
                    from = at;
                }
                Event::NameStart => {
                    self.start_name(offset + at as u64);
                    (from, name) = (at, at + 1);
                }
                Event::NameEnd => {
                    if self.in_item {
                        self.put(&text[from..at], output)?;
                        output.end_field(self.separator);
                        self.in_item = false;
                    }
                    self.feed_name(&text[name.min(at - 1)..at - 1]);
                    self.end_name();
                }
                Event::End => {
                    if self.grammar.depth() < self.live {
                        self.live -= 1;
                    } else if self.in_item {
                        self.put(&text[from..at], output)?;
                        self.end_item(output);
                    }
                }
            }
        }
    }

    fn finish(&mut self, offset: u64, output: &mut Output<'_>) -> Result<(), CodecError> {
        if !self.grammar.is_complete() {
            let detail = String::from("the document has not ended");
            return Err(self.error(ErrorCode::Truncated, offset, detail));
        }
        if self.in_item {
            self.end_item(output);
        }
        if self.options.missing_is_error
            && let Some(missing) = self.missing()
        {
            let path = JsonPath {
                selectors: missing.to_vec(),
            };
            let detail = format!("nothing is at {path}");
            let mut error = CodecError::new(NAME, ErrorCode::MissingPath, offset, detail);
            error.path = path.to_string();
            return Err(error);
        }
        Ok(())
    }

    fn save(&self, state: &mut StateWriter) {
        self.grammar.save(state);
        state.number(self.live as u64);
        for level in &self.levels[..self.live] {
            state.number(level.index);
            level.name.save(state);
            state.flag(level.selects);
        }
        state.number(self.found as u64);
        state.number(self.entered as u64);
        state.flag(self.in_item);
        state.flag(self.in_name);
        state.number(self.length as u64);
        state.number(self.start);
    }

    fn restore(&mut self, state: &mut StateReader<'_>) -> Result<(), CodecError> {
        self.grammar.restore(state)?;
        self.live = state.size(self.levels.len().min(self.grammar.depth()))?;
        for level in &mut self.levels[..self.live] {
            level.index = state.number(u64::MAX)?;
            level.name.restore(state)?;
            level.selects = state.flag()?;
        }
        self.found = state.size(self.levels.len())?;
        self.entered = state.size(self.levels.len())?;
        self.in_item = state.flag()?;
        self.in_name = state.flag()?;
        self.length = state.size(self.options.max_bytes)?;
        self.start = state.count()?;
        state.require(!self.in_name || self.live > 0)
    }
}
