//! `AsyncPgConnection` alone has statements at the same time, and outlives whatever is dropped on it.

use std::future::pending as forever;
use std::net::ToSocketAddrs as _;

use commit_on_success::{commit_on_success, defer};
use commit_on_success_tests::proxy::{Gate, Proxy};
use diesel::sql_types::Integer;
use diesel::{QueryResult, sql_query};
use diesel_async::{AsyncPgConnection, RunQueryDsl as _};
use tokio::sync::Notify;

use crate::driver::{self, Connection, Database, Pool};
use crate::support::{Failure, Journal};

#[derive(diesel::QueryableByName)]
struct Backend {
    #[diesel(sql_type = Integer)]
    pid: i32,
}

async fn pid(mut conn: &AsyncPgConnection) -> QueryResult<i32> {
    let query = sql_query("SELECT pg_backend_pid() AS pid");
    let backend: Backend = query.get_result(&mut conn).await?;
    Ok(backend.pid)
}

#[crate::driver::test]
async fn statements_of_a_body_can_run_at_the_same_time() {
    #[commit_on_success]
    async fn stores(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        let (one, other) = tokio::join!(pid(conn), pid(conn));
        assert_eq!(one?, other?);
        defer!(journal.clone().note("called"));
        Ok(())
    }

    let db = driver::open().await;
    let journal = Journal::default();
    stores(&mut db.connect().await, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["called"]);
    assert_eq!(db.committed().await, [1]);
}

#[allow(
    clippy::explicit_auto_deref,
    reason = "one pool gives the connection itself, another what leads to it"
)]
#[crate::driver::test]
async fn a_pool_keeps_the_connection_of_a_future_that_was_dropped_in_its_body() {
    #[commit_on_success(tx = pool)]
    async fn hangs(pool: &Pool, reached: &Notify) -> Result<(), Failure> {
        driver::insert(tx, 1).await?;
        reached.notify_one();
        forever().await
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let before = pid(&*driver::take(&pool).await).await.unwrap();
    let reached = Notify::new();
    tokio::select! {
        _ = hangs(&pool, &reached) => unreachable!("it hangs"),
        () = reached.notified() => {}
    }
    let mut conn = driver::take(&pool).await;
    assert_eq!(pid(&*conn).await.unwrap(), before);
    driver::insert(&mut conn, 2).await.unwrap();
    assert_eq!(db.committed().await, [2]);
}

#[commit_on_success]
async fn block(conn: &mut Connection, first: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, first).await?;
    nested(conn, first + 1, journal).await?;
    nested(conn, first, journal).await.unwrap_err();
    defer!(journal.clone().note(first.to_string()));
    Ok(())
}

#[commit_on_success]
async fn nested(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    defer!(journal.clone().note(id.to_string()));
    Ok(())
}

/// Lets so many messages through one by one, until the next one is held.
async fn pass(gate: &Gate, messages: usize) {
    for _ in 0..messages {
        gate.holding().await;
        gate.release();
    }
    gate.holding().await;
}

/// Whether the future was dropped before it had completed.
async fn drop_at(db: &Database, requests: bool, point: usize) -> bool {
    let server = db.server().to_socket_addrs().unwrap().next().unwrap();
    let proxy = Proxy::to(server).await.unwrap();
    let mut conn = db.through(proxy.address()).connect().await;
    let gate = if requests {
        &proxy.requests
    } else {
        &proxy.replies
    };
    let journal = Journal::default();
    gate.hold();
    let dropped = tokio::select! {
        biased;
        done = block(&mut conn, 1, &journal) => { done.unwrap(); false }
        () = pass(gate, point) => true,
    };
    gate.open();
    // On the very connection, in order behind whatever was said.
    block(&mut conn, 11, &journal).await.unwrap();
    assert_eq!(driver::depth(&mut conn), None);
    let rows = db.committed().await;
    let calls = journal.entries();
    match rows.len() {
        2 => assert_eq!((&*rows, calls.len()), (&[11, 12][..], 2)),
        // Dropped once `COMMIT` was sent.
        _ => assert_eq!(rows, [1, 2, 11, 12]),
    }
    let clear = "DELETE FROM item";
    driver::execute(&mut db.connect().await, clear)
        .await
        .unwrap();
    dropped
}

#[crate::driver::test]
async fn a_borrowed_connection_can_be_used_again_wherever_a_future_was_dropped_on_it() {
    let db = driver::open().await;
    for requests in [true, false] {
        let mut points = 0;
        while drop_at(&db, requests, points).await {
            points += 1;
        }
        assert!(points >= 8, "{points} messages");
    }
}
