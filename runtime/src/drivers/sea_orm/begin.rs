//! Beginning a transaction, to its end even if nobody waits for it any more.

use std::future::Future;
use std::pin::Pin;

use ::sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, IsolationLevel,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use super::database::Database;
use crate::observer;
use crate::options::{Isolation, Mode, Options};

/// A begin that is under way.
pub(super) type Beginning =
    Pin<Box<dyn Future<Output = Result<DatabaseTransaction, DbErr>> + Send>>;

/// Rolls back a transaction that nobody waits for any more.
pub(super) async fn roll_back(database: Database, transaction: DatabaseTransaction) {
    let _ = database.roll_back(&transaction).await;
    let _ = transaction.rollback().await;
}

/// Rolls back a transaction as soon as it has begun.
pub(super) async fn finish(database: Database, beginning: Beginning) {
    if let Ok(transaction) = beginning.await {
        roll_back(database, transaction).await;
    }
}

pub(super) async fn begin(
    database: Database,
    connection: DatabaseConnection,
    options: TransactionOptions,
) -> Result<DatabaseTransaction, DbErr> {
    match connection.begin_with_options(options).await {
        Err(error) if database.is_already_open(&error) => {
            // A pool that has other connections may choose another one, to which it does no harm.
            if connection.execute_unprepared("ROLLBACK").await.is_ok() {
                observer::leftover_rolled_back(database.driver());
            }
            connection.begin_with_options(options).await
        }
        begun => begun,
    }
}

pub(super) fn in_terms_of_sea_orm(options: &Options) -> TransactionOptions {
    TransactionOptions {
        isolation_level: options.isolation.map(|isolation| match isolation {
            Isolation::ReadUncommitted => IsolationLevel::ReadUncommitted,
            Isolation::ReadCommitted => IsolationLevel::ReadCommitted,
            Isolation::RepeatableRead => IsolationLevel::RepeatableRead,
            Isolation::Serializable => IsolationLevel::Serializable,
        }),
        access_mode: options.read_only.then_some(AccessMode::ReadOnly),
        sqlite_transaction_mode: options.mode.map(|mode| match mode {
            Mode::Deferred => SqliteTransactionMode::Deferred,
            Mode::Immediate => SqliteTransactionMode::Immediate,
            Mode::Exclusive => SqliteTransactionMode::Exclusive,
        }),
    }
}
