//! The sync diesel alone, on PostgreSQL: rows one by one, and pools of r2d2 that throw away what is broken.

use std::io::Read as _;
use std::panic::panic_any;

use commit_on_success::testing::TestTransaction;
use commit_on_success::{ErrorKind, Outcome, commit_on_success, defer, signals};
use diesel::pg::PgRowByRowLoadingMode;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, TestCustomizer};
use diesel::sql_types::BigInt;

use crate::driver::{self, Connection, Pool};
use crate::support::{Failure, Journal};

#[commit_on_success]
fn store(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, id)?;
    defer!(journal.clone().note(id.to_string()));
    if id % 2 == 0 {
        Err(Failure::body("even"))
    } else {
        Ok(())
    }
}

#[derive(QueryableByName)]
struct Quotient {
    #[diesel(sql_type = BigInt)]
    #[expect(dead_code, reason = "nobody looks at it")]
    quotient: i64,
}

#[crate::driver::test]
fn an_error_that_is_lost_with_the_rows_behind_it_is_never_ok() {
    #[commit_on_success]
    fn loses(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        store(conn, 1, journal)?;
        let query = "SELECT 10::bigint / (5000 - number) AS quotient FROM generate_series(1, 5000) AS number";
        let mut rows =
            diesel::sql_query(query).load_iter::<Quotient, PgRowByRowLoadingMode>(conn)?;
        rows.next().unwrap()?;
        // Reads the rest, and does not tell us of the error.
        drop(rows);
        Ok(())
    }

    let db = driver::open();
    let mut conn = db.connect();
    let journal = Journal::default();
    let error = loses(&mut conn, &journal).unwrap_err().into_transaction();
    assert_eq!(error.kind(), ErrorKind::Aborted, "{error:?}");
    assert!(journal.entries().is_empty());
    store(&mut conn, 3, &journal).unwrap();
    assert_eq!(db.committed(), [3]);
}

#[crate::driver::test]
fn a_transaction_that_the_body_has_put_in_the_place_of_its_own_is_an_error() {
    #[commit_on_success]
    fn replaces(conn: &mut Connection) -> Result<(), Failure> {
        driver::insert(conn, 1)?;
        driver::execute(conn, "ROLLBACK")?;
        driver::execute(conn, "BEGIN")?;
        driver::insert(conn, 2)?;
        Ok(())
    }

    let db = driver::open();
    let mut conn = db.connect();
    let error = replaces(&mut conn).unwrap_err().into_transaction();
    assert_eq!(error.kind(), ErrorKind::Ended, "{error:?}");
    driver::insert(&mut conn, 3).unwrap();
    assert_eq!(db.committed(), [3]);
}

#[crate::driver::test]
fn a_pool_of_one_replaces_a_connection_whose_rollback_failed() {
    #[commit_on_success]
    fn breaks(pool: &Pool) -> Result<(), Failure> {
        driver::insert(pool, 1)?;
        let _ = driver::execute(pool, "SELECT pg_terminate_backend(pg_backend_pid())");
        Err(Failure::body("mine"))
    }

    let db = driver::open();
    let pool = db.pool(1);
    let journal = Journal::default();
    let error = breaks(&pool).unwrap_err();
    assert_eq!(&*error.into_body(), "mine");
    store(&mut driver::take(&pool), 3, &journal).unwrap();
    assert_eq!(db.committed(), [3]);
}

diesel::table! {
    item (id) {
        id -> BigInt,
    }
}

/// A copy that a body does not bring to its end.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Copying {
    /// The rows break off.
    In,
    /// The rows are not all read.
    Out,
    /// A statement that nobody has the other end of.
    Plain,
}

#[crate::driver::test]
fn a_copy_that_the_body_does_not_finish_leaves_the_connection_in_step() {
    #[commit_on_success(tx = driver::take(pool))]
    fn copies(pool: &Pool, copying: Copying, fails: bool) -> Result<(), Failure> {
        driver::insert(tx, 1)?;
        match copying {
            Copying::In => {
                let rows = diesel::copy_from(item::table).from_raw_data(item::table, |rows| {
                    rows.write_all(b"77\n").unwrap();
                    diesel::QueryResult::Err(diesel::result::Error::RollbackTransaction)
                });
                rows.execute(&mut **tx).unwrap_err();
            }
            Copying::Out => {
                let mut rows = diesel::copy_to(item::table).load_raw(&mut **tx).unwrap();
                assert_eq!(rows.read(&mut [0]).unwrap(), 1);
            }
            Copying::Plain => {
                let _either = driver::execute(tx, "COPY item FROM STDIN");
            }
        }
        if fails {
            Err(Failure::body("no"))
        } else {
            Ok(())
        }
    }

    let db = driver::open();
    let pool = db.pool(1);
    driver::insert(&mut driver::take(&pool), 100).unwrap();
    for copying in [Copying::In, Copying::Plain, Copying::Out] {
        for fails in [true, false] {
            let ended = copies(&pool, copying, fails);
            let stored = copying == Copying::Out && !fails;
            assert_eq!(ended.is_ok(), stored, "{copying:?} {fails} {ended:?}");
            // Each answer belongs to its own statement.
            let mut next = driver::take(&pool);
            driver::insert(&mut next, 100).unwrap_err();
            let expected: &[i64] = if stored { &[1, 100] } else { &[100] };
            assert_eq!(driver::rows(&mut next).unwrap(), expected, "{copying:?}");
            assert_eq!(db.committed(), expected, "{copying:?}");
        }
    }
}

/// diesel has seen it, so that no `COMMIT` is sent.
#[crate::driver::test]
fn a_block_whose_session_has_ended_in_a_statement_that_is_swallowed_is_known_undone() {
    #[commit_on_success]
    fn swallows(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        let theirs = journal.clone();
        signals::post_rollback()
            .connect(move |_| theirs.note("undone"))
            .unwrap();
        store(conn, 1, journal)?;
        driver::execute(conn, "SELECT pg_terminate_backend(pg_backend_pid())").unwrap_err();
        Ok(())
    }

    let db = driver::open();
    let journal = Journal::default();
    let error = swallows(&mut db.connect(), &journal).unwrap_err();
    let error = error.into_transaction();
    assert_eq!(error.kind(), ErrorKind::Commit, "{error:?}");
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_eq!(journal.entries(), ["undone"]);
    assert!(db.committed().is_empty());
}

#[crate::driver::test]
fn a_pool_with_diesels_customizer_for_tests_stores_nothing() {
    #[commit_on_success(tx = pool)]
    fn stores(pool: &Pool, id: i64, journal: &Journal) -> Result<(), Failure> {
        store(tx, id, journal)
    }

    let db = driver::open();
    let pool = Pool::builder()
        .max_size(1)
        .test_on_check_out(true)
        .connection_customizer(Box::new(TestCustomizer))
        .build(ConnectionManager::new(&db.url))
        .unwrap();
    let journal = Journal::default();
    stores(&pool, 1, &journal).unwrap();
    stores(&pool, 2, &journal).unwrap_err();
    let payload = driver::caught!(panics(&pool)).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&7_u32));
    stores(&pool, 3, &journal).unwrap();
    assert_eq!(journal.entries(), ["1", "3"]);
    assert!(db.committed().is_empty());
}

#[commit_on_success(tx = pool)]
fn panics(pool: &Pool) -> Result<(), Failure> {
    driver::insert(tx, 5)?;
    panic_any(7_u32);
}

#[crate::driver::test]
fn in_our_own_test_transaction_nothing_is_stored() {
    let db = driver::open();
    let mut conn = db.connect();
    let journal = Journal::default();
    let mut test = TestTransaction::begin(&mut conn).unwrap();
    store(test.connection(), 1, &journal).unwrap();
    store(test.connection(), 2, &journal).unwrap_err();
    assert_eq!(journal.entries(), ["1"]);
    assert_eq!(driver::rows(test.connection()).unwrap(), [1]);
    test.rollback().unwrap();
    assert_eq!(driver::depth(&mut conn), None);
    assert!(db.committed().is_empty());
}

mod limits {
    use super::*;

    /// diesel asks libpq after each statement, and a transaction is open each time.
    #[crate::driver::test]
    fn a_transaction_that_the_body_has_chained_to_its_own_is_committed() {
        #[commit_on_success]
        fn chains(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
            store(conn, 1, journal)?;
            driver::execute(conn, "ROLLBACK AND CHAIN")?;
            Ok(driver::insert(conn, 2)?)
        }

        let db = driver::open();
        let (mut conn, journal) = (db.connect(), Journal::default());
        chains(&mut conn, &journal).unwrap();
        assert_eq!(journal.entries(), ["1"]);
        driver::insert(&mut conn, 3).unwrap();
        assert_eq!(db.committed(), [2, 3]);
    }

    #[crate::driver::test]
    fn a_transaction_in_plain_sql_that_has_not_had_a_query_ends_with_the_block() {
        let db = driver::open();
        let mut conn = db.connect();
        let journal = Journal::default();
        driver::execute(&mut conn, "BEGIN").unwrap();
        store(&mut conn, 1, &journal).unwrap();
        assert_eq!(journal.entries(), ["1"]);
        assert_eq!(db.committed(), [1]);
        driver::insert(&mut conn, 3).unwrap();
        assert_eq!(db.committed(), [1, 3]);
    }
}
