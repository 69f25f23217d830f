//! A session of the sync postgres that is ended while the body does something else, and constraints that only a commit
//! looks at.

use std::thread;
use std::time::Duration;

use commit_on_success::{
    Begin, CommitError, ErrorKind, Options, Outcome, RollbackError, Session as _, Transaction as _,
    commit_on_success, defer, set_rollback,
};
use commit_on_success_tests::errors::source_of;
use postgres::Client;
use postgres::error::SqlState;

use crate::driver::{self, Database};
use crate::ends::{heard, listen, write_down};
use crate::support::{Failure, Journal};

#[derive(Clone, Copy, Debug)]
enum Ending {
    Ok,
    Err,
    Requested,
}

/// Whether the body speaks to the server once more, and so comes to know.
#[derive(Clone, Copy, Debug)]
enum Notice {
    Taken,
    NotTaken,
}

/// Ends a session, and returns when it has ended.
fn terminate(conn: &mut Client, db: &Database) {
    let number: i32 = conn
        .query_one("SELECT pg_backend_pid()", &[])
        .unwrap()
        .get(0);
    let terminate = "SELECT pg_terminate_backend($1, 20000)";
    let row = db.connect().query_one(terminate, &[&number]).unwrap();
    assert!(row.get::<_, bool>(0));
}

#[commit_on_success]
fn lose(
    conn: &mut Client,
    db: &Database,
    (ending, notice): (Ending, Notice),
    journal: &Journal,
) -> Result<i64, Failure> {
    driver::insert(conn, 1)?;
    defer!(journal.clone().note("called"));
    write_down(journal)?;
    terminate(conn, db);
    if matches!(notice, Notice::Taken) {
        while !conn.is_closed() {
            driver::execute(conn, "SELECT 1").unwrap_err();
        }
    }
    match ending {
        Ending::Ok => {}
        Ending::Err => return Err(Failure::body("no")),
        Ending::Requested => set_rollback()?,
    }
    Ok(7)
}

#[crate::driver::test]
fn a_session_that_was_ended_in_the_body_has_stored_nothing_and_everybody_says_so() {
    for (ending, notice) in [
        (Ending::Ok, Notice::Taken),
        (Ending::Err, Notice::Taken),
        (Ending::Err, Notice::NotTaken),
        (Ending::Requested, Notice::Taken),
        (Ending::Requested, Notice::NotTaken),
    ] {
        let db = driver::open();
        listen();
        let journal = Journal::default();
        let result = lose(&mut db.connect(), &db, (ending, notice), &journal);
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
                assert_eq!(result.unwrap(), 7, "{notice:?}");
                "rolled back: Requested"
            }
        };
        assert_eq!(heard(), [told], "{ending:?} {notice:?}");
        assert_eq!(journal.entries(), [told], "{ending:?} {notice:?}");
        assert!(db.committed().is_empty());
    }
}

#[crate::driver::test]
fn a_session_that_the_server_has_ended_because_it_was_idle_has_committed_nothing() {
    #[commit_on_success]
    fn dawdles(conn: &mut Client, journal: &Journal) -> Result<(), Failure> {
        // A prepared statement would be closed first, and its answer take the server's last word.
        driver::execute(conn, "INSERT INTO item (id) VALUES (1)")?;
        write_down(journal)?;
        thread::sleep(Duration::from_millis(300));
        Ok(())
    }

    let db = driver::open();
    listen();
    let (mut conn, journal) = (db.connect(), Journal::default());
    let limit = "SET idle_in_transaction_session_timeout = '50ms'";
    driver::execute(&mut conn, limit).unwrap();
    let error = dawdles(&mut conn, &journal).unwrap_err().into_transaction();
    assert_eq!(error.outcome(), Outcome::RolledBack, "{error:?}");
    assert_eq!(error.kind(), ErrorKind::Commit, "{error:?}");
    let source = source_of(&error);
    let source: &postgres::Error = source.downcast_ref().unwrap();
    let code = SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT;
    assert_eq!(source.code(), Some(&code));
    assert_eq!(heard(), ["rolled back: CommitFailed"]);
    assert_eq!(journal.entries(), ["rolled back: CommitFailed"]);
}

#[crate::driver::test]
fn a_rollback_without_a_connection_says_that_it_is_gone_and_one_that_is_refused_does_not() {
    let db = driver::open();
    let mut conn = db.connect();
    let mut block = Begin::acquire_session(&mut conn).unwrap();
    block.begin(&Options::new()).unwrap();
    block.handle().batch_execute("ROLLBACK").unwrap();
    let refused = block.rollback();
    assert!(matches!(refused, Err(RollbackError::Ended)), "{refused:?}");
    block.begin(&Options::new()).unwrap();
    terminate(block.handle(), &db);
    let lost = block.rollback();
    assert!(
        matches!(lost, Err(RollbackError::Disconnected(_))),
        "{lost:?}"
    );
}

#[crate::driver::test]
fn in_a_transaction_of_a_test_a_violated_constraint_is_found_as_a_commit_finds_it() {
    let db = driver::open();
    let mut conn = db.connect();
    let mut block = Begin::acquire_session(&mut conn).unwrap();
    let mut check = |statements| {
        block.begin(&Options::new()).unwrap();
        block.handle().batch_execute(statements).unwrap();
        let checked = block.check();
        block.rollback().unwrap();
        checked
    };
    let Err(CommitError::Refused(error)) = check("INSERT INTO child (item) VALUES (42)") else {
        panic!("it is refused");
    };
    let error: &postgres::Error = error.downcast_ref().unwrap();
    assert_eq!(error.code(), Some(&SqlState::FOREIGN_KEY_VIOLATION));
    check("INSERT INTO child (item) VALUES (1); INSERT INTO item (id) VALUES (1)").unwrap();
    block.begin(&Options::new()).unwrap();
    block.check().unwrap();
    // Constraints are as deferred as before.
    let later = "INSERT INTO child (item) VALUES (1); INSERT INTO item (id) VALUES (1)";
    block.handle().batch_execute(later).unwrap();
    block.commit().unwrap();
    assert_eq!(db.committed(), [1]);
}
