//! Bounds for the instructions that the attribute and `defer!` take beyond the same by hand.
//!
//! The bounds are a little above what was measured, so that another compiler of the same year is within them.
#![cfg(target_arch = "x86_64")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use commit_on_success_bench_core::work::{Task, Way, Work};
use commit_on_success_bench_core::{built, callgrind};

fn program() -> Option<&'static Path> {
    static PROGRAM: OnceLock<Option<PathBuf>> = OnceLock::new();
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let program = || built::instructions(env!("CARGO_PKG_NAME"), directory);
    PROGRAM.get_or_init(program).as_deref()
}

fn once(program: &Path, work: Work, way: Way, size: usize) -> u64 {
    callgrind::once_more(program, Task { work, way, size }).unwrap()
}

/// Holds what is more than by hand to a bound.
#[track_caller]
fn at_most(bound: u64, work: Work) {
    let Some(program) = program() else { return };
    let annotated = once(program, work, Way::Annotated, 0);
    let by_hand = once(program, work, Way::ByHand, 0);
    assert!(
        annotated <= by_hand + bound,
        "{work:?}: {annotated}, {by_hand} by hand"
    );
}

#[test]
fn a_sync_block() {
    at_most(135, Work::Flat);
}

#[test]
fn a_sync_block_in_a_block() {
    at_most(475, Work::Nested);
}

#[test]
fn a_sync_block_that_joins_another() {
    at_most(625, Work::Joined);
}

#[test]
fn a_sync_block_that_is_rolled_back() {
    at_most(325, Work::Failed);
}

#[test]
fn an_async_block() {
    at_most(405, Work::FlatLater);
}

#[test]
fn an_async_block_in_a_block() {
    at_most(990, Work::NestedLater);
}

#[test]
fn an_async_block_that_is_rolled_back() {
    at_most(540, Work::FailedLater);
}

/// Holds a poll to a bound, beside one of the same future without the attribute.
#[track_caller]
fn poll_at_most(bound: u64, work: Work) {
    let Some(program) = program() else { return };
    let poll = |way| callgrind::one_larger(program, Task { work, way, size: 1 }).unwrap();
    let (annotated, plain) = (poll(Way::Annotated), poll(Way::Plain));
    assert!(
        annotated <= plain + bound,
        "{work:?}: {annotated}, {plain} without the attribute"
    );
}

#[test]
fn a_poll_of_a_body() {
    poll_at_most(60, Work::FlatLater);
}

#[test]
fn a_poll_of_a_body_in_a_block_in_a_block() {
    poll_at_most(130, Work::NestedLater);
}

/// Holds calls to a bound, in hundredths of what they take in a vector of boxes.
#[track_caller]
fn calls_at_most(bound: u64, work: Work, size: usize) {
    let Some(program) = program() else { return };
    let annotated = once(program, work, Way::Annotated, size);
    let by_hand = once(program, work, Way::ByHand, size);
    assert!(
        100 * annotated <= bound * by_hand,
        "{size} {work:?}: {annotated}, {by_hand} by hand"
    );
}

#[test]
fn calls_beside_a_vector_of_boxes() {
    calls_at_most(228, Work::Calls, 1);
    calls_at_most(155, Work::Calls, 10);
    calls_at_most(155, Work::Calls, 1000);
    calls_at_most(155, Work::Calls, 100_000);
}

#[test]
fn async_calls_beside_a_vector_of_boxes() {
    calls_at_most(270, Work::CallsLater, 1);
    calls_at_most(180, Work::CallsLater, 10);
    calls_at_most(185, Work::CallsLater, 1000);
    calls_at_most(185, Work::CallsLater, 100_000);
}
