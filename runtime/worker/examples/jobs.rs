//! Shows what waits, runs and was given up.
//!
//! ```sh
//! cargo run -p commit_on_success_worker --example jobs --features postgres -- objects.sqlite
//! cargo run -p commit_on_success_worker --example jobs --features postgres -- postgres://…
//! ```

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{PgPool, SqlitePool, query_as};

const COUNTS: &str =
    "SELECT kind, CAST(state AS text), count(*) FROM river_job GROUP BY kind, state";
const LOST_IN_SQLITE: &str = "SELECT id, kind, errors ->> '$[#-1].error' FROM river_job WHERE state = 'discarded' ORDER BY id";
const LOST_IN_POSTGRES: &str = "SELECT id, kind, errors[array_upper(errors, 1)] ->> 'error' FROM river_job \
    WHERE state = 'discarded' ORDER BY id";

/// The states of jobs, and how a person would say it.
const STATES: [(&str, &str); 7] = [
    ("available", "waits"),
    ("scheduled", "waits for its time"),
    ("running", "runs"),
    ("retryable", "has failed and is tried again"),
    ("completed", "is done"),
    ("cancelled", "was cancelled"),
    ("discarded", "was given up"),
];

type Counts = Vec<(String, String, i64)>;
type Lost = Vec<(i64, String, Option<String>)>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let location = std::env::args()
        .nth(1)
        .context("usage: jobs FILE | postgres://…")?;
    let (counts, lost) = if location.contains("://") {
        let pool = PgPool::connect(&location).await?;
        let counts: Counts = query_as(COUNTS).fetch_all(&pool).await?;
        (counts, query_as(LOST_IN_POSTGRES).fetch_all(&pool).await?)
    } else {
        let options = SqliteConnectOptions::new()
            .filename(&location)
            .read_only(true);
        let pool = SqlitePool::connect_with(options).await?;
        let counts: Counts = query_as(COUNTS).fetch_all(&pool).await?;
        (counts, query_as(LOST_IN_SQLITE).fetch_all(&pool).await?)
    };
    show(counts, lost);
    Ok(())
}

fn show(counts: Counts, lost: Lost) {
    let mut kinds: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
    for (kind, state, count) in counts {
        kinds.entry(kind).or_default().insert(state, count);
    }
    for (kind, states) in kinds {
        println!("{kind}");
        for (state, words) in STATES {
            if let Some(count) = states.get(state) {
                println!("  {count:>6} {words}");
            }
        }
    }
    for (id, kind, error) in lost {
        println!("job {id} ({kind}): {}", error.unwrap_or_default());
    }
}
