//! UTF-8 that arrives split anywhere, checked or repaired as the Encoding Standard's decoder does it.

use std::str::Utf8Error;

use super::saved::{StateReader, StateWriter};
use super::{CodecError, ErrorCode};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What comes next in the text.
pub(crate) enum Piece {
    /// This many bytes at the start of the input are text.
    Input(usize),
    /// A character that was split across pieces of input, and how long it is.
    Joined([u8; 4], usize),
    /// An invalid sequence, to be replaced with U+FFFD.
    Replacement,
    /// There is nothing before more input arrives, or the input ends.
    None,
}

/// Splits input into valid pieces.
#[derive(Debug)]
pub(crate) struct Utf8 {
    codec: &'static str,
    fatal: bool,
    /// A byte order mark may still come and is to be dropped.
    expects_mark: bool,
    /// The bytes of a character whose end has not arrived.
    partial: [u8; 4],
    partial_length: usize,
    /// Something was no character. From then on each check stops where the next fault is, as many would else read all of the
    /// window again.
    has_faults: bool,
    /// Input bytes before those not yet handed on; those of `partial` are not handed on.
    offset: u64,
}

impl Utf8 {
    pub(crate) fn new(codec: &'static str, fatal: bool, keep_mark: bool) -> Self {
        Self {
            codec,
            fatal,
            expects_mark: !keep_mark,
            partial: [0; 4],
            partial_length: 0,
            has_faults: false,
            offset: 0,
        }
    }

    pub(crate) fn save(&self, state: &mut StateWriter) {
        state.flag(self.expects_mark);
        state.piece(&self.partial[..self.partial_length]);
        state.number(self.offset);
    }

    pub(crate) fn restore(&mut self, state: &mut StateReader<'_>) -> Result<(), CodecError> {
        self.expects_mark = state.flag()?;
        let partial = state.piece(3)?;
        // The start of a character and no more, as `join` makes a whole one of it.
        let is_partial = std::str::from_utf8(partial)
            .is_err_and(|error| (error.valid_up_to(), error.error_len()) == (0, None));
        state.require(partial.is_empty() || is_partial)?;
        self.partial[..partial.len()].copy_from_slice(partial);
        self.partial_length = partial.len();
        self.offset = state.count()?;
        Ok(())
    }

    /// The name of the codec whose input this is.
    pub(crate) fn codec(&self) -> &'static str {
        self.codec
    }

    /// The input's offset behind the piece that was handed out last.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Takes the next piece of at most `limit` bytes (at least 4) from `input`; says how many bytes of
    /// it are used up.
    pub(crate) fn next(
        &mut self,
        input: &[u8],
        limit: usize,
        last: bool,
    ) -> Result<(Piece, usize), CodecError> {
        if self.partial_length > 0 {
            return self.join(input, last);
        }
        let window = &input[..input.len().min(limit)];
        let (valid, invalid) = match self.check(window) {
            Ok(_) => (window.len(), None),
            Err(error) => (error.valid_up_to(), Some(error.error_len())),
        };
        if valid > 0 {
            let mark = self.expects_mark && window.starts_with(BYTE_ORDER_MARK);
            self.expects_mark = false;
            let text = if mark { BYTE_ORDER_MARK.len() } else { valid };
            self.offset += text as u64;
            return Ok((
                if mark {
                    Piece::Joined([0; 4], 0)
                } else {
                    Piece::Input(text)
                },
                text,
            ));
        }
        match invalid {
            None => Ok((Piece::None, 0)),
            Some(Some(bytes)) => Ok((self.invalid(bytes, window)?, bytes)),
            Some(None) => {
                // The window ends inside a character, maybe sooner than the input does.
                self.partial[..window.len()].copy_from_slice(window);
                self.partial_length = window.len();
                let (piece, used) = self.join(&input[window.len()..], last)?;
                Ok((piece, window.len() + used))
            }
        }
    }

    /// Adds bytes to the split character until it is whole, or cannot become so.
    fn join(&mut self, input: &[u8], last: bool) -> Result<(Piece, usize), CodecError> {
        for (used, &byte) in input.iter().enumerate() {
            let length = self.partial_length;
            self.partial[length] = byte;
            match std::str::from_utf8(&self.partial[..=length]) {
                Ok(_) => {
                    self.partial_length = 0;
                    self.offset += length as u64 + 1;
                    let character = &self.partial[..=length];
                    let mark = self.expects_mark && character == BYTE_ORDER_MARK;
                    self.expects_mark = false;
                    let shown = if mark { 0 } else { length + 1 };
                    return Ok((Piece::Joined(self.partial, shown), used + 1));
                }
                Err(error) if error.error_len().is_none() => self.partial_length = length + 1,
                Err(_) => return Ok((self.invalid_partial()?, used)),
            }
        }
        if last && self.partial_length > 0 {
            return Ok((self.invalid_partial()?, input.len()));
        }
        Ok((Piece::None, input.len()))
    }

    fn invalid_partial(&mut self) -> Result<Piece, CodecError> {
        let (partial, length) = (self.partial, self.partial_length);
        self.partial_length = 0;
        self.invalid(length, &partial)
    }

    fn invalid(&mut self, bytes: usize, sequence: &[u8]) -> Result<Piece, CodecError> {
        if self.fatal {
            let hex: Vec<String> = sequence[..bytes]
                .iter()
                .map(|b| format!("{b:02x}"))
                .collect();
            let detail = format!("{} is no character", hex.join(" "));
            return Err(CodecError::new(
                self.codec,
                ErrorCode::InvalidUtf8,
                self.offset,
                detail,
            ));
        }
        self.expects_mark = false;
        self.offset += bytes as u64;
        Ok(Piece::Replacement)
    }

    /// As `str::from_utf8`.
    fn check<'input>(&mut self, bytes: &'input [u8]) -> Result<&'input str, Utf8Error> {
        if !self.has_faults {
            if let Ok(text) = simdutf8::basic::from_utf8(bytes) {
                return Ok(text);
            }
            self.has_faults = true;
        }
        std::str::from_utf8(bytes)
    }
}
