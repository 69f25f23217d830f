//! Ids of transactions through sqlx, and asking what became of one.

use sqlx_core::Error as SqlxError;
use sqlx_core::connection::Connection as _;
use sqlx_core::executor::Executor as _;
use sqlx_core::pool::Pool;
use sqlx_core::raw_sql::raw_sql;
use sqlx_core::row::Row as _;
use sqlx_core::sql_str::AssertSqlSafe;
use sqlx_postgres::{PgConnection, PgRow, Postgres};

use super::error::code;
use crate::drivers::dialect::transaction_id::{Answer, Ask};
pub(super) use crate::drivers::dialect::transaction_id::{PROBE, TransactionId};

impl TransactionId {
    /// `None` where the transaction has no number, as it has written nothing.
    pub(super) fn read(rows: &[PgRow]) -> Result<Option<Self>, SqlxError> {
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let Some(number) = row.try_get(0)? else {
            return Ok(None);
        };
        let (at, server) = (row.try_get(1)?, row.try_get(2)?);
        Ok(Some(Self { number, at, server }))
    }
}

impl Ask for Pool<Postgres> {
    async fn ask(&self, question: String) -> Answer {
        let connected = PgConnection::connect_with(&self.connect_options()).await;
        let Ok(mut connection) = connected else {
            return Answer::Silence;
        };
        let row = connection.fetch_one(raw_sql(AssertSqlSafe(question)));
        let answer = match row.await {
            Ok(row) => Answer::Row([0, 1].map(|column| row.try_get(column).ok().flatten())),
            Err(error) => match code(&error) {
                Some(code) => Answer::Error(code.into_owned()),
                None => Answer::Silence,
            },
        };
        let _ = connection.close().await;
        answer
    }
}
