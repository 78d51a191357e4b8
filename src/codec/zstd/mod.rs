//! Zstandard (RFC 8878): decompression and compression.

mod bits;
mod block;
mod compress;
mod dictionary;
mod frame;
mod fse;
mod header;
mod huffman;
mod options;
mod sequences;
mod window;
mod xxhash;

pub use compress::{ZstdCompress, ZstdCompressOptions};
pub use frame::ZstdDecompress;
pub use options::ZstdDecompressOptions;
