use std::path::Path;

use anyhow::Result;
use rusqlite::Connection;
use tempfile::TempDir;

use super::{Activity, Books, tables};

/// A file of its own for a way. Dropping it removes the file.
#[derive(Debug)]
pub struct Sqlite {
    file: std::path::PathBuf,
    _directory: TempDir,
}

impl Sqlite {
    /// Creates the file and its tables.
    ///
    /// # Errors
    ///
    /// When there is no room for them.
    pub fn create() -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let file = directory.path().join("orders");
        let sql = format!("PRAGMA journal_mode = WAL; {}", tables());
        Connection::open(&file)?.execute_batch(&sql)?;
        Ok(Self {
            file,
            _directory: directory,
        })
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    pub(super) fn read(&self) -> Result<Books> {
        let connection = Connection::open(&self.file)?;
        let remaining = connection.query_row("SELECT sum(remaining) FROM stock", [], |row| {
            row.get::<_, i64>(0)
        })?;
        let orders = ids(&connection, "SELECT id FROM orders")?;
        let audits = ids(&connection, "SELECT order_id FROM audits")?;
        Ok(Books::new(orders, audits, remaining))
    }

    pub(super) fn execute(&self, sql: &str) -> Result<()> {
        Ok(Connection::open(&self.file)?.execute_batch(sql)?)
    }

    /// A file does not tell who has it locked, so whoever has counts as idle.
    pub(super) fn activity(&self) -> Result<Activity> {
        let connection = Connection::open(&self.file)?;
        connection.busy_timeout(std::time::Duration::ZERO)?;
        let is_locked = connection.execute_batch("BEGIN IMMEDIATE").is_err();
        Ok(Activity {
            idle_in_transaction: i64::from(is_locked),
            busy: 0,
        })
    }
}

fn ids(connection: &Connection, sql: &str) -> Result<Vec<i64>> {
    let mut rows = connection.prepare(sql)?;
    let ids = rows.query_map([], |row| row.get(0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}
