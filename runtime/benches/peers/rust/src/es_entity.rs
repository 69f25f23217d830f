//! es-entity's operations with commit hooks, which are for PostgreSQL.

use ::es_entity::operation::hooks::CommitHook;
use ::es_entity::{AtomicOperation, DbOp};
use sqlx::{PgPool, Result};
use tokio::runtime::Runtime;

use crate::by_hand::postgres::{self, fail, insert};
use crate::serve::{self, Peer, call};
use crate::work::{Fault, Way, Work};

pub(crate) struct EsEntity {
    runtime: Runtime,
    pool: PgPool,
}

impl EsEntity {
    pub(crate) fn new(runtime: Runtime, pool: PgPool) -> Self {
        Self { runtime, pool }
    }
}

impl Peer for EsEntity {
    fn clear(&mut self) -> serve::Result {
        Ok(self.runtime.block_on(postgres::clear(&self.pool))?)
    }

    fn run(&mut self, way: Way, work: Work, times: u32) -> serve::Result {
        self.runtime.block_on(async {
            for _ in 0..times {
                match way {
                    Way::ByHand => postgres::run(&self.pool, work).await?,
                    Way::Package => run(&self.pool, work).await?,
                }
            }
            Ok(())
        })
    }

    fn rows(&mut self) -> serve::Result<i64> {
        Ok(self.runtime.block_on(postgres::rows(&self.pool))?)
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

struct Call(u64);

impl CommitHook for Call {
    fn post_commit(self) {
        call(self.0);
    }
}

async fn run(pool: &PgPool, work: Work) -> Result<()> {
    let mut operation = DbOp::init(pool).await?;
    insert(operation.connection()).await?;
    match work {
        Work::One => add(&mut operation, 1)?,
        Work::Nested => nested(&mut operation).await?,
        Work::Thousand => {
            for number in 0..Work::Thousand.calls() {
                add(&mut operation, number)?;
            }
        }
    }
    operation.commit().await
}

async fn nested(operation: &mut DbOp<'_>) -> Result<()> {
    add(operation, 1)?;
    let inner = async |operation: &mut ::es_entity::operation::SavepointOp<'_>| {
        insert(operation.connection()).await?;
        add(operation, 2)
    };
    operation.with_savepoint(inner).await?
}

async fn swallowed(pool: &PgPool) -> Result<()> {
    let mut operation = DbOp::init(pool).await?;
    insert(operation.connection()).await?;
    let _ = fail(operation.connection()).await;
    add(&mut operation, 1)?;
    operation.commit().await
}

async fn undone(pool: &PgPool) -> Result<()> {
    let mut operation = DbOp::init(pool).await?;
    insert(operation.connection()).await?;
    nested(&mut operation).await?;
    Err(sqlx::Error::RowNotFound)
}

fn add(operation: &mut impl AtomicOperation, number: u64) -> Result<()> {
    operation
        .add_commit_hook(Call(number))
        .map_err(|_| sqlx::Error::InvalidArgument("hooks are not supported".to_owned()))
}
