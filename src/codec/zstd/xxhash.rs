//! XXH64, of which zstd's checksum is the low half (RFC 8878, 3.1.1; the specification is
//! <https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md>).

const PRIMES: [u64; 5] = [
    0x9e37_79b1_85eb_ca87,
    0xc2b2_ae3d_27d4_eb4f,
    0x1656_67b1_9e37_79f9,
    0x85eb_ca77_c2b2_ae63,
    0x27d4_eb2f_1656_67c5,
];

const STRIPE: usize = 32;

#[inline(always)]
fn round(lane: u64, word: u64) -> u64 {
    lane.wrapping_add(word.wrapping_mul(PRIMES[1]))
        .rotate_left(31)
        .wrapping_mul(PRIMES[0])
}

#[inline(always)]
fn word(bytes: &[u8]) -> u64 {
    bytes
        .first_chunk()
        .map_or(0, |word| u64::from_le_bytes(*word))
}

/// The hash of bytes that come in pieces, with the seed 0.
#[derive(Clone)]
pub(super) struct Xxh64 {
    lanes: [u64; 4],
    /// The start of a stripe, and how much of it there is.
    part: [u8; STRIPE],
    filled: usize,
    total: u64,
}

impl Xxh64 {
    pub(super) fn new() -> Self {
        Self {
            lanes: [
                PRIMES[0].wrapping_add(PRIMES[1]),
                PRIMES[1],
                0,
                0_u64.wrapping_sub(PRIMES[0]),
            ],
            part: [0; STRIPE],
            filled: 0,
            total: 0,
        }
    }

    pub(super) fn update(&mut self, mut bytes: &[u8]) {
        self.total = self.total.wrapping_add(bytes.len() as u64);
        if self.filled > 0 {
            let length = bytes.len().min(STRIPE - self.filled);
            self.part[self.filled..][..length].copy_from_slice(&bytes[..length]);
            self.filled += length;
            bytes = &bytes[length..];
            if self.filled < STRIPE {
                return;
            }
            let part = self.part;
            self.stripes(&part);
            self.filled = 0;
        }
        let rest = self.stripes(bytes);
        self.part[..rest.len()].copy_from_slice(rest);
        self.filled = rest.len();
    }

    /// Takes whole stripes, and returns what is left.
    fn stripes<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let [mut a, mut b, mut c, mut d] = self.lanes;
        let mut stripes = bytes.chunks_exact(STRIPE);
        for stripe in &mut stripes {
            a = round(a, word(stripe));
            b = round(b, word(&stripe[8..]));
            c = round(c, word(&stripe[16..]));
            d = round(d, word(&stripe[24..]));
        }
        self.lanes = [a, b, c, d];
        stripes.remainder()
    }

    pub(super) fn sum(&self) -> u64 {
        let mut hash = if self.total >= STRIPE as u64 {
            let turns = [1, 7, 12, 18];
            let mixed = self
                .lanes
                .iter()
                .zip(turns)
                .fold(0_u64, |sum, (lane, turn)| {
                    sum.wrapping_add(lane.rotate_left(turn))
                });
            self.lanes.iter().fold(mixed, |hash, &lane| {
                (hash ^ round(0, lane))
                    .wrapping_mul(PRIMES[0])
                    .wrapping_add(PRIMES[3])
            })
        } else {
            PRIMES[4]
        };
        hash = hash.wrapping_add(self.total);
        let mut rest = &self.part[..self.filled];
        while rest.len() >= 8 {
            hash = (hash ^ round(0, word(rest)))
                .rotate_left(27)
                .wrapping_mul(PRIMES[0])
                .wrapping_add(PRIMES[3]);
            rest = &rest[8..];
        }
        if let Some((half, after)) = rest.split_first_chunk() {
            let half = u64::from(u32::from_le_bytes(*half));
            hash = (hash ^ half.wrapping_mul(PRIMES[0]))
                .rotate_left(23)
                .wrapping_mul(PRIMES[1])
                .wrapping_add(PRIMES[2]);
            rest = after;
        }
        for &byte in rest {
            hash = (hash ^ u64::from(byte).wrapping_mul(PRIMES[4]))
                .rotate_left(11)
                .wrapping_mul(PRIMES[0]);
        }
        hash = (hash ^ hash >> 33).wrapping_mul(PRIMES[1]);
        hash = (hash ^ hash >> 29).wrapping_mul(PRIMES[2]);
        hash ^ hash >> 32
    }

    /// What zstd writes of it.
    pub(super) fn checksum(&self) -> u32 {
        self.sum() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(bytes: &[u8]) -> u64 {
        let mut hash = Xxh64::new();
        hash.update(bytes);
        hash.sum()
    }

    #[test]
    fn it_has_the_sums_of_the_specification_and_of_xxhsum() {
        assert_eq!(hash(b""), 0xef46_db37_51d8_e999);
        assert_eq!(hash(b"a"), 0xd24e_c4f1_a98c_6e5b);
        assert_eq!(hash(b"abc"), 0x44bc_2cf5_ad77_0999);
        assert_eq!(
            hash(b"Nobody inspects the spammish repetition"),
            0xfbce_a83c_8a37_8bf1
        );
    }

    #[test]
    fn it_does_not_depend_on_how_the_bytes_are_cut() {
        let bytes: Vec<u8> = (0..200_u32).map(|number| (number * 7) as u8).collect();
        for length in 0..bytes.len() {
            for cut in 0..=length {
                let mut parts = Xxh64::new();
                parts.update(&bytes[..cut]);
                parts.update(&bytes[cut..length]);
                assert_eq!(parts.sum(), hash(&bytes[..length]));
            }
        }
    }
}
