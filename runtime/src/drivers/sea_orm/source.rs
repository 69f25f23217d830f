//! The sources of transactions.

use std::any::Any;
use std::borrow::Cow;

use ::sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseConnectionType, DatabaseExecutor,
    DatabaseTransaction, DbErr, RuntimeErr, TransactionTrait,
};

use super::database::Database;
use super::transaction::SeaOrmTransaction;
use crate::error::BoxError;
use crate::transaction::AsyncBegin;

/// Marks the sources of sea-orm.
#[derive(Debug)]
pub enum SeaOrm {}

#[diagnostic::do_not_recommend]
impl<'c, C> AsyncBegin<SeaOrm> for &'c C
where
    C: TransactionTrait<Transaction = DatabaseTransaction> + 'static,
{
    type Transaction = SeaOrmTransaction<'c>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        SeaOrmTransaction::on(Origin::of(self)?)
    }
}

impl AsyncBegin<SeaOrm> for DatabaseConnection {
    type Transaction = SeaOrmTransaction<'static>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        SeaOrmTransaction::on(Origin::Connection(Cow::Owned(self)))
    }
}

/// The connection or the transaction that a source leads to.
pub(super) enum Origin<'c> {
    /// A pool.
    Connection(Cow<'c, DatabaseConnection>),
    /// An open transaction.
    Transaction(&'c DatabaseTransaction),
}

impl<'c> Origin<'c> {
    /// The types that sea-orm has; only of these is known where their transactions are.
    fn of<C: 'static>(source: &'c C) -> Result<Self, BoxError> {
        let any: &'c dyn Any = source;
        if let Some(transaction) = any.downcast_ref() {
            return Ok(Self::Transaction(transaction));
        }
        if let Some(connection) = any.downcast_ref() {
            return Ok(Self::Connection(Cow::Borrowed(connection)));
        }
        match any.downcast_ref() {
            Some(DatabaseExecutor::Connection(connection)) => {
                Ok(Self::Connection(Cow::Borrowed(connection)))
            }
            Some(DatabaseExecutor::Transaction(transaction)) => Ok(Self::Transaction(transaction)),
            Some(DatabaseExecutor::OwnedTransaction(transaction)) => {
                Ok(Self::Transaction(transaction))
            }
            None => Err(UnknownSource(std::any::type_name::<C>()).into()),
        }
    }

    pub(super) fn database(&self) -> Result<Database, BoxError> {
        let backend = match self {
            // Asking for its backend would panic.
            Self::Connection(connection)
                if matches!(connection.inner, DatabaseConnectionType::Disconnected) =>
            {
                return Err(DbErr::Conn(RuntimeErr::Internal("Disconnected".to_owned())).into());
            }
            Self::Connection(connection) => connection.get_database_backend(),
            Self::Transaction(transaction) => transaction.get_database_backend(),
        };
        Database::of(backend).ok_or_else(|| format!("{backend:?} is not supported").into())
    }
}

#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is neither a `DatabaseConnection` nor a `DatabaseTransaction`: give the attribute the one that is inside it"
)]
struct UnknownSource(&'static str);
