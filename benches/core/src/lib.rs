//! The hot commands of the core, each as a loop that leaves the machine as it found it.
use tidegate::core::Core;
use tidegate::core::pipe::COUNTED;

/// A command and its report: `run(n)` does it `n` times and answers something of the result, so that nothing is optimized
/// away.
pub struct Command {
    /// The name in tables and in the baseline.
    pub name: &'static str,
    /// Does it `n` times.
    pub run: fn(u32) -> u64,
}

/// Every command that is measured.
pub const COMMANDS: &[Command] = &[
    Command {
        name: "enqueue_read",
        run: enqueue_read,
    },
    Command {
        name: "read_enqueue",
        run: read_enqueue,
    },
    Command {
        name: "enqueue_sized_read",
        run: enqueue_sized_read,
    },
    Command {
        name: "write_settled",
        run: write_settled,
    },
    Command {
        name: "pipe_chunk",
        run: pipe_chunk,
    },
    Command {
        name: "pipe_counted_chunk",
        run: pipe_counted_chunk,
    },
    Command {
        name: "transform_chunk",
        run: transform_chunk,
    },
    Command {
        name: "chain_chunk",
        run: chain_chunk,
    },
    Command {
        name: "new_free",
        run: new_free,
    },
];

/// A queued chunk is read, and the source pulled for the next.
fn enqueue_read(n: u32) -> u64 {
    let mut core = Core::new();
    let id = core.readable_new(1.0, 0);
    core.readable_started(id);
    let mut sum = 0;
    for _ in 0..n {
        sum += u64::from(core.readable_enqueue(id).bits());
        sum += u64::from(core.readable_pull_settled(id).bits());
        sum += u64::from(core.readable_read(id).bits());
    }
    sum
}

/// A pending read is answered by an enqueue.
fn read_enqueue(n: u32) -> u64 {
    let mut core = Core::new();
    let id = core.readable_new(0.0, 0);
    core.readable_started(id);
    let mut sum = 0;
    for _ in 0..n {
        sum += u64::from(core.readable_read(id).bits());
        sum += u64::from(core.readable_enqueue(id).bits());
        sum += u64::from(core.readable_pull_settled(id).bits());
    }
    sum
}

/// Chunks of two sizes, so that the queue keeps every size.
fn enqueue_sized_read(n: u32) -> u64 {
    let mut core = Core::new();
    let id = core.readable_new(65536.0, tidegate::core::readable::HAS_SIZE);
    core.readable_started(id);
    let mut sum = u64::from(core.readable_enqueue_commit(id, 1.0).bits());
    for turn in 0..n {
        sum += u64::from(core.readable_enqueue(id).bits());
        sum += u64::from(core.readable_enqueue_commit(id, f64::from(turn & 1) + 1.0).bits());
        sum += u64::from(core.readable_read(id).bits());
    }
    sum
}

/// A write and the report that it is done.
fn write_settled(n: u32) -> u64 {
    let mut core = Core::new();
    let id = core.writable_new(1.0);
    core.writable_started(id);
    let mut sum = 0;
    for _ in 0..n {
        sum += u64::from(core.writable_write(id, 1.0).bits());
        sum += u64::from(core.writable_write_settled(id).bits());
    }
    sum
}

/// A chunk from a pull source to a sink through a pipe whose destination has sizes.
fn pipe_chunk(n: u32) -> u64 {
    let mut core = Core::new();
    let source = core.readable_new(1.0, 0);
    let sink = core.writable_new(1.0);
    core.readable_started(source);
    core.writable_started(sink);
    let pipe = core.pipe_new(source, 0, sink, 0, 0);
    let mut sum = 0;
    for _ in 0..n {
        sum += u64::from(core.readable_enqueue(source).bits());
        sum += u64::from(core.readable_pull_settled(source).bits());
        sum += u64::from(core.pipe_next(pipe).bits());
        sum += u64::from(core.pipe_write(pipe, 1.0).bits());
        sum += u64::from(core.writable_write_settled(sink).bits());
    }
    sum
}

/// The same where the destination counts chunks: the pipe's read waits, and the enqueue writes.
fn pipe_counted_chunk(n: u32) -> u64 {
    let mut core = Core::new();
    let source = core.readable_new(1.0, 0);
    let sink = core.writable_new(1.0);
    core.readable_started(source);
    core.writable_started(sink);
    let pipe = core.pipe_new(source, 0, sink, 0, COUNTED);
    let mut sum = u64::from(core.pipe_next(pipe).bits());
    for _ in 0..n {
        sum += u64::from(core.readable_enqueue(source).bits());
        sum += u64::from(core.pipe_turned(pipe).bits());
    }
    sum
}

/// A chunk from a pull source through a pipe, a transform and a pipe to a sink.
fn chain_chunk(n: u32) -> u64 {
    let mut core = Core::new();
    let source = core.readable_new(1.0, 0);
    let writable = core.writable_new(1.0);
    let readable = core.readable_new(0.0, 0);
    core.transform_new(readable, writable);
    let sink = core.writable_new(1.0);
    let into = core.pipe_new(source, 0, writable, 0, COUNTED);
    let out = core.pipe_new(readable, 0, sink, 0, COUNTED);
    for id in [source, readable] {
        core.readable_started(id);
    }
    for id in [writable, sink] {
        core.writable_started(id);
    }
    let mut sum = u64::from(core.pipe_next(out).bits()) + u64::from(core.pipe_next(into).bits());
    for _ in 0..n {
        sum += u64::from(core.readable_enqueue(source).bits());
        sum += u64::from(core.readable_enqueue(readable).bits());
        sum += u64::from(core.pipe_write_settled(out).bits());
        sum += u64::from(core.transform_settled(readable, writable, into).bits());
        sum += u64::from(core.readable_pull_settled(source).bits());
    }
    sum
}

/// A chunk that waits for room, then goes through a transform to a pending read.
fn transform_chunk(n: u32) -> u64 {
    let mut core = Core::new();
    let readable = core.readable_new(0.0, 0);
    let writable = core.writable_new(1.0);
    core.transform_new(readable, writable);
    core.readable_started(readable);
    core.writable_started(writable);
    let mut sum = 0;
    for _ in 0..n {
        sum += u64::from(core.writable_write(writable, 1.0).bits());
        sum += u64::from(core.readable_read(readable).bits());
        sum += u64::from(core.readable_enqueue(readable).bits());
        sum += u64::from(core.writable_write_settled(writable).bits());
        sum += u64::from(core.readable_pull_settled(readable).bits());
    }
    sum
}

/// A stream that comes and goes.
fn new_free(n: u32) -> u64 {
    let mut core = Core::new();
    let mut sum = 0;
    for _ in 0..n {
        let id = core.readable_new(1.0, 0);
        sum += u64::from(id.bits());
        sum += u64::from(core.readable_close(id).bits());
    }
    sum
}
