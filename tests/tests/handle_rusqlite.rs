//! The handle of a pool of rusqlite's connections.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use commit_on_success::rusqlite::Db;
use commit_on_success::testing::TestTransaction;
use commit_on_success::{Error, ErrorKind, commit_on_success, defer, outside, transaction};
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::Connection;

type Pooled = r2d2::PooledConnection<SqliteConnectionManager>;
type Handle = Db<Pooled>;

struct Database {
    pool: r2d2::Pool<SqliteConnectionManager>,
    directory: tempfile::TempDir,
}

impl Database {
    fn new(size: u32) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let manager = SqliteConnectionManager::file(directory.path().join("database"));
        let pool = r2d2::Pool::builder()
            .max_size(size)
            .connection_timeout(std::time::Duration::from_secs(2))
            .build(manager)
            .unwrap();
        let table = "CREATE TABLE item (id INTEGER PRIMARY KEY)";
        pool.get().unwrap().execute_batch(table).unwrap();
        Self { pool, directory }
    }

    fn handle(&self) -> Handle {
        let pool = self.pool.clone();
        Db::new(move || pool.get())
    }

    fn committed(&self) -> Vec<i64> {
        let conn = Connection::open(self.directory.path().join("database")).unwrap();
        read(&conn).unwrap()
    }
}

fn read(conn: &Connection) -> rusqlite::Result<Vec<i64>> {
    let mut ids = conn.prepare("SELECT id FROM item ORDER BY id")?;
    ids.query_map([], |row| row.get(0))?.collect()
}

fn insert(db: &Handle, id: i64) -> rusqlite::Result<()> {
    db.with(|conn| conn.execute("INSERT INTO item VALUES (?1)", [id]).map(drop))
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the body says so")]
    Body,
    #[error(transparent)]
    Driver(#[from] rusqlite::Error),
    #[error("the transaction says")]
    Transaction(#[from] Error),
}

#[track_caller]
fn kind(error: &(dyn std::error::Error + 'static)) -> ErrorKind {
    Error::find(error).unwrap().kind()
}

#[commit_on_success(tx = db)]
fn block(db: &Handle, id: i64, succeeds: bool) -> Result<(), Failure> {
    insert(db, id)?;
    if succeeds { Ok(()) } else { Err(Failure::Body) }
}

#[commit_on_success(tx = db)]
fn blocks(db: &Handle) -> Result<(), Failure> {
    tx.execute("INSERT INTO item VALUES (1)", [])?;
    block(db, 2, false).unwrap_err();
    block(db, 3, true)?;
    let db = db.clone();
    defer!(insert_later(db));
    Ok(())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "a deferred call owns what it uses"
)]
fn insert_later(db: Handle) -> rusqlite::Result<()> {
    insert(&db, 4)
}

#[test]
fn statements_are_in_the_block_around_them() {
    let database = Database::new(1);
    let db = database.handle();
    blocks(&db).unwrap();
    assert_eq!(database.committed(), [1, 3, 4]);
    block(&db, 5, false).unwrap_err();
    let panics: Result<(), _> = catch_unwind(AssertUnwindSafe(|| {
        let _: Result<(), Failure> = transaction!(tx = &db => {
            tx.execute("INSERT INTO item VALUES (6)", [])?;
            insert(&db, 7)?;
            panic!("the body")
        });
    }));
    panics.unwrap_err();
    assert_eq!(database.committed(), [1, 3, 4]);
    insert(&db, 8).unwrap();
    assert_eq!(database.committed(), [1, 3, 4, 8]);
}

#[test]
fn inside_of_a_closure_there_is_one_connection() {
    let database = Database::new(1);
    let db = database.handle();
    let seen: Result<Vec<i64>, Failure> = db.with(|conn| {
        insert(&db, 1)?;
        block(&db, 2, true)?;
        block(&db, 3, false).unwrap_err();
        Ok(read(conn)?)
    });
    assert_eq!(seen.unwrap(), [1, 2]);
    let nested: Result<(), Failure> = transaction!(tx = &db => {
        let mut ids = tx.prepare("SELECT id FROM item")?;
        let mut rows = ids.query([])?;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            if id < 10 {
                insert(&db, id + 10)?;
            }
        }
        Ok(())
    });
    nested.unwrap();
    assert_eq!(database.committed(), [1, 2, 11, 12]);
}

#[commit_on_success]
fn on_a_connection(conn: &mut Connection, db: &Handle) -> Result<(), Failure> {
    conn.execute("INSERT INTO item VALUES (1)", [])?;
    insert(db, 2)?;
    Ok(())
}

#[commit_on_success]
fn on_the_same(conn: &Connection, db: &Handle) -> Result<(), Failure> {
    conn.execute("INSERT INTO item VALUES (3)", [])?;
    insert(db, 4)?;
    Ok(())
}

#[test]
fn a_block_on_another_connection_refuses_the_handle() {
    let database = Database::new(2);
    let db = database.handle();
    let refused = on_a_connection(&mut database.pool.get().unwrap(), &db).unwrap_err();
    assert_eq!(kind(&refused), ErrorKind::BesideBlock);
    let begun: Result<(), Failure> = transaction!(tx = database.pool.get().unwrap() => {
        tx.execute("INSERT INTO item VALUES (1)", [])?;
        block(&db, 2, true)
    });
    assert_eq!(kind(&begun.unwrap_err()), ErrorKind::BesideBlock);
    assert_eq!(database.committed(), [0; 0]);
    // One that the handle has led to is known.
    db.with(|conn| on_the_same(conn, &db)).unwrap();
    assert_eq!(database.committed(), [3, 4]);
}

#[test]
fn a_handle_that_requires_a_transaction_is_refused_without() {
    let database = Database::new(1);
    let pool = database.pool.clone();
    let db: Handle = Db::required(move || pool.get());
    assert_eq!(
        kind(&insert(&db, 1).unwrap_err()),
        ErrorKind::NotInTransaction
    );
    block(&db, 2, true).unwrap();
    blocks(&db).unwrap_err();
    assert_eq!(database.committed(), [1, 2, 3]);
}

#[test]
fn a_pool_that_has_no_connection_says_so() {
    let database = Database::new(1);
    let db = database.handle();
    let taken = database.pool.get().unwrap();
    assert_eq!(kind(&insert(&db, 1).unwrap_err()), ErrorKind::Acquire);
    assert_eq!(kind(&block(&db, 1, true).unwrap_err()), ErrorKind::Begin);
    drop(taken);
    insert(&db, 2).unwrap();
    assert_eq!(database.committed(), [2]);
}

#[test]
fn a_block_of_another_database_is_none_of_the_handles() {
    let (database, other) = (Database::new(1), Database::new(1));
    let (db, other_db) = (database.handle(), other.handle());
    let both: Result<(), Failure> = transaction!(tx = &db => {
        assert!(!tx.is_autocommit());
        insert(&db, 1)?;
        insert(&other_db, 2)?;
        let inner: Result<(), Failure> = transaction!(other = &other_db => {
            assert!(!other.is_autocommit());
            insert(&db, 3)?;
            insert(&other_db, 4)?;
            Err(Failure::Body)
        });
        inner.unwrap_err();
        Ok(())
    });
    both.unwrap();
    assert_eq!(database.committed(), [1, 3]);
    assert_eq!(other.committed(), [2]);
}

#[test]
fn another_thread_is_outside() {
    let database = Database::new(2);
    let db = database.handle();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let stored: Result<(), Failure> = transaction!(tx = &db => {
        tx.execute("INSERT INTO item VALUES (1)", [])?;
        std::thread::scope(|scope| {
            scope.spawn(|| *seen.lock().unwrap() = db.with(read).unwrap());
        });
        Ok(())
    });
    stored.unwrap();
    assert_eq!(*seen.lock().unwrap(), [0; 0]);
    assert_eq!(database.committed(), [1]);
}

#[test]
fn what_leaves_the_block_is_outside() {
    let database = Database::new(2);
    let db = database.handle();
    let stored: Result<(), Failure> = transaction!(tx = &db => {
        tx.execute("INSERT INTO item VALUES (1)", [])?;
        assert_eq!(outside::scope(|| db.with(read))?, [0; 0]);
        assert_eq!(db.with(read)?, [1]);
        Ok(())
    });
    stored.unwrap();
}

#[test]
fn blocks_of_a_handle_that_requires_one_are_in_the_transaction_of_a_test() {
    let database = Database::new(1);
    let pool = database.pool.clone();
    let db: Handle = Db::required(move || pool.get());
    let test = TestTransaction::begin(&db).unwrap();
    block(&db, 1, true).unwrap();
    let refused = insert(&db, 2).unwrap_err();
    assert_eq!(kind(&refused), ErrorKind::NotInTransaction);
    test.rollback().unwrap();
    assert_eq!(database.committed(), [0; 0]);
}

#[test]
fn nothing_of_a_test_is_kept() {
    let database = Database::new(1);
    let db = database.handle();
    let test = TestTransaction::begin(&db).unwrap();
    insert(&db, 10).unwrap();
    blocks(&db).unwrap();
    insert(&db, 1).unwrap_err();
    assert_eq!(db.with(read).unwrap(), [1, 3, 4, 10]);
    assert_eq!(database.committed(), [0; 0]);
    test.rollback().unwrap();
    insert(&db, 5).unwrap();
    assert_eq!(database.committed(), [5]);
}

#[test]
fn a_connection_outside_on_purpose_is_outside() {
    let database = Database::new(2);
    let db = database.handle();
    let failed: Result<(), Failure> = transaction!(tx = &db => {
        assert!(!tx.is_autocommit());
        let outside = db.outside().unwrap();
        outside.execute("INSERT INTO item VALUES (1)", [])?;
        insert(&db, 2)?;
        Err(Failure::Body)
    });
    failed.unwrap_err();
    assert_eq!(database.committed(), [1]);
}
