//! The jobs per second that several worker processes of one PostgreSQL run.

use std::time::Duration;

use commit_on_success::jobs::Job;
use sqlx::{PgPool, query, query_scalar, raw_sql};

use crate::database::{NOTIFY, Postgres, durability, until_completed};
use crate::load::{Load, Watch};
use crate::rounds::{Ratio, order};
use crate::table::Section;
use crate::worker::{Nothing, Update, WorkerProcess};
use crate::{Result, runtime};

const SECTION: Section = Section("jobs: worker processes on one PostgreSQL");

const JOBS: i64 = 4000;
const ROUNDS: usize = 5;
const PROCESSES: [usize; 4] = [1, 2, 4, 8];

/// The kinds of jobs, and words for them.
const KINDS: [(&str, &str); 2] = [
    (Nothing::KIND, "jobs that do nothing"),
    (Update::KIND, "jobs of one `UPDATE`, with `complete`"),
];

/// All jobs at once, as they are after a while without workers.
const STORE: &str = "
    INSERT INTO river_job (args, kind, max_attempts, state)
    SELECT jsonb_build_object('id', id), $1, 25, 'available' FROM generate_series(1, $2) AS id";

/// The figures of one kind of jobs and one number of processes.
#[derive(Default)]
struct Figures {
    rates: Vec<f64>,
    load: Load,
    more_than_once: i64,
}

pub(crate) fn measure() -> Result {
    runtime()?.block_on(async {
        let server = Postgres::with_tables().await?;
        let pool = server.pool(2).await?;
        SECTION.row("the server", "–", durability(&pool).await?, "");
        let version: String = query_scalar("SHOW server_version").fetch_one(&pool).await?;
        println!("with\tPostgreSQL {version}");
        for (kind, words) in KINDS {
            report(words, &figures(&pool, kind).await?);
        }
        pool.close().await;
        server.drop_tables().await
    })
}

/// The figures for each number of processes, which take turns.
async fn figures(pool: &PgPool, kind: &str) -> Result<[Figures; PROCESSES.len()]> {
    let mut figures: [Figures; PROCESSES.len()] = Default::default();
    for round in 0..ROUNDS {
        for turn in order(PROCESSES.len(), round) {
            run(pool, kind, PROCESSES[turn], &mut figures[turn]).await?;
        }
    }
    Ok(figures)
}

async fn run(pool: &PgPool, kind: &str, processes: usize, figures: &mut Figures) -> Result {
    raw_sql("TRUNCATE river_job, effect").execute(pool).await?;
    query("INSERT INTO effect SELECT id, 0 FROM generate_series(1, $1) AS id")
        .bind(JOBS)
        .execute(pool)
        .await?;
    let mut workers = Vec::new();
    for _ in 0..processes {
        workers.push(WorkerProcess::start().await?);
    }
    let mut watch = Watch::start(workers.iter().filter_map(WorkerProcess::id).collect());
    let start = store(pool, kind).await?;
    until_completed(pool, kind, Duration::from_mins(2), async || {
        watch.look(pool).await
    })
    .await?;
    figures.load.add(watch.stop());
    let end: f64 =
        query_scalar("SELECT extract(epoch FROM max(finalized_at))::float8 FROM river_job")
            .fetch_one(pool)
            .await?;
    #[allow(clippy::cast_precision_loss, reason = "a number of four digits")]
    figures.rates.push(JOBS as f64 / (end - start));
    let mut ran = 0;
    for worker in workers {
        ran += i64::try_from(worker.stop().await?)?;
    }
    figures.more_than_once += more_than_once(pool, kind, ran).await?;
    Ok(())
}

/// Stores the jobs, and returns the time of the server's clock when they could be seen.
async fn store(pool: &PgPool, kind: &str) -> Result<f64> {
    let mut transaction = pool.begin().await?;
    query(STORE)
        .bind(kind)
        .bind(JOBS)
        .execute(&mut *transaction)
        .await?;
    query(NOTIFY)
        .bind(Nothing::QUEUE)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    let now = "SELECT extract(epoch FROM clock_timestamp())::float8";
    Ok(query_scalar(now).fetch_one(pool).await?)
}

/// The number of jobs that have run more than once. Of those that update, the rows say it.
async fn more_than_once(pool: &PgPool, kind: &str, ran: i64) -> Result<i64> {
    let more = (ran - JOBS).abs();
    if kind != Update::KIND {
        return Ok(more);
    }
    let updated: i64 = query_scalar("SELECT count(*) FROM effect WHERE runs <> 1")
        .fetch_one(pool)
        .await?;
    Ok(more.max(updated))
}

fn report(words: &str, figures: &[Figures; PROCESSES.len()]) {
    let mut one = 0.0;
    for (processes, figures) in PROCESSES.iter().zip(figures) {
        let rates = Ratio::of(figures.rates.iter().copied());
        let median = rates.median();
        let what = match processes {
            1 => format!("{words}: 1 process"),
            _ => format!("{words}: {processes} processes"),
        };
        if one == 0.0 {
            one = median;
        }
        let (times, rates) = (median / one, &rates);
        SECTION.row(
            &what,
            "1 process",
            format!("{rates:.0} jobs/s, {times:.2} ×"),
            "",
        );
        SECTION.row(
            &format!("{what}, processors; sessions at work wait for"),
            "–",
            &figures.load,
            "",
        );
    }
    let more_than_once: i64 = figures.iter().map(|figures| figures.more_than_once).sum();
    let what = format!("{words}, run more than once");
    SECTION.row(&what, "–", more_than_once, "0");
}
