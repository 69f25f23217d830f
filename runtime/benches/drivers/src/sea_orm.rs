//! sea-orm, in memory and over a Unix socket.

use ::sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbErr,
    Statement, TransactionTrait as _,
};
use commit_on_success::commit_on_success;

use crate::diesel::SQLITE_TABLE;
use crate::postgres_server::{INSERT, PostgresServer, VERIFY};
use crate::table::{Section, Way};
use crate::{Result, TITLE, runtime};

const THEIRS: &str = "`transaction(|tx| Box::pin(…))`";

pub(crate) fn measure() -> Result {
    let runtime = runtime()?;
    let db = runtime.block_on(connect("sqlite::memory:"))?;
    runtime.block_on(db.execute_unprepared(SQLITE_TABLE))?;
    let section = Section("sea-orm, SQLite in memory");
    section.compare("one insert", THEIRS, "≤ 1.02", |way, times| {
        runtime.block_on(run(way, &db, times))
    })?;
    let server = PostgresServer::with_table()?;
    let db = runtime.block_on(connect(&server.url()))?;
    let section = Section("sea-orm, PostgreSQL, Unix socket");
    let verified = ("the same, verified by `SELECT 1`", "≤ 1.02");
    section.compare_verified(
        "one insert",
        (THEIRS, "≤ 1.02"),
        verified,
        |way, times| runtime.block_on(run(way, &db, times)),
    )?;
    Ok(runtime.block_on(db.close())?)
}

/// A pool of one that does not test its connection before it lends it, the same as with sqlx.
async fn connect(url: &str) -> Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(1)
        .test_before_acquire(false)
        .sqlx_logging(false);
    Ok(Database::connect(options).await?)
}

async fn run(way: Way, db: &DatabaseConnection, times: u32) -> Result {
    for _ in 0..times {
        match way {
            Way::ByHand => theirs(db, false).await?,
            Way::Verified => theirs(db, true).await?,
            Way::Annotated => annotated(db).await?,
        }
    }
    Ok(())
}

async fn theirs(db: &DatabaseConnection, verify: bool) -> Result {
    db.transaction::<_, (), DbErr>(|tx| {
        Box::pin(async move {
            insert(tx).await?;
            if verify {
                tx.execute_unprepared(VERIFY).await?;
            }
            Ok(())
        })
    })
    .await?;
    Ok(())
}

#[commit_on_success]
async fn annotated(db: &DatabaseConnection) -> std::result::Result<(), DbErr> {
    insert(db).await
}

async fn insert(tx: &DatabaseTransaction) -> std::result::Result<(), DbErr> {
    let backend = tx.get_database_backend();
    let insert = Statement::from_sql_and_values(backend, INSERT, [TITLE.into()]);
    tx.execute_raw(insert).await.map(drop)
}
