//! Calls before the commit that write to a SQLite database, through a connection that they have as well as the block.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::cell::Cell;
use std::sync::Arc;

use commit_on_success::{
    Abandoned, AsyncBegin, AsyncTransaction, BoxError, CommitError, ConnectionId, Error, ErrorKind,
    Keeper, Options, RollbackError, Savepoint, Session, TransactionStatus, before_commit,
    commit_on_success,
};
use commit_on_success_tests::journal::Failure;
use rusqlite::Connection;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use tokio::sync::Mutex;

const TABLE: &str = "CREATE TABLE item (id INTEGER PRIMARY KEY)";

thread_local! {
    /// The connection of everybody on the thread.
    static CONNECTION: Connection = {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(TABLE).unwrap();
        connection
    };
}

fn insert(id: i64) -> rusqlite::Result<()> {
    CONNECTION.with(|connection| {
        assert!(!connection.is_autocommit());
        connection.execute("INSERT INTO item VALUES (?1)", [id])
    })?;
    Ok(())
}

#[commit_on_success]
fn store(connection: &Connection, id: i64) -> Result<(), Failure> {
    before_commit!(insert(id + 1));
    connection.execute("INSERT INTO item VALUES (?1)", [id])?;
    Ok(())
}

fn count(connection: &Connection) -> i64 {
    let counted = connection.query_row("SELECT count(*) FROM item", [], |row| row.get(0));
    counted.unwrap()
}

#[test]
fn with_rusqlite_what_they_write_is_stored_with_the_block_or_not_at_all() {
    CONNECTION.with(|connection| {
        store(connection, 1).unwrap();
        assert_eq!(count(connection), 2);
        let Err(Failure::Transaction(error)) = store(connection, 0) else {
            unreachable!("the row 1 is there");
        };
        assert_eq!(error.kind(), ErrorKind::BeforeCommit);
        assert!(error.to_string().contains("before_commit_sqlite.rs:"));
        assert_eq!(count(connection), 2);
        assert!(connection.is_autocommit());
    });
}

/// A connection of sqlx that many have, as an adapter of this crate.
#[derive(Clone)]
struct Shared(Arc<Mutex<SqliteConnection>>);

impl Shared {
    async fn execute(&self, statement: String) -> sqlx::Result<()> {
        let mut connection = self.0.lock().await;
        sqlx::query(AssertSqlSafe(statement))
            .execute(&mut *connection)
            .await?;
        Ok(())
    }

    async fn insert(self, id: i64) -> sqlx::Result<()> {
        tokio::task::yield_now().await;
        let statement = format!("INSERT INTO item VALUES ({id})");
        self.execute(statement).await
    }

    async fn count(&self) -> i64 {
        let mut connection = self.0.lock().await;
        let counted = sqlx::query_scalar("SELECT count(*) FROM item");
        counted.fetch_one(&mut *connection).await.unwrap()
    }
}

/// A transaction on it.
struct Work {
    shared: Shared,
    status: Cell<TransactionStatus>,
}

impl Work {
    async fn end(&mut self, statement: &str) -> Result<(), sqlx::Error> {
        self.shared.execute(statement.to_owned()).await?;
        self.status.set(TransactionStatus::Idle);
        Ok(())
    }
}

impl Session for Work {
    type Handle<'t> = &'t Shared;

    fn handle(&mut self) -> &Shared {
        &self.shared
    }

    fn connection_id(&mut self) -> ConnectionId {
        ConnectionId::new(Arc::as_ptr(&self.shared.0).addr())
    }

    fn status(&mut self) -> TransactionStatus {
        self.status.get()
    }
}

impl AsyncTransaction for Work {
    async fn begin(&mut self, _: &Options) -> Result<(), BoxError> {
        self.shared.execute("BEGIN".to_owned()).await?;
        self.status.set(TransactionStatus::Open);
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), CommitError> {
        let committed = self.end("COMMIT").await;
        committed.map_err(|error| CommitError::Refused(error.into()))
    }

    async fn rollback(&mut self) -> Result<(), RollbackError> {
        let ended = self.end("ROLLBACK").await;
        ended.map_err(|error| RollbackError::Failed(error.into()))
    }

    async fn savepoint(&mut self, _: &Savepoint) -> Result<(), BoxError> {
        unreachable!("nothing is nested here")
    }

    async fn release(&mut self, _: &Savepoint) -> Result<(), CommitError> {
        unreachable!("nothing is nested here")
    }

    async fn rollback_to(&mut self, _: &Savepoint) -> Result<(), RollbackError> {
        unreachable!("nothing is nested here")
    }

    fn abandon(&mut self, _: Abandoned) {
        unreachable!("no future is dropped here")
    }

    fn keep<K: Keeper<Self>>(self, keeper: K) -> K::Kept {
        keeper.of_borrowed(self)
    }
}

impl AsyncBegin<Work> for &Shared {
    type Transaction = Work;

    async fn acquire_session(self) -> Result<Work, BoxError> {
        Ok(Work {
            shared: self.clone(),
            status: Cell::new(TransactionStatus::Idle),
        })
    }
}

#[commit_on_success]
async fn store_later(shared: &Shared, id: i64) -> Result<(), Failure> {
    before_commit!(shared.clone().insert(id + 1).await);
    Ok(shared.clone().insert(id).await?)
}

#[tokio::test]
async fn with_sqlx_what_they_write_is_stored_with_the_block_or_not_at_all() {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    sqlx::query(TABLE).execute(&mut connection).await.unwrap();
    let shared = Shared(Arc::new(Mutex::new(connection)));

    store_later(&shared, 1).await.unwrap();
    assert_eq!(shared.count().await, 2);
    let Err(Failure::Transaction(error)) = store_later(&shared, 0).await else {
        unreachable!("the row 1 is there");
    };
    assert_eq!(error.kind(), ErrorKind::BeforeCommit);
    assert!(Error::find(&Failure::from(error)).is_some());
    assert_eq!(shared.count().await, 2);
}
