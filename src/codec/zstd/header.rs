//! The header of a frame (RFC 8878, 3.1.1.1).

/// What a frame begins with.
pub(super) const MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();

/// What a skippable frame begins with (3.1.2), whose lowest four bits are any.
pub(super) const SKIPPABLE: [u8; 4] = 0x184d_2a50_u32.to_le_bytes();

/// The most bytes of a header behind the magic number.
pub(super) const MOST: usize = 14;

/// What a frame says of itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Header {
    pub(super) window: u64,
    /// Where in the header the size of the window is to be seen.
    pub(super) window_at: usize,
    /// 0 if it says nothing.
    pub(super) dictionary: u32,
    pub(super) dictionary_at: usize,
    pub(super) content: Option<u64>,
    pub(super) has_checksum: bool,
}

/// The bit of the descriptor that must not be set.
pub(super) const RESERVED: u8 = 1 << 3;

const fn dictionary_bytes(descriptor: u8) -> usize {
    [0, 1, 2, 4][(descriptor & 3) as usize]
}

const fn is_single(descriptor: u8) -> bool {
    descriptor & 1 << 5 != 0
}

const fn content_bytes(descriptor: u8) -> usize {
    match descriptor >> 6 {
        0 => is_single(descriptor) as usize,
        1 => 2,
        2 => 4,
        _ => 8,
    }
}

/// How many bytes a header has, by its first.
pub(super) const fn length(descriptor: u8) -> usize {
    let window = !is_single(descriptor) as usize;
    1 + window + dictionary_bytes(descriptor) + content_bytes(descriptor)
}

fn number(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

impl Header {
    /// Reads a header, of which there are all bytes.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let descriptor = bytes[0];
        let mut at = 1;
        let mut header = Self {
            has_checksum: descriptor & 1 << 2 != 0,
            window_at: at,
            ..Self::default()
        };
        if !is_single(descriptor) {
            let (exponent, mantissa) = (bytes[at] >> 3, bytes[at] & 7);
            let base = 1_u64 << (10 + exponent);
            header.window = base + base / 8 * u64::from(mantissa);
            at += 1;
        }
        let length = dictionary_bytes(descriptor);
        header.dictionary = number(&bytes[at..at + length]) as u32;
        header.dictionary_at = at;
        at += length;
        let length = content_bytes(descriptor);
        if length > 0 {
            let offset = if length == 2 { 256 } else { 0 };
            header.content = Some(number(&bytes[at..at + length]) + offset);
        }
        if is_single(descriptor) {
            header.window = header.content.unwrap_or_default();
            header.window_at = at;
        }
        header
    }
}
