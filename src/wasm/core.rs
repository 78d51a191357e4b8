//! The core's exports: free functions of numbers over the module's one [`Core`]. Ids and effects become numbers, and numbers
//! ids, here and nowhere else.
//!
//! No borrow outlives a call, so user code that runs as an effect may call any export again.
use core::cell::UnsafeCell;

use wasm_bindgen::prelude::*;

use crate::core::byte_readable::ByteReadable;
use crate::core::effect::{
    ByteReadableEffects, ChannelEffects, PipeAnswer, PipeReport, ReadableEffects, TeeEffects,
    TransformEffects, WritableEffects,
};
use crate::core::pipe::Pipe;
use crate::core::readable::Readable;
use crate::core::tee::Tee;
use crate::core::writable::Writable;
use crate::core::{Core, Id, PipeSource};

/// A panic is a bug; it reaches the page as a `WebAssembly.RuntimeError`. Debug builds, which have the standard library, name it.
#[cfg(all(
    target_arch = "wasm32",
    not(any(feature = "codecs", feature = "panic-hook"))
))]
#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

struct Global(UnsafeCell<Core>);

// SAFETY: wasm32 without atomics has one thread; natively the exports are compiled for clippy and never called.
unsafe impl Sync for Global {}

static CORE: Global = Global(UnsafeCell::new(Core::new()));

/// Runs one method of the module's core.
#[inline]
fn with_core<R>(method: impl FnOnce(&mut Core) -> R) -> R {
    // SAFETY: the reference does not leave the closure, and no method of the core calls the host (the core's first
    // invariant), so no export can be entered while another one runs.
    method(unsafe { &mut *CORE.0.get() })
}

/// Names panics in the console of debug builds.
#[wasm_bindgen(start)]
pub fn start() {
    #[cfg(feature = "panic-hook")]
    console_error_panic_hook::set_once();
}

/// What crosses to JavaScript and back, as a number.
pub trait Crosses {
    /// How it crosses.
    type Number;
    /// What crossed to here.
    fn from_number(number: Self::Number) -> Self;
    /// What crosses from here.
    fn into_number(self) -> Self::Number;
}

macro_rules! cross_as_they_are {
    ($($type:ty)*) => {$(
        impl Crosses for $type {
            type Number = Self;
            #[inline]
            fn from_number(number: Self) -> Self {
                number
            }
            #[inline]
            fn into_number(self) -> Self {
                self
            }
        }
    )*};
}

cross_as_they_are! { () bool u32 f64 }

macro_rules! cross_as_bits {
    ($(($($generics:tt)*) $type:ty;)*) => {$(
        impl $($generics)* Crosses for $type {
            type Number = u32;
            #[inline]
            fn from_number(number: u32) -> Self {
                Self::from_bits(number)
            }
            #[inline]
            fn into_number(self) -> u32 {
                self.bits()
            }
        }
    )*};
}

cross_as_bits! {
    (<M>) Id<M>;
    () ReadableEffects;
    () ByteReadableEffects;
    () ChannelEffects;
    () TeeEffects;
    () WritableEffects;
    () TransformEffects;
    () PipeAnswer;
    () PipeReport;
}

macro_rules! exports {
    ($($name:ident($($arg:ident: $type:ty),*) $(-> $answer:ty)?;)*) => {$(
        #[doc = concat!("See [`Core::", stringify!($name), "`].")]
        #[wasm_bindgen]
        pub fn $name($($arg: <$type as Crosses>::Number),*) $(-> <$answer as Crosses>::Number)? {
            with_core(|core| core.$name($(Crosses::from_number($arg)),*)).into_number()
        }
    )*};
}

exports! {
    live() -> u32;

    readable_new(high_water_mark: f64, flags: u32) -> Id<Readable>;
    readable_free(id: Id<Readable>);
    readable_started(id: Id<Readable>) -> ReadableEffects;
    readable_pull_settled(id: Id<Readable>) -> ReadableEffects;
    readable_desired_size(id: Id<Readable>) -> f64;
    readable_figure(id: Id<Readable>, which: u32) -> f64;
    readable_read(id: Id<Readable>) -> ReadableEffects;
    readable_read_many(id: Id<Readable>) -> ReadableEffects;
    readable_enqueue(id: Id<Readable>) -> ReadableEffects;
    readable_enqueue_commit(id: Id<Readable>, size: f64) -> ReadableEffects;
    readable_close(id: Id<Readable>) -> ReadableEffects;
    readable_error(id: Id<Readable>) -> ReadableEffects;
    readable_release(id: Id<Readable>);

    channel_new(id: Id<Readable>, capacity: f64, overflow: u32);
    channel_write(id: Id<Readable>, size: f64, retries: bool) -> ChannelEffects;
    channel_resume(id: Id<Readable>, ends: bool) -> ChannelEffects;
    channel_wait(id: Id<Readable>) -> bool;

    byte_readable_new(high_water_mark: f64, flags: u32) -> Id<ByteReadable>;
    byte_readable_free(id: Id<ByteReadable>);
    byte_readable_started(id: Id<ByteReadable>) -> ByteReadableEffects;
    byte_readable_pull_settled(id: Id<ByteReadable>) -> ByteReadableEffects;
    byte_readable_desired_size(id: Id<ByteReadable>) -> f64;
    byte_readable_figure(id: Id<ByteReadable>, which: u32) -> f64;
    byte_readable_can_close_or_enqueue(id: Id<ByteReadable>) -> bool;
    byte_readable_head_filled(id: Id<ByteReadable>) -> f64;
    byte_readable_read(id: Id<ByteReadable>) -> ByteReadableEffects;
    byte_readable_read_allocated(id: Id<ByteReadable>, byte_length: f64) -> ByteReadableEffects;
    byte_readable_pull_into(
        id: Id<ByteReadable>,
        buffer_length: f64,
        byte_offset: f64,
        byte_length: f64,
        minimum_fill: f64,
        element_size: u32
    ) -> ByteReadableEffects;
    byte_readable_enqueue(id: Id<ByteReadable>, byte_length: f64) -> ByteReadableEffects;
    byte_readable_check_respond_with_view(
        id: Id<ByteReadable>,
        buffer_length: f64,
        byte_offset: f64,
        byte_length: f64
    ) -> ByteReadableEffects;
    byte_readable_respond(id: Id<ByteReadable>, bytes_written: f64) -> ByteReadableEffects;
    byte_readable_close(id: Id<ByteReadable>) -> ByteReadableEffects;
    byte_readable_end(id: Id<ByteReadable>) -> ByteReadableEffects;
    byte_readable_release(id: Id<ByteReadable>);
    byte_readable_next_copy() -> u32;
    byte_readable_copy_from() -> f64;
    byte_readable_copy_to() -> f64;
    byte_readable_copy_length() -> f64;
    byte_readable_filled() -> f64;
    byte_readable_remainder() -> f64;
    byte_readable_answers() -> u32;
    byte_readable_entry_offset() -> f64;

    tee_new() -> Id<Tee>;
    tee_free(id: Id<Tee>);
    tee_pull(id: Id<Tee>, branch: u32) -> TeeEffects;
    tee_deliver(id: Id<Tee>) -> TeeEffects;
    tee_delivered(id: Id<Tee>) -> TeeEffects;
    tee_closed(id: Id<Tee>) -> TeeEffects;
    tee_read_failed(id: Id<Tee>);
    tee_errored(id: Id<Tee>) -> TeeEffects;
    tee_cancel(id: Id<Tee>, branch: u32) -> TeeEffects;

    writable_new(high_water_mark: f64) -> Id<Writable>;
    writable_free(id: Id<Writable>);
    writable_desired_size(id: Id<Writable>) -> f64;
    writable_figure(id: Id<Writable>, which: u32) -> f64;
    writable_backpressure(id: Id<Writable>) -> bool;
    writable_started(id: Id<Writable>) -> WritableEffects;
    writable_start_failed(id: Id<Writable>) -> WritableEffects;
    writable_write(id: Id<Writable>, size: f64) -> WritableEffects;
    writable_write_many(id: Id<Writable>, count: u32) -> WritableEffects;
    writable_write_settled(id: Id<Writable>) -> WritableEffects;
    writable_write_failed(id: Id<Writable>) -> WritableEffects;
    writable_close(id: Id<Writable>) -> WritableEffects;
    writable_close_settled(id: Id<Writable>) -> WritableEffects;
    writable_close_failed(id: Id<Writable>) -> WritableEffects;
    writable_abort(id: Id<Writable>) -> WritableEffects;
    writable_error(id: Id<Writable>) -> WritableEffects;

    transform_new(readable: Id<Readable>, writable: Id<Writable>);
    transform_unblock_write(writable: Id<Writable>) -> TransformEffects;
    transform_enqueue_commit(readable: Id<Readable>, writable: Id<Writable>, size: f64) -> ReadableEffects;
    transform_settled(readable: Id<Readable>, writable: Id<Writable>, pipe: Id<Pipe>) -> PipeReport;

    pipe_free(id: Id<Pipe>);
    pipe_source_ended(id: Id<Pipe>, end: u32);
    pipe_destination_ended(id: Id<Pipe>, end: u32);
    pipe_fulfilled(id: Id<Pipe>);
    pipe_write(id: Id<Pipe>, size: f64) -> WritableEffects;
    pipe_write_settled(id: Id<Pipe>) -> PipeReport;
    pipe_turned(id: Id<Pipe>) -> PipeReport;
    pipe_signalled(id: Id<Pipe>) -> PipeAnswer;
    pipe_pause(id: Id<Pipe>, why: u32, paused: bool);
    pipe_next(id: Id<Pipe>) -> PipeAnswer;
}

/// See [`Core::pipe_new`]; with `BYTE_SOURCE` among the flags, `source` is a byte stream's id.
#[wasm_bindgen]
pub fn pipe_new(
    source: u32,
    source_end: u32,
    destination: u32,
    destination_end: u32,
    flags: u32,
) -> u32 {
    let source = PipeSource::from_bits(source, flags);
    let destination = Id::from_bits(destination);
    with_core(|core| core.pipe_new(source, source_end, destination, destination_end, flags)).bits()
}
