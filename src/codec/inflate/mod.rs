//! Decompression: deflate data on its own, in a zlib stream, and in gzip members.

mod blocks;
mod fast;
mod gunzip;
mod header;
mod huffman;
pub(super) mod unpack;
mod window;
mod zlib;

pub use gunzip::{Gunzip, GunzipOptions, Trailing};
pub use header::GzipHeader;
pub use zlib::{Inflate, InflateFormat, InflateOptions};
