//! Handles of pools of sea-orm.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use ::sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult,
    Statement as Sql, StreamTrait,
};
use futures_util::stream::{self, BoxStream, StreamExt as _};

use super::source::SeaOrm;
use super::transaction::SeaOrmTransaction;
use crate::ambient::{Handle, PATIENCE, Pool, Statement};
use crate::error::BoxError;
use crate::transaction::{AsyncBegin, Session as _};

impl Pool for DatabaseConnection {
    type Transaction = SeaOrmTransaction<'static>;

    type Database = SeaOrm;

    type Steps = ();

    fn steps(_: &Self::Transaction) {}

    fn swap(_: &mut Self::Transaction, (): &mut ()) {}

    /// sea-orm shows nothing that clones of a pool have in common.
    fn address(&self) -> Option<usize> {
        None
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    async fn acquire(&self) -> Result<Self::Transaction, BoxError> {
        AsyncBegin::acquire_session(self.clone()).await
    }
}

type Answer<'a, R> = Pin<Box<dyn Future<Output = Result<R, DbErr>> + Send + 'a>>;

/// Sends a statement in the open transaction, or to the pool.
macro_rules! sends {
    ($db:ident, |$executor:ident| $call:expr) => {
        Box::pin(async move {
            let Some(inside) = $db.around()? else {
                let $executor = $db.pool();
                return $call.await;
            };
            let mut statement =
                Statement::<DatabaseConnection>::begin(inside, $db.patience()).await?;
            let $executor = statement.transaction().handle();
            let result = $call.await;
            statement.end(result).await
        })
    };
}

/// What `#[async_trait]` makes of the trait.
impl ConnectionTrait for Handle<DatabaseConnection> {
    fn get_database_backend(&self) -> DbBackend {
        self.pool().get_database_backend()
    }

    fn execute_raw<'s, 'a>(&'s self, statement: Sql) -> Answer<'a, ExecResult>
    where
        's: 'a,
        Self: 'a,
    {
        sends!(self, |executor| executor.execute_raw(statement))
    }

    fn execute_unprepared<'s, 'q, 'a>(&'s self, sql: &'q str) -> Answer<'a, ExecResult>
    where
        's: 'a,
        'q: 'a,
        Self: 'a,
    {
        sends!(self, |executor| executor.execute_unprepared(sql))
    }

    fn query_one_raw<'s, 'a>(&'s self, statement: Sql) -> Answer<'a, Option<QueryResult>>
    where
        's: 'a,
        Self: 'a,
    {
        sends!(self, |executor| executor.query_one_raw(statement))
    }

    fn query_all_raw<'s, 'a>(&'s self, statement: Sql) -> Answer<'a, Vec<QueryResult>>
    where
        's: 'a,
        Self: 'a,
    {
        sends!(self, |executor| executor.query_all_raw(statement))
    }

    fn is_mock_connection(&self) -> bool {
        self.pool().is_mock_connection()
    }
}

impl StreamTrait for Handle<DatabaseConnection> {
    type Stream<'a> = BoxStream<'a, Result<QueryResult, DbErr>>;

    fn get_database_backend(&self) -> DbBackend {
        self.pool().get_database_backend()
    }

    /// Reads all rows in a transaction before it returns the first one, so that another statement can run between two of them.
    fn stream_raw(&self, statement: Sql) -> Answer<'_, Self::Stream<'_>> {
        Box::pin(async move {
            let Some(inside) = self.around()? else {
                let rows = self.pool().stream_raw(statement).await?;
                return Ok(rows.boxed());
            };
            let mut turn = Statement::<DatabaseConnection>::begin(inside, self.patience()).await?;
            let transaction = turn.transaction().handle();
            let rows = transaction.query_all_raw(statement).await;
            let rows = turn.end(rows).await?;
            Ok(stream::iter(rows.into_iter().map(Ok)).boxed())
        })
    }
}
