//! The core's exports: free functions of numbers over the module's one [`Core`].
//!
//! No borrow outlives a call, so user code that runs as an effect may call any export again.
use core::cell::UnsafeCell;

use wasm_bindgen::prelude::*;

use crate::core::Core;

/// What a Wasm module without the standard library must bring itself.
#[cfg(all(
    target_arch = "wasm32",
    not(any(feature = "codecs", feature = "panic-hook"))
))]
mod bare {
    #[global_allocator]
    static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

    /// A panic is a bug; it reaches the page as a `WebAssembly.RuntimeError`. Debug builds name it.
    #[panic_handler]
    fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
        core::arch::wasm32::unreachable()
    }
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

macro_rules! exports {
    ($($name:ident($($arg:ident: $type:ty),*) $(-> $answer:ty)?;)*) => {$(
        #[doc = concat!("See [`Core::", stringify!($name), "`].")]
        #[wasm_bindgen]
        pub fn $name($($arg: $type),*) $(-> $answer)? {
            with_core(|core| core.$name($($arg),*))
        }
    )*};
}

exports! {
    live() -> u32;

    readable_new(high_water_mark: f64, flags: u32) -> u32;
    readable_free(id: u32);
    readable_started(id: u32) -> u32;
    readable_pull_settled(id: u32) -> u32;
    readable_desired_size(id: u32) -> f64;
    readable_read(id: u32) -> u32;
    readable_read_many(id: u32) -> u32;
    readable_enqueue(id: u32) -> u32;
    readable_enqueue_commit(id: u32, size: f64) -> u32;
    readable_close(id: u32) -> u32;
    readable_error(id: u32) -> u32;
    readable_release(id: u32);

    channel_offer(id: u32, size: f64, capacity: f64, overflow: u32) -> u32;

    bytes_new(high_water_mark: f64, flags: u32) -> u32;
    bytes_free(id: u32);
    bytes_started(id: u32) -> u32;
    bytes_pull_settled(id: u32) -> u32;
    bytes_desired_size(id: u32) -> f64;
    bytes_can_close_or_enqueue(id: u32) -> bool;
    bytes_head_filled(id: u32) -> f64;
    bytes_read(id: u32) -> u32;
    bytes_read_allocated(id: u32, byte_length: f64) -> u32;
    bytes_pull_into(
        id: u32,
        buffer_length: f64,
        byte_offset: f64,
        byte_length: f64,
        minimum_fill: f64,
        element_size: u32
    ) -> u32;
    bytes_enqueue(id: u32, byte_length: f64) -> u32;
    bytes_check_respond_with_view(
        id: u32,
        buffer_length: f64,
        byte_offset: f64,
        byte_length: f64
    ) -> u32;
    bytes_respond(id: u32, bytes_written: f64) -> u32;
    bytes_close(id: u32) -> u32;
    bytes_end(id: u32) -> u32;
    bytes_release(id: u32);
    bytes_next_copy() -> u32;
    bytes_copy_from() -> f64;
    bytes_copy_to() -> f64;
    bytes_copy_length() -> f64;
    bytes_filled() -> f64;
    bytes_remainder() -> f64;
    bytes_answers() -> u32;
    bytes_entry_offset() -> f64;

    tee_new() -> u32;
    tee_free(id: u32);
    tee_pull(id: u32, branch: u32) -> u32;
    tee_deliver(id: u32) -> u32;
    tee_delivered(id: u32) -> u32;
    tee_closed(id: u32) -> u32;
    tee_read_failed(id: u32);
    tee_errored(id: u32) -> u32;
    tee_cancel(id: u32, branch: u32) -> u32;

    writable_new(high_water_mark: f64) -> u32;
    writable_free(id: u32);
    writable_desired_size(id: u32) -> f64;
    writable_backpressure(id: u32) -> bool;
    writable_started(id: u32) -> u32;
    writable_start_failed(id: u32) -> u32;
    writable_write(id: u32, size: f64) -> u32;
    writable_write_many(id: u32, count: u32) -> u32;
    writable_write_settled(id: u32) -> u32;
    writable_write_failed(id: u32) -> u32;
    writable_close(id: u32) -> u32;
    writable_close_settled(id: u32) -> u32;
    writable_close_failed(id: u32) -> u32;
    writable_abort(id: u32) -> u32;
    writable_error(id: u32) -> u32;

    transform_new(readable: u32, writable: u32);
    transform_unblock_write(writable: u32) -> u32;
    transform_enqueue_commit(readable: u32, writable: u32, size: f64) -> u32;
    transform_settled(readable: u32, writable: u32, pipe: u32) -> u32;

    pipe_new(
        source: u32,
        source_end: u32,
        destination: u32,
        destination_end: u32,
        flags: u32
    ) -> u32;
    pipe_free(id: u32);
    pipe_source_ended(id: u32, end: u32);
    pipe_destination_ended(id: u32, end: u32);
    pipe_fulfilled(id: u32);
    pipe_write(id: u32, size: f64) -> u32;
    pipe_write_settled(id: u32) -> u32;
    pipe_turned(id: u32) -> u32;
    pipe_signalled(id: u32) -> u32;
    pipe_pause(id: u32, why: u32, paused: bool);
    pipe_next(id: u32) -> u32;
}
