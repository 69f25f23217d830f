//! Transactions of tests, on rusqlite: always rolled back, and not noticed by what runs inside.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]
#![allow(
    clippy::needless_pass_by_value,
    reason = "a deferred call owns what it is given"
)]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use commit_on_success::signals::{Committed, RolledBack, post_commit, post_rollback};
use commit_on_success::testing::{TestTransaction, capture};
use commit_on_success::{
    __private, Begin, Error, ErrorKind, Options, Propagation, Site, commit_on_success, defer,
    in_transaction, pending, set_rollback,
};
use commit_on_success_tests::errors::assert_not_owned;
use commit_on_success_tests::journal::{Failure, Journal};
use r2d2_sqlite::SqliteConnectionManager;
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

    fn pool(&self) -> r2d2::Pool<SqliteConnectionManager> {
        let manager = SqliteConnectionManager::file(self.0.path().join("database"));
        r2d2::Pool::builder()
            .max_size(1)
            .connection_timeout(Duration::from_secs(20))
            .build(manager)
            .unwrap()
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

#[derive(Clone, Copy, Debug)]
enum End {
    Ok,
    Err,
    SetRollback,
    Panic,
}

fn end(how: End) -> Result<(), Failure> {
    match how {
        End::Ok => {}
        End::Err => return Err(Failure::Body("no")),
        End::SetRollback => set_rollback().unwrap(),
        End::Panic => resume_unwind(Box::new("body")),
    }
    Ok(())
}

fn call(journal: Journal, name: &'static str) {
    assert!(!in_transaction());
    journal.note(name);
}

#[commit_on_success]
fn store(conn: &mut Connection, journal: &Journal, row: i64, how: End) -> Result<(), Failure> {
    insert(conn, row)?;
    assert!(in_transaction());
    defer!(call(journal.clone(), "call"));
    let copy = journal.clone();
    let handler = move |event: &Committed| {
        copy.note(format!("committed, nesting {}", event.nesting));
    };
    post_commit().connect(handler).unwrap();
    let copy = journal.clone();
    let handler = move |event: &RolledBack| {
        copy.note(format!("{:?}, nesting {}", event.cause, event.nesting));
    };
    post_rollback().connect(handler).unwrap();
    assert_eq!(pending(), 1);
    end(how)
}

#[test]
fn functions_inside_run_their_deferred_calls_at_their_end_and_nothing_stays() {
    let database = Database::new();
    let mut conn = database.connect();
    let mut test = TestTransaction::begin(&mut conn).unwrap();
    let journal = Journal::default();
    assert!(!in_transaction(), "a test is outside of any block");
    for row in [1, 2] {
        store(test.connection(), &journal, row, End::Ok).unwrap();
    }
    let once = ["call", "committed, nesting 0"];
    assert_eq!(journal.lines(), [once, once].concat());
    assert_eq!(rows(test.connection()), [1, 2]);
    assert_eq!(database.committed(), [0_i64; 0]);
    test.rollback().unwrap();
    assert!(conn.is_autocommit());
    assert_eq!(rows(&conn), [0_i64; 0]);

    store(&mut conn, &journal, 3, End::Ok).unwrap();
    assert_eq!(database.committed(), [3], "and then all is as before");
}

#[test]
fn a_function_that_fails_rolls_back_itself_only() {
    let database = Database::new();
    let mut conn = database.connect();
    let mut test = TestTransaction::begin(&mut conn).unwrap();
    insert(test.connection(), 1).unwrap();
    store(test.connection(), &Journal::default(), 2, End::Ok).unwrap();
    for (how, line) in [
        (End::Err, "Error, nesting 0"),
        (End::SetRollback, "Requested, nesting 0"),
        (End::Panic, "Panic, nesting 0"),
    ] {
        let journal = Journal::default();
        let run = || store(test.connection(), &journal, 3, how);
        let _ = catch_unwind(AssertUnwindSafe(run));
        assert_eq!(journal.lines(), [line]);
        assert_eq!(rows(test.connection()), [1, 2], "{how:?}");
    }
    store(test.connection(), &Journal::default(), 3, End::Ok).unwrap();
    assert_eq!(rows(test.connection()), [1, 2, 3]);
    test.rollback().unwrap();
    assert_eq!(database.committed(), [0_i64; 0]);
}

#[commit_on_success]
fn outer(conn: &mut Connection, journal: &Journal, inner: End) -> Result<(), Failure> {
    insert(conn, 1)?;
    defer!(call(journal.clone(), "outer 1"));
    let nested = nested(conn, journal, inner);
    assert_eq!(nested.is_err(), matches!(inner, End::Err));
    defer!(call(journal.clone(), "outer 2"));
    assert!(journal.lines().is_empty());
    Ok(())
}

#[commit_on_success]
fn nested(conn: &mut Connection, journal: &Journal, how: End) -> Result<(), Failure> {
    insert(conn, 2)?;
    defer!(call(journal.clone(), "nested"));
    end(how)
}

#[test]
fn what_is_nested_inside_is_a_savepoint_as_ever() {
    let database = Database::new();
    let mut conn = database.connect();
    let mut test = TestTransaction::begin(&mut conn).unwrap();
    let journal = Journal::default();
    outer(test.connection(), &journal, End::Ok).unwrap();
    assert_eq!(journal.lines(), ["outer 1", "nested", "outer 2"]);
    assert_eq!(rows(test.connection()), [1, 2]);
    drop(test);

    let mut test = TestTransaction::begin(&mut conn).unwrap();
    assert_eq!(
        rows(test.connection()),
        [0_i64; 0],
        "dropping it rolls back"
    );
    let journal = Journal::default();
    outer(test.connection(), &journal, End::Err).unwrap();
    assert_eq!(journal.lines(), ["outer 1", "outer 2"]);
    assert_eq!(rows(test.connection()), [1]);
    test.rollback().unwrap();
    assert_eq!(database.committed(), [0_i64; 0]);
}

static SITE: Site = Site {
    function: "by_hand",
    module: "testing_rusqlite",
    file: file!(),
    line: line!(),
    column: 1,
};

/// A block with options, as the macros would write it.
fn with_options(conn: &mut Connection, options: Options, row: i64) -> Result<(), Error> {
    let mut scope = __private::begin(conn, &SITE, options)?;
    let (handle, running) = scope.enter();
    let mut returned = running.run(|| insert(handle, row));
    returned
        .__commit_or_rollback(&mut scope)
        .map(Result::unwrap)
}

#[commit_on_success]
fn durable_inside(conn: &mut Connection) -> Result<(), Failure> {
    let durable = Options::new().propagation(Propagation::Durable);
    Ok(with_options(conn, durable, 5)?)
}

#[test]
fn propagation_is_that_of_an_outermost_block() {
    let database = Database::new();
    let mut conn = database.connect();
    let mut test = TestTransaction::begin(&mut conn).unwrap();
    let durable = Options::new().propagation(Propagation::Durable);
    with_options(test.connection(), durable, 1).unwrap();
    let required = Options::new().propagation(Propagation::Required);
    with_options(test.connection(), required, 2).unwrap();
    let mandatory = Options::new().propagation(Propagation::Mandatory);
    let error = with_options(test.connection(), mandatory, 3).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mandatory, "{error:?}");
    let error = durable_inside(test.connection()).unwrap_err();
    assert!(
        matches!(&error, Failure::Transaction(error) if error.kind() == ErrorKind::Durable),
        "{error:?}"
    );
    let read_only = Options::new().mode(commit_on_success::Mode::Immediate);
    with_options(test.connection(), read_only, 4).unwrap();
    assert_eq!(rows(test.connection()), [1, 2, 4]);
    test.rollback().unwrap();
    assert_eq!(database.committed(), [0_i64; 0]);
}

/// A test's fixture.
struct Fixture<T: commit_on_success::Transaction> {
    test: TestTransaction<T>,
    journal: Journal,
}

fn fixture<D, S: Begin<D>>(source: S) -> Fixture<S::Transaction> {
    let test = TestTransaction::begin(source).unwrap();
    let journal = Journal::default();
    Fixture { test, journal }
}

#[test]
fn it_may_be_moved_and_own_its_connection() {
    let database = Database::new();
    let fixtures = [database.connect()].map(|conn| Box::new(fixture(Box::new(conn))));
    let [mut boxed] = fixtures;
    store(boxed.test.connection(), &boxed.journal, 1, End::Ok).unwrap();
    assert_eq!(boxed.journal.lines().len(), 2);
    let mut unboxed = *boxed;
    store(unboxed.test.connection(), &unboxed.journal, 2, End::Ok).unwrap();
    assert_eq!(unboxed.journal.lines().len(), 4);
    let mut again = vec![unboxed];
    store(again[0].test.connection(), &Journal::default(), 3, End::Ok).unwrap();
    assert_eq!(rows(again[0].test.connection()), [1, 2, 3]);
    drop(again);
    assert_eq!(database.committed(), [0_i64; 0]);
}

#[test]
fn a_connection_out_of_a_pool_goes_back_without_a_transaction() {
    let database = Database::new();
    let pool = database.pool();
    for ending in [true, false] {
        let mut fixture = fixture(pool.get().unwrap());
        store(fixture.test.connection(), &fixture.journal, 1, End::Ok).unwrap();
        assert_eq!(fixture.journal.lines().len(), 2);
        if ending {
            fixture.test.rollback().unwrap();
        } else {
            drop(fixture);
        }
        let conn = pool.get().unwrap();
        assert!(conn.is_autocommit());
        assert_eq!(rows(&conn), [0_i64; 0]);
    }
}

#[test]
fn several_at_once_do_not_know_of_each_other() {
    let databases = [(); 3].map(|()| Database::new());
    let mut tests: Vec<_> = databases
        .iter()
        .map(|database| fixture(Box::new(database.connect())))
        .collect();
    for (index, row) in [(0, 1), (2, 1), (1, 1), (0, 2)] {
        let Fixture { test, journal } = &mut tests[index];
        store(test.connection(), journal, row, End::Ok).unwrap();
    }
    let calls: Vec<_> = tests
        .iter()
        .map(|test| test.journal.lines().len())
        .collect();
    assert_eq!(calls, [4, 2, 2]);
    drop(tests.swap_remove(1));
    let Fixture { test, journal } = &mut tests[1];
    store(test.connection(), journal, 2, End::Ok).unwrap();
    assert_eq!(journal.lines().len(), 4, "the others go on");

    let mut conn = databases[1].connect();
    store(&mut conn, &Journal::default(), 9, End::Ok).unwrap();
    assert_eq!(
        databases[1].committed(),
        [9],
        "a connection that is not in a test"
    );
    drop(tests);
    assert_eq!(databases[0].committed(), [0_i64; 0]);
    assert_eq!(databases[2].committed(), [0_i64; 0]);
}

#[test]
fn a_transaction_that_somebody_else_opened_is_not_taken_for_a_test() {
    let database = Database::new();
    let mut conn = database.connect();
    drop(TestTransaction::begin(&mut conn).unwrap());
    conn.execute_batch("BEGIN").unwrap();
    let journal = Journal::default();
    let error = store(&mut conn, &journal, 1, End::Ok).unwrap_err();
    let Failure::Transaction(error) = error else {
        panic!("{error:?}")
    };
    assert_not_owned(&error, 2);
    conn.execute_batch("ROLLBACK").unwrap();
}

#[commit_on_success]
fn deferring_blocks(conn: &Connection, other: &Database, journal: &Journal) -> Result<(), Failure> {
    insert(conn, 1)?;
    let (theirs, copy) = (other.connect(), journal.clone());
    defer!(move || {
        let mut conn = theirs;
        store(&mut conn, &copy, 10, End::Ok)
    });
    Ok(())
}

#[test]
fn deferred_calls_inside_may_open_transactions_and_can_be_captured() {
    let (database, other) = (Database::new(), Database::new());
    let conn = database.connect();
    let mut test = TestTransaction::begin(&conn).unwrap();
    let journal = Journal::default();
    let (stored, calls) = capture(|| deferring_blocks(test.connection(), &other, &journal));
    stored.unwrap();
    assert_eq!(calls.len(), 1);
    assert_eq!(rows(&conn), [1]);
    assert_eq!(other.committed(), [0_i64; 0]);
    assert!(calls.run().is_empty());
    assert_eq!(journal.lines(), ["call", "committed, nesting 0"]);
    assert_eq!(other.committed(), [10]);
    test.rollback().unwrap();
    assert_eq!(database.committed(), [0_i64; 0]);
}

#[test]
fn savepoints_of_the_test_around_functions_stay() {
    let database = Database::new();
    let mut conn = database.connect();
    let mut test = TestTransaction::begin(&mut conn).unwrap();
    let journal = Journal::default();
    store(test.connection(), &journal, 1, End::Ok).unwrap();
    let mut savepoint = test.connection().savepoint().unwrap();
    let stored = store_in(&savepoint, 2);
    stored.unwrap();
    assert_eq!(rows(&savepoint), [1, 2]);
    savepoint.rollback().unwrap();
    assert_eq!(rows(&savepoint), [1]);
    savepoint.commit().unwrap();
    test.rollback().unwrap();
    assert_eq!(database.committed(), [0_i64; 0]);
}

#[commit_on_success]
fn store_in(conn: &rusqlite::Savepoint<'_>, row: i64) -> Result<(), Failure> {
    insert(conn, row)?;
    Ok(())
}

#[test]
fn a_connection_in_the_place_of_a_test_that_was_moved_is_not_taken_for_it() {
    let (tested, other) = (Database::new(), Database::new());
    let mut place = Some(fixture(tested.pool().get().unwrap()));
    let here = place.as_mut().unwrap();
    store(here.test.connection(), &here.journal, 1, End::Ok).unwrap();
    let mut moved = Box::new(place.take().unwrap());
    place = Some(fixture(other.pool().get().unwrap()));
    // The one that is over leaves the other one alone.
    let here = place.as_mut().unwrap();
    store(here.test.connection(), &here.journal, 1, End::Ok).unwrap();
    drop(place.take());
    store(moved.test.connection(), &moved.journal, 2, End::Ok).unwrap();
    assert_eq!(rows(moved.test.connection()), [1, 2]);
    assert_eq!(moved.journal.lines().len(), 4);
    moved.test.rollback().unwrap();
    assert_eq!(tested.committed(), [0_i64; 0]);
    assert_eq!(other.committed(), [0_i64; 0]);
}

#[test]
fn a_transaction_that_is_not_there_any_more_is_an_error() {
    let database = Database::new();
    let mut conn = database.connect();
    let mut test = TestTransaction::begin(&mut conn).unwrap();
    test.connection().execute_batch("COMMIT").unwrap();
    let error = test.rollback().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ended, "{error:?}");
    let outer = conn.transaction().unwrap();
    assert!(TestTransaction::begin(&outer).is_err());
}
