//! The options of `defer!`, with every form, and calls that diverge.
#![deny(warnings)]

use std::sync::atomic::{AtomicUsize, Ordering};

use commit_on_success::{commit_on_success, defer, signals, try_defer};
use commit_on_success_ui_tests::{AsyncConnection, Connection, DbError, block_on};

static RAN: AtomicUsize = AtomicUsize::new(0);

#[derive(Clone)]
struct Order(usize);

fn index(order: &Order) -> Result<(), DbError> {
    RAN.fetch_add(order.0, Ordering::Relaxed);
    Err(DbError::Statement(String::from("FAIL")))
}

async fn send(order: Order) -> Result<(), DbError> {
    index(&order)
}

#[commit_on_success]
fn place(conn: &mut Connection, order: Order) -> Result<usize, DbError> {
    defer!(robust, clone(order) => move || index(&order));
    defer!(clone(order), robust => { index(&order).ok(); });
    defer!(robust => count(order.0));
    defer!(clone(order) => drop(order));
    try_defer!(clone(order) => drop(order)).expect("a transaction is open");
    defer!(key = "all", robust => count(1));
    defer!(clone(order), key = ("all", order.0) => { index(&order).ok(); });
    try_defer!(key = String::from("all") => count(1)).expect("a transaction is open");
    defer!(robust => index_all(order));
    conn.execute("INSERT")
}

fn count(_: usize) {}

fn index_all(order: Order) -> Result<(), DbError> {
    index(&order)
}

#[commit_on_success]
async fn place_later(conn: &mut AsyncConnection, order: Order) -> Result<usize, DbError> {
    defer!(robust, clone(order) => send(order).await);
    defer!(robust, clone(order) => async move { send(order).await });
    defer!(robust, key = order.0 => send(order.clone()).await);
    defer!(key = order.0, robust => send(order).await);
    conn.execute("INSERT").await
}

#[commit_on_success]
fn diverges(conn: &mut Connection) -> Result<usize, DbError> {
    let sent = conn.execute("ROLL BACK")?;
    if sent == 0 {
        defer!(todo!());
        defer!(move || panic!());
        defer!(std::process::exit(3));
        defer! { panic!("in a block") }
        signals::post_commit().connect(|_| panic!()).ok();
        signals::post_rollback().connect(|_| panic!()).ok();
    }
    Ok(sent)
}

fn main() {
    place(&mut Connection::default(), Order(1)).unwrap();
    assert_eq!(RAN.load(Ordering::Relaxed), 4);
    block_on(place_later(&mut AsyncConnection::default(), Order(10))).unwrap();
    assert_eq!(RAN.load(Ordering::Relaxed), 34);
    let mut conn = Connection::default();
    let _ = diverges(&mut conn);
}
