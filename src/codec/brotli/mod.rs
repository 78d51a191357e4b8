//! Brotli, RFC 7932.

#[cfg(feature = "brotli-compress")]
mod compress;
#[cfg(feature = "brotli")]
mod decompress;
mod memory;

#[cfg(feature = "brotli-compress")]
pub use compress::{BrotliCompress, BrotliCompressOptions};
#[cfg(feature = "brotli")]
pub use decompress::{BrotliDecompress, BrotliDecompressOptions};
