//! A session of tokio-postgres that is ended while the body waits, failures that hide behind others, and constraints
//! that only a commit looks at.

use std::sync::atomic::{AtomicU32, Ordering};

use commit_on_success::{
    AsyncBegin, AsyncTransaction as _, CommitError, ErrorKind, Options, Outcome, RollbackError,
    Session as _, commit_on_success, defer, set_rollback,
};
use commit_on_success_tests::errors::source_of;
use commit_on_success_tests::pg::AppError;
use futures_util::future::join;
use tokio_postgres::error::SqlState;

use crate::driver::{self, Connection, Database};
use crate::ends::{heard, listen, write_down};
use crate::support::{Failure, Journal};

/// Ends a session, and returns when the client knows.
async fn terminate(conn: &Connection, db: &Database) {
    let number = "SELECT pg_backend_pid()";
    let number: i32 = conn.query_one(number, &[]).await.unwrap().get(0);
    let terminate = format!("SELECT pg_terminate_backend({number})::int::bigint");
    assert_eq!(db.corner.numbers(terminate).await, [1]);
    while !conn.is_closed() {
        tokio::task::yield_now().await;
    }
}

#[derive(Clone, Copy, Debug)]
enum Ending {
    Ok,
    Err,
    Requested,
}

#[commit_on_success]
async fn lose(
    conn: &mut Connection,
    db: &Database,
    ending: Ending,
    journal: &Journal,
) -> Result<i64, Failure> {
    driver::insert(conn, 1).await?;
    defer!(journal.clone().note("called"));
    write_down(journal)?;
    terminate(conn, db).await;
    match ending {
        Ending::Ok => {}
        Ending::Err => return Err(Failure::body("no")),
        Ending::Requested => set_rollback()?,
    }
    Ok(7)
}

#[crate::driver::test]
async fn a_session_that_was_ended_in_the_body_has_stored_nothing_and_everybody_says_so() {
    for ending in [Ending::Ok, Ending::Err, Ending::Requested] {
        let db = driver::open().await;
        listen();
        let (mut conn, journal) = (db.connect().await, Journal::default());
        let result = lose(&mut conn, &db, ending, &journal).await;
        let told = match ending {
            Ending::Ok => {
                let error = result.unwrap_err().into_transaction();
                assert_eq!(error.kind(), ErrorKind::Commit, "{error:?}");
                assert_eq!(error.outcome(), Outcome::RolledBack);
                "rolled back: CommitFailed"
            }
            Ending::Err => {
                assert_eq!(&*result.unwrap_err().into_body(), "no");
                "rolled back: Error"
            }
            Ending::Requested => {
                assert_eq!(result.unwrap(), 7);
                "rolled back: Requested"
            }
        };
        assert_eq!(heard(), [told], "{ending:?}");
        assert_eq!(journal.entries(), [told], "{ending:?}");
        assert!(db.committed().await.is_empty());
    }
}

#[crate::driver::test]
async fn a_session_that_was_ended_in_an_inner_block_has_stored_nothing_and_everybody_says_so() {
    #[commit_on_success]
    async fn outer(
        conn: &mut Connection,
        db: &Database,
        ending: Ending,
        journals: [&Journal; 2],
    ) -> Result<i64, Failure> {
        write_down(journals[0])?;
        lose(conn, db, ending, journals[1]).await
    }

    for (ending, told) in [
        (Ending::Ok, "rolled back: CommitFailed"),
        (Ending::Err, "rolled back: Error"),
    ] {
        let db = driver::open().await;
        listen();
        let mut conn = db.connect().await;
        let (ours, theirs) = (Journal::default(), Journal::default());
        let result = outer(&mut conn, &db, ending, [&ours, &theirs]).await;
        assert!(result.is_err());
        assert_eq!(heard(), [told, "rolled back: Error"], "{ending:?}");
        assert_eq!(theirs.entries(), [told], "{ending:?}");
        assert_eq!(ours.entries(), ["rolled back: Error"], "{ending:?}");
    }
}

#[crate::driver::test]
async fn a_rollback_without_a_connection_says_that_it_is_gone_and_one_that_is_refused_does_not() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let mut block = AsyncBegin::acquire_session(&mut conn).await.unwrap();
    block.begin(&Options::new()).await.unwrap();
    block.handle().batch_execute("ROLLBACK").await.unwrap();
    let refused = block.rollback().await;
    assert!(matches!(refused, Err(RollbackError::Ended)), "{refused:?}");
    block.begin(&Options::new()).await.unwrap();
    terminate(block.handle(), &db).await;
    let lost = block.rollback().await;
    assert!(
        matches!(lost, Err(RollbackError::Disconnected(_))),
        "{lost:?}"
    );
    let lost = block.commit().await;
    assert!(matches!(lost, Err(CommitError::RolledBack(_))), "{lost:?}");
}

/// Its first attempt comes upon a row that somebody else has changed.
async fn interfere(tries: &AtomicU32, db: &Database) {
    if tries.fetch_add(1, Ordering::Relaxed) == 0 {
        db.corner.execute(UPDATE).await;
    }
}

const UPDATE: &str = "UPDATE item SET id = id WHERE id = 1";
const INSERT: &str = "INSERT INTO item (id) VALUES (2)";

#[crate::driver::test]
async fn a_failure_behind_which_a_serialization_failure_hides_is_worth_another_attempt() {
    #[commit_on_success(conn, isolation = repeatable_read, attempts = 2)]
    async fn stores(
        conn: &mut Connection,
        db: &Database,
        tries: &AtomicU32,
    ) -> Result<(), AppError> {
        driver::rows(conn).await?;
        interfere(tries, db).await;
        let (update, insert) = join(conn.batch_execute(UPDATE), conn.batch_execute(INSERT)).await;
        if let Err(error) = &insert {
            assert_eq!(error.code(), Some(&SqlState::IN_FAILED_SQL_TRANSACTION));
        }
        insert?;
        Ok(update?)
    }

    let db = driver::open().await;
    let (mut conn, tries) = (db.connect().await, AtomicU32::new(0));
    driver::insert(&mut conn, 1).await.unwrap();
    stores(&mut conn, &db, &tries).await.unwrap();
    assert_eq!(tries.into_inner(), 2);
    assert_eq!(db.committed().await, [1, 2]);
}

#[crate::driver::test]
async fn of_statements_side_by_side_that_are_joined_any_failure_is_worth_another_attempt() {
    #[commit_on_success(conn, isolation = repeatable_read, attempts = 2)]
    async fn stores(
        conn: &mut Connection,
        db: &Database,
        tries: &AtomicU32,
    ) -> Result<(), AppError> {
        driver::rows(conn).await?;
        interfere(tries, db).await;
        let conn = &*conn;
        tokio::try_join!(
            conn.batch_execute(UPDATE),
            conn.batch_execute(INSERT),
            conn.batch_execute("INSERT INTO item (id) VALUES (3)"),
        )?;
        Ok(())
    }

    let db = driver::open().await;
    let (mut conn, tries) = (db.connect().await, AtomicU32::new(0));
    driver::insert(&mut conn, 1).await.unwrap();
    stores(&mut conn, &db, &tries).await.unwrap();
    assert_eq!(tries.into_inner(), 2);
    assert_eq!(db.committed().await, [1, 2, 3]);
}

#[crate::driver::test]
async fn a_serialization_failure_that_is_swallowed_is_worth_another_attempt() {
    #[commit_on_success(conn, isolation = repeatable_read, attempts = 2)]
    async fn stores(
        conn: &mut Connection,
        db: &Database,
        tries: &AtomicU32,
    ) -> Result<(), AppError> {
        driver::rows(conn).await?;
        driver::insert(conn, 2).await?;
        interfere(tries, db).await;
        let _swallowed = conn.batch_execute(UPDATE).await;
        Ok(())
    }

    let db = driver::open().await;
    let (mut conn, tries) = (db.connect().await, AtomicU32::new(0));
    driver::insert(&mut conn, 1).await.unwrap();
    stores(&mut conn, &db, &tries).await.unwrap();
    assert_eq!(tries.into_inner(), 2);
    assert_eq!(db.committed().await, [1, 2]);
}

#[crate::driver::test]
async fn a_failed_transaction_of_somebody_else_is_not_worth_another_attempt() {
    #[commit_on_success(conn, attempts = 5)]
    async fn stores(conn: &mut Connection) -> Result<(), AppError> {
        Ok(driver::insert(conn, 1).await?)
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    driver::execute(&mut conn, "BEGIN").await.unwrap();
    driver::execute(&mut conn, "nonsense").await.unwrap_err();
    let error = stores(&mut conn).await.unwrap_err().into_transaction();
    assert_eq!(error.kind(), ErrorKind::Begin, "{error:?}");
    let source = source_of(&error);
    let block = AsyncBegin::acquire_session(&mut conn).await.unwrap();
    assert!(!block.is_transient(source));
    let source: &tokio_postgres::Error = source.source().unwrap().downcast_ref().unwrap();
    assert_eq!(source.code(), Some(&SqlState::IN_FAILED_SQL_TRANSACTION));
    assert!(block.is_transient(source));
}

#[crate::driver::test]
async fn in_a_transaction_of_a_test_a_violated_constraint_is_found_as_a_commit_finds_it() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let mut block = AsyncBegin::acquire_session(&mut conn).await.unwrap();
    block.begin(&Options::new()).await.unwrap();
    let orphan = "INSERT INTO child (item) VALUES (42)";
    block.handle().batch_execute(orphan).await.unwrap();
    let Err(CommitError::Refused(error)) = block.check().await else {
        panic!("it is refused");
    };
    let error: &tokio_postgres::Error = error.downcast_ref().unwrap();
    assert_eq!(error.code(), Some(&SqlState::FOREIGN_KEY_VIOLATION));
    let aborted = block.check().await;
    assert!(matches!(aborted, Err(CommitError::Aborted)), "{aborted:?}");
    block.rollback().await.unwrap();
    block.begin(&Options::new()).await.unwrap();
    block.check().await.unwrap();
    // Constraints are as deferred as before.
    let later = "INSERT INTO child (item) VALUES (1); INSERT INTO item (id) VALUES (1)";
    block.handle().batch_execute(later).await.unwrap();
    block.commit().await.unwrap();
    let ended = block.check().await;
    assert!(matches!(ended, Err(CommitError::Ended)), "{ended:?}");
    assert_eq!(db.committed().await, [1]);
}
