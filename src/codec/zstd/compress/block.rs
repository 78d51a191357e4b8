//! Writes blocks (RFC 8878, 3.1.1.2): compressed, or as they are where that is shorter.

use super::super::block::MOST;
use super::super::fse::Distribution;
use super::super::sequences::{self, Kind};
use super::bits::Writer;
use super::fse::{self, Table};
use super::huffman::Codes;
use super::matches::Sequence;

/// Fewer literals are not worth codes.
const FEW_LITERALS: usize = 32;

/// Codes of lengths of less than so many literals or bytes are looked up.
const LITERAL_CODES: [u8; 64] = codes(&sequences::LITERALS, 0);
const MATCH_CODES: [u8; 128] = codes(&sequences::MATCHES, 3);

const fn codes<const N: usize>(kind: &Kind, least: u32) -> [u8; N] {
    let mut codes = [0; N];
    let mut value = 0;
    let mut code = 0;
    while value < N {
        while code + 1 < kind.values.len() && kind.values[code + 1].0 <= value as u32 + least {
            code += 1;
        }
        codes[value] = code as u8;
        value += 1;
    }
    codes
}

/// The code of a number of literals.
#[inline(always)]
fn literal_code(literals: u32) -> usize {
    match LITERAL_CODES.get(literals as usize) {
        Some(&code) => code.into(),
        None => (literals.ilog2() + 19) as usize,
    }
}

/// The code of the length of a match.
#[inline(always)]
fn match_code(length: u32) -> usize {
    let value = length - 3;
    match MATCH_CODES.get(value as usize) {
        Some(&code) => code.into(),
        None => (value.ilog2() + 36) as usize,
    }
}

#[inline(always)]
fn offset_code(offset: u32) -> usize {
    offset.ilog2() as usize
}

/// What a decoder knows of the blocks before.
pub(super) struct Entropy {
    codes: Codes,
    literals: Table,
    offsets: Table,
    matches: Table,
}

impl Entropy {
    pub(super) const fn new() -> Self {
        Self {
            codes: Codes::new(),
            literals: Table::new(),
            offsets: Table::new(),
            matches: Table::new(),
        }
    }
}

/// Writes blocks, each of which may use what those before it have left.
pub(super) struct Blocks {
    known: Box<Entropy>,
    /// What is known if the block is written compressed.
    next: Box<Entropy>,
    literals: Vec<u8>,
    /// Room for what a block becomes, and more.
    packed: Vec<u8>,
}

impl Blocks {
    pub(super) fn new() -> Self {
        Self {
            known: Box::new(Entropy::new()),
            next: Box::new(Entropy::new()),
            literals: Vec::with_capacity(MOST),
            packed: vec![0; MOST + 64],
        }
    }

    /// Compresses a block; returns what is written for it, or none if that is not shorter than the block.
    pub(super) fn compress(&mut self, block: &[u8], sequences: &[Sequence]) -> Option<&[u8]> {
        self.literals.clear();
        let mut at = 0;
        for sequence in sequences {
            let literals = sequence.literals as usize;
            self.literals.extend_from_slice(&block[at..at + literals]);
            at += literals + sequence.length as usize;
        }
        self.literals.extend_from_slice(&block[at..]);
        let room = block.len().saturating_sub(1 + (block.len() >> 7));
        let output = &mut self.packed[..(room + 8).min(MOST + 64)];
        let literals = write_literals(&self.literals, &self.known, &mut self.next, output)?;
        let rest = &mut output[literals..];
        let sequences = write_sequences(sequences, &self.known, &mut self.next, rest)?;
        let length = literals + sequences;
        if length > room {
            return None;
        }
        std::mem::swap(&mut self.known, &mut self.next);
        Some(&self.packed[..length])
    }
}

/// Writes the literals of a block (3.1.1.3.1); returns how many bytes they have.
fn write_literals(
    literals: &[u8],
    known: &Entropy,
    next: &mut Entropy,
    output: &mut [u8],
) -> Option<usize> {
    next.codes.clone_from(&known.codes);
    let length = literals.len();
    let plain = |output: &mut [u8]| {
        let header = simple_header(0, length, output)?;
        (output.get_mut(header..header + length)?).copy_from_slice(literals);
        Some(header + length)
    };
    if length < FEW_LITERALS && (length < 4 || literals.iter().any(|byte| *byte != literals[0])) {
        return plain(output);
    }
    let counts = count_bytes(literals);
    let most = counts.iter().copied().max()? as usize;
    if most == length {
        let header = simple_header(1, length, output)?;
        *output.get_mut(header)? = literals[0];
        return Some(header + 1);
    }
    // As good as no byte is more frequent than another.
    if most <= (length >> 7) + 4 {
        return plain(output);
    }
    let known_cost = (known.codes.is_valid.then(|| known.codes.cost(&counts)))
        .flatten()
        .unwrap_or(usize::MAX);
    let mut described = [0; 160];
    let made = Codes::build(&counts).and_then(|codes| {
        let header = codes.describe(&mut described)?;
        let cost = codes.cost(&counts)? + header;
        Some((codes, header, cost))
    });
    let repeats = made.as_ref().is_none_or(|made| known_cost <= made.2);
    let cost = if repeats {
        known_cost
    } else {
        made.as_ref()?.2
    };
    let saves = (length >> 6) + 2 + 6;
    if cost.saturating_add(saves) >= length {
        return plain(output);
    }
    let is_single = length < 256;
    let header = 3 + usize::from(length >= 1 << 10) + usize::from(length >= 1 << 14);
    let mut at = header;
    if !repeats {
        let (codes, described_bytes, _) = made?;
        (output.get_mut(at..at + described_bytes)?).copy_from_slice(&described[..described_bytes]);
        at += described_bytes;
        next.codes = codes;
    }
    let room = output.get_mut(at..)?;
    let packed = if is_single {
        next.codes.encode(literals, room)
    } else {
        next.codes.encode_four(literals, room)
    };
    let Some(packed) = packed else {
        next.codes.clone_from(&known.codes);
        return plain(output);
    };
    let packed = (at + packed - header) as u64;
    let kind = if repeats { 3 } else { 2 };
    let (format, width) = match header {
        3 => (u64::from(!is_single), 10),
        4 => (2, 14),
        _ => (3, 18),
    };
    let word = kind | format << 2 | (length as u64) << 4 | packed << (4 + width);
    output[..header].copy_from_slice(&word.to_le_bytes()[..header]);
    Some(header + packed as usize)
}

/// The header of literals that are not compressed.
fn simple_header(kind: u32, length: usize, output: &mut [u8]) -> Option<usize> {
    let length = length as u32;
    let (bytes, word) = if length < 32 {
        (1, kind | length << 3)
    } else if length < 4096 {
        (2, kind | 1 << 2 | length << 4)
    } else {
        (3, kind | 3 << 2 | length << 4)
    };
    (output.get_mut(..bytes)?).copy_from_slice(&word.to_le_bytes()[..bytes]);
    Some(bytes)
}

fn count_bytes(bytes: &[u8]) -> [u32; 256] {
    // Two, so that the same byte again does not wait for the last one.
    let mut counts = [[0_u32; 256]; 2];
    for pair in bytes.chunks(2) {
        for (table, &byte) in counts.iter_mut().zip(pair) {
            table[usize::from(byte)] += 1;
        }
    }
    let [mut sums, others] = counts;
    for (sum, other) in sums.iter_mut().zip(others) {
        *sum += other;
    }
    sums
}

/// Writes the sequences of a block (3.1.1.3.2); returns how many bytes they have.
fn write_sequences(
    sequences: &[Sequence],
    known: &Entropy,
    next: &mut Entropy,
    output: &mut [u8],
) -> Option<usize> {
    let count = sequences.len();
    let mut at = match count {
        0..128 => {
            *output.get_mut(0)? = count as u8;
            1
        }
        128..0x7f00 => {
            (output.get_mut(..2)?).copy_from_slice(&[(count >> 8) as u8 + 128, count as u8]);
            2
        }
        _ => {
            let [low, high] = ((count - 0x7f00) as u16).to_le_bytes();
            (output.get_mut(..3)?).copy_from_slice(&[255, low, high]);
            3
        }
    };
    if count == 0 {
        next.literals.clone_from(&known.literals);
        next.offsets.clone_from(&known.offsets);
        next.matches.clone_from(&known.matches);
        return Some(at);
    }
    let mut counts = [[0_u32; 64]; 3];
    for sequence in sequences {
        counts[0][literal_code(sequence.literals)] += 1;
        counts[1][offset_code(sequence.offset)] += 1;
        counts[2][match_code(sequence.length)] += 1;
    }
    let modes_at = at;
    at += 1;
    let mut modes = 0;
    let total = count as u32;
    for (number, (kind, known, next)) in [
        (&sequences::LITERALS, &known.literals, &mut next.literals),
        (&sequences::OFFSETS, &known.offsets, &mut next.offsets),
        (&sequences::MATCHES, &known.matches, &mut next.matches),
    ]
    .into_iter()
    .enumerate()
    {
        let room = output.get_mut(at..)?;
        let counts = &counts[number][..kind.values.len()];
        let (mode, bytes) = write_table(kind, counts, total, known, next, room)?;
        modes |= mode << (6 - 2 * number);
        at += bytes;
    }
    *output.get_mut(modes_at)? = modes;
    Some(at + encode(sequences, next, output.get_mut(at..)?)?)
}

/// Chooses the table of a kind of code and writes its description; returns its mode and how many bytes were written.
fn write_table(
    kind: &Kind,
    counts: &[u32],
    total: u32,
    known: &Table,
    next: &mut Table,
    output: &mut [u8],
) -> Option<(u8, usize)> {
    let last = counts.iter().rposition(|&count| count > 0)?;
    if counts[last] == total && total > 2 {
        *output.get_mut(0)? = last as u8;
        next.build_single(last);
        next.is_valid = false;
        return Some((1, 1));
    }
    let predefined = fse::cost(&kind.default, counts).unwrap_or(u32::MAX);
    let repeated = if known.is_valid {
        known.cost(counts)
    } else {
        None
    };
    let repeated = repeated.unwrap_or(u32::MAX);
    let mut described = [0; 128];
    let made = make(kind, &counts[..=last], total, &mut described);
    let made_cost = made.as_ref().map_or(u32::MAX, |&(_, _, cost)| cost);
    if repeated <= predefined && repeated <= made_cost {
        if repeated == u32::MAX {
            return None;
        }
        next.clone_from(known);
        return Some((3, 0));
    }
    if predefined <= made_cost {
        next.build(&kind.default);
        next.is_valid = false;
        return Some((0, 0));
    }
    let (distribution, bytes, _) = made?;
    next.build(&distribution);
    next.is_valid = true;
    (output.get_mut(..bytes)?).copy_from_slice(&described[..bytes]);
    Some((2, bytes))
}

/// A distribution for these counts, its description, and what both take in bits.
fn make(
    kind: &Kind,
    counts: &[u32],
    total: u32,
    described: &mut [u8],
) -> Option<(Distribution, usize, u32)> {
    if total < 8 || counts[counts.len() - 1] == total {
        return None;
    }
    let log = fse::best_log(total, counts.len() - 1, kind.max_log);
    let distribution = fse::distribute(counts, total, log)?;
    let bytes = fse::describe(&distribution, described)?;
    let cost = fse::cost(&distribution, counts)? + 8 * bytes as u32;
    Some((distribution, bytes, cost))
}

/// Writes the bits of the sequences, from the last one on.
fn encode(sequences: &[Sequence], tables: &Entropy, output: &mut [u8]) -> Option<usize> {
    let Entropy {
        literals,
        offsets,
        matches,
        ..
    } = tables;
    let mut bits = Writer::new(output);
    let codes = |sequence: &Sequence| {
        [
            literal_code(sequence.literals),
            offset_code(sequence.offset),
            match_code(sequence.length),
        ]
    };
    let widths = |[literal, offset, matched]: [usize; 3]| {
        [
            u32::from(sequences::LITERALS.values[literal].1),
            offset as u32,
            u32::from(sequences::MATCHES.values[matched].1),
        ]
    };
    let (last, before) = sequences.split_last()?;
    let [literal, offset, matched] = codes(last);
    let mut literal_state = literals.begin(literal);
    let mut offset_state = offsets.begin(offset);
    let mut match_state = matches.begin(matched);
    let add_values = |bits: &mut Writer<'_>, sequence: &Sequence, widths: [u32; 3]| {
        let [literal, offset, matched] = widths;
        let low = |value: u32, width: u32| u64::from(value) & ((1 << width) - 1);
        let [literal_base, match_base] = [
            sequences::LITERALS.values[literal_code(sequence.literals)].0,
            sequences::MATCHES.values[match_code(sequence.length)].0,
        ];
        bits.add(low(sequence.literals - literal_base, literal), literal);
        bits.add(low(sequence.length - match_base, matched), matched);
        if literal + matched + offset > 30 {
            bits.flush();
        }
        bits.add(low(sequence.offset, offset), offset);
        bits.flush();
    };
    add_values(&mut bits, last, widths(codes(last)));
    for sequence in before.iter().rev() {
        let codes = codes(sequence);
        let [literal, offset, matched] = codes;
        offsets.encode(&mut offset_state, offset, &mut bits);
        matches.encode(&mut match_state, matched, &mut bits);
        literals.encode(&mut literal_state, literal, &mut bits);
        let widths = widths(codes);
        if widths.iter().sum::<u32>() > 30 {
            bits.flush();
        }
        add_values(&mut bits, sequence, widths);
    }
    matches.end(&match_state, &mut bits);
    offsets.end(&offset_state, &mut bits);
    literals.end(&literal_state, &mut bits);
    bits.flush();
    bits.finish()
}
