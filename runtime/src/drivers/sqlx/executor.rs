//! Statements of a handle: in the open transaction, or outside of any on the pool.
//!
//! The place of a statement is looked for when it is given to the handle, so that one which leaves its block before it runs is
//! refused instead of being outside.

use std::future::ready;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt};
use sqlx_core::database::Database;
use sqlx_core::describe::Describe;
use sqlx_core::executor::{Execute, Executor};
use sqlx_core::pool::Pool;
use sqlx_core::sql_str::SqlStr;
use sqlx_core::{Either, Error as SqlxError};

use super::backend::Backend;
use super::db::Db;
use crate::ambient::Statement;

/// Sends a statement in the open transaction, or with the same call to the pool.
macro_rules! sends {
    ($db:ident, |$executor:ident| $call:expr) => {
        match $db.around() {
            Ok(None) => {
                let $executor = $db.pool();
                $call
            }
            Ok(Some(inside)) => {
                let patience = $db.patience();
                Box::pin(async move {
                    let mut statement = Statement::<Pool<DB>>::begin(inside, patience).await?;
                    let $executor = statement.transaction().connection_mut();
                    let result = $call.await;
                    statement.end(result).await
                })
            }
            Err(refusal) => Box::pin(ready(Err(refusal.into()))),
        }
    };
}

impl<'p, DB: Backend> Executor<'p> for &'_ Db<DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    type Database = DB;

    fn execute<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<DB::QueryResult, SqlxError>>
    where
        'p: 'e,
        E: 'q + Execute<'q, DB>,
    {
        sends!(self, |executor| executor.execute(query))
    }

    /// Reads all rows in a transaction before it returns the first one, so that another statement can run between two of them.
    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<DB::QueryResult, DB::Row>, SqlxError>>
    where
        'p: 'e,
        E: 'q + Execute<'q, DB>,
    {
        let inside = match self.around() {
            Ok(None) => return self.pool().fetch_many(query),
            Ok(Some(inside)) => inside,
            Err(refusal) => return stream::once(ready(Err(refusal.into()))).boxed(),
        };
        let patience = self.patience();
        let read = async move {
            let mut statement = Statement::<Pool<DB>>::begin(inside, patience).await?;
            let connection = statement.transaction().connection_mut();
            let mut answers = Vec::new();
            let mut sent = connection.fetch_many(query);
            let failed = loop {
                match sent.next().await {
                    Some(Ok(answer)) => answers.push(Ok(answer)),
                    Some(Err(error)) => break Err(error),
                    None => break Ok(()),
                }
            };
            drop(sent);
            if let Err(error) = statement.end(failed).await {
                answers.push(Err(error));
            }
            Ok(answers)
        };
        let read = async move {
            read.await
                .unwrap_or_else(|refusal: SqlxError| vec![Err(refusal)])
        };
        stream::once(read).flat_map(stream::iter).boxed()
    }

    fn fetch_all<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Vec<DB::Row>, SqlxError>>
    where
        'p: 'e,
        E: 'q + Execute<'q, DB>,
    {
        sends!(self, |executor| executor.fetch_all(query))
    }

    fn fetch_optional<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<Option<DB::Row>, SqlxError>>
    where
        'p: 'e,
        E: 'q + Execute<'q, DB>,
    {
        sends!(self, |executor| executor.fetch_optional(query))
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [DB::TypeInfo],
    ) -> BoxFuture<'e, Result<<DB as Database>::Statement, SqlxError>>
    where
        'p: 'e,
    {
        sends!(self, |executor| executor.prepare_with(sql, parameters))
    }

    #[doc(hidden)]
    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<DB>, SqlxError>>
    where
        'p: 'e,
    {
        sends!(self, |executor| executor.describe(sql))
    }
}
