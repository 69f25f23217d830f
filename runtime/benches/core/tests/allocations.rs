//! Bounds for the allocations of the attribute and of `defer!`, which are the same in every build.
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::alloc::System;

use commit_on_success_bench_core::allocations;
use commit_on_success_bench_core::work::{Task, Way, Work};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn allocations(work: Work, way: Way, size: usize) -> usize {
    allocations::of(ALLOCATOR, Task { work, way, size }).unwrap()
}

// One test, because what is counted is counted for the whole process.
#[test]
fn nothing_allocates_but_deferred_calls_and_these_as_in_a_vector_of_boxes() {
    let blocks = [
        Work::Flat,
        Work::Nested,
        Work::Joined,
        Work::Failed,
        Work::FlatLater,
        Work::NestedLater,
        Work::FailedLater,
    ];
    for work in blocks {
        assert_eq!(allocations(work, Way::Annotated, 10), 0, "{work:?}");
    }
    for work in [Work::Calls, Work::CallsLater] {
        assert_eq!(allocations(work, Way::Annotated, 1), 2, "{work:?}");
        for size in [10, 1000, 100_000] {
            let annotated = allocations(work, Way::Annotated, size);
            let by_hand = allocations(work, Way::ByHand, size);
            assert_eq!(annotated, by_hand, "{size} {work:?}");
        }
    }
}
