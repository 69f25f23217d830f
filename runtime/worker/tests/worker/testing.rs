//! Jobs in the transaction of a test.

use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use commit_on_success::jobs::Job;
use commit_on_success_worker::testing::StoredJob;
use commit_on_success_worker::{Context, Error, Handlers, testing};
use riverqueue::serde_json::json;
use serde::{Deserialize, Serialize};

use crate::jobs::noting;
use crate::scene::{Index, Scene, on_each_database};
use crate::tested::{REFUSED, Tested, with_handle};

/// A job of a queue of its own.
#[derive(Debug, Serialize, Deserialize)]
struct Mail {
    to: String,
}

impl Job for Mail {
    const KIND: &'static str = "mail";
    const QUEUE: &'static str = "slow";
    const ATTEMPTS: u16 = 3;
}

async fn what_waits_is_shown<P: Tested>(scene: Scene<P>) {
    let (scene, db) = with_handle(scene).await;
    let test = async || {
        P::enqueue(&db, Index { id: 7 }).await;
        let to = "Ann".to_owned();
        P::enqueue(&db, Mail { to }.after(Duration::from_mins(1))).await;
        let [index, mail] = &P::stored(&db).await[..] else {
            panic!("two were stored")
        };
        assert_eq!((index.kind(), index.queue()), ("index", "default"));
        assert_eq!((mail.kind(), mail.queue()), ("mail", "slow"));
        assert!(index.id() < mail.id());
        assert_eq!(mail.args(), &json!({ "to": "Ann" }));
        assert_eq!((mail.attempt(), mail.attempts()), (0, 3));
        assert!(mail.is_scheduled() && !index.is_scheduled());
        assert_eq!(index.decode::<Index>().unwrap().id, 7);
        let other = index.decode::<Mail>().unwrap_err();
        assert_eq!(
            other.to_string(),
            "a job of the kind `index` cannot be decoded as one of the kind `mail`"
        );
    };
    scene.pool.in_test(&db, test).await;
}

async fn what_is_due_is_run_with_what_handlers_store_meanwhile<P: Tested>(scene: Scene<P>) {
    let (scene, db) = with_handle(scene).await;
    let by_handle = db.clone();
    let handlers = Handlers::new().handle(move |_: Context, job: Index| {
        let db = by_handle.clone();
        async move {
            if job.id > 0 {
                P::enqueue(&db, Index { id: job.id - 1 }).await;
            }
            anyhow::Ok(())
        }
    });
    let test = async || {
        P::enqueue(&db, Index { id: 2 }).await;
        let ran = P::run_due(&db, &handlers)
            .await
            .unwrap()
            .succeeded()
            .unwrap();
        let ids = ran.iter().map(|job| job.decode::<Index>().unwrap().id);
        assert_eq!(ids.collect::<Vec<_>>(), [2, 1, 0]);
        assert_eq!(P::stored(&db).await, []);
        let completed = "SELECT count(*) FROM river_job WHERE state = 'completed' AND attempt = 1";
        assert_eq!(P::ask(&db, completed).await, 3);
    };
    scene.pool.in_test(&db, test).await;
}

async fn a_handler_completes_its_job_in_the_transaction_of_the_test<P: Tested>(scene: Scene<P>) {
    let (scene, db) = with_handle(scene).await;
    let by_handle = db.clone();
    let handlers = Handlers::new().handle(move |context: Context, job: Index| {
        let db = by_handle.clone();
        async move {
            P::credit(&db, &context, job.id).await?;
            let again = P::credit(&db, &context, job.id).await.unwrap_err();
            let again = again.downcast_ref::<Error>();
            assert!(matches!(again, Some(Error::NotRunning { .. })), "{again:?}");
            anyhow::Ok(())
        }
    });
    let test = async || {
        P::enqueue(&db, Index { id: 5 }).await;
        P::enqueue(&db, Index { id: REFUSED }).await;
        P::enqueue(&db, Index { id: -1 }).await;
        P::enqueue(&db, Index { id: 6 }).await;
        let ran = P::run_due(&db, &handlers).await.unwrap();
        let has_failed = ran.iter().map(|ran| ran.error().is_some());
        assert_eq!(has_failed.collect::<Vec<_>>(), [false, true, true, false]);
        let refused = ran[1].error().unwrap().to_string();
        assert!(refused.contains("constraint"), "{refused}");
        let error = ran[2].error().unwrap().to_string();
        assert_eq!(error, "after it was completed");
        assert_eq!(P::ask(&db, "SELECT count(*) FROM credit").await, 2);
        assert_eq!(P::stored(&db).await.len(), 2, "they were rolled back");
    };
    scene.pool.in_test(&db, test).await;
}

async fn what_fails_or_panics_is_told_and_waits_for_its_next_attempt<P: Tested>(scene: Scene<P>) {
    let (scene, db) = with_handle(scene).await;
    let handlers = Handlers::new().handle(async |context: Context, job: Index| {
        assert!(job.id != 13 || context.attempt() > 1, "thirteen");
        anyhow::ensure!(job.id != 14, "fourteen");
        Ok(())
    });
    let test = async || {
        for id in [13, 14, 15] {
            P::enqueue(&db, Index { id }.attempts(2)).await;
        }
        let ran = P::run_due(&db, &handlers).await.unwrap();
        let errors = ran.iter().map(|ran| ran.error().map(ToString::to_string));
        let [panicked, failed, succeeded] = &errors.collect::<Vec<_>>()[..] else {
            panic!("three were stored")
        };
        assert_eq!(panicked.as_deref(), Some("thirteen"));
        assert_eq!(failed.as_deref(), Some("fourteen"));
        assert_eq!(succeeded.as_deref(), None);
        assert_eq!(ran[2].job().attempt(), 0);
        let waiting = P::stored(&db).await;
        assert!(
            waiting
                .iter()
                .all(|job| job.attempt() == 1 && job.is_scheduled())
        );
        assert_eq!(waiting.len(), 2);

        P::advance(&db, Duration::from_secs(2)).await;
        let again = P::run_due(&db, &handlers).await.unwrap();
        assert_eq!(again.len(), 2);
        let error = again.succeeded().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the job 2 of the kind `index` has failed"
        );
        assert_eq!(error.source().unwrap().to_string(), "fourteen");
        assert_eq!(P::stored(&db).await, [], "one is done, and one is given up");
    };
    scene.pool.in_test(&db, test).await;
}

async fn what_is_to_wait_is_run_when_its_time_has_come<P: Tested>(scene: Scene<P>) {
    let (scene, db) = with_handle(scene).await;
    let (handlers, ran) = noting();
    let test = async || {
        P::enqueue(&db, Index { id: 1 }.after(Duration::from_hours(1))).await;
        P::enqueue(&db, Index { id: 2 }.after(Duration::from_millis(200))).await;
        assert!(P::run_due(&db, &handlers).await.unwrap().is_empty());
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(P::run_due(&db, &handlers).await.unwrap().len(), 1);
        P::advance(&db, Duration::from_mins(59)).await;
        assert!(P::run_due(&db, &handlers).await.unwrap().is_empty());
        assert!(P::stored(&db).await[0].is_scheduled());
        P::advance(&db, Duration::from_mins(1)).await;
        assert!(!P::stored(&db).await[0].is_scheduled());
        assert_eq!(P::run_due(&db, &handlers).await.unwrap().len(), 1);
        assert_eq!(*ran.lock().unwrap(), [(2, 1), (1, 1)]);
    };
    scene.pool.in_test(&db, test).await;
}

async fn what_has_failed_is_not_tried_again_however_long_the_others_take<P: Tested>(
    scene: Scene<P>,
) {
    let (scene, db) = with_handle(scene).await;
    let by_handle = db.clone();
    let attempts = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&attempts);
    let handlers = Handlers::new().handle(move |context: Context, job: Index| {
        noted.lock().unwrap().push((job.id, context.attempt()));
        let db = by_handle.clone();
        async move {
            anyhow::ensure!(job.id >= 0, "below zero");
            P::advance(&db, Duration::from_mins(1)).await;
            Ok(())
        }
    });
    let test = async || {
        P::enqueue(&db, Index { id: -1 }).await;
        P::enqueue(&db, Index { id: 1 }).await;
        assert_eq!(P::run_due(&db, &handlers).await.unwrap().len(), 2);
        assert_eq!(P::run_due(&db, &handlers).await.unwrap().len(), 1);
        assert_eq!(*attempts.lock().unwrap(), [(-1, 1), (1, 1), (-1, 2)]);
    };
    scene.pool.in_test(&db, test).await;
}

async fn what_no_handler_can_read_fails_and_what_none_is_for_waits<P: Tested>(scene: Scene<P>) {
    let (scene, db) = with_handle(scene).await;
    let handlers = Handlers::new()
        .handle(async |_: Context, _: Index| anyhow::Ok(()))
        .handle(async |_: Context, _: Renamed| anyhow::Ok(()));
    let test = async || {
        let to = "Ann".to_owned();
        P::enqueue(&db, Mail { to }).await;
        P::enqueue(&db, LastRelease { number: 7 }).await;
        let ran = P::run_due(&db, &handlers).await.unwrap();
        assert_eq!(ran.len(), 1);
        let error = ran[0].error().unwrap().downcast_ref::<Error>();
        assert!(
            matches!(
                error,
                Some(Error::Arguments {
                    kind: "renamed",
                    ..
                })
            ),
            "{error:?}"
        );
        let unread = ran[0].job().decode::<Renamed>().unwrap_err();
        assert_eq!(unread.to_string(), error.unwrap().to_string());
        let waiting = P::stored(&db).await;
        let kinds = waiting.iter().map(StoredJob::kind);
        assert_eq!(kinds.collect::<Vec<_>>(), ["mail", "renamed"]);
    };
    scene.pool.in_test(&db, test).await;
}

#[derive(Debug, Serialize, Deserialize)]
struct Renamed {
    id: i64,
}

impl Job for Renamed {
    const KIND: &'static str = "renamed";
}

/// [`Renamed`], as it was stored before.
#[derive(Serialize, Deserialize)]
struct LastRelease {
    number: i64,
}

impl Job for LastRelease {
    const KIND: &'static str = Renamed::KIND;
}

async fn a_connection_does_where_handlers_need_none<P: Tested>(scene: Scene<P>) {
    let (scene, _) = with_handle(scene).await;
    let (handlers, ran) = noting();
    assert_eq!(scene.pool.on_a_connection(&handlers).await, [2, 2, 0]);
    assert_eq!(*ran.lock().unwrap(), [(1, 1), (2, 1)]);
    let left = scene.pool.number("SELECT count(*) FROM river_job").await;
    assert_eq!(left, 0);
}

async fn handlers_that_no_worker_can_have_are_refused<P: Tested>(scene: Scene<P>) {
    let (_scene, db) = with_handle(scene).await;
    let none = P::run_due(&db, &Handlers::new()).await.unwrap_err();
    assert!(matches!(none, Error::NoHandlers), "{none:?}");
    let twice = noting()
        .0
        .handle(async |_: Context, _: Index| anyhow::Ok(()));
    let twice = P::run_due(&db, &twice).await.unwrap_err();
    assert!(
        matches!(twice, Error::HandledTwice { kind: "index" }),
        "{twice:?}"
    );
}

on_each_database! {
    what_waits_is_shown,
    what_is_due_is_run_with_what_handlers_store_meanwhile,
    a_handler_completes_its_job_in_the_transaction_of_the_test,
    what_fails_or_panics_is_told_and_waits_for_its_next_attempt,
    what_is_to_wait_is_run_when_its_time_has_come,
    what_has_failed_is_not_tried_again_however_long_the_others_take,
    what_no_handler_can_read_fails_and_what_none_is_for_waits,
    a_connection_does_where_handlers_need_none,
    handlers_that_no_worker_can_have_are_refused,
}

#[test]
fn what_the_last_release_has_stored_is_read_or_said_to_be_unreadable() {
    assert_eq!(testing::decodes::<Renamed>(r#"{"id": 7}"#).unwrap().id, 7);
    let error = testing::decodes::<Renamed>(r#"{"number": 7}"#).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Arguments {
                kind: "renamed",
                ..
            }
        ),
        "{error:?}"
    );
}
