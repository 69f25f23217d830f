// MariaDB through diesel and diesel-async: data definition commits, and a deadlock rolls everything back.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use commit_on_success::{Error, ErrorKind, commit_on_success, defer, signals};
use commit_on_success_tests::errors::assert_unsupported;
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, MysqlConnection, QueryResult};

use crate::driver::{self, Connection, Database, DriverError, Pool};
use crate::support::{Failure, Journal, observe, observed};

#[commit_on_success]
async fn store(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    defer!(journal.clone().note(id.to_string()));
    if id % 2 == 0 {
        Err(Failure::body("even"))
    } else {
        Ok(())
    }
}

#[commit_on_success(tx = driver::source(pool))]
async fn store_on(pool: &Pool, id: i64, journal: &Journal) -> Result<(), Failure> {
    store(tx, id, journal).await
}

const DEFINITION: &str = "CREATE TABLE other (id BIGINT PRIMARY KEY)";

#[crate::driver::test]
async fn data_definition_in_the_body_is_an_error_and_no_call_runs() {
    #[commit_on_success(tx = driver::source(pool))]
    async fn defines(pool: &Pool, journal: &Journal) -> Result<(), Failure> {
        driver::insert(tx, 1).await?;
        defer!(journal.clone().note("never"));
        driver::execute(tx, DEFINITION).await?;
        driver::insert(tx, 2).await?;
        Ok(())
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    let error = defines(&pool, &journal).await.unwrap_err();
    let error = error.into_transaction();
    assert_eq!(error.kind(), ErrorKind::Ended, "{error:?}");
    assert!(journal.entries().is_empty());
    assert_eq!(db.committed().await, [1, 2]);
    store_on(&pool, 3, &journal).await.unwrap();
    store_on(&pool, 4, &journal).await.unwrap_err();
    assert_eq!(journal.entries(), ["3"]);
    assert_eq!(db.committed().await, [1, 2, 3]);
}

#[crate::driver::test]
async fn data_definition_in_an_inner_block_is_an_error_of_the_inner_and_of_the_outer() {
    #[commit_on_success]
    async fn defines(conn: &mut Connection) -> Result<(), Failure> {
        driver::execute(conn, DEFINITION).await?;
        Ok(())
    }

    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        store(conn, 1, journal).await?;
        let error = defines(conn).await.unwrap_err().into_transaction();
        assert_eq!(error.kind(), ErrorKind::Ended, "{error:?}");
        // Another transaction in the place of the one that has ended is to be noticed by nobody.
        driver::execute(conn, "BEGIN").await?;
        driver::insert(conn, 5).await?;
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let error = outer(&mut conn, &journal).await.unwrap_err();
    let error = error.into_transaction();
    assert_eq!(error.kind(), ErrorKind::Ended, "{error:?}");
    assert!(journal.entries().is_empty());
    assert_eq!(db.committed().await, [1]);
    store(&mut conn, 3, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["3"]);
    assert_eq!(db.committed().await, [1, 3]);
}

#[crate::driver::test]
async fn the_bodys_error_is_returned_when_data_definition_has_committed() {
    #[commit_on_success]
    async fn defines_and_fails(conn: &mut Connection) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        driver::execute(conn, DEFINITION).await?;
        Err(Failure::body("mine"))
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    observe();
    let error = defines_and_fails(&mut conn).await.unwrap_err();
    assert_eq!(&*error.into_body(), "mine");
    assert_eq!(observed("defines_and_fails"), ["unknown"]);
    store(&mut conn, 3, &Journal::default()).await.unwrap();
    assert_eq!(db.committed().await, [1, 3]);
}

#[crate::driver::test]
async fn a_transaction_that_the_body_has_put_in_the_place_of_its_own_is_not_committed() {
    #[commit_on_success]
    async fn replaces(conn: &mut Connection) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        driver::execute(conn, "ROLLBACK; BEGIN").await?;
        driver::insert(conn, 2).await?;
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let error = replaces(&mut conn).await.unwrap_err().into_transaction();
    assert_eq!(error.kind(), ErrorKind::Ended, "{error:?}");
    assert!(db.committed().await.is_empty());
    driver::insert(&mut conn, 3).await.unwrap();
    assert_eq!(db.committed().await, [3]);
}

const TOUCH_1: &str = "UPDATE item SET note = note + 1 WHERE id = 1";
const TOUCH_2: &str = "UPDATE item SET note = note + 1 WHERE id = 2";

/// Holds row 2, then wants row 1, having done so much more that the server lets it win.
fn rival(url: &str, holds: &Sender<()>) -> QueryResult<()> {
    let mut conn = MysqlConnection::establish(url).unwrap();
    conn.batch_execute("BEGIN")?;
    conn.batch_execute(TOUCH_2)?;
    for id in 100..120 {
        conn.batch_execute(&format!("INSERT INTO item (id) VALUES ({id})"))?;
    }
    holds.send(()).unwrap();
    conn.batch_execute(TOUCH_1)?;
    conn.batch_execute("ROLLBACK")
}

/// Runs into a deadlock with the rival, and is its victim, whoever of the two waits first.
async fn lose(conn: &mut Connection, db: &Database) -> DriverError {
    driver::execute(conn, TOUCH_1).await.unwrap();
    let (sender, receiver) = channel();
    let url = db.url();
    let rival = thread::spawn(move || rival(&url, &sender));
    receiver.recv().unwrap();
    let error = driver::prepare(conn, TOUCH_2).await.unwrap_err();
    rival.join().unwrap().unwrap();
    error
}

async fn with_two_rows() -> Database {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    driver::insert(&mut conn, 1).await.unwrap();
    driver::insert(&mut conn, 2).await.unwrap();
    db
}

#[crate::driver::test]
async fn a_deadlock_that_is_swallowed_is_an_error_and_no_call_runs() {
    #[commit_on_success(tx = driver::source(pool))]
    async fn swallows(pool: &Pool, db: &Database, journal: &Journal) -> Result<(), Failure> {
        defer!(journal.clone().note("never"));
        driver::insert(tx, 3).await?;
        lose(tx, db).await;
        // Outside of any transaction, though it does not look like it.
        driver::insert(tx, 5).await?;
        Ok(())
    }

    let db = with_two_rows().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    let error = swallows(&pool, &db, &journal).await.unwrap_err();
    let error = error.into_transaction();
    assert_eq!(error.kind(), ErrorKind::Ended, "{error:?}");
    assert!(journal.entries().is_empty());
    store_on(&pool, 7, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["7"]);
    assert_eq!(db.committed().await, [1, 2, 5, 7]);
}

#[crate::driver::test]
async fn a_deadlock_in_an_inner_block_that_is_caught_is_an_error_of_the_outer() {
    #[commit_on_success]
    async fn inner(conn: &mut Connection, db: &Database) -> Result<(), Failure> {
        Err(lose(conn, db).await.into())
    }

    #[commit_on_success]
    async fn outer(conn: &mut Connection, db: &Database, journal: &Journal) -> Result<(), Failure> {
        store(conn, 3, journal).await?;
        let error = inner(conn, db).await.unwrap_err();
        assert!(matches!(error, Failure::Driver(_)), "{error:?}");
        Ok(())
    }

    let db = with_two_rows().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let error = outer(&mut conn, &db, &journal).await.unwrap_err();
    let error = error.into_transaction();
    assert_eq!(error.kind(), ErrorKind::Ended, "{error:?}");
    assert!(journal.entries().is_empty());
    store(&mut conn, 5, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["5"]);
    assert_eq!(db.committed().await, [1, 2, 5]);
}

#[crate::driver::test]
async fn the_error_of_a_deadlock_is_returned_when_it_is_passed_on() {
    #[commit_on_success]
    async fn passes_on(conn: &mut Connection, db: &Database) -> Result<(), DriverError> {
        driver::insert(conn, 3).await?;
        Err(lose(conn, db).await)
    }

    let db = with_two_rows().await;
    let mut conn = db.connect().await;
    let error = passes_on(&mut conn, &db).await.unwrap_err();
    assert!(matches!(error, DriverError::DatabaseError(..)), "{error:?}");
    assert!(Error::find(&error).is_none());
    store(&mut conn, 5, &Journal::default()).await.unwrap();
    assert_eq!(db.committed().await, [1, 2, 5]);
}

#[crate::driver::test]
async fn a_connection_that_breaks_in_the_body_runs_nothing_and_the_pool_works() {
    #[commit_on_success(tx = driver::source(pool))]
    async fn breaks(pool: &Pool, journal: &Journal, swallow: bool) -> Result<(), Failure> {
        store(tx, 1, journal).await?;
        let broken = driver::execute(tx, "KILL CONNECTION_ID()").await;
        assert!(broken.is_err());
        if !swallow {
            broken?;
        }
        Ok(())
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    let error = breaks(&pool, &journal, false).await.unwrap_err();
    assert!(matches!(error, Failure::Driver(_)), "{error:?}");
    let error = breaks(&pool, &journal, true).await.unwrap_err();
    let error = error.into_transaction();
    assert_eq!(error.outcome(), commit_on_success::Outcome::Unknown);
    assert!(journal.entries().is_empty());
    store_on(&pool, 3, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["3"]);
    assert_eq!(db.committed().await, [3]);
}

#[crate::driver::test]
async fn an_isolation_level_is_in_force() {
    #[commit_on_success(conn, isolation = read_committed)]
    async fn sees(conn: &mut Connection, db: &Database) -> Result<usize, Failure> {
        driver::rows(conn).await?;
        driver::insert(&mut db.connect().await, 1).await?;
        Ok(driver::rows(conn).await?.len())
    }

    #[commit_on_success(conn, isolation = repeatable_read)]
    async fn sees_not(conn: &mut Connection, db: &Database) -> Result<usize, Failure> {
        driver::rows(conn).await?;
        driver::insert(&mut db.connect().await, 2).await?;
        Ok(driver::rows(conn).await?.len())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    assert_eq!(sees(&mut conn, &db).await.unwrap(), 1);
    assert_eq!(sees_not(&mut conn, &db).await.unwrap(), 1);
    assert_eq!(db.committed().await, [1, 2]);
}

#[crate::driver::test]
async fn a_transaction_that_only_reads_refuses_to_write() {
    #[commit_on_success(conn, read_only)]
    async fn writes(conn: &mut Connection) -> Result<(), Failure> {
        Ok(driver::insert(conn, 1).await?)
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let error = writes(&mut conn).await.unwrap_err();
    assert!(matches!(error, Failure::Driver(_)), "{error:?}");
    driver::insert(&mut conn, 2).await.unwrap();
    assert_eq!(db.committed().await, [2]);
}

#[crate::driver::test]
async fn what_mysql_does_not_have_is_refused_and_the_body_does_not_run() {
    #[commit_on_success(conn, mode = immediate)]
    async fn of_sqlite(conn: &mut Connection) -> Result<(), Failure> {
        Ok(driver::insert(conn, 1).await?)
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let error = of_sqlite(&mut conn).await.unwrap_err().into_transaction();
    assert_unsupported(&error, "mode", "MySQL");
    assert!(db.committed().await.is_empty());
}

#[crate::driver::test]
async fn a_transaction_in_plain_sql_that_was_left_open_in_a_pool_is_not_committed() {
    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    let mut conn = driver::take(&pool).await;
    driver::execute(&mut conn, "START TRANSACTION")
        .await
        .unwrap();
    driver::insert(&mut conn, 2).await.unwrap();
    drop(conn);
    store_on(&pool, 1, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["1"]);
    assert_eq!(db.committed().await, [1]);
}

/// Ends the session of a connection from another one, and returns when it is gone.
async fn end_session(conn: &mut Connection, db: &Database) {
    static ENDED: AtomicU32 = AtomicU32::new(0);
    let number = ENDED.fetch_add(1, Ordering::Relaxed);
    let name = format!("ended_{}_{number}", std::process::id());
    let lock = format!("DO GET_LOCK('{name}', 10)");
    driver::execute(conn, &lock).await.unwrap();
    let mut other = db.connect().await;
    let kill = format!("KILL CONNECTION IS_USED_LOCK('{name}')");
    driver::execute(&mut other, &kill).await.unwrap();
    // The server lets it go with the session.
    driver::execute(&mut other, &lock).await.unwrap();
}

#[commit_on_success]
async fn ends(
    conn: &mut Connection,
    db: &Database,
    fails: bool,
    journal: &Journal,
) -> Result<(), Failure> {
    let theirs = journal.clone();
    signals::post_rollback()
        .connect(move |_| theirs.note("undone"))
        .unwrap();
    store(conn, 1, journal).await?;
    end_session(conn, db).await;
    if fails {
        Err(Failure::body("mine"))
    } else {
        Ok(())
    }
}

/// The pool closes it, and its server undoes what a client leaves open.
#[crate::driver::test]
async fn after_a_session_that_has_ended_under_a_body_of_a_pool_everything_is_known_undone() {
    #[commit_on_success(tx = driver::source(pool))]
    async fn of_pool(pool: &Pool, db: &Database, journal: &Journal) -> Result<(), Failure> {
        let theirs = journal.clone();
        signals::post_rollback()
            .connect(move |_| theirs.note("undone"))
            .unwrap();
        store(tx, 1, journal).await?;
        end_session(tx, db).await;
        Err(Failure::body("mine"))
    }

    let db = driver::open().await;
    let journal = Journal::default();
    let pool = db.pool(1).await;
    let failed = of_pool(&pool, &db, &journal).await;
    assert_eq!(&*failed.unwrap_err().into_body(), "mine");
    assert_eq!(journal.entries(), ["undone"]);
    store_on(&pool, 3, &journal).await.unwrap();
    assert_eq!(db.committed().await, [3]);
}

mod limits {
    use commit_on_success::Outcome;

    use super::{ends, store_on};
    use crate::driver;
    use crate::support::{Journal, observe, observed};

    /// diesel does not tell a connection that is gone from a statement that failed.
    #[crate::driver::test]
    async fn what_became_of_a_block_whose_session_has_ended_on_mariadb_is_unknown() {
        let db = driver::open().await;
        observe();
        for fails in [true, false] {
            let journal = Journal::default();
            let ended = ends(&mut db.connect().await, &db, fails, &journal).await;
            let error = ended.unwrap_err();
            if fails {
                assert_eq!(&*error.into_body(), "mine");
                assert!(observed("ends").contains(&"unknown".to_owned()));
            } else {
                let error = error.into_transaction();
                assert_eq!(error.outcome(), Outcome::Unknown, "{error:?}");
            }
            assert!(journal.entries().is_empty());
            assert!(db.committed().await.is_empty());
        }
        let pool = db.pool(1).await;
        store_on(&pool, 3, &Journal::default()).await.unwrap();
        assert_eq!(db.committed().await, [3]);
    }
}

mod attempts {
    use std::sync::atomic::{AtomicU32, Ordering};

    use commit_on_success::commit_on_success;

    use super::{lose, with_two_rows};
    use crate::driver::{self, Connection, Database, DriverError};

    /// diesel knows the number 1213 in statements that were prepared, diesel-async does not know it.
    #[crate::driver::test]
    async fn a_deadlock_is_worth_another_attempt_where_diesel_has_a_kind_for_it() {
        #[commit_on_success(conn, attempts = 2)]
        async fn fails(
            conn: &mut Connection,
            db: &Database,
            tries: &AtomicU32,
        ) -> Result<(), DriverError> {
            if tries.fetch_add(1, Ordering::Relaxed) == 0 {
                return Err(lose(conn, db).await);
            }
            driver::insert(conn, 3).await
        }

        let db = with_two_rows().await;
        let tries = AtomicU32::new(0);
        let done = fails(&mut db.connect().await, &db, &tries).await;
        assert_eq!(done.is_ok(), driver::KNOWS_DEADLOCKS, "{done:?}");
        assert_eq!(tries.into_inner() == 2, driver::KNOWS_DEADLOCKS);
    }
}
