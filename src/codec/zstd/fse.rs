//! Tables of finite state entropy (RFC 8878, 4.1).

use super::bits::Forward;

/// The most symbols of a table: codes of match lengths have 53.
pub(super) const MAX_SYMBOLS: usize = 53;

/// The probabilities of symbols: -1 is one that is less than 1.
#[derive(Clone, Copy)]
pub(super) struct Distribution {
    pub(super) probabilities: [i16; MAX_SYMBOLS],
    pub(super) symbols: usize,
    pub(super) log: u32,
}

impl Distribution {
    /// One that is given.
    pub(super) const fn of(log: u32, given: &[i16]) -> Self {
        let mut probabilities = [0; MAX_SYMBOLS];
        let mut symbol = 0;
        while symbol < given.len() {
            probabilities[symbol] = given[symbol];
            symbol += 1;
        }
        Self {
            probabilities,
            symbols: given.len(),
            log,
        }
    }

    /// Reads the description of a table of at most so many symbols (4.1.1), and returns how many bytes it has.
    pub(super) fn read(bytes: &[u8], symbols: usize, max_log: u32) -> Option<(Self, usize)> {
        let mut bits = Forward::new(bytes);
        let log = bits.peek(4) + 5;
        bits.skip(4);
        if bytes.is_empty() || log > max_log {
            return None;
        }
        let mut probabilities = [0; MAX_SYMBOLS];
        let mut symbol = 0;
        // One more than is left to be given out, as a value has one more than its probability.
        let mut remaining = (1_i32 << log) + 1;
        let mut threshold = 1_i32 << log;
        let mut width = log + 1;
        while remaining > 1 {
            if symbol >= symbols {
                return None;
            }
            // Values below `short` have a bit less.
            let short = 2 * threshold - 1 - remaining;
            let low = bits.peek(width - 1) as i32;
            let value = if low < short {
                bits.skip(width - 1);
                low
            } else {
                let value = bits.peek(width) as i32;
                bits.skip(width);
                if value >= threshold {
                    value - short
                } else {
                    value
                }
            };
            let probability = value - 1;
            remaining -= probability.abs();
            if remaining < 1 {
                return None;
            }
            probabilities[symbol] = probability as i16;
            symbol += 1;
            if probability == 0 {
                loop {
                    let zeros = bits.peek(2);
                    bits.skip(2);
                    symbol += zeros as usize;
                    if zeros < 3 {
                        break;
                    }
                    if symbol > symbols {
                        return None;
                    }
                }
            }
            while remaining < threshold && width > 1 {
                threshold >>= 1;
                width -= 1;
            }
        }
        if symbol > symbols {
            return None;
        }
        let distribution = Self {
            probabilities,
            symbols: symbol,
            log,
        };
        Some((distribution, bits.consumed()?))
    }

    /// Calls `put` for each state with its symbol, the bits to read for the next one, and what is added to them (4.1.1).
    /// `spread` has room for all states.
    pub(super) fn states(&self, spread: &mut [u8], mut put: impl FnMut(usize, usize, u32, usize)) {
        let size = 1_usize << self.log;
        let mut next = [0_usize; MAX_SYMBOLS];
        let mut high = size;
        for (symbol, &probability) in self.probabilities[..self.symbols].iter().enumerate() {
            if probability == -1 {
                high -= 1;
                spread[high] = symbol as u8;
                next[symbol] = 1;
            } else {
                next[symbol] = probability as usize;
            }
        }
        let step = (size >> 1) + (size >> 3) + 3;
        let mut at = 0;
        for (symbol, &probability) in self.probabilities[..self.symbols].iter().enumerate() {
            for _ in 0..probability.max(0) {
                spread[at] = symbol as u8;
                at = (at + step) & (size - 1);
                while at >= high && high > 0 {
                    at = (at + step) & (size - 1);
                }
            }
        }
        for (state, &symbol) in spread[..size].iter().enumerate() {
            let symbol = usize::from(symbol);
            let number = next[symbol];
            next[symbol] += 1;
            let bits = self.log - number.ilog2();
            put(state, symbol, bits, (number << bits) - size);
        }
    }
}
