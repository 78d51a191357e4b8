//! The grammar of JSON (RFC 8259), for text that arrives in pieces: whether it is well formed, and where its values and names begin and end.

use crate::codec::CodecError;
use crate::codec::saved::{StateReader, StateWriter};

use super::scan::{skip_plain, skip_spaces};

/// Where the text has got to. The states of numbers are named by what came last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum State {
    /// A value must follow.
    Value,
    /// A value or the end of the array must follow.
    Element,
    /// The first byte of a value is next, and [`Event::Start`] has told of it.
    Begin,
    /// A name or the end of the object must follow.
    Member,
    /// A name must follow.
    Name,
    /// The first quote of a name is next, and [`Event::NameStart`] has told of it.
    NameBegin,
    /// A colon must follow.
    Colon,
    /// A value has ended: a comma or the end of its container must follow, or nothing.
    After,
    Text,
    Escape,
    /// In `\u`, of which so many digits are missing.
    Digits1,
    Digits2,
    Digits3,
    Digits4,
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    Exponent,
    Sign,
    Power,
    /// In `true`, `false` or `null`.
    Literal,
}

use State::{
    After, Begin, Colon, Digits1, Digits2, Digits3, Digits4, Element, Escape, Exponent, Fraction,
    Integer, Literal, Member, Minus, Name, NameBegin, Point, Power, Sign, Text, Value, Zero,
};

const STATES: [State; 23] = [
    Value, Element, Begin, Member, Name, NameBegin, Colon, After, Text, Escape, Digits1, Digits2,
    Digits3, Digits4, Minus, Zero, Integer, Point, Fraction, Exponent, Sign, Power, Literal,
];

/// What a scan has come to, at a place in the text. The depth is the number of containers that are open around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// The text is used up.
    More,
    /// A value begins with the byte there.
    Start,
    /// A name begins with the quote there.
    NameStart,
    /// A name has ended with the quote before the place.
    NameEnd,
    /// A value has ended with the byte before the place.
    End,
}

/// Why the byte at a place cannot be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bad {
    /// What must be there instead.
    Expected(&'static str),
    /// A character that strings may only have as an escape.
    Control,
    /// A container too many.
    TooDeep,
    /// Something behind the end of the document.
    Trailing,
}

const VALUE: Bad = Bad::Expected("a value");
const NAME: Bad = Bad::Expected("a name in quotes");

#[derive(Debug)]
pub(super) struct Grammar {
    state: State,
    depth: usize,
    max_depth: usize,
    /// For each open container a bit: whether it is an object.
    objects: Box<[u64]>,
    in_object: bool,
    /// The string being read is a name.
    in_name: bool,
    /// What is missing of a literal.
    literal: &'static [u8],
}

impl Grammar {
    pub(super) fn new(max_depth: usize) -> Self {
        Self {
            state: Value,
            depth: 0,
            max_depth,
            objects: vec![0; max_depth.div_ceil(64)].into_boxed_slice(),
            in_object: false,
            in_name: false,
            literal: b"",
        }
    }

    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    pub(super) fn in_object(&self) -> bool {
        self.in_object
    }

    /// Whether the text may end here.
    pub(super) fn is_complete(&self) -> bool {
        self.depth == 0 && matches!(self.state, After | Zero | Integer | Fraction | Power)
    }

    /// Goes on with `text` from `at` to the next event at a depth of at most `stop`.
    pub(super) fn scan(
        &mut self,
        text: &[u8],
        mut at: usize,
        stop: usize,
    ) -> Result<(Event, usize), (Bad, usize)> {
        while at < text.len() {
            let byte = text[at];
            match self.state {
                After => match byte {
                    b',' if self.depth > 0 => {
                        self.state = if self.in_object { Name } else { Value };
                        at += 1;
                    }
                    b'}' | b']' if self.closes(byte) => {
                        at += 1;
                        if self.close(stop) {
                            return Ok((Event::End, at));
                        }
                    }
                    b' ' | b'\n' | b'\t' | b'\r' => at = skip_spaces(text, at),
                    _ => {
                        let bad = match (self.depth, self.in_object) {
                            (0, _) => Bad::Trailing,
                            (_, true) => Bad::Expected("a comma or }"),
                            (_, false) => Bad::Expected("a comma or ]"),
                        };
                        return Err((bad, at));
                    }
                },
                Value | Element => {
                    if matches!(byte, b' ' | b'\n' | b'\t' | b'\r') {
                        at = skip_spaces(text, at);
                    } else if byte == b']' && self.state == Element {
                        at += 1;
                        if self.close(stop) {
                            return Ok((Event::End, at));
                        }
                    } else if self.depth <= stop {
                        if !matches!(
                            byte,
                            b'"' | b'{' | b'[' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n'
                        ) {
                            return Err((VALUE, at));
                        }
                        self.state = Begin;
                        return Ok((Event::Start, at));
                    } else {
                        self.begin(byte).map_err(|bad| (bad, at))?;
                        at += 1;
                    }
                }
                Begin => {
                    self.begin(byte).map_err(|bad| (bad, at))?;
                    at += 1;
                }
                Member | Name => match byte {
                    b'"' => {
                        if self.depth <= stop {
                            self.state = NameBegin;
                            return Ok((Event::NameStart, at));
                        }
                        self.in_name = true;
                        self.state = Text;
                        at += 1;
                    }
                    b'}' if self.state == Member => {
                        at += 1;
                        if self.close(stop) {
                            return Ok((Event::End, at));
                        }
                    }
                    b' ' | b'\n' | b'\t' | b'\r' => at = skip_spaces(text, at),
                    _ if self.state == Member => {
                        return Err((Bad::Expected("a name in quotes or }"), at));
                    }
                    _ => return Err((NAME, at)),
                },
                NameBegin => {
                    self.in_name = true;
                    self.state = Text;
                    at += 1;
                }
                Colon => match byte {
                    b':' => {
                        self.state = Value;
                        at += 1;
                    }
                    b' ' | b'\n' | b'\t' | b'\r' => at = skip_spaces(text, at),
                    _ => return Err((Bad::Expected("a colon"), at)),
                },
                Text => {
                    at = skip_plain(text, at);
                    match text.get(at) {
                        None => {}
                        Some(b'"') => {
                            at += 1;
                            if self.in_name {
                                self.in_name = false;
                                self.state = Colon;
                                if self.depth <= stop {
                                    return Ok((Event::NameEnd, at));
                                }
                            } else {
                                self.state = After;
                                if self.depth <= stop {
                                    return Ok((Event::End, at));
                                }
                            }
                        }
                        Some(b'\\') => {
                            at += 1;
                            self.state = Escape;
                        }
                        Some(_) => return Err((Bad::Control, at)),
                    }
                }
                Escape => {
                    self.state = match byte {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Text,
                        b'u' => Digits4,
                        _ => return Err((Bad::Expected("one of \"\\/bfnrtu"), at)),
                    };
                    at += 1;
                }
                Digits1 | Digits2 | Digits3 | Digits4 => {
                    if !byte.is_ascii_hexdigit() {
                        return Err((Bad::Expected("a hexadecimal digit"), at));
                    }
                    self.state = match self.state {
                        Digits4 => Digits3,
                        Digits3 => Digits2,
                        Digits2 => Digits1,
                        _ => Text,
                    };
                    at += 1;
                }
                Minus | Zero | Integer | Point | Fraction | Exponent | Sign | Power => {
                    let (next, state) = number(self.state, text, at)
                        .map_err(|at| (Bad::Expected("a digit"), at))?;
                    at = next;
                    self.state = state;
                    if at < text.len() {
                        self.state = After;
                        if self.depth <= stop {
                            return Ok((Event::End, at));
                        }
                    }
                }
                Literal => {
                    let same = self
                        .literal
                        .iter()
                        .zip(&text[at..])
                        .take_while(|(expected, byte)| expected == byte)
                        .count();
                    at += same;
                    self.literal = &self.literal[same..];
                    if self.literal.is_empty() {
                        self.state = After;
                        if self.depth <= stop {
                            return Ok((Event::End, at));
                        }
                    } else if at < text.len() {
                        return Err((VALUE, at));
                    }
                }
            }
        }
        Ok((Event::More, at))
    }

    /// Takes the first byte of a value.
    fn begin(&mut self, byte: u8) -> Result<(), Bad> {
        self.state = match byte {
            b'"' => Text,
            b'{' | b'[' => {
                if self.depth == self.max_depth {
                    return Err(Bad::TooDeep);
                }
                self.in_object = byte == b'{';
                let (word, bit) = (self.depth / 64, 1 << (self.depth % 64));
                if self.in_object {
                    self.objects[word] |= bit;
                } else {
                    self.objects[word] &= !bit;
                }
                self.depth += 1;
                if self.in_object { Member } else { Element }
            }
            b'-' => Minus,
            b'0' => Zero,
            b'1'..=b'9' => Integer,
            b't' | b'f' | b'n' => {
                self.literal = match byte {
                    b't' => b"rue",
                    b'f' => b"alse",
                    _ => b"ull",
                };
                Literal
            }
            _ => return Err(VALUE),
        };
        Ok(())
    }

    /// Whether the byte ends the innermost container.
    fn closes(&self, byte: u8) -> bool {
        self.depth > 0 && self.in_object == (byte == b'}')
    }

    /// Closes the innermost container; says whether that is an event.
    fn close(&mut self, stop: usize) -> bool {
        self.depth -= 1;
        self.in_object = self.depth > 0 && self.is_object_at(self.depth - 1);
        self.state = After;
        self.depth <= stop
    }

    /// Whether the open container with so many around it is an object.
    pub(super) fn is_object_at(&self, level: usize) -> bool {
        self.objects[level / 64] >> (level % 64) & 1 != 0
    }

    pub(super) fn save(&self, state: &mut StateWriter) {
        state.number(self.state as u64);
        state.piece(self.literal);
        state.flag(self.in_name);
        state.number(self.depth as u64);
        for level in 0..self.depth {
            state.flag(self.is_object_at(level));
        }
    }

    pub(super) fn restore(&mut self, state: &mut StateReader<'_>) -> Result<(), CodecError> {
        self.state = STATES[state.size(STATES.len() - 1)?];
        let literal = state.piece(4)?;
        let literals: [&'static [u8]; 3] = [b"rue", b"alse", b"ull"];
        let found = literals.iter().find(|whole| whole.ends_with(literal));
        state.require(found.is_some() && (self.state == Literal) != literal.is_empty())?;
        self.literal = found.map_or(b"", |whole| &whole[whole.len() - literal.len()..]);
        self.in_name = state.flag()?;
        self.depth = state.size(self.max_depth)?;
        for level in 0..self.depth {
            self.objects[level / 64] |= u64::from(state.flag()?) << (level % 64);
        }
        self.in_object = self.depth > 0 && self.is_object_at(self.depth - 1);
        let fits = match self.state {
            Member | Name | NameBegin | Colon => self.in_object,
            Element => self.depth > 0 && !self.in_object,
            _ => true,
        };
        let may_be_name = self.in_object
            && matches!(
                self.state,
                Text | Escape | Digits1 | Digits2 | Digits3 | Digits4
            );
        state.require(fits && (may_be_name || !self.in_name))
    }
}

/// Goes on with a number: returns where it ends, or the text does, and its state there; or the place of a byte that no number has there.
fn number(mut state: State, text: &[u8], mut at: usize) -> Result<(usize, State), usize> {
    while let Some(&byte) = text.get(at) {
        state = match (state, byte) {
            (Minus, b'0') => Zero,
            (Minus, b'1'..=b'9') | (Integer, b'0'..=b'9') => Integer,
            (Zero | Integer, b'.') => Point,
            (Point | Fraction, b'0'..=b'9') => Fraction,
            (Zero | Integer | Fraction, b'e' | b'E') => Exponent,
            (Exponent, b'+' | b'-') => Sign,
            (Exponent | Sign | Power, b'0'..=b'9') => Power,
            (Zero | Integer | Fraction | Power, _) => return Ok((at, state)),
            _ => return Err(at),
        };
        at += 1;
        if let Integer | Fraction | Power = state {
            while text.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
        }
    }
    Ok((at, state))
}
