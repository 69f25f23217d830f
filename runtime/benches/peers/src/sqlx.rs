//! sqlx, by hand and with the attribute.

use ::sqlx::{Error, PgConnection, PgPool, Result, SqliteConnection, SqlitePool};
use commit_on_success::{commit_on_success, defer};
use tokio::runtime::Runtime;

use crate::by_hand::{of_one, open_sqlite};
use crate::serve::{self, Peer, call};
use crate::work::{Fault, Way, Work};
use crate::{postgres_url, runtime};

pub(crate) struct Sqlx<Pool> {
    runtime: Runtime,
    pool: Pool,
}

macro_rules! peer {
    ($module:ident, $pool:ty, $connection:ty) => {
        mod $module {
            use super::*;
            use crate::by_hand::$module::{self as plain, fail, insert};

            impl Peer for Sqlx<$pool> {
                fn clear(&mut self) -> serve::Result {
                    Ok(self.runtime.block_on(plain::clear(&self.pool))?)
                }

                fn run(&mut self, way: Way, work: Work, times: u32) -> serve::Result {
                    self.runtime.block_on(async {
                        for _ in 0..times {
                            match way {
                                Way::ByHand => plain::run(&self.pool, work).await?,
                                Way::Package => run(&self.pool, work).await?,
                            }
                        }
                        Ok(())
                    })
                }

                fn rows(&mut self) -> serve::Result<i64> {
                    Ok(self.runtime.block_on(plain::rows(&self.pool))?)
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

            async fn run(pool: &$pool, work: Work) -> Result<()> {
                match work {
                    Work::One => one(pool).await,
                    Work::Nested => nested(pool).await,
                    Work::Thousand => thousand(pool).await,
                }
            }

            #[commit_on_success]
            async fn one(pool: &$pool) -> Result<()> {
                insert(pool).await?;
                defer!(call(1));
                Ok(())
            }

            #[commit_on_success]
            async fn nested(pool: &$pool) -> Result<()> {
                insert(pool).await?;
                defer!(call(1));
                inner(pool).await
            }

            #[commit_on_success]
            async fn inner(connection: &mut $connection) -> Result<()> {
                insert(connection).await?;
                defer!(call(2));
                Ok(())
            }

            #[commit_on_success]
            async fn thousand(pool: &$pool) -> Result<()> {
                insert(pool).await?;
                for number in 0..Work::Thousand.calls() {
                    defer!(call(number));
                }
                Ok(())
            }

            #[commit_on_success]
            async fn swallowed(pool: &$pool) -> Result<()> {
                insert(pool).await?;
                let _ = fail(pool).await;
                defer!(call(1));
                Ok(())
            }

            #[commit_on_success]
            async fn undone(pool: &$pool) -> Result<()> {
                insert(pool).await?;
                inner(pool).await?;
                Err(Error::RowNotFound)
            }
        }
    };
}

peer!(sqlite, SqlitePool, SqliteConnection);
peer!(postgres, PgPool, PgConnection);

pub(crate) fn sqlite() -> serve::Result<Sqlx<SqlitePool>> {
    let runtime = runtime()?;
    let pool = runtime.block_on(open_sqlite())?;
    Ok(Sqlx { runtime, pool })
}

pub(crate) fn postgres() -> serve::Result<Sqlx<PgPool>> {
    let runtime = runtime()?;
    let pool = runtime.block_on(of_one().connect(&postgres_url()?))?;
    Ok(Sqlx { runtime, pool })
}
