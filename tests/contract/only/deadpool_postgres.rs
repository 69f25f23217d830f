//! The tests of deadpool-postgres alone: its sources in the forms in which users write them, statements that it
//! keeps, and what becomes of a connection whose state nobody knows.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use commit_on_success::testing::AsyncTestTransaction;
use commit_on_success::{ErrorKind, Outcome, commit_on_success, defer, signals};
use commit_on_success_tests::errors::source_of;
use commit_on_success_tests::pg::AppError;
use commit_on_success_tests::proxy::{Gate, Proxy};
use deadpool_postgres::{Manager, Object, PoolError, Runtime, Timeouts};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use crate::driver::{self, Database, Pool};
use crate::support::Journal;

#[commit_on_success(tx = pool)]
async fn store(pool: &Pool, id: i64, journal: &Journal) -> Result<(), AppError> {
    driver::insert(tx, id).await?;
    defer!(journal.clone().note(id.to_string()));
    Ok(())
}

/// Odd ones are fine.
fn finish(id: i64) -> Result<(), AppError> {
    if id % 2 == 0 {
        Err(AppError::Own("even"))
    } else {
        Ok(())
    }
}

/// In the transaction of whoever calls it, as every form leads to the client.
#[commit_on_success]
async fn on_client(client: &mut Client, id: i64, journal: &Journal) -> Result<(), AppError> {
    driver::insert(client, id).await?;
    defer!(journal.clone().note(id.to_string()));
    finish(id)
}

#[crate::driver::test]
async fn sources_of_every_form_commit_roll_back_and_lead_to_the_same_connection() {
    #[commit_on_success]
    async fn pool_by_value(tx: Pool, id: i64, journal: &Journal) -> Result<(), AppError> {
        on_client(tx, id, journal).await?;
        finish(journal.entries().len().try_into().unwrap_or(0) + id)
    }

    #[commit_on_success]
    async fn pool_by_reference(pool: &Pool, id: i64, journal: &Journal) -> Result<(), AppError> {
        on_client(pool, id, journal).await
    }

    #[commit_on_success]
    async fn pooled(conn: &mut Object, id: i64, journal: &Journal) -> Result<(), AppError> {
        on_client(conn, id, journal).await
    }

    #[commit_on_success]
    async fn pooled_by_value(conn: Object, id: i64, journal: &Journal) -> Result<(), AppError> {
        on_client(conn, id, journal).await
    }

    #[commit_on_success(tx = pool.get().await.map_err(|_| AppError::Own("no connection"))?)]
    async fn taken(pool: &Pool, id: i64, journal: &Journal) -> Result<(), AppError> {
        on_client(tx, id, journal).await
    }

    #[commit_on_success(tx = &mut pool.get().await.map_err(|_| AppError::Own("no connection"))?)]
    async fn taken_and_lent(pool: &Pool, id: i64, journal: &Journal) -> Result<(), AppError> {
        on_client(tx, id, journal).await
    }

    #[commit_on_success(tx = &mut ***conn)]
    async fn client(conn: &mut Object, id: i64, journal: &Journal) -> Result<(), AppError> {
        on_client(tx, id, journal).await
    }

    #[commit_on_success(tx = &*pool)]
    async fn shared(pool: Arc<Pool>, id: i64, journal: &Journal) -> Result<(), AppError> {
        on_client(tx, id, journal).await
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    for half in 0..2 {
        let id = |number: i64| 2 * number + half;
        let journal = Journal::default();
        let mut results = Vec::new();
        results.push(pool_by_value(pool.clone(), id(0), &journal).await);
        results.push(pool_by_reference(&pool, id(1), &journal).await);
        results.push(taken(&pool, id(2), &journal).await);
        results.push(taken_and_lent(&pool, id(3), &journal).await);
        results.push(shared(Arc::new(pool.clone()), id(4), &journal).await);
        let conn = driver::take(&pool).await;
        results.push(pooled_by_value(conn, id(5), &journal).await);
        let mut conn = driver::take(&pool).await;
        results.push(pooled(&mut conn, id(6), &journal).await);
        results.push(client(&mut conn, id(7), &journal).await);
        let as_expected = results.iter().all(|result| result.is_ok() == (half == 1));
        assert!(as_expected, "{results:?}");
        assert_eq!(journal.entries().len(), if half == 1 { 8 } else { 0 });
    }
    assert_eq!(db.committed().await, [1, 3, 5, 7, 9, 11, 13, 15]);
}

#[crate::driver::test]
async fn statements_that_the_pool_keeps_work_in_and_after_a_body() {
    const INSERT: &str = "INSERT INTO item (id) VALUES ($1)";

    #[commit_on_success(tx = pool)]
    async fn stores(pool: &Pool, id: i64) -> Result<(), AppError> {
        let insert = tx.prepare_cached(INSERT).await?;
        tx.execute(&insert, &[&id]).await?;
        finish(id)
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    for id in 0..4 {
        assert_eq!(stores(&pool, id).await.is_err(), id % 2 == 0);
    }
    let conn = driver::take(&pool).await;
    assert_eq!(conn.statement_cache.size(), 1);
    let insert = conn.prepare_cached(INSERT).await.unwrap();
    conn.execute(&insert, &[&5_i64]).await.unwrap();
    assert_eq!(db.committed().await, [1, 3, 5]);
}

#[crate::driver::test]
async fn a_connection_by_value_is_back_in_its_pool_when_calls_run() {
    #[commit_on_success]
    async fn stores(conn: Object, pool: &Pool, journal: &Journal) -> Result<(), AppError> {
        let (theirs, journal) = (pool.clone(), journal.clone());
        defer!(move || journal.note(theirs.status().available.to_string()));
        Ok(driver::insert(conn, 1).await?)
    }

    let db = driver::open().await;
    let (pool, journal) = (db.pool(1).await, Journal::default());
    let conn = driver::take(&pool).await;
    stores(conn, &pool, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["1"]);
}

#[crate::driver::test]
async fn without_a_connection_the_body_does_not_run() {
    let db = driver::open().await;
    let manager = Manager::new(db.config.clone(), NoTls);
    let no_patience = Timeouts {
        wait: Some(std::time::Duration::ZERO),
        ..Timeouts::default()
    };
    let pool = Pool::builder(manager).max_size(1).timeouts(no_patience);
    let pool = pool.runtime(Runtime::Tokio1).build().unwrap();
    let journal = Journal::default();
    let only = driver::take(&pool).await;
    let refused = store(&pool, 1, &journal).await;
    let error = refused.unwrap_err().into_transaction();
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_eq!(error.kind(), ErrorKind::Begin, "{error:?}");
    let source = source_of(&error);
    let timeout = source.downcast_ref::<PoolError>();
    assert!(matches!(timeout, Some(PoolError::Timeout(_))), "{source:?}");
    assert_eq!(journal.owners(), 1);
    drop(only);
    store(&pool, 2, &journal).await.unwrap();
    assert_eq!(db.committed().await, [2]);
}

/// The session of the pool's only connection.
async fn session(pool: &Pool) -> i32 {
    let conn = driver::take(pool).await;
    let number = conn.query_one("SELECT pg_backend_pid()", &[]).await;
    number.unwrap().get(0)
}

/// Ends in any way, and defers nothing, so that nobody waits for its outcome.
#[commit_on_success(tx = pool)]
async fn end(pool: &Pool, id: i64) -> Result<(), AppError> {
    driver::insert(tx, id).await?;
    finish(id)
}

#[crate::driver::test]
async fn a_connection_whose_step_was_under_way_serves_the_next_user() {
    let db = driver::open().await;
    for id in [1, 2] {
        for replies in [false, true] {
            for point in 0.. {
                let proxy = Proxy::to(db.server()).await.unwrap();
                let pool = db.through(proxy.address()).pool(1).await;
                let before = session(&pool).await;
                let gate = if replies {
                    &proxy.replies
                } else {
                    &proxy.requests
                };
                gate.hold();
                let ended = tokio::select! {
                    biased;
                    ended = end(&pool, id) => Some(ended),
                    () = pass(gate, point) => None,
                };
                gate.open();
                let context = format!("{id}, replies {replies}, dropped at {point}");
                assert_eq!(session(&pool).await, before, "{context}");
                driver::insert(&mut driver::take(&pool).await, 100)
                    .await
                    .unwrap();
                let mut rows = db.committed().await;
                assert_eq!(rows.pop(), Some(100), "{context}");
                assert!(rows.is_empty() || rows == [1], "{rows:?}, {context}");
                db.corner.execute("DELETE FROM item").await;
                if let Some(ended) = ended {
                    assert_eq!(ended.is_ok(), id == 1, "{context}");
                    assert!(point >= 3, "{context}");
                    break;
                }
            }
        }
    }
}

/// Lets so many messages through one by one, until the next one is held.
async fn pass(gate: &Gate, messages: usize) {
    for _ in 0..messages {
        gate.holding().await;
        gate.release();
    }
    gate.holding().await;
}

#[crate::driver::test]
async fn a_connection_that_does_not_come_to_its_rollback_is_closed_and_replaced() {
    let db = driver::open().await;
    let proxy = Proxy::to(db.server()).await.unwrap();
    let pool = db.through(proxy.address()).pool(1).await;
    let before = session(&pool).await;
    proxy.requests.hold();
    tokio::select! {
        biased;
        _ = end(&pool, 1) => unreachable!("its begin is held"),
        () = proxy.requests.holding() => {}
    }
    while pool.status().size > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    proxy.requests.open();
    assert_ne!(session(&pool).await, before);
    end(&pool, 1).await.unwrap();
    assert_eq!(db.committed().await, [1]);
}

/// The fate of a commit whose answer does not come.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Lost {
    Answer,
    Session,
}

/// Commits take a while, so that the answer to what is sent ahead of one comes by itself.
async fn with_slow_commits() -> (Database, Proxy, Pool) {
    let db = driver::open().await;
    let statements = "
        CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_sleep(0.5);
            RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER waiting AFTER INSERT ON item
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait();
    ";
    db.corner.execute(statements).await;
    let proxy = Proxy::to(db.server()).await.unwrap();
    let pool = db.through(proxy.address()).pool(1).await;
    (db, proxy, pool)
}

/// The next answer that comes through the proxy is to what follows on the body.
async fn begin_slow_commit(
    client: &Client,
    proxy: &Proxy,
    session: &AtomicI32,
    journal: &Journal,
) -> Result<(), AppError> {
    // A statement that is prepared would be closed later.
    let sent = client.simple_query("INSERT INTO item VALUES (1) RETURNING pg_backend_pid()");
    for message in sent.await? {
        if let SimpleQueryMessage::Row(row) = message {
            session.store(row.get(0).unwrap().parse().unwrap(), Ordering::Relaxed);
        }
    }
    defer!(journal.clone().note("called"));
    let theirs = journal.clone();
    signals::post_rollback()
        .connect(move |_| theirs.note("rolled back"))
        .unwrap();
    proxy.replies.hold();
    Ok(())
}

#[commit_on_success(tx = pool, settle)]
async fn settled(
    pool: &Pool,
    proxy: &Proxy,
    session: &AtomicI32,
    journal: &Journal,
) -> Result<(), AppError> {
    begin_slow_commit(tx, proxy, session, journal).await
}

#[commit_on_success(tx = pool)]
async fn unsettled(pool: &Pool, proxy: &Proxy, journal: &Journal) -> Result<(), AppError> {
    begin_slow_commit(tx, proxy, &AtomicI32::new(0), journal).await
}

#[crate::driver::test]
async fn the_outcome_of_a_commit_without_an_answer_is_settled_where_that_is_asked_for() {
    for lost in [Lost::Answer, Lost::Session] {
        let (db, proxy, pool) = with_slow_commits().await;
        let (session, journal) = (AtomicI32::new(0), Journal::default());
        let lose = async {
            // The transaction's number.
            proxy.replies.holding().await;
            proxy.replies.release();
            if lost == Lost::Session {
                let number = session.load(Ordering::Relaxed);
                let end = format!("SELECT pg_terminate_backend({number})::int::bigint");
                assert_eq!(db.corner.numbers(end).await, [1]);
            }
            proxy.replies.holding().await;
            proxy.cut();
        };
        let (ended, ()) = tokio::join!(settled(&pool, &proxy, &session, &journal), lose);
        if lost == Lost::Answer {
            ended.unwrap();
            assert_eq!(journal.entries(), ["called"]);
            assert_eq!(db.committed().await, [1]);
        } else {
            let error = ended.unwrap_err().into_transaction();
            assert_eq!(error.kind(), ErrorKind::Commit, "{error:?}");
            assert_eq!(error.outcome(), Outcome::RolledBack);
            assert_eq!(journal.entries(), ["rolled back"]);
            assert!(db.committed().await.is_empty());
        }
        store(&pool, 2, &journal).await.unwrap();
    }
}

#[crate::driver::test]
async fn the_outcome_of_a_commit_without_an_answer_is_unknown_where_nobody_asks() {
    let (db, proxy, pool) = with_slow_commits().await;
    let journal = Journal::default();
    let cut = async {
        proxy.replies.holding().await;
        proxy.cut();
    };
    let (stored, ()) = tokio::join!(unsettled(&pool, &proxy, &journal), cut);
    let error = stored.unwrap_err().into_transaction();
    assert_eq!(error.kind(), ErrorKind::Unknown, "{error:?}");
    assert!(journal.entries().is_empty());
    assert_eq!(db.committed().await, [1]);
}

#[crate::driver::test]
async fn a_block_that_would_be_settled_ends_as_any_other_where_the_server_answers() {
    #[commit_on_success(tx = pool, settle)]
    async fn stores(pool: &Pool, id: i64) -> Result<(), AppError> {
        driver::insert(tx, id).await?;
        finish(id)
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    stores(&pool, 1).await.unwrap();
    stores(&pool, 2).await.unwrap_err();
    let error = swallows(&pool).await.unwrap_err().into_transaction();
    assert_eq!(error.kind(), ErrorKind::Aborted, "{error:?}");
    let error = ends(&pool).await.unwrap_err().into_transaction();
    assert_eq!(error.kind(), ErrorKind::Ended, "{error:?}");
    assert_eq!(db.committed().await, [1]);
}

#[commit_on_success(tx = pool, settle)]
async fn swallows(pool: &Pool) -> Result<(), AppError> {
    driver::insert(tx, 1).await.unwrap_err();
    Ok(())
}

#[commit_on_success(tx = pool, settle)]
async fn ends(pool: &Pool) -> Result<(), AppError> {
    driver::insert(tx, 3).await?;
    Ok(driver::execute(tx, "ROLLBACK").await?)
}

#[crate::driver::test]
async fn a_pooled_connection_by_value_settles_and_a_borrowed_one_refuses_to() {
    #[commit_on_success(conn, settle)]
    async fn by_value(conn: Object, id: i64) -> Result<(), AppError> {
        Ok(driver::insert(conn, id).await?)
    }

    #[commit_on_success(conn, settle)]
    async fn borrowed(conn: &mut Object, id: i64) -> Result<(), AppError> {
        Ok(driver::insert(conn, id).await?)
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    by_value(driver::take(&pool).await, 1).await.unwrap();
    let refused = borrowed(&mut driver::take(&pool).await, 2).await;
    let error = refused.unwrap_err().into_transaction();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
    assert_eq!(db.committed().await, [1]);
}

#[crate::driver::test]
async fn a_connection_whose_body_was_running_stays_in_the_pool() {
    #[commit_on_success(tx = pool)]
    async fn hangs(pool: &Pool) -> Result<(), AppError> {
        driver::insert(tx, 1).await?;
        std::future::pending().await
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let before = session(&pool).await;
    let limit = std::time::Duration::from_millis(50);
    assert!(tokio::time::timeout(limit, hangs(&pool)).await.is_err());
    assert_eq!(session(&pool).await, before);
    assert!(db.committed().await.is_empty());
}

#[crate::driver::test]
async fn functions_inside_a_tests_transaction_are_outermost_ones_also_when_they_are_dropped() {
    #[commit_on_success]
    async fn stores(conn: &mut Object, id: i64, journal: &Journal) -> Result<(), AppError> {
        driver::insert(conn, id).await?;
        defer!(journal.clone().note(id.to_string()));
        if id == 2 {
            std::future::pending().await
        } else {
            finish(id)
        }
    }

    let db = driver::open().await;
    let (pool, journal) = (db.pool(1).await, Journal::default());
    let mut test = AsyncTestTransaction::begin(&pool).await.unwrap();
    stores(test.connection(), 1, &journal).await.unwrap();
    stores(test.connection(), 4, &journal).await.unwrap_err();
    let limit = std::time::Duration::from_millis(50);
    let dropped = stores(test.connection(), 2, &journal);
    assert!(tokio::time::timeout(limit, dropped).await.is_err());
    stores(test.connection(), 3, &journal).await.unwrap();
    assert_eq!(driver::rows(test.connection()).await.unwrap(), [1, 3]);
    assert_eq!(journal.entries(), ["1", "3"]);
    test.rollback().await.unwrap();
    assert!(db.committed().await.is_empty());
}
