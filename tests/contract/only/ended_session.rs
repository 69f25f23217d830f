//! The server ends the session while the body waits, so that nothing was ever sent to it that could store anything.

use commit_on_success::signals::post_rollback;
use commit_on_success::{ErrorKind, Outcome, commit_on_success, defer, set_rollback};

use crate::dialect;
use crate::driver::{self, Connection, Database, Pool};
use crate::support::{Failure, Journal};
use crate::verdicts::{observe, observed};

/// The end of a body.
#[derive(Clone, Copy, Debug)]
enum End {
    Succeeds,
    Fails,
    TakesBack,
}

const ENDS: [End; 3] = [End::Succeeds, End::Fails, End::TakesBack];

/// Serves the next user.
#[commit_on_success(tx = driver::source(pool))]
async fn store(pool: &Pool, id: i64) -> Result<(), Failure> {
    Ok(driver::insert(tx, id).await?)
}

#[commit_on_success]
async fn store_on(conn: &mut Connection, id: i64) -> Result<(), Failure> {
    Ok(driver::insert(conn, id).await?)
}

async fn lose(
    conn: &mut Connection,
    db: &Database,
    end: End,
    journal: &Journal,
) -> Result<(), Failure> {
    driver::insert(conn, 1).await?;
    defer!(journal.clone().note("called"));
    let theirs = journal.clone();
    post_rollback().connect(move |event| theirs.note(format!("handler: {:?}", event.cause)))?;
    let session = driver::number(conn, dialect::SESSION).await?;
    dialect::end_session(db, session).await;
    match end {
        End::Succeeds => Ok(()),
        End::Fails => Err(Failure::body("no")),
        End::TakesBack => Ok(set_rollback()?),
    }
}

#[commit_on_success(tx = driver::source(pool))]
async fn lost_on_pool(
    pool: &Pool,
    db: &Database,
    end: End,
    journal: &Journal,
) -> Result<(), Failure> {
    lose(tx, db, end, journal).await
}

#[commit_on_success]
async fn lost_on_connection(
    conn: &mut Connection,
    db: &Database,
    end: End,
    journal: &Journal,
) -> Result<(), Failure> {
    lose(conn, db, end, journal).await
}

/// Caller, observers and handlers agree. The outcome is known where the driver asks before it commits.
#[track_caller]
fn check(
    ended: Result<(), Failure>,
    (end, asks): (End, bool),
    journal: &Journal,
    observed: &[String],
) {
    let cause = match end {
        End::Succeeds => {
            let error = ended.unwrap_err().into_transaction();
            if !asks {
                assert_eq!(error.kind(), ErrorKind::Unknown, "{error:?}");
                assert!(journal.entries().is_empty());
                assert_eq!(observed, ["unknown"]);
                return;
            }
            assert_eq!(error.kind(), ErrorKind::Commit, "{error:?}");
            assert_eq!(error.outcome(), Outcome::RolledBack);
            "CommitFailed"
        }
        End::Fails => {
            assert_eq!(&*ended.unwrap_err().into_body(), "no");
            "Error"
        }
        End::TakesBack => {
            ended.unwrap();
            "Requested"
        }
    };
    assert_eq!(journal.entries(), [format!("handler: {cause}")], "{end:?}");
    assert_eq!(observed, [format!("rolled back: {cause}")], "{end:?}");
}

#[crate::driver::test]
async fn a_connection_that_was_killed_while_the_body_waited_has_stored_nothing_on_a_pool() {
    let db = driver::open().await;
    observe();
    let pool = db.pool(1).await;
    for (end, next) in ENDS.into_iter().zip(11..) {
        let journal = Journal::default();
        let ended = lost_on_pool(&pool, &db, end, &journal).await;
        let told = (end, driver::ASKS_ON_POOLS);
        check(ended, told, &journal, &observed("lost_on_pool"));
        store(&pool, next).await.unwrap();
    }
    assert_eq!(db.committed().await, [11, 12, 13]);
}

#[crate::driver::test]
async fn a_connection_that_was_killed_while_the_body_waited_has_stored_nothing_for_its_owner() {
    let db = driver::open().await;
    observe();
    for (end, next) in ENDS.into_iter().zip(11..) {
        let mut conn = db.connect().await;
        let journal = Journal::default();
        let ended = lost_on_connection(&mut conn, &db, end, &journal).await;
        let told = (end, driver::ASKS_BEFORE_COMMIT);
        check(ended, told, &journal, &observed("lost_on_connection"));
        let again = store_on(&mut conn, next).await;
        if driver::LENDS_POOLS {
            again.unwrap();
            continue;
        }
        let error = again.unwrap_err().into_transaction();
        assert_eq!(error.kind(), ErrorKind::Begin, "{error:?}");
    }
    let stored: &[i64] = if driver::LENDS_POOLS {
        &[11, 12, 13]
    } else {
        &[]
    };
    assert_eq!(db.committed().await, stored);
}

#[crate::driver::test]
async fn a_connection_that_was_killed_in_an_inner_block_has_stored_nothing_of_the_outer() {
    #[commit_on_success]
    async fn lost_inside(
        conn: &mut Connection,
        db: &Database,
        end: End,
        journal: &Journal,
    ) -> Result<(), Failure> {
        lose(conn, db, end, journal).await
    }

    #[commit_on_success(tx = driver::source(pool))]
    async fn lost_outside(
        pool: &Pool,
        db: &Database,
        end: End,
        journal: &Journal,
    ) -> Result<(), Failure> {
        let lost = lost_inside(tx, db, end, journal).await;
        match end {
            End::Succeeds => {
                let error = lost.unwrap_err().into_transaction();
                assert_eq!(error.outcome(), Outcome::RolledBack, "{error:?}");
            }
            End::Fails => assert_eq!(&*lost.unwrap_err().into_body(), "no"),
            End::TakesBack => lost.unwrap(),
        }
        Ok(())
    }

    let db = driver::open().await;
    observe();
    let pool = db.pool(1).await;
    for (end, cause) in ENDS.into_iter().zip(["CommitFailed", "Error", "Requested"]) {
        let journal = Journal::default();
        let lost = lost_outside(&pool, &db, end, &journal).await;
        let error = lost.unwrap_err().into_transaction();
        assert_eq!(error.outcome(), Outcome::RolledBack, "{error:?}");
        assert_eq!(journal.entries(), [format!("handler: {cause}")], "{end:?}");
        let inside = observed("lost_inside");
        assert_eq!(inside, [format!("rolled back: {cause}")], "{end:?}");
        assert_eq!(observed("lost_outside"), ["rolled back: CommitFailed"]);
    }
    store(&pool, 11).await.unwrap();
    assert_eq!(db.committed().await, [11]);
}

/// A refusal is not the end of a session: a statement that is refused just before the end of a block leaves a
/// connection that can be used.
#[crate::driver::test]
async fn a_connection_that_only_refuses_is_not_taken_for_dead() {
    #[commit_on_success]
    async fn refuses(conn: &mut Connection) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        driver::execute(conn, "nonsense").await?;
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let error = refuses(&mut conn).await.unwrap_err();
    assert!(matches!(error, Failure::Driver(_)), "{error:?}");
    driver::insert(&mut conn, 2).await.unwrap();
    assert_eq!(db.committed().await, [2]);
}
