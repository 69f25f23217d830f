//! Jobs, stored through sea-orm.

use ::sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, Statement};

use super::database::Database;
#[cfg(feature = "ambient")]
use crate::ambient::Handle;
use crate::drivers::dialect::jobs;
use crate::error::BoxError;
use crate::jobs::{AsyncInsert, ByRef, Row, Unsupported, Useless, async_target};
use crate::transaction::ConnectionId;

impl ByRef for DatabaseTransaction {}

impl Useless for DatabaseConnection {}

async fn insert(connection: &impl ConnectionTrait, row: Row) -> Result<i64, BoxError> {
    let backend = connection.get_database_backend();
    let insert = match Database::of(backend) {
        Some(Database::Postgres) => jobs::POSTGRESQL,
        Some(Database::Sqlite) => jobs::SQLITE,
        Some(Database::MySql) => return Err(Unsupported("MySQL").into()),
        None => return Err(Unsupported("this one").into()),
    };
    let values = [
        row.args.into(),
        row.kind.into(),
        row.max_attempts.into(),
        row.priority.into(),
        row.queue.into(),
        row.delay.into(),
    ];
    let statement = Statement::from_sql_and_values(backend, insert, values);
    let stored = connection.query_one_raw(statement).await?;
    let stored = stored.ok_or_else(|| DbErr::RecordNotInserted)?;
    Ok(stored.try_get_by_index(0)?)
}

impl AsyncInsert for &DatabaseTransaction {
    fn is_on(&mut self, connection: ConnectionId) -> bool {
        ConnectionId::of::<DatabaseTransaction>(self) == connection
    }

    async fn insert(&mut self, row: Row) -> Result<i64, BoxError> {
        insert(*self, row).await
    }
}

async_target!([] & DatabaseTransaction);

#[cfg(feature = "ambient")]
impl AsyncInsert for &Handle<DatabaseConnection> {
    fn is_on(&mut self, connection: ConnectionId) -> bool {
        self.is_on_connection(connection)
    }

    async fn insert(&mut self, row: Row) -> Result<i64, BoxError> {
        insert(*self, row).await
    }
}

#[cfg(feature = "ambient")]
async_target!([] &Handle<DatabaseConnection>);
