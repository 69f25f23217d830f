//! The contract suite on an adapter that is not part of the crate: that of the example.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "../contract/in_memory.rs"]
mod driver;
#[path = "../../runtime/examples/in_memory_store.rs"]
#[allow(dead_code, reason = "its `main` is for those who run the example")]
mod in_memory_store;
#[path = "../contract/only/in_memory.rs"]
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
}
