//! JSON read the simple way: the whole document in memory, one recursive function for each rule of the grammar.

use tidegate::codec::ErrorCode;

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    All,
    Index(usize),
    Name(String),
}

impl Step {
    /// The path of these steps, as JSONPath has it.
    pub fn path(steps: &[Step]) -> String {
        let steps = steps.iter().map(|step| match step {
            Self::All => "[*]".to_owned(),
            Self::Index(index) => format!("[{index}]"),
            Self::Name(name) => {
                let escaped: String = name
                    .encode_utf16()
                    .map(|unit| format!("\\u{unit:04x}"))
                    .collect();
                format!("['{escaped}']")
            }
        });
        std::iter::once("$".to_owned()).chain(steps).collect()
    }
}

/// The items before the end or the fault, and that fault with its offset.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub items: Vec<String>,
    pub fault: Option<(ErrorCode, u64)>,
}

type Parsed<T = ()> = Result<T, (ErrorCode, usize)>;

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    steps: &'a [Step],
    max_bytes: usize,
    max_depth: usize,
    /// Something that is no text follows.
    is_cut: bool,
    /// For each number of steps, whether something was found, and whether that was a container.
    found: Vec<bool>,
    entered: Vec<bool>,
    items: Vec<String>,
}

/// Reads `text`, of which only what is valid UTF-8 counts.
pub fn read(text: &[u8], steps: &[Step], max_bytes: usize, max_depth: usize) -> Outcome {
    let (valid, invalid) = match std::str::from_utf8(text) {
        Ok(_) => (text, None),
        Err(error) => (&text[..error.valid_up_to()], Some(error.valid_up_to())),
    };
    let mut reader = Reader {
        text: valid,
        at: if valid.starts_with(b"\xef\xbb\xbf") {
            3
        } else {
            0
        },
        steps,
        max_bytes,
        max_depth,
        is_cut: invalid.is_some(),
        found: vec![false; steps.len() + 1],
        entered: vec![false; steps.len() + 1],
        items: Vec::new(),
    };
    let result = reader.document();
    let fault = match (result, invalid) {
        (Err((ErrorCode::Truncated, _)), Some(at)) => Some((ErrorCode::InvalidUtf8, at as u64)),
        (Err((code, at)), _) => Some((code, at as u64)),
        (Ok(()), Some(at)) => Some((ErrorCode::InvalidUtf8, at as u64)),
        (Ok(()), None) if reader.is_missing() => Some((ErrorCode::MissingPath, text.len() as u64)),
        (Ok(()), None) => None,
    };
    Outcome {
        items: reader.items,
        fault,
    }
}

impl Reader<'_> {
    fn is_missing(&self) -> bool {
        let Some(step) = self.found.iter().position(|&found| !found) else {
            return false;
        };
        self.steps[step - 1] != Step::All || !self.entered[step - 1]
    }

    fn document(&mut self) -> Parsed {
        self.spaces();
        self.value(0, Some(0))?;
        self.spaces();
        if self.at < self.text.len() {
            return Err((ErrorCode::TrailingData, self.at));
        }
        Ok(())
    }

    fn spaces(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.text.get(self.at) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Parsed<u8> {
        let byte = self.text.get(self.at).copied();
        byte.ok_or((ErrorCode::Truncated, self.text.len()))
    }

    fn bad<T>(&self) -> Parsed<T> {
        Err((ErrorCode::InvalidJson, self.at))
    }

    /// `matched`: how many steps lead here, if any do.
    fn value(&mut self, depth: usize, matched: Option<usize>) -> Parsed {
        if let Some(steps) = matched {
            if let b'"' | b'{' | b'[' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' = self.peek()? {
                self.found[steps] = true;
            }
            if steps == self.steps.len() {
                return self.item(depth);
            }
        }
        self.any(depth, matched)
    }

    fn item(&mut self, depth: usize) -> Parsed {
        let start = self.at;
        let result = self.any(depth, None);
        // What is wrong beyond the bound is not seen.
        if self.at - start > self.max_bytes {
            return Err((ErrorCode::TooLong, start));
        }
        result?;
        let is_number = matches!(self.text[start], b'-' | b'0'..=b'9');
        if is_number && self.at == self.text.len() && (depth > 0 || self.is_cut) {
            // It could go on.
            return Ok(());
        }
        let text = std::str::from_utf8(&self.text[start..self.at]).unwrap();
        self.items.push(text.to_owned());
        Ok(())
    }

    fn any(&mut self, depth: usize, matched: Option<usize>) -> Parsed {
        match self.peek()? {
            b'"' => self.string().map(drop),
            b'{' | b'[' if depth == self.max_depth => Err((ErrorCode::TooDeep, self.at)),
            open @ (b'{' | b'[') => self.container(open == b'{', depth, matched),
            b't' => self.literal(b"true"),
            b'f' => self.literal(b"false"),
            b'n' => self.literal(b"null"),
            b'-' | b'0'..=b'9' => self.number(),
            _ => self.bad(),
        }
    }

    fn container(&mut self, is_object: bool, depth: usize, matched: Option<usize>) -> Parsed {
        if let Some(steps) = matched {
            self.entered[steps] = true;
        }
        self.at += 1;
        let close = if is_object { b'}' } else { b']' };
        self.spaces();
        if self.peek()? == close {
            self.at += 1;
            return Ok(());
        }
        for index in 0.. {
            let mut name = None;
            if is_object {
                if self.peek()? != b'"' {
                    return self.bad();
                }
                name = Some(self.string()?);
                self.spaces();
                if self.peek()? != b':' {
                    return self.bad();
                }
                self.at += 1;
                self.spaces();
            }
            let inner = matched.filter(|&steps| match &self.steps[steps] {
                Step::All => true,
                Step::Index(wanted) => !is_object && *wanted == index,
                Step::Name(wanted) => name == Some(wanted.encode_utf16().collect()),
            });
            self.value(depth + 1, inner.map(|steps| steps + 1))?;
            self.spaces();
            match self.peek()? {
                b',' => self.at += 1,
                byte if byte == close => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return self.bad(),
            }
            self.spaces();
        }
        Ok(())
    }

    /// The code units of a string.
    fn string(&mut self) -> Parsed<Vec<u16>> {
        self.at += 1;
        let mut units = Vec::new();
        loop {
            let byte = self.peek()?;
            match byte {
                0..0x20 => return self.bad(),
                b'"' => {
                    self.at += 1;
                    return Ok(units);
                }
                b'\\' => {
                    self.at += 1;
                    let unit = match self.peek()? {
                        byte @ (b'"' | b'\\' | b'/') => byte,
                        b'b' => 8,
                        b'f' => 12,
                        b'n' => 10,
                        b'r' => 13,
                        b't' => 9,
                        b'u' => {
                            self.at += 1;
                            let mut unit = 0;
                            for _ in 0..4 {
                                let Some(digit) = char::from(self.peek()?).to_digit(16) else {
                                    return self.bad();
                                };
                                unit = unit << 4 | digit as u16;
                                self.at += 1;
                            }
                            units.push(unit);
                            continue;
                        }
                        _ => return self.bad(),
                    };
                    units.push(unit.into());
                    self.at += 1;
                }
                _ => {
                    let rest = std::str::from_utf8(&self.text[self.at..]).unwrap();
                    let character = rest.chars().next().unwrap();
                    units.extend_from_slice(character.encode_utf16(&mut [0; 2]));
                    self.at += character.len_utf8();
                }
            }
        }
    }

    fn literal(&mut self, literal: &[u8]) -> Parsed {
        for &byte in literal {
            if self.peek()? != byte {
                return self.bad();
            }
            self.at += 1;
        }
        Ok(())
    }

    fn digits(&mut self) -> Parsed {
        if !self.peek()?.is_ascii_digit() {
            return self.bad();
        }
        while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Parsed {
        if self.peek()? == b'-' {
            self.at += 1;
        }
        if self.peek()? == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.text.get(self.at) {
            self.at += 1;
            if let b'+' | b'-' = self.peek()? {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }
}
