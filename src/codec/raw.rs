//! The accesses of the fast loops of decompression, whose bounds they check once a turn.
//!
//! Elsewhere than in Wasm each is checked once more, as what is read comes from anybody. In Wasm, where the sandbox has bounds
//! of its own, these checks took an eighth of the time.

/// A match is copied in pieces of so many bytes. Most matches are of one, so that the processor foresees the end of the loop.
pub(super) const PIECE: usize = 32;

/// A piece is copied in two halves, each of them in one register.
const HALF: usize = PIECE / 2;

#[cfg(not(target_arch = "wasm32"))]
mod access {
    #[inline(always)]
    pub(super) fn read<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
        let Some(piece) = bytes[at..].first_chunk() else {
            unreachable!("the fast loop reads beyond its input")
        };
        *piece
    }

    #[inline(always)]
    pub(super) fn write<const N: usize>(bytes: &mut [u8], at: usize, piece: [u8; N]) {
        bytes[at..at + N].copy_from_slice(&piece);
    }
}

#[cfg(target_arch = "wasm32")]
mod access {
    #[inline(always)]
    pub(super) fn read<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
        debug_assert!(at + N <= bytes.len());
        // SAFETY: the caller's.
        unsafe { bytes.as_ptr().add(at).cast::<[u8; N]>().read() }
    }

    #[inline(always)]
    pub(super) fn write<const N: usize>(bytes: &mut [u8], at: usize, piece: [u8; N]) {
        debug_assert!(at + N <= bytes.len());
        // SAFETY: the caller's.
        unsafe { bytes.as_mut_ptr().add(at).cast::<[u8; N]>().write(piece) }
    }
}

/// # Safety
///
/// There must be eight bytes at `at`.
#[inline(always)]
pub(super) unsafe fn word(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(access::read(bytes, at))
}

/// # Safety
///
/// There must be eight bytes at `at`.
#[cfg(feature = "zstd")]
#[inline(always)]
pub(super) unsafe fn put_word(bytes: &mut [u8], at: usize, word: u64) {
    access::write(bytes, at, word.to_le_bytes());
}

/// # Safety
///
/// There must be a byte at `at`.
#[inline(always)]
pub(super) unsafe fn put(bytes: &mut [u8], at: usize, byte: u8) {
    access::write(bytes, at, [byte]);
}

/// Copies what is `distance` bytes before `at` to `at`, and up to [`PIECE`] bytes more than `length`.
///
/// # Safety
///
/// `distance` must be at least 1 and at most `at`, and there must be `length` + [`PIECE`] bytes at `at`.
#[inline(always)]
pub(super) unsafe fn repeat(bytes: &mut [u8], at: usize, distance: usize, length: usize) {
    let end = at + length;
    let mut to = at;
    if distance >= HALF {
        loop {
            // The second half may be what the first one has written.
            let half = access::read::<HALF>(bytes, to - distance);
            access::write(bytes, to, half);
            let second = access::read::<HALF>(bytes, to + HALF - distance);
            access::write(bytes, to + HALF, second);
            to += PIECE;
            if to >= end {
                return;
            }
        }
    }
    if distance == 1 {
        let half = [access::read::<1>(bytes, at - 1)[0]; HALF];
        while to < end {
            access::write(bytes, to, half);
            to += HALF;
        }
        return;
    }
    // Of each half only the first `distance` bytes are right, and the next one begins behind them.
    while to < end {
        let half = access::read::<HALF>(bytes, to - distance);
        access::write(bytes, to, half);
        to += distance;
    }
}

/// Copies `length` bytes from `from[start..]`, and up to [`PIECE`] more.
///
/// # Safety
///
/// There must be `length` + [`PIECE`] bytes at both places.
#[inline(always)]
pub(super) unsafe fn copy(from: &[u8], start: usize, bytes: &mut [u8], at: usize, length: usize) {
    let mut done = 0;
    while done < length {
        let piece = access::read::<PIECE>(from, start + done);
        access::write(bytes, at + done, piece);
        done += PIECE;
    }
}

/// The same for lengths that are mostly short.
///
/// # Safety
///
/// There must be `length` + [`PIECE`] bytes at both places.
#[cfg(feature = "zstd")]
#[inline(always)]
pub(super) unsafe fn copy_short(
    from: &[u8],
    start: usize,
    bytes: &mut [u8],
    at: usize,
    length: usize,
) {
    let half = access::read::<HALF>(from, start);
    access::write(bytes, at, half);
    let mut done = HALF;
    while done < length {
        let piece = access::read::<HALF>(from, start + done);
        access::write(bytes, at + done, piece);
        done += HALF;
    }
}
