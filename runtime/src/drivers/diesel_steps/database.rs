//! Which database a connection leads to.

use std::borrow::Cow;
use std::num::NonZeroU32;

use crate::drivers::dialect::{mysql, postgresql, sqlite};
use crate::options::{Options, Unsupported};

/// A database whose transactions are known here, or another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::drivers) enum Database {
    PostgreSql,
    MySql,
    Sqlite,
    /// A backend of somebody else, or several in the enum of `#[derive(MultiConnection)]`.
    Other,
}

impl Database {
    /// By the backend's name, such as `diesel::pg::backend::Pg`: the types themselves are not there
    /// without diesel's feature for that database, which this crate cannot see.
    pub(in crate::drivers) fn of<Backend: ?Sized>() -> Self {
        let name = std::any::type_name::<Backend>();
        // In each transaction, so nothing is searched for.
        match name.strip_prefix("diesel::") {
            Some(path) if path.ends_with("::Pg") => Self::PostgreSql,
            Some(path) if path.ends_with("::Mysql") => Self::MySql,
            Some(path) if path.ends_with("::Sqlite") => Self::Sqlite,
            _ => Self::Other,
        }
    }

    /// The statements that begin a transaction, or `None` where diesel's manager has to.
    pub(super) fn begin(self, options: &Options) -> Result<Option<Cow<'static, str>>, Unsupported> {
        match self {
            Self::PostgreSql => postgresql::begin(options).map(Some),
            Self::MySql => mysql::begin(options).map(Some),
            Self::Sqlite => sqlite::begin(options).map(Cow::Borrowed).map(Some),
            // Attempts need nothing of the database.
            Self::Other => match options.attempts(NonZeroU32::MIN).for_outermost() {
                None => Ok(None),
                Some(option) => Err(Unsupported::new("this backend of diesel", option)),
            },
        }
    }
}
