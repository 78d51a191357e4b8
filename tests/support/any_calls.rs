//! Bytes decoded into calls of the core: any method, any id, any number. Shared by the fuzz target and by
//! tests/core_any_calls.rs.
use tidegate::core::Core;

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
        core.readable_free(id);
        core.writable_free(id);
        core.bytes_free(id);
        core.tee_free(id);
        core.pipe_free(id);
    }
}

fn make(core: &mut Core, input: &mut Input, ids: &[u32], method: u8) -> u32 {
    match method {
        0 => core.readable_new(input.number(), input.small(4)),
        1 => core.writable_new(input.number()),
        2 => core.bytes_new(input.number(), input.small(8)),
        3 => {
            let (readable, writable) = (input.id(ids), input.id(ids));
            core.transform_new(readable, writable);
            writable
        }
        4 => core.tee_new(),
        _ => core.pipe_new(
            input.id(ids),
            input.small(3),
            input.id(ids),
            input.small(3),
            input.small(32),
        ),
    }
}

fn call_readable_or_writable(core: &mut Core, input: &mut Input, method: u8, id: u32) {
    match method {
        6 => drop(core.readable_started(id)),
        7 => drop(core.readable_pull_settled(id)),
        8 => drop(core.readable_read(id)),
        9 => drop(core.readable_enqueue(id)),
        10 => drop(core.readable_enqueue_commit(id, input.number())),
        11 => drop(core.readable_close(id)),
        12 => drop(core.readable_error(id)),
        13 => drop(core.readable_read_many(id)),
        14 => core.readable_release(id),
        15 => drop(core.readable_desired_size(id)),
        16 => drop(core.writable_write_many(id, u32::from(input.byte()))),
        17 => core.readable_free(id),
        18 => drop(core.writable_started(id)),
        19 => drop(core.writable_start_failed(id)),
        20 => drop(core.writable_write(id, input.number())),
        21 => drop(core.writable_write_settled(id)),
        22 => drop(core.writable_write_failed(id)),
        23 => drop(core.writable_close(id)),
        24 => drop(core.writable_close_settled(id)),
        25 => drop(core.writable_close_failed(id)),
        26 => drop(core.writable_abort(id)),
        27 => drop(core.writable_error(id)),
        28 => drop((
            core.writable_desired_size(id),
            core.writable_backpressure(id),
        )),
        _ => core.writable_free(id),
    }
}

fn call_bytes(core: &mut Core, input: &mut Input, method: u8, id: u32) {
    match method {
        30 => drop(core.bytes_started(id)),
        31 => drop(core.bytes_pull_settled(id)),
        32 => drop(core.bytes_desired_size(id)),
        33 => drop(core.bytes_can_close_or_enqueue(id)),
        34 => drop(core.bytes_head_filled(id)),
        35 => drop(core.bytes_read(id)),
        36 => drop(core.bytes_read_allocated(id, input.number())),
        37..=39 => drop(core.bytes_pull_into(
            id,
            input.number(),
            input.number(),
            input.number(),
            input.number(),
            input.small(9),
        )),
        40..=42 => drop(core.bytes_enqueue(id, input.number())),
        43 | 44 => drop(core.bytes_check_respond_with_view(
            id,
            input.number(),
            input.number(),
            input.number(),
        )),
        45..=47 => drop(core.bytes_respond(id, input.number())),
        48 => drop(core.bytes_close(id)),
        49 => drop(core.bytes_end(id)),
        50 => core.bytes_release(id),
        51 => while core.bytes_next_copy() != 0 {},
        52 => drop((
            core.bytes_copy_from(),
            core.bytes_copy_to(),
            core.bytes_copy_length(),
            core.bytes_filled(),
            core.bytes_remainder(),
            core.bytes_answers(),
            core.bytes_entry_offset(),
        )),
        _ => core.bytes_free(id),
    }
}

fn call_others(core: &mut Core, input: &mut Input, ids: &[u32], method: u8, id: u32) {
    match method {
        54 => drop(core.tee_pull(id, input.small(2))),
        55 => drop(core.tee_deliver(id)),
        56 => drop(core.tee_delivered(id)),
        57 => drop(core.tee_closed(id)),
        58 => core.tee_read_failed(id),
        59 => drop(core.tee_errored(id)),
        60 | 61 => drop(core.tee_cancel(id, input.small(2))),
        62 => core.tee_free(id),
        63 => drop(core.transform_unblock_write(id)),
        64 => drop(core.readable_enqueue(id)),
        65 => drop(core.transform_enqueue_commit(id, input.id(ids), input.number())),
        68 => core.pipe_source_ended(id, input.small(3)),
        69 => core.pipe_destination_ended(id, input.small(3)),
        70 => core.pipe_fulfilled(id),
        71 => drop((core.pipe_write(id, input.number()), core.pipe_next(id))),
        72 => drop(core.pipe_signalled(id)),
        73 => core.pipe_free(id),
        74 => drop(core.pipe_write_settled(id)),
        75 => drop(core.transform_settled(id, input.id(ids), input.id(ids))),
        76 => core.pipe_pause(id, input.small(4), input.small(2) == 1),
        77 => drop(core.pipe_turned(id)),
        _ => drop(core.channel_offer(id, input.number(), input.number(), input.small(5))),
    }
}
