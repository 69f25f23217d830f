//! Orders in a SQLite database, with sea-orm:
//! `cargo run -p commit_on_success --example sea_orm --features sea-orm`

mod entity;

use commit_on_success::{commit_on_success, defer};
use entity::{line, orders, stock};
use sea_orm::{ActiveValue::Set, Database, DatabaseTransaction, ExprTrait, entity::prelude::*};

/// A transaction: an order for what can be had, in a box. Without a box it leaves nothing.
#[commit_on_success(tx = db)]
async fn place_order(db: &DatabaseConnection, customer: &str, items: &str) -> Result<i32, DbErr> {
    let mut order = orders::ActiveModel::new();
    order.customer = Set(customer.to_owned());
    let order = order.insert(tx).await?.id;
    for item in items.split(' ') {
        if add_item(tx, order, item).await.is_err() {
            println!("  {item} is sold out");
        }
    }
    add_item(tx, order, "box").await?;
    defer!(announce(format!("{customer} is told of order {order}")));
    Ok(order)
}

/// A savepoint in it: if it fails, its rows and its deferred call go, and nothing else.
#[commit_on_success]
async fn add_item(tx: &DatabaseTransaction, order: i32, item: &str) -> Result<(), DbErr> {
    defer!(announce(format!("{item} is packed for order {order}")));
    let mut line = line::ActiveModel::new();
    (line.order_id, line.item) = (Set(order), Set(item.to_owned()));
    line.insert(tx).await?;
    let less = stock::Column::Count.into_expr().sub(1); // never below zero
    let stock = stock::Entity::update_many().filter(stock::Column::Item.eq(item));
    let less = stock.col_expr(stock::Column::Count, less);
    less.exec(tx).await.map(drop)
}

fn announce(news: impl std::fmt::Display) {
    println!("  {news}"); // after the commit, or not at all
}

#[tokio::main]
async fn main() -> Result<(), DbErr> {
    let db = Database::connect("sqlite::memory:").await?;
    db.execute_unprepared(entity::TABLES).await?;
    for (customer, items) in [("Ada", "tea cake"), ("Bob", "cake tea"), ("Eve", "tea")] {
        match place_order(&db, customer, items).await {
            Ok(order) => println!("order {order} is placed"),
            Err(error) => println!("no order for {customer}: {error:#}"),
        }
    }
    println!(
        "stored: {} orders",
        orders::Entity::find().count(&db).await?
    );
    Ok(())
}
