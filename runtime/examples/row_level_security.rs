//! Row-level security of PostgreSQL: each transaction says which tenant it is for, in the message of its `BEGIN`, and sees the rows of
//! that one:
//! `bash tests/run -- cargo run -p commit_on_success --example row_level_security --features sqlx-postgres`

use anyhow::{Context, Result};
use commit_on_success::commit_on_success;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Connection, PgConnection};

struct Tenant {
    id: i64,
}

#[commit_on_success(tx = pool, set("app.tenant" = tenant.id, statement_timeout = "5s"))]
async fn place(pool: &PgPool, tenant: &Tenant, item: &str) -> Result<()> {
    sqlx::query("INSERT INTO orders VALUES ($1, $2)")
        .bind(tenant.id)
        .bind(item)
        .execute(tx)
        .await?;
    Ok(())
}

#[commit_on_success(tx = pool, set("app.tenant" = tenant.id))]
async fn items(pool: &PgPool, tenant: &Tenant) -> Result<Vec<String>> {
    let items = sqlx::query_scalar("SELECT item FROM orders ORDER BY item");
    Ok(items.fetch_all(tx).await?)
}

/// Says for whom it is, and writes for somebody else.
#[commit_on_success(tx = pool, set("app.tenant" = tenant.id))]
async fn forge(pool: &PgPool, tenant: &Tenant, other: &Tenant) -> Result<()> {
    sqlx::query("INSERT INTO orders VALUES ($1, 'forged')")
        .bind(other.id)
        .execute(tx)
        .await?;
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let url = std::env::args().nth(1);
    let url = url.or_else(|| std::env::var("COMMIT_ON_SUCCESS_POSTGRES_URL").ok());
    let url = url.context("give the URL of a server, or run `bash tests/run -- cargo run …`")?;
    let options: PgConnectOptions = url.parse()?;
    let mut owner = PgConnection::connect_with(&options).await?;
    sqlx::raw_sql(SCHEMA).execute(&mut owner).await?;
    let done = with_two_tenants(options).await;
    sqlx::raw_sql(NOTHING).execute(&mut owner).await?;
    done
}

async fn with_two_tenants(options: PgConnectOptions) -> Result<()> {
    // One connection for everybody, as a role that does not own the table: its owner sees all rows.
    let options = options.options([
        ("search_path", "row_level_security"),
        ("role", "row_level_clerk"),
    ]);
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect_with(options)
        .await?;
    let (ada, bob) = (Tenant { id: 1 }, Tenant { id: 2 });

    place(&pool, &ada, "tea").await?;
    place(&pool, &bob, "coffee").await?;
    place(&pool, &ada, "milk").await?;
    assert_eq!(items(&pool, &ada).await?, ["milk", "tea"]);
    assert_eq!(items(&pool, &bob).await?, ["coffee"]);
    assert!(forge(&pool, &ada, &bob).await.is_err());

    // Nobody has said for whom this is.
    let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM orders")
        .fetch_one(&pool)
        .await?;
    assert_eq!(seen, 0);
    println!("each tenant sees its own orders, and nobody else any");
    pool.close().await;
    Ok(())
}

const SCHEMA: &str = "
    DROP SCHEMA IF EXISTS row_level_security CASCADE;
    DROP ROLE IF EXISTS row_level_clerk;
    CREATE ROLE row_level_clerk;
    CREATE SCHEMA row_level_security;
    CREATE TABLE row_level_security.orders (tenant bigint NOT NULL, item text NOT NULL);
    ALTER TABLE row_level_security.orders ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON row_level_security.orders
        USING (tenant = nullif(current_setting('app.tenant', true), '')::bigint);
    GRANT USAGE ON SCHEMA row_level_security TO row_level_clerk;
    GRANT SELECT, INSERT ON row_level_security.orders TO row_level_clerk;
";

const NOTHING: &str = "
    DROP SCHEMA row_level_security CASCADE;
    DROP ROLE row_level_clerk;
";
