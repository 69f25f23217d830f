//! The options of a block.

use std::num::NonZeroU32;

/// The choice of a block between its own transaction and one that is open on its connection.
///
/// ```
/// # #[cfg(feature = "rusqlite")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use commit_on_success::commit_on_success;
/// use rusqlite::Connection;
///
/// #[commit_on_success(propagation = mandatory)] // `Propagation::Mandatory`
/// fn add_line(conn: &mut Connection) -> rusqlite::Result<()> {
///     Ok(())
/// }
///
/// assert!(add_line(&mut Connection::open_in_memory()?).is_err(), "outside of any transaction");
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "rusqlite"))]
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Propagation {
    /// Opens a transaction, or a savepoint in the one that is open.
    #[default]
    Nested,
    /// Opens a transaction, or joins the one that is open, without a savepoint. If the block fails
    /// then, the transaction that it joined can only be rolled back.
    Required,
    /// Joins the transaction that is open; without one it is an error.
    Mandatory,
    /// Opens a transaction; inside of one it is an error.
    Durable,
}

/// The degree to which concurrent transactions are kept apart.
///
/// ```
/// # #[cfg(feature = "rusqlite")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use commit_on_success::{Isolation, commit_on_success};
/// use rusqlite::Connection;
///
/// #[commit_on_success(isolation = serializable)] // `Isolation::Serializable`
/// fn book(conn: &mut Connection) -> rusqlite::Result<()> {
///     Ok(())
/// }
///
/// book(&mut Connection::open_in_memory()?)?;
/// assert_eq!(Isolation::Serializable.sql(), "SERIALIZABLE");
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "rusqlite"))]
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Isolation {
    /// `READ UNCOMMITTED`
    ReadUncommitted,
    /// `READ COMMITTED`
    ReadCommitted,
    /// `REPEATABLE READ`
    RepeatableRead,
    /// `SERIALIZABLE`
    Serializable,
}

impl Isolation {
    /// The name of the level in SQL.
    ///
    /// ```
    /// use commit_on_success::Isolation;
    ///
    /// assert_eq!(Isolation::RepeatableRead.sql(), "REPEATABLE READ");
    /// ```
    #[must_use]
    pub const fn sql(self) -> &'static str {
        match self {
            Self::ReadUncommitted => "READ UNCOMMITTED",
            Self::ReadCommitted => "READ COMMITTED",
            Self::RepeatableRead => "REPEATABLE READ",
            Self::Serializable => "SERIALIZABLE",
        }
    }
}

/// The time at which a transaction of SQLite takes its locks.
///
/// ```
/// # #[cfg(feature = "rusqlite")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use commit_on_success::commit_on_success;
/// use rusqlite::Connection;
///
/// #[commit_on_success(mode = immediate)] // `Mode::Immediate`
/// fn next_number(conn: &mut Connection) -> rusqlite::Result<()> {
///     Ok(())
/// }
///
/// next_number(&mut Connection::open_in_memory()?)?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "rusqlite"))]
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// With the first statement that needs them.
    Deferred,
    /// The write lock at once.
    Immediate,
    /// The write lock at once, and nobody else may read, unless the file is in WAL mode.
    Exclusive,
}

/// The options that a transaction is begun with. The default is the database's own.
///
/// ```
/// use commit_on_success::{BoxError, Isolation, Options, Unsupported};
///
/// /// The begin of an adapter whose database has isolation levels, and nothing else.
/// fn begin(options: &Options) -> Result<String, BoxError> {
///     if options.read_only {
///         return Err(Unsupported::new("mine", "read_only").into());
///     }
///     let level = options.isolation.unwrap_or(Isolation::ReadCommitted);
///     Ok(format!("BEGIN ISOLATION LEVEL {}", level.sql()))
/// }
///
/// let options = Options::new().isolation(Isolation::Serializable);
/// assert_eq!(begin(&options).ok().as_deref(), Some("BEGIN ISOLATION LEVEL SERIALIZABLE"));
/// assert!(begin(&options.read_only()).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// The choice of a block when a transaction is open already.
    pub propagation: Propagation,
    /// The isolation level.
    pub isolation: Option<Isolation>,
    /// Whether writing is refused.
    pub read_only: bool,
    /// Whether a serializable, read-only transaction of PostgreSQL waits for a snapshot with which it
    /// cannot fail.
    pub deferrable: bool,
    /// Whether another connection asks what became of a transaction when the answer to its `COMMIT` is lost.
    pub settle: bool,
    /// The time at which SQLite takes its locks.
    pub mode: Option<Mode>,
    /// The number of times that the body may run.
    pub attempts: NonZeroU32,
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

impl Options {
    /// The options of an attribute without any.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            propagation: Propagation::Nested,
            isolation: None,
            read_only: false,
            deferrable: false,
            settle: false,
            mode: None,
            attempts: NonZeroU32::MIN,
        }
    }

    /// Sets [`propagation`](Self::propagation).
    #[must_use]
    pub const fn propagation(mut self, propagation: Propagation) -> Self {
        self.propagation = propagation;
        self
    }

    /// Sets [`isolation`](Self::isolation).
    #[must_use]
    pub const fn isolation(mut self, isolation: Isolation) -> Self {
        self.isolation = Some(isolation);
        self
    }

    /// Sets [`read_only`](Self::read_only).
    #[must_use]
    pub const fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Sets [`deferrable`](Self::deferrable).
    #[must_use]
    pub const fn deferrable(mut self) -> Self {
        self.deferrable = true;
        self
    }

    /// Sets [`settle`](Self::settle).
    #[must_use]
    pub const fn settle(mut self) -> Self {
        self.settle = true;
        self
    }

    /// Sets [`mode`](Self::mode).
    #[must_use]
    pub const fn mode(mut self, mode: Mode) -> Self {
        self.mode = Some(mode);
        self
    }

    /// Sets [`attempts`](Self::attempts).
    #[must_use]
    pub const fn attempts(mut self, attempts: NonZeroU32) -> Self {
        self.attempts = attempts;
        self
    }

    /// The first option that is set and that only the begin of a transaction can honour. The macros refuse the same
    /// options where `propagation` says that a block begins none.
    pub(crate) fn for_outermost(&self) -> Option<&'static str> {
        if self.isolation.is_some() {
            Some("isolation")
        } else if self.read_only {
            Some("read_only")
        } else if self.deferrable {
            Some("deferrable")
        } else if self.settle {
            Some("settle")
        } else if self.mode.is_some() {
            Some("mode")
        } else if self.attempts > NonZeroU32::MIN {
            Some("attempts")
        } else {
            None
        }
    }
}

/// A database cannot honour an option. Returned by a driver's `begin`, before it sends anything.
///
/// ```
/// use commit_on_success::Unsupported;
///
/// let unsupported = Unsupported::new("SQLite", "settle");
/// assert_eq!(unsupported.to_string(), "SQLite has no `settle`");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{database} has no `{option}`")]
#[non_exhaustive]
pub struct Unsupported {
    /// The option, as the attribute spells it.
    pub option: &'static str,
    /// The database.
    pub database: &'static str,
}

impl Unsupported {
    /// `database` cannot honour `option`.
    #[must_use]
    pub const fn new(database: &'static str, option: &'static str) -> Self {
        Self { option, database }
    }
}
