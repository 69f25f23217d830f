//! Tests of the macros through the compiler: cases that compile, cases that do not, messages, and expansions.
//!
//! - `fail` holds what the macros refuse, in their own words.
//! - `rustc` holds what the compiler refuses, in its words, which change from one version to the next.
//! - `pass` holds what compiles and runs.
//! - `expand`, `lint` and `coverage` are described where they are read.
//!
//! The messages are the `.stderr` files beside the cases. To write them anew, run with `TRYBUILD=overwrite`, and read
//! what has changed. `cargo test --test ui -- what trybuild=NAME` runs the cases that have `NAME` in their path.

#![allow(
    clippy::expect_used,
    reason = "a test that cannot go on has nothing better to do"
)]

mod compiler;
mod coverage;
mod expand;
mod lint;

#[test]
fn what_the_macros_refuse_is_said_in_their_own_words() {
    trybuild::TestCases::new().compile_fail("fail/*.rs");
}

#[test]
fn what_the_compiler_refuses_is_reported_at_the_users_token() {
    if compiler::is_pinned("ui-tests/rustc") {
        trybuild::TestCases::new().compile_fail("rustc/*.rs");
    }
}

#[test]
fn what_is_documented_compiles_and_runs() {
    trybuild::TestCases::new().pass("pass/*.rs");
}
