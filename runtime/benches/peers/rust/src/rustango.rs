//! rustango's `atomic!` and `on_commit`, on both databases.

use ::rustango::atomic;
use ::rustango::sql::{AtomicTx, ExecError, Pool, TxConn, on_commit};
use tokio::runtime::Runtime;

use crate::by_hand::{postgres, sqlite};
use crate::serve::{self, Peer, call};
use crate::work::{Fault, Way, Work};

type Result = std::result::Result<(), ExecError>;

pub(crate) struct Rustango {
    runtime: Runtime,
    pool: Pool,
}

impl Rustango {
    pub(crate) fn new(runtime: Runtime, pool: impl Into<Pool>) -> Self {
        let pool = pool.into();
        Self { runtime, pool }
    }
}

impl Peer for Rustango {
    fn clear(&mut self) -> serve::Result {
        self.runtime.block_on(async {
            match &self.pool {
                Pool::Postgres(pool) => postgres::clear(pool).await?,
                Pool::Sqlite(pool) => sqlite::clear(pool).await?,
            }
            Ok(())
        })
    }

    fn run(&mut self, way: Way, work: Work, times: u32) -> serve::Result {
        self.runtime.block_on(async {
            for _ in 0..times {
                match (way, &self.pool) {
                    (Way::Package, pool) => run(pool, work).await?,
                    (Way::ByHand, Pool::Postgres(pool)) => postgres::run(pool, work).await?,
                    (Way::ByHand, Pool::Sqlite(pool)) => sqlite::run(pool, work).await?,
                }
            }
            Ok(())
        })
    }

    fn rows(&mut self) -> serve::Result<i64> {
        self.runtime.block_on(async {
            Ok(match &self.pool {
                Pool::Postgres(pool) => postgres::rows(pool).await?,
                Pool::Sqlite(pool) => sqlite::rows(pool).await?,
            })
        })
    }

    fn suffer(&mut self, fault: Fault) -> serve::Result {
        let pool = &self.pool;
        Ok(self.runtime.block_on(async {
            match fault {
                Fault::Swallowed => swallowed(pool).await,
                Fault::Undone => undone(pool).await,
            }
        })?)
    }
}

async fn run(pool: &Pool, work: Work) -> Result {
    match work {
        Work::One => one(pool).await,
        Work::Nested => nested(pool).await,
        Work::Thousand => thousand(pool).await,
    }
}

async fn one(pool: &Pool) -> Result {
    atomic!(pool, |transaction| {
        insert(transaction).await?;
        on_commit(|| call(1));
        Ok(())
    })
    .await
}

async fn nested(pool: &Pool) -> Result {
    let inner = pool.clone();
    atomic!(pool, |transaction| {
        insert(transaction).await?;
        on_commit(|| call(1));
        one(&inner).await
    })
    .await
}

async fn thousand(pool: &Pool) -> Result {
    atomic!(pool, |transaction| {
        insert(transaction).await?;
        for number in 0..Work::Thousand.calls() {
            on_commit(move || call(number));
        }
        Ok(())
    })
    .await
}

async fn insert(transaction: &AtomicTx) -> Result {
    let mut transaction = transaction.lock().await?;
    match transaction.conn() {
        TxConn::Postgres(connection) => postgres::insert(connection).await?,
        TxConn::Sqlite(connection) => sqlite::insert(connection).await?,
        _ => unreachable!("there are two databases"),
    }
    Ok(())
}

async fn swallowed(pool: &Pool) -> Result {
    atomic!(pool, |transaction| {
        insert(transaction).await?;
        let _ = fail(transaction).await;
        on_commit(|| call(1));
        Ok(())
    })
    .await
}

async fn undone(pool: &Pool) -> Result {
    let inner = pool.clone();
    atomic!(pool, |transaction| {
        insert(transaction).await?;
        one(&inner).await?;
        Err(ExecError::Driver(::sqlx::Error::RowNotFound))
    })
    .await
}

async fn fail(transaction: &AtomicTx) -> Result {
    let mut transaction = transaction.lock().await?;
    match transaction.conn() {
        TxConn::Postgres(connection) => postgres::fail(connection).await?,
        _ => unreachable!("only PostgreSQL is asked"),
    }
    Ok(())
}
