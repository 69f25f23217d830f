//! Settings for one transaction: what is asked of a driver, and when, on the scripted one.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use commit_on_success::testing::{AsyncTestTransaction, TestTransaction};
use commit_on_success::{Error, ErrorKind, commit_on_success, defer, transaction};
use commit_on_success_tests::polling::{Cut, complete, drop_after, drop_at_pending, settle, sweep};
use commit_on_success_tests::scripted::{Answer, AppError, Connection, Database, Pool, Step};
use commit_on_success_tests::transient::Contended;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Body {
    Ok,
    Err,
    Panics,
}

impl Body {
    fn end(self) -> Result<(), AppError> {
        match self {
            Self::Ok => Ok(()),
            Self::Err => Err(AppError::Body("no")),
            Self::Panics => resume_unwind(Box::new("body")),
        }
    }
}

#[commit_on_success(pragma(a = 1, "main.b" = format_args!("{}'", 2)))]
fn switches(connection: &mut Connection, body: Body) -> Result<(), AppError> {
    connection.insert(1)?;
    body.end()
}

#[commit_on_success(tx = pool, pragma(a = 1))]
async fn switches_later(pool: &Pool, body: Body) -> Result<(), AppError> {
    tx.insert_later(1).await?;
    body.end()
}

#[track_caller]
fn transaction_error<T: std::fmt::Debug>(result: Result<T, AppError>) -> Error {
    match result {
        Err(AppError::Transaction(error)) => error,
        other => panic!("expected an error of the transaction, found {other:?}"),
    }
}

const BEGUN: [&str; 5] = [
    "acquire",
    "pragma a = 1",
    "pragma main.b = 2'",
    "begin",
    "insert 1",
];
const PUT_BACK: [&str; 2] = ["put back a = old", "put back main.b = old"];

#[test]
fn what_was_changed_is_put_back_behind_the_end_of_a_transaction() {
    for (body, end) in [
        (Body::Ok, "commit"),
        (Body::Err, "rollback"),
        (Body::Panics, "rollback"),
    ] {
        let database = Database::new();
        let mut connection = database.connection();
        let _ = catch_unwind(AssertUnwindSafe(|| switches(&mut connection, body)));
        let expected = [&BEGUN[..], &[end], &PUT_BACK].concat();
        assert_eq!(database.log(), expected, "{body:?}");
    }
}

#[test]
fn what_was_changed_is_put_back_where_the_begin_or_the_commit_fails() {
    let begin = Database::new().on(Step::Begin, Answer::Refused);
    switches(&mut begin.connection(), Body::Ok).unwrap_err();
    let changed = ["acquire", "pragma a = 1", "pragma main.b = 2'", "begin"];
    assert_eq!(begin.log()[..6], [&changed[..], &PUT_BACK].concat());
    assert_eq!(begin.count("put back a = old"), 1);

    let commit = Database::new().on(Step::Commit, Answer::Refused);
    switches(&mut commit.connection(), Body::Ok).unwrap_err();
    let ends = ["commit", "rollback"];
    assert_eq!(commit.log(), [&BEGUN[..], &ends, &PUT_BACK].concat());
}

#[test]
fn each_attempt_changes_it_again_and_evaluates_nothing_again() {
    fn next(evaluated: &Cell<u32>) -> u32 {
        evaluated.set(evaluated.get() + 1);
        evaluated.get()
    }

    #[commit_on_success(attempts = 2, set(a = next(evaluated)))]
    fn runs(connection: &mut Connection, evaluated: &Cell<u32>) -> Result<(), AppError> {
        let _ = evaluated;
        Ok(connection.insert(1)?)
    }

    let database = Database::new().on(Step::Insert, Answer::Conflict);
    let evaluated = Cell::new(0);
    runs(&mut database.connection(), &evaluated).unwrap();
    assert_eq!(evaluated.get(), 1);
    let again = ["set a = 1", "begin", "insert 1"];
    let expected = [&["acquire"], &again[..], &["rollback"], &again, &["commit"]].concat();
    assert_eq!(database.log(), expected);
}

#[tokio::test]
async fn what_was_changed_is_put_back_after_a_drop_at_each_poll() {
    for body in [Body::Ok, Body::Err] {
        let mut dropped = 0;
        loop {
            let database = Database::new().pausing(1);
            let pool = database.pool();
            let ran = drop_at_pending(switches_later(&pool, body), dropped).await;
            settle().await;
            let log = database.log();
            let changed = log.iter().position(|line| line == "pragma a = 1");
            let is_back = |line: &String| line.ends_with(" a = old");
            let back = log.iter().position(is_back);
            assert_eq!(changed.is_some(), back.is_some(), "{log:?}");
            assert!(changed <= back, "{log:?}");
            let end = log
                .iter()
                .rposition(|line| line == "return" || line == "close");
            assert!(back < end || changed.is_none(), "{log:?}");
            if ran.is_some() {
                break;
            }
            dropped += 1;
        }
        assert!(dropped > 5, "{dropped}");
    }
}

#[tokio::test]
async fn a_commit_that_is_seen_to_its_end_puts_it_back() {
    #[commit_on_success(tx = pool, pragma(a = 1))]
    async fn defers(pool: &Pool) -> Result<(), AppError> {
        tx.insert_later(1).await?;
        defer!(tx.database().clone().note("call"));
        Ok(())
    }

    let mut seen = 0;
    for pendings in 1.. {
        let database = Database::new().pausing(1);
        let pool = database.pool();
        let ran = drop_at_pending(defers(&pool), pendings).await;
        settle().await;
        let log = database.log();
        if log.iter().any(|line| line == "call") && ran.is_none() {
            let end = ["commit", "put back a = old", "return", "call"];
            assert_eq!(log[log.len() - 4..], end, "{log:?}");
            seen += 1;
        }
        if ran.is_some() {
            break;
        }
    }
    assert!(seen > 0);
}

#[test]
fn inside_of_a_transaction_settings_are_refused_before_anything_is_sent() {
    #[commit_on_success(set(a = 1))]
    fn nested(_connection: &mut Connection) -> Result<(), AppError> {
        unreachable!("the body does not run")
    }

    #[commit_on_success(propagation = required, pragma(a = 1))]
    fn joined(_connection: &mut Connection) -> Result<(), AppError> {
        unreachable!("the body does not run")
    }

    #[commit_on_success]
    fn outer(connection: &mut Connection) -> Result<(), AppError> {
        for (inner, option) in [(nested as fn(&mut _) -> _, "set"), (joined, "pragma")] {
            let error = transaction_error(inner(connection));
            assert_eq!(error.kind(), ErrorKind::NestedOption, "{error:?}");
            assert!(
                error.to_string().contains(&format!("`{option}`")),
                "{error}"
            );
        }
        Ok(())
    }

    let database = Database::new();
    outer(&mut database.connection()).unwrap();
    let sent = ["acquire", "begin", "acquire", "acquire", "commit"];
    assert_eq!(database.log(), sent);
    let database = Database::new();
    database.raw_begin();
    let error = transaction_error(nested(&mut database.connection()));
    assert_eq!(error.kind(), ErrorKind::NestedOption, "{error:?}");
}

#[test]
fn a_driver_that_cannot_take_them_back_in_a_test_refuses_them() {
    #[commit_on_success(set(a = 1))]
    fn sets(_connection: &mut Connection) -> Result<(), AppError> {
        unreachable!("the body does not run")
    }

    #[commit_on_success(set(a = 1))]
    async fn sets_later(_connection: &mut Connection) -> Result<(), AppError> {
        unreachable!("the body does not run")
    }

    let database = Database::new();
    let mut connection = database.connection();
    let mut test = TestTransaction::begin(&mut connection).unwrap();
    let error = transaction_error(sets(test.connection()));
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
    assert_eq!(database.log()[4..], ["savepoint 0", "rollback to 0"]);
    drop(test);
    let mut test = complete(AsyncTestTransaction::begin(&mut connection)).unwrap();
    let error = transaction_error(complete(sets_later(test.connection())));
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
    complete(test.rollback()).unwrap();
    assert_eq!(database.count("set a = 1"), 0);
}

#[test]
fn a_driver_that_knows_no_settings_refuses_them_before_anything_is_sent() {
    fn sync(mut connection: Connection) -> Result<(), AppError> {
        transaction!(tx = Contended(&mut connection), set(a = 1) => {
            let _ = tx;
            unreachable!("the body does not run")
        })
    }

    async fn later(mut connection: Connection) -> Result<(), AppError> {
        transaction!(async tx = Contended(&mut connection), pragma(a = 1) => {
            let _ = tx;
            unreachable!("the body does not run")
        })
    }

    for flavour in ["set", "pragma"] {
        let database = Database::new();
        let connection = database.connection();
        let refused = match flavour {
            "set" => sync(connection),
            _ => complete(later(connection)),
        };
        let error = transaction_error(refused);
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
        assert!(
            error.to_string().contains(&format!("`{flavour}`")),
            "{error}"
        );
        assert_eq!(database.log(), ["acquire"]);
    }
}

#[test]
fn a_value_with_a_nul_is_refused_before_there_is_a_connection() {
    #[commit_on_success(set(a = "1\0"))]
    fn sets(_connection: &mut Connection) -> Result<(), AppError> {
        unreachable!("the body does not run")
    }

    #[commit_on_success(tx = pool, pragma(a = '\0'))]
    async fn sets_later(pool: &Pool) -> Result<(), AppError> {
        let _ = tx;
        unreachable!("the body does not run")
    }

    let database = Database::new();
    let error = transaction_error(sets(&mut database.connection()));
    assert_eq!(error.kind(), ErrorKind::Begin, "{error:?}");
    let error = transaction_error(complete(sets_later(&database.pool())));
    assert_eq!(error.kind(), ErrorKind::Begin, "{error:?}");
    assert_eq!(database.log(), [""; 0]);
}

#[test]
fn values_are_evaluated_before_the_transaction_begins_and_stay_with_the_body() {
    #[commit_on_success(tx = pool, set(a = name, b = name.len()))]
    fn greets(pool: &Pool, name: String) -> Result<usize, AppError> {
        let _ = tx;
        Ok(name.into_bytes().len())
    }

    let database = Database::new();
    assert_eq!(greets(&database.pool(), "Ada".to_owned()).unwrap(), 3);
    let expected = [
        "acquire",
        "set a = Ada",
        "set b = 3",
        "begin",
        "commit",
        "return",
    ];
    assert_eq!(database.log(), expected);
}

#[test]
fn nothing_is_left_of_them_where_the_runtime_is_gone() {
    let cuts = sweep(|point| {
        let database = Database::new().pausing(1);
        let pool = database.pool();
        let ran = drop_after(switches_later(&pool, Body::Ok), point);
        let log = database.log();
        let changed = log.iter().any(|line| line == "pragma a = 1");
        let back = log.iter().any(|line| line.ends_with(" a = old"));
        assert_eq!(changed, back, "{log:?}");
        Cut::of(ran.as_ref())
    });
    assert!(cuts > 5, "{cuts}");
}
