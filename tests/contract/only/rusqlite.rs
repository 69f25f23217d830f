//! The tests of rusqlite alone: connections that are shared within a thread, sources that dereference to
//! one, and threads.

use std::cell::RefCell;
use std::panic::panic_any;
use std::sync::{Arc, Mutex};
use std::thread;

use std::error::Error as _;

use commit_on_success::{
    ErrorKind, FailureKind, Outcome, commit_on_success, defer, in_transaction, pending,
};
use commit_on_success_tests::errors::{assert_kind, source_of};
use rusqlite::Connection;

use crate::driver::{self, Database, Pool};
use crate::support::{Failure, Journal};

#[commit_on_success]
fn store(conn: &Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, id)?;
    defer!(journal.clone().note(id.to_string()));
    if id % 2 == 0 {
        Err(Failure::body("even"))
    } else {
        Ok(())
    }
}

#[test]
fn a_shared_connection_commits_rolls_back_and_nests() {
    #[commit_on_success]
    fn nest(conn: &Connection, journal: &Journal) -> Result<(), Failure> {
        store(conn, 3, journal)?;
        store(conn, 4, journal).unwrap_err();
        assert_eq!(pending(), 1);
        Ok(())
    }

    let db = driver::open();
    let conn = db.connect();
    let journal = Journal::default();
    store(&conn, 1, &journal).unwrap();
    store(&conn, 2, &journal).unwrap_err();
    nest(&conn, &journal).unwrap();
    assert_eq!(journal.entries(), ["1", "3"]);
    assert_eq!(db.committed(), [1, 3]);
}

#[test]
fn a_shared_and_an_exclusive_borrow_of_one_connection_nest() {
    #[commit_on_success]
    fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        store(conn, 1, journal)?;
        assert!(journal.entries().is_empty());
        Ok(())
    }

    let db = driver::open();
    let journal = Journal::default();
    outer(&mut db.connect(), &journal).unwrap();
    outer(&mut Box::new(db.connect()), &journal).unwrap_err();
    assert_eq!(journal.entries(), ["1"]);
}

#[test]
fn boxes_guards_and_pooled_connections_commit_and_roll_back() {
    #[commit_on_success]
    fn boxed(conn: Box<Connection>, id: i64, journal: &Journal) -> Result<(), Failure> {
        store(conn, id, journal)
    }

    #[commit_on_success(conn = mutex.lock().unwrap())]
    fn guarded(mutex: &Mutex<Connection>, id: i64, journal: &Journal) -> Result<(), Failure> {
        store(conn, id, journal)
    }

    #[commit_on_success(tx = pool.get()?)]
    fn pooled(pool: &Pool, id: i64, journal: &Journal) -> anyhow::Result<()> {
        Ok(store(tx, id, journal)?)
    }

    #[commit_on_success(tx = &mut pool.get()?)]
    fn lent(pool: &Pool, id: i64, journal: &Journal) -> anyhow::Result<()> {
        Ok(store(tx, id, journal)?)
    }

    #[commit_on_success(tx = &pool.get()?)]
    fn shared(pool: &Pool, id: i64, journal: &Journal) -> anyhow::Result<()> {
        Ok(store(tx, id, journal)?)
    }

    let db = driver::open();
    let (pool, mutex) = (db.pool(1), Mutex::new(db.connect()));
    for half in 0..2 {
        let journal = Journal::default();
        let ended = [
            boxed(Box::new(db.connect()), half, &journal).is_ok(),
            guarded(&mutex, 2 + half, &journal).is_ok(),
            pooled(&pool, 4 + half, &journal).is_ok(),
            lent(&pool, 6 + half, &journal).is_ok(),
            shared(&pool, 8 + half, &journal).is_ok(),
        ];
        assert_eq!(ended, [half == 1; 5]);
        assert_eq!(journal.entries().len(), if half == 1 { 5 } else { 0 });
    }
    assert_eq!(db.committed(), [1, 3, 5, 7, 9]);
}

#[test]
fn a_mutex_is_free_again_when_deferred_calls_run() {
    #[commit_on_success(tx = mutex.lock().unwrap())]
    fn stores(mutex: &Arc<Mutex<Connection>>, journal: &Journal) -> Result<(), Failure> {
        driver::insert(tx, 1)?;
        let (theirs, journal) = (Arc::clone(mutex), journal.clone());
        defer!(move || {
            let conn = theirs
                .try_lock()
                .map_err(|error| Failure::body(&error.to_string()))?;
            journal.note(format!("{:?}", driver::rows(&conn)?));
            Ok::<(), Failure>(())
        });
        Ok(())
    }

    let db = driver::open();
    let mutex = Arc::new(Mutex::new(db.connect()));
    let journal = Journal::default();
    stores(&mutex, &journal).unwrap();
    assert_eq!(journal.entries(), ["[1]"]);
}

thread_local! {
    static SHARED: RefCell<Option<Connection>> = const { RefCell::new(None) };
}

/// Runs `f` with the connection of this thread.
fn with_shared<R>(f: impl FnOnce(&Connection) -> R) -> R {
    SHARED.with_borrow(|conn| f(conn.as_ref().unwrap()))
}

fn share(db: &Database) {
    SHARED.set(Some(db.connect()));
}

fn leave_open() {
    with_shared(|conn| {
        conn.execute_batch("BEGIN; INSERT INTO item (id) VALUES (66)")
            .unwrap();
    });
}

#[test]
fn a_call_that_leaves_a_transaction_open_is_reported_with_its_place_and_the_rest_rolled_back() {
    #[commit_on_success]
    fn stores(conn: &Connection, journal: &Journal) -> Result<u32, Failure> {
        driver::insert(conn, 1)?;
        let line = line!() + 2;
        defer!(journal.clone().note(line.to_string()));
        defer!(leave_open());
        let journal = journal.clone();
        defer!(move || {
            let idle = with_shared(Connection::is_autocommit);
            journal.note(format!("clean {idle}"));
        });
        Ok(line)
    }

    let db = driver::open();
    share(&db);
    let journal = Journal::default();
    let error = with_shared(|conn| stores(conn, &journal))
        .unwrap_err()
        .into_transaction();
    assert_eq!(error.outcome(), Outcome::Committed);
    let [failure] = error.failures() else {
        panic!("{error:?}");
    };
    assert_eq!(failure.kind(), FailureKind::BadlyBehaved);
    assert!(failure.source().is_none(), "{failure:?}");
    let location = failure.location();
    assert!(location.file().ends_with("rusqlite.rs"), "{location}");
    assert_eq!(
        journal.entries(),
        [location.line().to_string(), "clean true".to_owned()]
    );
    assert!(with_shared(Connection::is_autocommit));
    assert_eq!(db.committed(), [1]);
    with_shared(|conn| store(conn, 3, &journal)).unwrap();
    assert_eq!(db.committed(), [1, 3]);
}

#[test]
fn a_call_that_panics_with_a_transaction_open_leaves_nothing_open() {
    fn leave_open_and_panic() {
        leave_open();
        panic_any(7_u32);
    }

    #[commit_on_success]
    fn stores(conn: &Connection) -> Result<(), Failure> {
        driver::insert(conn, 1)?;
        defer!(leave_open_and_panic());
        Ok(())
    }

    let db = driver::open();
    share(&db);
    let payload = driver::caught!(with_shared(stores)).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&7_u32));
    assert!(with_shared(Connection::is_autocommit));
    assert_eq!(db.committed(), [1]);
}

#[test]
fn a_call_can_open_a_transaction_on_the_same_connection() {
    fn store_more(journal: &Journal) -> Result<(), Failure> {
        assert!(!in_transaction());
        with_shared(|conn| store(conn, 3, journal))
    }

    #[commit_on_success]
    fn stores(conn: &Connection, journal: &Journal) -> Result<(), Failure> {
        driver::insert(conn, 1)?;
        let theirs = journal.clone();
        defer!(move || store_more(&theirs));
        defer!(journal.clone().note("last"));
        Ok(())
    }

    let db = driver::open();
    share(&db);
    let journal = Journal::default();
    with_shared(|conn| stores(conn, &journal)).unwrap();
    assert_eq!(journal.entries(), ["3", "last"]);
    assert_eq!(db.committed(), [1, 3]);
}

#[test]
fn an_inner_block_that_panics_and_is_caught_is_rolled_back_alone() {
    #[commit_on_success]
    fn panics(conn: &Connection, journal: &Journal) -> Result<(), Failure> {
        driver::insert(conn, 2)?;
        defer!(journal.clone().note("never"));
        panic_any(7_u32);
    }

    #[commit_on_success]
    fn outer(conn: &Connection, journal: &Journal) -> Result<(), Failure> {
        store(conn, 1, journal)?;
        let payload = driver::caught!(panics(conn, journal)).unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&7_u32));
        assert_eq!(pending(), 1);
        store(conn, 3, journal)
    }

    let db = driver::open();
    let conn = db.connect();
    let journal = Journal::default();
    outer(&conn, &journal).unwrap();
    assert_eq!(journal.entries(), ["1", "3"]);
    assert_eq!(db.committed(), [1, 3]);
}

#[test]
fn a_spawned_thread_is_outside_and_its_call_runs_at_once() {
    #[commit_on_success]
    fn spawns(conn: &Connection, journal: &Journal) -> Result<(), Failure> {
        store(conn, 1, journal)?;
        thread::scope(|scope| {
            scope.spawn(|| {
                assert!(!in_transaction());
                defer!(journal.clone().note("deferred by the thread"));
                assert_eq!(journal.entries(), ["deferred by the thread"]);
            });
        });
        assert_eq!(pending(), 1);
        Ok(())
    }

    let db = driver::open();
    let journal = Journal::default();
    spawns(&db.connect(), &journal).unwrap();
    assert_eq!(journal.entries(), ["deferred by the thread", "1"]);
}

#[test]
fn threads_have_transactions_and_queues_of_their_own() {
    #[commit_on_success(tx = pool.get()?)]
    fn store_two(pool: &Pool, id: i64, journal: &Journal) -> anyhow::Result<()> {
        store(tx, id, journal)?;
        thread::yield_now();
        store(tx, id + 1000, journal)?;
        assert_eq!(pending(), 2);
        anyhow::ensure!(id % 5 != 0, "every fifth");
        Ok(())
    }

    let db = driver::open();
    let pool = db.pool(8);
    thread::scope(|scope| {
        for id in (1..50).step_by(2) {
            let pool = &pool;
            scope.spawn(move || {
                let journal = Journal::default();
                let failed = store_two(pool, id, &journal).is_err();
                assert_eq!(failed, id % 5 == 0);
                let both = [id.to_string(), (id + 1000).to_string()];
                assert_eq!(journal.entries(), if failed { &[][..] } else { &both });
            });
        }
    });
    let stored = (1..50).step_by(2).filter(|id| id % 5 != 0);
    let expected: Vec<i64> = stored.clone().chain(stored.map(|id| id + 1000)).collect();
    assert_eq!(db.committed(), expected);
}

#[test]
fn a_savepoint_of_rusqlite_inside_a_body_takes_what_is_inside_with_it() {
    #[commit_on_success]
    fn plain(conn: &Connection, id: i64) -> Result<(), Failure> {
        driver::insert(conn, id)?;
        Ok(())
    }

    #[commit_on_success]
    fn outer(conn: &mut Connection) -> Result<(), Failure> {
        let savepoint = conn.savepoint()?;
        plain(&savepoint, 1)?;
        savepoint.commit()?;
        let mut savepoint = conn.savepoint()?;
        plain(&savepoint, 2)?;
        savepoint.rollback()?;
        drop(savepoint);
        plain(conn, 3)
    }

    let db = driver::open();
    outer(&mut db.connect()).unwrap();
    assert_eq!(db.committed(), [1, 3]);
}

#[test]
fn a_nested_block_in_a_transaction_that_was_ended_says_so() {
    #[commit_on_success]
    fn outer(conn: &Connection, journal: &Journal) -> Result<(), Failure> {
        conn.execute_batch("ROLLBACK")?;
        store(conn, 1, journal)
    }

    let db = driver::open();
    let journal = Journal::default();
    let error = outer(&db.connect(), &journal)
        .unwrap_err()
        .into_transaction();
    assert_kind(&error, ErrorKind::NestedBegin, "store");
    let source = source_of(&error);
    assert!(source.to_string().contains("has ended"), "{source}");
    assert!(db.committed().is_empty());
}

#[commit_on_success(tx = driver::source(pool))]
fn store_in(pool: &Pool, id: i64, journal: &Journal) -> Result<(), Failure> {
    store(tx, id, journal)
}

#[test]
fn what_the_last_user_of_a_pool_left_open_is_not_taken_for_the_block() {
    let db = driver::open();
    let pool = db.pool(1);
    let journal = Journal::default();
    let conn = driver::take(&pool);
    conn.execute_batch("BEGIN; INSERT INTO item (id) VALUES (66)")
        .unwrap();
    drop(conn);
    store_in(&pool, 1, &journal).unwrap();
    assert_eq!(journal.entries(), ["1"]);
    assert_eq!(db.committed(), [1]);
    store_in(&pool, 2, &journal).unwrap_err();
    assert_eq!(db.committed(), [1]);
}

mod limits {
    use super::*;

    #[test]
    fn calls_deferred_in_a_savepoint_of_rusqlite_run_although_it_is_rolled_back() {
        #[commit_on_success]
        fn inner(conn: &Connection, journal: &Journal) -> Result<(), Failure> {
            driver::insert(conn, 1)?;
            defer!(journal.clone().note("called"));
            Ok(())
        }

        #[commit_on_success]
        fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
            let mut savepoint = conn.savepoint()?;
            inner(&savepoint, journal)?;
            Ok(savepoint.rollback()?)
        }

        let db = driver::open();
        let journal = Journal::default();
        outer(&mut db.connect(), &journal).unwrap();
        assert_eq!(journal.entries(), ["called"]);
        assert!(db.committed().is_empty());
    }

    #[test]
    fn a_connection_that_the_body_has_put_in_the_place_of_its_own_is_the_one_that_is_committed() {
        #[commit_on_success]
        fn swaps(
            conn: &mut Connection,
            other: &mut Connection,
            journal: &Journal,
        ) -> Result<(), Failure> {
            defer!(journal.clone().note("called"));
            driver::insert(conn, 1)?;
            std::mem::swap(conn, other);
            Ok(())
        }

        let (db, elsewhere) = (driver::open(), driver::open());
        let journal = Journal::default();
        let (mut conn, mut other) = (db.connect(), elsewhere.connect());
        let error = swaps(&mut conn, &mut other, &journal).unwrap_err();
        let error = error.into_transaction();
        assert_eq!(error.kind(), ErrorKind::Ended, "{error:?}");
        assert!(!other.is_autocommit());
        drop(other);

        let (mut conn, mut other) = (db.connect(), elsewhere.connect());
        other.execute_batch("BEGIN").unwrap();
        driver::insert(&other, 2).unwrap();
        swaps(&mut conn, &mut other, &journal).unwrap();
        assert_eq!(journal.entries(), ["called"]);
        assert_eq!(elsewhere.committed(), [2]);
        assert!(!other.is_autocommit());
        drop(other);
        assert!(db.committed().is_empty());
    }
}
