// SQLite through diesel and diesel-async.

use commit_on_success::{CommitError, ErrorKind, Options, Session as _, commit_on_success, defer};
use commit_on_success_tests::errors::assert_unsupported;

use crate::driver::{self, Connection, Database, DriverError, Source as _, Steps as _};
use crate::support::{Failure, Journal};

/// Whether somebody else can write at once.
async fn is_free(db: &Database) -> bool {
    let mut other = db.connect().await;
    let begin = "PRAGMA busy_timeout = 0; BEGIN IMMEDIATE; ROLLBACK";
    driver::execute(&mut other, begin).await.is_ok()
}

#[crate::driver::test]
async fn an_immediate_transaction_has_the_lock_and_a_deferred_one_has_not() {
    #[commit_on_success(conn, mode = immediate)]
    async fn immediate(conn: &mut Connection, db: &Database) -> Result<(), Failure> {
        assert!(!is_free(db).await);
        Ok(driver::insert(conn, 1).await?)
    }

    #[commit_on_success(conn, mode = deferred)]
    async fn deferred(conn: &mut Connection, db: &Database) -> Result<(), Failure> {
        assert!(is_free(db).await);
        Ok(driver::insert(conn, 2).await?)
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    immediate(&mut conn, &db).await.unwrap();
    deferred(&mut conn, &db).await.unwrap();
    assert_eq!(db.committed().await, [1, 2]);
}

#[crate::driver::test]
async fn what_sqlite_does_not_have_is_refused_and_the_body_does_not_run() {
    #[commit_on_success(conn, read_only)]
    async fn reads(conn: &mut Connection) -> Result<(), Failure> {
        Ok(driver::insert(conn, 1).await?)
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let error = reads(&mut conn).await.unwrap_err().into_transaction();
    assert_unsupported(&error, "read_only", "SQLite");
    driver::insert(&mut conn, 2).await.unwrap();
    assert_eq!(db.committed().await, [2]);
}

#[crate::driver::test]
async fn a_begin_that_is_refused_leaves_the_connection_as_it_was() {
    #[commit_on_success(conn, mode = immediate)]
    async fn stores(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        defer!(journal.clone().note("called"));
        Ok(driver::insert(conn, 1).await?)
    }

    let db = driver::open().await;
    let (mut conn, mut other) = (db.connect().await, db.connect().await);
    let impatient = "PRAGMA busy_timeout = 0";
    driver::execute(&mut conn, impatient).await.unwrap();
    driver::execute(&mut other, "BEGIN IMMEDIATE")
        .await
        .unwrap();
    let journal = Journal::default();
    let error = stores(&mut conn, &journal).await.unwrap_err();
    let error = error.into_transaction();
    assert_eq!(error.kind(), ErrorKind::Begin, "{error:?}");
    driver::execute(&mut other, "ROLLBACK").await.unwrap();
    stores(&mut conn, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["called"]);
    assert_eq!(db.committed().await, [1]);
}

#[crate::driver::test]
async fn a_foreign_key_is_checked_where_a_test_never_commits_if_they_are_enforced() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let mut block = (&mut conn).acquire_session().await.unwrap();
    block.begin(&Options::new()).await.unwrap();
    let orphans = "INSERT INTO child VALUES (1), (2)";
    driver::execute(block.handle(), orphans).await.unwrap();
    driver::insert(block.handle(), 1).await.unwrap();
    let refused = block.check().await.unwrap_err();
    let CommitError::Refused(error) = refused else {
        panic!("{refused:?}");
    };
    let checked: &DriverError = error.downcast_ref().unwrap();
    let refused = block.commit().await.unwrap_err();
    let CommitError::Refused(error) = refused else {
        panic!("{refused:?}");
    };
    // The same as at the commit.
    let committed: &DriverError = error.downcast_ref().unwrap();
    assert_eq!(format!("{checked:?}"), format!("{committed:?}"));
    driver::insert(block.handle(), 2).await.unwrap();
    block.check().await.unwrap();
    block.commit().await.unwrap();
    let off = "PRAGMA foreign_keys = OFF";
    driver::execute(block.handle(), off).await.unwrap();
    block.begin(&Options::new()).await.unwrap();
    let orphan = "INSERT INTO child VALUES (3)";
    driver::execute(block.handle(), orphan).await.unwrap();
    block.check().await.unwrap();
    block.commit().await.unwrap();
    assert_eq!(db.committed().await, [1, 2]);
}

mod limits {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::{Arc, Mutex};

    use commit_on_success::commit_on_success;
    use diesel::connection::InstrumentationEvent;

    use crate::driver::{self, Connection, Generic};
    use crate::support::Failure;

    #[crate::driver::test]
    async fn a_busy_file_is_not_worth_another_attempt() {
        #[commit_on_success(conn, attempts = 3)]
        async fn stores(conn: &mut Connection, tries: &AtomicU32) -> Result<(), Failure> {
            tries.fetch_add(1, Ordering::Relaxed);
            Ok(driver::insert(conn, 1).await?)
        }

        let db = driver::open().await;
        let (mut conn, mut other) = (db.connect().await, db.connect().await);
        let impatient = "PRAGMA busy_timeout = 0";
        driver::execute(&mut conn, impatient).await.unwrap();
        driver::execute(&mut other, "BEGIN IMMEDIATE")
            .await
            .unwrap();
        let tries = AtomicU32::new(0);
        let error = stores(&mut conn, &tries).await.unwrap_err();
        assert!(matches!(error, Failure::Driver(_)), "{error:?}");
        assert_eq!(tries.into_inner(), 1);
    }

    #[crate::driver::test]
    async fn the_instrumentation_sees_a_begin_fail_before_each_nested_block() {
        #[commit_on_success]
        async fn nested(conn: &mut Connection) -> Result<(), Failure> {
            Ok(driver::insert(conn, 1).await?)
        }

        #[commit_on_success]
        async fn outer(conn: &mut Connection) -> Result<(), Failure> {
            nested(conn).await
        }

        let db = driver::open().await;
        let mut conn = db.connect().await;
        let heard = Arc::new(Mutex::new(Vec::new()));
        let theirs = Arc::clone(&heard);
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::FinishQuery {
                query,
                error: Some(_),
                ..
            } = event
            {
                theirs.lock().unwrap().push(query.to_string());
            }
        });
        outer(&mut conn).await.unwrap();
        let heard = heard.lock().unwrap().concat();
        assert!(heard.starts_with("BEGIN; ROLLBACK"), "{heard}");
        assert_eq!(db.committed().await, [1]);
    }
}
