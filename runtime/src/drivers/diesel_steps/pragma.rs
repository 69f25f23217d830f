//! Pragmas of SQLite for the time of one transaction.
//!
//! A connection of diesel's that can be any shows no rows, so the old value is found out by statements that fail where it is the one that is
//! asked about. Only what is on or off can be asked about in that way.

use super::sqlite::has_ended;
use super::{Executor, Ownership};
use crate::drivers::dialect::pragma;
use crate::error::BoxError;
use crate::observer;
use crate::settings::Settings;

/// The old value cannot be found out.
#[derive(Debug, thiserror::Error)]
#[error("the pragma `{0}` is neither 0 nor 1, and diesel shows no other value, to be put back")]
struct NoSwitch(&'static str);

/// Changes what is asked for, and remembers the old values. What the last user has left open is rolled back before, as pragmas are ignored in
/// it.
pub(super) async fn change(
    executor: &mut impl Executor,
    settings: &mut Settings,
    (ownership, driver): (Ownership, &'static str),
) -> Result<(), BoxError> {
    if !has_ended(executor).await {
        if ownership == Ownership::Borrowed {
            // Says that a transaction is open.
            return Ok(executor.send("BEGIN").await?);
        }
        executor.send("ROLLBACK").await?;
        observer::leftover_rolled_back(driver);
    }
    for setting in settings.pragmas().to_vec() {
        let old = value_of(executor, setting.name()).await?;
        settings.remember(setting.name(), old);
        executor.send(&pragma::write(&setting)).await?;
    }
    Ok(())
}

/// In a transaction that could not be ended nothing would come of it.
pub(super) async fn put_back(executor: &mut impl Executor, settings: &mut Settings) {
    if has_ended(executor).await && executor.send(&pragma::put_back(settings)).await.is_ok() {
        settings.forget_changed();
    }
}

async fn value_of(executor: &mut impl Executor, name: &'static str) -> Result<u8, BoxError> {
    executor.send(&rows(name, "value", "TRUE")).await?;
    for value in [0, 1] {
        // There is no positive number that large.
        let failing = "abs(-9223372036854775807 - (value IS NOT NULL))";
        let is_it = format!("value = {value} AND typeof(value) = 'integer'");
        if executor.send(&rows(name, failing, &is_it)).await.is_err() {
            return Ok(value);
        }
    }
    Err(NoSwitch(name).into())
}

/// The column has the name of the pragma, or another one.
fn rows(name: &str, column: &str, condition: &str) -> String {
    format!(
        "WITH pragma(value) AS (SELECT * FROM pragma_{name}) SELECT {column} FROM pragma WHERE {condition}"
    )
}
