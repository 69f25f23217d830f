//! What observers are told of transactions, of handlers, and of what nobody else hears.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Once;

use commit_on_success::signals::{Committed, RolledBack, post_commit, post_rollback};
use commit_on_success::{
    __private, Event, Observer, Options, Propagation, Site, add_observer, commit_on_success, defer,
    events,
};
use commit_on_success_tests::journal::{Failure, source_line};
use commit_on_success_tests::polling::{Cut, complete, drop_after, sweep};
use commit_on_success_tests::scripted::{
    Answer, AppError, Connection, Database, End, Flavour, Place, Program, Step,
};
use sqlx::Connection as _;

thread_local! {
    // A test runs on one thread, and what happens is told on the thread where it happens.
    static SEEN: RefCell<Vec<Seen>> = const { RefCell::new(Vec::new()) };
}

#[derive(Clone, Debug, PartialEq)]
struct Seen {
    /// Of a transaction; zero of anything else.
    id: u64,
    line: String,
}

fn saw(id: u64, line: String) {
    SEEN.with_borrow_mut(|seen| seen.push(Seen { id, line }));
}

/// For handlers and calls.
fn note(line: &str) {
    saw(0, line.to_owned());
}

/// What was told since the last time, and what was noted.
fn told() -> Vec<Seen> {
    SEEN.take()
}

fn lines() -> Vec<String> {
    told().into_iter().map(|seen| seen.line).collect()
}

struct Recorder;

impl Recorder {
    fn transaction(event: &Event, what: &str) {
        let Event {
            nesting, deferred, ..
        } = event;
        let function = event.site.function();
        saw(
            event.id,
            format!("{what} {function}, nesting {nesting}, deferred {deferred}"),
        );
    }
}

impl Observer for Recorder {
    fn begun(&self, event: &Event) {
        Self::transaction(event, "begun");
    }

    fn committed(&self, event: &Event) {
        Self::transaction(event, "committed");
    }

    fn released(&self, event: &Event) {
        Self::transaction(event, "released");
    }

    fn rolled_back(&self, event: &events::RolledBack<'_>) {
        let (event, cause) = (event.transaction, event.cause);
        Self::transaction(event, &format!("rolled back ({cause:?})"));
    }

    fn unknown(&self, event: &Event) {
        Self::transaction(event, "unknown");
    }

    fn handler_failed(&self, event: &events::HandlerFailed<'_>) {
        let failure = event.failure;
        let line = source_line(include_str!("observers.rs"), failure.location().line());
        note(&format!("failed: {line}"));
    }

    fn rollback_failed(&self, event: &events::RollbackFailed<'_>) {
        let (site, error) = (event.site, event.error);
        note(&format!("rollback of {} failed: {error}", site.function()));
    }
}

fn observe() {
    static ADDED: Once = Once::new();
    ADDED.call_once(|| add_observer(Recorder));
    SEEN.take();
}

/// For each transaction that has begun, one end, after it, by the same function.
#[track_caller]
fn each_begun_has_one_end(seen: &[Seen], what: &dyn std::fmt::Debug) {
    let mut ids: Vec<_> = seen.iter().map(|seen| seen.id).collect();
    ids.sort_unstable();
    ids.dedup();
    for id in ids.into_iter().filter(|id| *id != 0) {
        let mut lines = seen.iter().filter(|seen| seen.id == id).map(|seen| {
            let (head, _) = seen.line.split_once(", nesting").unwrap();
            head.rsplit_once(' ').unwrap()
        });
        let (begun, function) = lines.next().unwrap();
        assert_eq!(begun, "begun", "{what:?} {seen:?}");
        let (ended, same) = lines
            .next()
            .unwrap_or_else(|| panic!("no end: {what:?} {seen:?}"));
        assert_ne!(ended, "begun", "{what:?} {seen:?}");
        assert_eq!(function, same, "{what:?} {seen:?}");
        assert_eq!(lines.next(), None, "{what:?} {seen:?}");
    }
}

#[commit_on_success]
fn outer(connection: &mut Connection, outer: End, inner: End) -> Result<(), AppError> {
    connect("outer");
    defer!(note("call of outer"));
    let _ = catch_unwind(AssertUnwindSafe(|| nested(connection, inner)));
    outer.now("no")
}

#[commit_on_success]
fn nested(connection: &mut Connection, how: End) -> Result<(), AppError> {
    connection.insert(1)?;
    connect("nested");
    defer!(note("call of nested"));
    how.now("no")
}

fn connect(name: &'static str) {
    post_commit()
        .connect(move |_: &Committed| note(&format!("commit handler of {name}")))
        .unwrap();
    post_rollback()
        .connect(move |_: &RolledBack| note(&format!("rollback handler of {name}")))
        .unwrap();
}

fn run(outer_end: End, inner_end: End) -> Vec<String> {
    observe();
    let mut connection = Database::new().connection();
    let run = || outer(&mut connection, outer_end, inner_end);
    let _ = catch_unwind(AssertUnwindSafe(run));
    let seen = told();
    each_begun_has_one_end(&seen, &(outer_end, inner_end));
    seen.into_iter().map(|seen| seen.line).collect()
}

#[test]
fn commits_are_told_before_handlers_and_deferred_calls_run() {
    assert_eq!(
        run(End::Ok, End::Ok),
        [
            "begun outer, nesting 0, deferred 0",
            "begun nested, nesting 1, deferred 0",
            "released nested, nesting 1, deferred 1",
            "committed outer, nesting 0, deferred 2",
            "commit handler of outer",
            "call of outer",
            "commit handler of nested",
            "call of nested",
        ]
    );
}

#[test]
fn rollbacks_are_told_with_their_cause_before_handlers_run() {
    for (how, cause) in [
        (End::Err, "Error"),
        (End::SetRollback, "Requested"),
        (End::Panic, "Panic"),
    ] {
        let nested = format!("rolled back ({cause}) nested, nesting 1, deferred 1");
        assert_eq!(
            run(End::Ok, how),
            [
                "begun outer, nesting 0, deferred 0",
                "begun nested, nesting 1, deferred 0",
                &nested,
                "rollback handler of nested",
                "committed outer, nesting 0, deferred 1",
                "commit handler of outer",
                "call of outer",
            ]
        );
        let outer = format!("rolled back ({cause}) outer, nesting 0, deferred 2");
        assert_eq!(
            run(how, End::Ok),
            [
                "begun outer, nesting 0, deferred 0",
                "begun nested, nesting 1, deferred 0",
                "released nested, nesting 1, deferred 1",
                &outer,
                "rollback handler of outer",
                "rollback handler of nested",
            ]
        );
    }
}

#[test]
fn a_refused_commit_is_a_rollback_and_an_unknown_one_is_unknown() {
    for (answer, expected) in [
        (Answer::Refused, "rolled back (CommitFailed)"),
        (Answer::Aborted, "rolled back (CommitFailed)"),
        (Answer::RolledBack, "rolled back (CommitFailed)"),
        (Answer::Lost, "unknown"),
        (Answer::LostButDone, "unknown"),
        (Answer::Ended, "unknown"),
    ] {
        observe();
        let database = Database::new().on(Step::Commit, answer);
        nested(&mut database.connection(), End::Ok).unwrap_err();
        let mut expected = vec![
            "begun nested, nesting 0, deferred 0".to_owned(),
            format!("{expected} nested, nesting 0, deferred 1"),
        ];
        if expected[1].starts_with("rolled back") {
            expected.push("rollback handler of nested".to_owned());
        }
        assert_eq!(lines(), expected, "{answer:?}");
    }
}

#[test]
fn transactions_that_do_not_begin_are_not_told() {
    observe();
    for step in [Step::Acquire, Step::Begin] {
        let database = Database::new().on(step, Answer::Failed);
        nested(&mut database.connection(), End::Ok).unwrap_err();
        assert_eq!(lines(), [""; 0], "{step:?}");
    }
    let database = Database::new().on(Step::Savepoint, Answer::Failed);
    outer(&mut database.connection(), End::Ok, End::Ok).unwrap();
    assert!(lines().iter().all(|line| !line.contains("nested")));
}

const ENDS: [End; 4] = [End::Ok, End::Err, End::SetRollback, End::Panic];

const STEPS: [Step; 7] = [
    Step::Begin,
    Step::Insert,
    Step::Savepoint,
    Step::Release,
    Step::RollbackTo,
    Step::Commit,
    Step::Rollback,
];

const ANSWERS: [Answer; 8] = [
    Answer::Failed,
    Answer::HalfDone,
    Answer::Refused,
    Answer::Aborted,
    Answer::RolledBack,
    Answer::Ended,
    Answer::Lost,
    Answer::LostButDone,
];

/// Runs all programs with every step that is answered so, and returns how many blocks began.
fn programs(answers: &[Answer]) -> usize {
    observe();
    let mut blocks = 0;
    let ends = ENDS.iter().flat_map(|end| ENDS.map(|other| (*end, other)));
    let scripts: Vec<_> = STEPS
        .iter()
        .flat_map(|step| answers.iter().map(|answer| (*step, *answer)))
        .collect();
    let places = [Place::Connection, Place::Pool];
    for (inner, outer) in ends {
        for (step, answer) in &scripts {
            for (flavour, place) in Flavour::ALL
                .iter()
                .flat_map(|flavour| places.map(|place| (*flavour, place)))
            {
                let database = Database::new().on(*step, *answer);
                let _ = Program::nested(inner, outer).run(flavour, place, &database);
                let seen = told();
                let what = (inner, outer, step, answer, flavour, place);
                each_begun_has_one_end(&seen, &what);
                blocks += seen.iter().filter(|seen| seen.id != 0).count() / 2;
            }
        }
    }
    blocks
}

#[test]
fn whatever_fails_each_block_that_began_is_told_one_end() {
    let blocks = programs(&ANSWERS);
    assert!(blocks > 5000, "{blocks}");
}

#[test]
fn a_driver_that_panics_leaves_no_block_without_its_end() {
    let blocks = programs(&[Answer::Panic]);
    assert!(blocks > 500, "{blocks}");
}

#[commit_on_success]
async fn outer_later(connection: &mut Connection) -> Result<(), AppError> {
    connect("outer");
    nested_later(connection).await?;
    connection.insert_later(2).await?;
    Ok(())
}

#[commit_on_success]
async fn nested_later(connection: &mut Connection) -> Result<(), AppError> {
    connect("nested");
    connection.insert_later(1).await?;
    Ok(())
}

#[test]
fn wherever_a_future_is_dropped_each_block_that_began_is_told_one_end() {
    observe();
    let (mut cancelled, mut unknown) = (0, 0);
    let points = sweep(|point| {
        let database = Database::new().pausing(1);
        let mut connection = database.connection();
        let output = drop_after(outer_later(&mut connection), point);
        let seen = told();
        each_begun_has_one_end(&seen, &point);
        let count = |what: &str| {
            let lines = seen.iter().filter(|seen| seen.line.starts_with(what));
            lines.count()
        };
        cancelled += count("rolled back (Cancelled)");
        unknown += count("unknown");
        let first_handler = seen.iter().position(|seen| seen.line.contains("handler"));
        let first_end = seen.iter().position(|seen| {
            seen.line.starts_with("rolled back") || seen.line.starts_with("committed")
        });
        assert!(first_handler.is_none() || first_end < first_handler);
        Cut::of(output.as_ref())
    });
    assert!(points > 10, "{points}");
    assert!(cancelled > 5, "{cancelled}");
    assert_eq!(unknown, 2, "while COMMIT is in flight");
}

/// Leaves a transaction open in a call that waits.
#[commit_on_success]
async fn misbehaving(connection: &mut Connection) -> Result<(), AppError> {
    let database = connection.database().clone();
    defer!(async move {
        database.raw_begin();
        database.note_later("call").await;
    });
    Ok(())
}

#[test]
fn what_was_committed_is_told_no_other_end_when_its_calls_are_cancelled() {
    observe();
    let mut committed = 0;
    let points = sweep(|point| {
        let database = Database::new().pausing(1);
        let mut connection = database.connection();
        let output = drop_after(misbehaving(&mut connection), point);
        let seen = told();
        each_begun_has_one_end(&seen, &point);
        let told = |seen: &Seen| seen.line.starts_with("committed");
        committed += usize::from(seen.iter().any(told));
        Cut::of(output.as_ref())
    });
    assert_eq!(points, 11);
    // Dropped in the call, in the rollback behind it, and not at all.
    assert_eq!(committed, 2 + 2 + 1);
}

static JOINED: Site = Site {
    function: "joined",
    module: "observers",
    file: file!(),
    line: line!(),
    column: 1,
};

#[commit_on_success]
fn joined_by(connection: &mut Connection, fails: bool) -> Result<(), AppError> {
    let options = Options::new().propagation(Propagation::Required);
    let mut scope = __private::begin(&mut *connection, &JOINED, options)?;
    let (handle, running) = scope.enter();
    let mut returned = running.run(|| {
        handle.insert(1)?;
        if fails {
            return Err(AppError::Body("fails"));
        }
        Ok(())
    });
    // What the body says is kept from the block around it.
    returned.__commit_or_rollback(&mut scope)?.or(Ok(()))
}

#[test]
fn a_block_that_has_joined_another_is_told_one_end_as_well() {
    for fails in [false, true] {
        observe();
        let ended = joined_by(&mut Database::new().connection(), fails);
        assert_eq!(ended.is_err(), fails);
        let seen = told();
        assert_eq!(seen[1].line, "begun joined, nesting 1, deferred 0");
        each_begun_has_one_end(&seen, &fails);
    }
}

#[test]
fn every_transaction_has_an_identity_of_its_own() {
    observe();
    let database = Database::new();
    let mut connection = database.connection();
    for _ in 0..3 {
        nested(&mut connection, End::Ok).unwrap();
    }
    let mut ids: Vec<_> = told().into_iter().map(|seen| seen.id).collect();
    ids.retain(|id| *id != 0);
    assert_eq!(ids.len(), 6);
    ids.dedup();
    assert_eq!(ids.len(), 3);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[commit_on_success]
fn handlers_fail(connection: &mut Connection, fails: bool) -> Result<(), AppError> {
    connection.insert(1)?;
    defer!(refuse("a call"));
    post_commit().connect(|_| refuse("a handler")).unwrap();
    defer!(panic_softly());
    post_rollback().connect(|_| refuse("a handler")).unwrap();
    post_rollback().connect(|_| panic_softly()).unwrap();
    if fails { End::Err } else { End::Ok }.now("no")
}

fn refuse(what: &'static str) -> Result<(), &'static str> {
    note("ran");
    Err(what)
}

fn panic_softly() {
    note("ran");
    resume_unwind(Box::new("softly"))
}

#[test]
fn failing_and_panicking_handlers_are_told_once_each_after_the_commit() {
    observe();
    let mut connection = Database::new().connection();
    let run = || handlers_fail(&mut connection, false);
    catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    let mut lines = lines();
    assert_eq!(
        lines[..2],
        [
            "begun handlers_fail, nesting 0, deferred 0",
            "committed handlers_fail, nesting 0, deferred 2",
        ]
    );
    lines.retain(|line| line.starts_with("failed"));
    assert_eq!(
        lines,
        [
            "failed: defer!(refuse(\"a call\"));",
            "failed: post_commit().connect(|_| refuse(\"a handler\")).unwrap();",
            "failed: defer!(panic_softly());",
        ]
    );
}

// promise 5
#[test]
fn rollback_handlers_that_fail_are_told_to_observers_only() {
    observe();
    let mut connection = Database::new().connection();
    let error = handlers_fail(&mut connection, true).unwrap_err();
    assert!(matches!(error, AppError::Body("no")), "{error:?}");
    assert_eq!(
        lines(),
        [
            "begun handlers_fail, nesting 0, deferred 0",
            "rolled back (Error) handlers_fail, nesting 0, deferred 2",
            "ran",
            "failed: post_rollback().connect(|_| refuse(\"a handler\")).unwrap();",
            "ran",
            "failed: post_rollback().connect(|_| panic_softly()).unwrap();",
        ]
    );
}

#[test]
fn a_rollback_that_fails_is_told_with_its_function() {
    observe();
    let database = Database::new().on(Step::Rollback, Answer::Failed);
    let error = nested(&mut database.connection(), End::Err).unwrap_err();
    assert!(matches!(error, AppError::Body("no")), "{error:?}");
    let told = told();
    let failed = "rollback of nested failed: the script says Failed to Rollback";
    assert_eq!(told.iter().filter(|seen| seen.line == failed).count(), 1);
    each_begun_has_one_end(&told, &"a failed rollback");
}

thread_local! {
    static DRIVERS: RefCell<Vec<(&'static str, &'static str)>> = const { RefCell::new(Vec::new()) };
}

struct Drivers;

impl Observer for Drivers {
    fn committed(&self, event: &Event) {
        DRIVERS.with_borrow_mut(|drivers| drivers.push((event.site.function(), event.driver)));
    }
}

#[commit_on_success]
fn on_rusqlite(conn: &mut rusqlite::Connection) -> Result<(), Failure> {
    conn.execute_batch("CREATE TABLE item (id INTEGER PRIMARY KEY)")?;
    Ok(())
}

#[commit_on_success]
async fn on_sqlx_sqlite(conn: &mut sqlx::SqliteConnection) -> Result<(), Failure> {
    let table = "CREATE TABLE item (id INTEGER PRIMARY KEY)";
    sqlx::query(table).execute(conn).await?;
    Ok(())
}

#[tokio::test]
async fn the_event_names_the_driver() {
    add_observer(Drivers);
    on_rusqlite(&mut rusqlite::Connection::open_in_memory().unwrap()).unwrap();
    let mut conn = sqlx::SqliteConnection::connect("sqlite::memory:")
        .await
        .unwrap();
    on_sqlx_sqlite(&mut conn).await.unwrap();
    complete(outer_later(&mut Database::new().connection())).unwrap();
    let drivers = DRIVERS.take();
    let expected = [
        ("on_rusqlite", "rusqlite"),
        ("on_sqlx_sqlite", "sqlx-sqlite"),
    ];
    assert_eq!(drivers[..2], expected);
    assert_eq!(drivers.len(), 3);
}
