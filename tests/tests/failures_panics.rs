//! Panics in bodies, and in the driver while one is under way.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use commit_on_success::{RollbackOnly, commit_on_success, defer, in_transaction};
use commit_on_success_tests::polling::complete;
use commit_on_success_tests::scripted::{
    Answer, AppError, Connection, Database, End, Ended, Flavour, Place, Program, Step,
};
use futures_util::FutureExt as _;

const PLACES: [Place; 2] = [Place::Connection, Place::Pool];

fn assert_outer_panic(ended: &Ended, database: &Database) {
    assert!(
        matches!(ended, Ended::Panicked(message) if message == "outer body"),
        "{ended:?}"
    );
    assert!(!database.left_open(), "{database:?}");
    assert_eq!(database.count("return open"), 0, "{database:?}");
    assert_eq!(database.durable(), [0_i64; 0]);
    assert_eq!(database.count("call 1"), 0);
    assert!(!in_transaction());
}

#[test]
fn a_panic_rolls_back_and_goes_on_with_its_payload() {
    for flavour in Flavour::ALL {
        for place in PLACES {
            let database = Database::new();
            let ended = Program::nested(End::Ok, End::Panic).run(flavour, place, &database);
            assert_outer_panic(&ended, &database);
            let undone = match flavour {
                Flavour::Sync => "rollback",
                Flavour::Async => "abandon open",
            };
            assert_eq!(database.count(undone), 1, "{database:?}");
        }
    }
}

#[test]
fn a_panic_goes_on_when_the_rollback_fails() {
    for flavour in Flavour::ALL {
        for place in PLACES {
            for answer in [Answer::Failed, Answer::Ended] {
                let database = Database::new().on(Step::Rollback, answer);
                let ended = Program::flat(End::Panic).run(flavour, place, &database);
                assert_outer_panic(&ended, &database);
            }
        }
    }
}

#[test]
fn a_panic_of_the_driver_while_unwinding_does_not_abort_and_leaves_nothing_open() {
    for flavour in Flavour::ALL {
        for place in PLACES {
            let database = Database::new()
                .on(Step::Rollback, Answer::Panic)
                .on(Step::Abandon, Answer::Panic);
            let ended = Program::flat(End::Panic).run(flavour, place, &database);
            // An async driver that panics where it is to queue a rollback leaves nothing that could
            // be tried after it.
            if flavour == Flavour::Sync {
                assert_outer_panic(&ended, &database);
            } else {
                assert!(matches!(ended, Ended::Panicked(message) if message == "outer body"));
            }
        }
    }
}

#[test]
fn a_nested_panic_that_nobody_catches_rolls_everything_back() {
    for flavour in Flavour::ALL {
        for place in PLACES {
            let database = Database::new();
            let ended = Program::nested(End::Panic, End::Ok).run(flavour, place, &database);
            assert!(
                matches!(&ended, Ended::Panicked(message) if message == "inner body"),
                "{ended:?}"
            );
            assert!(!database.left_open(), "{database:?}");
            assert_eq!(database.durable(), [0_i64; 0]);
            assert_eq!(database.count("call 1"), 0);
        }
    }
}

#[commit_on_success]
fn catching(connection: &mut Connection) -> Result<(), AppError> {
    connection.insert(1)?;
    defer!(connection.database().clone().note("call 1"));
    let caught = catch_unwind(AssertUnwindSafe(|| panicking(connection)));
    assert_eq!(*caught.unwrap_err().downcast::<u32>().unwrap(), 42);
    Ok(())
}

#[commit_on_success]
fn panicking(connection: &mut Connection) -> Result<(), AppError> {
    connection.insert(2)?;
    defer!(connection.database().clone().note("call 2"));
    resume_unwind(Box::new(42_u32))
}

#[commit_on_success]
async fn catching_later(connection: &mut Connection) -> Result<(), AppError> {
    connection.insert(1)?;
    defer!(connection.database().clone().note("call 1"));
    let caught = AssertUnwindSafe(panicking_later(connection))
        .catch_unwind()
        .await;
    assert_eq!(*caught.unwrap_err().downcast::<u32>().unwrap(), 42);
    Ok(())
}

#[commit_on_success]
async fn panicking_later(connection: &mut Connection) -> Result<(), AppError> {
    connection.insert(2)?;
    defer!(connection.database().clone().note("call 2"));
    resume_unwind(Box::new(42_u32))
}

#[test]
fn a_nested_panic_that_is_caught_takes_only_its_own_with_it() {
    let database = Database::new();
    catching(&mut database.connection()).unwrap();
    assert_eq!(database.durable(), [1]);
    assert_eq!(database.count("call 1"), 1);
    assert_eq!(database.count("call 2"), 0);
}

// A rollback to the savepoint would have to be awaited, which unwinding cannot.
#[test]
fn a_nested_panic_in_an_async_function_that_is_caught_lets_the_outer_only_roll_back() {
    let database = Database::new();
    let error = complete(catching_later(&mut database.connection())).unwrap_err();
    assert!(
        matches!(&error, AppError::Transaction(error) if error.rollback_only() == Some(RollbackOnly::NestedPanicked)),
        "{error:?}"
    );
    assert_eq!(database.durable(), [0_i64; 0]);
    assert!(!database.left_open());
    assert_eq!(database.count("call 1"), 0);
}

#[test]
fn a_caught_nested_panic_that_could_not_be_undone_lets_the_outer_only_roll_back() {
    for answer in [Answer::Failed, Answer::Panic] {
        let database = Database::new().on(Step::RollbackTo, answer);
        let result = catching(&mut database.connection());
        assert_eq!(database.durable(), [0_i64; 0], "{answer:?} {database:?}");
        let error = result.unwrap_err();
        assert!(
            matches!(&error, AppError::Transaction(error) if error.rollback_only() == Some(RollbackOnly::SavepointLost)),
            "{answer:?} {error:?}"
        );
        assert_eq!(database.count("call 1"), 0);
    }
}
