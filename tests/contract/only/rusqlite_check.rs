//! The end of a block of rusqlite in a test's transaction, of which nothing is ever committed.

use commit_on_success::{
    Begin, CommitError, Options, Session as _, Transaction as _, commit_on_success,
};
use rusqlite::Connection;
use rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY;

use crate::driver;

const ORPHAN: &str = "INSERT INTO child (item) VALUES (42)";

/// Runs statements in a transaction, and has it checked as at the end of a block in a test's transaction.
fn check(conn: &mut Connection, statements: &str) -> Result<(), CommitError> {
    let mut block = Begin::acquire_session(conn).unwrap();
    block.begin(&Options::new()).unwrap();
    block.handle().execute_batch(statements).unwrap();
    let checked = block.check();
    assert!(!block.handle().is_autocommit());
    block.rollback().unwrap();
    checked
}

#[test]
fn in_a_transaction_of_a_test_a_violated_constraint_is_found_as_a_commit_finds_it() {
    #[commit_on_success]
    fn orphans(conn: &mut Connection) -> Result<(), rusqlite::Error> {
        conn.execute_batch(ORPHAN)
    }

    let db = driver::open();
    let mut conn = db.connect();
    let committed = orphans(&mut conn).unwrap_err();
    let Err(CommitError::Refused(checked)) = check(&mut conn, ORPHAN) else {
        panic!("it is refused");
    };
    let checked: &rusqlite::Error = checked.downcast_ref().unwrap();
    for error in [&committed, checked] {
        let said = error.sqlite_error().unwrap();
        assert_eq!(said.extended_code, SQLITE_CONSTRAINT_FOREIGNKEY);
        assert!(
            error
                .to_string()
                .starts_with("FOREIGN KEY constraint failed")
        );
    }
    assert!(checked.to_string().contains("child"), "{checked}");
    check(&mut conn, "INSERT INTO item (id) VALUES (1)").unwrap();
    let both = "INSERT INTO child (item) VALUES (1); INSERT INTO item (id) VALUES (1)";
    check(&mut conn, both).unwrap();
}

#[test]
fn in_a_transaction_of_a_test_constraints_that_are_off_are_not_looked_for() {
    let db = driver::open();
    let mut conn = db.connect();
    conn.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    check(&mut conn, ORPHAN).unwrap();
}
