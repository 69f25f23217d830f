//! Orders in a SQLite database, with sqlx:
//! `cargo run -p commit_on_success --example sqlx --features sqlx-sqlite`

use anyhow::Result;
use commit_on_success::{commit_on_success, defer};
use sqlx::{SqliteConnection, SqlitePool, query, query_scalar, raw_sql};

/// A transaction: an order for what can be had, in a box. Without a box it leaves nothing.
#[commit_on_success(tx = pool)]
async fn place_order(pool: &SqlitePool, customer: &str, items: &str) -> Result<i64> {
    let sql = "INSERT INTO orders (customer) VALUES (?) RETURNING id";
    let order = query_scalar(sql).bind(customer).fetch_one(&mut *tx).await?;
    for item in items.split(' ') {
        if add_item(tx, order, item).await.is_err() {
            println!("  {item} is sold out");
        }
    }
    add_item(tx, order, "box").await?;
    defer!(announce(format!("{customer} is told of order {order}")).await);
    Ok(order)
}

/// A savepoint in it: if it fails, its rows and its deferred call go, and nothing else.
#[commit_on_success]
async fn add_item(conn: &mut SqliteConnection, order: i64, item: &str) -> sqlx::Result<()> {
    defer!(announce(format!("{item} is packed for order {order}")).await);
    let line = query("INSERT INTO line VALUES (?, ?)").bind(order);
    line.bind(item).execute(&mut *conn).await?;
    let sql = "UPDATE stock SET count = count - 1 WHERE item = ?"; // never below zero
    query(sql).bind(item).execute(conn).await.map(drop)
}

async fn announce(news: String) {
    tokio::task::yield_now().await; // a mail server, after the commit
    println!("  {news}");
}

#[tokio::main]
async fn main() -> Result<()> {
    let pool = SqlitePool::connect("sqlite::memory:").await?;
    let tables = "
        CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT);
        CREATE TABLE line (order_id INTEGER, item TEXT);
        CREATE TABLE stock (item TEXT, count INTEGER CHECK (count >= 0));
        INSERT INTO stock VALUES ('tea', 5), ('cake', 1), ('box', 2)";
    raw_sql(tables).execute(&pool).await?;
    for (customer, items) in [("Ada", "tea cake"), ("Bob", "cake tea"), ("Eve", "tea")] {
        match place_order(&pool, customer, items).await {
            Ok(order) => println!("order {order} is placed"),
            Err(error) => println!("no order for {customer}: {error:#}"),
        }
    }
    let count = query_scalar("SELECT count(*) FROM orders");
    let orders: i64 = count.fetch_one(&pool).await?;
    println!("stored: {orders} orders");
    Ok(())
}
