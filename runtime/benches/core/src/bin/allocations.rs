//! Prints how often each kind of work allocates, as rows of the table. Apart from `instructions`, because counting
//! takes instructions.

use std::alloc::System;

use commit_on_success_bench_core::allocations;
use commit_on_success_bench_core::work::{Task, Way, Work};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The rows of the table: section and name, the work and its size, and the bound to reach.
const ROWS: [(&str, &str, Work, usize, &str); 10] = [
    ("no deferred call", "sync block", Work::Flat, 0, "0"),
    (
        "no deferred call",
        "sync block in a block",
        Work::Nested,
        0,
        "0",
    ),
    (
        "no deferred call",
        "sync block that is rolled back",
        Work::Failed,
        0,
        "0",
    ),
    ("no deferred call", "async block", Work::FlatLater, 10, "0"),
    (
        "no deferred call",
        "async block in a block",
        Work::NestedLater,
        10,
        "0",
    ),
    (
        "no deferred call",
        "async block that is rolled back",
        Work::FailedLater,
        10,
        "0",
    ),
    ("deferred calls", "1 call", Work::Calls, 1, "≤ 2"),
    ("deferred calls", "1000 calls", Work::Calls, 1000, ""),
    ("deferred calls", "1 async call", Work::CallsLater, 1, "≤ 2"),
    (
        "deferred calls",
        "1000 async calls",
        Work::CallsLater,
        1000,
        "",
    ),
];

fn main() -> Result<(), String> {
    for (section, what, work, size, to_reach) in ROWS {
        let count = |way| allocations::of(ALLOCATOR, Task { work, way, size });
        let (annotated, by_hand) = (count(Way::Annotated)?, count(Way::ByHand)?);
        let figure = format!("{annotated} (by hand: {by_hand})");
        println!("row\t{section}\t{what}, allocations\tby hand\t{figure}\t{to_reach}");
    }
    Ok(())
}
