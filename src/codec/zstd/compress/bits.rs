//! Writes the bits of streams that are read from their end.

use crate::codec::raw;

/// Bits behind each other, from the lowest of the first byte on. What does not fit is noted, and not written.
pub(super) struct Writer<'a> {
    bytes: &'a mut [u8],
    at: usize,
    bits: u64,
    count: u32,
    overflows: bool,
}

impl<'a> Writer<'a> {
    pub(super) fn new(bytes: &'a mut [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            bits: 0,
            count: 0,
            overflows: false,
        }
    }

    /// Adds the lowest bits of a value, in which no others are set. Between two flushes there may be 56.
    #[inline(always)]
    pub(super) fn add(&mut self, value: u64, bits: u32) {
        self.bits |= value << self.count;
        self.count += bits;
    }

    /// Writes whole bytes.
    #[inline(always)]
    pub(super) fn flush(&mut self) {
        if self.at + 8 > self.bytes.len() {
            self.overflows = true;
            self.at = 0;
            if self.bytes.len() < 8 {
                (self.bits, self.count) = (0, 0);
                return;
            }
        }
        // SAFETY: there are eight bytes.
        unsafe { raw::put_word(self.bytes, self.at, self.bits) };
        let whole = self.count & !7;
        self.at += (whole >> 3) as usize;
        self.bits >>= whole;
        self.count -= whole;
    }

    /// Ends the stream with its marker; returns how many bytes it has, or none if it did not fit.
    pub(super) fn finish(mut self) -> Option<usize> {
        self.add(1, 1);
        self.flush();
        let length = self.at + usize::from(self.count > 0);
        (!self.overflows).then_some(length)
    }

    /// The same without a marker, for descriptions, which are read forward.
    pub(super) fn finish_forward(mut self) -> Option<usize> {
        self.flush();
        let length = self.at + usize::from(self.count > 0);
        (!self.overflows).then_some(length)
    }
}
