//! Bounds for the bytes that the attribute adds to a future, which are the same in every build.

use commit_on_success_bench_core::sizes::of_futures;

#[test]
fn a_future_grows_by_its_scope_and_its_result_at_most() {
    // Begin and commit take up this much room, so it shows where the body holds less than they do.
    let at_most = [320, 176, 504];
    for (sizes, at_most) in of_futures().into_iter().zip(at_most) {
        assert!(sizes.annotated - sizes.plain <= at_most, "{sizes:?}");
    }
}
