//! The codecs as JavaScript sees them: numbers in, numbers out.
//!
//! The npm package has one module for each family of codecs. All have the functions of this file; `--cfg tidegate_family` (tools/build/wasm.mjs) says which
//! codecs can be added, and the linker drops the others.
//!
//! A chain is named by an id. Longer answers are addresses and lengths in the module's memory, written
//! to the words at [`codecs_info`]. They hold until the next call: a call may grow the memory, or move
//! or overwrite what they point to.

use std::cell::RefCell;
#[cfg(tidegate_family = "csv")]
use std::sync::Arc;
#[cfg(tidegate_family = "csv")]
use std::sync::atomic::AtomicU8;
use std::sync::atomic::{AtomicU32, Ordering};

use wasm_bindgen::prelude::wasm_bindgen;

#[cfg(any(tidegate_family = "text", tidegate_family = "csv"))]
use crate::codec::Batch;
#[cfg(tidegate_family = "csv")]
use crate::codec::Table;
#[cfg(any(
    tidegate_family = "inflate",
    tidegate_family = "brotli",
    tidegate_family = "zstd"
))]
use crate::codec::Trailing;
use crate::codec::{Chain, ChainState, Codec, CodecError, Slots, can_allocate};

#[cfg(tidegate_family = "base64")]
mod base64;
#[cfg(tidegate_family = "brotli")]
mod brotli;
#[cfg(tidegate_family = "brotli_compress")]
mod brotli_compress;
#[cfg(tidegate_family = "csv")]
mod csv;
#[cfg(tidegate_family = "deflate")]
mod deflate;
#[cfg(tidegate_family = "digest")]
mod digest;
#[cfg(tidegate_family = "encoding")]
mod encoding;
#[cfg(tidegate_family = "inflate")]
mod inflate;
#[cfg(tidegate_family = "text")]
mod text;
#[cfg(tidegate_family = "zstd")]
mod zstd;
#[cfg(tidegate_family = "zstd-compress")]
#[path = "zstd-compress.rs"]
mod zstd_compress;

const NEED_INPUT: u32 = 0;
const HAS_BATCH: u32 = 1;
const FINISHED: u32 = 2;
const FAILED: u32 = 3;
/// The id names no chain.
const STALE: u32 = 4;

/// Flags of all codecs of text.
#[cfg(any(
    tidegate_family = "text",
    tidegate_family = "csv",
    tidegate_family = "encoding"
))]
const FATAL: u32 = 1;
#[cfg(any(
    tidegate_family = "text",
    tidegate_family = "csv",
    tidegate_family = "encoding"
))]
const IGNORE_BOM: u32 = 2;

/// What a chain needs before it begins, and what a message does, are less than this many bytes.
const SMALL_THINGS: usize = 8192;

/// A chain, and what else belongs to it.
struct Held {
    chain: Chain,
    /// What becomes of the rows that it ends with, if not rows of all their fields.
    #[cfg(tidegate_family = "csv")]
    table: Option<Box<Table>>,
    /// The delimiter that its csv has chosen, or 0.
    #[cfg(tidegate_family = "csv")]
    delimiter: Option<Arc<AtomicU8>>,
}

#[derive(Default)]
struct State {
    chains: Slots<Held>,
    /// That of the chain that is being put together.
    #[cfg(tidegate_family = "csv")]
    table: Option<Box<Table>>,
    #[cfg(tidegate_family = "csv")]
    delimiter: Option<Arc<AtomicU8>>,
    /// The codecs of the chain that is being put together.
    codecs: Vec<Box<dyn Codec>>,
    /// There was no memory for one of them.
    incomplete: bool,
    error: Option<(CodecError, String)>,
    /// Memory for messages when there is no other.
    spare: Vec<u8>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

static INFO: [AtomicU32; 8] = [const { AtomicU32::new(0) }; 8];

fn with_state<R>(work: impl FnOnce(&mut State) -> R) -> R {
    STATE.with_borrow_mut(work)
}

fn with_chain<R>(id: u32, absent: R, work: impl FnOnce(&mut Chain) -> R) -> R {
    with_state(|state| match state.chains.get_mut(id) {
        Some(held) => work(&mut held.chain),
        None => absent,
    })
}

fn tell<T>(at: usize, items: &[T]) {
    INFO[at].store(items.as_ptr() as usize as u32, Ordering::Relaxed);
    INFO[at + 1].store(items.len() as u32, Ordering::Relaxed);
}

/// Gives up the spare memory if there is no other, so that an error can be told.
fn make_room(spare: &mut Vec<u8>) {
    if !can_allocate(SMALL_THINGS) {
        *spare = Vec::new();
    }
}

fn fail(last: &mut Option<(CodecError, String)>, error: CodecError) -> u32 {
    let message = error.to_string();
    let (error, message) = last.insert((error, message));
    tell(0, message.as_bytes());
    tell(2, error.codec.as_bytes());
    tell(4, error.code.as_str().as_bytes());
    tell(6, error.path.as_bytes());
    FAILED
}

/// Adds a tap that computes a CRC-32, whose digest can be had at any time.
#[cfg(any(tidegate_family = "inflate", tidegate_family = "deflate"))]
#[wasm_bindgen]
pub fn codecs_add_crc32() {
    add(crate::codec::Crc32Tap::new());
}

fn add(codec: impl Codec + 'static) {
    add_with(|| codec);
}

/// The same of a codec that allocates when it is made.
fn add_with<C: Codec + 'static>(make: impl FnOnce() -> C) {
    with_state(|state| {
        if can_allocate(SMALL_THINGS) {
            state.codecs.push(Box::new(make()));
        } else {
            state.incomplete = true;
        }
    });
}

/// The address of six words that other calls write their answers to.
#[wasm_bindgen]
pub fn codecs_info() -> u32 {
    INFO.as_ptr() as usize as u32
}

/// Makes a chain of the codecs added since the last call; returns its id, or 0 if there is no slot or
/// no memory.
#[wasm_bindgen]
pub fn codecs_create() -> u32 {
    with_state(|state| {
        let codecs = std::mem::take(&mut state.codecs);
        let incomplete = std::mem::take(&mut state.incomplete);
        #[cfg(tidegate_family = "csv")]
        let (table, delimiter) = (state.table.take(), state.delimiter.take());
        let spared = state.spare.try_reserve_exact(SMALL_THINGS).is_ok();
        if incomplete || !spared || !can_allocate(SMALL_THINGS) {
            return 0;
        }
        state.chains.insert(Held {
            chain: Chain::new(codecs),
            #[cfg(tidegate_family = "csv")]
            table,
            #[cfg(tidegate_family = "csv")]
            delimiter,
        })
    })
}

/// Frees a chain; says whether there was one.
#[wasm_bindgen]
pub fn codecs_free(id: u32) -> bool {
    with_state(|state| state.chains.remove(id).is_some())
}

/// The number of chains that have not been freed.
#[wasm_bindgen]
pub fn codecs_live() -> u32 {
    with_state(|state| state.chains.live())
}

/// Room for up to `wanted` bytes of input: returns its length, word 0 is its address.
#[wasm_bindgen]
pub fn codecs_input(id: u32, wanted: u32) -> u32 {
    with_chain(id, 0, |chain| {
        let input = chain.input(wanted as usize);
        tell(0, input);
        input.len() as u32
    })
}

/// Takes `bytes` bytes that were put into the room for input, and works until a batch is full, more
/// input is needed, or all is done. `last`: no more input comes.
///
/// After a failure the words are the address and length of the message, the codec's name, the
/// code's name and the path of the item at fault.
#[wasm_bindgen]
pub fn codecs_run(id: u32, bytes: u32, last: bool) -> u32 {
    with_state(|state| {
        let Some(Held { chain, .. }) = state.chains.get_mut(id) else {
            return STALE;
        };
        make_room(&mut state.spare);
        chain.commit(bytes as usize);
        if last {
            chain.end_input();
        }
        match chain.run() {
            Ok(ChainState::NeedInput) => NEED_INPUT,
            Ok(ChainState::HasBatch) => HAS_BATCH,
            Ok(ChainState::Finished) => FINISHED,
            Err(error) => fail(&mut state.error, error),
        }
    })
}

/// Has the codecs of a chain produce what they hold back, in its next runs.
#[wasm_bindgen]
pub fn codecs_flush(id: u32) {
    with_chain(id, (), Chain::flush);
}

/// The byte offset of the last failure.
#[wasm_bindgen]
pub fn codecs_error_offset() -> f64 {
    with_state(|state| {
        state
            .error
            .as_ref()
            .map_or(0.0, |(error, _)| error.offset as f64)
    })
}

/// What has been produced: returns its length in bytes; word 0 is its address.
#[wasm_bindgen]
pub fn codecs_batch(id: u32) -> u32 {
    with_chain(id, 0, |chain| {
        let batch = chain.batch();
        tell(0, batch.bytes);
        batch.bytes.len() as u32
    })
}

/// The records that have been produced, as text: returns its length in bytes. The words are the address and length of the text, of the fields' ends
/// (`u32`, in UTF-16 code units) and of the rows' ends (`u32`, in fields); then the text's length in UTF-8, and 1 if it is Latin-1, 0 if it
/// is UTF-8. Not of a chain with a table.
#[cfg(any(tidegate_family = "text", tidegate_family = "csv"))]
#[wasm_bindgen]
pub fn codecs_text(id: u32) -> u32 {
    with_state(|state| match state.chains.get_mut(id) {
        #[cfg(tidegate_family = "csv")]
        Some(Held { table: Some(_), .. }) => 0,
        Some(held) => tell_text(held.chain.batch_text()),
        None => 0,
    })
}

#[cfg(any(tidegate_family = "text", tidegate_family = "csv"))]
fn tell_text((batch, length, is_latin1): (Batch<'_>, usize, bool)) -> u32 {
    tell(0, batch.bytes);
    tell(2, batch.ends);
    tell(4, batch.rows);
    INFO[6].store(length as u32, Ordering::Relaxed);
    INFO[7].store(is_latin1.into(), Ordering::Relaxed);
    batch.bytes.len() as u32
}

/// A figure of a stage: 0 bytes in, 1 bytes out, 2 queued, 3 high-water mark, 4 held; in bytes.
#[wasm_bindgen]
pub fn codecs_stat(id: u32, stage: u32, figure: u32) -> f64 {
    with_chain(id, 0.0, |chain| {
        chain
            .stats(stage as usize)
            .map_or(0.0, |stats| match figure {
                0 => stats.bytes_in as f64,
                1 => stats.bytes_out as f64,
                2 => stats.queued as f64,
                3 => stats.high_water_mark as f64,
                _ => stats.held as f64,
            })
    })
}

/// The digest a stage has computed: returns its length, 0 if there is none; word 0 is its address.
#[wasm_bindgen]
pub fn codecs_digest(id: u32, stage: u32) -> u32 {
    with_chain(id, 0, |chain| {
        let digest = chain.digest(stage as usize).unwrap_or_default();
        tell(0, digest);
        digest.len() as u32
    })
}

#[cfg(any(
    tidegate_family = "inflate",
    tidegate_family = "brotli",
    tidegate_family = "zstd"
))]
const fn trailing(ignore: bool) -> Trailing {
    if ignore {
        Trailing::Ignore
    } else {
        Trailing::Error
    }
}

/// No bound is a negative number.
#[cfg(any(
    tidegate_family = "inflate",
    tidegate_family = "brotli",
    tidegate_family = "zstd"
))]
fn bytes(bound: f64) -> Option<u64> {
    (bound >= 0.0).then_some(bound as u64)
}

/// No bound is 0.
#[cfg(any(
    tidegate_family = "inflate",
    tidegate_family = "brotli",
    tidegate_family = "zstd"
))]
fn ratio(bound: u32) -> Option<u32> {
    (bound > 0).then_some(bound)
}

#[cfg(any(tidegate_family = "zstd", tidegate_family = "zstd-compress"))]
thread_local! {
    /// The dictionary of the codec of zstd that is added next.
    static DICTIONARY: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// The longest dictionary of zstd, in bytes.
#[cfg(any(tidegate_family = "zstd", tidegate_family = "zstd-compress"))]
const LONGEST_DICTIONARY: u32 = 1 << 28;

/// Makes room for a dictionary of so many bytes, for the codec of zstd that is added next; returns its address, or 0 if there is no memory.
#[cfg(any(tidegate_family = "zstd", tidegate_family = "zstd-compress"))]
#[wasm_bindgen]
pub fn codecs_add_zstd_dictionary(length: u32) -> u32 {
    let mut bytes = Vec::new();
    if length > LONGEST_DICTIONARY || bytes.try_reserve_exact(length as usize).is_err() {
        with_state(|state| state.incomplete = true);
        return 0;
    }
    bytes.resize(length as usize, 0);
    let address = bytes.as_ptr() as usize as u32;
    DICTIONARY.set(Some(bytes));
    address
}
