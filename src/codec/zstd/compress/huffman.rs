//! Huffman codes for literals (RFC 8878, 4.2).

use super::super::huffman::MAX_BITS;
use super::bits::Writer;
use super::fse::{self, Table};

/// The codes of a block: for each literal its bits above their number.
#[derive(Clone)]
pub(super) struct Codes {
    codes: [u16; 256],
    /// The most bits of a code.
    bits: u32,
    pub(super) is_valid: bool,
}

impl Codes {
    pub(super) const fn new() -> Self {
        Self {
            codes: [0; 256],
            bits: 0,
            is_valid: false,
        }
    }

    fn length(&self, symbol: usize) -> u32 {
        u32::from(self.codes[symbol] & 15)
    }

    /// The shortest codes for literals of which at least two differ. None if none of at most 11 bits are found.
    pub(super) fn build(counts: &[u32; 256]) -> Option<Self> {
        let lengths = lengths(counts)?;
        let bits = u32::from(*lengths.iter().max()?);
        let mut codes = Self {
            codes: [0; 256],
            bits,
            is_valid: true,
        };
        // As a decoder's table has them: the longest codes first.
        let mut at = 0_u32;
        for length in (1..=bits).rev() {
            for (code, _) in (codes.codes.iter_mut().zip(&lengths))
                .filter(|&(_, &each)| u32::from(each) == length)
            {
                let unit = bits - length;
                *code = ((at >> unit) << 4 | length) as u16;
                at += 1 << unit;
            }
        }
        (at == 1 << bits).then_some(codes)
    }

    /// How many bytes literals that come so often take. None if one of them has no code.
    pub(super) fn cost(&self, counts: &[u32; 256]) -> Option<usize> {
        let mut bits = 0;
        for (symbol, &count) in counts.iter().enumerate() {
            let length = self.length(symbol);
            if count > 0 && length == 0 {
                return None;
            }
            bits += (count * length) as usize;
        }
        Some(bits / 8 + 1)
    }

    /// Writes the description (4.2.1); returns how many bytes it has.
    pub(super) fn describe(&self, output: &mut [u8]) -> Option<usize> {
        let last = self.codes.iter().rposition(|&code| code != 0)?;
        let weight = |symbol: usize| match self.length(symbol) {
            0 => 0,
            length => (self.bits + 1 - length) as u8,
        };
        let mut weights = [0; 256];
        for (symbol, each) in weights[..last].iter_mut().enumerate() {
            *each = weight(symbol);
        }
        let weights = &weights[..last];
        let packed = pack_weights(weights, output.get_mut(1..)?);
        match packed {
            Some(length) if length < 128 && length < last.div_ceil(2) => {
                output[0] = length as u8;
                return Some(1 + length);
            }
            _ if last > 128 => return None,
            _ => {}
        }
        let length = last.div_ceil(2);
        let room = output.get_mut(..=length)?;
        room[0] = 127 + last as u8;
        for (byte, pair) in room[1..].iter_mut().zip(weights.chunks(2)) {
            *byte = pair[0] << 4 | pair.get(1).copied().unwrap_or_default();
        }
        Some(1 + length)
    }

    /// Writes a stream of literals; returns how many bytes it has.
    pub(super) fn encode(&self, literals: &[u8], output: &mut [u8]) -> Option<usize> {
        let mut bits = Writer::new(output);
        let (rest, turns) = literals.split_at(literals.len() % 5);
        // A decoder reads from the end.
        for turn in turns.rchunks_exact(5) {
            for &literal in turn.iter().rev() {
                let code = self.codes[usize::from(literal)];
                bits.add(u64::from(code >> 4), u32::from(code & 15));
            }
            bits.flush();
        }
        for &literal in rest.iter().rev() {
            let code = self.codes[usize::from(literal)];
            bits.add(u64::from(code >> 4), u32::from(code & 15));
        }
        bits.flush();
        bits.finish()
    }

    /// Writes four streams behind their jump table (4.2.2).
    pub(super) fn encode_four(&self, literals: &[u8], output: &mut [u8]) -> Option<usize> {
        let part = literals.len().div_ceil(4);
        let mut at = 6;
        for (number, stream) in literals.chunks(part).enumerate() {
            let length = self.encode(stream, output.get_mut(at..)?)?;
            if number < 3 {
                let bytes = u16::try_from(length).ok()?.to_le_bytes();
                output[2 * number..2 * number + 2].copy_from_slice(&bytes);
            }
            at += length;
        }
        Some(at)
    }
}

/// The lengths of the codes: those of Huffman, and none longer than 11 bits.
fn lengths(counts: &[u32; 256]) -> Option<[u8; 256]> {
    let mut sorted = [(0_u32, 0_u8); 256];
    let mut used = 0;
    for (symbol, &count) in counts.iter().enumerate() {
        if count > 0 {
            sorted[used] = (count, symbol as u8);
            used += 1;
        }
    }
    if used < 2 {
        return None;
    }
    let sorted = &mut sorted[..used];
    sorted.sort_unstable();
    // The two rarest nodes become one until one is left. Nodes that are made come in order, so they queue behind each other.
    let mut weights = [0_u32; 512];
    let mut parents = [0_u16; 512];
    for (node, &(count, _)) in sorted.iter().enumerate() {
        weights[node] = count;
    }
    let (mut leaf, mut inner) = (0, used);
    for made in used..2 * used - 1 {
        for _ in 0..2 {
            let takes_leaf = leaf < used && (inner >= made || weights[leaf] <= weights[inner]);
            let node = if takes_leaf { &mut leaf } else { &mut inner };
            weights[made] += weights[*node];
            parents[*node] = made as u16;
            *node += 1;
        }
    }
    let mut depths = [0_u8; 512];
    for node in (0..2 * used - 2).rev() {
        depths[node] = depths[usize::from(parents[node])] + 1;
    }
    let depths = &mut depths[..used];
    limit(depths)?;
    let mut lengths = [0; 256];
    for (&(_, symbol), &depth) in sorted.iter().zip(depths.iter()) {
        lengths[usize::from(symbol)] = depth;
    }
    Some(lengths)
}

/// Makes no depth more than 11, and fills what that leaves. The first belong to the rarest symbols.
fn limit(depths: &mut [u8]) -> Option<()> {
    const WHOLE: u32 = 1 << MAX_BITS;
    if u32::from(depths[0]) <= MAX_BITS {
        return Some(());
    }
    let share = |depth: u8| 1_u32 << (MAX_BITS - u32::from(depth));
    for depth in depths.iter_mut() {
        *depth = (*depth).min(MAX_BITS as u8);
    }
    let mut taken: u32 = depths.iter().map(|&depth| share(depth)).sum();
    while taken > WHOLE {
        let depth = depths
            .iter_mut()
            .find(|depth| u32::from(**depth) < MAX_BITS)?;
        taken -= share(*depth) / 2;
        *depth += 1;
    }
    for depth in depths.iter_mut().rev() {
        while *depth > 1 && taken + share(*depth) <= WHOLE {
            taken += share(*depth);
            *depth -= 1;
        }
    }
    (taken == WHOLE).then_some(())
}

/// Compresses weights (4.2.1.2); returns how many bytes that takes. None if it is of no use.
fn pack_weights(weights: &[u8], output: &mut [u8]) -> Option<usize> {
    let mut counts = [0_u32; MAX_BITS as usize + 1];
    for &weight in weights {
        counts[usize::from(weight)] += 1;
    }
    let total = weights.len() as u32;
    let last = counts.iter().rposition(|&count| count > 0)?;
    if total < 4 || counts.contains(&total) {
        return None;
    }
    let log = fse::best_log(total, last, 6);
    let mut table = Table::new();
    table.build(&fse::distribute(&counts[..=last], total, log)?);
    let described = table.describe(output)?;
    let mut bits = Writer::new(output.get_mut(described..)?);
    // Even places are of the first state, odd ones of the second.
    let mut states = [None, None];
    for (place, &weight) in weights.iter().enumerate().rev() {
        let weight = usize::from(weight);
        match &mut states[place % 2] {
            Some(state) => table.encode(state, weight, &mut bits),
            none => *none = Some(table.begin(weight)),
        }
        bits.flush();
    }
    for state in states.iter().rev().flatten() {
        table.end(state, &mut bits);
    }
    Some(described + bits.finish()?)
}
