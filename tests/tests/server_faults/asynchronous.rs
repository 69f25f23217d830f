//! The drivers whose transactions are futures.

use std::pin::Pin;
use std::sync::Arc;

use commit_on_success::{commit_on_success, defer};
use diesel_async::{AsyncMysqlConnection, AsyncPgConnection};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DatabaseTransaction};
use sqlx::{AssertSqlSafe, MySqlConnection, MySqlPool, PgConnection, PgPool};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::pools::{self, DieselAsync, diesel_async_pool};
use crate::subjects::Subject;
use crate::visit::{Failure, Point, Visit};

type Running<'v> = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'v>>;

/// A pool, and the transaction on it.
struct Pooled<P> {
    pool: P,
    run: for<'v> fn(&'v P, &'v Visit) -> Running<'v>,
}

impl<P: Send + Sync + 'static> Subject for Pooled<P> {
    fn is_async(&self) -> bool {
        true
    }

    fn start(self: Arc<Self>, visit: Visit, runtime: &Handle) -> JoinHandle<Result<(), Failure>> {
        runtime.spawn(async move {
            visit.pass(Point::NotBegun).await;
            (self.run)(&self.pool, &visit).await
        })
    }
}

/// What differs between the drivers is only the types.
macro_rules! on {
    (
        $module:ident, $pool:ty, $handle:ty,
        |$port:ident| $open:expr, |$from:ident| $source:expr, |$conn:ident, $sql:ident| $execute:expr
        $(, $option:ident)?
    ) => {
        pub(crate) mod $module {
            use super::*;

            pub(crate) fn open($port: u16) -> Arc<dyn Subject> {
                Arc::new(Pooled {
                    pool: $open,
                    run: |pool, visit| Box::pin(outer(pool, visit)),
                })
            }

            #[commit_on_success(tx = $source $(, $option)?)]
            async fn outer($from: &$pool, visit: &Visit) -> Result<(), Failure> {
                visit.pass(Point::Begun).await;
                execute(tx, visit.insert(1)).await?;
                defer!(visit.clone().call().await);
                defer!(visit.clone().call_last());
                inner(tx, visit).await?;
                for sql in visit.also {
                    visit.swallow(&execute(tx, (*sql).to_owned()).await);
                }
                visit.pass(Point::Stated).await;
                Ok(())
            }

            #[commit_on_success]
            async fn inner(connection: $handle, visit: &Visit) -> Result<(), Failure> {
                execute(connection, visit.insert(2)).await
            }

            async fn execute($conn: $handle, $sql: String) -> Result<(), Failure> {
                $execute.await?;
                Ok(())
            }
        }
    };
}

on!(
    sqlx_postgres,
    PgPool,
    &mut PgConnection,
    |port| pools::pg_pool(port),
    |pool| pool,
    |conn, sql| sqlx::query(AssertSqlSafe(sql)).execute(conn)
);
on!(
    sqlx_postgres_settled,
    PgPool,
    &mut PgConnection,
    |port| pools::pg_pool(port),
    |pool| pool,
    |conn, sql| sqlx::query(AssertSqlSafe(sql)).execute(conn),
    settle
);
on!(
    sqlx_mysql,
    MySqlPool,
    &mut MySqlConnection,
    |port| pools::mysql_pool(port),
    |pool| pool,
    |conn, sql| sqlx::query(AssertSqlSafe(sql)).execute(conn)
);
on!(
    sea_orm_postgres,
    DatabaseConnection,
    &DatabaseTransaction,
    |port| pools::pg_pool(port).into(),
    |pool| pool,
    |conn, sql| conn.execute_unprepared(&sql)
);
on!(
    sea_orm_mysql,
    DatabaseConnection,
    &DatabaseTransaction,
    |port| pools::mysql_pool(port).into(),
    |pool| pool,
    |conn, sql| conn.execute_unprepared(&sql)
);
on!(
    diesel_postgres,
    DieselAsync<AsyncPgConnection>,
    &mut AsyncPgConnection,
    |port| diesel_async_pool!(AsyncPgConnection, pools::pg_url(port)),
    |pool| pool,
    |conn, sql| diesel_async::RunQueryDsl::execute(diesel::sql_query(sql), conn)
);
on!(
    diesel_mysql,
    DieselAsync<AsyncMysqlConnection>,
    &mut AsyncMysqlConnection,
    // `mysql_async` would rather go around a proxy.
    |port| diesel_async_pool!(
        AsyncMysqlConnection,
        pools::mysql_url(port) + "?prefer_socket=false"
    ),
    |pool| pool,
    |conn, sql| diesel_async::RunQueryDsl::execute(diesel::sql_query(sql), conn)
);
on!(
    tokio_postgres,
    ::tokio_postgres::Config,
    &mut ::tokio_postgres::Client,
    |port| pools::config(port),
    |config| &mut pools::connect(config).await?,
    |conn, sql| conn.execute(&*sql, &[])
);
on!(
    deadpool_postgres,
    ::deadpool_postgres::Pool,
    &mut ::tokio_postgres::Client,
    |port| pools::deadpool_pool(port),
    |pool| pool,
    |conn, sql| conn.execute(&*sql, &[])
);
