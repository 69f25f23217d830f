//! diesel-async, in memory and over a Unix socket.

use ::diesel::{ExpressionMethods as _, QueryResult, SqliteConnection, insert_into};
use ::diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use ::diesel_async::{
    AsyncConnection as _, AsyncPgConnection, RunQueryDsl as _, SimpleAsyncConnection as _,
};
use ::tokio_postgres::Config;
use commit_on_success::commit_on_success;

use crate::diesel::schema::commit_on_success_bench as object;
use crate::diesel::{SQLITE_TABLE, THEIRS};
use crate::postgres_server::PostgresServer;
use crate::table::{Section, Way};
use crate::{Result, TITLE, runtime, tokio_postgres};

type AsyncSqliteConnection = SyncConnectionWrapper<SqliteConnection>;

macro_rules! ways {
    ($module:ident, $connection:ty) => {
        pub(crate) mod $module {
            use super::*;

            pub(crate) async fn run(way: Way, conn: &mut $connection) -> QueryResult<()> {
                match way {
                    Way::ByHand | Way::Verified => {
                        conn.transaction(async |conn| insert(conn).await).await
                    }
                    Way::Annotated => annotated(conn).await,
                }
            }

            #[commit_on_success]
            async fn annotated(conn: &mut $connection) -> QueryResult<()> {
                insert(conn).await
            }

            async fn insert(conn: &mut $connection) -> QueryResult<()> {
                let insert = insert_into(object::table).values(object::title.eq(TITLE));
                insert.execute(conn).await.map(drop)
            }
        }
    };
}

ways!(sqlite, AsyncSqliteConnection);
ways!(postgresql, AsyncPgConnection);

pub(crate) fn measure() -> Result {
    let runtime = runtime()?;
    let mut conn = runtime.block_on(AsyncSqliteConnection::establish(":memory:"))?;
    runtime.block_on(conn.batch_execute(SQLITE_TABLE))?;
    let section = Section("diesel-async, SQLite in memory");
    section.compare("one insert", THEIRS, "≤ 1.02", |way, times| {
        runtime.block_on(async {
            for _ in 0..times {
                sqlite::run(way, &mut conn).await?;
            }
            Ok(())
        })
    })?;
    let server = PostgresServer::with_table()?;
    let mut conn = runtime.block_on(connect(&server.config()))?;
    let section = Section("diesel-async, PostgreSQL, Unix socket");
    section.compare("one insert", THEIRS, "≤ 1.02", |way, times| {
        runtime.block_on(async {
            for _ in 0..times {
                postgresql::run(way, &mut conn).await?;
            }
            Ok(())
        })
    })
}

pub(crate) async fn connect(config: &Config) -> Result<AsyncPgConnection> {
    let client = tokio_postgres::connect(config).await?;
    Ok(AsyncPgConnection::try_from(client).await?)
}
