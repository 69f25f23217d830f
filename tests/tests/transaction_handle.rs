//! Handles of blocks, with which other threads defer and roll back, on a driver that does as it is told.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use commit_on_success::signals::{completed, post_commit, post_rollback};
use commit_on_success::{
    Error, ErrorKind, RollbackOnly, TransactionHandle, before_commit, commit_on_success, current,
    defer, in_transaction, pending, set_rollback, try_defer,
};
use commit_on_success_tests::errors::assert_not_owned;
use commit_on_success_tests::journal::{Journal, Witness};
use commit_on_success_tests::polling::{complete, drop_after};
use commit_on_success_tests::scripted::{
    Answer, AppError, Connection, Database, End, Flavour, Step, pause,
};
use commit_on_success_tests::transient::Contended;

/// Runs code for a block on another thread, and waits for it.
fn elsewhere<R: Send>(
    handle: &TransactionHandle,
    code: impl FnOnce() -> R + Send,
) -> thread::Result<Result<R, Error>> {
    thread::scope(|scope| scope.spawn(|| handle.enter(code)).join())
}

#[test]
fn what_threads_register_is_the_blocks_behind_its_own_in_the_order_of_arrival() {
    for flavour in Flavour::ALL {
        let database = Database::new();
        flavour
            .run(&database, |database| {
                let handle = current().unwrap();
                defer!(database.clone().note("first"));
                for call in ["from one thread", "from another"] {
                    let done = elsewhere(&handle, || {
                        assert!(in_transaction());
                        defer!(database.clone().note(call));
                        before_commit!(database.clone().note("before"));
                        try_defer!(database.clone().note("tried"))?;
                        let told = database.clone();
                        post_commit().connect(move |event| told.note(event.site.function()))
                    });
                    done.unwrap().unwrap().unwrap();
                }
                assert!(!elsewhere(&handle, || ()).is_err());
                defer!(database.clone().note("second"));
                assert_eq!(pending(), 6);
                assert!(!thread::scope(|scope| scope
                    .spawn(in_transaction)
                    .join()
                    .unwrap()));
                Ok(())
            })
            .unwrap();
        let function = if flavour == Flavour::Sync {
            "body"
        } else {
            "body_later"
        };
        let lines = [
            "before",
            "before",
            "commit",
            "first",
            "second",
            "from one thread",
            "tried",
            function,
            "from another",
            "tried",
            function,
        ];
        assert_eq!(database.log()[2..], lines);
    }
}

#[test]
fn a_thread_can_have_the_block_roll_back() {
    for flavour in Flavour::ALL {
        let database = Database::new();
        flavour
            .run(&database, |database| {
                let handle = current().unwrap();
                let told = database.clone();
                elsewhere(&handle, || {
                    post_rollback().connect(move |event| told.note(&event.cause.to_string()))?;
                    defer!(database.clone().note("never"));
                    before_commit!(database.clone().note("never"));
                    set_rollback()
                })
                .unwrap()??;
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

#[test]
fn what_is_registered_after_the_end_of_the_block_is_refused_and_does_not_run() {
    for flavour in Flavour::ALL {
        let (database, journal) = (Database::new(), Journal::default());
        let (ended, waits) = channel();
        let mut late = None;
        flavour
            .run(&database, |database| {
                let handle = current().unwrap();
                let (database, journal) = (database.clone(), journal.clone());
                let (entered, waits_for_entry) = channel();
                late = Some(thread::spawn(move || {
                    handle.enter(|| {
                        defer!(database.clone().note("in time"));
                        entered.send(()).unwrap();
                        waits.recv_timeout(Duration::from_secs(30)).unwrap();
                        assert!(!in_transaction() && current().is_none());
                        let witness = journal.witness("dropped");
                        defer!(move || witness.ran());
                        let witness = journal.witness("dropped");
                        before_commit!(move || witness.ran());
                        assert_eq!(journal.lines(), ["dropped", "dropped"]);
                        let refused = [
                            try_defer!(unreachable()),
                            set_rollback(),
                            completed().connect(|_| unreachable()).map(drop),
                        ];
                        refused.map(|refused| refused.unwrap_err().kind())
                    })
                }));
                waits_for_entry
                    .recv_timeout(Duration::from_secs(30))
                    .unwrap();
                Ok(())
            })
            .unwrap();
        ended.send(()).unwrap();
        let refused = late.unwrap().join().unwrap().unwrap();
        assert_eq!(refused, [ErrorKind::NotInTransaction; 3]);
        assert_eq!(database.log()[2..], ["commit", "in time"]);
    }
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
        defer!(database.note("thread of the joined block"))
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

#[test]
fn a_panic_in_there_goes_on_and_what_was_registered_before_stays() {
    let database = Database::new();
    Flavour::Sync
        .run(&database, |database| {
            let handle = current().unwrap();
            let panicked = elsewhere(&handle, || {
                defer!(database.clone().note("call"));
                resume_unwind(Box::new("thread"))
            });
            let payload = panicked.map(|_: Result<(), _>| ()).unwrap_err();
            assert_eq!(payload.downcast_ref(), Some(&"thread"));
            assert!(in_transaction());
            Ok(())
        })
        .unwrap();
    assert_eq!(database.log()[2..], ["commit", "call"]);
    assert!(!in_transaction());
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
                defer!(database.clone().note("never"))
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

#[test]
fn a_block_that_begins_in_there_is_outermost_on_a_connection_of_its_own() {
    let (database, other) = (Database::new(), Database::new());
    Flavour::Sync
        .run(&database, |database| {
            elsewhere(&current().unwrap(), || {
                let inside = Flavour::Sync.run(&other, |other| {
                    defer!(other.clone().note("call of the other"));
                    Ok(())
                });
                defer!(database.clone().note("call"));
                inside
            })
            .unwrap()?
        })
        .unwrap();
    assert_eq!(
        other.log(),
        ["acquire", "begin", "commit", "call of the other"]
    );
    assert_eq!(database.log()[2..], ["commit", "call"]);
}

#[test]
fn a_handle_that_is_entered_in_another_block_is_for_its_own() {
    let (database, other) = (Database::new(), Database::new());
    Flavour::Sync
        .run(&database, |database| {
            let handle = current().unwrap();
            Flavour::Sync.run(&other, |other| {
                handle.enter(|| {
                    assert_eq!(current().unwrap().site(), handle.site());
                    defer!(database.clone().note("call"));
                    assert_eq!(pending(), 1);
                    set_rollback()
                })??;
                assert_eq!(pending(), 0);
                defer!(other.clone().note("call of the other"));
                Ok(())
            })
        })
        .unwrap();
    assert_eq!(
        other.log(),
        ["acquire", "begin", "commit", "call of the other"]
    );
    assert_eq!(database.log(), ["acquire", "begin", "rollback"]);
}

#[test]
fn a_handler_can_be_disconnected_in_the_block_and_elsewhere() {
    let database = Database::new();
    Flavour::Sync
        .run(&database, |_| {
            let handle = current().unwrap();
            let connect = || post_commit().connect(|_| unreachable());
            let receiver = elsewhere(&handle, connect).unwrap()??;
            assert!(receiver.disconnect());
            let receiver = elsewhere(&handle, connect).unwrap()??;
            assert!(elsewhere(&handle, || receiver.disconnect()).unwrap()?);
            Ok(())
        })
        .unwrap();
}

#[test]
fn an_async_call_is_for_a_block_of_an_async_function() {
    for flavour in Flavour::ALL {
        let database = Database::new();
        let ended = flavour.run(&database, |database| {
            elsewhere(&current().unwrap(), || {
                complete(async { defer!(database.clone().note_later("call").await) });
            })
            .unwrap()?;
            Ok(())
        });
        match (flavour, ended) {
            (Flavour::Async, Ok(())) => assert_eq!(database.log()[2..], ["commit", "call"]),
            (Flavour::Sync, Err(AppError::Transaction(error))) => {
                let why = error.rollback_only();
                assert!(
                    matches!(why, Some(RollbackOnly::AsyncCall { .. })),
                    "{error:?}"
                );
            }
            (_, ended) => panic!("{ended:?}"),
        }
    }
}

#[commit_on_success]
async fn uploads(connection: &mut Connection) -> Result<(), AppError> {
    let handle = current().unwrap();
    let database = connection.database().clone();
    let resized = tokio::task::spawn_blocking(move || {
        handle.enter(|| {
            assert!(in_transaction());
            defer!(database.note("resized"));
        })
    });
    resized.await.unwrap()?;
    let database = connection.database().clone();
    let task = tokio::spawn(async move { try_defer!(database.note("never")) });
    task.await.unwrap().unwrap_err();
    Ok(connection.insert(1)?)
}

#[tokio::test]
async fn a_blocking_task_of_tokio_defers_for_the_block() {
    let database = Database::new();
    uploads(&mut database.connection()).await.unwrap();
    assert_eq!(database.log()[2..], ["insert 1", "commit", "resized"]);
}

#[test]
fn deeply_nested_blocks_have_handles_as_well() {
    fn descend(database: &Database, left: usize) -> Result<(), AppError> {
        let handle = current().unwrap();
        elsewhere(&handle, || defer!(database.clone().note("call"))).unwrap()?;
        handle.enter(|| assert_eq!(pending(), 1))?;
        match left.checked_sub(1) {
            Some(left) => Flavour::Sync.run(database, |database| descend(database, left)),
            None => Ok(()),
        }
    }

    let database = Database::new();
    Flavour::Sync
        .run(&database, |database| descend(database, 11))
        .unwrap();
    assert_eq!(database.count("call"), 12);
}
