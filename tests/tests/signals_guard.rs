//! Handlers that reach the connection of their transaction, on a real database: what they leave open
//! is rolled back, and what they do to the hook context is gone after them.
//!
//! With rusqlite a handler can have the connection where it is shared. With sqlx none can: its
//! sources are exclusive, or go back to their pool before.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]
#![allow(
    clippy::needless_pass_by_value,
    reason = "a deferred call owns what it is given"
)]

use std::cell::{OnceCell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

use commit_on_success::signals::{Committed, RolledBack, post_commit, post_rollback};
use std::error::Error as _;

use commit_on_success::{FailureKind, Outcome, commit_on_success, defer, in_transaction, pending};
use commit_on_success_tests::journal::{Failure, Journal, Witness, source_line};
use rusqlite::Connection;
use tempfile::TempDir;

struct Database(TempDir);

impl Database {
    fn new() -> Self {
        let database = Self(tempfile::tempdir().unwrap());
        let table = "CREATE TABLE item (id INTEGER PRIMARY KEY)";
        database.connect().execute_batch(table).unwrap();
        database
    }

    fn connect(&self) -> Connection {
        let conn = Connection::open(self.0.path().join("database")).unwrap();
        conn.execute_batch("PRAGMA synchronous = OFF").unwrap();
        conn
    }

    fn committed(&self) -> Vec<i64> {
        rows(&self.connect())
    }
}

fn rows(conn: &Connection) -> Vec<i64> {
    let mut statement = conn.prepare("SELECT id FROM item ORDER BY id").unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

fn insert(conn: &Connection, id: i64) -> rusqlite::Result<()> {
    conn.execute("INSERT INTO item VALUES (?1)", [id])?;
    Ok(())
}

thread_local! {
    // What handlers, which are `Send`, can share with the block.
    static SHARED: OnceCell<Rc<Connection>> = const { OnceCell::new() };
}

fn shared() -> Rc<Connection> {
    SHARED.with(|shared| shared.get().unwrap().clone())
}

fn share(database: &Database) -> Rc<Connection> {
    SHARED.with(|shared| shared.get_or_init(|| Rc::new(database.connect())).clone())
}

fn leave_open(row: i64) {
    let conn = shared();
    conn.execute_batch("BEGIN").unwrap();
    insert(&conn, row).unwrap();
}

fn seen_by_the_next(journal: Journal) {
    let conn = shared();
    let open = if conn.is_autocommit() { "none" } else { "one" };
    journal.note(format!("{open} open, rows {:?}", rows(&conn)));
}

#[commit_on_success]
fn misbehaves(conn: &Rc<Connection>, journal: &Journal) -> Result<(), Failure> {
    insert(conn, 1)?;
    defer!(leave_open(2));
    defer!(seen_by_the_next(journal.clone()));
    post_commit().connect(|_| leave_open(3)).unwrap();
    defer!(seen_by_the_next(journal.clone()));
    defer!(fails_too());
    defer!(seen_by_the_next(journal.clone()));
    Ok(())
}

#[commit_on_success]
fn misbehaves_on_a_reference(conn: &Connection, journal: &Journal) -> Result<(), Failure> {
    insert(conn, 1)?;
    post_commit().connect(|_| leave_open(2)).unwrap();
    defer!(seen_by_the_next(journal.clone()));
    Ok(())
}

fn fails_too() -> Result<(), &'static str> {
    leave_open(4);
    Err("and fails as well")
}

/// What each failure says, with the line where its call was registered.
fn failures(result: Result<(), Failure>) -> Vec<String> {
    let Err(Failure::Transaction(error)) = result else {
        panic!("{result:?}")
    };
    assert_eq!(error.outcome(), Outcome::Committed);
    let failures = error.failures().iter().map(|failure| {
        assert_eq!(failure.location().file(), file!());
        let line = source_line(include_str!("signals_guard.rs"), failure.location().line());
        match (failure.kind(), failure.source()) {
            (FailureKind::BadlyBehaved, None) => format!("left open: {line}"),
            (FailureKind::Failed, Some(source)) => format!("failed, {source}: {line}"),
            _ => panic!("{failure:?}"),
        }
    });
    failures.collect()
}

#[test]
fn what_handlers_leave_open_on_a_shared_connection_is_rolled_back_before_the_next_one_runs() {
    let database = Database::new();
    let conn = share(&database);
    let journal = Journal::default();
    let result = misbehaves(&conn, &journal);
    assert_eq!(
        failures(result),
        [
            "left open: defer!(leave_open(2));",
            "left open: post_commit().connect(|_| leave_open(3)).unwrap();",
            "failed, and fails as well: defer!(fails_too());",
            "left open: defer!(fails_too());",
        ]
    );
    assert_eq!(journal.lines(), ["none open, rows [1]"; 3]);
    assert!(conn.is_autocommit());
    assert_eq!(database.committed(), [1]);
}

#[test]
fn the_same_with_a_plain_reference_as_the_source() {
    let database = Database::new();
    let conn = share(&database);
    let journal = Journal::default();
    let result = misbehaves_on_a_reference(&conn, &journal);
    let line = "post_commit().connect(|_| leave_open(2)).unwrap();";
    assert_eq!(failures(result), [format!("left open: {line}")]);
    assert_eq!(journal.lines(), ["none open, rows [1]"]);
    assert_eq!(database.committed(), [1]);
}

fn leave_open_and_panic() {
    leave_open(2);
    resume_unwind(Box::new("the call panics"))
}

#[commit_on_success]
fn panics_and_leaves_one_open(conn: &Connection, journal: &Journal) -> Result<(), Failure> {
    insert(conn, 1)?;
    defer!(leave_open_and_panic());
    defer!(seen_by_the_next(journal.clone()));
    Ok(())
}

#[test]
fn a_handler_that_panics_halfway_leaves_nothing_open() {
    let database = Database::new();
    let conn = share(&database);
    let journal = Journal::default();
    let run = || panics_and_leaves_one_open(&conn, &journal);
    let payload = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    assert_eq!(*payload.downcast_ref::<&str>().unwrap(), "the call panics");
    assert_eq!(journal.lines(), ["none open, rows [1]"]);
    assert!(conn.is_autocommit());
    assert_eq!(database.committed(), [1]);
}

#[commit_on_success]
fn well_behaved(conn: &Connection) -> Result<(), Failure> {
    insert(conn, 1)?;
    defer!(stores(2));
    post_commit().connect(|_| stores(3)).unwrap();
    defer!(stores(1));
    Ok(())
}

fn stores(row: i64) -> Result<(), Failure> {
    assert!(!in_transaction());
    store(&shared(), row)
}

#[commit_on_success]
fn store(conn: &Connection, row: i64) -> Result<(), Failure> {
    insert(conn, row)?;
    Ok(())
}

#[test]
fn handlers_may_have_transactions_of_their_own_on_the_same_connection() {
    let database = Database::new();
    let conn = share(&database);
    let Err(Failure::Transaction(error)) = well_behaved(&conn) else {
        panic!("the third call violates the primary key")
    };
    let [failure] = error.failures() else {
        panic!("{error:?}")
    };
    assert_eq!(failure.kind(), FailureKind::Failed, "{failure:?}");
    let line = source_line(include_str!("signals_guard.rs"), failure.location().line());
    assert_eq!(line, "defer!(stores(1));");
    assert_eq!(database.committed(), [1, 2, 3]);
    assert!(conn.is_autocommit());
}

#[commit_on_success]
fn around(conn: &mut Connection, other: &Database, journal: &Journal) -> Result<(), Failure> {
    insert(conn, 1)?;
    defer!(journal.clone().note("call of the outer"));
    let result = independent(&mut other.connect(), other, journal);
    assert!(matches!(&result, Err(Failure::Transaction(error)) if error.failures().len() == 1));
    let panicking = || {
        let mut conn = other.connect();
        panics_in_a_call(&mut conn)
    };
    catch_unwind(AssertUnwindSafe(panicking)).unwrap_err();
    undone(&mut other.connect(), journal).unwrap_err();
    assert!(in_transaction());
    assert_eq!(pending(), 1);
    Ok(())
}

#[commit_on_success]
fn independent(
    conn: &mut Connection,
    database: &Database,
    journal: &Journal,
) -> Result<(), Failure> {
    insert(conn, 10)?;
    let third = RefCell::new(Some(database.connect()));
    let ours = journal.clone();
    let handler = move |_: &Committed| -> Result<(), Failure> {
        let mut conn = third.take().unwrap();
        fails_after_deferring(&mut conn, &ours)
    };
    post_commit().connect(handler).unwrap();
    let ours = journal.clone();
    post_commit()
        .connect(move |_| {
            ours.note(format!("{} {}", in_transaction(), pending()));
            defer!(ours.clone().note("at once"));
            ours.note("after");
        })
        .unwrap();
    Ok(())
}

#[commit_on_success]
fn fails_after_deferring(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
    insert(conn, 11)?;
    defer!(journal.clone().note("never"));
    Err(Failure::Body("no"))
}

#[commit_on_success]
fn panics_in_a_call(conn: &mut Connection) -> Result<(), Failure> {
    insert(conn, 20)?;
    defer!(panic_in_a_block());
    Ok(())
}

fn panic_in_a_block() {
    #[commit_on_success]
    fn panics(conn: &mut Connection) -> Result<(), Failure> {
        conn.execute_batch("CREATE TABLE never (id)")?;
        resume_unwind(Box::new("a body panics"))
    }

    let _ = panics(&mut Connection::open_in_memory().unwrap());
}

#[commit_on_success]
fn undone(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
    insert(conn, 30)?;
    let journal = journal.clone();
    let handler = move |_: &RolledBack| {
        journal.note(format!("{} {}", in_transaction(), pending()));
    };
    post_rollback().connect(handler).unwrap();
    Err(Failure::Body("no"))
}

// the other half of it, also where handlers run inside another block
#[test]
fn handlers_find_and_leave_the_hook_context_as_it_was() {
    let (database, other) = (Database::new(), Database::new());
    let journal = Journal::default();
    around(&mut database.connect(), &other, &journal).unwrap();
    let expected = [
        "false 0",
        "at once",
        "after",
        "false 0",
        "call of the outer",
    ];
    assert_eq!(journal.lines(), expected);
    assert_eq!(other.committed(), [10, 20]);
    assert_eq!(database.committed(), [1]);
    assert!(!in_transaction());
}

#[commit_on_success]
fn in_a_strangers(conn: &Connection, witness: Asks) -> Result<(), Failure> {
    insert(conn, 1)?;
    post_rollback().connect(move |_| witness.0.here()).unwrap();
    Ok(())
}

/// Asks whether there is a transaction when it is dropped.
struct Asks(Witness);

impl Drop for Asks {
    fn drop(&mut self) {
        assert!(!in_transaction());
    }
}

#[test]
fn a_rollback_handler_in_somebody_elses_transaction_is_dropped_when_its_block_ends() {
    let database = Database::new();
    let mut conn = database.connect();
    let transaction = conn.transaction().unwrap();
    let journal = Journal::default();
    let witness = Asks(journal.witness("dropped"));
    in_a_strangers(&transaction, witness).unwrap();
    assert_eq!(journal.lines(), ["dropped"]);
    transaction.commit().unwrap();
    assert_eq!(database.committed(), [1]);
}
