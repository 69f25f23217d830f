//! What a handle costs in allocations, beside the same work on the connection and on the pool.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use allocation_counter::measure;
use commit_on_success::sqlx::Db;
use commit_on_success::{Error, commit_on_success};
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{Executor, Sqlite, SqlitePool};

const TIMES: usize = 500;
const ROUNDS: usize = 20;

async fn pool() -> SqlitePool {
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .min_connections(1);
    pool.connect("sqlite::memory:").await.unwrap()
}

async fn statement<'e>(executor: impl Executor<'e, Database = Sqlite>) -> sqlx::Result<()> {
    sqlx::query("SELECT 1").execute(executor).await?;
    Ok(())
}

/// The fewest allocations of something that is done many times, by how often it has waited.
type Costs = BTreeMap<usize, u64>;

/// Runs a future, and notes what this thread has allocated for it. The thread of the connection is not counted, but who waits
/// for it allocates what is woken; how often that is, is up to the scheduler.
async fn note<T, E>(
    costs: &mut Costs,
    future: impl Future<Output = Result<T, E>>,
) -> Result<(), E> {
    let mut future = pin!(future);
    let (mut waited, mut allocated) = (0, 0);
    let counted = poll_fn(|context| {
        let mut polled = Poll::Pending;
        allocated += measure(|| polled = future.as_mut().poll(context)).count_total;
        waited += usize::from(polled.is_pending());
        polled
    });
    counted.await?;
    let fewest = costs.entry(waited).or_insert(allocated);
    *fewest = allocated.min(*fewest);
    Ok(())
}

macro_rules! costs {
    ($costs:ident, $each:expr) => {{
        for _ in 0..TIMES {
            note($costs, $each).await?;
        }
        Ok(())
    }};
}

/// Measures until one costs that many more than the other, where both have waited equally often.
macro_rules! assert_more {
    ($more:literal, $run:ident($source:expr), $than:ident($plain:expr)) => {
        let (mut costs, mut than) = (Costs::new(), Costs::new());
        let is_more = |costs: &Costs, than: &Costs| {
            let mut waited = costs.iter();
            waited.any(|(waited, cost)| than.get(waited).is_some_and(|than| *cost == than + $more))
        };
        for _ in 0..ROUNDS {
            $run($source, &mut costs).await.unwrap();
            $than($plain, &mut than).await.unwrap();
            if is_more(&costs, &than) {
                break;
            }
        }
        assert!(
            is_more(&costs, &than),
            "{costs:?} instead of {} more than {than:?}",
            $more
        );
    };
}

#[commit_on_success(tx = pool)]
async fn on_the_pools_connection(pool: &SqlitePool, costs: &mut Costs) -> sqlx::Result<()> {
    costs!(costs, statement(&mut *tx))
}

#[commit_on_success]
async fn by_the_handle(db: &Db<Sqlite>, costs: &mut Costs) -> sqlx::Result<()> {
    costs!(costs, statement(db))
}

#[commit_on_success(tx = pool)]
async fn empty_on_the_pool(pool: &SqlitePool) -> Result<(), Error> {
    let _ = tx;
    Ok(())
}

#[commit_on_success]
async fn empty_by_the_handle(db: &Db<Sqlite>) -> Result<(), Error> {
    let _ = db;
    Ok(())
}

async fn statements_outside<'e, E: Executor<'e, Database = Sqlite> + Copy>(
    executor: E,
    costs: &mut Costs,
) -> sqlx::Result<()> {
    costs!(costs, statement(executor))
}

async fn blocks_on_the_pool(pool: &SqlitePool, costs: &mut Costs) -> Result<(), Error> {
    costs!(costs, empty_on_the_pool(pool))
}

async fn blocks_by_the_handle(db: &Db<Sqlite>, costs: &mut Costs) -> Result<(), Error> {
    costs!(costs, empty_by_the_handle(db))
}

#[tokio::test]
async fn a_statement_is_one_allocation_more_in_a_block_and_none_outside_and_a_block_is_three() {
    let pool = pool().await;
    let db = Db::new(pool.clone());
    assert_more!(1, by_the_handle(&db), on_the_pools_connection(&pool));
    assert_more!(0, statements_outside(&db), statements_outside(&pool));
    assert_more!(3, blocks_by_the_handle(&db), blocks_on_the_pool(&pool));
}
