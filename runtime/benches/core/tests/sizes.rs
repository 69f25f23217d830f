//! How much larger the attribute makes a future, which is the same in every build.

use commit_on_success_bench_core::sizes::of_futures;

#[test]
fn a_future_grows_by_its_scope_and_its_result_at_most() {
    // Where the body holds less than begin and commit do, these are what counts.
    let at_most = [416, 152, 576];
    for (sizes, at_most) in of_futures().into_iter().zip(at_most) {
        assert!(sizes.annotated - sizes.plain <= at_most, "{sizes:?}");
    }
}
