//! Transactions of rusqlite in memory, by hand and with the attribute.

use commit_on_success::commit_on_success;
use rusqlite::{Connection, Result};

const INSERT: &str = "INSERT INTO object (title) VALUES (?1)";
const TITLE: &str = "a title";

/// One of the ways to begin and commit that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// `Connection::transaction`, `Transaction::commit`.
    ByHand,
    /// The attribute.
    Annotated,
}

/// The work of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// No statement: begin and commit alone.
    Empty,
    /// One insert, which SQLite prepares each time.
    OneInsert,
    /// One insert from the connection's cache of statements.
    OneCachedInsert,
    /// Ten of them.
    TenCachedInserts,
    /// One of them, in a savepoint.
    Nested,
}

impl Work {
    /// All there are.
    pub const ALL: [Self; 5] = [
        Self::Empty,
        Self::OneInsert,
        Self::OneCachedInsert,
        Self::TenCachedInserts,
        Self::Nested,
    ];

    /// The name of the row in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty transaction",
            Self::OneInsert => "one insert, prepared each time",
            Self::OneCachedInsert => "one insert, `prepare_cached`",
            Self::TenCachedInserts => "ten inserts, `prepare_cached`",
            Self::Nested => "one insert in a savepoint, `prepare_cached`",
        }
    }

    /// The bound to reach, as a ratio to the same by hand.
    #[must_use]
    pub const fn to_reach(self) -> &'static str {
        match self {
            Self::Empty => "≤ 0.35",
            Self::OneInsert | Self::OneCachedInsert => "≤ 0.80",
            Self::TenCachedInserts | Self::Nested => "< 1",
        }
    }
}

/// A database with a table.
///
/// # Errors
///
/// When SQLite refuses.
pub fn open() -> Result<Connection> {
    let connection = Connection::open_in_memory()?;
    connection
        .execute_batch("CREATE TABLE object (id INTEGER PRIMARY KEY, title TEXT NOT NULL)")?;
    Ok(connection)
}

/// Runs so many transactions.
///
/// # Errors
///
/// When SQLite refuses.
pub fn run(way: Way, work: Work, connection: &mut Connection, times: u32) -> Result<()> {
    for _ in 0..times {
        match way {
            Way::ByHand => by_hand(connection, work)?,
            Way::Annotated => annotated(connection, work)?,
        }
    }
    Ok(())
}

fn by_hand(connection: &mut Connection, work: Work) -> Result<()> {
    let mut transaction = connection.transaction()?;
    if work == Work::Nested {
        let savepoint = transaction.savepoint()?;
        insert(&savepoint, work)?;
        savepoint.commit()?;
    } else {
        insert(&transaction, work)?;
    }
    transaction.commit()
}

#[commit_on_success]
fn annotated(connection: &mut Connection, work: Work) -> Result<()> {
    if work == Work::Nested {
        nested(connection, work)
    } else {
        insert(connection, work)
    }
}

#[commit_on_success]
fn nested(connection: &mut Connection, work: Work) -> Result<()> {
    insert(connection, work)
}

// A function that is not inlined is the same code for both ways.
#[inline(never)]
fn insert(connection: &Connection, work: Work) -> Result<()> {
    let times = match work {
        Work::Empty => 0,
        Work::OneInsert => return connection.execute(INSERT, [TITLE]).map(drop),
        Work::OneCachedInsert | Work::Nested => 1,
        Work::TenCachedInserts => 10,
    };
    for _ in 0..times {
        connection.prepare_cached(INSERT)?.execute([TITLE])?;
    }
    Ok(())
}
