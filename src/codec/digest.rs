//! Digests as taps: the bytes pass unchanged.

use sha2::{Digest, Sha256};

use super::{Codec, Fault, Status, Step};

/// Computes the SHA-256 digest of what passes through (FIPS 180-4).
///
/// ```
/// use tidegate::codec::{Chain, Sha256Tap};
///
/// let mut chain = Chain::new(vec![Box::new(Sha256Tap::new())]);
/// chain.input(3).copy_from_slice(b"abc");
/// chain.commit(3);
/// chain.end_input();
/// chain.run()?;
/// assert_eq!(chain.batch().bytes, b"abc");
/// assert_eq!(chain.digest(0).unwrap()[..4], [0xba, 0x78, 0x16, 0xbf]);
/// # Ok::<(), tidegate::codec::CodecError>(())
/// ```
#[derive(Default)]
pub struct Sha256Tap {
    hasher: Sha256,
    digest: Option<[u8; 32]>,
}

impl Sha256Tap {
    /// A tap that has seen nothing.
    ///
    /// ```
    /// use tidegate::codec::{Codec, Sha256Tap};
    ///
    /// assert_eq!(Sha256Tap::new().digest(), None); // the input is not finished
    /// ```
    pub fn new() -> Self {
        Self::default()
    }
}

impl Codec for Sha256Tap {
    fn name(&self) -> &'static str {
        "digest"
    }

    fn step(&mut self, input: &[u8], output: &mut [u8], last: bool) -> Result<Step, Fault> {
        let bytes = input.len().min(output.len());
        self.hasher.update(&input[..bytes]);
        output[..bytes].copy_from_slice(&input[..bytes]);
        let status = if bytes < input.len() {
            Status::NeedOutput
        } else if last {
            self.digest
                .get_or_insert_with(|| self.hasher.finalize_reset().into());
            Status::Finished
        } else {
            Status::NeedInput
        };
        Ok(Step {
            status,
            consumed: bytes,
            produced: bytes,
        })
    }

    fn digest(&self) -> Option<&[u8]> {
        self.digest.as_ref().map(|digest| digest.as_slice())
    }
}
