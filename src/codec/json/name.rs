//! Names of members as the text has them, with escapes, in pieces: compared, or kept for messages.

use crate::codec::CodecError;
use crate::codec::saved::{StateReader, StateWriter};

/// Bytes of a name that a message shows.
const SHOWN: usize = 64;

/// What a piece of a name's text ended in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Within {
    #[default]
    Plain,
    /// Behind a backslash.
    Escape,
    /// Behind `\u` and so many digits.
    Digits(u8),
}

/// Reads a name that is well formed: decodes its escapes.
#[derive(Debug, Default)]
pub(super) struct NameReader {
    within: Within,
    /// The digits so far.
    unit: u16,
    /// The first half of a surrogate pair, whose second may follow.
    high: Option<u16>,
    /// How many bytes the same name has had so far.
    matched: usize,
    differs: bool,
    /// The first bytes.
    shown: Vec<u8>,
    is_cut: bool,
}

impl NameReader {
    /// A reader that can keep the start of a name.
    pub(super) fn keeping() -> Self {
        Self {
            shown: Vec::with_capacity(SHOWN),
            ..Self::default()
        }
    }

    /// Begins another name.
    pub(super) fn clear(&mut self) {
        self.within = Within::Plain;
        self.high = None;
        self.matched = 0;
        self.differs = false;
        self.shown.clear();
        self.is_cut = false;
    }

    /// Reads the next piece, without quotes: compares it with `name`, or keeps it if there is none.
    pub(super) fn feed(&mut self, mut text: &[u8], name: Option<&str>) {
        while let [first, rest @ ..] = text {
            match self.within {
                Within::Plain => {
                    let plain = memchr::memchr(b'\\', text).unwrap_or(text.len());
                    if plain > 0 {
                        self.end(name);
                        self.put(&text[..plain], name);
                        text = &text[plain..];
                        continue;
                    }
                    self.within = Within::Escape;
                }
                Within::Escape => {
                    self.within = Within::Plain;
                    let meant = match first {
                        b'u' => {
                            self.within = Within::Digits(0);
                            self.unit = 0;
                            text = rest;
                            continue;
                        }
                        b'b' => 8,
                        b'f' => 12,
                        b'n' => b'\n',
                        b'r' => b'\r',
                        b't' => b'\t',
                        _ => *first,
                    };
                    self.end(name);
                    self.put(&[meant], name);
                }
                Within::Digits(count) => {
                    let digit = char::from(*first).to_digit(16).unwrap_or_default();
                    self.unit = self.unit << 4 | digit as u16;
                    self.within = Within::Digits(count + 1);
                    if count == 3 {
                        self.within = Within::Plain;
                        self.code_unit(name);
                    }
                }
            }
            text = rest;
        }
    }

    /// Whether the name, which has ended, is that one.
    pub(super) fn is(&mut self, name: &str) -> bool {
        self.end(Some(name));
        !self.differs && self.matched == name.len()
    }

    /// The name as messages show it, cut if it is long.
    pub(super) fn shown(&self) -> String {
        let mut name = String::from_utf8_lossy(&self.shown).into_owned();
        if self.is_cut {
            name.truncate(name.trim_end_matches('\u{fffd}').len());
            name.push('…');
        }
        name
    }

    fn code_unit(&mut self, name: Option<&str>) {
        let unit = self.unit;
        match (self.high.take(), unit) {
            (Some(high), 0xdc00..=0xdfff) => {
                let code =
                    0x10000 + ((u32::from(high) - 0xd800) << 10) + (u32::from(unit) - 0xdc00);
                self.put_code(code, name);
            }
            (high, _) => {
                if high.is_some() {
                    self.no_character(name);
                }
                match unit {
                    0xd800..=0xdbff => self.high = Some(unit),
                    0xdc00..=0xdfff => self.no_character(name),
                    _ => self.put_code(unit.into(), name),
                }
            }
        }
    }

    /// What follows is no second half of a pair, or nothing.
    pub(super) fn end(&mut self, name: Option<&str>) {
        if self.high.take().is_some() {
            self.no_character(name);
        }
    }

    /// Half of a pair, which no path has in it.
    fn no_character(&mut self, name: Option<&str>) {
        self.put("\u{fffd}".as_bytes(), name);
        self.differs = true;
    }

    fn put_code(&mut self, code: u32, name: Option<&str>) {
        let character = char::from_u32(code).unwrap_or('\u{fffd}');
        self.put(character.encode_utf8(&mut [0; 4]).as_bytes(), name);
    }

    fn put(&mut self, bytes: &[u8], name: Option<&str>) {
        match name {
            Some(name) => {
                let rest = name.as_bytes().get(self.matched..).unwrap_or_default();
                self.differs = self.differs || !rest.starts_with(bytes);
                self.matched = self.matched.saturating_add(bytes.len());
            }
            None => {
                let room = SHOWN - self.shown.len();
                self.is_cut |= bytes.len() > room;
                self.shown
                    .extend_from_slice(&bytes[..bytes.len().min(room)]);
            }
        }
    }

    pub(super) fn save(&self, state: &mut StateWriter) {
        state.number(match self.within {
            Within::Plain => 0,
            Within::Escape => 1,
            Within::Digits(count) => 2 + u64::from(count),
        });
        state.number(self.unit.into());
        state.optional(self.high.map(u64::from));
        state.number(self.matched as u64);
        state.flag(self.differs);
        state.piece(&self.shown);
        state.flag(self.is_cut);
    }

    pub(super) fn restore(&mut self, state: &mut StateReader<'_>) -> Result<(), CodecError> {
        self.within = match state.number(5)? {
            0 => Within::Plain,
            1 => Within::Escape,
            digits => Within::Digits(digits as u8 - 2),
        };
        self.unit = state.number(0xffff)? as u16;
        let high = state.optional_count()?;
        state.require(high.is_none_or(|high| (0xd800..0xdc00).contains(&high)))?;
        self.high = high.map(|high| high as u16);
        self.matched = state.size(usize::MAX >> 1)?;
        self.differs = state.flag()?;
        self.shown.extend_from_slice(state.piece(SHOWN)?);
        self.is_cut = state.flag()?;
        Ok(())
    }
}
