//! What was to be undone cannot be undone.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use commit_on_success::{ErrorKind, Outcome, RollbackOnly};
use commit_on_success_tests::scripted::{
    Answer, AppError, Database, End, Ended, Flavour, Place, Program, Step,
};

const PLACES: [Place; 2] = [Place::Connection, Place::Pool];

/// The body's own error, and no call.
fn assert_body_error(ended: &Ended, database: &Database) {
    assert!(
        matches!(ended, Ended::Err(AppError::Body("outer body"))),
        "{ended:?}"
    );
    assert!(!database.left_open(), "{database:?}");
    assert_eq!(database.durable(), [0_i64; 0]);
    assert_eq!(database.count("call 1"), 0);
}

#[test]
fn the_error_of_the_body_is_returned_when_the_rollback_succeeds() {
    for flavour in Flavour::ALL {
        let database = Database::new();
        let ended = Program::flat(End::Err).run(flavour, Place::Pool, &database);
        assert_body_error(&ended, &database);
        assert_eq!(
            database.log(),
            [
                "acquire", "begin", "insert 1", "insert 3", "rollback", "return"
            ]
        );
    }
}

#[test]
fn the_error_of_the_body_is_returned_when_the_rollback_fails() {
    for flavour in Flavour::ALL {
        for place in PLACES {
            let database = Database::new().on(Step::Rollback, Answer::Failed);
            let ended = Program::flat(End::Err).run(flavour, place, &database);
            assert_body_error(&ended, &database);
            assert_eq!(database.count("rollback"), 1, "{database:?}");
            assert_eq!(database.count("discard"), 1, "{database:?}");
        }
    }
}

#[test]
fn the_error_of_the_body_is_returned_when_the_transaction_had_ended() {
    for flavour in Flavour::ALL {
        for place in PLACES {
            let database = Database::new().on(Step::Rollback, Answer::Ended);
            let ended = Program::flat(End::Err).run(flavour, place, &database);
            assert_body_error(&ended, &database);
        }
    }
}

#[test]
fn a_rollback_that_panics_leaves_nothing_open() {
    for flavour in Flavour::ALL {
        for place in PLACES {
            let database = Database::new()
                .on(Step::Rollback, Answer::Panic)
                .on(Step::Rollback, Answer::Panic);
            let ended = Program::flat(End::Err).run(flavour, place, &database);
            assert!(matches!(ended, Ended::Panicked(_)), "{ended:?}");
            assert!(!database.left_open(), "{flavour:?} {database:?}");
            assert_eq!(database.count("return open"), 0, "{database:?}");
            assert_eq!(database.durable(), [0_i64; 0]);
        }
    }
}

#[test]
fn a_rollback_that_was_asked_for_returns_ok() {
    for flavour in Flavour::ALL {
        let database = Database::new();
        let ended = Program::flat(End::SetRollback).run(flavour, Place::Pool, &database);
        assert!(ended.is_ok(), "{ended:?}");
        assert_eq!(database.count("rollback"), 1);
        assert_eq!(database.durable(), [0_i64; 0]);
        assert_eq!(database.count("call 1"), 0);
    }
}

#[test]
fn a_rollback_that_was_asked_for_and_fails_is_an_error() {
    for flavour in Flavour::ALL {
        for place in PLACES {
            let database = Database::new().on(Step::Rollback, Answer::Failed);
            let ended = Program::flat(End::SetRollback).run(flavour, place, &database);
            let error = ended.error().unwrap();
            assert_eq!(error.kind(), ErrorKind::Rollback, "{error:?}");
            assert_eq!(error.outcome(), Outcome::Unknown);
            assert!(!database.left_open(), "{database:?}");
            assert!(database.discarded());
            assert_eq!(database.count("call 1"), 0);
        }
    }
}

#[test]
fn a_rollback_that_was_asked_for_too_late_is_an_error() {
    for flavour in Flavour::ALL {
        let database = Database::new().on(Step::Rollback, Answer::Ended);
        let ended = Program::flat(End::SetRollback).run(flavour, Place::Pool, &database);
        let error = ended.error().unwrap();
        assert_eq!(error.kind(), ErrorKind::Ended, "{error:?}");
        assert_eq!(error.outcome(), Outcome::Unknown);
    }
}

#[test]
fn a_nested_error_that_is_caught_takes_only_its_own_with_it() {
    for flavour in Flavour::ALL {
        let database = Database::new();
        let ended = Program::nested(End::Err, End::Ok).run(flavour, Place::Pool, &database);
        assert!(
            matches!(ended, Ended::Ok(Err(AppError::Body("inner body")))),
            "{ended:?}"
        );
        assert_eq!(
            database.log(),
            [
                "acquire",
                "begin",
                "insert 1",
                "acquire",
                "savepoint 1",
                "insert 2",
                "rollback to 1",
                "insert 3",
                "commit",
                "return",
                "call 1",
                "call 3"
            ]
        );
        assert_eq!(database.durable(), [1, 3]);
    }
}

/// The nested block failed and nobody can tell its writes from those of the outer one.
fn assert_only_rolled_back(ended: &Ended, database: &Database) {
    let Some(error) = ended.error() else {
        panic!("{ended:?} {database:?}")
    };
    assert_eq!(error.rollback_only(), Some(RollbackOnly::SavepointLost));
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_eq!(database.count("commit"), 0, "{database:?}");
    assert_eq!(database.count("rollback"), 1, "{database:?}");
    assert_eq!(database.durable(), [0_i64; 0]);
    assert_eq!(database.count("call 1"), 0);
}

#[test]
fn a_nested_block_that_cannot_be_rolled_back_lets_the_outer_only_roll_back() {
    for flavour in Flavour::ALL {
        for place in PLACES {
            let database = Database::new().on(Step::RollbackTo, Answer::Failed);
            let ended = Program::nested(End::Err, End::Ok).run(flavour, place, &database);
            assert_only_rolled_back(&ended, &database);
        }
    }
}

#[test]
fn a_nested_rollback_that_was_asked_for_and_fails_lets_the_outer_only_roll_back() {
    for flavour in Flavour::ALL {
        let database = Database::new().on(Step::RollbackTo, Answer::Failed);
        let ended = Program::nested(End::SetRollback, End::Ok).run(flavour, Place::Pool, &database);
        assert_only_rolled_back(&ended, &database);
    }
}

#[test]
fn a_nested_block_that_finds_the_transaction_gone_makes_the_outer_say_so() {
    for flavour in Flavour::ALL {
        let database = Database::new().on(Step::RollbackTo, Answer::Ended);
        let ended = Program::nested(End::Err, End::Ok).run(flavour, Place::Pool, &database);
        let error = ended.error().unwrap();
        // Row 3 was written outside of any transaction, behind the toolkit's back.
        assert_eq!(database.durable(), [3]);
        assert_eq!(error.kind(), ErrorKind::Ended, "{error:?}");
        assert_eq!(error.outcome(), Outcome::Unknown);
        assert_eq!(database.count("call 1"), 0);
    }
}

#[test]
fn both_errors_of_a_doomed_transaction_that_cannot_be_rolled_back_do_not_hide_the_cause() {
    for flavour in Flavour::ALL {
        let database = Database::new()
            .on(Step::RollbackTo, Answer::Failed)
            .on(Step::Rollback, Answer::Failed);
        let ended = Program::nested(End::Err, End::Ok).run(flavour, Place::Pool, &database);
        assert!(
            matches!(ended.error(), Some(error) if error.kind() == ErrorKind::RollbackOnly),
            "{ended:?}"
        );
        assert!(!database.left_open(), "{database:?}");
        assert_eq!(database.count("close"), 1, "{database:?}");
    }
}
