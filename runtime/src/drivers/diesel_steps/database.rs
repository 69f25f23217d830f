//! Telling which database a connection leads to.

use std::borrow::Cow;
use std::num::NonZeroU32;

use crate::drivers::dialect::postgresql_settings::before;
use crate::drivers::dialect::{mysql, postgresql, pragma, sqlite};
use crate::options::{Options, Unsupported};
use crate::settings::Settings;

const UNKNOWN: &str = "this backend of diesel";

/// A database whose transactions are known here, or another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    /// PostgreSQL.
    PostgreSql,
    /// MySQL or MariaDB.
    MySql,
    /// SQLite.
    Sqlite,
    /// A backend of somebody else, or several in the enum of `#[derive(MultiConnection)]`.
    Other,
}

/// A backend has the name of a known database, and is not the type that is known. A commit through diesel's own
/// manager would say `Ok` where nothing was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the commits of the backend `{backend}` could not be verified: this version of `commit_on_success` knows its \
     database by another type. Use the version of diesel that its documentation names, or, where the backend is of your \
     own, give it a name without that of the database"
)]
pub(super) struct UnknownBackend {
    backend: &'static str,
}

impl Database {
    /// By the backend's name, such as `diesel::pg::backend::Pg`: the types themselves are not there
    /// without diesel's feature for that database, which this crate cannot see.
    pub(super) fn of<Backend: ?Sized>() -> Result<Self, UnknownBackend> {
        Self::named(std::any::type_name::<Backend>())
    }

    fn named(name: &'static str) -> Result<Self, UnknownBackend> {
        // In each transaction, so a backend that is known costs no search.
        match name.strip_prefix("diesel::") {
            Some(path) if path.ends_with("::Pg") => Ok(Self::PostgreSql),
            Some(path) if path.ends_with("::Mysql") => Ok(Self::MySql),
            Some(path) if path.ends_with("::Sqlite") => Ok(Self::Sqlite),
            _ if resembles_known(name) => Err(UnknownBackend { backend: name }),
            _ => Ok(Self::Other),
        }
    }

    /// The statements that begin a transaction, or `None` where diesel's manager has to.
    pub(in crate::drivers) fn begin(
        self,
        options: &Options,
    ) -> Result<Option<Cow<'static, str>>, Unsupported> {
        match self {
            Self::PostgreSql => postgresql::begin(options).map(Some),
            Self::MySql => mysql::begin(options).map(Some),
            Self::Sqlite => sqlite::begin(options).map(Cow::Borrowed).map(Some),
            // Attempts need nothing of the database.
            Self::Other => match options.attempts(NonZeroU32::MIN).for_outermost() {
                None => Ok(None),
                Some(option) => Err(Unsupported::new(UNKNOWN, option)),
            },
        }
    }

    /// The statements that begin one with settings.
    pub(super) fn begin_with(
        self,
        options: &Options,
        settings: &Settings,
    ) -> Result<Cow<'static, str>, Unsupported> {
        match self {
            Self::PostgreSql => before(settings, postgresql::begin(options)),
            Self::MySql => Err(mysql::no_settings(settings)),
            Self::Sqlite => {
                pragma::only(settings)?;
                sqlite::begin(options).map(Cow::Borrowed)
            }
            Self::Other => Err(Unsupported::new(UNKNOWN, settings.option())),
        }
    }
}

/// Whether a backend's own name, without the modules that it is in, speaks of a database that is known here.
fn resembles_known(path: &str) -> bool {
    let generic = path.find('<').unwrap_or(path.len());
    let name = path[..generic].rsplit("::").next().unwrap_or(path);
    // `UpgradeBackend` does not.
    let speaks_of_pg = name.contains("Pg")
        || name.contains("PG")
        || name.starts_with("pg")
        || name.ends_with("pg");
    let name = name.to_ascii_lowercase();
    speaks_of_pg
        || ["postgres", "mysql", "mariadb", "sqlite"]
            .iter()
            .any(|known| name.contains(known))
}

#[cfg(test)]
mod tests {
    use super::{Database, UnknownBackend};

    #[test]
    fn the_backends_of_diesel_are_known() {
        for (name, database) in [
            ("diesel::pg::backend::Pg", Database::PostgreSql),
            ("diesel::mysql::backend::Mysql", Database::MySql),
            ("diesel::sqlite::backend::Sqlite", Database::Sqlite),
        ] {
            assert_eq!(Database::named(name), Ok(database));
        }
    }

    #[test]
    fn a_backend_with_a_new_name_for_a_known_database_is_refused_by_that_name() {
        for name in [
            "diesel::pg::backend::PgBackend",
            "diesel::pg::Postgres",
            "diesel::mysql::backend::MySql",
            "diesel::sqlite::SQLite<'_>",
            "diesel_pg::Pg",
            "shop::PGSQL",
            "shop::pgsql::pg",
            "shop::MariaDb",
            "shop::MARIADB<shop::pool::Shared>",
            "shop::POSTGRES",
        ] {
            let refused = UnknownBackend { backend: name };
            assert_eq!(Database::named(name), Err(refused));
            let said = refused.to_string();
            assert!(said.contains(&format!("`{name}`")), "{said}");
            assert!(said.contains("version of diesel"), "{said}");
        }
    }

    #[test]
    fn several_databases_behind_one_type_and_the_backends_of_others_are_left_to_the_manager() {
        for name in [
            "shop_pg::db::any::multi_connection_impl::backend::MultiBackend",
            "mysql_tools::any::multi_connection_impl::backend::MultiBackend",
            "diesel_oracle::oracle::backend::Oracle",
            "shop::UpgradeBackend",
        ] {
            assert_eq!(Database::named(name), Ok(Database::Other), "{name}");
        }
    }

    #[test]
    fn the_type_itself_is_what_is_looked_at() {
        enum NextSqlite {}
        enum Oracle {}

        assert!(Database::of::<NextSqlite>().is_err());
        assert_eq!(Database::of::<Oracle>(), Ok(Database::Other));
    }
}
