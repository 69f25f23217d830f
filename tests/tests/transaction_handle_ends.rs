//! The ends of blocks whose handle other threads have, on a driver that does as it is told.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::thread;
use std::time::Duration;

use commit_on_success::events::HandlerFailed;
use commit_on_success::signals::completed;
use commit_on_success::{
    ErrorKind, FailureKind, Observer, TransactionHandle, add_observer, before_commit,
    commit_on_success, current, defer, in_transaction, set_rollback, try_defer,
};
use commit_on_success_tests::elsewhere::elsewhere;
use commit_on_success_tests::errors::assert_not_owned;
use commit_on_success_tests::journal::{Journal, Witness};
use commit_on_success_tests::polling::{complete, drop_after};
use commit_on_success_tests::scripted::{
    Answer, AppError, Connection, Database, End, Flavour, Step, pause,
};
use commit_on_success_tests::transient::Contended;

/// Lists the lines of the calls that were refused.
struct Refused;

static REFUSED: Mutex<Vec<u32>> = Mutex::new(Vec::new());

impl Observer for Refused {
    fn handler_failed(&self, event: &HandlerFailed<'_>) {
        let failure = event.failure;
        if failure.kind() == FailureKind::Refused {
            let said = format!(
                "the call deferred at {} was refused: its block had ended already",
                failure.location()
            );
            assert_eq!(failure.to_string(), said);
            let mut refused = REFUSED.lock().unwrap_or_else(PoisonError::into_inner);
            refused.push(failure.location().line());
        }
    }
}

#[test]
fn after_the_end_of_its_block_a_handle_refuses_to_be_entered() {
    for flavour in Flavour::ALL {
        for end in [End::Ok, End::Err, End::SetRollback] {
            let (sender, receiver) = channel();
            let ended = flavour.run(&Database::new(), |_| {
                sender.send(current().unwrap()).unwrap();
                end.now("no")
            });
            assert_eq!(ended.is_err(), end == End::Err);
            let handle = receiver.recv().unwrap();
            let refused = handle.enter(|| unreachable!()).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::NotInTransaction);
            assert_eq!(refused.site(), Some(handle.site()));
            let text = format!(
                "the block of `{}`, whose handle was to be entered, has ended",
                handle.site().function()
            );
            assert_eq!(refused.to_string(), text);
        }
    }
}

/// Registers calls, in a block that has ended, and returns the first of their lines.
fn come_too_late(journal: &Journal) -> u32 {
    assert!(!in_transaction() && current().is_none());
    let (first, second) = (journal.witness("dropped"), journal.witness("dropped"));
    let line = line!() + 1;
    defer!(move || first.ran());
    before_commit!(move || second.ran());
    assert_eq!(journal.lines(), ["dropped", "dropped"]);
    let refused = [
        try_defer!(unreachable()),
        set_rollback(),
        completed().connect(|_| unreachable()).map(drop),
    ];
    let kinds = refused.map(|refused| refused.unwrap_err().kind());
    assert_eq!(kinds, [ErrorKind::NotInTransaction; 3]);
    line
}

#[test]
fn what_is_registered_after_the_end_of_the_block_is_refused_and_observers_hear_of_calls() {
    static ADDED: Once = Once::new();
    ADDED.call_once(|| add_observer(Refused));
    let mut expected = Vec::new();
    for flavour in Flavour::ALL {
        let (database, ours) = (Database::new(), Journal::default());
        let (ended, waits) = channel();
        let mut late = None;
        let body = |database: &Database| {
            let (handle, journal) = (current().unwrap(), ours.clone());
            let (database, (entered, waits_for_entry)) = (database.clone(), channel());
            late = Some(thread::spawn(move || {
                handle.enter(|| {
                    defer!(database.note("in time"));
                    entered.send(()).unwrap();
                    waits.recv_timeout(Duration::from_secs(30)).unwrap();
                    come_too_late(&journal)
                })
            }));
            waits_for_entry
                .recv_timeout(Duration::from_secs(30))
                .unwrap();
            Ok(())
        };
        flavour.run(&database, body).unwrap();
        ended.send(()).unwrap();
        let line = late.unwrap().join().unwrap().unwrap();
        expected.extend([line, line + 1]);
        assert_eq!(database.log()[2..], ["commit", "in time"]);
    }
    let refused = REFUSED.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(*refused, expected);
}

#[test]
fn a_call_that_was_taken_runs_and_one_that_was_refused_does_not_however_close_to_the_end_it_comes()
{
    for _ in 0..200 {
        let ran = Arc::new(AtomicUsize::new(0));
        let mut posting = None;
        Flavour::Sync
            .run(&Database::new(), |_| {
                let (handle, ran) = (current().unwrap(), Arc::clone(&ran));
                let (entered, waits_for_entry) = channel();
                posting = Some(thread::spawn(move || {
                    handle.enter(|| {
                        entered.send(()).unwrap();
                        let count = || {
                            let ran = Arc::clone(&ran);
                            try_defer! { ran.fetch_add(1, Ordering::Relaxed); }
                        };
                        std::iter::from_fn(|| count().ok()).count()
                    })
                }));
                waits_for_entry
                    .recv_timeout(Duration::from_secs(30))
                    .unwrap();
                Ok(())
            })
            .unwrap();
        let ran = ran.load(Ordering::Relaxed);
        let taken = posting.unwrap().join().unwrap().unwrap();
        assert_eq!(taken, ran);
    }
}

fn unreachable() {
    unreachable!("it is refused");
}

/// Defers a call that drops a witness.
fn defer_witness(witness: Witness) {
    defer!(move || witness.ran());
}

#[test]
fn what_threads_have_deferred_is_dropped_with_a_block_that_fails_and_its_handlers_run() {
    for flavour in Flavour::ALL {
        let (database, journal) = (Database::new(), Journal::default());
        let failed = flavour.run(&database, |database| {
            let handle = current().unwrap();
            let told = database.clone();
            elsewhere(&handle, || {
                defer_witness(journal.witness("dropped"));
                completed().connect(move |event| told.note(&format!("{:?}", event.outcome)))
            })
            .unwrap()??;
            Err(AppError::Body("no"))
        });
        failed.unwrap_err();
        assert_eq!(journal.lines(), ["dropped"]);
        assert_eq!(database.log()[2..], ["rollback", "RolledBack"]);
    }
}

#[test]
fn with_an_unknown_outcome_only_handlers_of_every_end_run() {
    for flavour in Flavour::ALL {
        let (database, journal) = (
            Database::new().on(Step::Commit, Answer::Lost),
            Journal::default(),
        );
        let failed = flavour.run(&database, |database| {
            let told = database.clone();
            elsewhere(&current().unwrap(), || {
                defer_witness(journal.witness("dropped"));
                completed().connect(move |event| told.note(&format!("{:?}", event.outcome)))
            })
            .unwrap()??;
            Ok(())
        });
        failed.unwrap_err();
        assert_eq!(journal.lines(), ["dropped"]);
        assert_eq!(database.count("Unknown"), 1);
    }
}

#[commit_on_success]
async fn waits(connection: &mut Connection, journal: Journal) -> Result<(), AppError> {
    let handle = current().unwrap();
    connection.insert(1)?;
    elsewhere(&handle, || defer_witness(journal.witness("dropped"))).unwrap()?;
    // Whoever drops the future finds the handle with this.
    journal.note("waits");
    pause(1).await;
    elsewhere(&handle, || defer_witness(journal.witness("dropped again"))).unwrap()?;
    Ok(())
}

#[test]
fn a_future_that_is_dropped_drops_what_threads_have_deferred() {
    let (database, journal) = (Database::new(), Journal::default());
    let mut connection = database.connection();
    assert!(drop_after(waits(&mut connection, journal.clone()), 1).is_none());
    assert_eq!(journal.lines(), ["waits", "dropped"]);
    assert!(!database.left_open());

    let mut connection = database.connection();
    complete(waits(&mut connection, Journal::default())).unwrap();
}

#[commit_on_success]
fn nested(
    connection: &mut Connection,
    handles: &mut Vec<TransactionHandle>,
    end: End,
) -> Result<(), AppError> {
    let handle = current().unwrap();
    let database = connection.database().clone();
    elsewhere(&handle, || {
        defer!(database.clone().note("thread of the nested block"));
        before_commit!(database.note("before"));
    })
    .unwrap()?;
    handles.push(handle);
    end.now("no")
}

#[commit_on_success(propagation = required)]
fn joined(
    connection: &mut Connection,
    handles: &mut Vec<TransactionHandle>,
) -> Result<(), AppError> {
    let handle = current().unwrap();
    let database = connection.database().clone();
    elsewhere(&handle, || {
        defer!(database.note("thread of the joined block"));
    })
    .unwrap()?;
    handles.push(handle);
    Ok(())
}

#[test]
fn a_handle_of_a_nested_or_joined_block_ends_with_that_and_its_calls_go_where_those_of_the_block_go()
 {
    for flavour in Flavour::ALL {
        let database = Database::new();
        flavour
            .run(&database, |database| {
                let mut connection = database.connection();
                let mut handles = Vec::new();
                let ours = current().unwrap();
                elsewhere(&ours, || defer!(database.clone().note("thread"))).unwrap()?;
                nested(&mut connection, &mut handles, End::Ok)?;
                nested(&mut connection, &mut handles, End::Err).unwrap_err();
                nested(&mut connection, &mut handles, End::SetRollback)?;
                joined(&mut connection, &mut handles)?;
                assert_eq!(handles.len(), 4);
                for handle in handles {
                    handle.enter(unreachable).unwrap_err();
                }
                defer!(database.clone().note("body"));
                ours.enter(|| ())?;
                database.note("body ends");
                Ok(())
            })
            .unwrap();
        let log = database.log();
        let end = log.iter().position(|line| line == "body ends").unwrap();
        let lines = [
            "body ends",
            "before",
            "commit",
            "thread of the nested block",
            "thread of the joined block",
            "body",
            "thread",
        ];
        assert_eq!(log[end..], lines);
    }
}

#[commit_on_success(propagation = required)]
fn joined_fails(
    connection: &mut Connection,
    handles: &mut Vec<TransactionHandle>,
) -> Result<(), AppError> {
    let (handle, told) = (current().unwrap(), connection.database().clone());
    elsewhere(&handle, || {
        completed().connect(move |event| told.note(&format!("{:?}", event.outcome)))
    })
    .unwrap()??;
    handles.push(handle);
    Err(AppError::Body("no"))
}

#[test]
fn a_joined_block_that_fails_leaves_what_its_threads_have_registered_to_the_outermost_one() {
    for flavour in Flavour::ALL {
        let database = Database::new();
        let refused = flavour.run(&database, |database| {
            before_commit!(unreachable());
            let mut handles = Vec::new();
            joined_fails(&mut database.connection(), &mut handles).unwrap_err();
            handles[0].enter(unreachable).unwrap_err();
            Ok(())
        });
        let Err(AppError::Transaction(error)) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(error.kind(), ErrorKind::RollbackOnly);
        assert!(
            database
                .log()
                .ends_with(&["rollback".to_owned(), "RolledBack".to_owned()])
        );
    }
}

#[commit_on_success(tx = Contended(connection), attempts = 2, backoff = Duration::from_millis(1))]
fn twice(
    connection: &mut Connection,
    handles: &mut Vec<TransactionHandle>,
) -> Result<(), AppError> {
    for earlier in &*handles {
        earlier.enter(unreachable).unwrap_err();
    }
    let handle = current().unwrap();
    let database = tx.database().clone();
    elsewhere(&handle, || defer!(database.note("call"))).unwrap()?;
    handles.push(handle);
    Ok(tx.insert(1)?)
}

#[test]
fn each_attempt_has_a_handle_of_its_own() {
    let database = Database::new().on(Step::Insert, Answer::Conflict);
    let mut handles = Vec::new();
    twice(&mut database.connection(), &mut handles).unwrap();
    assert_eq!(handles.len(), 2);
    assert_eq!((database.count("call"), database.durable()), (1, vec![1]));
}

#[test]
fn in_a_savepoint_of_somebody_elses_transaction_calls_of_threads_are_refused_as_the_blocks_are() {
    for flavour in Flavour::ALL {
        let database = Database::new();
        database.raw_begin();
        let refused = flavour.run(&database, |database| {
            elsewhere(&current().unwrap(), || {
                defer!(database.clone().note("never"));
            })
            .unwrap()?;
            Ok(())
        });
        let Err(AppError::Transaction(error)) = refused else {
            panic!("{refused:?}");
        };
        assert_not_owned(&error, 1);
        assert_eq!(database.count("never"), 0);
    }
}
