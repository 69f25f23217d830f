//! Failures of which no caller can be told: observers are, or standard error.
//!
//! Observers are for a whole process, so each test runs its other half in a process of its own.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::process::Command;
use std::sync::{Arc, Mutex};

use commit_on_success::{Event, Observer, add_observer, commit_on_success, defer, events, outside};
use commit_on_success_tests::polling::drop_after;
use commit_on_success_tests::scripted::{
    Answer, AppError, Connection, Database, End, Flavour, Place, Program, Step, pause,
};

/// Writes what it is told to standard error.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    fn push(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Observer for Told {
    fn handler_failed(&self, event: &events::HandlerFailed<'_>) {
        let failure = event.failure;
        let place = format!("the call deferred at {} ", failure.location());
        let said = failure.to_string();
        self.push(
            said.replace(&place, "")
                .replace("was lost: nobody was left to await it", "lost"),
        );
    }

    fn rollback_failed(&self, event: &events::RollbackFailed<'_>) {
        let (site, error) = (event.site, event.error);
        self.push(format!("rollback of {}: {error}", site.function()));
    }

    fn unknown(&self, event: &Event) {
        self.push(format!("unknown: {}", event.site.function()));
    }

    fn deferred_outside(&self, event: &events::DeferredOutside) {
        let location = event.location;
        self.push(format!("outside in {}", location.file()));
    }
}

/// Runs a test of this program by itself, and returns what it wrote to standard error. Inside that
/// process it returns nothing, and the test goes on.
fn in_a_process_of_its_own(test: &str) -> Option<String> {
    if std::env::var_os("IN_A_PROCESS_OF_ITS_OWN").is_some() {
        return None;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env("IN_A_PROCESS_OF_ITS_OWN", "1")
        .output()
        .unwrap();
    let written = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{written}");
    Some(written)
}

#[commit_on_success]
async fn three_calls(connection: &mut Connection) -> Result<(), AppError> {
    let database = connection.database().clone();
    defer!(database.clone().note_later("call 1").await);
    defer!(|| Err::<(), _>("the queue is full"));
    defer!(async move {
        pause(1).await;
        Err::<(), _>("the disk is full")
    });
    defer!(database.note("call 4"));
    Ok(())
}

fn panic_if_run() {
    unreachable!("the policy refuses it");
}

/// Dropped while its first call is awaited.
fn drop_in_first_call(database: &Database) {
    let mut connection = database.connection();
    // Two pauses in each of acquire, begin and commit, and then one of the call's own.
    let dropped = drop_after(three_calls(&mut connection), 7);
    assert!(dropped.is_none());
    assert_eq!(database.count("commit"), 1);
    assert_eq!(database.count("call 4"), 1, "sync calls ran: {database:?}");
}

#[test]
fn observers_hear_of_the_calls_of_a_future_that_was_dropped_where_no_runtime_is() {
    if in_a_process_of_its_own(
        "observers_hear_of_the_calls_of_a_future_that_was_dropped_where_no_runtime_is",
    )
    .is_some()
    {
        return;
    }
    let told = Told::default();
    add_observer(told.clone());
    drop_in_first_call(&Database::new().pausing(1));
    assert_eq!(told.lines(), ["failed: the queue is full", "lost", "lost"]);
}

#[test]
fn the_calls_of_a_dropped_future_are_spoken_of_on_standard_error_without_an_observer() {
    let Some(written) = in_a_process_of_its_own(
        "the_calls_of_a_dropped_future_are_spoken_of_on_standard_error_without_an_observer",
    ) else {
        drop_in_first_call(&Database::new().pausing(1));
        return;
    };
    assert!(written.contains("the queue is full"), "{written:?}");
    assert_eq!(written.matches("nobody was left to await it").count(), 2);
}

#[test]
fn the_runtime_goes_on_with_calls_and_observers_hear_of_their_failures() {
    if in_a_process_of_its_own(
        "the_runtime_goes_on_with_calls_and_observers_hear_of_their_failures",
    )
    .is_some()
    {
        return;
    }
    let told = Told::default();
    add_observer(told.clone());
    let database = Database::new().pausing(1);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        drop_in_first_call(&database);
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(
        told.lines(),
        ["failed: the queue is full", "failed: the disk is full"]
    );
    assert_eq!(database.count("call 1"), 1);
}

#[test]
fn calls_that_a_runtime_took_over_and_did_not_finish_are_reported_as_lost() {
    if in_a_process_of_its_own(
        "calls_that_a_runtime_took_over_and_did_not_finish_are_reported_as_lost",
    )
    .is_some()
    {
        return;
    }
    let told = Told::default();
    add_observer(told.clone());
    let database = Database::new().pausing(1);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async { drop_in_first_call(&database) });
    drop(runtime);
    assert_eq!(database.count("call 1"), 0);
    assert_eq!(told.lines(), ["failed: the queue is full", "lost", "lost"]);
}

#[test]
fn observers_hear_of_a_rollback_that_failed_behind_the_error_of_a_body() {
    let Some(_) = in_a_process_of_its_own(
        "observers_hear_of_a_rollback_that_failed_behind_the_error_of_a_body",
    ) else {
        let told = Told::default();
        add_observer(told.clone());
        for flavour in Flavour::ALL {
            for answer in [Answer::Failed, Answer::Ended] {
                let database = Database::new().on(Step::Rollback, answer);
                let _ = Program::flat(End::Err).run(flavour, Place::Connection, &database);
            }
        }
        assert_eq!(
            told.lines(),
            [
                "rollback of on_connection: the script says Failed to Rollback",
                "unknown: on_connection",
                "unknown: on_connection",
                "rollback of on_connection_later: the script says Failed to Rollback",
                "unknown: on_connection_later",
                "unknown: on_connection_later",
            ]
        );
        return;
    };
}

#[commit_on_success]
fn heard_late(connection: &mut Connection, told: Told) -> Result<(), AppError> {
    add_observer(told);
    Ok(connection.insert(1)?)
}

#[test]
fn observers_hear_of_no_end_of_a_block_that_had_begun_before_they_were_added() {
    let Some(_) = in_a_process_of_its_own(
        "observers_hear_of_no_end_of_a_block_that_had_begun_before_they_were_added",
    ) else {
        let told = Told::default();
        let database = Database::new().on(Step::Commit, Answer::Lost);
        heard_late(&mut database.connection(), told.clone()).unwrap_err();
        assert_eq!(told.lines(), [""; 0]);
        return;
    };
}

#[test]
fn a_rollback_that_failed_is_spoken_of_on_standard_error_without_an_observer() {
    let Some(written) = in_a_process_of_its_own(
        "a_rollback_that_failed_is_spoken_of_on_standard_error_without_an_observer",
    ) else {
        let database = Database::new().on(Step::Rollback, Answer::Failed);
        let _ = Program::flat(End::Err).run(Flavour::Sync, Place::Connection, &database);
        return;
    };
    assert!(
        written.contains("commit_on_success: the rollback of `commit_on_success_tests::"),
        "{written:?}"
    );
    assert!(written.contains("failed: the script says Failed to Rollback"));
}

#[test]
fn a_call_that_fails_outside_of_any_transaction_is_spoken_of_on_standard_error() {
    let Some(written) = in_a_process_of_its_own(
        "a_call_that_fails_outside_of_any_transaction_is_spoken_of_on_standard_error",
    ) else {
        defer!(|| Err::<(), _>("the queue is full"));
        outside::set(outside::Warn);
        defer!(|| ());
        outside::set(outside::Refuse);
        std::panic::catch_unwind(|| defer!(panic_if_run())).unwrap_err();
        return;
    };
    assert!(written.contains("failed: the queue is full"), "{written:?}");
    let warned = "a call was deferred outside of any transaction at";
    assert_eq!(written.matches(warned).count(), 2, "{written:?}");
}
