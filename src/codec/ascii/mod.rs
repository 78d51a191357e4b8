//! Bytes as ASCII text, and such text as bytes: base64 and hexadecimal (RFC 4648).

mod base64;
mod base64_decode;
mod base64_encode;
mod hex;

pub use base64::Base64Alphabet;
pub use base64_decode::{Base64Decode, Base64DecodeOptions, LastGroup};
pub use base64_encode::{Base64Encode, Base64EncodeOptions, LineEnd};
pub use hex::{HexDecode, HexEncode};

/// <https://infra.spec.whatwg.org/#ascii-whitespace>
const fn is_whitespace(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

/// How many bytes at the start are neither whitespace, or another control character, nor `=`. Looks at many of them at a time.
fn run_of_text(bytes: &[u8]) -> usize {
    const BLOCK: usize = 32;
    let other = |&byte: &u8| byte <= b' ' || byte == b'=';
    let mut run = 0;
    for block in bytes.chunks_exact(BLOCK) {
        // Without an early exit, so that it is done with SIMD.
        if block
            .iter()
            .fold(0, |found, byte| found | u8::from(other(byte)))
            != 0
        {
            break;
        }
        run += BLOCK;
    }
    let rest = &bytes[run..];
    run + rest.iter().position(other).unwrap_or(rest.len())
}

/// How an error shows a character that has no place in the text.
fn shown(character: u8) -> String {
    match character {
        b' '..=b'~' => format!("'{}'", char::from(character)),
        _ => format!("0x{character:02x}"),
    }
}
