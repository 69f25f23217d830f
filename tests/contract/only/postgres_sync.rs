//! The tests of the sync postgres alone: sources that dereference to a client, its own transactions, and a runtime
//! that does not like to be inside of another.

use std::io::Write as _;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::thread;

use commit_on_success::testing::TestTransaction;
use commit_on_success::{ErrorKind, Outcome, commit_on_success, defer, in_transaction, pending};
use commit_on_success_tests::errors::{assert_not_owned, source_of};
use commit_on_success_tests::pg::AppError;
use commit_on_success_tests::proxy::Proxy;
use postgres::error::SqlState;
use postgres::fallible_iterator::FallibleIterator as _;
use postgres::{Client, Transaction};
use tokio::runtime::{Builder, Runtime};

use crate::driver::{self, Database, Pool, Pooled};
use crate::support::Journal;

/// Odd ones are fine.
#[commit_on_success]
fn store(conn: &mut Client, id: i64, journal: &Journal) -> Result<(), AppError> {
    driver::insert(conn, id)?;
    defer!(journal.clone().note(id.to_string()));
    if id % 2 == 0 {
        Err(AppError::Own("even"))
    } else {
        Ok(())
    }
}

#[crate::driver::test]
fn sources_of_every_form_commit_roll_back_and_lead_to_the_same_connection() {
    #[commit_on_success]
    fn boxed(conn: Box<Client>, id: i64, journal: &Journal) -> Result<(), AppError> {
        store(conn, id, journal)
    }

    #[commit_on_success(conn = mutex.lock().map_err(|_| AppError::Own("poisoned"))?)]
    fn guarded(mutex: &Mutex<Client>, id: i64, journal: &Journal) -> Result<(), AppError> {
        store(conn, id, journal)
    }

    #[commit_on_success(tx = driver::take(pool))]
    fn pooled(pool: &Pool, id: i64, journal: &Journal) -> Result<(), AppError> {
        store(tx, id, journal)
    }

    #[commit_on_success(tx = &mut driver::take(pool))]
    fn lent(pool: &Pool, id: i64, journal: &Journal) -> Result<(), AppError> {
        store(tx, id, journal)
    }

    #[commit_on_success]
    fn by_reference(conn: &mut Pooled, id: i64, journal: &Journal) -> Result<(), AppError> {
        store(conn, id, journal)
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
            by_reference(&mut driver::take(&pool), 8 + half, &journal).is_ok(),
        ];
        assert_eq!(ended, [half == 1; 5]);
        assert_eq!(journal.entries().len(), if half == 1 { 5 } else { 0 });
    }
    assert_eq!(db.committed(), [1, 3, 5, 7, 9]);
}

#[crate::driver::test]
fn a_mutex_is_free_again_when_deferred_calls_run() {
    #[commit_on_success(tx = mutex.lock().map_err(|_| AppError::Own("poisoned"))?)]
    fn stores(mutex: &Arc<Mutex<Client>>, journal: &Journal) -> Result<(), AppError> {
        driver::insert(tx, 1)?;
        let (theirs, journal) = (Arc::clone(mutex), journal.clone());
        defer!(move || {
            let rows = driver::rows(&mut *theirs.try_lock().unwrap());
            journal.note(format!("{:?}", rows.unwrap()));
        });
        Ok(())
    }

    let db = driver::open();
    let mutex = Arc::new(Mutex::new(db.connect()));
    let journal = Journal::default();
    stores(&mutex, &journal).unwrap();
    assert_eq!(journal.entries(), ["[1]"]);
}

#[derive(Clone, Copy, Debug)]
enum Inner {
    Commits,
    RollsBack,
    IsDropped,
}

#[crate::driver::test]
fn the_end_of_a_transaction_of_the_driver_inside_a_body_is_an_error() {
    #[commit_on_success]
    fn nests(conn: &mut Client, inner: Inner, journal: &Journal) -> Result<(), AppError> {
        defer!(journal.clone().note("never"));
        driver::insert(conn, 1)?;
        let mut by_hand = conn.transaction()?;
        driver::insert(&mut by_hand, 2)?;
        match inner {
            Inner::Commits => by_hand.commit()?,
            Inner::RollsBack => by_hand.rollback()?,
            Inner::IsDropped => drop(by_hand),
        }
        Ok(driver::insert(conn, 3)?)
    }

    for (inner, stored) in [
        (Inner::Commits, &[1, 2, 3][..]),
        (Inner::RollsBack, &[3]),
        (Inner::IsDropped, &[3]),
    ] {
        let db = driver::open();
        let (mut conn, journal) = (db.connect(), Journal::default());
        let nested = nests(&mut conn, inner, &journal);
        let error = nested.unwrap_err().into_transaction();
        assert_eq!(error.kind(), ErrorKind::Ended, "{inner:?} {error:?}");
        assert_eq!(error.outcome(), Outcome::Unknown);
        assert_eq!(journal.owners(), 1);
        assert_eq!(db.committed(), stored, "{inner:?}");
    }
}

#[commit_on_success]
fn store_in(conn: &mut Transaction<'_>, id: i64) -> Result<(), AppError> {
    driver::insert(conn, id)?;
    assert!(in_transaction());
    if id % 2 == 0 {
        Err(AppError::Own("even"))
    } else {
        Ok(())
    }
}

#[crate::driver::test]
fn a_block_on_a_savepoint_of_the_driver_goes_with_it() {
    let db = driver::open();
    let mut conn = db.connect();
    let mut by_hand = conn.transaction().unwrap();
    store_in(&mut by_hand, 1).unwrap();
    let mut savepoint = by_hand.transaction().unwrap();
    store_in(&mut savepoint, 3).unwrap();
    savepoint.rollback().unwrap();
    let mut savepoint = by_hand.savepoint("mine").unwrap();
    store_in(&mut savepoint, 5).unwrap();
    store_in(&mut savepoint, 6).unwrap_err();
    savepoint.commit().unwrap();
    by_hand.commit().unwrap();
    assert_eq!(db.committed(), [1, 5]);
}

#[crate::driver::test]
fn a_transaction_of_the_driver_is_one_that_is_open_already() {
    #[commit_on_success(conn, propagation = durable)]
    fn durable(conn: &mut Transaction<'_>) -> Result<(), AppError> {
        Ok(driver::insert(conn, 2)?)
    }

    #[commit_on_success(conn, propagation = mandatory)]
    fn mandatory(conn: &mut Transaction<'_>) -> Result<(), AppError> {
        Ok(driver::insert(conn, 3)?)
    }

    let db = driver::open();
    let mut conn = db.connect();
    let mut by_hand = conn.transaction().unwrap();
    let error = durable(&mut by_hand).unwrap_err().into_transaction();
    assert_eq!(error.kind(), ErrorKind::Durable, "{error:?}");
    mandatory(&mut by_hand).unwrap();
    by_hand.commit().unwrap();
    assert_eq!(db.committed(), [3]);
}

#[crate::driver::test]
fn an_error_in_rows_that_nobody_has_read_is_an_error() {
    #[commit_on_success]
    fn reads(conn: &mut Client, rows: usize) -> Result<usize, AppError> {
        driver::insert(conn, 1)?;
        let select = "SELECT 1 / (3 - i) FROM generate_series(1, 5000) i";
        let arguments: [i64; 0] = [];
        let mut found = conn.query_raw(select, arguments)?;
        let mut read = 0;
        while read < rows && found.next().is_ok() {
            read += 1;
        }
        Ok(read)
    }

    for rows in [0, 1, 3] {
        let db = driver::open();
        let mut conn = db.connect();
        let error = reads(&mut conn, rows).unwrap_err().into_transaction();
        assert_eq!(error.kind(), ErrorKind::Aborted, "{rows} {error:?}");
        driver::insert(&mut conn, 2).unwrap();
        assert_eq!(db.committed(), [2]);
    }
}

#[crate::driver::test]
fn a_transaction_in_plain_sql_around_a_refused_block_stays_until_its_owner_ends_it() {
    let db = driver::open();
    let (mut conn, journal) = (db.connect(), Journal::default());
    driver::execute(&mut conn, "BEGIN").unwrap();
    driver::insert(&mut conn, 1).unwrap();
    store(&mut conn, 3, &journal).unwrap_err();
    // If it was gone, this would be stored.
    driver::insert(&mut conn, 5).unwrap_err();
    driver::execute(&mut conn, "ROLLBACK").unwrap();
    store(&mut conn, 7, &journal).unwrap();
    assert_eq!(db.committed(), [7]);
}

#[crate::driver::test]
fn a_copy_is_stored_when_it_was_finished_and_an_error_when_it_was_not() {
    #[commit_on_success]
    fn copy(conn: &mut Client, finish: bool, journal: &Journal) -> Result<(), AppError> {
        defer!(journal.clone().note("called"));
        driver::insert(conn, 1)?;
        let mut writer = conn.copy_in("COPY item FROM STDIN")?;
        writer.write_all(b"2\n3\n").unwrap();
        if finish {
            writer.finish()?;
        }
        Ok(())
    }

    let db = driver::open();
    let (mut conn, journal) = (db.connect(), Journal::default());
    let error = copy(&mut conn, false, &journal).unwrap_err();
    let error = error.into_transaction();
    assert_eq!(error.kind(), ErrorKind::Aborted, "{error:?}");
    assert!(db.committed().is_empty());
    copy(&mut conn, true, &journal).unwrap();
    assert_eq!(journal.entries(), ["called"]);
    assert_eq!(db.committed(), [1, 2, 3]);
}

#[crate::driver::test]
fn a_copy_that_the_body_does_not_finish_leaves_the_connection_in_step() {
    #[commit_on_success(tx = driver::take(pool))]
    fn copies(pool: &Pool, comes_in: bool, fails: bool) -> Result<(), AppError> {
        driver::insert(tx, 1)?;
        if comes_in {
            tx.copy_in("COPY item FROM STDIN")?
                .write_all(b"77\n")
                .unwrap();
        } else {
            let rows = "COPY (SELECT generate_series(1, 100000)) TO STDOUT";
            let mut reader = tx.copy_out(rows)?;
            assert_eq!(std::io::Read::read(&mut reader, &mut [0]).unwrap(), 1);
        }
        if fails {
            Err(AppError::Own("no"))
        } else {
            Ok(())
        }
    }

    let db = driver::open();
    let pool = db.pool(1);
    driver::insert(&mut driver::take(&pool), 100).unwrap();
    for (comes_in, fails) in [(true, false), (true, true), (false, true), (false, false)] {
        let stored = !comes_in && !fails;
        assert_eq!(copies(&pool, comes_in, fails).is_ok(), stored);
        // Each answer belongs to its own statement.
        let mut next = driver::take(&pool);
        driver::insert(&mut next, 100).unwrap_err();
        let expected: &[i64] = if stored { &[1, 100] } else { &[100] };
        assert_eq!(driver::rows(&mut next).unwrap(), expected);
        assert_eq!(db.committed(), expected);
    }
}

/// A proxy, and the runtime on which it runs while this thread waits for the server.
fn proxy(db: &Database) -> (Runtime, Proxy) {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let proxy = runtime.block_on(Proxy::to(db.server())).unwrap();
    (runtime, proxy)
}

#[crate::driver::test]
fn a_commit_without_an_answer_has_an_unknown_outcome() {
    #[commit_on_success]
    fn stores(conn: &mut Client, hold: &dyn Fn(), journal: &Journal) -> Result<(), AppError> {
        driver::insert(conn, 1)?;
        defer!(journal.clone().note("never"));
        // Takes along that the driver has done with the prepared statement.
        conn.batch_execute("SELECT 1")?;
        hold();
        Ok(())
    }

    for (stored, reached) in [(&[][..], false), (&[1], true)] {
        let db = driver::open();
        let (runtime, proxy) = proxy(&db);
        let mut conn = db.through(proxy.address()).connect();
        let journal = Journal::default();
        let gate = if reached {
            &proxy.replies
        } else {
            &proxy.requests
        };
        let result = thread::scope(|scope| {
            scope.spawn(|| {
                runtime.block_on(async {
                    gate.holding().await;
                    proxy.cut();
                });
            });
            stores(&mut conn, &|| gate.hold(), &journal)
        });
        let error = result.unwrap_err().into_transaction();
        assert_eq!(error.kind(), ErrorKind::Unknown, "{error:?}");
        assert_eq!(journal.owners(), 1);
        assert_eq!(db.committed(), stored);
    }
}

#[crate::driver::test]
fn a_connection_that_was_killed_behind_our_back_is_never_ok() {
    #[commit_on_success]
    fn stores(conn: &mut Client, db: &Database) -> Result<(), AppError> {
        driver::insert(conn, 1)?;
        let number: i32 = conn.query_one("SELECT pg_backend_pid()", &[])?.get(0);
        let kill = "SELECT pg_terminate_backend($1)";
        db.connect().query_one(kill, &[&number])?;
        Ok(())
    }

    let db = driver::open();
    let mut conn = db.connect();
    let error = stores(&mut conn, &db).unwrap_err().into_transaction();
    assert_ne!(error.outcome(), Outcome::Committed);
    assert!(db.committed().is_empty());
}

#[crate::driver::test]
fn what_the_server_says_of_a_refused_commit_is_in_the_error() {
    #[commit_on_success]
    fn orphans(conn: &mut Client) -> Result<(), AppError> {
        Ok(conn.batch_execute("INSERT INTO child (item) VALUES (42)")?)
    }

    let db = driver::open();
    let error = orphans(&mut db.connect()).unwrap_err();
    let error = error.into_transaction();
    assert_eq!(error.kind(), ErrorKind::Commit, "{error:?}");
    let source = source_of(&error);
    let error: &postgres::Error = source.downcast_ref().unwrap();
    assert_eq!(error.code(), Some(&SqlState::FOREIGN_KEY_VIOLATION));
}

#[crate::driver::test]
fn an_inner_block_that_panics_and_is_caught_is_rolled_back_alone() {
    #[commit_on_success]
    fn panics(conn: &mut Client, journal: &Journal) -> Result<(), AppError> {
        driver::insert(conn, 2)?;
        defer!(journal.clone().note("never"));
        std::panic::panic_any(7_u32);
    }

    #[commit_on_success]
    fn outer(conn: &mut Client, journal: &Journal) -> Result<(), AppError> {
        store(conn, 1, journal)?;
        let payload = driver::caught!(panics(conn, journal)).unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&7_u32));
        assert_eq!(pending(), 1);
        store(conn, 3, journal)
    }

    let db = driver::open();
    let journal = Journal::default();
    outer(&mut db.connect(), &journal).unwrap();
    assert_eq!(journal.entries(), ["1", "3"]);
    assert_eq!(db.committed(), [1, 3]);
}

#[crate::driver::test]
fn functions_inside_a_tests_transaction_are_outermost_ones() {
    let db = driver::open();
    let (mut conn, journal) = (db.connect(), Journal::default());
    let mut test = TestTransaction::begin(&mut conn).unwrap();
    store(test.connection(), 1, &journal).unwrap();
    store(test.connection(), 2, &journal).unwrap_err();
    assert_eq!(driver::rows(test.connection()).unwrap(), [1]);
    assert_eq!(journal.entries(), ["1"]);
    test.rollback().unwrap();
    let mut by_hand = conn.transaction().unwrap();
    assert!(TestTransaction::begin(&mut by_hand).is_err());
    by_hand.commit().unwrap();
    assert!(db.committed().is_empty());
}

mod limits {
    use super::*;

    #[commit_on_success]
    fn store_in_and_defer(
        conn: &mut Transaction<'_>,
        id: i64,
        journal: &Journal,
    ) -> Result<(), AppError> {
        driver::insert(conn, id)?;
        defer!(journal.clone().note(id.to_string()));
        Ok(())
    }

    #[crate::driver::test]
    fn a_block_on_a_transaction_of_the_driver_inside_a_body_does_not_know_where_it_is() {
        #[commit_on_success]
        fn outer(conn: &mut Client, journal: &Journal) -> Result<(), AppError> {
            let mut by_hand = conn.transaction()?;
            store_in(&mut by_hand, 1)?;
            let refused = store_in_and_defer(&mut by_hand, 3, journal);
            let error = refused.unwrap_err().into_transaction();
            assert_not_owned(&error, 1);
            // Its end would be the end of everything.
            std::mem::forget(by_hand);
            Ok(())
        }

        let db = driver::open();
        let journal = Journal::default();
        outer(&mut db.connect(), &journal).unwrap();
        assert!(journal.entries().is_empty());
        assert_eq!(db.committed(), [1]);
    }

    #[crate::driver::test]
    fn inside_of_a_runtime_the_client_panics_before_anything_is_sent() {
        let db = driver::open();
        let (mut conn, journal) = (db.connect(), Journal::default());
        let runtime = Builder::new_current_thread().build().unwrap();
        let call = AssertUnwindSafe(|| store(&mut conn, 1, &journal));
        let inside = async { std::panic::catch_unwind(call) };
        assert!(runtime.block_on(inside).is_err());
        assert!(!in_transaction());
        assert_eq!(journal.owners(), 1);
        store(&mut conn, 3, &journal).unwrap();
        assert_eq!(db.committed(), [3]);
    }
}
