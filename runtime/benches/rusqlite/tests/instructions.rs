//! A transaction of rusqlite takes fewer instructions with the attribute than by hand.
#![cfg(target_arch = "x86_64")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::path::Path;
use std::process::Command;

use commit_on_success_bench_core::built;

/// `12345 / 23456`, of a row that ends with `0.53 (12345 / 23456)<TAB>…`.
fn counts(row: &str) -> (u64, u64) {
    let counts = row.split(['(', ')']).nth(1).unwrap();
    let (annotated, by_hand) = counts.split_once(" / ").unwrap();
    (annotated.parse().unwrap(), by_hand.parse().unwrap())
}

#[test]
fn whatever_is_done_in_it() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let Some(program) = built::instructions(env!("CARGO_PKG_NAME"), directory) else {
        return;
    };
    let output = Command::new(program).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let rows = String::from_utf8(output.stdout).unwrap();
    assert_eq!(rows.lines().count(), 5, "{rows}");
    for row in rows.lines() {
        let (annotated, by_hand) = counts(row);
        assert!(annotated < by_hand, "{row}");
    }
    let (annotated, by_hand) = counts(rows.lines().next().unwrap());
    // An empty one is at 0.72.
    assert!(annotated * 100 < by_hand * 80, "{rows}");
}
