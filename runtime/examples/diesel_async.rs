//! Orders in a SQLite database, with diesel-async:
//! `cargo run -p commit_on_success --example diesel_async --features diesel-async`
#![allow(missing_docs, reason = "`table!` makes public items")]

use commit_on_success::{commit_on_success, defer};
use diesel::{insert_into, prelude::*, update};
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};
type Connection = diesel_async::sync_connection_wrapper::SyncConnectionWrapper<SqliteConnection>;
diesel::table! { orders { id -> Integer, customer -> Text, } }
diesel::table! { line (order_id, item) { order_id -> Integer, item -> Text, } }
diesel::table! { stock (item) { item -> Text, count -> Integer, } }

/// A transaction: an order for what can be had, in a box. Without a box it leaves nothing.
#[commit_on_success]
async fn place_order(conn: &mut Connection, customer: &str, items: &str) -> QueryResult<i32> {
    let order = insert_into(orders::table).values(orders::customer.eq(customer));
    let order = order.returning(orders::id).get_result(conn).await?;
    for item in items.split(' ') {
        if add_item(conn, order, item).await.is_err() {
            println!("  {item} is sold out");
        }
    }
    add_item(conn, order, "box").await?;
    defer!(announce(format!("{customer} is told of order {order}")));
    Ok(order)
}

/// A savepoint in it: if it fails, its rows and its deferred call go, and nothing else.
#[commit_on_success]
async fn add_item(conn: &mut Connection, order: i32, item: &str) -> QueryResult<()> {
    defer!(announce(format!("{item} is packed for order {order}")));
    let line = (line::order_id.eq(order), line::item.eq(item));
    insert_into(line::table).values(line).execute(conn).await?;
    let less = update(stock::table.find(item)).set(stock::count.eq(stock::count - 1));
    less.execute(conn).await.map(drop) // never below zero
}

fn announce(news: impl std::fmt::Display) {
    println!("  {news}"); // after the commit, or not at all
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut conn = Connection::establish(":memory:").await?;
    let tables = "
        CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT);
        CREATE TABLE line (order_id INTEGER, item TEXT);
        CREATE TABLE stock (item TEXT, count INTEGER CHECK (count >= 0));
        INSERT INTO stock VALUES ('tea', 5), ('cake', 1), ('box', 2)";
    conn.batch_execute(tables).await?;
    for (customer, items) in [("Ada", "tea cake"), ("Bob", "cake tea"), ("Eve", "tea")] {
        match place_order(&mut conn, customer, items).await {
            Ok(order) => println!("order {order} is placed"),
            Err(error) => println!("no order for {customer}: {error}"),
        }
    }
    let orders: i64 = orders::table.count().get_result(&mut conn).await?;
    println!("stored: {orders} orders");
    Ok(())
}
