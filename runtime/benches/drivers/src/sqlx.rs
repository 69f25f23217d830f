//! sqlx with its three databases, each through a pool of one connection.
//!
//! The pool does not ask each time whether its connection still works, as it would by default: that round trip is
//! the same for all, and would only hide what is measured.

use std::time::Duration;

use ::sqlx::mysql::MySqlPoolOptions;
use ::sqlx::pool::PoolOptions;
use ::sqlx::postgres::{PgConnection, PgPoolOptions};
use ::sqlx::sqlite::SqlitePoolOptions;
use ::sqlx::{
    Connection as _, Database, MySqlPool, PgPool, SqlitePool, query, query_scalar, raw_sql,
};
use commit_on_success::commit_on_success;

use crate::laps::{self, Laps, TIMES, kilobytes};
use crate::mysql_server::MySqlServer;
use crate::postgres_server::{INSERT, PROCESS, PostgresServer, VERIFY};
use crate::table::{Section, Way};
use crate::{Result, TITLE, runtime};

/// The ways of one database. `$before` and `$after` are what verifies a commit, behind `BEGIN` and before
/// `COMMIT`.
macro_rules! ways {
    ($module:ident, $pool:ty, $insert:expr, $before:expr, $after:expr) => {
        pub(crate) mod $module {
            use super::*;

            const BEFORE: Option<&str> = $before;
            const AFTER: Option<&str> = $after;

            pub(crate) async fn run(way: Way, pool: &$pool) -> Result {
                match way {
                    Way::ByHand => by_hand(pool, None, None).await,
                    Way::Verified => by_hand(pool, BEFORE, AFTER).await,
                    Way::Annotated => annotated(pool).await,
                }
            }

            async fn by_hand(
                pool: &$pool,
                before: Option<&'static str>,
                after: Option<&'static str>,
            ) -> Result {
                let mut transaction = pool.begin().await?;
                if let Some(before) = before {
                    raw_sql(before).execute(&mut *transaction).await?;
                }
                query($insert)
                    .bind(TITLE)
                    .execute(&mut *transaction)
                    .await?;
                if let Some(after) = after {
                    raw_sql(after).execute(&mut *transaction).await?;
                }
                Ok(transaction.commit().await?)
            }

            #[commit_on_success]
            async fn annotated(pool: &$pool) -> Result {
                query($insert).bind(TITLE).execute(pool).await?;
                Ok(())
            }
        }
    };
}

const INSERT_PLAIN: &str = "INSERT INTO commit_on_success_bench (title) VALUES (?)";

ways!(sqlite, SqlitePool, INSERT_PLAIN, None, None);
ways!(postgres, PgPool, INSERT, None, Some(VERIFY));
// Gone when the transaction has ended by itself, after a deadlock or data definition.
ways!(
    mysql,
    MySqlPool,
    INSERT_PLAIN,
    Some("SAVEPOINT begun"),
    Some("RELEASE SAVEPOINT begun")
);

pub(crate) fn of_one<DB: Database>() -> PoolOptions<DB> {
    PoolOptions::new()
        .max_connections(1)
        .test_before_acquire(false)
        .max_lifetime(None::<Duration>)
}

pub(crate) fn measure() -> Result {
    sqlite_in_memory()?;
    postgresql()?;
    mariadb()
}

fn sqlite_in_memory() -> Result {
    let runtime = runtime()?;
    let options: SqlitePoolOptions = of_one();
    let pool = runtime.block_on(async {
        let pool = options.connect("sqlite::memory:").await?;
        let table =
            "CREATE TABLE commit_on_success_bench (id INTEGER PRIMARY KEY, title TEXT NOT NULL)";
        raw_sql(table).execute(&pool).await?;
        Result::Ok(pool)
    })?;
    let section = Section("sqlx-sqlite, in memory");
    section.compare("one insert", "by hand", "≤ 1.02", |way, times| {
        runtime.block_on(async {
            for _ in 0..times {
                sqlite::run(way, &pool).await?;
            }
            Ok(())
        })
    })
}

fn postgresql() -> Result {
    let server = PostgresServer::with_table()?;
    let runtime = runtime()?;
    let options: PgPoolOptions = of_one();
    let pool = runtime.block_on(options.connect(&server.url()))?;
    let verified = ("by hand, verified by `SELECT 1`", "≤ 1.02");
    let section = Section("sqlx-postgres, Unix socket");
    section.compare_verified("one insert", ("by hand", ""), verified, |way, times| {
        runtime.block_on(async {
            for _ in 0..times {
                postgres::run(way, &pool).await?;
            }
            Ok(())
        })
    })?;
    runtime.block_on(undo(&pool))?;
    runtime.block_on(pool.close());
    Ok(())
}

fn mariadb() -> Result {
    let runtime = runtime()?;
    let server = runtime.block_on(MySqlServer::with_table())?;
    let options: MySqlPoolOptions = of_one();
    let pool = runtime.block_on(options.connect_with(server.socket.clone()))?;
    let verified = ("by hand, verified by a savepoint", "≤ 1.02");
    let section = Section("sqlx-mysql, Unix socket");
    section.compare_verified("one insert", ("by hand", ""), verified, |way, times| {
        runtime.block_on(async {
            for _ in 0..times {
                mysql::run(way, &pool).await?;
            }
            Ok(())
        })
    })?;
    runtime.block_on(pool.close());
    runtime.block_on(server.drop_table())
}

async fn undo(pool: &PgPool) -> Result {
    let (theirs, their_memory) = undo_by_hand(pool).await?;
    let (ours, our_memory) = undo_annotated(pool).await?;
    let (driver, against) = ("sqlx-postgres", "`Connection::begin`");
    laps::report_times(driver, against, &theirs, &ours);
    laps::report_memory(driver, against, their_memory, our_memory);
    Ok(())
}

async fn undo_by_hand(pool: &PgPool) -> Result<(Laps, i64)> {
    let mut transaction = pool.begin().await?;
    let process: i32 = query_scalar(PROCESS).fetch_one(&mut *transaction).await?;
    let before = kilobytes(process);
    let mut laps = Laps::start();
    for _ in 0..TIMES {
        let mut inner = transaction.begin().await?;
        query(INSERT).bind(TITLE).execute(&mut *inner).await?;
        inner.rollback().await?;
        laps.lap();
    }
    let grown = kilobytes(process) - before;
    transaction.commit().await?;
    Ok((laps, grown))
}

#[commit_on_success]
async fn undo_annotated(pool: &PgPool) -> Result<(Laps, i64)> {
    let process: i32 = query_scalar(PROCESS).fetch_one(&mut *pool).await?;
    let before = kilobytes(process);
    let mut laps = Laps::start();
    for _ in 0..TIMES {
        let _undone = failing(pool).await;
        laps.lap();
    }
    let grown = kilobytes(process) - before;
    Ok((laps, grown))
}

#[commit_on_success]
async fn failing(connection: &mut PgConnection) -> Result {
    query(INSERT).bind(TITLE).execute(connection).await?;
    Err("rolled back".into())
}
