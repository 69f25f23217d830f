//! Calls before the commit that fail, on a driver that does as it is told.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use commit_on_success::signals::{completed, post_rollback};
use commit_on_success::{
    Error, ErrorKind, Outcome, RollbackOnly, before_commit, commit_on_success, defer,
    in_transaction,
};
use commit_on_success_tests::errors::{assert_kind, source_of};
use commit_on_success_tests::journal::{Journal, source_line};
use commit_on_success_tests::polling::complete;
use commit_on_success_tests::scripted::{
    Answer, AppError, Connection, Database, Flavour, Scripted, Step,
};

fn flush(mut connection: Connection, row: i64) -> Result<(), Scripted> {
    connection.insert(row)
}

async fn flush_later(mut connection: Connection, row: i64) -> Result<(), Scripted> {
    connection.insert_later(row).await
}

/// Listens to the ends, and defers.
fn listen(database: &Database) -> Result<(), Error> {
    let (undone, over) = (database.clone(), database.clone());
    post_rollback().connect(move |event| undone.note(&format!("undone: {}", event.cause)))?;
    completed().connect(move |event| over.note(&format!("{:?}", event.outcome)))?;
    defer!(database.clone().note("call"));
    Ok(())
}

#[commit_on_success]
fn stores(connection: &mut Connection) -> Result<(), AppError> {
    let database = connection.database().clone();
    listen(&database)?;
    before_commit!(flush(database.connection(), 11));
    before_commit!(flush(database.connection(), 12));
    Ok(connection.insert(1)?)
}

#[commit_on_success]
async fn stores_later(connection: &mut Connection) -> Result<(), AppError> {
    let database = connection.database().clone();
    listen(&database)?;
    before_commit!(flush_later(database.connection(), 11).await);
    before_commit!(flush_later(database.connection(), 12).await);
    Ok(connection.insert_later(1).await?)
}

fn run(flavour: Flavour, database: &Database) -> Result<(), AppError> {
    let mut connection = database.connection();
    match flavour {
        Flavour::Sync => stores(&mut connection),
        Flavour::Async => complete(stores_later(&mut connection)),
    }
}

/// A database that refuses the second row, which is that of the first call.
fn refusing(answer: Answer) -> Database {
    Database::new()
        .on(Step::Insert, Answer::Done)
        .on(Step::Insert, answer)
}

#[test]
fn the_error_of_one_rolls_back_and_says_where_it_was_registered() {
    for (flavour, function) in [(Flavour::Sync, "stores"), (Flavour::Async, "stores_later")] {
        let database = refusing(Answer::Failed);
        let Err(AppError::Transaction(error)) = run(flavour, &database) else {
            panic!("{database:?}");
        };
        assert_kind(&error, ErrorKind::BeforeCommit, function);
        assert_eq!(error.outcome(), Outcome::RolledBack);
        assert!(source_of(&error).is::<Scripted>(), "{error:?}");
        let place = error.location().unwrap();
        let line = source_line(include_str!("before_commit_failures.rs"), place.line());
        assert!(
            line.starts_with("before_commit!(flush") && line.contains("11"),
            "{line}"
        );
        assert!(error.to_string().ends_with(&place.to_string()), "{error}");
        let lines = [
            "insert 1",
            "insert 11",
            "rollback",
            "undone: the commit was refused",
            "RolledBack",
        ];
        assert_eq!(database.log()[2..], lines);
        assert!(database.durable().is_empty());
    }
}

#[test]
fn a_rollback_that_fails_behind_it_is_an_unknown_outcome_with_both_errors() {
    for flavour in Flavour::ALL {
        let database = refusing(Answer::Failed).on(Step::Rollback, Answer::Failed);
        let mut connection = database.connection();
        let Err(AppError::Transaction(error)) = run(flavour, &database) else {
            panic!("{database:?}");
        };
        assert_eq!(error.kind(), ErrorKind::Rollback);
        let both = source_of(&error);
        let refusal = both
            .source()
            .and_then(|source| source.downcast_ref::<Error>());
        assert_eq!(refusal.map(Error::kind), Some(ErrorKind::BeforeCommit));
        let _ = connection.insert(9);
    }
}

#[commit_on_success(attempts = 2, backoff = Duration::from_millis(1))]
fn twice(connection: &mut Connection) -> Result<(), AppError> {
    before_commit!(flush(connection.database().connection(), 11));
    defer!(connection.database().clone().note("call"));
    Ok(connection.insert(1)?)
}

#[commit_on_success(attempts = 2, backoff = Duration::from_millis(1))]
async fn twice_later(connection: &mut Connection) -> Result<(), AppError> {
    before_commit!(flush_later(connection.database().connection(), 11).await);
    defer!(connection.database().clone().note("call"));
    Ok(connection.insert_later(1).await?)
}

#[test]
fn one_that_fails_only_because_of_others_has_the_whole_block_run_again() {
    for flavour in Flavour::ALL {
        let database = refusing(Answer::Conflict);
        let mut connection = database.connection();
        match flavour {
            Flavour::Sync => twice(&mut connection).unwrap(),
            Flavour::Async => complete(twice_later(&mut connection)).unwrap(),
        }
        let attempt = ["begin", "insert 1", "insert 11"];
        let log = [
            &["acquire"],
            &attempt[..],
            &["rollback"],
            &attempt,
            &["commit", "call"],
        ];
        assert_eq!(database.log(), log.concat());
        assert_eq!(database.durable(), [1, 11]);
    }
}

#[test]
fn one_that_has_the_database_roll_back_is_undone_and_has_the_block_run_again() {
    let database = refusing(Answer::Deadlock);
    let Err(AppError::Transaction(error)) = run(Flavour::Sync, &database) else {
        panic!("{database:?}");
    };
    assert_kind(&error, ErrorKind::BeforeCommit, "stores");

    let database = refusing(Answer::Deadlock);
    twice(&mut database.connection()).unwrap();
    assert_eq!(database.count("begin"), 2);
    assert_eq!(
        (database.durable(), database.count("call")),
        (vec![1, 11], 1)
    );
}

/// Returns after it has registered a call that panics, between two others.
fn register_a_panic(database: &Database, journal: &Journal) {
    let (first, last) = (database.connection(), database.connection());
    before_commit!(flush(first, 11));
    let witness = journal.witness("dropped");
    before_commit!(move || -> () {
        witness.here();
        assert!(in_transaction());
        resume_unwind(Box::new("before"))
    });
    let witness = journal.witness("dropped");
    before_commit!(move || {
        witness.ran();
        flush(last, 13)
    });
}

#[commit_on_success]
fn panics(connection: &mut Connection, journal: &Journal) -> Result<(), AppError> {
    listen(connection.database())?;
    register_a_panic(connection.database(), journal);
    Ok(())
}

#[commit_on_success]
async fn panics_later(connection: &mut Connection, journal: &Journal) -> Result<(), AppError> {
    listen(connection.database())?;
    register_a_panic(connection.database(), journal);
    Ok(())
}

#[test]
fn a_panic_of_one_rolls_back_and_goes_on_in_the_function_and_the_rest_is_dropped() {
    for flavour in Flavour::ALL {
        let (database, journal) = (Database::new(), Journal::default());
        let mut connection = database.connection();
        let panicked = catch_unwind(AssertUnwindSafe(|| match flavour {
            Flavour::Sync => panics(&mut connection, &journal),
            Flavour::Async => complete(panics_later(&mut connection, &journal)),
        }));
        assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"before"));
        assert_eq!(journal.lines(), ["dropped", "dropped"]);
        assert!(database.durable().is_empty() && !database.left_open());
        let log = database.log();
        assert_eq!(log[2], "insert 11");
        assert_eq!(
            log[log.len() - 2..],
            ["undone: the body panicked", "RolledBack"]
        );
        assert_eq!(database.count("call"), 0);
    }
}

/// Panics when it is dropped.
struct Trap(Journal);

impl Drop for Trap {
    fn drop(&mut self) {
        self.0.note("trap");
        resume_unwind(Box::new("trap"));
    }
}

#[commit_on_success]
fn traps(connection: &mut Connection, journal: &Journal) -> Result<(), AppError> {
    before_commit!(move || -> () { resume_unwind(Box::new("before")) });
    for _ in 0..2 {
        let trap = Trap(journal.clone());
        before_commit!(move || drop(trap));
    }
    Ok(connection.insert(1)?)
}

#[test]
fn captures_that_panic_when_they_are_dropped_do_not_abort_the_process() {
    let (database, journal) = (Database::new(), Journal::default());
    let mut connection = database.connection();
    let panicked = catch_unwind(AssertUnwindSafe(|| traps(&mut connection, &journal)));
    assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"before"));
    assert_eq!(journal.lines(), ["trap", "trap"]);
    assert!(database.durable().is_empty());
}

#[commit_on_success]
fn awaits_nothing(connection: &mut Connection) -> Result<(), AppError> {
    connection.insert(1)?;
    let database = connection.database().clone();
    complete(async { before_commit!(database.note_later("never").await) });
    Ok(())
}

#[commit_on_success]
fn blocks_on(connection: &mut Connection) -> Result<(), AppError> {
    complete(stores_later(connection))
}

#[test]
fn an_async_call_that_a_sync_function_cannot_await_rolls_it_back() {
    for (function, inner) in [
        (awaits_nothing as fn(&mut _) -> _, false),
        (blocks_on, true),
    ] {
        let database = Database::new();
        let refused = function(&mut database.connection());
        let Err(AppError::Transaction(error)) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(error.kind(), ErrorKind::RollbackOnly);
        let why = error.rollback_only();
        assert!(
            matches!(why, Some(RollbackOnly::AsyncCall { .. })),
            "{error:?}"
        );
        assert!(database.durable().is_empty());
        assert_eq!(database.count("insert 11"), 0);
        assert_eq!(
            database.count("undone: the commit was refused"),
            usize::from(inner)
        );
    }
}

#[derive(Debug, thiserror::Error)]
enum Kept {
    #[error("wrong password")]
    WrongPassword,
    #[error("transaction: {0}")]
    Transaction(#[from] Error),
}

#[commit_on_success(no_rollback_for = |error| matches!(error, Kept::WrongPassword))]
fn log_in(connection: &mut Connection) -> Result<(), Kept> {
    before_commit!(flush(connection.database().connection(), 11));
    Err(Kept::WrongPassword)
}

#[test]
fn an_error_that_commits_has_them_run_and_is_not_what_is_returned_if_one_fails() {
    let database = Database::new();
    let kept = log_in(&mut database.connection());
    assert!(matches!(kept, Err(Kept::WrongPassword)), "{kept:?}");
    assert_eq!(database.durable(), [11]);

    let database = Database::new().on(Step::Insert, Answer::Failed);
    let refused = log_in(&mut database.connection());
    let Err(Kept::Transaction(error)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(error.kind(), ErrorKind::BeforeCommit);
    assert!(database.durable().is_empty());
}
