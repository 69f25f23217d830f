//! A JSON API in layers, in which nobody passes a transaction on: each of them has a clone of one handle.
//! `cargo run -p commit_on_success --example layers --features ambient,sqlx-sqlite`

use anyhow::{Context, Result};
use axum::extract::{Path, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, http::StatusCode, routing::post};
use commit_on_success::sqlx::Db;
use commit_on_success::{Error, commit_on_success, defer};
use sqlx::{Sqlite, SqlitePool, query, query_scalar, raw_sql};

/// A repository.
#[derive(Clone)]
struct Orders(Db<Sqlite>);

impl Orders {
    async fn insert(&self, customer: &str) -> sqlx::Result<i64> {
        let sql = "INSERT INTO orders (customer) VALUES (?) RETURNING id";
        query_scalar(sql).bind(customer).fetch_one(&self.0).await
    }

    async fn delete(&self, id: i64) -> sqlx::Result<u64> {
        let deleted = query("DELETE FROM orders WHERE id = ?").bind(id);
        Ok(deleted.execute(&self.0).await?.rows_affected())
    }
}

/// Another one.
#[derive(Clone)]
struct Stock(Db<Sqlite>);

impl Stock {
    async fn add(&self, item: &str, count: i64) -> Result<()> {
        let sql = "UPDATE stock SET count = count + ?2 WHERE item = ?1 AND count + ?2 >= 0";
        let found = query(sql).bind(item).bind(count).execute(&self.0).await?;
        anyhow::ensure!(found.rows_affected() == 1, "{item} is sold out");
        Ok(())
    }
}

/// The service.
#[derive(Clone)]
pub(crate) struct Shop {
    db: Db<Sqlite>,
    orders: Orders,
    stock: Stock,
    mails: std::path::PathBuf,
}

impl Shop {
    pub(crate) fn new(db: Db<Sqlite>, mails: std::path::PathBuf) -> Self {
        let (orders, stock) = (Orders(db.clone()), Stock(db.clone()));
        Self {
            db,
            orders,
            stock,
            mails,
        }
    }

    /// All of the order is placed, or nothing of it.
    #[commit_on_success(tx = &self.db)]
    async fn place(&self, customer: String, items: Vec<String>) -> Result<i64> {
        let id = self.orders.insert(&customer).await?;
        for item in items {
            self.stock.add(&item, -1).await?;
        }
        defer!(std::fs::write(
            self.mails.join(format!("{id}.txt")),
            customer
        ));
        Ok(id)
    }
}

/// A handler that knows nothing of transactions.
async fn place(
    State(shop): State<Shop>,
    Json((customer, items)): Json<(String, Vec<String>)>,
) -> Result<String, Failure> {
    Ok(shop.place(customer, items).await?.to_string())
}

/// Another one, of which each step is a statement of its own: the request around it is the transaction.
async fn cancel(
    State(shop): State<Shop>,
    Path((id, item)): Path<(i64, String)>,
) -> Result<(), Failure> {
    shop.stock.add(&item, 1).await?;
    let deleted = shop.orders.delete(id).await?;
    Ok((deleted == 1).then_some(()).context("no such order")?)
}

/// Makes a request one transaction. What a failed response is, the application knows.
async fn in_transaction(State(shop): State<Shop>, request: Request, next: Next) -> Response {
    #[commit_on_success(tx = &shop.db)]
    async fn run(shop: &Shop, request: Request, next: Next) -> Result<Response, Failed> {
        let response = next.run(request).await;
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(Failed(response))
        }
    }
    run(&shop, request, next)
        .await
        .unwrap_or_else(|Failed(response)| response)
}

/// A response with which nothing is stored.
struct Failed(Response);

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self((StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response())
    }
}

struct Failure(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (StatusCode::CONFLICT, self.0.to_string()).into_response()
    }
}

pub(crate) fn router(shop: Shop) -> Router {
    let cancellations = Router::new().route("/orders/{id}/{item}", axum::routing::delete(cancel));
    let cancellations = cancellations.layer(from_fn_with_state(shop.clone(), in_transaction));
    Router::new()
        .route("/orders", post(place))
        .merge(cancellations)
        .with_state(shop)
}

#[tokio::main]
async fn main() -> Result<()> {
    let db = Db::new(SqlitePool::connect("sqlite::memory:").await?);
    raw_sql(include_str!("axum.sql")).execute(&db).await?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!(r#"curl --json '["Ada", ["tea", "cake"]]' http://127.0.0.1:3000/orders"#);
    println!("curl -X DELETE http://127.0.0.1:3000/orders/1/tea");
    Ok(axum::serve(listener, router(Shop::new(db, std::env::temp_dir()))).await?)
}
