//! CRC-32 (ISO-HDLC, of gzip and zip). Natively zlib-rs computes it, which multiplies without carries where the processor can.

#[cfg(any(target_arch = "wasm32", test))]
mod fold;
#[cfg(any(tidegate_family = "inflate", tidegate_family = "deflate", test))]
mod tap;

#[cfg(any(tidegate_family = "inflate", tidegate_family = "deflate"))]
pub(crate) use tap::Crc32Tap;

/// The CRC of the bytes so far.
#[derive(Clone, Debug)]
pub(crate) struct Crc32 {
    sum: u32,
}

impl Crc32 {
    pub(crate) const fn new() -> Self {
        Self { sum: 0 }
    }

    /// One that has seen bytes whose CRC is `sum`.
    pub(crate) const fn with_sum(sum: u32) -> Self {
        Self { sum }
    }

    pub(crate) fn sum(&self) -> u32 {
        self.sum
    }

    pub(crate) fn reset(&mut self) {
        *self = Self::new();
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        #[cfg(target_arch = "wasm32")]
        {
            self.sum = !fold::update(!self.sum, bytes);
        }
        #[cfg(not(target_arch = "wasm32"))]
        {
            self.sum = zlib_rs::crc32::crc32(self.sum, bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn bytes(length: usize) -> Vec<u8> {
        let mut state = 1u32;
        let next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        std::iter::repeat_with(next).take(length).collect()
    }

    #[test]
    fn the_crc_is_the_folded_one_however_the_input_is_cut() {
        let data = bytes(60_000);
        let expected = !fold::update(!0, &data);
        for at in (0..data.len()).step_by(487) {
            let mut crc = Crc32::new();
            crc.update(&data[..at]);
            let mut crc = Crc32::with_sum(crc.sum());
            crc.update(&data[at..]);
            assert_eq!(crc.sum(), expected, "cut at {at}");
        }
    }
}
