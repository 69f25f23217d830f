//! sea-orm on MariaDB and MySQL: options, attempts, and what others have left open.

use std::sync::atomic::{AtomicU32, Ordering};

use commit_on_success::{ErrorKind, commit_on_success, defer};
use commit_on_success_tests::errors::{assert_kind, assert_unsupported};
use sea_orm::ConnectionTrait;

use crate::driver::{self, Connection, Database, Source};
use crate::support::{Failure, Journal};

#[commit_on_success]
async fn store(db: &impl Source, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(db, id).await?;
    defer!(journal.clone().note(id.to_string()));
    Ok(())
}

/// The rows that a transaction sees before and after somebody else has stored one.
async fn sights(conn: &impl ConnectionTrait, db: &Database) -> Result<[usize; 2], Failure> {
    let before = driver::rows(conn).await?.len();
    let other = db.connect().await;
    driver::insert(&other, i64::try_from(before).unwrap()).await?;
    Ok([before, driver::rows(conn).await?.len()])
}

#[crate::driver::test]
async fn isolation_and_read_only_are_in_force() {
    #[commit_on_success(conn, isolation = read_committed, read_only)]
    async fn read_committed(conn: &Connection, db: &Database) -> Result<[usize; 2], Failure> {
        sights(conn, db).await
    }

    #[commit_on_success(conn, isolation = repeatable_read)]
    async fn repeatable_read(conn: &Connection, db: &Database) -> Result<[usize; 2], Failure> {
        sights(conn, db).await
    }

    #[commit_on_success(conn, read_only)]
    async fn writes(conn: &Connection) -> Result<(), Failure> {
        Ok(driver::insert(conn, 7).await?)
    }

    let db = driver::open().await;
    let conn = db.connect().await;
    assert_eq!(read_committed(&conn, &db).await.unwrap(), [0, 1]);
    assert_eq!(repeatable_read(&conn, &db).await.unwrap(), [1, 1]);
    let error = writes(&conn).await.unwrap_err();
    assert!(matches!(error, Failure::Driver(_)), "{error:?}");
    store(&conn, 3, &Journal::default()).await.unwrap();
    assert_eq!(db.committed().await, [0, 1, 3]);
}

#[crate::driver::test]
async fn what_mysql_does_not_have_is_refused_and_the_body_does_not_run() {
    #[commit_on_success(conn, mode = immediate)]
    async fn immediate(conn: &Connection) -> Result<(), Failure> {
        Ok(driver::insert(conn, 1).await?)
    }

    #[commit_on_success(conn, isolation = serializable, read_only, deferrable)]
    async fn deferrable(conn: &Connection) -> Result<(), Failure> {
        Ok(driver::insert(conn, 2).await?)
    }

    let db = driver::open().await;
    let conn = db.connect().await;
    for (refused, expected) in [
        (immediate(&conn).await, "mode"),
        (deferrable(&conn).await, "deferrable"),
    ] {
        let error = refused.unwrap_err().into_transaction();
        assert_unsupported(&error, expected, "MySQL");
    }
    assert!(db.committed().await.is_empty());
}

/// Holds row 1 until the first attempt has waited for it in vain.
async fn wait_in_vain(db: &Database, conn: &impl ConnectionTrait) -> Result<(), Failure> {
    let rival = db.connect().await;
    driver::execute(&rival, "START TRANSACTION").await?;
    driver::execute(&rival, "UPDATE item SET note = 1 WHERE id = 1").await?;
    driver::execute(conn, "SET innodb_lock_wait_timeout = 1").await?;
    let update = "UPDATE item SET note = 2 WHERE id = 1";
    let waited = driver::execute(conn, update).await;
    driver::execute(&rival, "ROLLBACK").await?;
    Ok(waited?)
}

#[crate::driver::test]
async fn a_lock_that_was_waited_for_in_vain_is_worth_another_attempt() {
    #[commit_on_success(conn, attempts = 2)]
    async fn updates(
        conn: &Connection,
        db: &Database,
        tries: &AtomicU32,
        journal: &Journal,
    ) -> Result<(), Failure> {
        let number = tries.fetch_add(1, Ordering::Relaxed);
        driver::insert(conn, 10 + i64::from(number)).await?;
        defer!(journal.clone().note(number.to_string()));
        if number == 0 {
            wait_in_vain(db, conn).await?;
        }
        Ok(())
    }

    let db = driver::open().await;
    let conn = db.connect().await;
    driver::insert(&conn, 1).await.unwrap();
    let (tries, journal) = (AtomicU32::new(0), Journal::default());
    updates(&conn, &db, &tries, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["1"]);
    assert_eq!(db.committed().await, [1, 11]);
}

#[crate::driver::test]
async fn without_a_transaction_around_it_the_body_of_an_inner_block_does_not_run() {
    #[commit_on_success]
    async fn outer(db: &impl Source, journal: &Journal) -> Result<(), Failure> {
        driver::insert(db, 1).await?;
        driver::execute(db, "COMMIT").await?;
        store(db, 2, journal).await
    }

    let db = driver::open().await;
    let journal = Journal::default();
    let ended = outer(&db.connect().await, &journal).await;
    let error = ended.unwrap_err().into_transaction();
    assert_kind(&error, ErrorKind::NestedBegin, "store");
    assert_eq!(journal.owners(), 1);
    assert_eq!(db.committed().await, [1]);
}

#[crate::driver::test]
async fn what_the_last_user_of_a_pool_left_open_is_committed_before_the_block_begins() {
    let db = driver::open().await;
    let pool = db.pool(1).await;
    driver::execute(&pool, "BEGIN").await.unwrap();
    driver::insert(&pool, 1).await.unwrap();
    fails(&pool).await.unwrap_err();
    assert_eq!(db.committed().await, [1]);
}

#[commit_on_success]
async fn fails(db: &impl Source) -> Result<(), Failure> {
    driver::insert(db, 2).await?;
    Err(Failure::body("no"))
}

mod limits {
    use commit_on_success_tests::proxy::Proxy;

    use super::{Journal, driver, store};

    /// `PING`, `BEGIN`, and then sqlx-mysql prepares.
    const BEFORE_IT_PREPARES: usize = 2;

    #[crate::driver::test]
    async fn a_future_that_is_dropped_while_it_prepares_leaves_nothing_open_but_costs_a_connection()
    {
        let db = driver::open().await;
        let proxy = Proxy::to(db.server()).await.unwrap();
        let pool = driver::pool(db.through(proxy.address()).options, 2).await;
        let journal = Journal::default();
        let gate = &proxy.requests;
        gate.hold();
        tokio::select! {
            biased;
            _ = store(&pool, 1, &journal) => unreachable!("its message is held"),
            () = async {
                for _ in 0..BEFORE_IT_PREPARES {
                    gate.holding().await;
                    gate.release();
                }
                gate.holding().await;
            } => gate.open(),
        }
        assert_eq!(journal.owners(), 1);
        // Would wait for a row that a transaction has written.
        driver::insert(&db.connect().await, 1).await.unwrap();
        store(&pool, 2, &journal).await.unwrap();
        assert_eq!(db.committed().await, [1, 2]);
        let only = sea_orm::TransactionTrait::begin(&pool).await.unwrap();
        let none_left = std::pin::pin!(driver::rows(&pool));
        assert!(commit_on_success_tests::polling::poll_once(none_left).is_pending());
        only.commit().await.unwrap();
    }
}
