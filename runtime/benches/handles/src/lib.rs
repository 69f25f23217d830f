//! Statements and blocks by a handle, beside the same on the connection and on the pool: SQLite in memory, with sqlx.

use commit_on_success::sqlx::Db;
use commit_on_success::{Error, commit_on_success};
use sqlx::pool::PoolOptions;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Executor, Result, Sqlite, SqlitePool};

/// Where statements are sent, or a block begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By a handle.
    Handle,
    /// On the connection, or on the pool where there is none.
    Direct,
}

/// The work that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Statements in one block.
    Inside,
    /// Statements outside of any block.
    Outside,
    /// Blocks without a statement.
    Blocks,
}

impl Work {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Inside, Self::Outside, Self::Blocks];

    /// The name of the row in the table, and of that which it is compared with.
    #[must_use]
    pub const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Inside => ("statement in a block", "on the connection"),
            Self::Outside => ("statement outside of any block", "on the pool"),
            Self::Blocks => ("empty block", "a block on the pool"),
        }
    }

    /// The instructions more than without a handle that are to be reached.
    #[must_use]
    pub const fn to_reach(self) -> &'static str {
        match self {
            Self::Inside => "≤ 900 more",
            Self::Outside => "≤ 200 more",
            Self::Blocks => "",
        }
    }
}

/// Does the work so many times.
///
/// # Errors
///
/// When SQLite refuses.
pub async fn run(way: Way, work: Work, times: u32) -> Result<()> {
    let pool = PoolOptions::new().max_connections(1).min_connections(1);
    let pool: SqlitePool = pool.connect("sqlite::memory:").await?;
    let db = Db::new(pool.clone());
    match (work, way) {
        (Work::Inside, Way::Handle) => by_the_handle(&db, times).await,
        (Work::Inside, Way::Direct) => on_the_connection(&pool, times).await,
        (Work::Outside, Way::Handle) => {
            for _ in 0..times {
                statement(&db).await?;
            }
            Ok(())
        }
        (Work::Outside, Way::Direct) => {
            for _ in 0..times {
                statement(&pool).await?;
            }
            Ok(())
        }
        (Work::Blocks, Way::Handle) => {
            for _ in 0..times {
                empty_by_the_handle(&db).await?;
            }
            Ok(())
        }
        (Work::Blocks, Way::Direct) => {
            for _ in 0..times {
                empty_on_the_pool(&pool).await?;
            }
            Ok(())
        }
    }
}

async fn statement<'e>(executor: impl Executor<'e, Database = Sqlite>) -> Result<()> {
    sqlx::query("SELECT 1").execute(executor).await.map(drop)
}

#[commit_on_success]
async fn by_the_handle(db: &Db<Sqlite>, times: u32) -> Result<()> {
    for _ in 0..times {
        statement(db).await?;
    }
    Ok(())
}

#[commit_on_success(tx = pool)]
async fn on_the_connection(pool: &SqlitePool, times: u32) -> Result<()> {
    let connection: &mut SqliteConnection = tx;
    for _ in 0..times {
        statement(&mut *connection).await?;
    }
    Ok(())
}

#[commit_on_success]
async fn empty_by_the_handle(db: &Db<Sqlite>) -> Result<(), Error> {
    let _ = db;
    Ok(())
}

#[commit_on_success(tx = pool)]
async fn empty_on_the_pool(pool: &SqlitePool) -> Result<(), Error> {
    let _ = tx;
    Ok(())
}
