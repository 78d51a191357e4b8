//! Paths: the part of JSONPath (RFC 9535) that one pass over a document can follow.

use std::fmt::{self, Write};

/// One step of a path, from a container to what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Selector {
    /// All members of an object, or elements of an array.
    Wildcard,
    /// The element of an array at this place, from 0.
    Index(u64),
    /// The member of an object with this name.
    Name(String),
}

/// Appends a step of a normalized path (RFC 9535, 2.7).
pub(super) fn write_name(path: &mut String, name: &str) {
    path.push_str("['");
    for character in name.chars() {
        let escape = match character {
            '\'' | '\\' => character,
            '\u{8}' => 'b',
            '\u{c}' => 'f',
            '\n' => 'n',
            '\r' => 'r',
            '\t' => 't',
            '\0'..='\u{1f}' => {
                let _ = write!(path, "\\u{:04x}", u32::from(character));
                continue;
            }
            _ => {
                path.push(character);
                continue;
            }
        };
        path.push('\\');
        path.push(escape);
    }
    path.push_str("']");
}

/// Appends a step of a normalized path.
pub(super) fn write_index(path: &mut String, index: u64) {
    let _ = write!(path, "[{index}]");
}

impl Selector {
    pub(super) fn write(&self, path: &mut String) {
        match self {
            Self::Wildcard => path.push_str("[*]"),
            Self::Index(index) => write_index(path, *index),
            Self::Name(name) => write_name(path, name),
        }
    }
}

/// Which values of a document are wanted: a part of JSONPath, RFC 9535.
///
/// A path is `$`, the document itself, and any number of steps: `.name` and `['name']` to a member of an object, `[n]` to an
/// element of an array, counted from 0, `.*` and `[*]` to all of either. Names in quotes have the escapes of JSON.
///
/// ```
/// use tidegate::codec::JsonPath;
///
/// let path: JsonPath = "$.features[*]['name']".parse()?;
/// assert_eq!(path.to_string(), "$['features'][*]['name']");
/// assert!("$.features[?@.id > 3]".parse::<JsonPath>().is_err()); // filters need what is not there yet
/// # Ok::<(), tidegate::codec::InvalidPath>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPath {
    pub(super) selectors: Vec<Selector>,
}

impl JsonPath {
    /// Reads what JavaScript writes: for each step 0 for all, 1 and an index, or 2, the length of a name and the name. Numbers
    /// have four bytes, least significant first.
    #[cfg(tidegate_npm)]
    pub(crate) fn read(mut bytes: &[u8]) -> Option<Self> {
        let mut selectors = Vec::new();
        while let [kind, rest @ ..] = bytes {
            bytes = rest;
            if *kind == 0 {
                selectors.push(Selector::Wildcard);
                continue;
            }
            let (number, rest) = bytes.split_first_chunk()?;
            let number = u32::from_le_bytes(*number);
            bytes = rest;
            if *kind == 1 {
                selectors.push(Selector::Index(number.into()));
                continue;
            }
            let (name, rest) = bytes.split_at_checked(number as usize)?;
            bytes = rest;
            selectors.push(Selector::Name(std::str::from_utf8(name).ok()?.to_owned()));
        }
        Some(Self { selectors })
    }
}

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut path = String::from("$");
        self.selectors
            .iter()
            .for_each(|selector| selector.write(&mut path));
        f.write_str(&path)
    }
}

/// A text is no path, or not one that can be followed: says where, and which can be.
///
/// ```
/// use tidegate::codec::JsonPath;
///
/// let error = "$..name".parse::<JsonPath>().unwrap_err();
/// assert!(error.to_string().contains("at character 3"), "{error}");
/// ```
#[cfg(not(tidegate_npm))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPath {
    at: usize,
}

#[cfg(not(tidegate_npm))]
impl fmt::Display for InvalidPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at + 1;
        write!(
            f,
            "no path at character {at}: a path is $ and any of .name, ['name'], [n], .* and [*]"
        )
    }
}

#[cfg(not(tidegate_npm))]
impl std::error::Error for InvalidPath {}

#[cfg(not(tidegate_npm))]
impl std::str::FromStr for JsonPath {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        let characters: Vec<char> = text.chars().collect();
        let mut reader = Reader {
            text: &characters,
            at: 0,
        };
        let selectors = reader.read();
        selectors
            .map(|selectors| Self { selectors })
            .ok_or(InvalidPath { at: reader.at })
    }
}

/// Where the reading of a path has got to, and where it fails.
#[cfg(not(tidegate_npm))]
struct Reader<'a> {
    text: &'a [char],
    at: usize,
}

#[cfg(not(tidegate_npm))]
impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn skip_spaces(&mut self) {
        while let Some(' ' | '\t' | '\n' | '\r') = self.peek() {
            self.at += 1;
        }
    }

    fn take(&mut self, wanted: char) -> Option<()> {
        (self.peek()? == wanted).then(|| self.at += 1)
    }

    fn read(&mut self) -> Option<Vec<Selector>> {
        self.take('$')?;
        let mut selectors = Vec::new();
        while self.at < self.text.len() {
            self.skip_spaces();
            match self.peek()? {
                '.' => {
                    self.at += 1;
                    selectors.push(self.shorthand()?);
                }
                '[' => {
                    self.at += 1;
                    self.skip_spaces();
                    selectors.push(self.bracketed()?);
                    self.skip_spaces();
                    self.take(']')?;
                }
                _ => return None,
            }
        }
        Some(selectors)
    }

    fn shorthand(&mut self) -> Option<Selector> {
        let is_first = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
        match self.peek()? {
            '*' => {
                self.at += 1;
                Some(Selector::Wildcard)
            }
            first if is_first(first) => {
                let rest = &self.text[self.at..];
                let name: String = rest
                    .iter()
                    .take_while(|c| is_first(**c) || c.is_ascii_digit())
                    .collect();
                self.at += name.chars().count();
                Some(Selector::Name(name))
            }
            _ => None,
        }
    }

    fn bracketed(&mut self) -> Option<Selector> {
        match self.peek()? {
            '*' => {
                self.at += 1;
                Some(Selector::Wildcard)
            }
            quote @ ('\'' | '"') => {
                self.at += 1;
                self.quoted(quote).map(Selector::Name)
            }
            '0' => {
                self.at += 1;
                Some(Selector::Index(0))
            }
            '1'..='9' => {
                let mut index = 0_u32;
                while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
                    index = index.checked_mul(10)?.checked_add(digit)?;
                    self.at += 1;
                }
                Some(Selector::Index(index.into()))
            }
            _ => None,
        }
    }

    fn quoted(&mut self, quote: char) -> Option<String> {
        let mut name = String::new();
        loop {
            let character = self.peek()?;
            if character < ' ' {
                return None;
            }
            self.at += 1;
            if character == quote {
                return Some(name);
            }
            if character != '\\' {
                name.push(character);
                continue;
            }
            let escape = self.peek()?;
            let meant = match escape {
                '\\' | '/' => escape,
                _ if escape == quote => escape,
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => {
                    self.at += 1;
                    name.push(self.code_point()?);
                    continue;
                }
                _ => return None,
            };
            self.at += 1;
            name.push(meant);
        }
    }

    /// Behind `\u`.
    fn code_point(&mut self) -> Option<char> {
        let first = self.unit()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        self.take('\\')?;
        self.take('u')?;
        let second = self.unit()?;
        let low = (0xdc00..0xe000).contains(&second).then_some(second)?;
        char::from_u32(0x10000 + ((first - 0xd800) << 10) + (low - 0xdc00))
    }

    fn unit(&mut self) -> Option<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit << 4 | self.peek()?.to_digit(16)?;
            self.at += 1;
        }
        Some(unit)
    }
}
