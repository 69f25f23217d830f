//! The contract suite on rusqlite.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "../contract/only/rusqlite_check.rs"]
mod check;
#[path = "../contract/rusqlite.rs"]
mod driver;
#[path = "../contract/ends.rs"]
mod ends;
#[path = "../contract/only/rusqlite_given.rs"]
mod given;
#[path = "../contract/only/rusqlite.rs"]
mod only;
#[path = "../contract/support.rs"]
mod support;

/// The sync form, which the build script derives.
#[allow(
    unused_mut,
    clippy::unnecessary_mut_passed,
    clippy::needless_pass_by_value,
    reason = "the async form lends `&mut` where this form could lend `&`, and a future owns what it uses"
)]
mod derived {
    mod suite {
        include!(concat!(env!("OUT_DIR"), "/suite/mod.rs"));
    }
    mod failing_commit {
        include!(concat!(env!("OUT_DIR"), "/suite/failing_commit.rs"));
    }
    mod replaced {
        include!(concat!(env!("OUT_DIR"), "/suite/replaced.rs"));
    }
    mod sqlite {
        include!(concat!(env!("OUT_DIR"), "/suite/sqlite.rs"));
    }
}
