//! Orders in a PostgreSQL database, with the sync postgres:
//! `bash tests/run -- cargo run -p commit_on_success --example postgres --features postgres`

use anyhow::{Context, Result};
use commit_on_success::{commit_on_success, defer};
use postgres::{Client, NoTls};

/// A transaction: an order for what can be had, in a box. Without a box it leaves nothing.
#[commit_on_success]
fn place_order(client: &mut Client, customer: &str, items: &str) -> Result<i32> {
    let sql = "INSERT INTO orders (customer) VALUES ($1) RETURNING id";
    let order = client.query_one(sql, &[&customer])?.get(0);
    for item in items.split(' ') {
        if add_item(client, order, item).is_err() {
            println!("  {item} is sold out");
        }
    }
    add_item(client, order, "box")?;
    defer!(announce(format!("{customer} is told of order {order}")));
    Ok(order)
}

/// A savepoint in it: if it fails, its rows and its deferred call go, and nothing else.
#[commit_on_success]
fn add_item(client: &mut Client, order: i32, item: &str) -> Result<()> {
    defer!(announce(format!("{item} is packed for order {order}")));
    client.execute("INSERT INTO line VALUES ($1, $2)", &[&order, &item])?;
    let sql = "UPDATE stock SET count = count - 1 WHERE item = $1"; // never below zero
    Ok(client.execute(sql, &[&item]).map(drop)?)
}

fn announce(news: impl std::fmt::Display) {
    println!("  {news}"); // after the commit, or not at all
}

fn main() -> Result<()> {
    let url = std::env::args().nth(1);
    let url = url.or_else(|| std::env::var("COMMIT_ON_SUCCESS_POSTGRES_URL").ok());
    let url = url.context("give the URL of a server, or run `bash tests/run -- cargo run …`")?;
    let mut client = Client::connect(&url, NoTls)?;
    client.batch_execute(
        "CREATE TEMPORARY TABLE orders (id serial PRIMARY KEY, customer text);
         CREATE TEMPORARY TABLE line (order_id integer, item text);
         CREATE TEMPORARY TABLE stock (item text, count integer CHECK (count >= 0));
         INSERT INTO stock VALUES ('tea', 5), ('cake', 1), ('box', 2)",
    )?;
    for (customer, items) in [("Ada", "tea cake"), ("Bob", "cake tea"), ("Eve", "tea")] {
        match place_order(&mut client, customer, items) {
            Ok(order) => println!("order {order} is placed"),
            Err(error) => println!("no order for {customer}: {error:#}"),
        }
    }
    let row = client.query_one("SELECT count(*) FROM orders", &[])?;
    println!("stored: {} orders", row.get::<_, i64>(0));
    Ok(())
}
