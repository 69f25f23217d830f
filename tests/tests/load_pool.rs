//! A thousand tasks at once on a pool of eight connections, with calls that need the same pool.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::time::Duration;

use commit_on_success::{commit_on_success, defer, in_transaction};
use commit_on_success_tests::corner::{self, Stage};
use commit_on_success_tests::faults::{Tally, cases};
use commit_on_success_tests::journal::Failure;
use sqlx::sqlite::SqliteSynchronous;
use sqlx::{PgPool, Pool, Postgres, Sqlite, SqlitePool};

const CONNECTIONS: u32 = 8;
const CALLS: i64 = 3;

/// What differs between the databases is only the types.
trait Crowded: Stage {
    const TABLES: &str;

    fn task(
        pool: &Pool<Self>,
        number: i64,
    ) -> impl Future<Output = Result<(), Failure>> + Send + '_;
}

/// One of ten fails.
fn fails(number: i64) -> bool {
    number % 10 == 9
}

macro_rules! tasks {
    ($module:ident, $database:ty, $pool:ty, $tables:literal) => {
        mod $module {
            use super::*;

            #[commit_on_success(tx = pool)]
            async fn task(pool: &$pool, number: i64) -> Result<(), Failure> {
                for step in 0..CALLS {
                    defer!(call(pool.clone(), number, step).await);
                }
                let item = format!("INSERT INTO item VALUES ({number})");
                <$database>::execute(tx, item).await?;
                if fails(number) {
                    return Err(Failure::Body("one of ten"));
                }
                Ok(())
            }

            #[commit_on_success(tx = &pool)]
            async fn call(pool: $pool, number: i64, step: i64) -> Result<(), Failure> {
                let call = format!("INSERT INTO call (task, step) VALUES ({number}, {step})");
                Ok(<$database>::execute(tx, call).await?)
            }

            impl Crowded for $database {
                const TABLES: &str = $tables;

                fn task(
                    pool: &$pool,
                    number: i64,
                ) -> impl Future<Output = Result<(), Failure>> + Send + '_ {
                    task(pool, number)
                }
            }
        }
    };
}

tasks!(
    sqlite,
    Sqlite,
    SqlitePool,
    "CREATE TABLE item (id BIGINT);
     CREATE TABLE call (id INTEGER PRIMARY KEY, task BIGINT, step BIGINT)"
);
tasks!(
    postgres,
    Postgres,
    PgPool,
    "CREATE TABLE item (id BIGINT);
     CREATE TABLE call (id BIGSERIAL PRIMARY KEY, task BIGINT, step BIGINT)"
);

async fn crowd<DB: Crowded>(kind: &str, hurry: fn(corner::Address<DB>) -> corner::Address<DB>) {
    let corner = DB::corner().await;
    corner.execute(DB::TABLES).await;
    let pool = corner::pool::<DB>(hurry(corner.address.clone()), CONNECTIONS).await;
    let tasks = i64::try_from(cases(1_000)).unwrap();
    let mut tally = Tally::new(format!("tasks on a pool of eight, {kind}"));
    let running: Vec<_> = (0..tasks)
        .map(|number| {
            let pool = pool.clone();
            tokio::spawn(async move {
                let ended = DB::task(&pool, number).await;
                (ended, in_transaction())
            })
        })
        .collect();
    for (number, task) in (0..tasks).zip(running) {
        tally.inject();
        let (ended, inside) = task.await.unwrap();
        let kept = match &ended {
            Ok(()) => !fails(number),
            Err(Failure::Body(_)) => fails(number),
            Err(_) => false,
        };
        tally.promise(kept && !inside, || format!("{number}: {ended:?}"));
    }
    let succeed = (0..tasks).filter(|number| !fails(*number));
    let items: Vec<_> = succeed.clone().collect();
    let calls: Vec<_> = succeed
        .flat_map(|task| (0..CALLS).map(move |step| task * CALLS + step))
        .collect();
    let stored = corner.numbers("SELECT id FROM item ORDER BY id").await;
    tally.promise(stored == items, || format!("{} items", stored.len()));
    // Those of one task in the order in which they were made.
    let made = format!("SELECT task * {CALLS} + step FROM call ORDER BY task, id");
    let made = corner.numbers(made).await;
    tally.promise(made == calls, || format!("{} calls", made.len()));
    tally.add("calls", u64::try_from(made.len()).unwrap());
    tally.publish();
}

#[commit_on_success_test_macros::server_test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_tasks_share_eight_connections_to_postgresql() {
    crowd::<Postgres>("sqlx-postgres", |address| address).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_tasks_share_eight_connections_to_sqlite() {
    // Only one of them writes at a time, and there is no hurry.
    let patient = |address: corner::Address<Sqlite>| {
        let address = address.busy_timeout(Duration::from_secs(60));
        address.synchronous(SqliteSynchronous::Off)
    };
    crowd::<Sqlite>("sqlx-sqlite", patient).await;
}
