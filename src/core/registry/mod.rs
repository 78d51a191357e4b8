//! Machines named by ids, for a host that cannot hold them itself: one slab for each kind, a command for each of their methods.
//! What joins two machines of one registry is in [`joins`].
mod byte_readables;
mod channels;
mod joins;
mod pipes;
mod readables;
mod tees;
mod transforms;
mod writables;

pub use pipes::PipeSource;

use super::byte_plan::Plan;
use super::byte_readable::ByteReadable;
use super::id::Slab;
use super::pipe::Pipe;
use super::readable::Readable;
use super::tee::Tee;
use super::writable::Writable;
use joins::{JoinedPipe, JoinedReadable};

/// The live machines of one host.
///
/// ```
/// use tidegate::core::{Core, effect::writable};
///
/// let mut core = Core::new();
/// let id = core.writable_new(1.0);
/// core.writable_started(id);
/// assert!(core.writable_write(id, 1.0).has(writable::CALL_WRITE));
/// assert_eq!(core.live(), 1);
/// ```
#[derive(Debug)]
pub struct Core {
    readables: Slab<JoinedReadable, Readable>,
    writables: Slab<Writable>,
    pipes: Slab<JoinedPipe, Pipe>,
    byte_readables: Slab<ByteReadable>,
    tees: Slab<Tee>,
    plan: Plan,
}

impl Default for Core {
    fn default() -> Self {
        Self::new()
    }
}

impl Core {
    /// A core with no streams.
    pub const fn new() -> Self {
        Self {
            readables: Slab::new(),
            writables: Slab::new(),
            pipes: Slab::new(),
            byte_readables: Slab::new(),
            tees: Slab::new(),
            plan: Plan::new(),
        }
    }

    /// The number of live slots of all kinds: what a leak would make grow.
    pub fn live(&self) -> u32 {
        self.readables.live()
            + self.writables.live()
            + self.pipes.live()
            + self.byte_readables.live()
            + self.tees.live()
    }
}
