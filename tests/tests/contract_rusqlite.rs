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
#[path = "../contract/only/rusqlite_handle.rs"]
mod handle;
#[path = "../contract/handle_driver/rusqlite.rs"]
mod handle_driver;
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

/// The suite by handles of pools, in the form that the build script derives.
#[allow(
    unused_imports,
    unused_mut,
    clippy::needless_borrow,
    clippy::needless_pass_by_value,
    clippy::unnecessary_mut_passed,
    reason = "the async form lends `&mut` where this form lends `&`, and a future owns what it uses"
)]
mod by_handle {
    use crate::handle_driver as driver;

    mod failing_commit {
        include!(concat!(
            env!("OUT_DIR"),
            "/sync_handle/suite/failing_commit.rs"
        ));
    }
    mod replaced {
        include!(concat!(env!("OUT_DIR"), "/sync_handle/suite/replaced.rs"));
    }
    mod sqlite {
        include!(concat!(env!("OUT_DIR"), "/sync_handle/suite/sqlite.rs"));
    }
    mod suite {
        include!(concat!(env!("OUT_DIR"), "/sync_handle/suite/mod.rs"));
    }
}
