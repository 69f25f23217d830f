//! Errors after which the transaction commits all the same, on each database.
#![allow(missing_docs, reason = "a test program")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed test says where"
)]

use commit_on_success::{Error, ErrorKind, commit_on_success, defer};
use commit_on_success_tests::corner::{Calls, Corner, Stage};
use sqlx::{MySql, MySqlPool, PgPool, Postgres, Sqlite, SqlitePool};

#[derive(Debug, thiserror::Error)]
enum AppError {
    #[error("wrong password")]
    WrongPassword,
    #[error("anything else")]
    Other,
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("transaction: {0}")]
    Transaction(#[from] Error),
}

impl AppError {
    fn is_counted(&self) -> bool {
        matches!(self, Self::WrongPassword)
    }
}

fn any_database_error(error: &AppError) -> bool {
    matches!(error, AppError::Database(_))
}

async fn with_table<DB: Stage>() -> Corner<DB> {
    let corner = DB::corner().await;
    corner.execute("CREATE TABLE item (id BIGINT)").await;
    corner
}

macro_rules! on_a_database {
    ($kind:meta, $test:ident, $database:ident, $pool:ty) => {
        #[$kind]
        async fn $test() {
            #[commit_on_success(tx = pool, no_rollback_for = AppError::is_counted)]
            async fn counts(pool: &$pool, error: AppError, calls: &Calls) -> Result<(), AppError> {
                $database::execute(tx, "INSERT INTO item VALUES (1)").await?;
                defer!(calls.clone().note("call"));
                defer!(calls.clone().note_later("later").await);
                Err(error)
            }

            for (error, counted) in [(AppError::WrongPassword, true), (AppError::Other, false)] {
                let corner = with_table::<$database>().await;
                let (pool, calls) = (corner.pool(1).await, Calls::default());
                let error = counts(&pool, error, &calls).await.unwrap_err();
                assert_eq!(error.is_counted(), counted);
                let rows = corner.numbers("SELECT id FROM item").await;
                assert_eq!(rows.len(), usize::from(counted));
                let lines: &[&str] = if counted { &["call", "later"] } else { &[] };
                assert_eq!(calls.lines(), lines);
            }
        }
    };
}

on_a_database!(
    tokio::test,
    a_counted_error_commits_on_sqlite,
    Sqlite,
    SqlitePool
);
on_a_database!(
    commit_on_success_test_macros::server_test,
    a_counted_error_commits_on_postgres,
    Postgres,
    PgPool
);
on_a_database!(
    commit_on_success_test_macros::server_test,
    a_counted_error_commits_on_mariadb,
    MySql,
    MySqlPool
);

#[commit_on_success_test_macros::server_test]
async fn an_error_after_which_postgres_stores_nothing_cannot_be_counted() {
    #[commit_on_success(tx = pool, no_rollback_for = any_database_error)]
    async fn counts(pool: &PgPool, calls: &Calls) -> Result<(), AppError> {
        Postgres::execute(tx, "INSERT INTO item VALUES (1)").await?;
        defer!(calls.clone().note("never"));
        Postgres::execute(tx, "SELECT 1 / 0").await?;
        Ok(())
    }

    let corner = with_table::<Postgres>().await;
    let calls = Calls::default();
    let error = counts(&corner.pool(1).await, &calls).await.unwrap_err();
    assert!(
        matches!(&error, AppError::Transaction(error) if error.kind() == ErrorKind::Aborted),
        "{error:?}"
    );
    assert!(calls.lines().is_empty());
    assert!(corner.numbers("SELECT id FROM item").await.is_empty());
}
