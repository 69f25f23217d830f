//! sea-orm on SQLite: what SQLite ends by itself, options, and futures that are dropped anywhere.

use std::future::pending as forever;
use std::panic::panic_any;

use commit_on_success::{
    AsyncBegin, AsyncTransaction, ErrorKind, Options, Outcome, Session, commit_on_success, defer,
};
use commit_on_success_tests::errors::assert_unsupported;
use commit_on_success_tests::polling::drop_at_pending;
use sea_orm::TransactionTrait;
use tokio::sync::Notify;

use crate::driver::{self, Connection, Database, Pool, Source};
use crate::support::{Failure, Journal};
use crate::verdicts::{leftovers, observe};

#[commit_on_success]
async fn store(db: &impl Source, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(db, id).await?;
    defer!(journal.clone().note(id.to_string()));
    if id % 2 == 0 {
        Err(Failure::body("even"))
    } else {
        Ok(())
    }
}

/// The connection is as good as new, also for those who use sea-orm alone: sqlx's count is in step with what
/// SQLite says.
async fn works(pool: &Pool, db: &Database) {
    let before = db.committed().await.len();
    driver::insert(pool, 101).await.unwrap();
    assert_eq!(db.committed().await.len(), before + 1);
    let by_hand = pool.begin().await.unwrap();
    driver::insert(&by_hand, 102).await.unwrap();
    assert_eq!(db.committed().await.len(), before + 1);
    by_hand.commit().await.unwrap();
    assert_eq!(db.committed().await.len(), before + 2);
    let by_hand = pool.begin().await.unwrap();
    driver::insert(&by_hand, 103).await.unwrap();
    by_hand.rollback().await.unwrap();
    store(pool, 105, &Journal::default()).await.unwrap();
    assert_eq!(db.committed().await.len(), before + 3);
    // Nobody holds a lock.
    driver::insert(&db.connect().await, 106).await.unwrap();
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum After {
    Swallows,
    PassesOn,
    Panics,
    IsDropped,
}

const CONFLICT: &str = "INSERT OR ROLLBACK INTO item (id) VALUES (1)";

#[commit_on_success]
async fn conflict(db: &Pool, after: After, nested: bool, reached: &Notify) -> Result<(), Failure> {
    driver::insert(db, 1).await?;
    let conflict = if nested {
        inner_conflict(db).await
    } else {
        Ok(driver::execute(db, CONFLICT).await?)
    };
    match after {
        After::Swallows => Ok(()),
        After::PassesOn => conflict,
        After::Panics => panic_any(7_u32),
        After::IsDropped => {
            reached.notify_one();
            forever().await
        }
    }
}

#[commit_on_success]
async fn inner_conflict(db: &impl Source) -> Result<(), Failure> {
    driver::insert(db, 3).await?;
    Ok(driver::execute(db, CONFLICT).await?)
}

#[crate::driver::test]
async fn a_connection_whose_transaction_sqlite_has_ended_works_again() {
    for after in [
        After::Swallows,
        After::PassesOn,
        After::Panics,
        After::IsDropped,
    ] {
        for nested in [false, true] {
            let db = driver::open().await;
            let pool = db.pool(1).await;
            let reached = Notify::new();
            let committed = tokio::select! {
                ended = async { driver::caught!(conflict(&pool, after, nested, &reached)) } => {
                    matches!(ended, Ok(Ok(())))
                }
                () = reached.notified() => false,
            };
            assert!(!committed, "{after:?}");
            assert!(db.committed().await.is_empty(), "{after:?}");
            works(&pool, &db).await;
        }
    }
}

/// Begun in plain SQL, which sqlx knows nothing of.
#[crate::driver::test]
async fn what_the_last_user_of_a_pool_left_open_is_rolled_back() {
    let db = driver::open().await;
    let pool = db.pool(1).await;
    driver::execute(&pool, "BEGIN").await.unwrap();
    driver::insert(&pool, 1).await.unwrap();
    let journal = Journal::default();
    observe();
    store(&pool, 3, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["3"]);
    assert_eq!(db.committed().await, [3]);
    assert_eq!(leftovers(), 1);
    works(&pool, &db).await;
    assert_eq!(leftovers(), 1);
}

#[crate::driver::test]
async fn the_mode_is_in_force() {
    #[commit_on_success(conn, mode = immediate, isolation = serializable)]
    async fn immediate(conn: &Connection, db: &Database) -> Result<bool, Failure> {
        driver::rows(conn).await?;
        Ok(is_locked(db).await)
    }

    #[commit_on_success(conn, mode = deferred)]
    async fn deferred(conn: &Connection, db: &Database) -> Result<bool, Failure> {
        driver::rows(conn).await?;
        Ok(is_locked(db).await)
    }

    async fn is_locked(db: &Database) -> bool {
        let other = db.connect().await;
        driver::execute(&other, "PRAGMA busy_timeout = 0")
            .await
            .unwrap();
        driver::execute(&other, "BEGIN IMMEDIATE").await.is_err()
    }

    let db = driver::open().await;
    let conn = db.connect().await;
    assert!(immediate(&conn, &db).await.unwrap());
    assert!(!deferred(&conn, &db).await.unwrap());
}

#[crate::driver::test]
async fn what_sqlite_does_not_have_is_refused_and_the_body_does_not_run() {
    #[commit_on_success(conn, isolation = repeatable_read)]
    async fn isolation(conn: &Connection) -> Result<(), Failure> {
        Ok(driver::insert(conn, 1).await?)
    }

    #[commit_on_success(conn, read_only)]
    async fn read_only(conn: &Connection) -> Result<(), Failure> {
        Ok(driver::insert(conn, 1).await?)
    }

    let db = driver::open().await;
    let conn = db.connect().await;
    for (refused, expected) in [
        (isolation(&conn).await, "isolation"),
        (read_only(&conn).await, "read_only"),
    ] {
        let error = refused.unwrap_err().into_transaction();
        assert_eq!(error.outcome(), Outcome::RolledBack);
        assert_unsupported(&error, expected, "SQLite");
    }
    assert!(db.committed().await.is_empty());
    works(&conn, &db).await;
}

#[crate::driver::test]
async fn a_file_that_is_busy_is_worth_another_attempt() {
    #[commit_on_success(conn, mode = immediate, attempts = 50)]
    async fn stores(conn: &Connection, journal: &Journal) -> Result<(), Failure> {
        store(conn, 1, journal).await
    }

    let db = driver::open().await;
    let (conn, rival) = (db.connect().await, db.connect().await);
    driver::execute(&conn, "PRAGMA busy_timeout = 0")
        .await
        .unwrap();
    driver::execute(&rival, "BEGIN IMMEDIATE").await.unwrap();
    let journal = Journal::default();
    let (stored, ()) = tokio::join!(stores(&conn, &journal), async {
        driver::pause().await;
        driver::execute(&rival, "ROLLBACK").await.unwrap();
    });
    stored.unwrap();
    assert_eq!(journal.entries(), ["1"]);
    assert_eq!(db.committed().await, [1]);
}

#[commit_on_success]
async fn nest(db: &Pool, fails: bool, journal: &Journal) -> Result<(), Failure> {
    store(db, 1, journal).await?;
    store(db, 2, journal).await.unwrap_err();
    if fails {
        Err(Failure::body("no"))
    } else {
        store(db, 3, journal).await
    }
}

/// The number of times that a future is pending depends on how fast the connection's thread is; wherever it is
/// dropped, the promises hold.
#[crate::driver::test]
async fn a_block_can_be_dropped_anywhere() {
    for fails in [false, true] {
        let mut points = 0;
        for point in 0.. {
            let db = driver::open().await;
            let pool = db.pool(1).await;
            let journal = Journal::default();
            let ended = drop_at_pending(nest(&pool, fails, &journal), point).await;
            works(&pool, &db).await;
            let rows = db.committed().await;
            let rows: Vec<i64> = rows.into_iter().filter(|row| *row < 100).collect();
            assert!(rows.is_empty() || (rows == [1, 3] && !fails), "{rows:?}");
            assert!(rows == [1, 3] || journal.entries().is_empty());
            if let Some(ended) = ended {
                assert_eq!(ended.is_err(), fails);
                assert_eq!(rows.is_empty(), fails);
                break;
            }
            points += 1;
        }
        assert!(points >= 1, "{points}");
    }
}

mod limits {
    use sea_orm::TransactionTrait as _;

    use super::{CONFLICT, ErrorKind, Failure, Journal, Source, commit_on_success, driver, store};

    #[commit_on_success]
    async fn conflict_inside(db: &impl Source) -> Result<(), Failure> {
        let by_hand = db.begin().await?;
        driver::insert(&by_hand, 1).await?;
        driver::execute(&by_hand, CONFLICT).await.unwrap_err();
        drop(by_hand);
        Ok(())
    }

    #[crate::driver::test]
    async fn sqlx_goes_on_counting_a_transaction_of_sea_orm_that_sqlite_has_ended() {
        let db = driver::open().await;
        let pool = db.pool(1).await;
        let error = conflict_inside(&pool).await.unwrap_err().into_transaction();
        assert_eq!(error.kind(), ErrorKind::Ended, "{error:?}");
        assert!(db.committed().await.is_empty());
        // In a transaction that nobody ends.
        driver::insert(&pool, 4).await.unwrap();
        assert!(db.committed().await.is_empty());
        let journal = Journal::default();
        store(&pool, 3, &journal).await.unwrap();
        assert_eq!(journal.entries(), ["3"]);
        assert_eq!(db.committed().await, [3, 4]);
    }
}

/// A `COMMIT` would store the orphan as well.
#[crate::driver::test]
async fn in_a_transaction_of_a_test_foreign_keys_that_are_off_are_not_checked() {
    let db = driver::open().await;
    let pool = db.pool(1).await;
    driver::execute(&pool, "PRAGMA foreign_keys = OFF")
        .await
        .unwrap();
    let mut transaction = AsyncBegin::acquire_session(&pool).await.unwrap();
    transaction.begin(&Options::new()).await.unwrap();
    let orphan = driver::execute(transaction.handle(), "INSERT INTO child VALUES (42)").await;
    orphan.unwrap();
    transaction.check().await.unwrap();
    transaction.commit().await.unwrap();
}
