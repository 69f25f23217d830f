//! tokio-postgres and deadpool-postgres, over a Unix socket.

use ::tokio_postgres::{Client, NoTls, Statement};
use commit_on_success::commit_on_success;
use deadpool_postgres::{Manager, Pool};

use crate::laps::{self, Laps, TIMES, kilobytes};
use crate::postgres_server::{INSERT, PROCESS, PostgresServer, VERIFY};
use crate::table::{Section, Way};
use crate::{Result, TITLE, runtime};

pub(crate) fn measure() -> Result {
    let server = PostgresServer::with_table()?;
    let runtime = runtime()?;
    let mut client = runtime.block_on(connect(&server.config()))?;
    let insert = runtime.block_on(client.prepare(INSERT))?;
    compare("tokio-postgres, Unix socket", |way, times| {
        runtime.block_on(async {
            for _ in 0..times {
                run(way, &mut client, &insert).await?;
            }
            Ok(())
        })
    })?;
    runtime.block_on(undo(&mut client, &insert))?;
    let manager = Manager::new(server.config(), NoTls);
    let pool = Pool::builder(manager).max_size(1).build()?;
    compare("deadpool-postgres, Unix socket", |way, times| {
        runtime.block_on(async {
            for _ in 0..times {
                run_pooled(way, &pool).await?;
            }
            Ok(())
        })
    })
}

/// The columns that all drivers of PostgreSQL have.
pub(crate) fn compare(section: &'static str, run: impl FnMut(Way, u32) -> Result) -> Result {
    Section(section).compare_verified(
        "one insert",
        ("by hand", "≤ 1.05"),
        ("by hand, verified by `SELECT 1`", "≤ 1.02"),
        run,
    )
}

pub(crate) async fn connect(config: &::tokio_postgres::Config) -> Result<Client> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

pub(crate) async fn run(way: Way, client: &mut Client, insert: &Statement) -> Result {
    match way {
        Way::ByHand | Way::Verified => by_hand(client, insert, way == Way::Verified).await,
        Way::Annotated => annotated(client, insert).await,
    }
}

async fn by_hand(client: &mut Client, insert: &Statement, verify: bool) -> Result {
    let transaction = client.transaction().await?;
    transaction.execute(insert, &[&TITLE]).await?;
    if verify {
        transaction.batch_execute(VERIFY).await?;
    }
    Ok(transaction.commit().await?)
}

#[commit_on_success]
async fn annotated(client: &mut Client, insert: &Statement) -> Result {
    client.execute(insert, &[&TITLE]).await?;
    Ok(())
}

pub(crate) async fn run_pooled(way: Way, pool: &Pool) -> Result {
    match way {
        Way::ByHand | Way::Verified => pooled_by_hand(pool, way == Way::Verified).await,
        Way::Annotated => pooled(pool).await,
    }
}

async fn pooled_by_hand(pool: &Pool, verify: bool) -> Result {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let insert = transaction.prepare_cached(INSERT).await?;
    transaction.execute(&insert, &[&TITLE]).await?;
    if verify {
        transaction.batch_execute(VERIFY).await?;
    }
    Ok(transaction.commit().await?)
}

#[commit_on_success]
async fn pooled(pool: &Pool) -> Result {
    let insert = pool.prepare_cached(INSERT).await?;
    pool.execute(&insert, &[&TITLE]).await?;
    Ok(())
}

async fn undo(client: &mut Client, insert: &Statement) -> Result {
    let (theirs, their_memory) = undo_by_hand(client, insert).await?;
    let (ours, our_memory) = undo_annotated(client, insert).await?;
    let (driver, against) = ("tokio-postgres", "`Transaction::transaction`");
    laps::report_times(driver, against, &theirs, &ours);
    laps::report_memory(driver, against, their_memory, our_memory);
    Ok(())
}

async fn undo_by_hand(client: &mut Client, insert: &Statement) -> Result<(Laps, i64)> {
    let mut transaction = client.transaction().await?;
    let process: i32 = transaction.query_one(PROCESS, &[]).await?.get(0);
    let before = kilobytes(process);
    let mut laps = Laps::start();
    for _ in 0..TIMES {
        let inner = transaction.transaction().await?;
        inner.execute(insert, &[&TITLE]).await?;
        inner.rollback().await?;
        laps.lap();
    }
    let grown = kilobytes(process) - before;
    transaction.commit().await?;
    Ok((laps, grown))
}

#[commit_on_success]
async fn undo_annotated(client: &mut Client, insert: &Statement) -> Result<(Laps, i64)> {
    let process: i32 = client.query_one(PROCESS, &[]).await?.get(0);
    let before = kilobytes(process);
    let mut laps = Laps::start();
    for _ in 0..TIMES {
        let _undone = failing(client, insert).await;
        laps.lap();
    }
    let grown = kilobytes(process) - before;
    Ok((laps, grown))
}

#[commit_on_success]
async fn failing(client: &mut Client, insert: &Statement) -> Result {
    client.execute(insert, &[&TITLE]).await?;
    Err("rolled back".into())
}
