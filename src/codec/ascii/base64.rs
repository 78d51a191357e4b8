//! The characters of base64, RFC 4648.

use base64_simd::Base64;

/// Which 64 characters there are.
///
/// ```
/// use tidegate::codec::{Base64Alphabet, Base64Encode, Base64EncodeOptions, Codec};
///
/// let options = Base64EncodeOptions::default().alphabet(Base64Alphabet::Url);
/// let mut output = [0; 16];
/// Base64Encode::new(options).step(b"\xfb\xff", &mut output, true).unwrap();
/// assert_eq!(&output[..4], b"-_8=");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Base64Alphabet {
    /// With `+` and `/`: RFC 4648, section 4.
    #[default]
    Standard,
    /// With `-` and `_`, which URLs and file names may have: RFC 4648, section 5.
    Url,
}

impl Base64Alphabet {
    /// Of whole groups; padding is not its business.
    pub(super) const fn engine(self) -> &'static Base64 {
        match self {
            Self::Standard => &base64_simd::STANDARD_NO_PAD,
            Self::Url => &base64_simd::URL_SAFE_NO_PAD,
        }
    }

    /// The six bits that a character stands for.
    pub(super) const fn value(self, character: u8) -> Option<u8> {
        let (last, before) = match self {
            Self::Standard => (b'/', b'+'),
            Self::Url => (b'_', b'-'),
        };
        match character {
            b'A'..=b'Z' => Some(character - b'A'),
            b'a'..=b'z' => Some(character - b'a' + 26),
            b'0'..=b'9' => Some(character - b'0' + 52),
            _ if character == before => Some(62),
            _ if character == last => Some(63),
            _ => None,
        }
    }
}
