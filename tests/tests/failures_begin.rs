//! No connection, no transaction, no savepoint: the body does not run.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use commit_on_success::{ErrorKind, Outcome, commit_on_success};
use commit_on_success_tests::errors::{assert_kind, source_of};
use commit_on_success_tests::scripted::{
    Answer, AppError, Database, End, Ended, Flavour, Place, Pool, Program, Step,
};

fn run(database: &Database, flavour: Flavour, place: Place) -> Ended {
    Program::flat(End::Ok).run(flavour, place, database)
}

#[test]
fn without_a_connection_the_body_does_not_run() {
    for flavour in Flavour::ALL {
        for place in [Place::Connection, Place::Pool] {
            let database = Database::new().on(Step::Acquire, Answer::Failed);
            let ended = run(&database, flavour, place);
            let error = ended.error().unwrap();
            assert_eq!(error.kind(), ErrorKind::Begin, "{error:?}");
            assert_eq!(error.outcome(), Outcome::RolledBack);
            assert_eq!(database.log(), ["acquire"], "{flavour:?}");
        }
    }
}

#[test]
fn a_connection_on_which_begin_failed_goes_to_nobody_else() {
    for flavour in Flavour::ALL {
        let database = Database::new().on(Step::Begin, Answer::Failed);
        let ended = run(&database, flavour, Place::Pool);
        let error = ended.error().unwrap();
        assert_eq!(error.kind(), ErrorKind::Begin, "{error:?}");
        assert_eq!(error.outcome(), Outcome::RolledBack);
        assert_eq!(
            database.log(),
            ["acquire", "begin", "discard", "close"],
            "{flavour:?}"
        );
    }
}

#[test]
fn a_begin_that_failed_half_way_leaves_nothing_open() {
    for flavour in Flavour::ALL {
        for place in [Place::Connection, Place::Pool] {
            let database = Database::new().on(Step::Begin, Answer::HalfDone);
            let ended = run(&database, flavour, place);
            assert!(matches!(ended.error(), Some(error) if error.kind() == ErrorKind::Begin));
            assert!(!database.left_open(), "{database:?}");
            assert_eq!(database.durable(), [0_i64; 0]);
        }
    }
}

#[test]
fn a_begin_that_panics_leaves_nothing_open() {
    for flavour in Flavour::ALL {
        for place in [Place::Connection, Place::Pool] {
            let database = Database::new().on(Step::Begin, Answer::Panic);
            let ended = run(&database, flavour, place);
            let Ended::Panicked(message) = ended else {
                panic!("{ended:?}")
            };
            assert_eq!(message, "the driver panics in Begin");
            assert!(!database.left_open(), "{database:?}");
            assert_eq!(database.count("insert 1"), 0);
        }
    }
}

#[test]
fn without_a_savepoint_the_nested_body_does_not_run_and_the_outer_goes_on() {
    for flavour in Flavour::ALL {
        let database = Database::new().on(Step::Savepoint, Answer::Failed);
        let ended = Program::nested(End::Ok, End::Ok).run(flavour, Place::Pool, &database);
        let error = ended.inner().unwrap();
        assert_eq!(error.kind(), ErrorKind::NestedBegin, "{error:?}");
        assert_eq!(error.outcome(), Outcome::RolledBack);
        assert_eq!(
            database.log(),
            [
                "acquire",
                "begin",
                "insert 1",
                "acquire",
                "savepoint 1",
                "insert 3",
                "commit",
                "return",
                "call 1",
                "call 3"
            ],
            "{flavour:?}"
        );
        assert_eq!(database.durable(), [1, 3]);
    }
}

#[test]
fn a_statement_that_fails_ends_the_body_and_nothing_after_it_runs() {
    for flavour in Flavour::ALL {
        let database = Database::new().on(Step::Insert, Answer::Failed);
        let ended = Program::nested(End::Ok, End::Ok).run(flavour, Place::Connection, &database);
        assert!(
            matches!(ended, Ended::Err(AppError::Driver(_))),
            "{ended:?}"
        );
        assert_eq!(
            database.log(),
            ["acquire", "begin", "insert 1", "rollback"],
            "{flavour:?}"
        );
        assert_eq!(database.durable(), [0_i64; 0]);
    }
}

#[test]
fn a_savepoint_that_panics_rolls_everything_back() {
    for flavour in Flavour::ALL {
        let database = Database::new().on(Step::Savepoint, Answer::Panic);
        let ended = Program::nested(End::Ok, End::Ok).run(flavour, Place::Pool, &database);
        assert!(matches!(ended, Ended::Panicked(_)), "{ended:?}");
        assert!(!database.left_open(), "{database:?}");
        assert_eq!(database.durable(), [0_i64; 0]);
        assert_eq!(database.count("call 1"), 0);
    }
}

// Such a connection comes from code that forgot a guard. A block on it would be a savepoint in a
// transaction that nobody is going to commit.
#[test]
fn a_pooled_connection_with_a_transaction_left_open_is_not_taken_for_an_enclosing_block() {
    for flavour in Flavour::ALL {
        let database = Database::new();
        database.raw_begin();
        let ended = run(&database, flavour, Place::Pool);
        assert!(
            !ended.is_ok() || database.durable() == [1, 3],
            "`Ok`, but nothing is stored: {database:?}"
        );
        assert!(!database.left_open(), "{database:?}");
    }
}

#[commit_on_success(tx = pool)]
fn takes_the_only_connection(pool: &Pool) -> Result<(), AppError> {
    assert!(tx.database().durable().is_empty());
    takes_another(pool)
}

#[commit_on_success(tx = pool)]
fn takes_another(pool: &Pool) -> Result<(), AppError> {
    Ok(tx.insert(1)?)
}

#[test]
fn a_begin_without_a_connection_names_the_open_block_that_has_one() {
    let error = takes_the_only_connection(&Database::new().pool()).unwrap_err();
    let AppError::Transaction(error) = error else {
        panic!("{error:?}");
    };
    assert_kind(&error, ErrorKind::Begin, "takes_another");
    let text = source_of(&error).to_string();
    assert!(text.starts_with("the pool is empty; `"), "{text}");
    assert!(text.contains("::takes_the_only_connection` ("), "{text}");
}
