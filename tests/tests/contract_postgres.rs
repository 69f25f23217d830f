//! The contract suite on the sync postgres.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "../contract/postgres.rs"]
mod driver;
#[path = "../contract/ends.rs"]
mod ends;
#[path = "../contract/only/postgres_given.rs"]
mod given;
#[path = "../contract/only/postgres_lost.rs"]
mod lost;
#[path = "../contract/only/postgres_sync.rs"]
mod only;
#[path = "../contract/support.rs"]
mod support;

mod dialect {
    pub(crate) const AFTER_LEFT_BEHIND: &[i64] = &[2];
}

/// The sync form, which the build script derives.
#[allow(clippy::needless_pass_by_value, reason = "a future owns what it uses")]
mod derived {
    mod suite {
        include!(concat!(env!("OUT_DIR"), "/suite/mod.rs"));
    }
    mod failing_commit {
        include!(concat!(env!("OUT_DIR"), "/suite/failing_commit.rs"));
    }
    mod left_behind {
        include!(concat!(env!("OUT_DIR"), "/only/left_behind.rs"));
    }
    mod limits {
        include!(concat!(env!("OUT_DIR"), "/only/postgres_limits.rs"));
    }
    mod options {
        include!(concat!(env!("OUT_DIR"), "/only/postgres_options.rs"));
    }
    mod postgres {
        include!(concat!(env!("OUT_DIR"), "/only/postgres.rs"));
    }
}
