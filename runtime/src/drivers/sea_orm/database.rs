//! The databases that sea-orm speaks to, and the meaning of their errors.

use ::sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseTransaction, DbErr};

use super::code::{Code, is_broken, is_farewell, mysql_number};
use crate::drivers::dialect::{mysql, postgresql, postgresql_settings, sqlite};
use crate::options::{Options, Unsupported};
use crate::settings::Settings;

/// The SQLSTATE of `ER_LOCK_DEADLOCK`, and of nothing else.
const MYSQL_DEADLOCK: &str = "40001";

/// A database that sea-orm speaks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Database {
    MySql,
    Postgres,
    Sqlite,
}

/// Runs statements without arguments: one message, which stops at the first that fails.
pub(super) async fn execute(transaction: &DatabaseTransaction, sql: &str) -> Result<(), DbErr> {
    transaction.execute_unprepared(sql).await.map(drop)
}

/// Whether the session is over, so that whatever it had open is rolled back. Where nobody can tell from an answer
/// whether it was the last, another one is asked for.
pub(super) async fn is_disconnected(transaction: &DatabaseTransaction, error: &DbErr) -> bool {
    if Code::of(error).is_none() {
        return is_broken(error);
    }
    match is_farewell(error) {
        Some(farewell) => farewell,
        None => match execute(transaction, "SELECT 1").await {
            Ok(()) => false,
            Err(error) => is_broken(&error),
        },
    }
}

impl Database {
    pub(super) fn of(backend: DatabaseBackend) -> Option<Self> {
        match backend {
            DatabaseBackend::MySql => Some(Self::MySql),
            DatabaseBackend::Postgres => Some(Self::Postgres),
            DatabaseBackend::Sqlite => Some(Self::Sqlite),
            _ => None,
        }
    }

    pub(super) fn driver(self) -> &'static str {
        match self {
            Self::MySql => "sea-orm-mysql",
            Self::Postgres => "sea-orm-postgres",
            Self::Sqlite => "sea-orm-sqlite",
        }
    }

    /// Whether the database can honour the options; sea-orm ignores what SQLite has not.
    pub(super) fn supports(self, options: &Options) -> Result<(), Unsupported> {
        match self {
            Self::MySql => mysql::begin(options).map(drop),
            Self::Postgres => postgresql::begin(options).map(drop),
            Self::Sqlite => sqlite::begin(options).map(drop),
        }
    }

    /// The statements for the settings of a transaction.
    pub(super) fn settings(self, settings: &Settings) -> Result<String, Unsupported> {
        match self {
            Self::MySql => Err(mysql::no_settings(settings)),
            Self::Postgres => postgresql_settings::set(settings),
            // Pragmas are changed in another way, and not in a test.
            Self::Sqlite => Err(Unsupported::new(sqlite::DATABASE, settings.option())),
        }
    }

    /// Whether running the whole transaction again may succeed.
    pub(super) fn is_transient(self, error: &(dyn std::error::Error + 'static)) -> bool {
        let Some(code) = Code::of(error) else {
            return false;
        };
        match self {
            Self::MySql => is_transient_on_mysql(&code, error),
            Self::Postgres => postgresql::is_transient(code.text()),
            Self::Sqlite => code.primary().is_some_and(sqlite::is_transient),
        }
    }

    /// Whether the database has rolled the transaction back with this error.
    pub(super) fn was_rolled_back_by(self, error: &(dyn std::error::Error + 'static)) -> bool {
        let Some(code) = Code::of(error) else {
            return false;
        };
        match self {
            Self::MySql => is_transient_on_mysql(&code, error),
            // A failed transaction stays open until somebody ends it.
            Self::Postgres => false,
            Self::Sqlite => code.primary().is_some_and(sqlite::may_have_rolled_back),
        }
    }

    /// Whether a transaction could not be begun because somebody has left one open on its connection.
    pub(super) fn is_already_open(self, error: &DbErr) -> bool {
        let code = Code::of(error);
        match self {
            // `BEGIN` commits it.
            Self::MySql => false,
            Self::Postgres => postgresql::is_already_open(code.as_ref().map(Code::text)),
            Self::Sqlite => code.and_then(|code| code.primary()) == Some(sqlite::ERROR),
        }
    }
}

/// After these errors the transaction may be gone, too.
fn is_transient_on_mysql(code: &Code, error: &(dyn std::error::Error + 'static)) -> bool {
    match mysql_number(error) {
        Some(number) => mysql::is_transient(number),
        None => code.is(MYSQL_DEADLOCK),
    }
}
