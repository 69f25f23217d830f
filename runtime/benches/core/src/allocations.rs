//! Counting the allocations of some work.

use std::alloc::System;

use stats_alloc::{Region, StatsAlloc};

use crate::work::Task;

/// The number of times that a task allocates, growth of what was allocated included.
///
/// The fewest of several runs: other threads of the process may allocate meanwhile.
///
/// # Errors
///
/// Those of [`Task::run`].
pub fn of(allocator: &StatsAlloc<System>, task: Task) -> Result<usize, String> {
    let mut fewest = usize::MAX;
    for _ in 0..20 {
        let region = Region::new(allocator);
        task.run(1)?;
        let change = region.change();
        fewest = fewest.min(change.allocations + change.reallocations);
    }
    Ok(fewest)
}
