//! The database does not commit, or does not release a savepoint.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use commit_on_success::{Error, ErrorKind, Outcome, RollbackOnly};
use commit_on_success_tests::scripted::{
    Answer, Database, End, Ended, Flavour, Place, Program, Step,
};

fn flat(database: &Database, flavour: Flavour) -> Ended {
    Program::flat(End::Ok).run(flavour, Place::Pool, database)
}

fn nested(database: &Database, flavour: Flavour) -> Ended {
    Program::nested(End::Ok, End::Ok).run(flavour, Place::Pool, database)
}

fn calls(database: &Database) -> Vec<String> {
    let mut log = database.log();
    log.retain(|line| line.starts_with("call"));
    log
}

/// The log of a block without a nested one, from its commit on.
fn end_of(database: &Database) -> Vec<String> {
    let mut log = database.log();
    let commit = log.iter().position(|line| line == "commit").unwrap();
    log.split_off(commit)
}

#[test]
fn calls_run_after_the_commit_and_after_the_connection_was_given_back() {
    for flavour in Flavour::ALL {
        let database = Database::new();
        assert!(nested(&database, flavour).is_ok());
        assert_eq!(
            database.log(),
            [
                "acquire",
                "begin",
                "insert 1",
                "acquire",
                "savepoint 1",
                "insert 2",
                "release 1",
                "insert 3",
                "commit",
                "return",
                "call 1",
                "call 2",
                "call 3"
            ],
            "{flavour:?}"
        );
        assert_eq!(database.durable(), [1, 2, 3]);
    }
}

#[test]
fn a_refused_commit_is_rolled_back_and_runs_no_call() {
    for flavour in Flavour::ALL {
        let database = Database::new().on(Step::Commit, Answer::Refused);
        let ended = flat(&database, flavour);
        let error = ended.error().unwrap();
        assert_eq!(error.kind(), ErrorKind::Commit, "{error:?}");
        assert_eq!(error.outcome(), Outcome::RolledBack);
        assert_eq!(end_of(&database), ["commit", "rollback", "return"]);
        assert_eq!(database.durable(), [0_i64; 0]);
    }
}

#[test]
fn a_commit_in_an_aborted_transaction_is_an_error() {
    for flavour in Flavour::ALL {
        let database = Database::new().on(Step::Commit, Answer::Aborted);
        let ended = flat(&database, flavour);
        let error = ended.error().unwrap();
        assert_eq!(error.kind(), ErrorKind::Aborted, "{error:?}");
        assert_eq!(error.outcome(), Outcome::RolledBack);
        assert_eq!(end_of(&database), ["commit", "rollback", "return"]);
        assert_eq!(database.durable(), [0_i64; 0]);
    }
}

#[test]
fn a_commit_that_became_a_rollback_is_not_rolled_back_again() {
    for flavour in Flavour::ALL {
        let database = Database::new().on(Step::Commit, Answer::RolledBack);
        let ended = flat(&database, flavour);
        let error = ended.error().unwrap();
        assert_eq!(error.kind(), ErrorKind::Commit, "{error:?}");
        assert_eq!(error.outcome(), Outcome::RolledBack);
        assert_eq!(end_of(&database), ["commit", "return"]);
        assert_eq!(database.durable(), [0_i64; 0]);
    }
}

#[test]
fn a_transaction_that_had_ended_has_an_unknown_outcome() {
    for flavour in Flavour::ALL {
        let database = Database::new().on(Step::Commit, Answer::Ended);
        let ended = flat(&database, flavour);
        let error = ended.error().unwrap();
        assert_eq!(error.kind(), ErrorKind::Ended, "{error:?}");
        assert_eq!(error.outcome(), Outcome::Unknown);
        assert_eq!(end_of(&database), ["commit", "discard", "close"]);
    }
}

#[test]
fn an_unknown_commit_runs_no_call_and_gives_the_connection_to_nobody() {
    for flavour in Flavour::ALL {
        for (answer, durable) in [(Answer::Lost, vec![]), (Answer::LostButDone, vec![1, 3])] {
            let database = Database::new().on(Step::Commit, answer);
            let ended = flat(&database, flavour);
            let error = ended.error().unwrap();
            assert_eq!(error.kind(), ErrorKind::Unknown, "{error:?}");
            assert_eq!(error.outcome(), Outcome::Unknown);
            assert_eq!(end_of(&database), ["commit", "discard", "close"]);
            assert_eq!(database.durable(), durable);
        }
    }
}

#[test]
fn a_commit_that_panics_leaves_nothing_open_and_runs_no_call() {
    for flavour in Flavour::ALL {
        let database = Database::new().on(Step::Commit, Answer::Panic);
        let ended = flat(&database, flavour);
        let Ended::Panicked(message) = ended else {
            panic!("{ended:?}")
        };
        assert_eq!(message, "the driver panics in Commit");
        assert!(!database.left_open(), "{database:?}");
        assert_eq!(database.count("return open"), 0, "{database:?}");
        assert_eq!(database.durable(), [0_i64; 0]);
        assert!(calls(&database).is_empty());
    }
}

#[test]
fn a_refused_commit_is_reported_also_when_the_rollback_fails() {
    for flavour in Flavour::ALL {
        let database = Database::new()
            .on(Step::Commit, Answer::Refused)
            .on(Step::Rollback, Answer::Failed);
        let ended = flat(&database, flavour);
        let error = ended.error().unwrap();
        assert_eq!(error.kind(), ErrorKind::Commit, "{error:?}");
        assert_eq!(error.outcome(), Outcome::RolledBack);
        assert_eq!(
            end_of(&database),
            ["commit", "rollback", "discard", "close"]
        );
        assert_eq!(database.durable(), [0_i64; 0]);
    }
}

#[test]
fn a_refused_release_is_rolled_back_to_the_savepoint_and_the_outer_goes_on() {
    for flavour in Flavour::ALL {
        for answer in [Answer::Refused, Answer::Aborted] {
            let database = Database::new().on(Step::Release, answer);
            let ended = nested(&database, flavour);
            let error = ended.inner().unwrap();
            assert_eq!(error.outcome(), Outcome::RolledBack);
            assert_eq!(error.kind() == ErrorKind::Commit, answer == Answer::Refused);
            assert_eq!(
                error.kind() == ErrorKind::Aborted,
                answer == Answer::Aborted
            );
            assert_eq!(database.count("rollback to 1"), 1);
            assert_eq!(database.durable(), [1, 3]);
            assert_eq!(calls(&database), ["call 1", "call 3"]);
        }
    }
}

/// Nobody knows what is left of the enclosing transaction.
fn dooms_the_outer(release: Answer, rollback_to: Option<Answer>) {
    for flavour in Flavour::ALL {
        let mut database = Database::new().on(Step::Release, release);
        if let Some(answer) = rollback_to {
            database = database.on(Step::RollbackTo, answer);
        }
        let ended = nested(&database, flavour);
        let why = ended.error().and_then(Error::rollback_only);
        assert_eq!(
            why,
            Some(RollbackOnly::SavepointLost),
            "{flavour:?} {ended:?}"
        );
        assert!(!database.left_open(), "{database:?}");
        assert_eq!(database.count("commit"), 0);
        assert!(calls(&database).is_empty());
    }
}

#[test]
fn a_release_that_lost_the_transaction_lets_the_outer_only_roll_back() {
    for release in [Answer::RolledBack, Answer::Ended] {
        // What the outer block wrote afterwards is out of anybody's hands, so its end says so.
        for flavour in Flavour::ALL {
            let database = Database::new().on(Step::Release, release);
            let ended = nested(&database, flavour);
            let error = ended.error().unwrap();
            assert_eq!(error.kind(), ErrorKind::Ended, "{error:?}");
            assert_eq!(error.outcome(), Outcome::Unknown);
            assert!(!database.left_open(), "{database:?}");
            assert!(calls(&database).is_empty());
        }
    }
}

#[test]
fn a_refused_release_that_cannot_be_rolled_back_lets_the_outer_only_roll_back() {
    dooms_the_outer(Answer::Refused, Some(Answer::Failed));
}

#[test]
fn an_unknown_release_lets_the_outer_only_roll_back() {
    dooms_the_outer(Answer::LostButDone, None);
}
