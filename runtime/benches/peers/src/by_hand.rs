//! Transactions of sqlx by hand, through a pool of one connection: of sqlx 0.9 in one package, and of 0.8, which the
//! peers need, in another.

use ::sqlx::pool::PoolOptions;
use ::sqlx::{
    Connection as _, Database, PgConnection, PgPool, SqliteConnection, SqlitePool, query,
};
use ::sqlx::{query_scalar, raw_sql};

use crate::serve::{TITLE, call};
use crate::work::Work;

type Call = Box<dyn FnOnce() + Send>;

type Result<T = ()> = ::sqlx::Result<T>;

/// A pool of one, which does not ask each time whether its connection still works.
pub(crate) fn of_one<DB: Database>() -> PoolOptions<DB> {
    PoolOptions::new()
        .max_connections(1)
        .test_before_acquire(false)
}

macro_rules! by_hand {
    ($module:ident, $pool:ty, $connection:ty, $insert:expr, $clear:expr) => {
        pub(crate) mod $module {
            use super::*;

            pub(crate) async fn run(pool: &$pool, work: Work) -> Result {
                match work {
                    Work::One => one(pool).await,
                    Work::Nested => nested(pool).await,
                    Work::Thousand => thousand(pool).await,
                }
            }

            async fn one(pool: &$pool) -> Result {
                let mut transaction = pool.begin().await?;
                insert(&mut transaction).await?;
                transaction.commit().await?;
                call(1);
                Ok(())
            }

            async fn nested(pool: &$pool) -> Result {
                let mut transaction = pool.begin().await?;
                insert(&mut transaction).await?;
                let mut savepoint = transaction.begin().await?;
                insert(&mut savepoint).await?;
                savepoint.commit().await?;
                transaction.commit().await?;
                call(1);
                call(2);
                Ok(())
            }

            async fn thousand(pool: &$pool) -> Result {
                let mut calls: Vec<Call> = Vec::new();
                let mut transaction = pool.begin().await?;
                insert(&mut transaction).await?;
                for number in 0..Work::Thousand.calls() {
                    calls.push(Box::new(move || call(number)));
                }
                transaction.commit().await?;
                for call in calls {
                    call();
                }
                Ok(())
            }

            pub(crate) async fn insert(connection: &mut $connection) -> Result {
                query($insert).bind(TITLE).execute(connection).await?;
                Ok(())
            }

            #[allow(dead_code, reason = "only PostgreSQL is asked")]
            pub(crate) async fn fail(connection: &mut $connection) -> Result {
                query("SELECT missing").execute(connection).await?;
                Ok(())
            }

            pub(crate) async fn clear(pool: &$pool) -> Result {
                raw_sql($clear).execute(pool).await?;
                Ok(())
            }

            pub(crate) async fn rows(pool: &$pool) -> Result<i64> {
                query_scalar("SELECT count(*) FROM commit_on_success_bench")
                    .fetch_one(pool)
                    .await
            }
        }
    };
}

by_hand!(
    sqlite,
    SqlitePool,
    SqliteConnection,
    "INSERT INTO commit_on_success_bench (title) VALUES (?)",
    "DELETE FROM commit_on_success_bench"
);
by_hand!(
    postgres,
    PgPool,
    PgConnection,
    "INSERT INTO commit_on_success_bench (title) VALUES ($1)",
    "TRUNCATE commit_on_success_bench"
);

pub(crate) async fn open_sqlite() -> Result<SqlitePool> {
    let pool = of_one().connect("sqlite::memory:").await?;
    raw_sql("CREATE TABLE commit_on_success_bench (id INTEGER PRIMARY KEY, title TEXT NOT NULL)")
        .execute(&pool)
        .await?;
    Ok(pool)
}
