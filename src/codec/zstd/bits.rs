//! Bits of zstd: streams that are read from their end, and the forward bits of a table's description.

/// Reads bits from the end of a stream to its start (RFC 8878, 4.1 and 4.2.2).
pub(super) struct Backward<'a> {
    bytes: &'a [u8],
    /// Where the container's bytes begin in the stream.
    at: usize,
    container: u64,
    /// How many bits of the container have been read, from the top. More than 64 once the stream had too few.
    consumed: u32,
}

impl<'a> Backward<'a> {
    /// A reader behind the marker: the highest bit that is set in the last byte. None if there is none.
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        let last = *bytes.last()?;
        if last == 0 {
            return None;
        }
        let marker = last.leading_zeros() + 1;
        if let Some(at) = bytes.len().checked_sub(8) {
            return Some(Self::resume(bytes, at, marker));
        }
        let mut container = [0; 8];
        container[..bytes.len()].copy_from_slice(bytes);
        Some(Self {
            bytes,
            at: 0,
            container: u64::from_le_bytes(container),
            consumed: marker + 8 * (8 - bytes.len() as u32),
        })
    }

    /// A reader that has read `consumed` bits of the eight bytes at `at`.
    pub(super) fn resume(bytes: &'a [u8], at: usize, consumed: u32) -> Self {
        let container = bytes[at..]
            .first_chunk()
            .map_or(0, |chunk| u64::from_le_bytes(*chunk));
        Self {
            bytes,
            at,
            container,
            consumed,
        }
    }

    /// The next bits, up to 57; those beyond the start of the stream are any.
    #[inline(always)]
    pub(super) fn peek(&self, bits: u32) -> u64 {
        ((self.container << (self.consumed & 63)) >> 1) >> ((63 - bits) & 63)
    }

    #[inline(always)]
    pub(super) fn skip(&mut self, bits: u32) {
        self.consumed += bits;
    }

    #[inline(always)]
    pub(super) fn read(&mut self, bits: u32) -> u64 {
        let value = self.peek(bits);
        self.skip(bits);
        value
    }

    /// Makes at least 57 bits available, or all that are left. False once more have been read than there were.
    #[inline(always)]
    pub(super) fn refill(&mut self) -> bool {
        if self.at >= 8 {
            self.at -= (self.consumed >> 3) as usize;
            self.consumed &= 7;
            // SAFETY: eight bytes from `at` on are in the stream, and `at` has only become less, by at most eight.
            self.container = unsafe { crate::codec::raw::word(self.bytes, self.at) };
            return true;
        }
        self.refill_near_start()
    }

    #[inline(never)]
    fn refill_near_start(&mut self) -> bool {
        if self.consumed > 64 {
            return false;
        }
        let bytes = ((self.consumed >> 3) as usize).min(self.at);
        if bytes > 0 {
            *self = Self::resume(
                self.bytes,
                self.at - bytes,
                self.consumed - 8 * bytes as u32,
            );
        }
        true
    }

    /// Whether nothing is left to be read.
    pub(super) fn is_exhausted(&self) -> bool {
        self.at == 0 && self.consumed >= 64
    }

    /// Whether all bits have been read, and no more.
    pub(super) fn is_done(&self) -> bool {
        self.at == 0 && self.consumed == 64
    }
}

/// Reads bits from the start of some bytes on. Behind their end there are zeros.
pub(super) struct Forward<'a> {
    bytes: &'a [u8],
    /// In bits.
    at: usize,
}

impl<'a> Forward<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next bits, up to 16.
    pub(super) fn peek(&self, bits: u32) -> u32 {
        let mut word = 0;
        for (place, byte) in self.bytes.iter().skip(self.at / 8).take(3).enumerate() {
            word |= u32::from(*byte) << (8 * place);
        }
        (word >> (self.at % 8)) & ((1 << bits) - 1)
    }

    pub(super) fn skip(&mut self, bits: u32) {
        self.at += bits as usize;
    }

    /// How many bytes have been read, if there were so many.
    pub(super) fn consumed(&self) -> Option<usize> {
        let bytes = self.at.div_ceil(8);
        (bytes <= self.bytes.len()).then_some(bytes)
    }
}
