//! A JSON API whose handler is a transaction, with axum and sqlx:
//! `cargo run -p commit_on_success --example axum --features sqlx-sqlite`

use anyhow::{Context, Result};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use commit_on_success::{Error, Outcome, commit_on_success, defer};
use sqlx::{SqlitePool, query_scalar, raw_sql};

/// The database, and the directory from which mails are sent.
pub(crate) type App = (SqlitePool, std::path::PathBuf);
type Order = (String, Vec<String>); // a customer, and what is ordered

/// All of the order is placed, or nothing of it.
#[commit_on_success(tx = &db)]
async fn place(State((db, mail)): State<App>, Json(order): Json<Order>) -> Result<String, Failure> {
    let sql = "INSERT INTO orders (customer) VALUES (?) RETURNING id";
    let id: i64 = query_scalar(sql).bind(&order.0).fetch_one(&mut *tx).await?;
    for item in order.1 {
        let sql = "UPDATE stock SET count = count - 1 WHERE item = ? AND count > 0 RETURNING count";
        let left = query_scalar::<_, i64>(sql).bind(&item);
        let left = left.fetch_optional(&mut *tx).await?;
        left.with_context(|| format!("{item} is sold out"))?;
    }
    defer!(std::fs::write(mail.join(format!("{id}.txt")), order.0));
    Ok(id.to_string())
}

struct Failure(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = match Error::find(self.0.as_ref()).map(Error::outcome) {
            Some(Outcome::RolledBack) => StatusCode::SERVICE_UNAVAILABLE, // worth another try
            Some(Outcome::Committed) => StatusCode::ACCEPTED, // stored, but the mail was not sent
            None if !self.0.is::<sqlx::Error>() => StatusCode::CONFLICT, // the handler's own error
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, self.0.to_string()).into_response()
    }
}

pub(crate) fn router(app: App) -> Router {
    Router::new().route("/orders", post(place)).with_state(app)
}

#[tokio::main]
async fn main() -> Result<()> {
    let db = SqlitePool::connect("sqlite::memory:").await?;
    raw_sql(include_str!("axum.sql")).execute(&db).await?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!(r#"curl --json '["Ada", ["tea", "cake"]]' http://127.0.0.1:3000/orders"#);
    Ok(axum::serve(listener, router((db, std::env::temp_dir()))).await?)
}
