//! Dictionaries: what matches of a frame reach back to, and the tables that it begins with (RFC 8878, 5).

use super::huffman::Codes;
use super::sequences::{LITERALS, MATCHES, OFFSETS, Tables};

const MAGIC: [u8; 4] = 0xec30_a437_u32.to_le_bytes();

/// A dictionary as frames use it.
pub(super) struct Dictionary {
    /// 0 for raw content.
    pub(super) id: u32,
    /// Where the content begins.
    pub(super) start: usize,
    /// None for raw content.
    pub(super) entropy: Option<Box<(Codes, Tables)>>,
}

impl Dictionary {
    /// Reads one that has the format, or takes the bytes as content. None if the format is broken.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let Some(rest) = bytes.strip_prefix(&MAGIC) else {
            return Some(Self {
                id: 0,
                start: 0,
                entropy: None,
            });
        };
        let (id, mut rest) = rest.split_first_chunk()?;
        let mut entropy = Box::new((Codes::new(), Tables::new()));
        let (codes, tables) = &mut *entropy;
        rest = &rest[codes.read(rest)?..];
        rest = &rest[tables.offsets.read(&OFFSETS, rest)?..];
        rest = &rest[tables.matches.read(&MATCHES, rest)?..];
        rest = &rest[tables.literals.read(&LITERALS, rest)?..];
        for offset in &mut tables.recent {
            let (word, after) = rest.split_first_chunk()?;
            (*offset, rest) = (u32::from_le_bytes(*word), after);
        }
        let reaches = |&offset: &u32| offset > 0 && offset as usize <= rest.len();
        tables.recent.iter().all(reaches).then_some(())?;
        Some(Self {
            id: u32::from_le_bytes(*id),
            start: bytes.len() - rest.len(),
            entropy: Some(entropy),
        })
    }
}
