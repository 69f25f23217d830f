//! One `enqueue!` in a transaction of one insert, beside the transaction without it.

use ::sqlx::{PgPool, SqlitePool, query, query_scalar};
use commit_on_success::jobs::Job;
use commit_on_success::{commit_on_success, enqueue};
use riverqueue::{Client, JobArgs};
use serde::{Deserialize, Serialize};

use crate::database::{self, Postgres, durability};
use crate::table::Section;
use crate::turns::Turns;
use crate::{Result, TITLE, runtime_of_one_thread};

pub(crate) const SECTION: Section = Section("jobs: one `enqueue!` in a transaction of one insert");
pub(crate) const WITHOUT: &str = "without it";
pub(crate) const BY_HAND: &str = "the same `INSERT INTO river_job` by hand";

#[derive(Serialize, Deserialize)]
pub(crate) struct Index {
    pub(crate) id: i64,
}

impl Job for Index {
    const KIND: &'static str = "index";
}

/// The same, as River has it.
#[derive(Serialize, Deserialize, JobArgs)]
#[river(kind = "index")]
struct RiversIndex {
    id: i64,
}

/// [`Index`] as JSON.
pub(crate) const JSON: &str = r#"{"id":7}"#;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The insert alone.
    Without,
    Enqueued,
    /// The statement of `enqueue!`, written out.
    ByHand,
    /// River's own way, in a transaction of the driver's.
    River,
}

pub(crate) const INSERT_SQLITE: &str = "\
    INSERT INTO river_job (args, kind, max_attempts, priority, queue, created_at, scheduled_at, state) \
    VALUES (jsonb(?1), ?2, ?3, ?4, ?5, datetime('now', 'subsec'), \
    datetime('now', 'subsec', format('%.3f seconds', ?6 / 1000.0)), \
    CASE WHEN ?6 = 0 THEN 'available' ELSE 'scheduled' END) \
    RETURNING id";
const INSERT_POSTGRES: &str = "\
    INSERT INTO river_job (args, kind, max_attempts, priority, queue, scheduled_at, state) \
    VALUES ($1::text::jsonb, $2::text, $3::smallint, $4::smallint, $5::text, \
    CASE WHEN $6::bigint = 0 THEN now() \
    ELSE clock_timestamp() + $6::bigint * interval '1 millisecond' END, \
    CASE WHEN $6::bigint = 0 THEN 'available' ELSE 'scheduled' END::river_job_state) \
    RETURNING id";

macro_rules! ways {
    ($module:ident, $pool:ty, $insert:expr) => {
        mod $module {
            use super::*;

            const OBJECT: &str = "INSERT INTO object (title) VALUES ($1)";

            /// Runs so many transactions on one connection.
            pub(super) async fn run(way: Way, pool: &$pool, river: &Client, times: u32) -> Result {
                for _ in 0..times {
                    match way {
                        Way::Without => without(pool).await?,
                        Way::Enqueued => enqueued(pool).await?,
                        Way::ByHand => by_hand(pool).await?,
                        Way::River => rivers(pool, river).await?,
                    }
                }
                Ok(())
            }

            #[commit_on_success(tx = pool)]
            async fn without(pool: &$pool) -> Result {
                query(OBJECT).bind(TITLE).execute(&mut *tx).await?;
                Ok(())
            }

            #[commit_on_success(tx = pool)]
            async fn enqueued(pool: &$pool) -> Result {
                query(OBJECT).bind(TITLE).execute(&mut *tx).await?;
                enqueue!(tx, Index { id: 7 }).await?;
                Ok(())
            }

            #[commit_on_success(tx = pool)]
            async fn by_hand(pool: &$pool) -> Result {
                query(OBJECT).bind(TITLE).execute(&mut *tx).await?;
                let row = query_scalar($insert)
                    .bind(JSON)
                    .bind(Index::KIND)
                    .bind(25_i16)
                    .bind(1_i16)
                    .bind(Index::QUEUE)
                    .bind(0_i64);
                let _: i64 = row.fetch_one(&mut *tx).await?;
                Ok(())
            }

            async fn rivers(pool: &$pool, river: &Client) -> Result {
                let mut transaction = pool.begin().await?;
                query(OBJECT).bind(TITLE).execute(&mut *transaction).await?;
                river
                    .insert(RiversIndex { id: 7 })
                    .tx(&mut transaction)
                    .await?;
                Ok(transaction.commit().await?)
            }
        }
    };
}

ways!(sqlite, SqlitePool, INSERT_SQLITE);
ways!(postgres, PgPool, INSERT_POSTGRES);

pub(crate) fn measure() -> Result {
    on_sqlite()?;
    on_postgres()
}

fn on_sqlite() -> Result {
    let runtime = runtime_of_one_thread()?;
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("jobs.sqlite");
    let pool = runtime.block_on(database::sqlite(&path, 1))?;
    let river = Client::builder(pool.clone()).build()?;
    compare("sqlx-sqlite, synchronous FULL", "≤ 1.5", |way, times| {
        runtime.block_on(sqlite::run(way, &pool, &river, times))
    })?;
    runtime.block_on(pool.close());
    Ok(())
}

fn on_postgres() -> Result {
    let runtime = runtime_of_one_thread()?;
    let server = runtime.block_on(Postgres::with_tables())?;
    let waiting = runtime.block_on(server.pool(1))?;
    let hasty = runtime.block_on(server.hasty_pool(1))?;
    for pool in [waiting, hasty] {
        let what = runtime.block_on(durability(&pool))?;
        let river = Client::builder(pool.clone()).build()?;
        compare(
            &format!("sqlx-postgres, TCP, {what}"),
            "≤ 1.4",
            |way, times| runtime.block_on(postgres::run(way, &pool, &river, times)),
        )?;
        runtime.block_on(pool.close());
    }
    runtime.block_on(server.drop_tables())
}

fn compare(what: &str, to_reach: &str, run: impl FnMut(Way, u32) -> Result) -> Result {
    let ways = [Way::Without, Way::Enqueued, Way::ByHand, Way::River];
    let turns = Turns::take(&ways, run)?;
    let price = turns.ratio(Way::Enqueued, Way::Without);
    SECTION.row(what, WITHOUT, price, to_reach);
    let beside = turns.ratio(Way::Enqueued, Way::ByHand);
    SECTION.row(what, BY_HAND, beside, "");
    let rivers = turns.ratio(Way::River, Way::Without);
    SECTION.row(
        &format!("{what}: River's own `.tx()` instead"),
        WITHOUT,
        rivers,
        "",
    );
    Ok(())
}
