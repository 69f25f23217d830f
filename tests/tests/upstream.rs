//! What drivers do that this crate works around. A test that fails here is good news: the driver has mended
//! it, and what was done about it may go.
#![allow(missing_docs, reason = "a test program")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed test says where"
)]

use std::time::Duration;

use commit_on_success_tests::corner::{Corner, Stage as _};
use commit_on_success_tests::proxy::Proxy;
use sqlx::mysql::{MySqlPool, MySqlPoolOptions};
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{Connection as _, Executor as _, MySql, Postgres};

const ROWS: &str = "SELECT id FROM item ORDER BY id";

async fn postgres() -> (Corner<Postgres>, Proxy, PgPool) {
    let corner = Postgres::corner().await;
    corner.execute("CREATE TABLE item (id BIGINT)").await;
    let server = &corner.address;
    let proxy = Proxy::to((server.get_host().to_owned(), server.get_port()))
        .await
        .unwrap();
    let address = server.clone().host("127.0.0.1");
    let pool = PgPoolOptions::new()
        .max_connections(1)
        // The first message of a begin is `BEGIN`.
        .test_before_acquire(false)
        .connect_with(address.port(proxy.address().port()))
        .await
        .unwrap();
    (corner, proxy, pool)
}

async fn mysql() -> (Corner<MySql>, Proxy, MySqlPool) {
    let corner = MySql::corner().await;
    corner.execute("CREATE TABLE item (id BIGINT)").await;
    let server = &corner.address;
    let proxy = Proxy::to((server.get_host().to_owned(), server.get_port()))
        .await
        .unwrap();
    let address = server.clone().host("127.0.0.1");
    let pool = MySqlPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_millis(500))
        .connect_with(address.port(proxy.address().port()))
        .await
        .unwrap();
    (corner, proxy, pool)
}

/// Drops a future as soon as its next message is held.
async fn drop_at_next_request<F: Future>(proxy: &Proxy, future: F) {
    proxy.requests.hold();
    tokio::select! {
        biased;
        _ = future => panic!("it did not wait"),
        () = proxy.requests.holding() => {}
    }
}

/// See `drivers::sqlx`: transactions on MySQL whose future was dropped close their connection.
#[commit_on_success_test_macros::server_test]
async fn sqlx_loses_a_mysql_connection_that_was_dropped_in_a_prepare() {
    let (_corner, proxy, pool) = mysql().await;
    let mut transaction = pool.begin().await.unwrap();
    let insert = sqlx::query("INSERT INTO item VALUES (?)").bind(1);
    drop_at_next_request(&proxy, insert.execute(&mut *transaction)).await;
    drop(transaction);
    proxy.requests.open();
    let error = pool.acquire().await.unwrap_err();
    assert!(matches!(error, sqlx::Error::PoolTimedOut), "{error:?}");
}

/// See `drivers::sqlx`: a connection is acquired first, and closed unless its begin was answered.
#[commit_on_success_test_macros::server_test]
async fn sqlx_gives_a_connection_back_in_a_transaction_when_its_begin_is_dropped() {
    let (corner, proxy, pool) = postgres().await;
    drop_at_next_request(&proxy, pool.begin()).await;
    proxy.requests.open();
    let mut next = pool.acquire().await.unwrap();
    next.execute("INSERT INTO item VALUES (1)").await.unwrap();
    assert!(corner.numbers(ROWS).await.is_empty(), "it was durable");
}

/// See `drivers::sqlx`: savepoints are plain SQL.
#[commit_on_success_test_macros::server_test]
async fn sqlx_rolls_the_outer_transaction_back_when_a_nested_begin_fails() {
    let (corner, _proxy, pool) = postgres().await;
    let mut outer = pool.begin().await.unwrap();
    outer.execute("INSERT INTO item VALUES (1)").await.unwrap();
    outer.execute("nonsense").await.unwrap_err();
    outer.begin().await.unwrap_err();
    outer.execute("INSERT INTO item VALUES (2)").await.unwrap();
    outer.commit().await.unwrap();
    assert_eq!(corner.numbers(ROWS).await, [2], "half of a transaction");
}

/// See `drivers::dialect`: every commit on PostgreSQL is probed.
#[commit_on_success_test_macros::server_test]
async fn drivers_call_it_a_commit_when_postgres_rolls_back() {
    let (corner, _proxy, pool) = postgres().await;
    let mut transaction = pool.begin().await.unwrap();
    transaction
        .execute("INSERT INTO item VALUES (1)")
        .await
        .unwrap();
    transaction.execute("nonsense").await.unwrap_err();
    transaction.commit().await.unwrap();
    let mut client =
        commit_on_success_tests::pg::connect(&commit_on_success_tests::pg::config(&corner.address))
            .await;
    let transaction = client.transaction().await.unwrap();
    let insert = "INSERT INTO item VALUES (2)";
    transaction.batch_execute(insert).await.unwrap();
    transaction.batch_execute("nonsense").await.unwrap_err();
    transaction.commit().await.unwrap();
    assert!(corner.numbers(ROWS).await.is_empty());
}
