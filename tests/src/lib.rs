//! Tests.

pub mod answering;
pub mod corner;
pub mod cutting;
pub mod elsewhere;
pub mod errors;
pub mod faults;
pub mod journal;
pub mod model;
pub mod noting;
pub mod open;
pub mod pg;
pub mod polling;
pub mod programs;
pub mod proxy;
pub mod scripted;
pub mod servers;
pub mod stoppable;
pub mod table;
pub mod transient;
pub mod victims;
pub mod with_diesel;

/// The documents that are no part of a package, whose examples have to compile all the same.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../../docs/faq.md")]
    struct Faq;

    #[doc = include_str!("../../docs/guide.md")]
    struct Guide;

    #[doc = include_str!("../../docs/migrate.md")]
    struct Migrate;
}
