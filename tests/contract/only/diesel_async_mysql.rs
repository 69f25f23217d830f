//! `AsyncMysqlConnection` cannot go on after a future was dropped on it.

use std::future::pending as forever;
use std::net::ToSocketAddrs as _;

use commit_on_success::{ErrorKind, Outcome, commit_on_success, defer};
use commit_on_success_tests::errors::source_of;
use commit_on_success_tests::proxy::Proxy;
use tokio::sync::Notify;

use crate::driver::{self, Connection, DriverError, Pool};
use crate::support::{Failure, Journal};

#[commit_on_success]
async fn store(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    defer!(journal.clone().note(id.to_string()));
    Ok(())
}

/// The answers to what the nested block has asked for come when the outer one asks for something else.
#[crate::driver::test]
async fn a_nested_block_that_is_cancelled_in_a_statement_is_not_mistaken_for_undone() {
    #[commit_on_success(tx = pool)]
    async fn outer(pool: &Pool, proxy: &Proxy, journal: &Journal) -> Result<(), Failure> {
        store(tx, 1, journal).await?;
        proxy.replies.hold();
        tokio::select! {
            _ = store(tx, 2, journal) => unreachable!("it gets no answer"),
            () = proxy.replies.holding() => {}
        }
        proxy.replies.open();
        Ok(())
    }

    let db = driver::open().await;
    let server = db.server().to_socket_addrs().unwrap().next().unwrap();
    let proxy = Proxy::to(server).await.unwrap();
    let pool = db.through(proxy.address()).pool(1).await;
    let journal = Journal::default();
    let error = outer(&pool, &proxy, &journal).await.unwrap_err();
    let error = error.into_transaction();
    assert_eq!(error.kind(), ErrorKind::RollbackOnly, "{error:?}");
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert!(journal.entries().is_empty());
    // Another connection, as the old one answers out of step.
    let mut conn = driver::take(&pool).await;
    assert!(driver::rows(&mut conn).await.unwrap().is_empty());
    store(&mut conn, 3, &journal).await.unwrap();
    assert_eq!(db.committed().await, [3]);
}

/// The answer to the statement comes when the rollback asks for one.
#[crate::driver::test]
async fn a_statement_that_is_dropped_in_a_body_that_fails_costs_the_connection_and_nothing_else() {
    #[commit_on_success(tx = pool)]
    async fn gives_up(pool: &Pool, proxy: &Proxy) -> Result<(), Failure> {
        driver::insert(tx, 1).await?;
        proxy.replies.hold();
        tokio::select! {
            _ = driver::insert(tx, 2) => unreachable!("it gets no answer"),
            () = proxy.replies.holding() => {}
        }
        proxy.replies.open();
        Err(Failure::body("too slow"))
    }

    let db = driver::open().await;
    let server = db.server().to_socket_addrs().unwrap().next().unwrap();
    let proxy = Proxy::to(server).await.unwrap();
    let pool = db.through(proxy.address()).pool(1).await;
    let error = gives_up(&pool, &proxy).await.unwrap_err();
    assert_eq!(&*error.into_body(), "too slow");
    let mut conn = driver::take(&pool).await;
    assert!(driver::rows(&mut conn).await.unwrap().is_empty());
    store(&mut conn, 3, &Journal::default()).await.unwrap();
    assert_eq!(db.committed().await, [3]);
}

/// The answer to the statement comes when the commit asks for one. Data definition has ended the transaction meanwhile.
#[crate::driver::test]
async fn a_statement_that_is_dropped_in_a_body_that_goes_on_is_never_ok() {
    #[commit_on_success(tx = pool)]
    async fn goes_on(
        pool: &Pool,
        proxy: &Proxy,
        statement: &str,
        journal: &Journal,
    ) -> Result<(), Failure> {
        store(tx, 1, journal).await?;
        proxy.replies.hold();
        tokio::select! {
            _ = driver::execute(tx, statement) => unreachable!("it gets no answer"),
            () = proxy.replies.holding() => {}
        }
        proxy.replies.open();
        Ok(())
    }

    for statement in [
        "CREATE TABLE other (id INT)",
        "INSERT INTO item (id) VALUES (2)",
        "no SQL",
    ] {
        let db = driver::open().await;
        let server = db.server().to_socket_addrs().unwrap().next().unwrap();
        let proxy = Proxy::to(server).await.unwrap();
        let pool = db.through(proxy.address()).pool(1).await;
        let journal = Journal::default();
        let error = goes_on(&pool, &proxy, statement, &journal)
            .await
            .unwrap_err();
        let error = error.into_transaction();
        assert_eq!(error.kind(), ErrorKind::Unknown, "{error:?}");
        assert!(journal.entries().is_empty());
        // Another connection, as the old one answers out of step.
        let mut conn = driver::take(&pool).await;
        store(&mut conn, 3, &journal).await.unwrap();
        assert!(db.committed().await.contains(&3));
    }
}

mod limits {
    use std::sync::{Arc, Mutex};

    use diesel::connection::InstrumentationEvent;
    use diesel_async::pooled_connection::bb8;

    use super::*;
    use crate::driver::Generic as _;

    #[commit_on_success]
    async fn hang(conn: &mut Connection, reached: &Notify) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        reached.notify_one();
        forever().await
    }

    #[crate::driver::test]
    async fn a_borrowed_connection_on_which_a_future_was_dropped_refuses_transactions() {
        let db = driver::open().await;
        let mut conn = db.connect().await;
        let (journal, reached) = (Journal::default(), Notify::new());
        tokio::select! {
            _ = hang(&mut conn, &reached) => unreachable!("it hangs"),
            () = reached.notified() => {}
        }
        let error = store(&mut conn, 2, &journal).await.unwrap_err();
        let error = error.into_transaction();
        assert_eq!(error.kind(), ErrorKind::Begin, "{error:?}");
        let source = source_of(&error);
        let source: &DriverError = source.downcast_ref().unwrap();
        assert!(matches!(source, DriverError::BrokenTransactionManager));
        // The server rolls back when its owner drops it.
        drop(conn);
        let mut conn = db.connect().await;
        store(&mut conn, 1, &journal).await.unwrap();
        assert_eq!(journal.entries(), ["1"]);
        assert_eq!(db.committed().await, [1]);
    }

    #[crate::driver::test]
    async fn the_instrumentation_sees_a_statement_fail_in_each_commit() {
        let db = driver::open().await;
        let mut conn = db.connect().await;
        let heard = Arc::new(Mutex::new(Vec::new()));
        let theirs = Arc::clone(&heard);
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::FinishQuery {
                query,
                error: Some(_),
                ..
            } = event
            {
                theirs.lock().unwrap().push(query.to_string());
            }
        });
        store(&mut conn, 1, &Journal::default()).await.unwrap();
        let heard = heard.lock().unwrap().concat();
        assert!(heard.contains("COMMIT; RELEASE SAVEPOINT"), "{heard}");
    }

    #[commit_on_success(tx = pool)]
    async fn looks(pool: &bb8::Pool<Connection>) -> Result<Vec<i64>, Failure> {
        Ok(driver::rows(tx).await?)
    }

    /// The rows that the next one sees when a future was dropped that has waited for the first answer to it.
    async fn seen_after_a_drop(check: bool) -> Result<Vec<i64>, Failure> {
        let db = driver::open().await;
        driver::insert(&mut db.connect().await, 1).await.unwrap();
        let server = db.server().to_socket_addrs().unwrap().next().unwrap();
        let proxy = Proxy::to(server).await.unwrap();
        let pool = bb8::Pool::builder()
            .max_size(1)
            .test_on_check_out(check)
            .build(driver::Manager::new(db.through(proxy.address()).url()))
            .await
            .unwrap();
        for _ in 0..2 {
            assert_eq!(looks(&pool).await.unwrap(), [1]);
        }
        proxy.replies.hold();
        tokio::select! {
            _ = looks(&pool) => unreachable!("it gets no answer"),
            () = proxy.replies.holding() => {}
        }
        proxy.replies.open();
        looks(&pool).await
    }

    #[crate::driver::test]
    async fn a_future_that_is_dropped_while_bb8_checks_a_connection_leaves_it_out_of_step() {
        let seen = seen_after_a_drop(true).await;
        assert!(!matches!(&seen, Ok(rows) if *rows == [1]), "{seen:?}");
    }

    #[crate::driver::test]
    async fn a_bb8_that_checks_nothing_gives_out_nothing_that_is_out_of_step() {
        let seen = seen_after_a_drop(false).await;
        assert_eq!(seen.unwrap(), [1]);
    }
}
