//! Handlers of commit and rollback: one kind or the other, once, and neither where nobody knows.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use commit_on_success::signals::{Cause, RolledBack, post_commit, post_rollback};
use commit_on_success::{commit_on_success, in_transaction};
use commit_on_success_tests::polling::{Cut, complete, drop_after, sweep};
use commit_on_success_tests::scripted::{
    Answer, AppError, Connection, Database, End, Flavour, Step,
};

/// Both handlers write down that they have run, and after what.
fn connect(database: &Database) {
    let (committed, rolled_back) = (database.clone(), database.clone());
    post_commit()
        .connect(move |_| committed.note("committed"))
        .unwrap();
    post_rollback()
        .connect(move |event: &RolledBack| {
            assert!(!in_transaction());
            rolled_back.note(word(event.cause));
        })
        .unwrap();
}

fn word(cause: Cause) -> &'static str {
    match cause {
        Cause::Error => "rolled back: error",
        Cause::Panic => "rolled back: panic",
        Cause::Cancelled => "rolled back: cancelled",
        Cause::Requested => "rolled back: requested",
        Cause::CommitFailed => "rolled back: commit failed",
        _ => "rolled back",
    }
}

#[commit_on_success]
fn block(connection: &mut Connection, how: End) -> Result<(), AppError> {
    connect(connection.database());
    connection.insert(1)?;
    how.now("no")
}

#[commit_on_success]
async fn block_later(connection: &mut Connection, how: End) -> Result<(), AppError> {
    connect(connection.database());
    connection.insert_later(1).await?;
    how.now("no")
}

fn handlers(database: &Database) -> Vec<String> {
    let mut log = database.log();
    log.retain(|line| line.starts_with("committed") || line.starts_with("rolled back"));
    log
}

/// Which handlers run.
fn ran(how: End, script: &[(Step, Answer)]) -> Vec<String> {
    let runs = Flavour::ALL.map(|flavour| {
        let database = script
            .iter()
            .fold(Database::new(), |database, &(step, answer)| {
                database.on(step, answer)
            });
        let mut connection = database.connection();
        let _ = catch_unwind(AssertUnwindSafe(|| match flavour {
            Flavour::Sync => block(&mut connection, how),
            Flavour::Async => complete(block_later(&mut connection, how)),
        }));
        handlers(&database)
    });
    let [sync, later] = runs;
    assert_eq!(sync, later);
    sync
}

#[test]
fn each_end_runs_one_kind_of_handlers_and_says_why() {
    assert_eq!(ran(End::Ok, &[]), ["committed"]);
    assert_eq!(ran(End::Err, &[]), ["rolled back: error"]);
    assert_eq!(ran(End::Panic, &[]), ["rolled back: panic"]);
    assert_eq!(ran(End::SetRollback, &[]), ["rolled back: requested"]);
    for answer in [Answer::Refused, Answer::Aborted, Answer::RolledBack] {
        assert_eq!(
            ran(End::Ok, &[(Step::Commit, answer)]),
            ["rolled back: commit failed"],
            "{answer:?}"
        );
    }
}

#[test]
fn an_unknown_outcome_runs_no_handler() {
    for answer in [Answer::Lost, Answer::LostButDone, Answer::Ended] {
        let nothing: [&str; 0] = [];
        assert_eq!(ran(End::Ok, &[(Step::Commit, answer)]), nothing);
    }
    for how in [End::Err, End::SetRollback, End::Panic] {
        for answer in [Answer::Failed, Answer::Ended] {
            let script = [(Step::Rollback, answer)];
            let database = Database::new().on(script[0].0, script[0].1);
            let _ = catch_unwind(AssertUnwindSafe(|| block(&mut database.connection(), how)));
            assert!(handlers(&database).is_empty(), "{how:?} {database:?}");
        }
    }
}

#[test]
fn rollback_handlers_run_after_the_rollback() {
    let database = Database::new();
    block(&mut database.connection(), End::Err).unwrap_err();
    assert_eq!(
        database.log(),
        [
            "acquire",
            "begin",
            "insert 1",
            "rollback",
            "rolled back: error"
        ]
    );
}

#[test]
fn a_future_dropped_anywhere_runs_one_kind_of_handlers_at_most() {
    let (mut cancelled, mut unknown) = (0, 0);
    let points = sweep(|point| {
        let database = Database::new().pausing(1);
        let mut connection = database.connection();
        let output = drop_after(block_later(&mut connection, End::Ok), point);
        let handlers = handlers(&database);
        assert!(handlers.len() <= 1, "{database:?}");
        match handlers.first().map(String::as_str) {
            Some("committed") => assert_eq!(database.durable(), [1]),
            Some(cause) => {
                assert_eq!(cause, "rolled back: cancelled");
                assert_eq!(database.durable(), [0_i64; 0]);
                cancelled += 1;
            }
            None => unknown += usize::from(database.count("insert 1") == 1),
        }
        Cut::of(output.as_ref())
    });
    assert_eq!(points, 9);
    // While the body runs, and while COMMIT is in flight.
    assert_eq!((cancelled, unknown), (2, 2));
}
