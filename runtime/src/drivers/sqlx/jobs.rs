//! Jobs, stored through sqlx.

use sqlx_core::database::Database;
use sqlx_core::pool::Pool;

use crate::jobs::Useless;

impl<DB: Database> Useless for Pool<DB> {}

#[cfg(feature = "sqlx-mysql")]
impl Useless for sqlx_mysql::MySqlConnection {}

#[cfg(any(feature = "sqlx-postgres", feature = "sqlx-sqlite"))]
macro_rules! stores_jobs {
    ($connection:ty, $database:ty, $insert:expr) => {
        impl ByMut for $connection {}

        impl AsyncInsert for &mut $connection {
            fn is_on(&mut self, connection: ConnectionId) -> bool {
                ConnectionId::of::<$connection>(self) == connection
            }

            async fn insert(&mut self, row: Row) -> Result<i64, BoxError> {
                Ok(statement!($database, $insert, row)
                    .fetch_one(&mut **self)
                    .await?)
            }
        }

        async_target!([] &mut $connection);

        #[cfg(feature = "ambient")]
        impl AsyncInsert for &Handle<Pool<$database>> {
            fn is_on(&mut self, connection: ConnectionId) -> bool {
                self.is_on_connection(connection)
            }

            async fn insert(&mut self, row: Row) -> Result<i64, BoxError> {
                Ok(statement!($database, $insert, row).fetch_one(*self).await?)
            }
        }

        #[cfg(feature = "ambient")]
        async_target!([] &Handle<Pool<$database>>);
    };
}

#[cfg(any(feature = "sqlx-postgres", feature = "sqlx-sqlite"))]
macro_rules! statement {
    ($database:ty, $insert:expr, $row:ident) => {
        query_scalar::<$database, i64>($insert)
            .bind($row.args)
            .bind($row.kind)
            .bind($row.max_attempts)
            .bind($row.priority)
            .bind($row.queue)
            .bind($row.delay)
    };
}

#[cfg(any(feature = "sqlx-postgres", feature = "sqlx-sqlite"))]
mod stored {
    #[cfg(feature = "ambient")]
    use sqlx_core::pool::Pool;
    use sqlx_core::query_scalar::query_scalar;

    #[cfg(feature = "ambient")]
    use crate::ambient::Handle;
    use crate::drivers::dialect::jobs;
    use crate::error::BoxError;
    use crate::jobs::{AsyncInsert, ByMut, Row, async_target};
    use crate::transaction::ConnectionId;

    #[cfg(feature = "sqlx-postgres")]
    stores_jobs!(
        sqlx_postgres::PgConnection,
        sqlx_postgres::Postgres,
        jobs::POSTGRESQL
    );
    #[cfg(feature = "sqlx-sqlite")]
    stores_jobs!(
        sqlx_sqlite::SqliteConnection,
        sqlx_sqlite::Sqlite,
        jobs::SQLITE
    );
}
