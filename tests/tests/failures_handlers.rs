//! Deferred calls that fail, panic or misbehave: their transaction stays committed, the others run.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use std::error::Error as _;

use commit_on_success::{
    FailureKind, Outcome, RollbackOnly, commit_on_success, defer, in_transaction, pending,
    try_defer,
};
use commit_on_success_tests::polling::complete;
use commit_on_success_tests::scripted::{
    Answer, AppError, Connection, Database, Flavour, Pool, Step, pause,
};

#[derive(Clone, Copy, PartialEq)]
enum Second {
    Fails,
    Panics,
}

fn second(database: &Database, how: Second) -> Result<(), &'static str> {
    database.note("call 2");
    match how {
        Second::Fails => Err("the queue is full"),
        Second::Panics => resume_unwind(Box::new(7_u8)),
    }
}

fn third(database: &Database) {
    database.note("call 3");
    resume_unwind(Box::new(8_u8));
}

#[commit_on_success]
fn five_calls(connection: &mut Connection, how: Second) -> Result<(), AppError> {
    let database = connection.database().clone();
    connection.insert(1)?;
    defer!(database.clone().note("call 1"));
    let copy = database.clone();
    defer!(move || second(&copy, how));
    let copy = database.clone();
    if how == Second::Panics {
        defer!(move || third(&copy));
    }
    five_calls_nested(connection)?;
    defer!(database.note("call 5"));
    Ok(())
}

#[commit_on_success]
fn five_calls_nested(connection: &mut Connection) -> Result<(), AppError> {
    let database = connection.database().clone();
    defer!(move || -> Result<(), std::io::Error> {
        database.note("call 4");
        Err(std::io::Error::other("the disk is full"))
    });
    Ok(())
}

async fn second_later(database: Database, how: Second) -> Result<(), &'static str> {
    pause(1).await;
    second(&database, how)
}

#[commit_on_success]
async fn five_calls_later(connection: &mut Connection, how: Second) -> Result<(), AppError> {
    let database = connection.database().clone();
    connection.insert_later(1).await?;
    defer!(database.clone().note_later("call 1").await);
    defer!(second_later(database.clone(), how).await);
    let copy = database.clone();
    if how == Second::Panics {
        defer!(async move { third(&copy) });
    }
    five_calls_nested_later(connection).await?;
    defer!(database.note("call 5"));
    Ok(())
}

#[commit_on_success]
async fn five_calls_nested_later(connection: &mut Connection) -> Result<(), AppError> {
    let database = connection.database().clone();
    defer!(async move {
        database.note("call 4");
        Err::<(), _>(std::io::Error::other("the disk is full"))
    });
    Ok(())
}

fn run(flavour: Flavour, database: &Database, how: Second) -> Result<(), AppError> {
    let mut connection = database.connection();
    match flavour {
        Flavour::Sync => five_calls(&mut connection, how),
        Flavour::Async => complete(five_calls_later(&mut connection, how)),
    }
}

fn calls(database: &Database) -> Vec<String> {
    let mut log = database.log();
    log.retain(|line| line.starts_with("call"));
    log
}

#[test]
fn failing_calls_are_all_listed_with_their_lines_and_the_others_run() {
    for flavour in Flavour::ALL {
        let database = Database::new();
        let error = run(flavour, &database, Second::Fails).unwrap_err();
        let AppError::Transaction(error) = error else {
            panic!("{error:?}")
        };
        assert_eq!(error.outcome(), Outcome::Committed);
        assert_eq!(calls(&database), ["call 1", "call 2", "call 4", "call 5"]);
        assert_eq!(database.durable(), [1]);
        assert_eq!(database.count("rollback"), 0);

        let lines: Vec<_> = error
            .failures()
            .iter()
            .map(|failure| {
                assert!(failure.location().file().ends_with("failures_handlers.rs"));
                source_line(failure.location().line())
            })
            .collect();
        let expected = match flavour {
            Flavour::Sync => [
                "defer!(move || second(&copy, how));",
                "defer!(move || -> Result<(), std::io::Error> {",
            ],
            Flavour::Async => [
                "defer!(second_later(database.clone(), how).await);",
                "defer!(async move {",
            ],
        };
        assert_eq!(lines, expected);
        let [first, second] = error.failures() else {
            panic!("{error:?}")
        };
        assert!(first.to_string().ends_with("failed: the queue is full"));
        assert!(second.to_string().ends_with("failed: the disk is full"));
    }
}

fn source_line(line: u32) -> &'static str {
    let line = usize::try_from(line).unwrap();
    include_str!("failures_handlers.rs")
        .lines()
        .nth(line - 1)
        .unwrap()
        .trim()
}

#[test]
fn the_first_panic_goes_on_after_all_the_others_have_run() {
    for flavour in Flavour::ALL {
        let database = Database::new();
        let run = || run(flavour, &database, Second::Panics);
        let payload = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
        assert_eq!(*payload.downcast::<u8>().unwrap(), 7);
        assert_eq!(
            calls(&database),
            ["call 1", "call 2", "call 3", "call 4", "call 5"]
        );
        assert_eq!(database.durable(), [1]);
        assert_eq!(database.count("rollback"), 0);
        assert!(!in_transaction());
    }
}

#[test]
fn the_next_transaction_starts_clean_after_a_call_has_panicked() {
    for flavour in Flavour::ALL {
        let database = Database::new();
        let run_panicking = || run(flavour, &database, Second::Panics);
        catch_unwind(AssertUnwindSafe(run_panicking)).unwrap_err();
        let before = calls(&database).len();
        run(flavour, &database, Second::Fails).unwrap_err();
        assert_eq!(
            calls(&database)[before..],
            ["call 1", "call 2", "call 4", "call 5"]
        );
    }
}

#[test]
fn a_call_that_leaves_a_transaction_open_is_reported_and_the_leftover_rolled_back() {
    for flavour in Flavour::ALL {
        let database = Database::new();
        let error = misbehave(flavour, &database).unwrap_err();
        let AppError::Transaction(error) = error else {
            panic!("{error:?}")
        };
        assert_eq!(error.outcome(), Outcome::Committed);
        let [failure] = error.failures() else {
            panic!("{error:?}")
        };
        assert_eq!(failure.kind(), FailureKind::BadlyBehaved);
        assert!(failure.source().is_none(), "{failure:?}");
        assert!(source_line(failure.location().line()).ends_with("raw_begin());"));
        assert_eq!(
            database.log(),
            [
                "acquire",
                "begin",
                "insert 1",
                "commit",
                "raw begin",
                "rollback",
                "call 2"
            ]
        );
        assert_eq!(database.durable(), [1]);
        assert!(!database.left_open());
    }
}

#[test]
fn a_leftover_that_cannot_be_rolled_back_is_reported_with_the_reason_and_the_rest_runs() {
    for flavour in Flavour::ALL {
        let database = Database::new().on(Step::Rollback, Answer::Failed);
        let error = misbehave(flavour, &database).unwrap_err();
        let AppError::Transaction(error) = error else {
            panic!("{error:?}")
        };
        let failure = error.failures().first().unwrap();
        assert_eq!(failure.kind(), FailureKind::BadlyBehaved);
        let reason = failure.source().unwrap().to_string();
        assert_eq!(reason, "the script says Failed to Rollback");
        let said = format!("which could not be rolled back: {reason}");
        assert!(failure.to_string().ends_with(&said), "{failure}");
        assert_eq!(database.count("call 2"), 1);
        assert!(!database.left_open(), "{flavour:?} {database:?}");
    }
}

#[test]
fn a_leftover_that_can_never_be_rolled_back_is_not_left_to_the_next_user() {
    for flavour in Flavour::ALL {
        let database = Database::new()
            .on(Step::Rollback, Answer::Failed)
            .on(Step::Rollback, Answer::Failed);
        let error = misbehave(flavour, &database).unwrap_err();
        let AppError::Transaction(error) = error else {
            panic!("{error:?}")
        };
        assert!(!database.left_open(), "{flavour:?} {database:?}");
        assert_eq!(
            error.failures().len(),
            1,
            "the second call did nothing: {error}"
        );
    }
}

#[test]
fn a_driver_that_panics_on_a_leftover_does_not_stop_the_rest() {
    for flavour in Flavour::ALL {
        let database = Database::new().on(Step::Rollback, Answer::Panic);
        let run = || misbehave(flavour, &database);
        catch_unwind(AssertUnwindSafe(run)).unwrap_err();
        assert_eq!(database.count("call 2"), 1, "{database:?}");
        assert_eq!(database.durable(), [1]);
    }
}

#[commit_on_success]
fn misbehaving(connection: &mut Connection) -> Result<(), AppError> {
    let database = connection.database().clone();
    connection.insert(1)?;
    defer!(database.clone().raw_begin());
    defer!(database.note("call 2"));
    Ok(())
}

#[commit_on_success]
async fn misbehaving_later(connection: &mut Connection) -> Result<(), AppError> {
    let database = connection.database().clone();
    connection.insert_later(1).await?;
    defer!(database.clone().raw_begin());
    defer!(database.note("call 2"));
    Ok(())
}

fn misbehave(flavour: Flavour, database: &Database) -> Result<(), AppError> {
    let mut connection = database.connection();
    match flavour {
        Flavour::Sync => misbehaving(&mut connection),
        Flavour::Async => complete(misbehaving_later(&mut connection)),
    }
}

/// A sync function of which something inside blocks on an async one.
#[commit_on_success]
fn blocking(connection: &mut Connection) -> Result<(), AppError> {
    connection.insert(1)?;
    defer!(connection.database().clone().note("call 1"));
    let database = connection.database().clone();
    complete(deferring(database));
    Ok(())
}

async fn deferring(database: Database) {
    defer!(database.note_later("call 2").await);
}

#[test]
fn an_async_call_deferred_in_a_sync_transaction_lets_it_only_roll_back() {
    let database = Database::new();
    let error = blocking(&mut database.connection()).unwrap_err();
    let AppError::Transaction(error) = error else {
        panic!("{error:?}")
    };
    let Some(RollbackOnly::AsyncCall { location, .. }) = error.rollback_only() else {
        panic!("{error:?}")
    };
    assert_eq!(
        source_line(location.line()),
        "defer!(database.note_later(\"call 2\").await);"
    );
    assert_eq!(database.log(), ["acquire", "begin", "insert 1", "rollback"]);
    assert_eq!(database.durable(), [0_i64; 0]);
}

#[commit_on_success]
fn blocking_on_nested(connection: &mut Connection) -> Result<(), AppError> {
    connection.insert(1)?;
    defer!(connection.database().clone().note("call 1"));
    complete(five_calls_nested_later(connection))?;
    defer!(connection.database().clone().note("call 5"));
    Ok(())
}

// Committed or not: what must not happen is that the call is lost and nobody is told.
#[test]
fn an_async_call_of_a_nested_async_block_in_a_sync_one_is_not_lost_silently() {
    let database = Database::new();
    let error = blocking_on_nested(&mut database.connection()).unwrap_err();
    let AppError::Transaction(error) = error else {
        panic!("{error:?}")
    };
    match error.outcome() {
        Outcome::Committed => {
            let [failure] = error.failures() else {
                panic!("{error:?}")
            };
            assert_eq!(failure.kind(), FailureKind::Lost);
            assert_eq!(
                source_line(failure.location().line()),
                "defer!(async move {"
            );
            assert_eq!(calls(&database), ["call 1", "call 5"]);
            assert_eq!(database.durable(), [1]);
        }
        _ => assert_eq!(database.durable(), [0_i64; 0]),
    }
}

#[test]
fn a_future_that_try_defer_refuses_is_dropped_without_running() {
    let database = Database::new();
    let refused = complete(async {
        let database = database.clone();
        try_defer!(database.note_later("call").await)
    });
    refused.unwrap_err();
    assert_eq!(database.log(), [""; 0]);
}

#[commit_on_success(connection = pool)]
fn using_the_pool(pool: &Pool, again: Pool) -> Result<(), AppError> {
    connection.insert(1)?;
    defer!(move || {
        assert!(!in_transaction());
        assert_eq!(pending(), 0);
        one_row(&again)
    });
    defer!(connection.database().clone().note("call 2"));
    Ok(())
}

#[commit_on_success(connection = pool)]
fn one_row(pool: &Pool) -> Result<(), AppError> {
    connection.insert(2)?;
    defer!(connection.database().clone().note("call of the call"));
    Ok(())
}

#[test]
fn a_call_can_have_the_only_connection_of_the_pool_and_fail_alone() {
    let database = Database::new();
    using_the_pool(&database.pool(), database.pool()).unwrap();
    assert_eq!(database.durable(), [1, 2]);
    assert_eq!(calls(&database), ["call of the call", "call 2"]);

    let database = Database::new();
    let committing = database.clone();
    let result = refusing_second_commit(&database.pool(), committing.pool());
    let AppError::Transaction(error) = result.unwrap_err() else {
        panic!("not an error of the toolkit")
    };
    assert_eq!(error.outcome(), Outcome::Committed);
    assert_eq!(database.durable(), [1]);
    assert_eq!(calls(&database), ["call 2"]);
}

#[commit_on_success(connection = pool)]
fn refusing_second_commit(pool: &Pool, again: Pool) -> Result<(), AppError> {
    connection.insert(1)?;
    let database = connection.database().clone();
    defer!(move || {
        let _ = database.on(Step::Commit, Answer::Refused);
        one_row(&again)
    });
    defer!(connection.database().clone().note("call 2"));
    Ok(())
}

#[commit_on_success]
fn robust_calls(connection: &mut Connection) -> Result<i64, AppError> {
    let database = connection.database().clone();
    connection.insert(1)?;
    defer!(robust, clone(database) => move || second(&database, Second::Fails));
    defer!(robust, clone(database) => move || second(&database, Second::Panics));
    defer!(robust, clone(database) => { third(&database); });
    try_defer!(clone(database) => database.note("call 4")).unwrap();
    defer!(database.note("call 5"));
    Ok(7)
}

#[commit_on_success]
async fn robust_calls_later(connection: &mut Connection) -> Result<i64, AppError> {
    let database = connection.database().clone();
    connection.insert_later(1).await?;
    defer!(robust, clone(database) => second_later(database, Second::Fails).await);
    defer!(robust, clone(database) => async move { third(&database) });
    defer!(robust, clone(database) => move || third(&database));
    try_defer!(clone(database) => database.note_later("call 4").await).unwrap();
    defer!(database.note("call 5"));
    Ok(7)
}

#[test]
fn robust_calls_that_fail_leave_the_function_its_value() {
    for flavour in Flavour::ALL {
        let database = Database::new();
        let mut connection = database.connection();
        let value = match flavour {
            Flavour::Sync => robust_calls(&mut connection),
            Flavour::Async => complete(robust_calls_later(&mut connection)),
        };
        assert_eq!(value.unwrap(), 7);
        assert_eq!(database.durable(), [1]);
        let expected = match flavour {
            Flavour::Sync => ["call 2", "call 2", "call 3", "call 4", "call 5"],
            Flavour::Async => ["call 2", "call 3", "call 3", "call 4", "call 5"],
        };
        assert_eq!(calls(&database), expected);
    }
}

#[test]
fn a_robust_call_outside_of_any_transaction_ends_its_panic_as_well() {
    let database = Database::new();
    defer!(robust, clone(database) => move || third(&database));
    complete(async {
        defer!(robust, clone(database) => async move { third(&database) });
    });
    assert_eq!(calls(&database), ["call 3", "call 3"]);
    let refused = try_defer!(robust, clone(database) => move || third(&database));
    assert!(refused.is_err());
    assert_eq!(calls(&database).len(), 2);
}
