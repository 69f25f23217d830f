//! The example in layers, over real HTTP, inside of a transaction that is never kept.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../runtime/examples/layers.rs"]
#[allow(dead_code, reason = "its `main` is for those who run the example")]
mod example;

use commit_on_success::sqlx::Db;
use commit_on_success::testing::AsyncTestTransaction;
use serde_json::json;
use sqlx::{Sqlite, SqlitePool, query_scalar, raw_sql};
use tempfile::TempDir;

/// The example's router on a port of its own.
struct Server {
    url: String,
    db: Db<Sqlite>,
    directory: TempDir,
}

impl Server {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = format!("sqlite://{}/database?mode=rwc", directory.path().display());
        let db = Db::new(SqlitePool::connect(&file).await.unwrap());
        let tables = include_str!("../../runtime/examples/axum.sql");
        raw_sql(tables).execute(&db).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/orders", listener.local_addr().unwrap());
        let shop = example::Shop::new(db.clone(), directory.path().to_owned());
        tokio::spawn(axum::serve(listener, example::router(shop)).into_future());
        Self { url, db, directory }
    }

    /// The status and the text of an answer.
    async fn place(&self, customer: &str, items: &[&str]) -> (u16, String) {
        let (url, order) = (self.url.clone(), json!([customer, items]));
        send(move || ureq::post(&url).send_json(order)).await
    }

    async fn cancel(&self, id: &str, item: &str) -> (u16, String) {
        let url = format!("{}/{id}/{item}", self.url);
        send(move || ureq::delete(&url).call()).await
    }

    async fn left(&self, item: &str) -> i64 {
        let left = query_scalar("SELECT count FROM stock WHERE item = ?").bind(item);
        left.fetch_one(&self.db).await.unwrap()
    }

    async fn orders(&self) -> i64 {
        let count = query_scalar("SELECT count(*) FROM orders");
        count.fetch_one(&self.db).await.unwrap()
    }
}

async fn send<R>(request: impl FnOnce() -> Result<R, ureq::Error> + Send + 'static) -> (u16, String)
where
    R: Into<Answer>,
{
    let sent = tokio::task::spawn_blocking(|| match request() {
        Ok(response) => response.into().0,
        Err(ureq::Error::StatusCode(status)) => (status, String::new()),
        Err(error) => panic!("{error}"),
    });
    sent.await.unwrap()
}

struct Answer((u16, String));

impl From<ureq::http::Response<ureq::Body>> for Answer {
    fn from(mut response: ureq::http::Response<ureq::Body>) -> Self {
        let text = response.body_mut().read_to_string().unwrap();
        Self((response.status().as_u16(), text))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_placed_as_a_whole_or_not_at_all() {
    let server = Server::start().await;
    let (status, id) = server.place("Ada", &["tea", "cake"]).await;
    assert_eq!(status, 200);
    let mail = server.directory.path().join(format!("{id}.txt"));
    assert_eq!(std::fs::read_to_string(mail).unwrap(), "Ada");
    assert_eq!(server.place("Bob", &["tea", "cake"]).await.0, 409);
    assert_eq!((server.orders().await, server.left("tea").await), (1, 499));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_one_transaction() {
    let server = Server::start().await;
    let (_, id) = server.place("Ada", &["tea"]).await;
    assert_eq!(server.cancel("99", "tea").await.0, 409);
    assert_eq!((server.orders().await, server.left("tea").await), (1, 499));
    assert_eq!(server.cancel(&id, "tea").await.0, 200);
    assert_eq!((server.orders().await, server.left("tea").await), (0, 500));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_test_is_kept() {
    let server = Server::start().await;
    let test = AsyncTestTransaction::begin(&server.db).await.unwrap();
    let orders = (0..20).map(|_| server.place("Ada", &["tea"]));
    for (status, _) in futures_util::future::join_all(orders).await {
        assert_eq!(status, 200);
    }
    assert_eq!(server.place("Bob", &["coffee"]).await.0, 409);
    assert_eq!((server.orders().await, server.left("tea").await), (20, 480));
    test.rollback().await.unwrap();
    assert_eq!((server.orders().await, server.left("tea").await), (0, 500));
}
