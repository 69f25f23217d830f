//! Handlers of every ending, on a driver that does as it is told.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use commit_on_success::signals::{completed, post_commit, post_rollback};
use commit_on_success::{Outcome, commit_on_success, defer, in_transaction};
use commit_on_success_tests::polling::{Cut, complete, drop_after, sweep};
use commit_on_success_tests::scripted::{Answer, AppError, Connection, Database, End, Step};

/// Writes every ending of the block that is open here into the database's log.
fn listen(database: &Database, name: &'static str) {
    let database = database.clone();
    completed()
        .connect(move |event| {
            assert!(!in_transaction());
            assert_eq!(event.cause.is_some(), event.outcome == Outcome::RolledBack);
            let function = event.site.function().trim_end_matches("_later");
            database.note(&format!(
                "{name}: {function} {:?}, {}",
                event.outcome, event.nesting
            ));
        })
        .unwrap();
}

/// Handlers that run before those of every end.
fn connect_others(database: &Database) {
    let (committed, rolled_back) = (database.clone(), database.clone());
    post_commit()
        .connect(move |_| committed.note("committed"))
        .unwrap();
    post_rollback()
        .connect(move |_| rolled_back.note("rolled back"))
        .unwrap();
}

#[commit_on_success]
fn block(connection: &mut Connection, how: End) -> Result<(), AppError> {
    let database = connection.database().clone();
    listen(&database, "first");
    let call = database.clone();
    defer!(call.note("call"));
    connect_others(&database);
    listen(&database, "second");
    connection.insert(1)?;
    how.now("no")
}

#[commit_on_success]
async fn block_later(connection: &mut Connection, how: End) -> Result<(), AppError> {
    let database = connection.database().clone();
    listen(&database, "first");
    let call = database.clone();
    defer!(call.note_later("call").await);
    connect_others(&database);
    listen(&database, "second");
    connection.insert_later(1).await?;
    how.now("no")
}

/// What was told, in order, of a block in both forms.
fn told(database: impl Fn() -> Database, how: End) -> Vec<String> {
    let of = |database: &Database| -> Vec<String> {
        let log = database.log().into_iter();
        log.filter(|line| {
            let is_call = ["call", "committed", "rolled back"].contains(&&**line);
            is_call || line.contains(": block ")
        })
        .collect()
    };
    let sync = database();
    let _ = catch_unwind(AssertUnwindSafe(|| block(&mut sync.connection(), how)));
    let other = database();
    let _ = catch_unwind(AssertUnwindSafe(|| {
        complete(block_later(&mut other.connection(), how))
    }));
    assert_eq!(of(&sync), of(&other), "{how:?}");
    assert!(!sync.left_open() && !other.left_open());
    of(&sync)
}

#[test]
fn every_ending_is_told_once_after_all_others() {
    let committed = [
        "call",
        "committed",
        "first: block Committed, 0",
        "second: block Committed, 0",
    ];
    assert_eq!(told(Database::new, End::Ok), committed);
    let rolled_back = [
        "rolled back",
        "first: block RolledBack, 0",
        "second: block RolledBack, 0",
    ];
    for how in [End::Err, End::SetRollback, End::Panic] {
        assert_eq!(told(Database::new, how), rolled_back, "{how:?}");
    }
    for answer in [Answer::Refused, Answer::Aborted, Answer::RolledBack] {
        let database = || Database::new().on(Step::Commit, answer);
        assert_eq!(told(database, End::Ok), rolled_back, "{answer:?}");
    }
    let unknown = ["first: block Unknown, 0", "second: block Unknown, 0"];
    for answer in [Answer::Lost, Answer::LostButDone, Answer::Ended] {
        let database = || Database::new().on(Step::Commit, answer);
        assert_eq!(told(database, End::Ok), unknown, "{answer:?}");
    }
}

#[test]
fn they_run_when_the_connection_is_given_back() {
    #[commit_on_success(tx = &database.pool())]
    fn pooled(database: &Database, how: End) -> Result<(), AppError> {
        listen(database, "pooled");
        tx.insert(1)?;
        how.now("no")
    }

    for (how, answer) in [
        (End::Ok, Answer::Done),
        (End::Err, Answer::Done),
        (End::Ok, Answer::Lost),
    ] {
        let database = Database::new().on(Step::Commit, answer);
        let _ = pooled(&database, how);
        let log = database.log();
        let last = log.last().unwrap();
        assert!(last.starts_with("pooled: pooled "), "{log:?}");
    }
}

#[test]
fn a_future_that_is_dropped_anywhere_tells_of_one_ending_of_each_block() {
    sweep(|polls| {
        let database = Database::new().pausing(1);
        let mut connection = database.connection();
        let done = drop_after(block_later(&mut connection, End::Ok), polls);
        let log = database.log();
        let of = |name: &str| log.iter().filter(|line| line.starts_with(name)).count();
        // Before the body has run there is no handler.
        let connected = usize::from(
            log.iter()
                .any(|line| line.starts_with("insert") || line.contains(": block ")),
        );
        assert_eq!(
            [of("first: "), of("second: ")],
            [connected; 2],
            "{polls}: {log:?}"
        );
        let stored = database.durable() == [1];
        if of("first: block Committed") == 1 {
            assert!(stored, "{polls}: {log:?}");
        }
        if of("first: block RolledBack") == 1 {
            assert!(!stored, "{polls}: {log:?}");
        }
        Cut::of(done.as_ref())
    });
}

#[commit_on_success]
fn outer(connection: &mut Connection, how: End, inner: End) -> Result<(), AppError> {
    listen(&connection.database().clone(), "outer");
    let _ = nested(connection, inner);
    how.now("no")
}

#[commit_on_success]
fn nested(connection: &mut Connection, how: End) -> Result<(), AppError> {
    listen(&connection.database().clone(), "nested");
    connection.insert(2)?;
    how.now("no")
}

#[test]
fn a_nested_block_ends_when_it_is_rolled_back_or_with_the_outermost_one() {
    for (how, inner, expected) in [
        (
            End::Ok,
            End::Ok,
            ["outer: outer Committed, 0", "nested: outer Committed, 1"],
        ),
        (
            End::Err,
            End::Ok,
            ["outer: outer RolledBack, 0", "nested: outer RolledBack, 0"],
        ),
        (
            End::Ok,
            End::Err,
            ["nested: nested RolledBack, 1", "outer: outer Committed, 0"],
        ),
        (
            End::Err,
            End::Err,
            ["nested: nested RolledBack, 1", "outer: outer RolledBack, 0"],
        ),
    ] {
        let database = Database::new();
        let _ = outer(&mut database.connection(), how, inner);
        let log = database.log().into_iter();
        let told: Vec<_> = log
            .filter(|line| line.contains("er: ") || line.contains("ed: "))
            .collect();
        assert_eq!(told, expected, "{how:?} {inner:?}");
    }
}

#[commit_on_success]
fn fails_at_its_end(connection: &mut Connection, how: End) -> Result<(), AppError> {
    completed()
        .connect(|_| Err::<(), _>("the lock is lost"))
        .unwrap();
    connection.insert(1)?;
    how.now("no")
}

#[test]
fn a_handler_that_fails_is_the_callers_after_a_commit_only() {
    let error = fails_at_its_end(&mut Database::new().connection(), End::Ok).unwrap_err();
    let AppError::Transaction(error) = error else {
        panic!("{error:?}")
    };
    assert_eq!(error.outcome(), Outcome::Committed);
    assert!(
        error.to_string().ends_with("failed: the lock is lost"),
        "{error}"
    );
    let error = fails_at_its_end(&mut Database::new().connection(), End::Err).unwrap_err();
    assert!(matches!(error, AppError::Body("no")), "{error:?}");
}

#[test]
fn one_that_is_disconnected_is_not_told() {
    #[commit_on_success]
    fn disconnects(connection: &mut Connection) -> Result<(), AppError> {
        let database = connection.database().clone();
        let receiver = completed().connect(move |_| database.note("told")).unwrap();
        assert!(receiver.disconnect());
        Ok(connection.insert(1)?)
    }

    let database = Database::new();
    disconnects(&mut database.connection()).unwrap();
    assert_eq!(database.count("told"), 0);
}
