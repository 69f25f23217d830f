//! SQLite.

use diesel::SqliteConnection;
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use tempfile::TempDir;

pub(crate) use tokio::test;

pub(crate) type Connection = SyncConnectionWrapper<SqliteConnection>;
pub(crate) type Address = String;

pub(crate) const TABLES: &str = "
    CREATE TABLE item (id INTEGER PRIMARY KEY);
    CREATE TABLE child (item INTEGER REFERENCES item (id) DEFERRABLE INITIALLY DEFERRED);
";
pub(crate) const PREPARE: &str =
    "PRAGMA busy_timeout = 20000; PRAGMA foreign_keys = ON; PRAGMA synchronous = OFF;";
pub(crate) const AFTER_LEFT_BEHIND: &[i64] = &[2];
/// Whether a begin can tell a transaction in plain SQL that was left open.
pub(crate) const HEARS_OF_LEFTOVERS: bool = true;
pub(crate) const OUTLIVES_CANCELLATION: bool = true;

/// The directory with the file.
pub(crate) type Kept = TempDir;

#[expect(clippy::unused_async, reason = "other databases have a server to ask")]
pub(crate) async fn create() -> (Address, Kept) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("database");
    (file.to_str().unwrap().to_owned(), directory)
}

pub(crate) fn url(address: &Address) -> String {
    address.clone()
}
