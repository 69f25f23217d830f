//! Times of transactions on real databases, by hand and with the attribute, as ratios.
//!
//! `bash runtime/benches/run` runs this with the servers that it needs, and makes a table of what it prints.

mod diesel;
mod diesel_async;
mod laps;
#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "the drivers of the tests, which have handles as well"
)]
#[path = "../../../../tests/tests/messages/drivers.rs"]
mod message_drivers;
mod messages;
mod mysql_server;
mod postgres;
mod postgres_server;
#[allow(
    dead_code,
    unreachable_pub,
    reason = "the proxy of the tests, which use more of it"
)]
#[path = "../../../../tests/src/proxy.rs"]
mod proxy;
mod rounds;
mod rusqlite;
mod sea_orm;
mod sqlx;
mod table;
mod tokio_postgres;
#[allow(dead_code, reason = "the tests have more shapes")]
#[path = "../../../../tests/tests/messages/transaction.rs"]
mod transaction;
#[allow(dead_code, reason = "the benchmark of jobs has more of it")]
mod turns;

use std::error::Error;

use tokio::runtime::{Builder, Runtime};

/// The driver's error, or the crate's.
pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

pub(crate) const TITLE: &str = "a title";

type Part = (&'static str, &'static [fn() -> Result]);

const PARTS: [Part; 5] = [
    ("rusqlite", &[rusqlite::measure]),
    ("sqlx", &[sqlx::measure, messages::sqlx]),
    (
        "postgres",
        &[
            tokio_postgres::measure,
            postgres::measure,
            messages::postgres,
        ],
    ),
    (
        "diesel",
        &[diesel::measure, diesel_async::measure, messages::diesel],
    ),
    ("sea-orm", &[sea_orm::measure, messages::sea_orm]),
];

fn main() -> Result {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    for (name, measures) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            for measure in measures {
                measure()?;
            }
        }
    }
    Ok(())
}

/// A runtime on this thread alone: other threads would only make latencies less steady.
pub(crate) fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}
