//! Calls that run inside of a transaction before it commits, on a driver that does as it is told.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]
#![allow(
    clippy::needless_pass_by_value,
    reason = "a registered call owns what it is given"
)]

use commit_on_success::testing::{AsyncTestTransaction, TestTransaction};
use commit_on_success::{
    ErrorKind, before_commit, commit_on_success, defer, in_transaction, pending, set_rollback,
    signals,
};
use commit_on_success_tests::errors::source_of;
use commit_on_success_tests::polling::{Cut, complete, drop_after, drop_at_pending, settle, sweep};
use commit_on_success_tests::scripted::{
    AppError, Connection, Database, End, Flavour, Pool, Scripted, pause,
};

/// Writes a row, as somebody does who has the connection.
fn flush(database: Database, row: i64) -> Result<(), Scripted> {
    assert!(in_transaction());
    database.connection().insert(row)
}

async fn flush_later(database: Database, row: i64) -> Result<(), Scripted> {
    pause(1).await;
    assert!(in_transaction());
    database.connection().insert_later(row).await
}

#[commit_on_success]
fn unit_of_work(connection: &mut Connection, end: End) -> Result<(), AppError> {
    let database = connection.database().clone();
    before_commit!(flush(database.clone(), 11));
    defer!(database.clone().note("call 1"));
    before_commit!(clone(database) => { database.note("before 2"); });
    assert_eq!(pending(), 1);
    connection.insert(1)?;
    before_commit!(move || flush(database, 13));
    end.now("no")
}

#[commit_on_success]
async fn unit_of_work_later(connection: &mut Connection, end: End) -> Result<(), AppError> {
    let database = connection.database().clone();
    before_commit!(flush_later(database.clone(), 11).await);
    defer!(database.clone().note_later("call 1").await);
    before_commit!(clone(database) => { database.note("before 2"); });
    assert_eq!(pending(), 1);
    connection.insert_later(1).await?;
    before_commit!(async move { flush_later(database, 13).await });
    end.now("no")
}

/// Runs the work in either form, with that end.
fn work(flavour: Flavour, database: &Database, end: End) -> Result<(), AppError> {
    let mut connection = database.connection();
    match flavour {
        Flavour::Sync => unit_of_work(&mut connection, end),
        Flavour::Async => complete(unit_of_work_later(&mut connection, end)),
    }
}

const DONE: [&str; 8] = [
    "acquire",
    "begin",
    "insert 1",
    "insert 11",
    "before 2",
    "insert 13",
    "commit",
    "call 1",
];

#[test]
fn they_run_in_the_transaction_in_the_order_of_registration_once_the_body_has_returned() {
    for flavour in Flavour::ALL {
        let database = Database::new();
        work(flavour, &database, End::Ok).unwrap();
        assert_eq!(database.log(), DONE);
        assert_eq!(database.durable(), [1, 11, 13]);
    }
}

#[test]
fn none_runs_where_the_body_does_not_commit() {
    for flavour in Flavour::ALL {
        for end in [End::Err, End::SetRollback] {
            let database = Database::new();
            let ended = work(flavour, &database, end);
            assert_eq!(ended.is_ok(), end == End::SetRollback);
            assert_eq!(database.log(), ["acquire", "begin", "insert 1", "rollback"]);
        }
    }
}

#[test]
fn a_future_can_be_dropped_anywhere_while_they_run() {
    let mut dropped_inside = 0;
    let points = sweep(|point| {
        let database = Database::new().pausing(1);
        let mut connection = database.connection();
        let output = drop_after(unit_of_work_later(&mut connection, End::Ok), point);
        assert!(!database.left_open() && !in_transaction());
        let committed = database.count("commit") == 1;
        let stored: &[i64] = if committed { &[1, 11, 13] } else { &[] };
        assert_eq!(
            database.durable(),
            stored,
            "dropped at {point}: {database:?}"
        );
        assert!(committed || database.count("call 1") == 0);
        let runs = database.count("insert 1") == 1 && database.count("insert 13") == 0;
        if runs {
            assert!(
                database.log().ends_with(&["abandon open".to_owned()]),
                "{database:?}"
            );
            dropped_inside += 1;
        }
        Cut::of(output.as_ref())
    });
    // Before the first poll; two in each of acquire, begin, three rows, commit, the call; one before each of two rows.
    assert_eq!(points, 17);
    // One behind the row of the body, two before and one behind that of the first call, two before that of the last.
    assert_eq!(dropped_inside, 6);
}

#[commit_on_success(connection = pool)]
async fn on_a_pool(pool: &Pool) -> Result<(), AppError> {
    let database = connection.database().clone();
    before_commit!(flush_later(database.clone(), 11).await);
    defer!(database.note_later("call").await);
    Ok(connection.insert_later(1).await?)
}

#[tokio::test]
async fn with_a_runtime_a_row_is_never_without_theirs_and_the_calls_wherever_the_future_is_dropped()
{
    let mut committed = 0;
    for point in 0.. {
        let database = Database::new().pausing(1);
        let pool = database.pool();
        let output = drop_at_pending(on_a_pool(&pool), point).await;
        settle().await;
        assert!(!database.left_open());
        let stored: &[i64] = if database.count("commit") == 1 {
            committed += usize::from(output.is_none());
            &[1, 11]
        } else {
            &[]
        };
        assert_eq!(database.durable(), stored, "{point}: {database:?}");
        assert_eq!(database.count("call"), stored.len() / 2);
        if output.is_some() {
            break;
        }
    }
    // In each pause of the commit, and of the call.
    assert_eq!(committed, 4);
}

#[test]
fn what_one_registers_runs_in_the_next_generation_and_what_it_defers_after_the_commit() {
    for flavour in Flavour::ALL {
        let database = Database::new();
        flavour
            .run(&database, |database| {
                let (first, second) = (database.clone(), database.clone());
                before_commit!(move || {
                    defer!(first.clone().note("call of the first"));
                    before_commit!(flush(first, 21));
                });
                before_commit!(flush(second, 12));
                defer!(database.clone().note("call of the body"));
                Ok(())
            })
            .unwrap();
        let lines = [
            "insert 12",
            "insert 21",
            "commit",
            "call of the body",
            "call of the first",
        ];
        assert_eq!(database.log()[2..], lines);
    }
}

/// Registers itself so many times more.
fn again(database: Database, left: usize) {
    database.note("again");
    if let Some(left) = left.checked_sub(1) {
        before_commit!(again(database, left));
    }
}

#[test]
fn sixteen_generations_run_and_the_seventeenth_is_an_error() {
    for flavour in Flavour::ALL {
        let database = Database::new();
        flavour
            .run(&database, |database| {
                before_commit!(again(database.clone(), 15));
                Ok(())
            })
            .unwrap();
        assert_eq!((database.count("again"), database.count("commit")), (16, 1));

        let database = Database::new();
        let error = flavour
            .run(&database, |database| {
                before_commit!(again(database.clone(), 16));
                Ok(())
            })
            .unwrap_err();
        let AppError::Transaction(error) = error else {
            panic!("{error:?}");
        };
        assert_eq!(error.kind(), ErrorKind::BeforeCommit);
        let source = source_of(&error);
        assert_eq!(
            source.to_string(),
            "calls before the commit have registered others 16 times over"
        );
        assert_eq!(
            (database.count("again"), database.count("rollback")),
            (16, 1)
        );
    }
}

#[test]
fn set_rollback_in_one_rolls_back_and_the_rest_does_not_run() {
    for flavour in Flavour::ALL {
        let database = Database::new();
        flavour
            .run(&database, |database| {
                let told = database.clone();
                signals::post_rollback()
                    .connect(move |event| told.note(&event.cause.to_string()))?;
                before_commit!(set_rollback);
                before_commit!(flush(database.clone(), 12));
                defer!(database.clone().note("call"));
                Ok(())
            })
            .unwrap();
        assert_eq!(
            database.log()[2..],
            ["rollback", "a rollback was requested"]
        );
    }
}

#[test]
fn in_a_test_they_run_at_the_end_of_the_block_that_acts_as_outermost() {
    let expected = [
        "insert 1",
        "insert 11",
        "before 2",
        "insert 13",
        "check",
        "release 0",
        "call 1",
    ];
    for flavour in Flavour::ALL {
        let database = Database::new();
        let mut connection = database.connection();
        match flavour {
            Flavour::Sync => {
                let mut test = TestTransaction::begin(&mut connection).unwrap();
                unit_of_work(test.connection(), End::Ok).unwrap();
            }
            Flavour::Async => {
                let mut test = complete(AsyncTestTransaction::begin(&mut connection)).unwrap();
                complete(unit_of_work_later(test.connection(), End::Ok)).unwrap();
            }
        }
        let log = database.log();
        let first = log.iter().position(|line| line == "insert 1").unwrap();
        assert_eq!(log[first..first + expected.len()], expected);
        assert!(database.durable().is_empty());
    }
}
