//! What a block does when a transaction is, or is not, open on its connection: on the scripted driver,
//! where every statement can be seen.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use commit_on_success::{
    Error, ErrorKind, Outcome, RollbackOnly, commit_on_success, defer, in_transaction,
    set_rollback, signals,
};
use commit_on_success_tests::errors::{assert_kind, function_of};
use commit_on_success_tests::polling::{complete, drop_after};
use commit_on_success_tests::scripted::{Answer, AppError, Connection, Database, Step};

/// How a body ends.
#[derive(Clone, Copy, Debug)]
enum End {
    Ok,
    Err,
    SetRollback,
    Panic,
}

fn body(connection: &mut Connection, row: i64, end: End) -> Result<i64, AppError> {
    connection.insert(row)?;
    let database = connection.database().clone();
    defer!(move || database.note(&format!("call {row}")));
    let database = connection.database().clone();
    signals::post_rollback()
        .connect(move |event| database.note(&format!("undone {row}: {:?}", event.cause)))
        .unwrap();
    match end {
        End::Ok => {}
        End::Err => return Err(AppError::Body("no")),
        End::SetRollback => set_rollback().unwrap(),
        End::Panic => resume_unwind(Box::new("no")),
    }
    Ok(row)
}

#[commit_on_success]
fn nested(connection: &mut Connection, row: i64, end: End) -> Result<i64, AppError> {
    body(connection, row, end)
}

#[commit_on_success(propagation = nested)]
fn nested_in_words(connection: &mut Connection, row: i64, end: End) -> Result<i64, AppError> {
    body(connection, row, end)
}

#[commit_on_success(propagation = required)]
fn required(connection: &mut Connection, row: i64, end: End) -> Result<i64, AppError> {
    body(connection, row, end)
}

#[commit_on_success(propagation = mandatory)]
fn mandatory(connection: &mut Connection, row: i64, end: End) -> Result<i64, AppError> {
    body(connection, row, end)
}

#[commit_on_success(propagation = durable)]
fn durable(connection: &mut Connection, row: i64, end: End) -> Result<i64, AppError> {
    body(connection, row, end)
}

type Block = fn(&mut Connection, i64, End) -> Result<i64, AppError>;

/// Those that become part of the transaction around them.
const JOINING: [Block; 2] = [required, mandatory];

/// Writes row 1, runs the block with row 2, keeps its error to itself, and writes row 3.
#[commit_on_success]
fn outer(connection: &mut Connection, block: Block, end: End) -> Result<Inner, AppError> {
    body(connection, 1, End::Ok)?;
    let inner = block(connection, 2, end);
    body(connection, 3, End::Ok)?;
    Ok(inner)
}

/// Without a word about its inner error.
#[commit_on_success]
fn outer_passing_on(connection: &mut Connection, block: Block) -> Result<(), AppError> {
    body(connection, 1, End::Ok)?;
    block(connection, 2, End::Err)?;
    Ok(())
}

type Inner = Result<i64, AppError>;

#[track_caller]
fn transaction_error<T: std::fmt::Debug>(result: Result<T, AppError>) -> Error {
    match result {
        Err(AppError::Transaction(error)) => error,
        other => panic!("expected an error of the transaction, found {other:?}"),
    }
}

#[track_caller]
fn assert_joined<T: std::fmt::Debug>(result: Result<T, AppError>, outer: &str, joined: &str) {
    let error = transaction_error(result);
    assert_eq!(error.outcome(), Outcome::RolledBack);
    let Some(RollbackOnly::Joined { site, .. }) = error.rollback_only() else {
        panic!("{error:?}")
    };
    assert_eq!((function_of(&error), site.function()), (outer, joined));
}

#[test]
fn nested_is_the_default_and_a_savepoint() {
    for block in [nested, nested_in_words] {
        let database = Database::new();
        let inner = outer(&mut database.connection(), block, End::Ok).unwrap();
        assert_eq!(inner.unwrap(), 2);
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
                "call 1",
                "call 2",
                "call 3"
            ]
        );
    }
}

#[test]
fn a_joining_block_sends_no_statement_of_its_own_and_its_calls_wait_in_line() {
    for block in JOINING {
        let database = Database::new();
        let inner = outer(&mut database.connection(), block, End::Ok).unwrap();
        assert_eq!(inner.unwrap(), 2);
        assert_eq!(
            database.log(),
            [
                "acquire", "begin", "insert 1", "acquire", "insert 2", "insert 3", "commit",
                "call 1", "call 2", "call 3"
            ]
        );
        assert_eq!(database.durable(), [1, 2, 3]);
    }
}

#[test]
fn a_joined_block_that_failed_and_was_caught_makes_the_outer_fail_loudly() {
    for (block, name) in [(required as Block, "required"), (mandatory, "mandatory")] {
        let database = Database::new();
        let result = outer(&mut database.connection(), block, End::Err);
        assert_joined(result, "outer", name);
        assert!(database.durable().is_empty(), "{database:?}");
        assert_eq!(database.count("commit"), 0);
        assert_eq!(database.count("rollback"), 1);
        for row in 1..=3 {
            assert_eq!(database.count(&format!("call {row}")), 0, "{database:?}");
        }
        assert!(!in_transaction());
    }
}

#[test]
fn rollback_handlers_of_a_joined_block_run_once_after_the_rollback_of_the_outer() {
    let database = Database::new();
    let result = outer(&mut database.connection(), required, End::Err);
    assert_joined(result, "outer", "required");
    let log = database.log();
    let rollback = log.iter().position(|line| line == "rollback").unwrap();
    let (before, after) = log.split_at(rollback);
    assert!(!before.iter().any(|line| line.starts_with("undone")));
    let undone: Vec<_> = after[1..].iter().map(|line| &line[..8]).collect();
    assert_eq!(undone, ["undone 1", "undone 2", "undone 3"]);
}

#[test]
fn an_error_that_passes_through_a_joined_block_is_the_one_the_caller_gets() {
    for block in JOINING {
        let database = Database::new();
        let error = outer_passing_on(&mut database.connection(), block).unwrap_err();
        assert!(matches!(error, AppError::Body("no")), "{error:?}");
        assert!(database.durable().is_empty());
        assert_eq!(database.count("rollback"), 1);
    }
}

#[test]
fn a_rollback_requested_in_a_joined_block_makes_the_outer_fail_loudly() {
    let database = Database::new();
    let result = outer(&mut database.connection(), required, End::SetRollback);
    assert_joined(result, "outer", "required");
    assert!(database.durable().is_empty());
    assert_eq!(database.count("commit"), 0);
}

#[test]
fn a_panic_in_a_joined_block_that_was_caught_makes_the_outer_fail_loudly() {
    #[commit_on_success]
    fn catches(connection: &mut Connection) -> Result<(), AppError> {
        connection.insert(1)?;
        let caught = catch_unwind(AssertUnwindSafe(|| required(connection, 2, End::Panic)));
        assert!(caught.is_err());
        connection.insert(3)?;
        Ok(())
    }

    let database = Database::new();
    let result = catches(&mut database.connection());
    assert_joined(result, "catches", "required");
    assert!(database.durable().is_empty());
    assert_eq!(database.count("call 2"), 0);
}

#[test]
fn a_joined_block_that_was_cancelled_makes_the_outer_fail_loudly() {
    #[commit_on_success(propagation = required)]
    async fn joins(connection: &mut Connection) -> Result<(), AppError> {
        connection.insert_later(2).await?;
        Ok(())
    }

    #[commit_on_success]
    async fn gives_up(connection: &mut Connection, polls: usize) -> Result<bool, AppError> {
        let inner = drop_after(joins(connection), polls);
        Ok(inner.is_some())
    }

    // Enough polls to acquire, and to be in the body.
    let (mut cancelled, mut completed) = (0, 0);
    for polls in 0..8 {
        let database = Database::new().pausing(1);
        let result = complete(gives_up(&mut database.connection(), polls));
        let entered = database.count("insert 2") == 1;
        match result {
            Ok(true) => {
                completed += 1;
                assert_eq!(database.durable(), [2]);
            }
            Ok(false) => assert!(!entered, "{database:?}"),
            result => {
                cancelled += 1;
                assert_joined(result, "gives_up", "joins");
                assert!(database.durable().is_empty());
            }
        }
    }
    assert!(cancelled >= 2 && completed >= 1, "{cancelled} {completed}");
}

#[test]
fn required_without_a_transaction_begins_one() {
    let database = Database::new();
    required(&mut database.connection(), 2, End::Ok).unwrap();
    assert_eq!(
        database.log(),
        ["acquire", "begin", "insert 2", "commit", "call 2"]
    );
    assert_eq!(database.durable(), [2]);
}

#[test]
fn required_without_a_transaction_rolls_its_own_back_and_marks_nothing() {
    let database = Database::new();
    let mut connection = database.connection();
    let error = required(&mut connection, 2, End::Err).unwrap_err();
    assert!(matches!(error, AppError::Body("no")), "{error:?}");
    required(&mut connection, 4, End::Ok).unwrap();
    assert_eq!(database.durable(), [4]);
}

#[test]
fn mandatory_without_a_transaction_is_an_error_that_names_the_driver_and_runs_nothing() {
    let database = Database::new();
    let error = transaction_error(mandatory(&mut database.connection(), 2, End::Ok));
    assert_kind(&error, ErrorKind::Mandatory, "mandatory");
    assert!(error.to_string().contains("::Work"), "{error}");
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_eq!(database.log(), ["acquire"]);
    assert!(!in_transaction());
}

#[test]
fn durable_without_a_transaction_commits() {
    let database = Database::new();
    durable(&mut database.connection(), 2, End::Ok).unwrap();
    assert_eq!(
        database.log(),
        ["acquire", "begin", "insert 2", "commit", "call 2"]
    );
}

#[test]
fn durable_inside_a_transaction_is_refused_before_its_body_and_the_outer_goes_on() {
    let database = Database::new();
    let inner = outer(&mut database.connection(), durable, End::Ok).unwrap();
    let error = transaction_error(inner);
    assert_kind(&error, ErrorKind::Durable, "durable");
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_eq!(
        database.log(),
        [
            "acquire", "begin", "insert 1", "acquire", "insert 3", "commit", "call 1", "call 3"
        ]
    );
}

#[test]
fn a_refused_durable_block_whose_error_is_passed_on_rolls_the_outer_back() {
    #[commit_on_success(propagation = durable)]
    fn durable_outer(connection: &mut Connection) -> Result<(), AppError> {
        connection.insert(1)?;
        durable(connection, 2, End::Ok)?;
        Ok(())
    }

    let database = Database::new();
    let error = transaction_error(durable_outer(&mut database.connection()));
    assert_kind(&error, ErrorKind::Durable, "durable");
    assert!(database.durable().is_empty());
    assert_eq!(database.count("insert 2"), 0);
}

#[test]
fn every_other_kind_of_block_is_allowed_inside_a_durable_one() {
    #[commit_on_success(propagation = durable)]
    fn durable_outer(connection: &mut Connection, block: Block) -> Result<i64, AppError> {
        connection.insert(1)?;
        block(connection, 2, End::Ok)
    }

    for block in [nested, required, mandatory] {
        let database = Database::new();
        assert_eq!(durable_outer(&mut database.connection(), block).unwrap(), 2);
        assert_eq!(database.durable(), [1, 2]);
    }
}

#[test]
fn further_blocks_in_a_doomed_transaction_are_refused_with_its_cause() {
    #[commit_on_success]
    fn goes_on(connection: &mut Connection, block: Block) -> Result<(), AppError> {
        required(connection, 2, End::Err).unwrap_err();
        let refused = block(connection, 4, End::Ok);
        let error = transaction_error(refused);
        let why = error.rollback_only();
        assert!(
            matches!(why, Some(RollbackOnly::Joined { .. })),
            "{error:?}"
        );
        connection.database().note(function_of(&error));
        Ok(())
    }

    let blocks: [(Block, &str); 3] = [
        (nested, "nested"),
        (required, "required"),
        (mandatory, "mandatory"),
    ];
    for (block, name) in blocks {
        let database = Database::new();
        let result = goes_on(&mut database.connection(), block);
        assert_joined(result, "goes_on", "required");
        assert_eq!(database.count("insert 4"), 0);
        assert_eq!(database.count(name), 1, "{database:?}");
        assert!(database.durable().is_empty());
    }
}

#[test]
fn the_refusal_in_a_doomed_transaction_says_which_block_was_the_cause() {
    #[commit_on_success]
    fn goes_on(connection: &mut Connection) -> Result<(), AppError> {
        required(connection, 2, End::Err).unwrap_err();
        nested(connection, 4, End::Ok)?;
        Ok(())
    }

    let error = transaction_error(goes_on(&mut Database::new().connection()));
    assert_eq!(
        error.to_string(),
        "the transaction of `nested` was rolled back: \
         `required`, which had joined it without a savepoint, failed"
    );
}

#[test]
fn a_block_that_joined_a_nested_one_takes_only_that_one_with_it() {
    #[commit_on_success]
    fn middle(connection: &mut Connection, row: i64, end: End) -> Result<i64, AppError> {
        connection.insert(20)?;
        required(connection, row, end).unwrap_err();
        Ok(row)
    }

    let database = Database::new();
    let inner = outer(&mut database.connection(), middle, End::Err).unwrap();
    assert_joined(inner, "middle", "required");
    assert_eq!(database.durable(), [1, 3]);
    assert_eq!(database.count("rollback to 1"), 1, "{database:?}");
    assert_eq!(database.count("call 1"), 1);
    assert_eq!(database.count("call 2"), 0);
    assert_eq!(undone(&database, 2), 1);
}

/// How often the rollback handler of a row has run.
fn undone(database: &Database, row: i64) -> usize {
    let start = format!("undone {row}");
    let log = database.log();
    log.iter().filter(|line| line.starts_with(&start)).count()
}

#[test]
fn a_block_may_join_a_joined_one() {
    #[commit_on_success(propagation = required)]
    fn middle(connection: &mut Connection, row: i64, end: End) -> Result<i64, AppError> {
        required(connection, row, end)
    }

    let database = Database::new();
    let inner = outer(&mut database.connection(), middle, End::Ok).unwrap();
    assert_eq!(inner.unwrap(), 2);
    assert_eq!(database.count("call 2"), 1);
    assert_eq!(database.durable(), [1, 2, 3]);

    let database = Database::new();
    let result = outer(&mut database.connection(), middle, End::Err);
    let error = transaction_error(result);
    assert_eq!(error.kind(), ErrorKind::RollbackOnly, "{error:?}");
    assert!(database.durable().is_empty());
}

#[test]
fn a_savepoint_below_a_joined_block_has_a_name_of_its_own() {
    #[commit_on_success(propagation = required)]
    fn middle(connection: &mut Connection, row: i64, end: End) -> Result<i64, AppError> {
        nested(connection, 20, End::Err).unwrap_err();
        nested(connection, row, end)
    }

    let database = Database::new();
    let inner = outer(&mut database.connection(), middle, End::Ok).unwrap();
    assert_eq!(inner.unwrap(), 2);
    assert_eq!(database.durable(), [1, 2, 3]);
    assert_eq!(database.count("call 20"), 0);
    assert_eq!(database.count("call 2"), 1);
}

#[test]
fn required_in_a_transaction_that_was_opened_by_hand_is_a_savepoint() {
    #[commit_on_success(propagation = required)]
    fn without_calls(connection: &mut Connection, fail: bool) -> Result<(), AppError> {
        connection.insert(2)?;
        if fail {
            return Err(AppError::Body("no"));
        }
        Ok(())
    }

    for fail in [false, true] {
        let database = Database::new();
        database.raw_begin();
        let result = without_calls(&mut database.connection(), fail);
        assert_eq!(result.is_err(), fail);
        assert!(database.left_open(), "{database:?}");
        let spelled = database.log().join(", ");
        assert!(spelled.contains("savepoint"), "{spelled}");
        assert_eq!(spelled.contains("rollback to"), fail, "{spelled}");
        assert!(!spelled.contains("commit"), "{spelled}");
    }
}

#[test]
fn mandatory_is_content_with_a_transaction_that_was_opened_by_hand() {
    #[commit_on_success(propagation = mandatory)]
    fn without_calls(connection: &mut Connection) -> Result<(), AppError> {
        connection.insert(2)?;
        Ok(())
    }

    let database = Database::new();
    database.raw_begin();
    without_calls(&mut database.connection()).unwrap();
    assert_eq!(database.count("insert 2"), 1);
    assert!(database.left_open());
}

#[test]
fn durable_is_refused_in_a_transaction_that_was_opened_by_hand() {
    let database = Database::new();
    database.raw_begin();
    let error = transaction_error(durable(&mut database.connection(), 2, End::Ok));
    assert_eq!(error.kind(), ErrorKind::Durable, "{error:?}");
    assert_eq!(database.log(), ["raw begin", "acquire"]);
    assert!(database.left_open());
}

#[test]
fn the_mark_of_a_doomed_transaction_is_gone_with_it() {
    let database = Database::new();
    let mut connection = database.connection();
    let result = outer(&mut connection, required, End::Err);
    assert_joined(result, "outer", "required");
    outer(&mut connection, required, End::Ok).unwrap().unwrap();
    assert_eq!(database.durable(), [1, 2, 3]);
    assert_eq!(database.count("call 2"), 1);
}

#[test]
fn when_the_commit_of_the_outer_fails_the_calls_of_a_joined_block_do_not_run() {
    let database = Database::new().on(Step::Commit, Answer::Refused);
    let error = transaction_error(outer(&mut database.connection(), required, End::Ok));
    assert_eq!(error.kind(), ErrorKind::Commit, "{error:?}");
    assert_eq!(database.count("call 2"), 0);
    assert_eq!(undone(&database, 2), 1);
    assert!(database.durable().is_empty());
}
