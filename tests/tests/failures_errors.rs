//! What an error says to whoever reads it.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::error::Error as _;

use commit_on_success::{
    Error, ErrorKind, Outcome, commit_on_success, defer, set_rollback, transaction,
};
use commit_on_success_tests::polling::complete;
use commit_on_success_tests::scripted::{
    Answer, AppError, Connection, Database, End, Ended, Flavour, Place, Program, Scripted, Step,
};

/// An error and everything behind it, as `anyhow` would print it.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| (**error).source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

fn read(program: Program, script: &[(Step, Answer)]) -> (String, Outcome) {
    let mut read = Vec::new();
    for flavour in Flavour::ALL {
        let database = script
            .iter()
            .fold(Database::new(), |database, &(step, answer)| {
                database.on(step, answer)
            });
        let ended = program.run(flavour, Place::Pool, &database);
        let error = ended.error().or_else(|| ended.inner()).unwrap();
        let text = chain(error).replace("_later", "");
        println!("{flavour:?}: {text}");
        read.push((text, error.outcome()));
    }
    let [sync, later] = read.try_into().unwrap();
    assert_eq!(sync, later, "sync and async say the same");
    sync
}

/// What is run, its script, what is to be read, and what became of the data.
type Case = (Program, &'static [(Step, Answer)], &'static str, Outcome);

#[test]
fn every_error_can_be_read_and_says_what_became_of_the_data() {
    let (flat, nested) = (Program::flat(End::Ok), Program::nested(End::Ok, End::Ok));
    let failing = Program::nested(End::Err, End::Ok);
    let cases: [Case; 9] = [
        (
            flat,
            &[(Step::Acquire, Answer::Failed)],
            "could not begin the transaction of `on_pool`: the script says Failed to Acquire",
            Outcome::RolledBack,
        ),
        (
            flat,
            &[(Step::Begin, Answer::Failed)],
            "could not begin the transaction of `on_pool`: the script says Failed to Begin",
            Outcome::RolledBack,
        ),
        (
            nested,
            &[(Step::Savepoint, Answer::Failed)],
            "could not begin the nested transaction of `inner`: no savepoint: \
             the script says Failed to Savepoint",
            Outcome::RolledBack,
        ),
        (
            flat,
            &[(Step::Commit, Answer::Refused)],
            "could not commit the transaction of `on_pool`; it was rolled back: \
             the script says Refused to Commit",
            Outcome::RolledBack,
        ),
        (
            flat,
            &[(Step::Commit, Answer::Aborted)],
            "the transaction of `on_pool` was rolled back: a statement in it failed, and its error \
             was not passed on",
            Outcome::RolledBack,
        ),
        (
            flat,
            &[(Step::Commit, Answer::Ended)],
            "the transaction of `on_pool` had ended before its commit; what was stored is unknown",
            Outcome::Unknown,
        ),
        (
            flat,
            &[(Step::Commit, Answer::Lost)],
            "the connection broke during the commit of `on_pool`; what was stored is unknown: \
             the script says Lost to Commit",
            Outcome::Unknown,
        ),
        (
            failing,
            &[(Step::RollbackTo, Answer::Failed)],
            "the transaction of `on_pool` was rolled back: a nested transaction could not be rolled \
             back to its savepoint",
            Outcome::RolledBack,
        ),
        (
            Program::flat(End::SetRollback),
            &[(Step::Rollback, Answer::Failed)],
            "could not roll back the transaction of `on_pool`; what becomes of it is unknown: \
             the script says Failed to Rollback",
            Outcome::Unknown,
        ),
    ];
    for (program, script, text, outcome) in cases {
        assert_eq!(read(program, script), (text.to_owned(), outcome));
    }
}

#[commit_on_success]
fn failing_calls(connection: &mut Connection) -> Result<(), AppError> {
    connection.insert(1)?;
    defer!(|| Err::<(), _>("the queue is full"));
    defer!(|| Err::<(), _>(std::io::Error::other("the disk is full")));
    Ok(())
}

#[test]
fn the_error_of_failed_calls_names_each_with_its_place() {
    let error = failing_calls(&mut Database::new().connection()).unwrap_err();
    let AppError::Transaction(error) = error else {
        panic!("{error:?}")
    };
    println!("{error}");
    let [first, second] = error.failures() else {
        panic!("{error:?}")
    };
    assert_eq!(
        error.to_string(),
        format!(
            "`failing_calls` was committed, but 2 deferred call(s) failed: \
             the call deferred at {} failed: the queue is full; \
             the call deferred at {} failed: the disk is full",
            first.location(),
            second.location()
        )
    );
    assert_eq!(second.location().line(), first.location().line() + 1);
    assert_eq!(error.outcome(), Outcome::Committed);
    let source = second.source().unwrap();
    assert!(source.is::<std::io::Error>());
}

#[test]
fn the_drivers_error_can_be_had_back() {
    let database = Database::new().on(Step::Commit, Answer::Refused);
    let ended = Program::flat(End::Ok).run(Flavour::Sync, Place::Pool, &database);
    let Ended::Err(error) = ended else {
        panic!("{ended:?}")
    };
    let found = Error::find(&error).unwrap();
    assert!(found.source().unwrap().is::<Scripted>());
    assert_eq!(
        chain(&error),
        "transaction failed: could not commit the transaction of `on_pool`; it was rolled back: \
         the script says Refused to Commit"
    );
}

#[test]
fn an_error_is_found_behind_others_and_nothing_is_found_where_there_is_none() {
    let begin = || {
        let database = Database::new().on(Step::Begin, Answer::Failed);
        failing_calls(&mut database.connection()).unwrap_err()
    };
    let wrapped = std::io::Error::other(std::io::Error::other(begin()));
    // `io::Error::other` shows the source of what it holds, which is the error itself.
    assert!(Error::find(&wrapped).is_some(), "{}", chain(&wrapped));
    assert!(Error::find(&begin()).is_some());
    assert!(Error::find(&AppError::Body("no")).is_none());
    assert!(Error::find(&std::fmt::Error).is_none());
}

#[test]
fn failures_are_empty_where_no_call_has_run() {
    let database = Database::new().on(Step::Commit, Answer::Refused);
    let error = failing_calls(&mut database.connection()).unwrap_err();
    assert!(Error::find(&error).unwrap().failures().is_empty());
}

/// A savepoint in a transaction that somebody else began.
#[test]
fn calls_deferred_in_somebody_elses_transaction_are_refused_rather_than_lost() {
    for flavour in Flavour::ALL {
        let database = Database::new();
        database.raw_begin();
        let ended = Program::flat(End::Ok).run(flavour, Place::Connection, &database);
        let error = ended.error().unwrap();
        assert_eq!(error.kind(), ErrorKind::NotOwned);
        let text = error.to_string().replace("_later", "");
        assert_eq!(
            text,
            "`on_connection` deferred 2 call(s) inside a transaction that `commit_on_success` did \
             not open; its savepoint was rolled back"
        );
        assert_eq!(error.outcome(), Outcome::RolledBack);
        let undone = database
            .log()
            .iter()
            .filter(|line| line.starts_with("rollback to "))
            .count();
        assert_eq!(undone, 1, "{database:?}");
        assert_eq!(database.count("call 1"), 0);
    }
}

// The writes are still in that transaction, which may be committed.
#[test]
fn a_savepoint_in_somebody_elses_transaction_that_cannot_be_undone_is_not_called_rolled_back() {
    for flavour in Flavour::ALL {
        let database = Database::new().on(Step::RollbackTo, Answer::Failed);
        database.raw_begin();
        let ended = Program::flat(End::Ok).run(flavour, Place::Connection, &database);
        let error = ended.error().unwrap();
        assert_eq!(error.outcome(), Outcome::Unknown, "{flavour:?} {error}");
    }
}

#[test]
fn a_block_names_itself_in_its_errors() {
    let database = Database::new().on(Step::Commit, Answer::Refused);
    let mut connection = database.connection();
    let result: Result<(), Error> = transaction!(tx = &mut connection => {
        tx.insert(1).map_err(|_| set_rollback()).unwrap();
        Ok(())
    });
    let text = chain(&result.unwrap_err());
    println!("{text}");
    assert!(text.contains("`transaction!`"), "{text}");

    let database = Database::new().on(Step::Commit, Answer::Refused);
    let mut connection = database.connection();
    let result: Result<(), Error> = complete(async {
        transaction!(tx = &mut connection => {
            tx.insert_later(1).await.unwrap();
            Ok(())
        })
    });
    assert_eq!(chain(&result.unwrap_err()), text);
}
