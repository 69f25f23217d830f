//! Orders in a SQLite database, with rusqlite:
//! `cargo run -p commit_on_success --example rusqlite --features rusqlite`

use anyhow::Result;
use commit_on_success::{commit_on_success, defer};
use rusqlite::Connection;

/// A transaction: an order for what can be had, in a box. Without a box it leaves nothing.
#[commit_on_success]
fn place_order(conn: &mut Connection, customer: &str, items: &str) -> Result<i64> {
    conn.execute("INSERT INTO orders (customer) VALUES (?1)", [customer])?;
    let order = conn.last_insert_rowid();
    for item in items.split(' ') {
        if add_item(conn, order, item).is_err() {
            println!("  {item} is sold out");
        }
    }
    add_item(conn, order, "box")?;
    defer!(announce(format!("{customer} is told of order {order}")));
    Ok(order)
}

/// A savepoint in it: if it fails, its rows and its deferred call go, and nothing else.
#[commit_on_success]
fn add_item(conn: &mut Connection, order: i64, item: &str) -> rusqlite::Result<()> {
    defer!(announce(format!("{item} is packed for order {order}")));
    conn.execute("INSERT INTO line VALUES (?1, ?2)", (order, item))?;
    let sql = "UPDATE stock SET count = count - 1 WHERE item = ?1"; // never below zero
    conn.execute(sql, [item]).map(drop)
}

fn announce(news: impl std::fmt::Display) {
    println!("  {news}"); // after the commit, or not at all
}

fn main() -> Result<()> {
    let mut conn = Connection::open_in_memory()?;
    conn.execute_batch(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT);
         CREATE TABLE line (order_id INTEGER, item TEXT);
         CREATE TABLE stock (item TEXT, count INTEGER CHECK (count >= 0));
         INSERT INTO stock VALUES ('tea', 5), ('cake', 1), ('box', 2)",
    )?;
    for (customer, items) in [("Ada", "tea cake"), ("Bob", "cake tea"), ("Eve", "tea")] {
        match place_order(&mut conn, customer, items) {
            Ok(order) => println!("order {order} is placed"),
            Err(error) => println!("no order for {customer}: {error:#}"),
        }
    }
    let count = "SELECT count(*) FROM orders";
    let orders: i64 = conn.query_row(count, [], |row| row.get(0))?;
    println!("stored: {orders} orders");
    Ok(())
}
