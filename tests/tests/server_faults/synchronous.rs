//! The drivers whose transactions block a thread.

use std::sync::Arc;

use commit_on_success::{commit_on_success, defer};
use diesel::r2d2::ConnectionManager;
use diesel::{MysqlConnection, PgConnection};
use r2d2::Pool;
use r2d2_postgres::PostgresConnectionManager;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::pools;
use crate::subjects::Subject;
use crate::visit::{Failure, Point, Visit};

/// A pool, and the transaction on it.
struct Pooled<P> {
    pool: P,
    run: fn(&P, &Visit) -> Result<(), Failure>,
}

impl<P: Send + Sync + 'static> Subject for Pooled<P> {
    fn is_async(&self) -> bool {
        false
    }

    fn start(self: Arc<Self>, visit: Visit, runtime: &Handle) -> JoinHandle<Result<(), Failure>> {
        runtime.spawn_blocking(move || {
            visit.pass_blocking(Point::NotBegun);
            (self.run)(&self.pool, &visit)
        })
    }
}

/// What differs between the drivers is only the types.
macro_rules! on {
    (
        $module:ident, $pool:ty, $handle:ty,
        |$port:ident| $open:expr, |$from:ident| $source:expr, |$conn:ident, $sql:ident| $execute:expr
    ) => {
        pub(crate) mod $module {
            use super::*;

            pub(crate) fn open($port: u16) -> Arc<dyn Subject> {
                Arc::new(Pooled {
                    pool: $open,
                    run: outer,
                })
            }

            #[commit_on_success(tx = $source)]
            fn outer($from: &$pool, visit: &Visit) -> Result<(), Failure> {
                visit.pass_blocking(Point::Begun);
                execute(tx, visit.insert(1))?;
                defer!(visit.clone().call_blocking());
                defer!(visit.clone().call_last());
                inner(tx, visit)?;
                for sql in visit.also {
                    visit.swallow(&execute(tx, (*sql).to_owned()));
                }
                visit.pass_blocking(Point::Stated);
                Ok(())
            }

            #[commit_on_success]
            fn inner(connection: $handle, visit: &Visit) -> Result<(), Failure> {
                execute(connection, visit.insert(2))
            }

            fn execute($conn: $handle, $sql: String) -> Result<(), Failure> {
                $execute?;
                Ok(())
            }
        }
    };
}

on!(
    diesel_postgres,
    Pool<ConnectionManager<PgConnection>>,
    &mut PgConnection,
    |port| pools::r2d2_pool(ConnectionManager::new(pools::pg_url(port))),
    |pool| pool,
    |conn, sql| diesel::RunQueryDsl::execute(diesel::sql_query(sql), conn)
);
on!(
    diesel_mysql,
    Pool<ConnectionManager<MysqlConnection>>,
    &mut MysqlConnection,
    |port| pools::r2d2_pool(ConnectionManager::new(pools::mysql_url(port))),
    |pool| pool,
    |conn, sql| diesel::RunQueryDsl::execute(diesel::sql_query(sql), conn)
);
on!(
    postgres,
    Pool<PostgresConnectionManager<::postgres::NoTls>>,
    &mut ::postgres::Client,
    |port| pools::r2d2_pool(PostgresConnectionManager::new(
        pools::config(port).into(),
        ::postgres::NoTls
    )),
    |pool| pool.get()?,
    |conn, sql| conn.execute(&*sql, &[])
);
