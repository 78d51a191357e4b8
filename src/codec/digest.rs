//! Digests as taps: the bytes pass unchanged.

use std::fmt;
use std::str::FromStr;

use sha2::Digest as _;
use sha2::digest::common::hazmat::SerializableState;

use super::crc32::Crc32;
use super::saved::{StateReader, StateWriter};
use super::{Codec, CodecError, ErrorCode, Fault, Status, Step};

const NAME: &str = "digest";
const VERSION: u8 = 1;
/// No state of a hasher is longer.
const MAX_STATE: usize = 1024;

/// How a digest is computed.
///
/// ```
/// use tidegate::codec::DigestAlgorithm;
///
/// assert_eq!("SHA-256".parse(), Ok(DigestAlgorithm::Sha256));
/// assert_eq!(DigestAlgorithm::Sha256.to_string(), "sha-256");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DigestAlgorithm {
    /// CRC-32 of gzip, zip and PNG (ISO-HDLC), the most significant byte first. It finds accidents, not forgeries.
    Crc32,
    /// MD5 (RFC 1321), for what still asks for it. Anyone can make two inputs with the same digest.
    Md5,
    /// SHA-1 (FIPS 180-4), for what still asks for it. Two inputs with the same digest have been made.
    Sha1,
    /// SHA-256 (FIPS 180-4).
    Sha256,
    /// SHA-384 (FIPS 180-4).
    Sha384,
    /// SHA-512 (FIPS 180-4).
    Sha512,
    /// BLAKE3 with its standard length, without a key. The fastest of those that cannot be forged.
    Blake3,
}

impl DigestAlgorithm {
    /// Every algorithm.
    ///
    /// ```
    /// use tidegate::codec::DigestAlgorithm;
    ///
    /// assert!(DigestAlgorithm::ALL.iter().any(|each| each.name() == "blake3"));
    /// ```
    pub const ALL: &'static [Self] = &[
        Self::Crc32,
        Self::Md5,
        Self::Sha1,
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
        Self::Blake3,
    ];

    /// The name, in lower case, as the package for JavaScript has it.
    ///
    /// ```
    /// use tidegate::codec::DigestAlgorithm;
    ///
    /// assert_eq!(DigestAlgorithm::Sha1.name(), "sha-1");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "crc32",
            Self::Md5 => "md5",
            Self::Sha1 => "sha-1",
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
            Self::Blake3 => "blake3",
        }
    }

    /// The length of the digest in bytes.
    ///
    /// ```
    /// use tidegate::codec::DigestAlgorithm;
    ///
    /// assert_eq!(DigestAlgorithm::Sha512.length(), 64);
    /// ```
    // `is_empty` would say nothing.
    pub const fn length(self) -> usize {
        match self {
            Self::Crc32 => 4,
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 | Self::Blake3 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    fn hasher(self) -> Box<dyn Hasher> {
        match self {
            Self::Crc32 => Box::new(Crc32::new()),
            Self::Md5 => Box::new(md5::Md5::new()),
            Self::Sha1 => Box::new(sha1::Sha1::new()),
            Self::Sha256 => Box::new(sha2::Sha256::new()),
            Self::Sha384 => Box::new(sha2::Sha384::new()),
            Self::Sha512 => Box::new(sha2::Sha512::new()),
            Self::Blake3 => Box::new(blake3::Hasher::new()),
        }
    }
}

impl fmt::Display for DigestAlgorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A name that is none of a [`DigestAlgorithm`].
///
/// ```
/// use tidegate::codec::DigestAlgorithm;
///
/// let error = "sha256".parse::<DigestAlgorithm>().unwrap_err();
/// assert!(error.to_string().contains("sha-256"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownAlgorithm;

impl fmt::Display for UnknownAlgorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the algorithm must be one of")?;
        DigestAlgorithm::ALL
            .iter()
            .try_for_each(|each| write!(formatter, " {each}"))
    }
}

impl std::error::Error for UnknownAlgorithm {}

/// From the name, in upper or lower case.
impl FromStr for DigestAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        Self::ALL
            .iter()
            .find(|each| each.name().eq_ignore_ascii_case(name))
            .copied()
            .ok_or(UnknownAlgorithm)
    }
}

/// What computes a digest.
trait Hasher: Send {
    fn update(&mut self, bytes: &[u8]);
    /// Adds the digest to `digest`. The hasher is of no further use.
    fn finish(&mut self, digest: &mut Vec<u8>);
    /// Says whether the state can be saved.
    fn save(&self, state: &mut StateWriter) -> bool;
    /// Takes over a state; says whether it is one.
    fn restore(&mut self, state: &[u8]) -> bool;
}

macro_rules! rust_crypto {
    ($($hash:ty),*) => { $(
        impl Hasher for $hash {
            fn update(&mut self, bytes: &[u8]) {
                sha2::Digest::update(self, bytes);
            }

            fn finish(&mut self, digest: &mut Vec<u8>) {
                digest.extend_from_slice(&self.finalize_reset());
            }

            fn save(&self, state: &mut StateWriter) -> bool {
                state.piece(&self.serialize());
                true
            }

            fn restore(&mut self, state: &[u8]) -> bool {
                let restored = state.try_into().ok().and_then(|state| Self::deserialize(state).ok());
                restored.map(|restored| *self = restored).is_some()
            }
        }
    )* };
}

rust_crypto!(
    md5::Md5,
    sha1::Sha1,
    sha2::Sha256,
    sha2::Sha384,
    sha2::Sha512
);

impl Hasher for blake3::Hasher {
    fn update(&mut self, bytes: &[u8]) {
        self.update(bytes);
    }

    fn finish(&mut self, digest: &mut Vec<u8>) {
        digest.extend_from_slice(self.finalize().as_bytes());
    }

    fn save(&self, _: &mut StateWriter) -> bool {
        false
    }

    fn restore(&mut self, _: &[u8]) -> bool {
        false
    }
}

impl Hasher for Crc32 {
    fn update(&mut self, bytes: &[u8]) {
        self.update(bytes);
    }

    fn finish(&mut self, digest: &mut Vec<u8>) {
        digest.extend_from_slice(&self.sum().to_be_bytes());
    }

    fn save(&self, state: &mut StateWriter) -> bool {
        state.piece(&self.sum().to_be_bytes());
        true
    }

    fn restore(&mut self, state: &[u8]) -> bool {
        let sum = state.try_into().map(u32::from_be_bytes);
        sum.map(|sum| *self = Self::with_sum(sum)).is_ok()
    }
}

/// Computes digests of what passes through, several in one pass. The state can be [saved](Codec::save) unless BLAKE3 is among
/// them.
///
/// ```
/// use tidegate::codec::{Chain, DigestAlgorithm, Digests};
///
/// let both = [DigestAlgorithm::Sha256, DigestAlgorithm::Crc32];
/// let mut chain = Chain::new(vec![Box::new(Digests::new(&both))]);
/// chain.input(3).copy_from_slice(b"abc");
/// chain.commit(3);
/// chain.end_input();
/// chain.run()?;
/// assert_eq!(chain.batch().bytes, b"abc");
/// assert_eq!(chain.digest_of(0, DigestAlgorithm::Sha256).unwrap()[..4], [0xba, 0x78, 0x16, 0xbf]);
/// assert_eq!(chain.digest_of(0, DigestAlgorithm::Crc32).unwrap(), [0x35, 0x24, 0x41, 0xc2]);
/// # Ok::<(), tidegate::codec::CodecError>(())
/// ```
pub struct Digests {
    hashers: Vec<(DigestAlgorithm, Box<dyn Hasher>)>,
    /// The digests, one after another, once the input is finished.
    digests: Option<Vec<u8>>,
    passes: bool,
}

impl Digests {
    /// A tap for these algorithms that has seen nothing.
    ///
    /// ```
    /// use tidegate::codec::{Codec, DigestAlgorithm, Digests};
    ///
    /// assert_eq!(Digests::new(&[DigestAlgorithm::Md5]).digest(), None); // the input is not finished
    /// ```
    pub fn new(algorithms: &[DigestAlgorithm]) -> Self {
        let hashers = algorithms.iter().map(|&each| (each, each.hasher()));
        Self {
            hashers: hashers.collect(),
            digests: None,
            passes: true,
        }
    }

    /// The end of a chain: nothing passes through.
    ///
    /// ```
    /// use tidegate::codec::{Codec, DigestAlgorithm, Digests};
    ///
    /// let mut sink = Digests::sink(&[DigestAlgorithm::Crc32]);
    /// let step = sink.step(b"abc", &mut [0; 16], true).unwrap();
    /// assert_eq!((step.consumed, step.produced), (3, 0));
    /// assert_eq!(sink.digest(), Some(&[0x35, 0x24, 0x41, 0xc2][..]));
    /// ```
    pub fn sink(algorithms: &[DigestAlgorithm]) -> Self {
        Self {
            passes: false,
            ..Self::new(algorithms)
        }
    }

    fn finish(&mut self) {
        let hashers = &mut self.hashers;
        self.digests.get_or_insert_with(|| {
            let mut digests = Vec::new();
            for (_, hasher) in hashers {
                hasher.finish(&mut digests);
            }
            digests
        });
    }
}

impl Codec for Digests {
    fn name(&self) -> &'static str {
        NAME
    }

    fn step(&mut self, input: &[u8], output: &mut [u8], last: bool) -> Result<Step, Fault> {
        let mut bytes = input.len();
        if self.passes {
            bytes = bytes.min(output.len());
            output[..bytes].copy_from_slice(&input[..bytes]);
        }
        for (_, hasher) in &mut self.hashers {
            hasher.update(&input[..bytes]);
        }
        let status = if bytes < input.len() {
            Status::NeedOutput
        } else if last {
            self.finish();
            Status::Finished
        } else {
            Status::NeedInput
        };
        Ok(Step {
            status,
            consumed: bytes,
            produced: if self.passes { bytes } else { 0 },
        })
    }

    #[cfg(not(tidegate_npm))]
    fn save(&self) -> Result<Vec<u8>, CodecError> {
        let mut state = StateWriter::new(NAME, VERSION);
        state.flag(self.digests.is_some());
        if let Some(digests) = &self.digests {
            state.piece(digests);
            return state.finish();
        }
        for (algorithm, hasher) in &self.hashers {
            if !hasher.save(&mut state) {
                let detail = format!("{algorithm} has no state that can be; leave it out");
                return Err(CodecError::new(NAME, ErrorCode::CannotSave, 0, detail));
            }
        }
        state.finish()
    }

    #[cfg(not(tidegate_npm))]
    fn restore(&mut self, state: &[u8]) -> Result<(), CodecError> {
        let mut state = StateReader::new(NAME, VERSION, state)?;
        if state.flag()? {
            let digests = state.piece(MAX_STATE)?;
            let lengths = self.hashers.iter().map(|(each, _)| each.length());
            state.require(digests.len() == lengths.sum::<usize>())?;
            self.digests = Some(digests.to_vec());
            return state.finish();
        }
        for (_, hasher) in &mut self.hashers {
            let restored = hasher.restore(state.piece(MAX_STATE)?);
            state.require(restored)?;
        }
        state.finish()
    }

    fn digest(&self) -> Option<&[u8]> {
        self.digests.as_deref()
    }

    fn digest_of(&self, algorithm: DigestAlgorithm) -> Option<&[u8]> {
        let before = self.hashers.iter().map(|(each, _)| *each);
        let place = before.clone().position(|each| each == algorithm)?;
        let start = before
            .take(place)
            .map(DigestAlgorithm::length)
            .sum::<usize>();
        self.digest()?.get(start..start + algorithm.length())
    }
}

/// Computes the SHA-256 digest of what passes through (FIPS 180-4): [`Digests`] of that algorithm alone.
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
pub struct Sha256Tap(Digests);

impl Default for Sha256Tap {
    fn default() -> Self {
        Self(Digests::new(&[DigestAlgorithm::Sha256]))
    }
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
        self.0.name()
    }

    fn step(&mut self, input: &[u8], output: &mut [u8], last: bool) -> Result<Step, Fault> {
        self.0.step(input, output, last)
    }

    #[cfg(not(tidegate_npm))]
    fn save(&self) -> Result<Vec<u8>, CodecError> {
        self.0.save()
    }

    #[cfg(not(tidegate_npm))]
    fn restore(&mut self, state: &[u8]) -> Result<(), CodecError> {
        self.0.restore(state)
    }

    fn digest(&self) -> Option<&[u8]> {
        self.0.digest()
    }

    fn digest_of(&self, algorithm: DigestAlgorithm) -> Option<&[u8]> {
        self.0.digest_of(algorithm)
    }
}
