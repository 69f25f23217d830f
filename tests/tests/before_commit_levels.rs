//! Calls before the commit that were registered in nested blocks, in those of others, and in none.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]
#![allow(
    clippy::needless_pass_by_value,
    reason = "a registered call owns what it is given"
)]

use commit_on_success::{before_commit, commit_on_success, defer, outside_transaction};
use commit_on_success_tests::errors::assert_not_owned;
use commit_on_success_tests::polling::complete;
use commit_on_success_tests::scripted::{AppError, Connection, Database, End, Flavour, Scripted};

/// Writes a row, as somebody does who has the connection.
fn flush(database: Database, row: i64) -> Result<(), Scripted> {
    database.connection().insert(row)
}

#[commit_on_success]
fn nested(connection: &mut Connection, row: i64, end: End) -> Result<(), AppError> {
    before_commit!(flush(connection.database().clone(), row));
    end.now("no")
}

#[commit_on_success(propagation = required)]
fn joined(connection: &mut Connection, row: i64) -> Result<(), AppError> {
    before_commit!(flush(connection.database().clone(), row));
    Ok(())
}

#[test]
fn a_savepoint_hands_them_over_or_drops_them_and_a_joined_block_leaves_them_to_the_outermost() {
    for flavour in Flavour::ALL {
        let database = Database::new();
        flavour
            .run(&database, |database| {
                let mut connection = database.connection();
                nested(&mut connection, 31, End::Ok)?;
                nested(&mut connection, 32, End::Err).unwrap_err();
                nested(&mut connection, 33, End::SetRollback)?;
                joined(&mut connection, 34)?;
                database.note("body ends");
                Ok(())
            })
            .unwrap();
        let log = database.log();
        let end = log.iter().position(|line| line == "body ends").unwrap();
        assert_eq!(
            log[end..],
            ["body ends", "insert 31", "insert 34", "commit"]
        );
    }
}

#[test]
fn inside_of_one_a_block_is_nested_and_its_calls_are_of_the_next_generation() {
    for flavour in Flavour::ALL {
        let database = Database::new();
        flavour
            .run(&database, |database| {
                let mut connection = database.connection();
                before_commit!(move || nested(&mut connection, 41, End::Ok));
                Ok(())
            })
            .unwrap();
        let lines = ["acquire", "savepoint 1", "release 1", "insert 41", "commit"];
        assert_eq!(database.log()[2..], lines);
    }
}

#[test]
fn outside_of_any_block_a_call_runs_at_once() {
    let database = Database::new();
    before_commit!(database.clone().note("sync"));
    complete(async {
        before_commit!(database.clone().note_later("async").await);
    });
    assert_eq!(database.log(), ["sync", "async"]);
}

fn alone() {
    outside_transaction!();
}

#[test]
fn one_that_a_deferred_call_registers_runs_at_once() {
    let database = Database::new();
    Flavour::Sync
        .run(&database, |database| {
            let database = database.clone();
            defer!(move || {
                before_commit!(alone());
                before_commit!(database.note("at once"));
            });
            Ok(())
        })
        .unwrap();
    assert_eq!(database.log()[2..], ["commit", "at once"]);
}

#[test]
fn in_a_savepoint_of_somebody_elses_transaction_one_is_refused_as_a_deferred_call_is() {
    for flavour in Flavour::ALL {
        let database = Database::new();
        database.raw_begin();
        let refused = flavour.run(&database, |database| {
            before_commit!(flush(database.clone(), 1));
            Ok(())
        });
        let Err(AppError::Transaction(error)) = refused else {
            panic!("{refused:?}");
        };
        assert_not_owned(&error, 1);
        assert_eq!(database.count("insert 1"), 0);
    }
}
