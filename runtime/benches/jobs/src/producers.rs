//! Eight tasks that store jobs on PostgreSQL, beside the same without jobs, while a worker in another process listens.

use std::time::{Duration, Instant};

use commit_on_success::jobs::Job;
use commit_on_success::{commit_on_success, enqueue};
use commit_on_success_worker::Notifier;
use serde::{Deserialize, Serialize};
use sqlx::{PgPool, query, raw_sql};
use tokio::task::JoinSet;

use crate::database::{NOTIFY, Postgres, durability, until_completed};
use crate::rounds::{Ratio, order};
use crate::table::Section;
use crate::worker::{Nothing, WorkerProcess};
use crate::{Result, TITLE, runtime};

const SECTION: Section =
    Section("jobs: transactions per second, 8 producers, a worker process listens");

const PRODUCERS: u32 = 8;
const ROUNDS: usize = 15;
const TURN: Duration = Duration::from_millis(400);

/// A job that the worker hears of, in a queue that it does not run.
#[derive(Serialize, Deserialize)]
struct Heard {
    id: i64,
}

impl Job for Heard {
    const KIND: &'static str = "heard";
    const QUEUE: &'static str = "heard";
}

/// The work of a transaction beside its insert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Without,
    /// One `enqueue!` of which no other process is told.
    Silent,
    /// One that a `Notifier` tells the worker of.
    Told,
    /// One that the transaction itself tells of, by `pg_notify`.
    Notified,
    /// One that a `Notifier` tells the worker of, which then runs it.
    Run,
}

const WAYS: [Way; 5] = [
    Way::Without,
    Way::Silent,
    Way::Told,
    Way::Notified,
    Way::Run,
];

impl Way {
    fn index(self) -> usize {
        self as usize
    }

    fn has_notifier(self) -> bool {
        matches!(self, Self::Told | Self::Run)
    }

    async fn transaction(self, pool: &PgPool) -> Result {
        #[commit_on_success(tx = pool)]
        async fn transaction(pool: &PgPool, way: Way) -> Result {
            query("INSERT INTO object (title) VALUES ($1)")
                .bind(TITLE)
                .execute(&mut *tx)
                .await?;
            match way {
                Way::Without => {}
                Way::Silent | Way::Told | Way::Notified => {
                    enqueue!(tx, Heard { id: 7 }).await?;
                }
                Way::Run => {
                    enqueue!(tx, Nothing { id: 7 }).await?;
                }
            }
            if way == Way::Notified {
                query(NOTIFY).bind(Heard::QUEUE).execute(&mut *tx).await?;
            }
            Ok(())
        }
        transaction(pool, self).await
    }
}

pub(crate) fn measure() -> Result {
    runtime()?.block_on(async {
        let server = Postgres::with_tables().await?;
        let pool = server.pool(PRODUCERS).await?;
        let worker = WorkerProcess::start().await?;
        let mut rounds = Vec::new();
        for round in 0..ROUNDS {
            let mut rates = [0.0; WAYS.len()];
            for turn in order(WAYS.len(), round) {
                rates[turn] = rate(&pool, WAYS[turn]).await?;
            }
            rounds.push(rates);
        }
        report(&durability(&pool).await?, &rounds);
        worker.stop().await?;
        pool.close().await;
        server.drop_tables().await
    })
}

/// The transactions per second of one turn, with nothing left of the last one.
async fn rate(pool: &PgPool, way: Way) -> Result<f64> {
    let notifier = if way.has_notifier() {
        Some(Notifier::start(pool)?)
    } else {
        None
    };
    let start = Instant::now();
    let mut producers = JoinSet::new();
    for _ in 0..PRODUCERS {
        producers.spawn(produce(pool.clone(), way, start + TURN));
    }
    let mut transactions = 0;
    while let Some(produced) = producers.join_next().await {
        transactions += produced??;
    }
    let rate = f64::from(transactions) / start.elapsed().as_secs_f64();
    if let Some(notifier) = notifier {
        notifier.shutdown().await;
    }
    clear(pool).await?;
    Ok(rate)
}

async fn produce(pool: PgPool, way: Way, end: Instant) -> Result<u32> {
    let mut transactions = 0;
    while Instant::now() < end {
        way.transaction(&pool).await?;
        transactions += 1;
    }
    Ok(transactions)
}

/// Waits for what is still to be run, and empties the tables.
async fn clear(pool: &PgPool) -> Result {
    until_completed(pool, Nothing::KIND, Duration::from_mins(1), async || Ok(())).await?;
    raw_sql("TRUNCATE river_job, object").execute(pool).await?;
    Ok(())
}

fn report(server: &str, rounds: &[[f64; WAYS.len()]]) {
    let rate = Ratio::of(rounds.iter().map(|rates| rates[Way::Without.index()])).median();
    SECTION.row(
        &format!("without a job, {server}"),
        "–",
        format!("{rate:.0}"),
        "",
    );
    for (way, what, to_reach) in [
        (Way::Silent, "one `enqueue!`, no `Notifier`", ""),
        (Way::Told, "one `enqueue!`, with a `Notifier`", "≥ 0.80"),
        (
            Way::Notified,
            "one `enqueue!`, `pg_notify` in the transaction instead",
            "",
        ),
        (
            Way::Run,
            "one `enqueue!`, with a `Notifier`, and the worker runs them on the same cores",
            "",
        ),
    ] {
        let ratio = Ratio::of(
            rounds
                .iter()
                .map(|rates| rates[way.index()] / rates[Way::Without.index()]),
        );
        SECTION.row(what, "without a job", ratio, to_reach);
    }
}
