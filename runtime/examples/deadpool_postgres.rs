//! Orders in a PostgreSQL database, with a pool of deadpool-postgres:
//! `bash tests/run -- cargo run -p commit_on_success --example deadpool_postgres --features deadpool-postgres`

use anyhow::{Context, Result};
use commit_on_success::{commit_on_success, defer};
use deadpool_postgres::{Client, Manager, Pool, tokio_postgres::NoTls};

/// A transaction: an order for what can be had, in a box. Without a box it leaves nothing.
#[commit_on_success(tx = pool)]
async fn place_order(pool: &Pool, customer: &str, items: &str) -> Result<i32> {
    let sql = "INSERT INTO orders (customer) VALUES ($1) RETURNING id";
    let order = tx.query_one(sql, &[&customer]).await?.get(0);
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
async fn add_item(client: &mut Client, order: i32, item: &str) -> Result<()> {
    defer!(announce(format!("{item} is packed for order {order}")).await);
    let sql = "INSERT INTO line VALUES ($1, $2)";
    client.execute(sql, &[&order, &item]).await?;
    let sql = "UPDATE stock SET count = count - 1 WHERE item = $1"; // never below zero
    Ok(client.execute(sql, &[&item]).await.map(drop)?)
}

async fn announce(news: String) {
    tokio::task::yield_now().await; // a mail server, after the commit
    println!("  {news}");
}

#[tokio::main]
async fn main() -> Result<()> {
    let url = std::env::args().nth(1);
    let url = url.or_else(|| std::env::var("COMMIT_ON_SUCCESS_POSTGRES_URL").ok());
    let url = url.context("give the URL of a server, or run `bash tests/run -- cargo run …`")?;
    let manager = Manager::new(url.parse()?, NoTls);
    let pool = Pool::builder(manager).max_size(1).build()?; // one has the temporary tables
    let tables = "
        CREATE TEMPORARY TABLE orders (id serial PRIMARY KEY, customer text);
        CREATE TEMPORARY TABLE line (order_id integer, item text);
        CREATE TEMPORARY TABLE stock (item text, count integer CHECK (count >= 0));
        INSERT INTO stock VALUES ('tea', 5), ('cake', 1), ('box', 2)";
    pool.get().await?.batch_execute(tables).await?;
    for (customer, items) in [("Ada", "tea cake"), ("Bob", "cake tea"), ("Eve", "tea")] {
        match place_order(&pool, customer, items).await {
            Ok(order) => println!("order {order} is placed"),
            Err(error) => println!("no order for {customer}: {error:#}"),
        }
    }
    let orders = pool.get().await?.query("TABLE orders", &[]).await?;
    println!("stored: {} orders", orders.len());
    Ok(())
}
