//! What `enqueue!` costs a transaction, how soon its job runs, and how many jobs the worker processes of one PostgreSQL run.
//!
//! `bash runtime/benches/run jobs` runs this with the server that it needs, and makes a table of what it prints.

mod database;
mod latency;
mod load;
mod price;
mod producers;
mod rusqlite;
mod throughput;
mod worker;

#[path = "../../drivers/src/rounds.rs"]
mod rounds;
#[allow(dead_code, reason = "the benchmark of drivers has more of it")]
#[path = "../../drivers/src/table.rs"]
mod table;
#[path = "../../drivers/src/turns.rs"]
mod turns;

use std::error::Error;

use tokio::runtime::{Builder, Runtime};

/// The driver's error, or the crates'.
pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

pub(crate) const TITLE: &str = "a title";

type Part = (&'static str, fn() -> Result);

const PARTS: [Part; 5] = [
    ("price", price::measure),
    ("rusqlite", rusqlite::measure),
    ("latency", latency::measure),
    ("producers", producers::measure),
    ("throughput", throughput::measure),
];

fn main() -> Result {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if wanted == [worker::PROCESS] {
        return runtime()?.block_on(worker::live());
    }
    for (name, measure) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            measure()?;
        }
    }
    Ok(())
}

/// A runtime as a program has it that runs jobs: on all processors.
pub(crate) fn runtime() -> Result<Runtime> {
    Ok(Builder::new_multi_thread().enable_all().build()?)
}

/// A runtime on this thread alone: other threads would only make the times of single transactions less steady.
pub(crate) fn runtime_of_one_thread() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}
