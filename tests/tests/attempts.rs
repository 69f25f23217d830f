//! A body that runs again: how often, after what, and what becomes of what it had deferred. On the
//! scripted driver, where every statement can be seen.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use commit_on_success::{
    Backoff, BoxError, Error, ErrorKind, Outcome, commit_on_success, defer, pending, set_rollback,
    signals, transaction,
};
use commit_on_success_tests::errors::assert_kind;
use commit_on_success_tests::polling::{complete, drop_after, poll_once};
use commit_on_success_tests::scripted::{Answer, AppError, Connection, Database, Step};
use commit_on_success_tests::transient::Contended;

/// Defers a call before its statement, and connects a handler.
fn body(connection: &mut Connection, row: i64) -> Result<i64, AppError> {
    assert_eq!(pending(), 0);
    let database = connection.database().clone();
    database.note("body");
    defer!(database.clone().note("call"));
    signals::post_rollback()
        .connect(move |event| database.note(&format!("undone: {:?}", event.cause)))
        .unwrap();
    connection.insert(row)?;
    Ok(row)
}

#[commit_on_success(tx = Contended(connection), attempts = 3, backoff = Duration::from_millis(1))]
fn three(connection: &mut Connection, row: i64) -> Result<i64, AppError> {
    body(tx, row)
}

#[commit_on_success(tx = Contended(connection), attempts = 3, backoff = Duration::from_millis(1))]
async fn three_later(connection: &mut Connection, row: i64) -> Result<i64, AppError> {
    tx.insert_later(0).await?;
    body(tx, row)
}

fn failing(step: Step, answer: Answer, times: usize) -> Database {
    (0..times).fold(Database::new(), |database, _| database.on(step, answer))
}

#[test]
fn the_body_runs_again_in_a_new_transaction_and_one_call_runs_for_one_success() {
    let database = failing(Step::Insert, Answer::Failed, 2);
    assert_eq!(three(&mut database.connection(), 1).unwrap(), 1);
    assert_eq!(
        database.log(),
        [
            "acquire",
            "begin",
            "body",
            "insert 1",
            "rollback",
            "undone: Error",
            "begin",
            "body",
            "insert 1",
            "rollback",
            "undone: Error",
            "begin",
            "body",
            "insert 1",
            "commit",
            "call"
        ]
    );
    assert_eq!(database.durable(), [1]);
}

#[tokio::test]
async fn an_async_body_runs_again_as_well() {
    let database = failing(Step::Insert, Answer::Failed, 2);
    let mut connection = database.connection();
    assert_eq!(three_later(&mut connection, 1).await.unwrap(), 1);
    assert_eq!(database.count("begin"), 3);
    assert_eq!(database.count("rollback"), 2);
    assert_eq!(database.count("commit"), 1);
    assert_eq!(database.count("call"), 1);
    assert_eq!(database.durable(), [0, 1]);
}

#[tokio::test]
async fn a_commit_that_fails_because_of_others_is_another_attempt() {
    for answer in [Answer::Refused, Answer::RolledBack] {
        let database = failing(Step::Commit, answer, 2);
        assert_eq!(three(&mut database.connection(), 1).unwrap(), 1);
        assert_eq!(database.count("body"), 3, "{answer:?}");
        assert_eq!(database.count("undone: CommitFailed"), 2, "{answer:?}");
        assert_eq!(database.count("call"), 1, "{answer:?}");
        assert_eq!(database.durable(), [1], "{answer:?}");

        let database = failing(Step::Commit, answer, 2);
        let mut connection = database.connection();
        assert_eq!(three_later(&mut connection, 1).await.unwrap(), 1);
        assert_eq!(database.count("body"), 3, "{answer:?}");
        assert_eq!(database.count("undone: CommitFailed"), 2, "{answer:?}");
        assert_eq!(database.count("call"), 1, "{answer:?}");
        assert_eq!(database.durable(), [0, 1], "{answer:?}");
    }
}

#[test]
fn a_commit_that_fails_for_good_is_no_reason_for_another_attempt() {
    #[commit_on_success(attempts = 3, backoff = Duration::ZERO)]
    fn uncontended(connection: &mut Connection) -> Result<i64, AppError> {
        body(connection, 1)
    }

    #[commit_on_success(attempts = 3, backoff = Duration::ZERO)]
    async fn uncontended_later(connection: &mut Connection) -> Result<i64, AppError> {
        body(connection, 1)
    }

    let later = |connection: &mut Connection| complete(uncontended_later(connection));
    for run in [uncontended, later] {
        let database = failing(Step::Commit, Answer::Refused, 1);
        let ended = run(&mut database.connection());
        let refused = matches!(&ended, Err(AppError::Transaction(error)) if error.kind() == ErrorKind::Commit);
        assert!(refused, "{ended:?}, {database:?}");
        assert_eq!(database.count("body"), 1);
        assert!(database.durable().is_empty());
    }
}

#[tokio::test]
async fn after_the_last_attempt_its_error_is_returned() {
    let database = failing(Step::Insert, Answer::Failed, 3);
    let error = three(&mut database.connection(), 1).unwrap_err();
    assert!(matches!(error, AppError::Driver(_)), "{error:?}");
    assert_eq!(database.count("body"), 3);
    assert_eq!(database.count("undone: Error"), 3);
    assert_eq!(database.count("call"), 0);
    assert!(!database.left_open());

    let database = failing(Step::Commit, Answer::Refused, 3);
    let error = three(&mut database.connection(), 1).unwrap_err();
    assert!(
        matches!(&error, AppError::Transaction(error) if error.kind() == ErrorKind::Commit),
        "{error:?}"
    );
    assert_eq!(database.count("body"), 3);

    let database = failing(Step::Commit, Answer::Refused, 3);
    let mut connection = database.connection();
    let error = three_later(&mut connection, 1).await.unwrap_err();
    assert!(
        matches!(&error, AppError::Transaction(error) if error.kind() == ErrorKind::Commit),
        "{error:?}"
    );
    assert_eq!(database.count("body"), 3);
    assert!(database.durable().is_empty());
}

#[test]
fn without_the_option_there_is_one_attempt() {
    #[commit_on_success(tx = Contended(connection))]
    fn once(connection: &mut Connection, row: i64) -> Result<i64, AppError> {
        body(tx, row)
    }

    #[commit_on_success(tx = Contended(connection), attempts = 1)]
    fn one(connection: &mut Connection, row: i64) -> Result<i64, AppError> {
        body(tx, row)
    }

    for function in [once, one] {
        let database = failing(Step::Insert, Answer::Failed, 1);
        function(&mut database.connection(), 1).unwrap_err();
        assert_eq!(database.count("body"), 1);
    }
}

#[tokio::test]
async fn after_an_unknown_outcome_there_is_no_other_attempt() {
    for answer in [Answer::LostButDone, Answer::Lost, Answer::Ended] {
        let database = Database::new().on(Step::Commit, answer);
        let error = three(&mut database.connection(), 1).unwrap_err();
        assert!(
            matches!(&error, AppError::Transaction(error) if error.outcome() == Outcome::Unknown),
            "{error:?}"
        );
        assert_eq!(database.count("body"), 1, "{answer:?}");
        assert_eq!(database.count("call"), 0, "{answer:?}");

        let database = Database::new().on(Step::Commit, answer);
        let mut connection = database.connection();
        three_later(&mut connection, 1).await.unwrap_err();
        assert_eq!(database.count("body"), 1, "{answer:?}");
        assert_eq!(database.count("call"), 0, "{answer:?}");
    }
}

#[tokio::test]
async fn when_the_rollback_fails_there_is_no_other_attempt() {
    let scripted = || failing(Step::Insert, Answer::Failed, 1).on(Step::Rollback, Answer::Failed);
    let database = scripted();
    let error = three(&mut database.connection(), 1).unwrap_err();
    assert!(matches!(error, AppError::Driver(_)), "{error:?}");
    assert_eq!(database.count("begin"), 1);

    let database = scripted();
    let mut connection = database.connection();
    let error = three_later(&mut connection, 1).await.unwrap_err();
    assert!(matches!(error, AppError::Driver(_)), "{error:?}");
    assert_eq!(database.count("begin"), 1);
}

#[test]
fn when_no_other_attempt_can_begin_the_bodys_error_is_returned() {
    #[commit_on_success(tx = Contended(connection), attempts = 3, backoff = Duration::ZERO)]
    fn fails_later(connection: &mut Connection) -> Result<(), AppError> {
        let database = tx.database().clone();
        for _ in 0..2 {
            let _ = database.clone().on(Step::Begin, Answer::Failed);
        }
        body(tx, 1)?;
        Ok(())
    }

    let database = failing(Step::Insert, Answer::Failed, 1);
    let error = fails_later(&mut database.connection()).unwrap_err();
    assert!(matches!(error, AppError::Driver(_)), "{error:?}");
    assert_eq!(database.count("body"), 1);
    assert_eq!(database.count("undone: Error"), 1);
    // Each of them counts as an attempt.
    assert_eq!(database.count("begin"), 3);
    assert!(!database.left_open());
}

#[test]
fn after_an_ordinary_error_or_a_panic_the_body_does_not_run_again() {
    #[commit_on_success(tx = Contended(connection), attempts = 3)]
    fn fails(connection: &mut Connection, panic: bool) -> Result<(), AppError> {
        tx.database().note("body");
        if panic {
            resume_unwind(Box::new("no"));
        }
        Err(AppError::Body("no"))
    }

    let database = Database::new();
    let error = fails(&mut database.connection(), false).unwrap_err();
    assert!(matches!(error, AppError::Body("no")), "{error:?}");
    assert_eq!(database.count("body"), 1);

    let database = Database::new();
    let mut connection = database.connection();
    let caught = catch_unwind(AssertUnwindSafe(|| fails(&mut connection, true)));
    assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"no"));
    assert_eq!(database.count("body"), 1);
    assert!(!database.left_open());
}

#[test]
fn a_deferred_call_that_fails_because_of_others_is_no_reason_for_another_attempt() {
    #[commit_on_success(tx = Contended(connection), attempts = 3)]
    fn defers(connection: &mut Connection) -> Result<(), AppError> {
        let mut own = Database::new()
            .on(Step::Insert, Answer::Failed)
            .connection();
        tx.database().note("body");
        defer!(move || own.insert(1));
        Ok(())
    }

    let database = Database::new();
    let error = defers(&mut database.connection()).unwrap_err();
    assert!(
        matches!(&error, AppError::Transaction(error) if error.kind() == ErrorKind::Handlers),
        "{error:?}"
    );
    assert_eq!(database.count("body"), 1);
    assert_eq!(database.count("commit"), 1);
}

#[test]
fn what_a_failed_attempt_has_asked_for_does_not_touch_the_next_one() {
    #[commit_on_success(tx = Contended(connection), attempts = 3, backoff = Duration::ZERO)]
    fn gives_up_once(connection: &mut Connection, row: i64) -> Result<i64, AppError> {
        if tx.database().count("body") == 0 {
            set_rollback().unwrap();
        }
        body(tx, row)
    }

    let database = failing(Step::Insert, Answer::Failed, 1);
    gives_up_once(&mut database.connection(), 1).unwrap();
    assert_eq!(database.durable(), [1]);
    assert_eq!(database.count("call"), 1);
}

#[tokio::test]
async fn a_rollback_that_was_asked_for_is_told_to_its_handlers() {
    #[commit_on_success(tx = Contended(connection), attempts = 3)]
    fn withdrawn(connection: &mut Connection) -> Result<i64, AppError> {
        set_rollback().unwrap();
        body(tx, 1)
    }

    #[commit_on_success(tx = Contended(connection), attempts = 3)]
    async fn withdrawn_later(connection: &mut Connection) -> Result<i64, AppError> {
        set_rollback().unwrap();
        body(tx, 1)
    }

    let steps = [
        "acquire",
        "begin",
        "body",
        "insert 1",
        "rollback",
        "undone: Requested",
    ];
    let database = Database::new();
    assert_eq!(withdrawn(&mut database.connection()).unwrap(), 1);
    assert_eq!(database.log(), steps);

    let database = Database::new();
    let mut connection = database.connection();
    assert_eq!(withdrawn_later(&mut connection).await.unwrap(), 1);
    assert_eq!(database.log(), steps);
}

#[test]
fn a_conflict_in_a_nested_or_joined_block_runs_the_whole_outer_body_again() {
    #[commit_on_success]
    fn nested(connection: &mut Connection) -> Result<(), AppError> {
        defer!(connection.database().clone().note("inner call"));
        connection.insert(2)?;
        Ok(())
    }

    #[commit_on_success(propagation = required)]
    fn joined(connection: &mut Connection) -> Result<(), AppError> {
        defer!(connection.database().clone().note("inner call"));
        connection.insert(2)?;
        Ok(())
    }

    #[commit_on_success(tx = Contended(connection), attempts = 2, backoff = Duration::ZERO)]
    fn outer(
        connection: &mut Connection,
        inner: fn(&mut Connection) -> Result<(), AppError>,
    ) -> Result<(), AppError> {
        tx.database().note("body");
        inner(tx)
    }

    for (inner, savepoints) in [(nested as fn(&mut Connection) -> _, 2), (joined, 0)] {
        let database = failing(Step::Insert, Answer::Failed, 1);
        outer(&mut database.connection(), inner).unwrap();
        assert_eq!(database.count("body"), 2);
        assert_eq!(database.count("savepoint 1"), savepoints, "{database:?}");
        assert_eq!(database.count("inner call"), 1);
        assert_eq!(database.durable(), [2]);
    }
}

#[tokio::test]
async fn a_begin_that_fails_because_of_others_is_another_attempt() {
    let database = failing(Step::Begin, Answer::Failed, 2);
    assert_eq!(three(&mut database.connection(), 1).unwrap(), 1);
    assert_eq!(database.count("begin"), 3);
    assert_eq!(database.count("body"), 1);
    assert_eq!(database.count("call"), 1);
    assert_eq!(database.durable(), [1]);

    let database = failing(Step::Begin, Answer::Failed, 2);
    let mut connection = database.connection();
    assert_eq!(three_later(&mut connection, 1).await.unwrap(), 1);
    assert_eq!(database.count("begin"), 3);
    assert_eq!(database.count("body"), 1);
    assert_eq!(database.durable(), [0, 1]);

    let database = failing(Step::Begin, Answer::Failed, 3);
    let error = three(&mut database.connection(), 1).unwrap_err();
    assert!(
        matches!(&error, AppError::Transaction(error) if error.kind() == ErrorKind::Begin),
        "{error:?}"
    );
    assert_eq!(database.count("begin"), 3);
    assert_eq!(database.count("body"), 0);
}

#[test]
fn a_conflict_that_the_body_has_dealt_with_is_no_reason_for_another_attempt() {
    #[commit_on_success(tx = Contended(connection), attempts = 3)]
    fn copes(connection: &mut Connection) -> Result<(), AppError> {
        tx.database().note("body");
        tx.insert(1).unwrap_err();
        tx.insert(2)?;
        Ok(())
    }

    let database = failing(Step::Insert, Answer::Failed, 1);
    copes(&mut database.connection()).unwrap();
    assert_eq!(database.count("body"), 1);
    assert_eq!(database.durable(), [2]);
}

#[test]
fn attempts_of_a_nested_block_are_refused_before_its_body_and_the_outer_goes_on() {
    #[commit_on_success(tx = Contended(connection))]
    fn outer(connection: &mut Connection) -> Result<(), AppError> {
        tx.insert(1)?;
        let refused = three(tx, 2);
        let Err(AppError::Transaction(error)) = refused else {
            panic!("{refused:?}")
        };
        assert_kind(&error, ErrorKind::NestedOption, "three");
        assert!(error.to_string().contains("`attempts`"), "{error}");
        Ok(())
    }

    let database = Database::new();
    outer(&mut database.connection()).unwrap();
    assert_eq!(database.count("body"), 0);
    assert_eq!(database.durable(), [1]);
}

#[tokio::test]
async fn arguments_given_by_value_are_there_again_for_each_attempt() {
    #[commit_on_success(tx = Contended(connection), attempts = 3, backoff = Duration::ZERO)]
    fn consumes(
        connection: &mut Connection,
        text: String,
        mut rows: Vec<i64>,
    ) -> Result<String, AppError> {
        tx.database().note(&format!("{text} {rows:?}"));
        rows.push(9);
        for row in rows {
            tx.insert(row)?;
        }
        Ok(text)
    }

    #[commit_on_success(tx = Contended(connection), attempts = 3, backoff = Duration::ZERO)]
    async fn consumes_later(
        connection: &mut Connection,
        text: String,
        mut rows: Vec<i64>,
    ) -> Result<String, AppError> {
        tx.database().note(&format!("{text} {rows:?}"));
        rows.push(9);
        for row in rows {
            tx.insert_later(row).await?;
        }
        Ok(text)
    }

    let database = failing(Step::Insert, Answer::Failed, 2);
    let text = consumes(&mut database.connection(), "hello".to_owned(), vec![1, 2]);
    assert_eq!(text.unwrap(), "hello");
    assert_eq!(database.count("hello [1, 2]"), 3);
    assert_eq!(database.durable(), [1, 2, 9]);

    let database = failing(Step::Insert, Answer::Failed, 2);
    let mut connection = database.connection();
    let text = consumes_later(&mut connection, "hello".to_owned(), vec![1, 2]).await;
    assert_eq!(text.unwrap(), "hello");
    assert_eq!(database.count("hello [1, 2]"), 3);
    assert_eq!(database.durable(), [1, 2, 9]);
}

#[test]
fn conflicts_are_recognized_in_every_usual_type_of_error() {
    macro_rules! returns {
        ($error:ty) => {{
            #[commit_on_success(tx = Contended(connection), attempts = 2, backoff = Duration::ZERO)]
            fn writes(connection: &mut Connection) -> Result<(), $error> {
                tx.database().note("body");
                tx.insert(1)?;
                Ok(())
            }

            let database = failing(Step::Insert, Answer::Failed, 1);
            writes(&mut database.connection()).unwrap();
            assert_eq!(database.count("body"), 2, stringify!($error));
            assert_eq!(database.durable(), [1], stringify!($error));
        }};
    }

    returns!(AppError);
    returns!(anyhow::Error);
    returns!(Box<dyn std::error::Error>);
    returns!(Box<dyn std::error::Error + Send + Sync>);
}

#[tokio::test]
async fn conflicts_are_recognized_in_every_usual_type_of_error_of_a_future() {
    macro_rules! returns {
        ($error:ty) => {{
            #[commit_on_success(tx = Contended(connection), attempts = 2, backoff = Duration::ZERO)]
            async fn writes(connection: &mut Connection) -> Result<(), $error> {
                tx.insert_later(1).await?;
                Ok(())
            }

            let database = failing(Step::Insert, Answer::Failed, 1);
            writes(&mut database.connection()).await.unwrap();
            assert_eq!(database.durable(), [1], stringify!($error));
        }};
    }

    returns!(AppError);
    returns!(anyhow::Error);
    returns!(Box<dyn std::error::Error>);
    returns!(Box<dyn std::error::Error + Send + Sync>);
}

#[test]
fn a_conflict_is_recognized_behind_an_error_that_borrows() {
    #[derive(Debug, thiserror::Error)]
    #[error("cannot write {title}")]
    struct Borrowing<'t> {
        title: &'t str,
        source: BoxError,
    }

    impl From<Error> for Borrowing<'_> {
        fn from(error: Error) -> Self {
            let source = error.into();
            Self { title: "", source }
        }
    }

    #[commit_on_success(tx = Contended(connection), attempts = 2, backoff = Duration::ZERO)]
    fn writes<'t>(connection: &mut Connection, title: &'t str) -> Result<(), Borrowing<'t>> {
        let written = tx.insert(1).map_err(BoxError::from);
        written.map_err(|source| Borrowing { title, source })
    }

    let database = failing(Step::Insert, Answer::Failed, 1);
    writes(&mut database.connection(), &String::from("title")).unwrap();
    assert_eq!(database.durable(), [1]);
}

#[test]
fn nothing_is_recognized_in_what_is_no_error() {
    #[derive(Debug)]
    struct Text(String);

    impl From<Error> for Text {
        fn from(error: Error) -> Self {
            Self(error.to_string())
        }
    }

    #[commit_on_success(tx = Contended(connection), attempts = 2, backoff = Duration::ZERO)]
    fn writes(connection: &mut Connection) -> Result<(), Text> {
        tx.database().note("body");
        tx.insert(1).map_err(|error| Text(error.to_string()))
    }

    let database = failing(Step::Insert, Answer::Failed, 1);
    let Text(text) = writes(&mut database.connection()).unwrap_err();
    assert!(!text.is_empty());
    assert_eq!(database.count("body"), 1);
    assert!(database.durable().is_empty());
}

#[test]
fn a_conflict_below_the_context_of_anyhow_is_recognized() {
    use anyhow::Context as _;

    #[commit_on_success(tx = Contended(connection), attempts = 2, backoff = Duration::ZERO)]
    fn writes(connection: &mut Connection) -> anyhow::Result<()> {
        tx.insert(1).context("writing")?;
        Ok(())
    }

    let database = failing(Step::Insert, Answer::Failed, 1);
    writes(&mut database.connection()).unwrap();
    assert_eq!(database.durable(), [1]);
}

#[test]
fn a_generic_function_may_have_attempts() {
    #[commit_on_success(tx = Contended(connection), attempts = 2, backoff = Duration::ZERO)]
    fn writes<T, E>(connection: &mut Connection, row: T) -> Result<T, E>
    where
        T: Into<i64> + Copy,
        E: std::error::Error
            + From<Error>
            + From<commit_on_success_tests::scripted::Scripted>
            + 'static,
    {
        tx.insert(row.into())?;
        Ok(row)
    }

    let database = failing(Step::Insert, Answer::Failed, 1);
    assert_eq!(
        writes::<i32, AppError>(&mut database.connection(), 7).unwrap(),
        7
    );
    assert_eq!(database.durable(), [7]);
}

#[tokio::test]
async fn the_block_form_has_attempts_as_well() {
    let database = failing(Step::Insert, Answer::Failed, 2);
    let mut connection = database.connection();
    let result: Result<i64, AppError> = transaction!(
        tx = Contended(&mut connection), attempts = 3, backoff = Backoff::new(Duration::ZERO) => {
            body(tx, 1)
        }
    );
    assert_eq!(result.unwrap(), 1);
    assert_eq!(database.count("body"), 3);
    assert_eq!(database.count("call"), 1);

    let database = failing(Step::Insert, Answer::Failed, 2);
    let mut connection = database.connection();
    let result: Result<i64, AppError> = transaction!(
        tx = Contended(&mut connection), attempts = 3, backoff = Duration::ZERO => {
            tx.insert_later(0).await?;
            body(tx, 1)
        }
    );
    assert_eq!(result.unwrap(), 1);
    assert_eq!(database.durable(), [0, 1]);
    assert_eq!(database.count("call"), 1);
}

#[test]
fn a_conflict_that_is_not_to_roll_back_is_committed_and_not_tried_again() {
    fn is_driver(error: &AppError) -> bool {
        matches!(error, AppError::Driver(_))
    }

    #[commit_on_success(tx = Contended(connection), attempts = 3, no_rollback_for = is_driver)]
    fn keeps(connection: &mut Connection) -> Result<(), AppError> {
        tx.database().note("body");
        tx.insert(1).unwrap_err();
        tx.insert(2).unwrap();
        let _ = tx.database().clone().on(Step::Insert, Answer::Failed);
        tx.insert(3)?;
        Ok(())
    }

    let database = failing(Step::Insert, Answer::Failed, 1);
    let error = keeps(&mut database.connection()).unwrap_err();
    assert!(matches!(error, AppError::Driver(_)), "{error:?}");
    assert_eq!(database.count("body"), 1);
    assert_eq!(database.durable(), [2]);
}

#[test]
fn a_future_dropped_between_two_attempts_leaves_nothing_open_and_runs_nothing() {
    #[commit_on_success(tx = Contended(connection), attempts = 3, backoff = Backoff::new(Duration::from_secs(3600)).limit(Duration::from_secs(3600)))]
    async fn waits(connection: &mut Connection) -> Result<i64, AppError> {
        body(tx, 1)
    }

    let database = failing(Step::Insert, Answer::Failed, 1);
    let mut connection = database.connection();
    // The wait is a random part of an hour.
    assert!(drop_after(waits(&mut connection), 20).is_none());
    assert_eq!(
        database.log(),
        [
            "acquire",
            "begin",
            "body",
            "insert 1",
            "rollback",
            "undone: Error"
        ]
    );
    assert!(!database.left_open());
    assert_eq!(three(&mut connection, 2).unwrap(), 2);
    assert_eq!(database.durable(), [2]);
}

#[tokio::test]
async fn a_future_waits_between_two_attempts_while_another_need_not() {
    #[commit_on_success(tx = Contended(connection), attempts = 3, backoff = Duration::from_secs(3600))]
    async fn waits(connection: &mut Connection) -> Result<i64, AppError> {
        body(tx, 1)
    }

    #[commit_on_success(tx = Contended(connection), attempts = 3, backoff = Duration::ZERO)]
    async fn goes_on(connection: &mut Connection) -> Result<i64, AppError> {
        body(tx, 2)
    }

    let database = failing(Step::Insert, Answer::Failed, 1);
    let mut connection = database.connection();
    let mut waiting = pin!(waits(&mut connection));
    assert!(poll_once(waiting.as_mut()).is_pending());

    // Its waits end after those that should have ended before.
    let other = failing(Step::Insert, Answer::Failed, 2);
    assert_eq!(goes_on(&mut other.connection()).await.unwrap(), 2);
    assert!(poll_once(waiting).is_pending());
    assert_eq!(database.count("body"), 1);
}

#[commit_on_success]
fn audit(connection: &mut Connection) -> Result<(), AppError> {
    Ok(connection.insert(7)?)
}

#[commit_on_success(tx = Contended(connection), attempts = 3, backoff = Duration::ZERO)]
fn with_effects_outside(
    connection: &mut Connection,
    other: &mut Connection,
    titles: &mut Vec<i64>,
) -> Result<(), AppError> {
    audit(other)?;
    titles.push(1);
    Ok(tx.insert(1)?)
}

#[test]
fn each_attempt_does_again_what_is_not_in_its_transaction() {
    let (database, other) = (failing(Step::Insert, Answer::Failed, 2), Database::new());
    let mut titles = Vec::new();
    let (mut one, mut two) = (database.connection(), other.connection());
    with_effects_outside(&mut one, &mut two, &mut titles).unwrap();
    assert_eq!(database.durable(), [1]);
    assert_eq!(other.durable(), [7; 3]);
    assert_eq!(titles, [1; 3]);
}

type FilePool = r2d2::Pool<r2d2_sqlite::SqliteConnectionManager>;

#[commit_on_success(tx = pool.get()?, attempts = 2, backoff = Duration::ZERO)]
fn on_a_pool_of_one(pool: &FilePool, idle: &Arc<Mutex<Vec<u32>>>) -> Result<(), BoxError> {
    let (pool, idle) = (pool.clone(), Arc::clone(idle));
    let handler = move |_: &signals::RolledBack| {
        idle.lock().unwrap().push(pool.state().idle_connections);
    };
    signals::post_rollback().connect(handler)?;
    tx.execute_batch("SELECT 1")?;
    Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(5), None).into())
}

// The next attempt needs the connection, so it is not given back in between.
#[test]
fn rollback_handlers_between_attempts_run_while_the_block_holds_its_connection() {
    let manager = r2d2_sqlite::SqliteConnectionManager::memory();
    let pool = FilePool::builder().max_size(1).build(manager).unwrap();
    let idle = Arc::default();
    on_a_pool_of_one(&pool, &idle).unwrap_err();
    assert_eq!(*idle.lock().unwrap(), [0, 1]);
}
