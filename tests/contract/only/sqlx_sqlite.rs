//! sqlx with SQLite alone: transactions of two drivers, sync inside async, and foreign keys that are off.

use commit_on_success::{
    AsyncBegin, AsyncTransaction, Options, Session, commit_on_success, defer, in_transaction,
    pending,
};

use crate::driver::{self, Connection};
use crate::support::{Failure, Journal};

#[derive(Debug, thiserror::Error)]
#[error("the sync driver says")]
struct SyncFailure;

impl From<commit_on_success::Error> for SyncFailure {
    fn from(_: commit_on_success::Error) -> Self {
        Self
    }
}

#[commit_on_success]
fn store_sync(
    conn: &mut rusqlite::Connection,
    journal: &Journal,
    succeed: bool,
) -> Result<(), SyncFailure> {
    conn.execute("INSERT INTO log VALUES (1)", []).unwrap();
    defer!(look(journal.clone()));
    assert_eq!(pending(), 1);
    if succeed { Ok(()) } else { Err(SyncFailure) }
}

/// The async transaction is open, but not for a call of the sync one.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a deferred call owns what it uses"
)]
fn look(journal: Journal) {
    journal.note(format!("sync, open {}", in_transaction()));
}

#[commit_on_success]
async fn outer(
    conn: &mut Connection,
    other: &mut rusqlite::Connection,
    journal: &Journal,
) -> Result<(), Failure> {
    driver::insert(conn, 1).await?;
    defer!(journal.clone().note("async"));
    store_sync(other, journal, true).unwrap();
    store_sync(other, journal, false).unwrap_err();
    journal.note("end of body");
    assert_eq!(pending(), 1);
    Ok(())
}

#[crate::driver::test]
async fn a_sync_transaction_inside_an_async_one_runs_its_own_calls() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let mut other = rusqlite::Connection::open_in_memory().unwrap();
    other
        .execute_batch("CREATE TABLE log (id INTEGER)")
        .unwrap();
    let journal = Journal::default();
    outer(&mut conn, &mut other, &journal).await.unwrap();
    assert_eq!(
        journal.entries(),
        ["sync, open false", "end of body", "async"]
    );
    assert_eq!(db.committed().await, [1]);
    let logged = other.query_row("SELECT COUNT(*) FROM log", [], |row| row.get::<_, i64>(0));
    assert_eq!(logged, Ok(1));
}

/// A `COMMIT` would store the orphan as well.
#[crate::driver::test]
async fn in_a_transaction_of_a_test_foreign_keys_that_are_off_are_not_checked() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    driver::execute(&mut conn, "PRAGMA foreign_keys = OFF")
        .await
        .unwrap();
    let mut transaction = AsyncBegin::acquire_session(&mut conn).await.unwrap();
    transaction.begin(&Options::new()).await.unwrap();
    let orphan = driver::execute(transaction.handle(), "INSERT INTO child VALUES (42)").await;
    orphan.unwrap();
    transaction.check().await.unwrap();
    transaction.commit().await.unwrap();
}
