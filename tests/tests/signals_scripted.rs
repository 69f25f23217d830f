//! Handlers of commit and rollback: which run, when, in which order, and with what.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;

use commit_on_success::signals::{Committed, Receiver, RolledBack, post_commit, post_rollback};
use std::error::Error as _;

use commit_on_success::{
    ErrorKind, FailureKind, Outcome, RollbackOnly, commit_on_success, defer, in_transaction,
    pending, set_rollback,
};
use commit_on_success_tests::journal::{Journal, source_line};
use commit_on_success_tests::polling::{complete, drop_after, poll_once};
use commit_on_success_tests::scripted::{
    Answer, AppError, Connection, Database, Flavour, Pool, Step, pause,
};

/// Notes the name, and the function, nesting and number of calls of its event.
fn on_commit(database: &Database, name: &'static str) -> Receiver {
    let database = database.clone();
    let handler = move |event: &Committed| {
        assert!(!in_transaction());
        let function = event.site.function();
        let (nesting, deferred) = (event.nesting, event.deferred);
        database.note(&format!("! {name}: {function} {nesting} {deferred}"));
    };
    post_commit().connect(handler).unwrap()
}

/// Notes the name, and the function, nesting and cause of its event.
fn on_rollback(database: &Database, name: &'static str) -> Receiver {
    let database = database.clone();
    let handler = move |event: &RolledBack| {
        assert!(!in_transaction());
        let function = event.site.function();
        let (nesting, cause) = (event.nesting, event.cause);
        database.note(&format!("! {name}: {function} {nesting} {cause:?}"));
    };
    post_rollback().connect(handler).unwrap()
}

fn call(database: &Database, name: &'static str) {
    let database = database.clone();
    defer!(move || database.note(&format!("! {name}")));
}

/// What handlers and deferred calls have noted.
fn ran(database: &Database) -> Vec<String> {
    let lines = database.log().into_iter();
    lines
        .filter_map(|line| line.strip_prefix("! ").map(str::to_owned))
        .collect()
}

const NOTHING: [&str; 0] = [];

mod order {
    use super::*;

    #[commit_on_success]
    fn outer(connection: &mut Connection) -> Result<(), AppError> {
        let database = connection.database().clone();
        call(&database, "1");
        on_commit(&database, "2");
        inner(connection)?;
        on_commit(&database, "6");
        call(&database, "7");
        Ok(())
    }

    #[commit_on_success]
    fn inner(connection: &mut Connection) -> Result<(), AppError> {
        let database = connection.database().clone();
        on_commit(&database, "3");
        call(&database, "4");
        innermost(connection)
    }

    #[commit_on_success]
    fn innermost(connection: &mut Connection) -> Result<(), AppError> {
        on_commit(connection.database(), "5");
        Ok(())
    }

    // as deferred calls, in the same queue
    #[test]
    fn commit_handlers_and_deferred_calls_run_in_order_of_registration_across_levels() {
        let database = Database::new();
        outer(&mut database.connection()).unwrap();
        assert_eq!(
            database.log(),
            [
                "acquire",
                "begin",
                "acquire",
                "savepoint 1",
                "acquire",
                "savepoint 2",
                "release 2",
                "release 1",
                "commit",
                "! 1",
                "! 2: outer 0 3",
                "! 3: outer 1 3",
                "! 4",
                "! 5: outer 2 3",
                "! 6: outer 0 3",
                "! 7",
            ]
        );
    }

    #[commit_on_success]
    async fn outer_later(connection: &mut Connection) -> Result<(), AppError> {
        let database = connection.database().clone();
        defer!(database.clone().note_later("! 1").await);
        on_commit(&database, "2");
        inner_later(connection).await?;
        defer!(database.clone().note_later("! 5").await);
        on_commit(&database, "6");
        Ok(())
    }

    #[commit_on_success]
    async fn inner_later(connection: &mut Connection) -> Result<(), AppError> {
        let database = connection.database().clone();
        on_commit(&database, "3");
        pause(2).await;
        on_commit(&database, "4");
        Ok(())
    }

    #[test]
    fn commit_handlers_wait_for_the_async_calls_before_them() {
        let database = Database::new().pausing(2);
        complete(outer_later(&mut database.connection())).unwrap();
        let expected = [
            "1",
            "2: outer_later 0 2",
            "3: outer_later 1 2",
            "4: outer_later 1 2",
            "5",
            "6: outer_later 0 2",
        ];
        assert_eq!(ran(&database), expected);
    }

    #[commit_on_success]
    fn fails(connection: &mut Connection) -> Result<(), AppError> {
        let database = connection.database().clone();
        call(&database, "never");
        on_rollback(&database, "1");
        on_commit(&database, "never");
        on_rollback(&database, "2");
        inner_with_rollback(connection)?;
        on_rollback(&database, "4");
        Err(AppError::Body("no"))
    }

    #[commit_on_success]
    fn inner_with_rollback(connection: &mut Connection) -> Result<(), AppError> {
        on_rollback(connection.database(), "3");
        Ok(())
    }

    #[test]
    fn rollback_handlers_run_in_order_of_registration_those_of_released_blocks_too() {
        let database = Database::new();
        fails(&mut database.connection()).unwrap_err();
        assert_eq!(
            database.log(),
            [
                "acquire",
                "begin",
                "acquire",
                "savepoint 1",
                "release 1",
                "rollback",
                "! 1: fails 0 Error",
                "! 2: fails 0 Error",
                "! 3: fails 0 Error",
                "! 4: fails 0 Error",
            ]
        );
    }
}

mod events {
    use super::*;

    #[commit_on_success]
    fn committed(connection: &mut Connection, journal: Journal) -> Result<(), AppError> {
        connection.insert(1)?;
        let handler = move |event: &Committed| {
            journal.note(event.site.module());
            journal.note(event.site.file());
            journal.note(source_line(
                include_str!("signals_scripted.rs"),
                event.site.line(),
            ));
            let next = event.site.line() + 1;
            journal.note(source_line(include_str!("signals_scripted.rs"), next));
        };
        post_commit().connect(handler).unwrap();
        Ok(())
    }

    #[commit_on_success]
    fn undone(connection: &mut Connection, journal: Journal) -> Result<(), AppError> {
        connection.insert(1)?;
        let handler = move |event: &RolledBack| {
            journal.note(event.site.module());
            journal.note(event.site.file());
            journal.note(source_line(
                include_str!("signals_scripted.rs"),
                event.site.line(),
            ));
            let next = event.site.line() + 1;
            journal.note(source_line(include_str!("signals_scripted.rs"), next));
        };
        post_rollback().connect(handler).unwrap();
        Err(AppError::Body("no"))
    }

    #[test]
    fn the_event_says_where_the_attribute_is() {
        let journal = Journal::default();
        committed(&mut Database::new().connection(), journal.clone()).unwrap();
        undone(&mut Database::new().connection(), journal.clone()).unwrap_err();
        let place = ["signals_scripted::events", file!(), "#[commit_on_success]"];
        let line = "(connection: &mut Connection, journal: Journal) -> Result<(), AppError> {";
        let expected: Vec<String> = ["fn committed", "fn undone"]
            .into_iter()
            .flat_map(|function| {
                let head = place.map(str::to_owned).into_iter();
                head.chain([format!("{function}{line}")])
            })
            .collect();
        assert_eq!(journal.lines(), expected);
    }

    #[test]
    fn a_cause_says_what_happened() {
        use commit_on_success::signals::Cause;

        let texts = [
            Cause::Error,
            Cause::Panic,
            Cause::Cancelled,
            Cause::Requested,
            Cause::CommitFailed,
        ]
        .map(|cause| cause.to_string());
        let expected = [
            "the body returned an error",
            "the body panicked",
            "the future was dropped",
            "a rollback was requested",
            "the commit was refused",
        ];
        assert_eq!(texts, expected);
    }
}

mod nested {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Inner {
        Ok,
        Err,
        Requested,
        Panic,
    }

    #[commit_on_success]
    fn outer(connection: &mut Connection, how: Inner) -> Result<(), AppError> {
        let database = connection.database().clone();
        on_commit(&database, "outer committed");
        on_rollback(&database, "outer rolled back");
        let nested = catch_unwind(AssertUnwindSafe(|| inner(connection, how)));
        assert_eq!(nested.is_err(), how == Inner::Panic);
        connection.insert(3)?;
        Ok(())
    }

    #[commit_on_success]
    fn inner(connection: &mut Connection, how: Inner) -> Result<(), AppError> {
        let database = connection.database().clone();
        on_commit(&database, "inner committed");
        on_rollback(&database, "inner rolled back");
        connection.insert(2)?;
        match how {
            Inner::Ok => {}
            Inner::Err => return Err(AppError::Body("no")),
            Inner::Requested => set_rollback().unwrap(),
            Inner::Panic => resume_unwind(Box::new("body")),
        }
        Ok(())
    }

    #[test]
    fn only_the_handlers_of_the_savepoint_that_rolled_back_run_and_right_then() {
        for (how, cause) in [
            (Inner::Err, "Error"),
            (Inner::Requested, "Requested"),
            (Inner::Panic, "Panic"),
        ] {
            let database = Database::new();
            outer(&mut database.connection(), how).unwrap();
            let inner = format!("! inner rolled back: inner 1 {cause}");
            assert_eq!(
                database.log(),
                [
                    "acquire",
                    "begin",
                    "acquire",
                    "savepoint 1",
                    "insert 2",
                    "rollback to 1",
                    &inner,
                    "insert 3",
                    "commit",
                    "! outer committed: outer 0 0",
                ]
            );
        }
    }

    #[commit_on_success]
    fn outermost(connection: &mut Connection) -> Result<(), AppError> {
        middle(connection)
    }

    #[commit_on_success]
    fn middle(connection: &mut Connection) -> Result<(), AppError> {
        stored_apart(connection).unwrap_err();
        Ok(())
    }

    #[commit_on_success]
    fn stored_apart(connection: &mut Connection) -> Result<(), AppError> {
        let database = connection.database().clone();
        let apart = move |_: &RolledBack| stored(&mut database.connection());
        post_rollback().connect(apart).unwrap();
        Err(AppError::Body("no"))
    }

    #[commit_on_success]
    fn stored(connection: &mut Connection) -> Result<(), AppError> {
        Ok(connection.insert(1)?)
    }

    // A database in which it had the name of an open savepoint could roll back to the wrong one.
    #[test]
    fn a_block_in_a_rollback_handler_has_a_savepoint_inside_those_that_are_open() {
        let database = Database::new();
        outermost(&mut database.connection()).unwrap();
        let mut log = database.log();
        log.retain(|line| line != "acquire");
        // A name of its own: blocks are open that it cannot see.
        let own = log[4].strip_prefix("savepoint ").unwrap().to_owned();
        assert!(!["1", "2"].contains(&&*own), "{log:?}");
        assert_eq!(
            log,
            [
                "begin",
                "savepoint 1",
                "savepoint 2",
                "rollback to 2",
                &format!("savepoint {own}"),
                "insert 1",
                &format!("release {own}"),
                "release 1",
                "commit",
            ]
        );
        assert_eq!(database.durable(), [1]);
    }

    #[test]
    fn a_refused_release_runs_the_rollback_handlers_of_that_savepoint() {
        let database = Database::new().on(Step::Release, Answer::Refused);
        outer(&mut database.connection(), Inner::Ok).unwrap();
        let expected = [
            "inner rolled back: inner 1 CommitFailed",
            "outer committed: outer 0 0",
        ];
        assert_eq!(ran(&database), expected);
    }

    #[test]
    fn an_unknown_release_runs_no_handler_of_the_savepoint_and_the_outer_rolls_back() {
        let database = Database::new().on(Step::Release, Answer::LostButDone);
        outer(&mut database.connection(), Inner::Ok).unwrap_err();
        assert_eq!(database.durable(), [0_i64; 0]);
        assert_eq!(ran(&database), ["outer rolled back: outer 0 CommitFailed"]);
    }

    #[test]
    fn handlers_handed_over_by_a_released_savepoint_hear_of_the_outer_end() {
        let database = Database::new();
        outer(&mut database.connection(), Inner::Ok).unwrap();
        let expected = ["outer committed: outer 0 0", "inner committed: outer 1 0"];
        assert_eq!(ran(&database), expected);

        let database = Database::new().on(Step::Commit, Answer::Refused);
        outer(&mut database.connection(), Inner::Ok).unwrap_err();
        let expected = [
            "outer rolled back: outer 0 CommitFailed",
            "inner rolled back: outer 0 CommitFailed",
        ];
        assert_eq!(ran(&database), expected);
    }

    #[commit_on_success]
    async fn outer_later(connection: &mut Connection) -> Result<(), AppError> {
        let database = connection.database().clone();
        on_rollback(&database, "outer rolled back");
        {
            let mut nested = pin!(inner_later(connection));
            while database.count("insert 2") == 0 {
                assert!(poll_once(nested.as_mut()).is_pending());
            }
        }
        database.note("dropped");
        Ok(())
    }

    #[commit_on_success]
    async fn inner_later(connection: &mut Connection) -> Result<(), AppError> {
        on_rollback(connection.database(), "inner rolled back");
        connection.insert_later(2).await?;
        Ok(())
    }

    #[test]
    fn a_nested_future_that_is_dropped_runs_its_handlers_in_that_drop() {
        let database = Database::new().pausing(1);
        let error = complete(outer_later(&mut database.connection())).unwrap_err();
        let AppError::Transaction(error) = error else {
            panic!("{error:?}")
        };
        assert_eq!(error.rollback_only(), Some(RollbackOnly::NestedCancelled));
        assert_eq!(
            database.log(),
            [
                "acquire",
                "begin",
                "acquire",
                "savepoint 1",
                "insert 2",
                "abandon nested",
                "! inner rolled back: inner_later 1 Cancelled",
                "dropped",
                "rollback",
                "! outer rolled back: outer_later 0 CommitFailed",
            ]
        );
    }

    #[commit_on_success]
    fn with_another(
        connection: &mut Connection,
        other: &Database,
        fails: bool,
    ) -> Result<(), AppError> {
        let database = connection.database().clone();
        call(&database, "outer");
        on_commit(&database, "outer committed");
        on_rollback(&database, "outer rolled back");
        let waiting = pending();
        let _ = independent(&other.pool(), &database, fails);
        assert!(in_transaction());
        assert_eq!(pending(), waiting);
        database.note("! independent ended");
        Ok(())
    }

    #[commit_on_success(tx = pool)]
    fn independent(pool: &Pool, outer: &Database, fails: bool) -> Result<(), AppError> {
        tx.insert(1)?;
        on_commit(outer, "independent committed");
        on_rollback(outer, "independent rolled back");
        if fails {
            return Err(AppError::Body("no"));
        }
        Ok(())
    }

    #[test]
    fn handlers_belong_to_the_innermost_open_block_also_on_another_connection() {
        let database = Database::new();
        with_another(&mut database.connection(), &Database::new(), false).unwrap();
        let expected = [
            "independent committed: independent 0 0",
            "independent ended",
            "outer",
            "outer committed: with_another 0 1",
        ];
        assert_eq!(ran(&database), expected);

        let database = Database::new();
        with_another(&mut database.connection(), &Database::new(), true).unwrap();
        let expected = [
            "independent rolled back: independent 0 Error",
            "independent ended",
            "outer",
            "outer committed: with_another 0 1",
        ];
        assert_eq!(ran(&database), expected);
    }
}

mod outside {
    use super::*;

    fn connects() -> [bool; 2] {
        let connected = [
            post_commit().connect(|_| ()).map(drop),
            post_rollback().connect(|_| ()).map(drop),
        ];
        connected.map(|connected| match connected {
            Ok(()) => true,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::NotInTransaction);
                false
            }
        })
    }

    #[test]
    fn connecting_is_an_error_and_drops_the_handler() {
        let journal = Journal::default();
        let witness = journal.witness("dropped");
        post_commit().connect(move |_| witness.here()).unwrap_err();
        assert_eq!(journal.lines(), ["dropped"]);
        let witness = journal.witness("dropped too");
        post_rollback()
            .connect(move |_| witness.here())
            .unwrap_err();
        assert_eq!(journal.lines(), ["dropped", "dropped too"]);
        assert_eq!(connects(), [false; 2]);
    }

    #[commit_on_success]
    fn block(connection: &mut Connection, fails: bool) -> Result<(), AppError> {
        connection.insert(1)?;
        assert_eq!(std::thread::spawn(connects).join().unwrap(), [false; 2]);
        let database = connection.database().clone();
        let copy = database.clone();
        defer!(move || copy.note(&format!("! call {:?}", connects())));
        let copy = database.clone();
        let handler = move |_: &Committed| copy.note(&format!("! committed {:?}", connects()));
        post_commit().connect(handler).unwrap();
        let handler = move |_: &RolledBack| {
            database.note(&format!("! rolled back {:?}", connects()));
        };
        post_rollback().connect(handler).unwrap();
        if fails {
            return Err(AppError::Body("no"));
        }
        Ok(())
    }

    #[test]
    fn handlers_and_deferred_calls_are_outside_and_so_is_another_thread() {
        let database = Database::new();
        block(&mut database.connection(), false).unwrap();
        let expected = ["call [false, false]", "committed [false, false]"];
        assert_eq!(ran(&database), expected);
        let database = Database::new();
        block(&mut database.connection(), true).unwrap_err();
        assert_eq!(ran(&database), ["rolled back [false, false]"]);
    }

    #[commit_on_success]
    fn with_savepoint(connection: &mut Connection) -> Result<(), AppError> {
        let database = connection.database().clone();
        fails_inside(connection).unwrap_err();
        assert_eq!(pending(), 0);
        call(&database, "call of the outer");
        Ok(())
    }

    #[commit_on_success]
    fn fails_inside(connection: &mut Connection) -> Result<(), AppError> {
        let database = connection.database().clone();
        let handler = move |_: &RolledBack| {
            assert_eq!(connects(), [false; 2]);
            call(&database, "call of the handler");
            assert_eq!(ran(&database), ["call of the handler"]);
        };
        post_rollback().connect(handler).unwrap();
        Err(AppError::Body("no"))
    }

    // what the outer block would roll back must not hang on its queue
    #[test]
    fn a_rollback_handler_of_a_savepoint_is_outside_and_what_it_defers_runs_at_once() {
        let database = Database::new();
        with_savepoint(&mut database.connection()).unwrap();
        let expected = ["call of the handler", "call of the outer"];
        assert_eq!(ran(&database), expected);
    }
}

mod disconnect {
    use super::*;

    #[commit_on_success]
    fn at_once(connection: &mut Connection, fails: bool) -> Result<(), AppError> {
        let database = connection.database().clone();
        on_commit(&database, "1");
        let second = on_commit(&database, "2");
        on_commit(&database, "3");
        on_rollback(&database, "4");
        let fifth = on_rollback(&database, "5");
        on_rollback(&database, "6");
        assert!(second.disconnect());
        assert!(fifth.disconnect());
        if fails {
            return Err(AppError::Body("no"));
        }
        Ok(())
    }

    #[test]
    fn before_the_end_the_handler_does_not_run_and_the_others_keep_their_order() {
        let database = Database::new();
        at_once(&mut database.connection(), false).unwrap();
        assert_eq!(ran(&database), ["1: at_once 0 0", "3: at_once 0 0"]);
        let database = Database::new();
        at_once(&mut database.connection(), true).unwrap_err();
        assert_eq!(ran(&database), ["4: at_once 0 Error", "6: at_once 0 Error"]);
    }

    #[commit_on_success]
    fn drops_captures(connection: &mut Connection, journal: Journal) -> Result<(), AppError> {
        connection.insert(1)?;
        let witness = journal.witness("dropped");
        let receiver = post_commit().connect(move |_| witness.here()).unwrap();
        assert!(journal.lines().is_empty());
        receiver.disconnect();
        assert_eq!(journal.lines(), ["dropped"]);
        Ok(())
    }

    #[test]
    fn the_captures_go_at_once() {
        let journal = Journal::default();
        drops_captures(&mut Database::new().connection(), journal.clone()).unwrap();
        assert_eq!(journal.lines(), ["dropped"]);
    }

    #[commit_on_success]
    fn lets_out(connection: &mut Connection, fails: bool) -> Result<Receiver, AppError> {
        connection.insert(1)?;
        let receiver = on_commit(connection.database(), "ran");
        if fails {
            set_rollback().unwrap();
        }
        Ok(receiver)
    }

    #[commit_on_success]
    fn later(connection: &mut Connection, old: Receiver) -> Result<bool, AppError> {
        on_commit(connection.database(), "later");
        Ok(old.disconnect())
    }

    #[test]
    fn after_the_end_it_says_false_also_from_inside_another_transaction() {
        let database = Database::new();
        let mut connection = database.connection();
        assert!(!lets_out(&mut connection, false).unwrap().disconnect());
        assert!(!lets_out(&mut connection, true).unwrap().disconnect());
        let old = lets_out(&mut connection, false).unwrap();
        assert!(!later(&mut connection, old).unwrap());
        let expected = ["ran: lets_out 0 0", "ran: lets_out 0 0", "later: later 0 0"];
        assert_eq!(ran(&database), expected);
    }

    #[commit_on_success]
    fn around(connection: &mut Connection) -> Result<(), AppError> {
        let database = connection.database().clone();
        let outer = on_commit(&database, "outer");
        let released = inside(connection, Some(outer))?;
        inside(connection, None)?;
        assert!(released.disconnect());
        let mut escaped = None;
        fails_with(connection, &mut escaped).unwrap_err();
        assert!(!escaped.unwrap().disconnect());
        Ok(())
    }

    #[commit_on_success]
    fn inside(connection: &mut Connection, outer: Option<Receiver>) -> Result<Receiver, AppError> {
        if let Some(outer) = outer {
            assert!(outer.disconnect());
        }
        Ok(on_commit(connection.database(), "inner"))
    }

    #[commit_on_success]
    fn fails_with(
        connection: &mut Connection,
        escaped: &mut Option<Receiver>,
    ) -> Result<(), AppError> {
        *escaped = Some(on_commit(connection.database(), "rolled back"));
        Err(AppError::Body("no"))
    }

    #[test]
    fn it_works_in_a_nested_block_and_around_one_that_was_released() {
        let database = Database::new();
        around(&mut database.connection()).unwrap();
        // Of the two that were handed over, one is left.
        assert_eq!(ran(&database), ["inner: around 1 0"]);
    }

    #[commit_on_success]
    fn in_a_handler(connection: &mut Connection) -> Result<(), AppError> {
        let database = connection.database().clone();
        let copy = database.clone();
        let (sender, receiver) = std::sync::mpsc::channel::<Receiver>();
        let handler = move |_: &Committed| {
            let next = receiver.recv().unwrap();
            copy.note(&format!("! disconnected {}", next.disconnect()));
        };
        post_commit().connect(handler).unwrap();
        sender.send(on_commit(&database, "second")).unwrap();
        Ok(())
    }

    #[test]
    fn in_a_handler_it_is_too_late() {
        let database = Database::new();
        in_a_handler(&mut database.connection()).unwrap();
        let expected = ["disconnected false", "second: in_a_handler 0 0"];
        assert_eq!(ran(&database), expected);
    }

    #[commit_on_success]
    fn on_another_thread(connection: &mut Connection) -> Result<(), AppError> {
        let receiver = on_commit(connection.database(), "ran");
        let disconnect = std::thread::spawn(|| receiver.disconnect());
        assert!(!disconnect.join().unwrap());
        Ok(())
    }

    #[test]
    fn on_another_thread_there_is_nothing_to_disconnect() {
        let database = Database::new();
        on_another_thread(&mut database.connection()).unwrap();
        assert_eq!(ran(&database), ["ran: on_another_thread 0 0"]);
    }
}

mod failing {
    use super::*;

    #[commit_on_success]
    fn commits(connection: &mut Connection, panics: bool) -> Result<(), AppError> {
        connection.insert(1)?;
        let database = connection.database().clone();
        on_commit(&database, "1");
        let handler = move |_: &Committed| {
            if panics {
                resume_unwind(Box::new("handler 2"));
            }
            Err::<(), _>("the queue is full")
        };
        post_commit().connect(handler).unwrap();
        let handler = |_: &Committed| -> Result<(), std::io::Error> {
            Err(std::io::Error::other("the disk is full"))
        };
        post_commit().connect(handler).unwrap();
        on_commit(&database, "4");
        on_rollback(&database, "never");
        Ok(())
    }

    #[test]
    fn commit_handlers_that_fail_are_listed_with_their_lines_and_the_others_run() {
        let database = Database::new();
        let mut connection = database.connection();
        let error = commits(&mut connection, false).unwrap_err();
        let AppError::Transaction(error) = error else {
            panic!("{error:?}")
        };
        assert_eq!(error.outcome(), Outcome::Committed);
        let text = error.to_string();
        assert!(text.contains("failed: the queue is full"), "{text}");
        let lines: Vec<_> = error
            .failures()
            .iter()
            .map(|failure| {
                assert_eq!(failure.location().file(), file!());
                source_line(
                    include_str!("signals_scripted.rs"),
                    failure.location().line(),
                )
            })
            .collect();
        assert_eq!(lines, ["post_commit().connect(handler).unwrap();"; 2]);
        assert_eq!(ran(&database), ["1: commits 0 0", "4: commits 0 0"]);
        assert_eq!(database.durable(), [1]);
        assert_eq!(database.count("rollback"), 0);

        order_again(&mut connection).unwrap();
        assert_eq!(ran(&database).len(), 3, "the next transaction is clean");
    }

    #[commit_on_success]
    fn order_again(connection: &mut Connection) -> Result<(), AppError> {
        on_commit(connection.database(), "again");
        Ok(())
    }

    #[test]
    fn the_panic_of_a_commit_handler_goes_on_once_the_others_have_run() {
        let database = Database::new();
        let mut connection = database.connection();
        let payload = catch_unwind(AssertUnwindSafe(|| commits(&mut connection, true)));
        let payload = payload.unwrap_err();
        assert_eq!(*payload.downcast_ref::<&str>().unwrap(), "handler 2");
        assert_eq!(ran(&database), ["1: commits 0 0", "4: commits 0 0"]);
        assert_eq!(database.durable(), [1]);
        assert!(!in_transaction());
    }

    #[derive(Clone, Copy)]
    enum Body {
        Err,
        Panic,
        SetRollback,
    }

    #[commit_on_success]
    fn rolls_back(
        connection: &mut Connection,
        how: Body,
        panics: bool,
    ) -> Result<&'static str, AppError> {
        let database = connection.database().clone();
        on_rollback(&database, "1");
        let copy = database.clone();
        let handler = move |_: &RolledBack| {
            copy.note("! 2");
            if panics {
                resume_unwind(Box::new("handler 2"));
            }
            Err::<(), _>("the queue is full")
        };
        post_rollback().connect(handler).unwrap();
        on_rollback(&database, "3");
        match how {
            Body::Err => Err(AppError::Body("the body's own")),
            Body::Panic => resume_unwind(Box::new("the body's own")),
            Body::SetRollback => {
                set_rollback().unwrap();
                Ok("value")
            }
        }
    }

    #[commit_on_success]
    async fn rolls_back_later(
        connection: &mut Connection,
        how: Body,
        panics: bool,
    ) -> Result<&'static str, AppError> {
        connection.insert_later(1).await?;
        match how {
            Body::SetRollback => set_rollback().unwrap(),
            Body::Panic => {
                let database = connection.database().clone();
                let handler = move |_: &RolledBack| {
                    database.note("! 1");
                    if panics {
                        resume_unwind(Box::new("handler 1"));
                    }
                    Err::<(), _>("the queue is full")
                };
                post_rollback().connect(handler).unwrap();
                on_rollback(connection.database(), "2");
                resume_unwind(Box::new("the body's own"));
            }
            Body::Err => return Err(AppError::Body("the body's own")),
        }
        Ok("value")
    }

    // promise 5
    #[test]
    fn rollback_handlers_that_fail_or_panic_change_nothing_for_the_caller_nor_for_the_others() {
        for panics in [false, true] {
            let database = Database::new();
            let error = rolls_back(&mut database.connection(), Body::Err, panics).unwrap_err();
            assert!(matches!(error, AppError::Body("the body's own")));
            let expected = ["1: rolls_back 0 Error", "2", "3: rolls_back 0 Error"];
            assert_eq!(ran(&database), expected);

            let database = Database::new();
            let value = rolls_back(&mut database.connection(), Body::SetRollback, panics);
            assert_eq!(value.unwrap(), "value");
            assert_eq!(ran(&database).len(), 3);
        }
    }

    #[test]
    fn a_rollback_handler_that_panics_while_the_body_unwinds_leaves_its_payload_alone() {
        for panics in [false, true] {
            let database = Database::new();
            let mut connection = database.connection();
            let run = || rolls_back(&mut connection, Body::Panic, panics);
            let payload = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
            assert_eq!(*payload.downcast_ref::<&str>().unwrap(), "the body's own");
            let expected = ["1: rolls_back 0 Panic", "2", "3: rolls_back 0 Panic"];
            assert_eq!(ran(&database), expected);

            let database = Database::new();
            let mut connection = database.connection();
            let run = || complete(rolls_back_later(&mut connection, Body::Panic, panics));
            let payload = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
            assert_eq!(*payload.downcast_ref::<&str>().unwrap(), "the body's own");
            assert_eq!(ran(&database), ["1", "2: rolls_back_later 0 Panic"]);
        }
    }
}

mod captures {
    use super::*;

    #[derive(Clone, Copy, Debug)]
    enum End {
        Ok,
        Err,
        Panic,
    }

    /// Says that it is dropped, and whether that is in a transaction.
    struct Told(Journal, &'static str);

    impl Told {
        fn here(&self) {
            let _ = self;
        }
    }

    impl Drop for Told {
        fn drop(&mut self) {
            let inside = if in_transaction() { " inside" } else { "" };
            self.0.note(format!("{}{inside}", self.1));
        }
    }

    #[commit_on_success]
    fn block(connection: &mut Connection, journal: &Journal, end: End) -> Result<(), AppError> {
        nested(connection, journal)?;
        let (commit, rollback) = (
            Told(journal.clone(), "commit"),
            Told(journal.clone(), "rollback"),
        );
        post_commit().connect(move |_| commit.here()).unwrap();
        post_rollback().connect(move |_| rollback.here()).unwrap();
        assert!(journal.lines().is_empty());
        match end {
            End::Ok => Ok(()),
            End::Err => Err(AppError::Body("no")),
            End::Panic => resume_unwind(Box::new("body")),
        }
    }

    #[commit_on_success]
    fn nested(connection: &mut Connection, journal: &Journal) -> Result<(), AppError> {
        connection.insert(1)?;
        let (commit, rollback) = (
            Told(journal.clone(), "nested commit"),
            Told(journal.clone(), "nested rollback"),
        );
        post_commit().connect(move |_| commit.here()).unwrap();
        post_rollback().connect(move |_| rollback.here()).unwrap();
        Ok(())
    }

    #[test]
    fn what_handlers_have_captured_is_dropped_exactly_once_whichever_runs() {
        for end in [End::Ok, End::Err, End::Panic] {
            for answer in [None, Some(Answer::Refused), Some(Answer::Lost)] {
                let journal = Journal::default();
                let mut database = Database::new();
                if let Some(answer) = answer {
                    database = database.on(Step::Commit, answer);
                }
                let mut connection = database.connection();
                let run = || block(&mut connection, &journal, end);
                let _ = catch_unwind(AssertUnwindSafe(run));
                let mut lines = journal.lines();
                lines.sort_unstable();
                let expected = ["commit", "nested commit", "nested rollback", "rollback"];
                assert_eq!(lines, expected, "{end:?} {answer:?}");
            }
        }
    }

    #[test]
    fn dropping_the_receiver_keeps_the_handler() {
        #[commit_on_success]
        fn keeps(connection: &mut Connection) -> Result<(), AppError> {
            let _ = on_commit(connection.database(), "ran");
            Ok(())
        }

        let database = Database::new();
        keeps(&mut database.connection()).unwrap();
        assert_eq!(ran(&database), ["ran: keeps 0 0"]);
    }
}

mod cancelled {
    use super::*;

    #[commit_on_success]
    async fn block(connection: &mut Connection) -> Result<(), AppError> {
        on_commit(connection.database(), "committed");
        on_rollback(connection.database(), "rolled back");
        nested(connection).await?;
        connection.insert_later(1).await?;
        Ok(())
    }

    #[commit_on_success]
    async fn nested(connection: &mut Connection) -> Result<(), AppError> {
        on_rollback(connection.database(), "nested rolled back");
        Ok(())
    }

    #[test]
    fn rollback_handlers_run_in_the_drop_after_the_driver_was_told() {
        let database = Database::new().pausing(1);
        let mut connection = database.connection();
        {
            let mut future = pin!(block(&mut connection));
            while database.count("insert 1") == 0 {
                assert!(poll_once(future.as_mut()).is_pending());
            }
            assert_eq!(ran(&database), NOTHING);
        }
        let log = database.log();
        let end = log.iter().position(|line| line == "abandon open").unwrap();
        let expected = [
            "abandon open",
            "! rolled back: block 0 Cancelled",
            "! nested rolled back: block 0 Cancelled",
        ];
        assert_eq!(log[end..], expected);
        assert!(!database.left_open());
    }

    #[test]
    fn a_future_that_has_completed_runs_nothing_when_it_is_dropped() {
        let database = Database::new().pausing(1);
        let mut connection = database.connection();
        {
            let mut future = Box::pin(block(&mut connection));
            while poll_once(future.as_mut()).is_pending() {}
        }
        assert_eq!(ran(&database), ["committed: block 0 0"]);
    }

    #[commit_on_success]
    async fn panics_elsewhere(connection: &mut Connection) -> Result<(), AppError> {
        on_rollback(connection.database(), "rolled back");
        pause(usize::MAX).await;
        Ok(())
    }

    // it is the body's panic that the cause speaks of
    #[test]
    fn a_future_that_is_dropped_while_its_owner_unwinds_was_cancelled() {
        let database = Database::new();
        let run = || {
            let mut connection = database.connection();
            let mut future = pin!(panics_elsewhere(&mut connection));
            assert!(poll_once(future.as_mut()).is_pending());
            resume_unwind(Box::new("the owner panics"));
        };
        catch_unwind(AssertUnwindSafe(run)).unwrap_err();
        assert_eq!(
            ran(&database),
            ["rolled back: panics_elsewhere 0 Cancelled"]
        );
    }
}

mod pool_of_one {
    use super::*;

    #[derive(Clone, Copy, PartialEq)]
    enum End {
        Ok,
        Err,
        Panic,
    }

    #[commit_on_success(tx = pool)]
    fn block(pool: &Pool, again: Pool, end: End) -> Result<(), AppError> {
        connect(tx.database(), again);
        tx.insert(1)?;
        match end {
            End::Ok => Ok(()),
            End::Err => Err(AppError::Body("no")),
            End::Panic => resume_unwind(Box::new("body")),
        }
    }

    #[commit_on_success(tx = pool)]
    async fn block_later(pool: &Pool, again: Pool, end: End) -> Result<(), AppError> {
        connect(tx.database(), again);
        tx.insert_later(1).await?;
        match end {
            End::Ok => Ok(()),
            End::Err => Err(AppError::Body("no")),
            End::Panic => resume_unwind(Box::new("body")),
        }
    }

    fn connect(database: &Database, pool: Pool) {
        let pool = std::sync::Arc::new(pool);
        let copy = pool.clone();
        post_commit().connect(move |_| audit(&copy, 10)).unwrap();
        let database = database.clone();
        let handler = move |_: &RolledBack| match audit(&pool, 20) {
            Ok(()) => {}
            Err(error) => database.note(&format!("! {error:?}")),
        };
        post_rollback().connect(handler).unwrap();
    }

    #[commit_on_success(tx = pool)]
    fn audit(pool: &Pool, row: i64) -> Result<(), AppError> {
        tx.insert(row)?;
        Ok(())
    }

    fn durable_after(flavour: Flavour, end: End) -> Vec<i64> {
        let database = Database::new();
        let (pool, again) = (database.pool(), database.pool());
        let run = || match flavour {
            Flavour::Sync => block(&pool, again, end),
            Flavour::Async => complete(block_later(&pool, again, end)),
        };
        let ended = catch_unwind(AssertUnwindSafe(run));
        assert_eq!(matches!(ended, Ok(Ok(()))), end == End::Ok, "{ended:?}");
        assert_eq!(ran(&database), NOTHING);
        database.durable()
    }

    #[test]
    fn a_commit_handler_can_have_the_only_connection() {
        for flavour in Flavour::ALL {
            assert_eq!(durable_after(flavour, End::Ok), [1, 10]);
        }
    }

    #[test]
    fn a_rollback_handler_can_have_the_only_connection() {
        for flavour in Flavour::ALL {
            assert_eq!(durable_after(flavour, End::Err), [20], "{flavour:?}");
            assert_eq!(durable_after(flavour, End::Panic), [20], "{flavour:?}");
        }
    }

    #[test]
    fn a_rollback_handler_can_have_the_only_connection_when_a_future_is_dropped() {
        let database = Database::new().pausing(1);
        let pool = database.pool();
        {
            let mut future = pin!(block_later(&pool, database.pool(), End::Ok));
            while database.count("insert 1") == 0 {
                assert!(poll_once(future.as_mut()).is_pending());
            }
        }
        assert_eq!(ran(&database), NOTHING);
        assert_eq!(database.durable(), [20]);
    }
}

mod guard {
    use super::*;

    #[commit_on_success]
    fn leaves_one_open(connection: &mut Connection) -> Result<(), AppError> {
        connection.insert(1)?;
        let database = connection.database().clone();
        let copy = database.clone();
        post_commit().connect(move |_| copy.raw_begin()).unwrap();
        on_commit(&database, "2");
        Ok(())
    }

    #[commit_on_success]
    async fn leaves_one_open_later(connection: &mut Connection) -> Result<(), AppError> {
        connection.insert_later(1).await?;
        let database = connection.database().clone();
        let copy = database.clone();
        post_commit().connect(move |_| copy.raw_begin()).unwrap();
        on_commit(&database, "2");
        Ok(())
    }

    #[test]
    fn a_commit_handler_that_leaves_a_transaction_open_is_reported_where_it_was_connected() {
        for flavour in Flavour::ALL {
            let database = Database::new();
            let mut connection = database.connection();
            let ended = match flavour {
                Flavour::Sync => leaves_one_open(&mut connection),
                Flavour::Async => complete(leaves_one_open_later(&mut connection)),
            };
            let AppError::Transaction(error) = ended.unwrap_err() else {
                panic!("not an error of the transaction")
            };
            let [failure] = error.failures() else {
                panic!("{error:?}")
            };
            assert_eq!(failure.kind(), FailureKind::BadlyBehaved);
            assert!(failure.source().is_none());
            let line = failure.location().line();
            let line = source_line(include_str!("signals_scripted.rs"), line);
            let expected = "post_commit().connect(move |_| copy.raw_begin()).unwrap();";
            assert_eq!(line, expected);
            let log = database.log();
            let end = log.iter().position(|line| line == "commit").unwrap();
            assert_eq!(log[end..end + 3], ["commit", "raw begin", "rollback"]);
            assert_eq!(ran(&database).len(), 1);
            assert!(!database.left_open());
        }
    }

    #[commit_on_success]
    async fn dropped_while_calls_run(connection: &mut Connection) -> Result<(), AppError> {
        connection.insert_later(1).await?;
        let database = connection.database().clone();
        defer!(database.clone().note_later("call 1").await);
        defer!(database.clone().raw_begin());
        on_commit(&database, "3");
        Ok(())
    }

    // promise 8 holds for calls that run in the drop as well
    #[test]
    fn what_a_call_leaves_open_that_runs_in_the_drop_of_its_future_is_rolled_back() {
        let database = Database::new().pausing(1);
        let mut connection = database.connection();
        {
            let mut future = pin!(dropped_while_calls_run(&mut connection));
            while database.count("commit") == 0 {
                assert!(poll_once(future.as_mut()).is_pending());
            }
            // Now the first call waits.
            assert!(poll_once(future.as_mut()).is_pending());
            assert_eq!(database.count("raw begin"), 0);
        }
        assert_eq!(database.count("raw begin"), 1);
        assert_eq!(ran(&database).len(), 1);
        assert_eq!(database.durable(), [1]);
        assert!(!database.left_open(), "{database:?}");
    }
}

#[test]
fn an_unknown_outcome_drops_the_handlers_of_released_blocks_as_well() {
    #[commit_on_success]
    fn outer(connection: &mut Connection) -> Result<(), AppError> {
        inner(connection)
    }

    #[commit_on_success]
    fn inner(connection: &mut Connection) -> Result<(), AppError> {
        on_commit(connection.database(), "committed");
        on_rollback(connection.database(), "rolled back");
        Ok(())
    }

    for answer in [Answer::Lost, Answer::LostButDone, Answer::Ended] {
        let database = Database::new().on(Step::Commit, answer);
        outer(&mut database.connection()).unwrap_err();
        assert_eq!(ran(&database), NOTHING, "{answer:?}");
    }
}

#[test]
fn a_future_that_is_dropped_before_its_transaction_began_has_no_handlers() {
    #[commit_on_success]
    async fn block(connection: &mut Connection) -> Result<(), AppError> {
        on_rollback(connection.database(), "rolled back");
        Ok(())
    }

    let database = Database::new().pausing(1);
    assert!(drop_after(block(&mut database.connection()), 3).is_none());
    assert_eq!(ran(&database), NOTHING);
}
