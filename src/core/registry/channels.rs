//! The commands of channels, which are named by the ids of their streams.
use super::Core;
use crate::core::channel::Channel;
use crate::core::effect::channel::*;
use crate::core::effect::readable::CLOSE;
use crate::core::id::Id;
use crate::core::readable::Readable;

impl Core {
    /// Makes a new stream that belongs to nothing else a channel: see [`Channel::new`].
    pub fn channel_new(&mut self, id: Id<Readable>, capacity: f64, overflow: u32) {
        if let Some(joined) = self.readables.get_mut(id) {
            let channel = Channel::new(&mut joined.stream, capacity, overflow);
            joined.channel = Some(channel);
        }
    }

    /// See [`Channel::write`], and [`Channel::retry`] where it `retries`.
    pub fn channel_write(&mut self, id: Id<Readable>, size: f64, retries: bool) -> ChannelEffects {
        match self.channel(id) {
            Some((channel, stream)) if retries => channel.retry(stream, size),
            Some((channel, stream)) => channel.write(stream, size),
            None => STALE,
        }
    }

    /// See [`Channel::resume`].
    pub fn channel_resume(&mut self, id: Id<Readable>, ends: bool) -> ChannelEffects {
        let effects = self
            .channel(id)
            .map_or(STALE, |(channel, stream)| channel.resume(stream, ends));
        if effects.stream().has(CLOSE) {
            self.readables.free(id);
        }
        effects
    }

    /// See [`Channel::wait_for_room`]; false for a stale id.
    pub fn channel_wait(&mut self, id: Id<Readable>) -> bool {
        self.channel(id)
            .is_some_and(|(channel, stream)| channel.wait_for_room(stream))
    }

    #[inline]
    fn channel(&mut self, id: Id<Readable>) -> Option<(&mut Channel, &mut Readable)> {
        let joined = self.readables.get_mut(id)?;
        Some((joined.channel.as_mut()?, &mut joined.stream))
    }
}
