//! Pragmas for the time of one transaction.

use ::rusqlite::types::ValueRef;
use ::rusqlite::{Connection, Error as RusqliteError};

use crate::drivers::dialect::pragma::{self, NoValue};
use crate::error::BoxError;
use crate::settings::Settings;

/// Changes what is asked for, and remembers the old values.
pub(super) fn change(connection: &Connection, settings: &mut Settings) -> Result<(), BoxError> {
    for setting in settings.pragmas().to_vec() {
        settings.remember(setting.name(), read(connection, setting.name())?);
        run(connection, &pragma::write(&setting))?;
    }
    Ok(())
}

pub(super) fn put_back(
    connection: &Connection,
    settings: &mut Settings,
) -> Result<(), RusqliteError> {
    for setting in settings.changed().iter().rev() {
        run(connection, &pragma::write(setting))?;
    }
    settings.forget_changed();
    Ok(())
}

fn read(connection: &Connection, name: &'static str) -> Result<String, BoxError> {
    let mut statement = connection.prepare(&pragma::read(name))?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else {
        return Err(NoValue(name).into());
    };
    match row.get_ref(0)? {
        ValueRef::Integer(value) => Ok(value.to_string()),
        ValueRef::Real(value) => Ok(value.to_string()),
        ValueRef::Text(value) => Ok(String::from_utf8_lossy(value).into_owned()),
        ValueRef::Null | ValueRef::Blob(_) => Err(NoValue(name).into()),
    }
}

/// Some answer with the new value.
fn run(connection: &Connection, sql: &str) -> Result<(), RusqliteError> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    Ok(())
}
