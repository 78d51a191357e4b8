//! What a gzip member says of itself.

use crate::codec::CodecError;
use crate::codec::saved::{StateReader, StateWriter};

/// The most bytes of a field of any length that are kept; the extra field cannot have more.
pub(super) const MOST: usize = u16::MAX as usize;

/// The header of a gzip member (RFC 1952, 2.3): see [`Gunzip::on_header`](super::Gunzip::on_header).
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use tidegate::codec::{Codec, Gunzip, GunzipOptions};
///
/// let packed = flate2::GzBuilder::new().filename("tide.csv").mtime(7).write(Vec::new(), Default::default());
/// let packed = packed.finish().unwrap();
/// let headers = Arc::new(Mutex::new(Vec::new()));
/// let found = headers.clone();
/// let mut gunzip = Gunzip::new(GunzipOptions::default());
/// gunzip.on_header(move |header| found.lock().unwrap().push(header.clone()));
/// gunzip.step(&packed, &mut [0; 16], true).unwrap();
/// let headers = headers.lock().unwrap();
/// assert_eq!((headers[0].mtime, headers[0].name.as_deref()), (7, Some(&b"tide.csv"[..])));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GzipHeader {
    /// Whether the packer took the data for text.
    pub is_text: bool,
    /// When the file was changed, in seconds since 1970; 0 if that is not known.
    pub mtime: u32,
    /// How hard the packer tried: 2 the most, 4 the least, mostly 0.
    pub extra_flags: u8,
    /// The file system that the file was on: 0 FAT, 3 Unix, 11 NTFS, 255 unknown.
    pub os: u8,
    /// The extra field: subfields, each with two letters, a length and data.
    pub extra: Option<Vec<u8>>,
    /// The file's name without directories. By the RFC in Latin-1; most packers write what the file system has.
    pub name: Option<Vec<u8>>,
    /// A comment for people, in Latin-1.
    pub comment: Option<Vec<u8>>,
}

impl GzipHeader {
    /// Adds a byte of the field; says whether there is room, and memory.
    pub(super) fn push(field: &mut Option<Vec<u8>>, byte: u8) -> Result<(), NoRoom> {
        let bytes = field.get_or_insert_default();
        if bytes.len() == MOST {
            return Err(NoRoom::TooLong);
        }
        bytes.try_reserve(1).map_err(|_| NoRoom::OutOfMemory)?;
        bytes.push(byte);
        Ok(())
    }

    pub(super) fn save(&self, state: &mut StateWriter) {
        state.flag(self.is_text);
        state.number(self.mtime.into());
        state.number(self.extra_flags.into());
        state.number(self.os.into());
        for field in [&self.extra, &self.name, &self.comment] {
            state.flag(field.is_some());
            state.piece(field.as_deref().unwrap_or_default());
        }
    }

    pub(super) fn restore(&mut self, state: &mut StateReader<'_>) -> Result<(), CodecError> {
        self.is_text = state.flag()?;
        self.mtime = state.number(u32::MAX.into())? as u32;
        self.extra_flags = state.number(u8::MAX.into())? as u8;
        self.os = state.number(u8::MAX.into())? as u8;
        for field in [&mut self.extra, &mut self.name, &mut self.comment] {
            let given = state.flag()?;
            let bytes = state.piece(MOST)?;
            *field = given.then(|| bytes.to_vec());
        }
        Ok(())
    }
}

/// Why a byte of a field cannot be kept.
pub(super) enum NoRoom {
    TooLong,
    OutOfMemory,
}
