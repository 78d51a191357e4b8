//! Tables of finite state entropy as one encodes with them (RFC 8878, 4.1).

use super::super::fse::{Distribution, MAX_SYMBOLS};
use super::bits::Writer;

/// The most states.
const SIZE: usize = 512;

/// What a symbol does to a state.
#[derive(Clone, Copy)]
struct Step {
    /// Makes of the state the number of its bits to be written, in the upper half.
    bits: u32,
    /// What is added to the rest to find the next state.
    find: i32,
}

/// A table to encode with.
#[derive(Clone)]
pub(super) struct Table {
    distribution: Distribution,
    states: [u16; SIZE],
    steps: [Step; MAX_SYMBOLS],
    /// It has been built, and a decoder has it too.
    pub(super) is_valid: bool,
}

/// A state while one encodes.
pub(super) struct State(u32);

/// 256 times the logarithm of a number, about.
fn log2(number: u32) -> u32 {
    let whole = number.ilog2();
    (whole << 8) + ((((u64::from(number) << 8) >> whole) as u32) - 256)
}

/// As many bits as describe so many symbols well, of which `last` is the highest.
pub(super) fn best_log(total: u32, last: usize, most: u32) -> u32 {
    let of_total = (total - 1).max(1).ilog2().saturating_sub(2);
    let least = (total.ilog2() + 1).min((last.max(1) as u32).ilog2() + 2);
    of_total.min(most).max(least).clamp(5, most)
}

/// Probabilities for counts, which have at least two symbols. None if there are more symbols than states.
pub(super) fn distribute(counts: &[u32], total: u32, log: u32) -> Option<Distribution> {
    let size = 1_i32 << log;
    let mut probabilities = [0_i16; MAX_SYMBOLS];
    let mut left = size;
    let mut symbols = 0;
    for (symbol, &count) in counts.iter().enumerate() {
        if count == 0 {
            continue;
        }
        let scaled = (u64::from(count) << log) + u64::from(total / 2);
        let probability = (scaled / u64::from(total)).max(1) as i32;
        probabilities[symbol] = probability as i16;
        left -= probability;
        symbols = symbol + 1;
    }
    // What rounding has left goes to, or comes from, the most likely symbols.
    while left != 0 {
        let largest = (0..symbols).max_by_key(|&symbol| probabilities[symbol])?;
        let probability = i32::from(probabilities[largest]);
        let change = if left > 0 {
            left
        } else {
            left.max(-(probability / 4).max(1))
        };
        if probability + change < 1 {
            return None;
        }
        probabilities[largest] += change as i16;
        left -= change;
    }
    Some(Distribution {
        probabilities,
        symbols,
        log,
    })
}

impl Table {
    pub(super) const fn new() -> Self {
        Self {
            distribution: Distribution::of(0, &[]),
            states: [0; SIZE],
            steps: [Step { bits: 0, find: 0 }; MAX_SYMBOLS],
            is_valid: false,
        }
    }

    /// Makes the table of a distribution.
    pub(super) fn build(&mut self, distribution: &Distribution) {
        self.distribution = *distribution;
        let log = distribution.log;
        let size = 1_usize << log;
        // Where the states of each symbol begin.
        let mut starts = [0_usize; MAX_SYMBOLS];
        let mut total = 0;
        for (symbol, &probability) in distribution.probabilities[..distribution.symbols]
            .iter()
            .enumerate()
        {
            starts[symbol] = total;
            let states = probability.unsigned_abs() as usize;
            self.steps[symbol] = match states {
                0 => Step {
                    bits: ((log + 1) << 16) - (1 << log),
                    find: 0,
                },
                1 => Step {
                    bits: (log << 16).wrapping_sub(1 << log),
                    find: total as i32 - 1,
                },
                _ => {
                    let bits = log - (states as u32 - 1).ilog2();
                    Step {
                        bits: (bits << 16) - ((states as u32) << bits),
                        find: total as i32 - states as i32,
                    }
                }
            };
            total += states;
        }
        let states = &mut self.states;
        distribution.states(&mut [0; SIZE], |state, symbol, _, _| {
            states[starts[symbol]] = (size + state) as u16;
            starts[symbol] += 1;
        });
    }

    /// One code for everything, which takes no bits.
    pub(super) fn build_single(&mut self, symbol: usize) {
        self.distribution = Distribution::of(0, &[]);
        self.states[0] = 0;
        self.steps[symbol] = Step { bits: 0, find: 0 };
    }

    /// How many bits symbols that come so often take. None if it has not all of them.
    pub(super) fn cost(&self, counts: &[u32]) -> Option<u32> {
        cost(&self.distribution, counts)
    }

    /// Writes the description (4.1.1); returns how many bytes it has.
    pub(super) fn describe(&self, output: &mut [u8]) -> Option<usize> {
        describe(&self.distribution, output)
    }

    /// The state that the last symbol of a stream leaves.
    pub(super) fn begin(&self, symbol: usize) -> State {
        let step = self.steps[symbol];
        let bits = (step.bits + (1 << 15)) >> 16;
        let state = (bits << 16).wrapping_sub(step.bits);
        State(self.next(state >> bits, step))
    }

    #[inline(always)]
    fn next(&self, rest: u32, step: Step) -> u32 {
        self.states[rest.wrapping_add(step.find as u32) as usize & (SIZE - 1)].into()
    }

    #[inline(always)]
    pub(super) fn encode(&self, state: &mut State, symbol: usize, output: &mut Writer<'_>) {
        let step = self.steps[symbol];
        let bits = state.0.wrapping_add(step.bits) >> 16;
        output.add(u64::from(state.0 & ((1 << bits) - 1)), bits);
        state.0 = self.next(state.0 >> bits, step);
    }

    /// Writes the state that a decoder begins with.
    pub(super) fn end(&self, state: &State, output: &mut Writer<'_>) {
        let log = self.distribution.log;
        output.add(u64::from(state.0 & ((1 << log) - 1)), log);
    }
}

/// As [`Table::cost`], with the table still to be made.
pub(super) fn cost(distribution: &Distribution, counts: &[u32]) -> Option<u32> {
    let mut bits = 0_u64;
    for (symbol, &count) in counts.iter().enumerate() {
        if count == 0 {
            continue;
        }
        let probability = match distribution.probabilities[symbol] {
            _ if symbol >= distribution.symbols => return None,
            0 => return None,
            probability => probability.unsigned_abs().into(),
        };
        bits += u64::from(count)
            * u64::from((distribution.log << 8) - log2(probability).min(distribution.log << 8));
    }
    Some((bits >> 8) as u32)
}

/// As [`Table::describe`].
pub(super) fn describe(distribution: &Distribution, output: &mut [u8]) -> Option<usize> {
    let Distribution {
        probabilities,
        symbols,
        log,
    } = distribution;
    let mut bits = Writer::new(output);
    bits.add(u64::from(log - 5), 4);
    let mut remaining = (1_i32 << log) + 1;
    let mut threshold = 1_i32 << log;
    let mut width = log + 1;
    let mut symbol = 0;
    let mut was_zero = false;
    while symbol < *symbols && remaining > 1 {
        if was_zero {
            let mut zeros = 0;
            while symbol < *symbols && probabilities[symbol] == 0 {
                symbol += 1;
                zeros += 1;
            }
            while zeros >= 3 {
                bits.add(3, 2);
                bits.flush();
                zeros -= 3;
            }
            bits.add(zeros, 2);
        }
        let probability = i32::from(probabilities[symbol]);
        symbol += 1;
        let short = 2 * threshold - 1 - remaining;
        remaining -= probability.abs();
        let mut value = probability + 1;
        was_zero = value == 1;
        let bits_of_value = if value < short {
            width - 1
        } else {
            if value >= threshold {
                value += short;
            }
            width
        };
        bits.add(value as u64, bits_of_value);
        bits.flush();
        while remaining < threshold && width > 1 {
            threshold >>= 1;
            width -= 1;
        }
    }
    bits.finish_forward()
}
