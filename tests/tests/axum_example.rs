//! The example with axum, over real HTTP.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "../../runtime/examples/axum.rs"]
#[allow(dead_code, reason = "its `main` is for those who run the example")]
mod example;

use std::fs;
use std::path::PathBuf;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use commit_on_success::signals::Cause;
use commit_on_success::{Observer, add_observer, events};
use rusqlite::Connection;
use serde_json::{Value, json};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Longer than anything takes that does not hang.
const PATIENCE: Duration = Duration::from_secs(20);

/// The example's router on a port of its own, with a database in a file.
struct Server {
    url: String,
    pool: SqlitePool,
    directory: TempDir,
    runtime: Runtime,
}

impl Server {
    fn start(connections: u32) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("mails")).unwrap();
        let runtime = Runtime::new().unwrap();
        let options = SqliteConnectOptions::new()
            .filename(directory.path().join("database"))
            .create_if_missing(true)
            .busy_timeout(PATIENCE);
        let pool = SqlitePoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(PATIENCE);
        let (url, pool) = runtime.block_on(async {
            let pool = pool.connect_with(options).await.unwrap();
            let tables = include_str!("../../runtime/examples/axum.sql");
            sqlx::raw_sql(tables).execute(&pool).await.unwrap();
            let app = (pool.clone(), directory.path().join("mails"));
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/orders", listener.local_addr().unwrap());
            tokio::spawn(axum::serve(listener, example::router(app)).into_future());
            (url, pool)
        });
        Self {
            url,
            pool,
            directory,
            runtime,
        }
    }

    /// The status and the text of the answer; an error if there is none in time.
    fn try_order(&self, order: &Value, patience: Duration) -> Result<(u16, String), ureq::Error> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(patience))
            .build()
            .into();
        let mut response = agent.post(&self.url).send_json(order)?;
        let text = response.body_mut().read_to_string()?;
        Ok((response.status().as_u16(), text))
    }

    #[track_caller]
    fn order(&self, order: &Value) -> (u16, String) {
        self.try_order(order, 2 * PATIENCE).unwrap()
    }

    /// A connection of somebody else.
    fn connect(&self) -> Connection {
        let conn = Connection::open(self.directory.path().join("database")).unwrap();
        conn.busy_timeout(PATIENCE).unwrap();
        conn
    }

    fn customers(&self) -> Vec<String> {
        let conn = self.connect();
        let mut statement = conn
            .prepare("SELECT customer FROM orders ORDER BY id")
            .unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    fn left(&self, item: &str) -> i64 {
        let sql = "SELECT count FROM stock WHERE item = ?1";
        let conn = self.connect();
        conn.query_row(sql, [item], |row| row.get(0)).unwrap()
    }

    fn mails(&self) -> PathBuf {
        self.directory.path().join("mails")
    }

    /// Those who have got a mail.
    fn told(&self) -> Vec<String> {
        let files = fs::read_dir(self.mails()).unwrap();
        let mut told: Vec<_> = files
            .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
            .collect();
        told.sort_unstable();
        told
    }
}

#[test]
fn an_order_is_stored_and_its_customer_told() {
    let server = Server::start(1);
    let answer = server.order(&json!(["Ada", ["tea", "cake"]]));
    assert_eq!(answer, (200, "1".to_owned()));
    assert_eq!(server.customers(), ["Ada"]);
    assert_eq!((server.left("tea"), server.left("cake")), (499, 0));
    assert_eq!(server.told(), ["Ada"]);
}

#[test]
fn an_order_that_is_refused_half_way_leaves_nothing_and_nobody_is_told() {
    let server = Server::start(1);
    let answer = server.order(&json!(["Ada", ["tea", "cake", "tea", "cake"]]));
    assert_eq!(answer, (409, "cake is sold out".to_owned()));
    assert!(server.customers().is_empty());
    assert_eq!((server.left("tea"), server.left("cake")), (500, 1));
    assert!(server.told().is_empty());
    assert_eq!(server.order(&json!(["Bob", ["cake"]])).0, 200);
    assert_eq!(server.told(), ["Bob"]);
}

#[test]
fn a_request_that_is_no_order_begins_nothing() {
    let server = Server::start(1);
    assert_eq!(server.order(&json!({"customer": 7})).0, 422);
    assert!(server.customers().is_empty());
}

#[test]
fn an_order_is_accepted_though_its_mail_cannot_be_sent() {
    let server = Server::start(1);
    fs::remove_dir(server.mails()).unwrap();
    let (status, text) = server.order(&json!(["Ada", ["tea"]]));
    assert_eq!(status, 202);
    assert!(text.contains("`place` was committed"), "{text}");
    assert_eq!(server.customers(), ["Ada"]);
}

#[test]
fn without_a_connection_an_order_can_be_sent_again() {
    let server = Server::start(1);
    server.runtime.block_on(server.pool.close());
    assert_eq!(server.order(&json!(["Ada", ["tea"]])).0, 503);
    assert!(server.customers().is_empty());
}

#[test]
fn an_error_of_the_database_is_the_servers_fault() {
    let server = Server::start(1);
    server.connect().execute("DROP TABLE stock", []).unwrap();
    assert_eq!(server.order(&json!(["Ada", ["tea"]])).0, 500);
    assert!(server.customers().is_empty());
}

#[test]
fn orders_at_the_same_time_do_not_mix() {
    const CLIENTS: usize = 8;
    const ORDERS: usize = 10;
    let server = Server::start(4);
    let placed = AtomicUsize::new(0);
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (server, placed) = (&server, &placed);
            scope.spawn(move || {
                for number in 0..ORDERS {
                    let items = if number % 2 == 0 {
                        ["tea", "tea"]
                    } else {
                        ["tea", "cake"]
                    };
                    let (status, text) = server.order(&json!([format!("{client}"), items]));
                    match status {
                        200 => placed.fetch_add(1, Ordering::Relaxed),
                        409 => continue,
                        other => panic!("{other}: {text}"),
                    };
                }
            });
        }
    });
    // All the teas, and the only cake.
    let placed = placed.into_inner();
    assert_eq!(placed, CLIENTS * ORDERS / 2 + 1);
    assert_eq!(server.left("cake"), 0);
    assert_eq!(
        server.left("tea"),
        500 - 2 * i64::try_from(placed).unwrap() + 1
    );
    let mut customers = server.customers();
    customers.sort_unstable();
    assert_eq!(server.told(), customers);
    assert_eq!(customers.len(), placed);
}

static CANCELLED: AtomicUsize = AtomicUsize::new(0);

struct Ear;

impl Observer for Ear {
    fn rolled_back(&self, event: &events::RolledBack<'_>) {
        let (event, cause) = (event.transaction, event.cause);
        assert_eq!((event.site.function(), event.nesting), ("place", 0));
        if matches!(cause, Cause::Cancelled) {
            CANCELLED.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Has to be called before what is to be observed.
fn listen() {
    static ADDED: Once = Once::new();
    ADDED.call_once(|| add_observer(Ear));
}

#[test]
fn a_client_that_goes_away_takes_its_transaction_with_it() {
    listen();
    let server = Server::start(1);
    let rival = server.connect();
    rival.execute_batch("BEGIN IMMEDIATE").unwrap();
    // The first statement waits for the rival; the client does not wait for long.
    let deadline = Instant::now() + PATIENCE / 2;
    let mut patience = Duration::from_millis(250);
    while CANCELLED.load(Ordering::Relaxed) == 0 {
        assert!(
            Instant::now() < deadline,
            "the handler went on without its client"
        );
        let answer = server.try_order(&json!(["Ada", ["tea"]]), patience);
        assert!(answer.is_err(), "{answer:?}");
        patience *= 2;
    }
    rival.execute_batch("COMMIT").unwrap();
    // On the only connection of the pool.
    assert_eq!(server.order(&json!(["Bob", ["tea"]])).0, 200);
    assert_eq!(server.customers(), ["Bob"]);
    assert_eq!(server.told(), ["Bob"]);
    assert_eq!(server.left("tea"), 499);
}
