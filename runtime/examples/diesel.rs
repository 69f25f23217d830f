//! Orders in a SQLite database, with diesel:
//! `cargo run -p commit_on_success --example diesel --features diesel`
#![allow(missing_docs, reason = "`table!` makes public items")]

use anyhow::Result;
use commit_on_success::{commit_on_success, defer};
use diesel::{connection::SimpleConnection as _, insert_into, prelude::*, update};

diesel::table! { orders { id -> Integer, customer -> Text, } }
diesel::table! { line (order_id, item) { order_id -> Integer, item -> Text, } }
diesel::table! { stock (item) { item -> Text, count -> Integer, } }

/// A transaction: an order for what can be had, in a box. Without a box it leaves nothing.
#[commit_on_success]
fn place_order(conn: &mut SqliteConnection, customer: &str, items: &str) -> QueryResult<i32> {
    let order = insert_into(orders::table).values(orders::customer.eq(customer));
    let order = order.returning(orders::id).get_result(conn)?;
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
fn add_item(conn: &mut SqliteConnection, order: i32, item: &str) -> QueryResult<()> {
    defer!(announce(format!("{item} is packed for order {order}")));
    let line = (line::order_id.eq(order), line::item.eq(item));
    insert_into(line::table).values(line).execute(conn)?;
    let less = update(stock::table.find(item)).set(stock::count.eq(stock::count - 1));
    less.execute(conn).map(drop) // never below zero
}

fn announce(news: impl std::fmt::Display) {
    println!("  {news}"); // after the commit, or not at all
}

fn main() -> Result<()> {
    let mut conn = SqliteConnection::establish(":memory:")?;
    conn.batch_execute(
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
    let orders: i64 = orders::table.count().get_result(&mut conn)?;
    println!("stored: {orders} orders");
    Ok(())
}
