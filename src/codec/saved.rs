//! The bytes that a state is saved as: a name, a version, then numbers and pieces in a fixed order. Nothing is inlined, as each codec has dozens of
//! calls, and every Wasm module carries them.

use super::{CodecError, ErrorCode};

/// More than any count of bytes or rows that a program can reach, so that counting on from a restored number cannot
/// overflow.
const MAX_COUNT: u64 = 1 << 60;

/// Writes a state.
pub struct StateWriter {
    codec: &'static str,
    bytes: Vec<u8>,
    exhausted: bool,
}

impl StateWriter {
    /// Begins the state of the codec of this name. The version changes whenever the order or meaning of what follows does.
    #[inline(never)]
    pub(crate) fn new(codec: &'static str, version: u8) -> Self {
        let mut writer = Self {
            codec,
            bytes: Vec::new(),
            exhausted: false,
        };
        writer.piece(codec.as_bytes());
        writer.put(&[version]);
        writer
    }

    #[inline(never)]
    fn put(&mut self, bytes: &[u8]) {
        self.exhausted = self.exhausted || self.bytes.try_reserve(bytes.len()).is_err();
        if !self.exhausted {
            self.bytes.extend_from_slice(bytes);
        }
    }

    #[inline(never)]
    pub(crate) fn number(&mut self, number: u64) {
        self.put(&number.to_le_bytes());
    }

    pub(crate) fn flag(&mut self, flag: bool) {
        self.put(&[u8::from(flag)]);
    }

    /// A number, or that there is none.
    pub(crate) fn optional(&mut self, number: Option<u64>) {
        self.flag(number.is_some());
        self.number(number.unwrap_or_default());
    }

    #[inline(never)]
    pub(crate) fn piece(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.put(bytes);
    }

    pub(crate) fn numbers(&mut self, numbers: &[u32]) {
        self.number(numbers.len() as u64);
        for number in numbers {
            self.put(&number.to_le_bytes());
        }
    }

    pub(crate) fn finish(self) -> Result<Vec<u8>, CodecError> {
        if self.exhausted {
            return Err(CodecError::out_of_memory(self.codec, 0));
        }
        Ok(self.bytes)
    }
}

/// Reads what a [`StateWriter`] wrote, or anything else: nothing it returns has to be believed.
pub struct StateReader<'a> {
    codec: &'static str,
    rest: &'a [u8],
}

impl<'a> StateReader<'a> {
    /// Checks name and version.
    pub(crate) fn new(
        codec: &'static str,
        version: u8,
        state: &'a [u8],
    ) -> Result<Self, CodecError> {
        let mut reader = Self { codec, rest: state };
        if reader.piece(64).ok() != Some(codec.as_bytes()) {
            return reader.refuse("it is not the state of this codec");
        }
        let [found] = reader.take()?;
        if found != version {
            let detail = format!("it has version {found}, and this release reads {version}");
            return reader.refuse(&detail);
        }
        Ok(reader)
    }

    /// The error of a state that cannot be one.
    #[inline(never)]
    pub(crate) fn refuse<T>(&self, detail: &str) -> Result<T, CodecError> {
        Err(CodecError::new(
            self.codec,
            ErrorCode::InvalidState,
            0,
            detail,
        ))
    }

    /// Refuses the state unless `holds`.
    #[inline(never)]
    pub(crate) fn require(&self, holds: bool) -> Result<(), CodecError> {
        if holds {
            return Ok(());
        }
        self.refuse("no codec with these options has such a state")
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        match self.rest.split_first_chunk() {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(*bytes)
            }
            None => self.refuse("it is cut off"),
        }
    }

    /// A number of at most `most`.
    #[inline(never)]
    pub(crate) fn number(&mut self, most: u64) -> Result<u64, CodecError> {
        let number = u64::from_le_bytes(self.take()?);
        self.require(number <= most)?;
        Ok(number)
    }

    /// A number of at most `most` that counts something in memory.
    pub(crate) fn size(&mut self, most: usize) -> Result<usize, CodecError> {
        Ok(self.number(most as u64)? as usize)
    }

    /// A number of bytes or rows from the start of the input on.
    pub(crate) fn count(&mut self) -> Result<u64, CodecError> {
        self.number(MAX_COUNT)
    }

    #[inline(never)]
    pub(crate) fn flag(&mut self) -> Result<bool, CodecError> {
        let [flag] = self.take()?;
        self.require(flag <= 1)?;
        Ok(flag == 1)
    }

    pub(crate) fn optional_count(&mut self) -> Result<Option<u64>, CodecError> {
        let given = self.flag()?;
        let count = self.count()?;
        Ok(given.then_some(count))
    }

    /// A piece of at most `most` bytes.
    #[inline(never)]
    pub(crate) fn piece(&mut self, most: usize) -> Result<&'a [u8], CodecError> {
        let length = self.size(most)?;
        match self.rest.split_at_checked(length) {
            Some((piece, rest)) => {
                self.rest = rest;
                Ok(piece)
            }
            None => self.refuse("it is cut off"),
        }
    }

    pub(crate) fn numbers(&mut self) -> Result<Vec<u32>, CodecError> {
        let length = self.size(self.rest.len() / 4)?;
        let mut numbers = Vec::new();
        if numbers.try_reserve_exact(length).is_err() {
            return Err(CodecError::out_of_memory(self.codec, 0));
        }
        for _ in 0..length {
            numbers.push(u32::from_le_bytes(self.take()?));
        }
        Ok(numbers)
    }

    /// Nothing may be left.
    pub(crate) fn finish(self) -> Result<(), CodecError> {
        if self.rest.is_empty() {
            return Ok(());
        }
        self.refuse("there is more than a state")
    }
}
