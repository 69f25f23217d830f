//! Pragmas for the time of one transaction.
//!
//! sea-orm shows a connection in a transaction alone, where SQLite ignores them. So the one that sea-orm has begun is ended, and another one is
//! begun behind the pragmas, of which sqlx does not know that it is another.

use sea_orm::{
    ConnectionTrait as _, DatabaseBackend, DatabaseTransaction, DbErr, QueryResult, Statement,
};

use super::database::{Database, execute};
use super::transaction::SeaOrmTransaction;
use crate::drivers::dialect::pragma::{self, NoValue};
use crate::drivers::dialect::sqlite;
use crate::error::BoxError;
use crate::options::Options;
use crate::settings::Settings;
use crate::transaction::AsyncTransaction as _;

impl SeaOrmTransaction<'_> {
    /// The transaction is begun twice: the first one leads to the connection, and takes no lock.
    pub(super) async fn begin_behind_pragmas(
        &mut self,
        options: &Options,
        settings: &mut Settings,
    ) -> Result<(), BoxError> {
        pragma::only(settings)?;
        let begin = sqlite::begin(options)?;
        let first = Options {
            mode: None,
            ..*options
        };
        self.begin(&first).await?;
        let changed = change(self.transaction(), begin, settings).await;
        if changed.is_err() {
            // Fails where there is one.
            let _ = execute(self.transaction(), "BEGIN").await;
            put_back(self.transaction(), settings).await;
            self.count_out();
        }
        changed
    }
}

/// Rolls back a transaction that nobody waits for any more.
pub(super) async fn give_up(
    database: Database,
    transaction: DatabaseTransaction,
    mut settings: Settings,
) {
    let _ = database.roll_back(&transaction).await;
    put_back(&transaction, &mut settings).await;
    let _ = transaction.rollback().await;
}

/// Changes what is asked for, remembers the old values, and begins anew. Where it fails, there may be no transaction.
async fn change(
    transaction: &DatabaseTransaction,
    begin: &str,
    settings: &mut Settings,
) -> Result<(), BoxError> {
    let mut statements = vec!["ROLLBACK".to_owned()];
    for setting in settings.pragmas().to_vec() {
        settings.remember(setting.name(), value_of(transaction, setting.name()).await?);
        statements.push(pragma::write(&setting));
    }
    statements.push(begin.to_owned());
    Ok(execute(transaction, &statements.join("; ")).await?)
}

/// Gives what was changed its old value, on a connection with no transaction but an empty one. It leaves another, as `ends` do.
pub(super) async fn put_back(transaction: &DatabaseTransaction, settings: &mut Settings) {
    if settings.changed().is_empty() {
        return;
    }
    let old = pragma::put_back(settings);
    let statements = format!("ROLLBACK; {old}; BEGIN; SAVEPOINT _sqlx_savepoint_1");
    if execute(transaction, &statements).await.is_ok() {
        settings.forget_changed();
    }
}

async fn value_of(
    transaction: &DatabaseTransaction,
    name: &'static str,
) -> Result<String, BoxError> {
    let ask = Statement::from_string(DatabaseBackend::Sqlite, pragma::read(name));
    match transaction.query_one_raw(ask).await? {
        Some(row) => Ok(text(&row)?.ok_or(NoValue(name))?),
        None => Err(NoValue(name).into()),
    }
}

/// A number or a text, whichever it is.
fn text(row: &QueryResult) -> Result<Option<String>, DbErr> {
    if let Ok(value) = row.try_get_by_index::<Option<i64>>(0) {
        return Ok(value.map(|value| value.to_string()));
    }
    row.try_get_by_index::<Option<String>>(0)
}
