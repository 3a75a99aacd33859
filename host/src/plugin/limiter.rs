//! Memory, tables and instances of one call, and the number that broke the limit.
//!
//! Growing beyond the limit traps at once instead of returning -1 to the guest: an allocator that
//! gets -1 mostly ends in an unreachable, and the author would be told of a trap rather than of
//! memory. The answer depends only on sizes, so it is the same on every machine.

use wasmtime::ResourceLimiter;

use super::limits::Limits;
use super::outcome::Room;

/// Counts what one call holds.
#[derive(Debug)]
pub(super) struct Limiter {
    memory_limit: u64,
    table_elements_limit: u64,
    instances_limit: usize,
    memory: u64,
    /// Set when a request was refused.
    pub(super) exceeded: Option<Exceeded>,
}

/// A request that was refused: bytes of memory, or elements of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exceeded {
    pub(super) room: Room,
    pub(super) requested: u64,
    pub(super) limit: u64,
}

impl Limiter {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            memory_limit: limits.memory_bytes,
            table_elements_limit: limits.table_elements,
            instances_limit: usize::try_from(limits.instances).unwrap_or(usize::MAX),
            memory: 0,
            exceeded: None,
        }
    }

    /// The memory of the instance; memories only grow, so this is the peak.
    pub(super) fn memory_bytes(&self) -> u64 {
        self.memory
    }

    fn refuse(&mut self, room: Room, requested: u64, limit: u64) -> wasmtime::Error {
        self.exceeded = Some(Exceeded { room, requested, limit });
        wasmtime::format_err!("the plugin asked for {requested} of {limit}")
    }
}

fn wide(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = self.memory.saturating_sub(wide(current)).saturating_add(wide(desired));
        if total > self.memory_limit {
            let limit = self.memory_limit;
            return Err(self.refuse(Room::Memory, total, limit));
        }
        if let Some(maximum) = maximum
            && desired > maximum
        {
            // The module's own maximum, or what a slot holds.
            return Err(self.refuse(Room::Memory, wide(desired), wide(maximum)));
        }
        self.memory = total;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let limit = maximum.map_or(self.table_elements_limit, |maximum| {
            wide(maximum).min(self.table_elements_limit)
        });
        if wide(desired) > limit {
            return Err(self.refuse(Room::TableElements, wide(desired), limit));
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.instances_limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_memories_count_together() {
        let mut limiter = Limiter::new(&Limits { memory_bytes: 100, ..Limits::default() });
        assert!(limiter.memory_growing(0, 60, None).unwrap());
        assert!(limiter.memory_growing(0, 40, None).unwrap());
        assert_eq!(limiter.memory_bytes(), 100);
        assert!(limiter.memory_growing(40, 41, None).is_err());
        let exceeded = Exceeded { room: Room::Memory, requested: 101, limit: 100 };
        assert_eq!(limiter.exceeded, Some(exceeded));
    }

    #[test]
    fn a_table_beyond_its_limit_is_refused_in_elements() {
        let mut limiter = Limiter::new(&Limits { table_elements: 10, ..Limits::default() });
        assert!(limiter.table_growing(0, 10, None).unwrap());
        assert!(limiter.table_growing(10, 11, None).is_err());
        let exceeded = Exceeded { room: Room::TableElements, requested: 11, limit: 10 };
        assert_eq!(limiter.exceeded, Some(exceeded));
    }
}
