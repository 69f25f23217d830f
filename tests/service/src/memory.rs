//! The memory and the open files of this process.

use std::alloc::System;
use std::fs;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

/// Counts the bytes on the heap of a program that has it for its global allocator.
pub static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The bytes on the heap; none, if nobody counts.
#[must_use]
pub fn heap() -> i64 {
    let stats = COUNTING.stats();
    bytes(stats.bytes_allocated) - bytes(stats.bytes_deallocated)
}

fn bytes(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The resident memory of this process without that of files, in bytes, where the system tells.
#[must_use]
pub fn resident() -> Option<i64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kilobytes: i64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// The number of open files and sockets, where the system tells.
#[must_use]
pub fn descriptors() -> Option<i64> {
    let open = fs::read_dir("/proc/self/fd").ok()?;
    i64::try_from(open.count()).ok()
}
