//! Bytes decoded into calls of the core: any method, any id, any number. Shared by the fuzz target and by
//! tests/core_any_calls.rs.
use tidegate::core::PipeSource;
use tidegate::core::{Core, Id};

/// Numbers that make a difference, and one byte that stands for itself.
const NUMBERS: [f64; 14] = [
    0.0,
    -0.0,
    1.0,
    0.1,
    2.0,
    3.0,
    65_536.0,
    -1.0,
    9_007_199_254_740_993.0,
    1e300,
    5e-324,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
];

/// Reads arguments off the input; zeros when it has ended.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    fn word(&mut self) -> u32 {
        u32::from_le_bytes([self.byte(), self.byte(), self.byte(), self.byte()])
    }

    fn number(&mut self) -> f64 {
        match self.byte() {
            at @ 0..14 => NUMBERS[usize::from(at)],
            14 => f64::from_bits(u64::from(self.word()) << 32 | u64::from(self.word())),
            other => f64::from(other),
        }
    }

    /// An id that some constructor returned, or any number.
    fn id(&mut self, ids: &[u32]) -> u32 {
        match self.byte() {
            255 => self.word(),
            at if ids.is_empty() => u32::from(at),
            at => ids[usize::from(at) % ids.len()],
        }
    }

    fn small(&mut self, below: u32) -> u32 {
        match self.byte() {
            255 => self.word(),
            other => u32::from(other) % below,
        }
    }
}

/// The id of any kind that has this number.
fn named<M>(bits: u32) -> Id<M> {
    Id::from_bits(bits)
}

/// Makes the calls that `bytes` stands for. It must return: no answer of the core asks for anything here.
pub fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let mut core = Core::new();
    // Ids of every kind are mixed, so that they reach methods of the other kinds.
    let mut ids: Vec<u32> = Vec::new();
    let mut made = 0u32;
    while !input.0.is_empty() {
        let method = input.byte() % 79;
        if method < 6 {
            let id = make(&mut core, &mut input, &ids, method);
            made += u32::from(id != 0);
            if ids.len() < 64 {
                ids.push(id);
            } else {
                let at = made as usize % ids.len();
                ids[at] = id;
            }
        } else {
            let id = input.id(&ids);
            if method < 30 {
                call_readable_or_writable(&mut core, &mut input, method, id);
            } else if method < 54 {
                call_bytes(&mut core, &mut input, method, id);
            } else {
                call_others(&mut core, &mut input, &ids, method, id);
            }
        }
        assert!(core.live() <= made, "more machines than were made");
    }
    for id in ids {
        core.readable_free(named(id));
        core.writable_free(named(id));
        core.byte_readable_free(named(id));
        core.tee_free(named(id));
        core.pipe_free(named(id));
    }
}

fn make(core: &mut Core, input: &mut Input, ids: &[u32], method: u8) -> u32 {
    match method {
        0 => core.readable_new(input.number(), input.small(4)).bits(),
        1 => core.writable_new(input.number()).bits(),
        2 => core
            .byte_readable_new(input.number(), input.small(8))
            .bits(),
        3 => {
            let (readable, writable) = (input.id(ids), input.id(ids));
            core.transform_new(named(readable), named(writable));
            writable
        }
        4 => core.tee_new().bits(),
        _ => {
            let (source, source_end) = (input.id(ids), input.small(3));
            let (destination, destination_end) = (input.id(ids), input.small(3));
            let flags = input.small(32);
            let source = PipeSource::from_bits(source, flags);
            let destination = named(destination);
            core.pipe_new(source, source_end, destination, destination_end, flags)
                .bits()
        }
    }
}

fn call_readable_or_writable(core: &mut Core, input: &mut Input, method: u8, id: u32) {
    match method {
        6 => drop(core.readable_started(named(id))),
        7 => drop(core.readable_pull_settled(named(id))),
        8 => drop(core.readable_read(named(id))),
        9 => drop(core.readable_enqueue(named(id))),
        10 => drop(core.readable_enqueue_commit(named(id), input.number())),
        11 => drop(core.readable_close(named(id))),
        12 => drop(core.readable_error(named(id))),
        13 => drop(core.readable_read_many(named(id))),
        14 => core.readable_release(named(id)),
        15 => drop(core.readable_desired_size(named(id))),
        16 => drop(core.writable_write_many(named(id), u32::from(input.byte()))),
        17 => core.readable_free(named(id)),
        18 => drop(core.writable_started(named(id))),
        19 => drop(core.writable_start_failed(named(id))),
        20 => drop(core.writable_write(named(id), input.number())),
        21 => drop(core.writable_write_settled(named(id))),
        22 => drop(core.writable_write_failed(named(id))),
        23 => drop(core.writable_close(named(id))),
        24 => drop(core.writable_close_settled(named(id))),
        25 => drop(core.writable_close_failed(named(id))),
        26 => drop(core.writable_abort(named(id))),
        27 => drop(core.writable_error(named(id))),
        28 => drop((
            core.writable_desired_size(named(id)),
            core.writable_backpressure(named(id)),
        )),
        _ => core.writable_free(named(id)),
    }
}

fn call_bytes(core: &mut Core, input: &mut Input, method: u8, id: u32) {
    match method {
        30 => drop(core.byte_readable_started(named(id))),
        31 => drop(core.byte_readable_pull_settled(named(id))),
        32 => drop(core.byte_readable_desired_size(named(id))),
        33 => drop(core.byte_readable_can_close_or_enqueue(named(id))),
        34 => drop(core.byte_readable_head_filled(named(id))),
        35 => drop(core.byte_readable_read(named(id))),
        36 => drop(core.byte_readable_read_allocated(named(id), input.number())),
        37..=39 => drop(core.byte_readable_pull_into(
            named(id),
            input.number(),
            input.number(),
            input.number(),
            input.number(),
            input.small(9),
        )),
        40..=42 => drop(core.byte_readable_enqueue(named(id), input.number())),
        43 | 44 => drop(core.byte_readable_check_respond_with_view(
            named(id),
            input.number(),
            input.number(),
            input.number(),
        )),
        45..=47 => drop(core.byte_readable_respond(named(id), input.number())),
        48 => drop(core.byte_readable_close(named(id))),
        49 => drop(core.byte_readable_end(named(id))),
        50 => core.byte_readable_release(named(id)),
        51 => while core.byte_readable_next_copy() != 0 {},
        52 => drop((
            core.byte_readable_copy_from(),
            core.byte_readable_copy_to(),
            core.byte_readable_copy_length(),
            core.byte_readable_filled(),
            core.byte_readable_remainder(),
            core.byte_readable_answers(),
            core.byte_readable_entry_offset(),
        )),
        _ => core.byte_readable_free(named(id)),
    }
}

fn call_others(core: &mut Core, input: &mut Input, ids: &[u32], method: u8, id: u32) {
    match method {
        54 => drop(core.tee_pull(named(id), input.small(2))),
        55 => drop(core.tee_deliver(named(id))),
        56 => drop(core.tee_delivered(named(id))),
        57 => drop(core.tee_closed(named(id))),
        58 => core.tee_read_failed(named(id)),
        59 => drop(core.tee_errored(named(id))),
        60 | 61 => drop(core.tee_cancel(named(id), input.small(2))),
        62 => core.tee_free(named(id)),
        63 => drop(core.transform_unblock_write(named(id))),
        64 => drop(core.readable_enqueue(named(id))),
        65 => drop(core.transform_enqueue_commit(named(id), named(input.id(ids)), input.number())),
        68 => core.pipe_source_ended(named(id), input.small(3)),
        69 => core.pipe_destination_ended(named(id), input.small(3)),
        70 => core.pipe_fulfilled(named(id)),
        71 => drop((
            core.pipe_write(named(id), input.number()),
            core.pipe_next(named(id)),
        )),
        72 => drop(core.pipe_signalled(named(id))),
        73 => core.pipe_free(named(id)),
        74 => drop(core.pipe_write_settled(named(id))),
        75 => drop(core.transform_settled(named(id), named(input.id(ids)), named(input.id(ids)))),
        76 => core.pipe_pause(named(id), input.small(4), input.small(2) == 1),
        77 => drop(core.pipe_turned(named(id))),
        _ => call_channel(core, input, id),
    }
}

fn call_channel(core: &mut Core, input: &mut Input, id: u32) {
    match input.small(5) {
        0 => core.channel_new(named(id), input.number(), input.small(5)),
        1 => drop(core.channel_write(named(id), input.number(), false)),
        2 => drop(core.channel_write(named(id), input.number(), true)),
        3 => drop(core.channel_wait(named(id))),
        _ => drop(core.channel_resume(named(id), input.small(2) == 1)),
    }
}
