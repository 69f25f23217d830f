//! Handles of blocks, with which other threads defer and roll back, on a driver that does as it is told.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::panic::resume_unwind;
use std::thread;

use commit_on_success::signals::{post_commit, post_rollback};
use commit_on_success::{
    RollbackOnly, before_commit, commit_on_success, current, defer, in_transaction, pending,
    set_rollback, try_defer,
};
use commit_on_success_tests::elsewhere::elsewhere;
use commit_on_success_tests::polling::complete;
use commit_on_success_tests::scripted::{AppError, Connection, Database, Flavour};

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
                elsewhere(&handle, || ()).unwrap().unwrap();
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
fn a_call_before_the_commit_has_a_handle_as_well_which_ends_with_its_generation() {
    for flavour in Flavour::ALL {
        let database = Database::new();
        let body = |database: &Database| {
            let first = database.clone();
            before_commit!(move || {
                let handle = current().unwrap();
                let registered = elsewhere(&handle, || {
                    before_commit!(first.clone().note("before"));
                    defer!(first.note("call"));
                });
                registered.unwrap().unwrap();
                before_commit!(move || drop(handle.enter(|| unreachable!()).unwrap_err()));
            });
            Ok(())
        };
        flavour.run(&database, body).unwrap();
        assert_eq!(database.log()[2..], ["before", "commit", "call"]);
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
            let connect = || post_commit().connect(|_| unreachable!());
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
