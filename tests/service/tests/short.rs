//! A short run of the service on each backend.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::env;
use std::io::Write as _;
use std::sync::Once;
use std::time::Duration;

use commit_on_success_service::options::Options;
use commit_on_success_service::report::{broken, table};
use commit_on_success_service::store::Backend;
use commit_on_success_service::turns::{self, Row};

const POSTGRES: &str = "COMMIT_ON_SUCCESS_POSTGRES_URL";

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_hang_up_break_no_promise_on_a_pool_of_sqlx() {
    serve(Backend::Sqlx, postgres()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_hang_up_break_no_promise_on_a_pool_of_deadpool() {
    serve(Backend::Deadpool, postgres()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_hang_up_break_no_promise_on_a_pool_of_sea_orm() {
    serve(Backend::SeaOrm, postgres()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_hang_up_break_no_promise_on_a_pool_of_diesel_async() {
    serve(Backend::DieselAsync, postgres()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_hang_up_break_no_promise_on_a_pool_of_rusqlite() {
    serve(Backend::Rusqlite, Some(Options::default())).await;
}

/// Nothing, where there is no server, which is said.
fn postgres() -> Option<Options> {
    static SAID: Once = Once::new();
    let postgres = env::var(POSTGRES).ok().filter(|url| !url.is_empty());
    if postgres.is_none() {
        let is_ci = env::var("CI").is_ok_and(|value| value == "true");
        assert!(!is_ci, "{POSTGRES} is not set, and CI leaves nothing out");
        let line = format!("left out: short ({POSTGRES} is not set; run bash tests/run)\n");
        // Not by `eprintln!`, which the test harness captures.
        SAID.call_once(|| drop(std::io::stderr().write_all(line.as_bytes())));
    }
    Some(Options {
        postgres: Some(postgres?),
        ..Options::default()
    })
}

/// With few clients beyond the connections, so that many of those who hang up do so in the middle of a transaction.
async fn serve(backend: Backend, options: Option<Options>) {
    let Some(options) = options else {
        return;
    };
    let options = Options {
        backends: vec![backend],
        length: Duration::from_secs(2),
        turn: Duration::from_millis(250),
        clients: 12,
        hang_up: 0.4,
        ..options
    };
    let rows = turns::run(&options).await.unwrap();
    assert_eq!(rows.len(), options.ways.len());
    for row in &rows {
        assert_something_happened(row);
        let broken = broken(row, options.strictness);
        assert_eq!(broken, 0, "\n{}", table(std::slice::from_ref(row)));
    }
}

fn assert_something_happened(row: &Row) {
    let verdict = row.findings.verdict;
    let told = [verdict.stored, verdict.refused, verdict.hung_up];
    let has_happened = told.iter().all(|&count| count > 0) && row.findings.dropped > 0;
    // Nothing is the matter with the server.
    let is_sound = verdict.unanswered + verdict.failed + verdict.unknown_absent == 0;
    assert!(has_happened && is_sound, "{row:?}");
}
