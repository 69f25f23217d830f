//! Jobs, stored through tokio-postgres.

use ::tokio_postgres::{Client, Transaction};

use crate::drivers::dialect::jobs;
use crate::drivers::postgres_steps::jobs::{arguments, number};
use crate::error::BoxError;
use crate::jobs::{AsyncInsert, ByRef, Row, async_target};
use crate::transaction::ConnectionId;

impl ByRef for Client {}

impl AsyncInsert for &Client {
    fn is_on(&mut self, connection: ConnectionId) -> bool {
        ConnectionId::of::<Client>(self) == connection
    }

    async fn insert(&mut self, row: Row) -> Result<i64, BoxError> {
        let arguments = arguments(&row);
        number(&self.query_typed(jobs::POSTGRESQL, &arguments).await?)
    }
}

async_target!([] & Client);

impl ByRef for Transaction<'_> {}

impl AsyncInsert for &Transaction<'_> {
    /// One that was begun by hand in a block is on the block's connection.
    fn is_on(&mut self, connection: ConnectionId) -> bool {
        ConnectionId::of::<Transaction<'_>>(self) == connection
            || ConnectionId::of::<Client>(self.client()) == connection
    }

    async fn insert(&mut self, row: Row) -> Result<i64, BoxError> {
        let arguments = arguments(&row);
        number(&self.query_typed(jobs::POSTGRESQL, &arguments).await?)
    }
}

async_target!([] &Transaction<'_>);

#[cfg(all(feature = "ambient", feature = "deadpool-postgres"))]
mod leased {
    use ::deadpool_postgres::Pool;
    use ::tokio_postgres::Client;

    use crate::ambient::Handle;
    use crate::error::BoxError;
    use crate::jobs::{AsyncInsert, Row, async_target};
    use crate::transaction::ConnectionId;

    impl AsyncInsert for &Handle<Pool> {
        fn is_on(&mut self, connection: ConnectionId) -> bool {
            self.is_on_connection(connection)
        }

        async fn insert(&mut self, row: Row) -> Result<i64, BoxError> {
            let lease = self.acquire().await?;
            let mut client: &Client = &lease;
            client.insert(row).await
        }
    }

    async_target!([] &Handle<Pool>);
}
