//! Each step of a driver, each answer to it, wherever the block is and however its body ends.
#![allow(missing_docs, reason = "a test program")]

use std::collections::BTreeMap;

use commit_on_success_tests::scripted::Flavour;
use commit_on_success_tests::table::{cells, complaints, expected, observe, run};

/// Runs all cells of one flavour, and returns how many that were.
fn run_all(flavour: Flavour) -> usize {
    observe();
    let (mut all, mut wrong) = (0, Vec::new());
    let mut kinds = BTreeMap::<String, usize>::new();
    for cell in cells(flavour) {
        let expected = expected(&cell);
        if expected.seen.unplayed > 0 {
            // A shorter script says the same.
            continue;
        }
        all += 1;
        let seen = run(&cell);
        let complaints = complaints(&cell, &seen, &expected);
        if let Some(first) = complaints.first() {
            *kinds.entry(first.clone()).or_default() += 1;
            wrong.push(format!("{cell}\n    {}", complaints.join("\n    ")));
        }
    }
    println!("{flavour:?}: {all} cells, {} of them wrong", wrong.len());
    assert!(wrong.is_empty(), "{}\n{kinds:#?}", wrong.join("\n"));
    all
}

#[test]
fn sync_blocks_end_as_the_model_says_whatever_the_driver_answers() {
    let all = run_all(Flavour::Sync);
    assert!(all > 1000, "only {all} cells");
}

#[test]
fn async_blocks_end_as_the_model_says_whatever_the_driver_answers() {
    let all = run_all(Flavour::Async);
    assert!(all > 1000, "only {all} cells");
}
