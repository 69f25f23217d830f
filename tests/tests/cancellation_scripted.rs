//! Futures dropped at every point where they can be, on the scripted driver.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::pin::pin;
use std::task::Poll;

use commit_on_success::{RollbackOnly, commit_on_success, defer, in_transaction};
use commit_on_success_tests::faults::Tally;
use commit_on_success_tests::polling::{Cut, complete, drop_after, poll_once, sweep};
use commit_on_success_tests::scripted::{
    Answer, AppError, Connection, Database, End, Program, Step, pause,
};

/// What has to hold wherever the future was dropped.
fn judge(database: &Database, point: usize, written: &[i64], tally: &mut Tally) {
    let context = || format!("dropped at {point}: {database:?}");
    let is_open = database.left_open() || database.count("return open") > 0;
    tally.promise(!is_open && !in_transaction(), context);
    let durable = database.durable();
    tally.promise(durable.is_empty() || durable == written, context);
    let mut calls = database.log();
    calls.retain(|line| line.starts_with("call"));
    tally.promise(!durable.is_empty() || calls.is_empty(), context);
    let mut once = calls.clone();
    once.dedup();
    tally.promise(once == calls, context);

    // The next user of the pool.
    let next = complete(Program::flat(End::Ok).future(&database.pool()));
    next.unwrap().unwrap();
    tally.promise(database.durable()[durable.len()..] == [1, 3], context);
}

/// Returns at how many points it was dropped: before its first poll, and where it was pending.
fn sweep_program(program: Program, script: &[(Step, Answer)], written: &[i64]) -> usize {
    let mut tally = Tally::new("futures dropped at each pause, scripted driver");
    let points = sweep(|point| {
        let mut database = Database::new().pausing(1);
        for &(step, answer) in script {
            database = database.on(step, answer);
        }
        let pool = database.pool();
        let output = drop_after(program.future(&pool), point);
        // The rest of the script is not for the next user.
        let left = database.forget_script();
        assert!(output.is_none() || left == 0, "the script was not played");
        judge(&database, point, written, &mut tally);
        Cut::of(output.as_ref())
    });
    (0..points).for_each(|_| tally.inject());
    tally.publish();
    points
}

#[test]
fn a_block_can_be_dropped_anywhere() {
    let points = sweep_program(Program::flat(End::Ok), &[], &[1, 3]);
    // Two per step (acquire, begin, two rows, commit, the async call), and before the first poll.
    assert_eq!(points, 13);
}

#[test]
fn a_nested_block_can_be_dropped_anywhere() {
    let points = sweep_program(Program::nested(End::Ok, End::Ok), &[], &[1, 2, 3]);
    assert_eq!(points, 23);
}

#[test]
fn blocks_that_fail_can_be_dropped_anywhere() {
    let mut points = 0;
    for end in [End::Err, End::SetRollback] {
        points += sweep_program(Program::flat(end), &[], &[]);
        points += sweep_program(Program::nested(end, End::Ok), &[], &[1, 3]);
        points += sweep_program(Program::nested(End::Ok, end), &[], &[]);
    }
    assert_eq!(points, 2 * (11 + 21 + 19));
}

#[test]
fn blocks_whose_driver_fails_can_be_dropped_anywhere() {
    let nested = Program::nested(End::Ok, End::Ok);
    let failing = Program::nested(End::Err, End::Ok);
    let mut points = 0;
    for answer in [Answer::Refused, Answer::Aborted] {
        points += sweep_program(nested, &[(Step::Commit, answer)], &[]);
        points += sweep_program(nested, &[(Step::Release, answer)], &[1, 3]);
        let twice = [(Step::Commit, answer), (Step::Rollback, Answer::Failed)];
        points += sweep_program(nested, &twice, &[]);
    }
    points += sweep_program(nested, &[(Step::Savepoint, Answer::Failed)], &[1, 3]);
    points += sweep_program(nested, &[(Step::Begin, Answer::HalfDone)], &[]);
    points += sweep_program(nested, &[(Step::Commit, Answer::Lost)], &[]);
    points += sweep_program(nested, &[(Step::Commit, Answer::LostButDone)], &[1, 2, 3]);
    points += sweep_program(failing, &[(Step::RollbackTo, Answer::Failed)], &[]);
    assert!(points > 150, "{points}");
}

#[test]
fn a_future_dropped_before_its_commit_was_sent_has_stored_nothing() {
    let points = sweep(|point| {
        let database = Database::new().pausing(1);
        let pool = database.pool();
        let output = drop_after(Program::nested(End::Ok, End::Ok).future(&pool), point);
        let sent = database.count("commit") == 1;
        assert_eq!(!database.durable().is_empty(), sent);
        Cut::of(output.as_ref())
    });
    assert_eq!(points, 23);
}

// Once COMMIT was acknowledged: sync calls run where the future is dropped.
#[test]
fn a_future_dropped_after_its_commit_has_run_its_sync_calls() {
    let mut after_commit = 0;
    sweep(|point| {
        let database = Database::new().pausing(1);
        let pool = database.pool();
        let output = drop_after(Program::flat(End::Ok).future(&pool), point);
        if database.count("return") == 1 && !database.durable().is_empty() {
            after_commit += 1;
            assert_eq!(database.count("call 1"), 1, "{database:?}");
        }
        Cut::of(output.as_ref())
    });
    assert_eq!(after_commit, 3);
}

// With a runtime there, async calls go on as well.
#[tokio::test]
async fn a_future_dropped_after_its_commit_has_its_async_calls_run_by_the_runtime() {
    let mut acknowledged = 0;
    for point in 0..=22 {
        let database = Database::new().pausing(1);
        let pool = database.pool();
        let _ = drop_after(Program::nested(End::Ok, End::Ok).future(&pool), point);
        if database.count("return") == 1 && !database.durable().is_empty() {
            acknowledged += 1;
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            let mut calls = database.log();
            calls.retain(|line| line.starts_with("call"));
            assert_eq!(calls, ["call 1", "call 2", "call 3"], "dropped at {point}");
        }
    }
    assert_eq!(acknowledged, 4);
}

/// Drops the nested block after so many polls, and goes on.
#[commit_on_success]
async fn giving_up(connection: &mut Connection, polls: usize, end: End) -> Result<bool, AppError> {
    connection.insert(1)?;
    defer!(connection.database().clone().note("call 1"));
    let given_up = drop_after(nested(connection, end), polls).is_none();
    connection.insert(3)?;
    Ok(given_up)
}

#[commit_on_success]
async fn nested(connection: &mut Connection, end: End) -> Result<(), AppError> {
    connection.insert_later(2).await?;
    defer!(connection.database().clone().note("call 2"));
    match end {
        End::Err => Err(AppError::Body("inner body")),
        _ => Ok(()),
    }
}

#[test]
fn a_nested_block_that_was_dropped_lets_the_outer_only_roll_back() {
    for end in [End::Ok, End::Err] {
        let points = sweep(|point| {
            let database = Database::new().pausing(1);
            let given_up = complete(giving_up(&mut database.connection(), point, end));
            assert!(!database.left_open(), "{database:?}");
            // Whether a savepoint was asked for.
            if point > 2 && !matches!(given_up, Ok(false)) {
                let error = given_up.unwrap_err();
                assert!(
                    matches!(&error, AppError::Transaction(error) if error.rollback_only() == Some(RollbackOnly::NestedCancelled)),
                    "dropped at {point}: {error:?}"
                );
                assert_eq!(
                    database.durable(),
                    [0_i64; 0],
                    "dropped at {point}: {database:?}"
                );
                assert_eq!(database.count("call 1"), 0);
                return Cut::Dropped;
            }
            let given_up = given_up.unwrap();
            let rows: &[i64] = match (given_up, end) {
                (false, End::Ok) => &[1, 2, 3],
                _ => &[1, 3],
            };
            assert_eq!(database.durable(), rows, "dropped at {point}: {database:?}");
            if given_up {
                Cut::Dropped
            } else {
                Cut::Completed
            }
        });
        assert_eq!(points, 9);
    }
}

/// Leaves a transaction open in a deferred call.
#[commit_on_success]
async fn misbehaving(connection: &mut Connection) -> Result<(), AppError> {
    defer!(connection.database().clone().raw_begin());
    Ok(())
}

#[test]
fn what_a_badly_behaved_call_left_open_is_not_left_to_the_next_user() {
    let points = sweep(|point| {
        let database = Database::new().pausing(1);
        let mut connection = database.connection();
        let output = drop_after(misbehaving(&mut connection), point);
        assert!(!database.left_open(), "dropped at {point}: {database:?}");
        Cut::of(output.as_ref())
    });
    assert_eq!(points, 9);
}

/// Has committed when its call runs.
#[commit_on_success]
async fn calling(connection: &mut Connection) -> Result<(), AppError> {
    defer!(connection.database().clone().note_later("call").await);
    Ok(())
}

// It belongs to somebody else, who can go on with it.
#[test]
fn a_future_dropped_while_its_calls_run_leaves_alone_a_connection_on_which_nothing_is_open() {
    let database = Database::new().pausing(1);
    let mut connection = database.connection();
    // Two pauses in each of acquire, begin and commit, and then one of the call's own.
    assert!(drop_after(calling(&mut connection), 7).is_none());
    assert_eq!(database.log(), ["acquire", "begin", "commit"]);
    assert!(!database.discarded());
}

#[test]
fn a_future_that_was_never_polled_has_done_nothing() {
    let database = Database::new();
    let pool = database.pool();
    drop(Program::flat(End::Ok).future(&pool));
    assert_eq!(database.log(), [""; 0]);
}

#[test]
fn a_completed_future_that_is_dropped_stays_committed() {
    let database = Database::new();
    let pool = database.pool();
    {
        let mut future = pin!(Program::flat(End::Ok).future(&pool));
        let Poll::Ready(output) = poll_once(future.as_mut()) else {
            panic!("nothing to wait for")
        };
        output.unwrap().unwrap();
    }
    assert_eq!(database.durable(), [1, 3]);
    assert_eq!(database.count("rollback"), 0);
}

// A transaction's future can be dropped inside the body of another.
#[test]
fn a_future_dropped_inside_another_transaction_touches_only_its_own() {
    let points = sweep(|point| {
        let (first, second) = (Database::new().pausing(1), Database::new().pausing(1));
        let dropped = complete(holding(&mut first.connection(), second.clone(), point));
        let dropped = dropped.unwrap();
        assert_eq!(first.durable(), [1]);
        assert_eq!(first.count("own call"), 1);
        assert!(!second.left_open(), "dropped at {point}: {second:?}");
        assert_eq!(
            second.count("call 1") == 1,
            second.count("return") == 1 && !second.durable().is_empty()
        );
        dropped
    });
    assert_eq!(points, 13);
}

#[commit_on_success]
async fn holding(
    connection: &mut Connection,
    other: Database,
    polls: usize,
) -> Result<Cut, AppError> {
    connection.insert_later(1).await?;
    defer!(connection.database().clone().note("own call"));
    let pool = other.pool();
    let output = {
        let mut future = pin!(Program::flat(End::Ok).future(&pool));
        let mut output = None;
        for _ in 0..polls {
            if let Poll::Ready(ready) = poll_once(future.as_mut()) {
                output = Some(ready);
                break;
            }
            pause(1).await;
        }
        output
    };
    Ok(Cut::of(output.as_ref()))
}
