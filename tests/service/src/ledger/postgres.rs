use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use sqlx::{Connection as _, PgConnection};

use super::{Activity, Books, tables};

/// The longest that a server may be away.
const PATIENCE: Duration = Duration::from_secs(30);

/// A schema of its own for a way, whose name is that of its sessions as well.
#[derive(Debug)]
pub struct Postgres {
    direct: String,
    url: String,
    name: String,
}

impl Postgres {
    /// Creates the schema and its tables. `wires` is where sessions go instead of to the server.
    ///
    /// # Errors
    ///
    /// When the server does not.
    pub async fn create(direct: &str, wires: Option<SocketAddr>, way: &str) -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}{number}_{}", prefix(), way.replace('-', "_"));
        let url = match wires {
            Some(wires) => through(direct, wires).context("expected postgres://…")?,
            None => direct.to_owned(),
        };
        let direct = direct.to_owned();
        let place = Self { direct, url, name };
        let sql = format!(
            "CREATE SCHEMA {name}; SET search_path = {name}; {}",
            tables(),
            name = place.name
        );
        place.try_to_execute(&sql).await?;
        Ok(place)
    }

    /// The URL for its pool.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The name of the schema and of the sessions.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) async fn read(&self) -> Result<Books> {
        patiently(|| self.try_to_read()).await
    }

    async fn try_to_read(&self) -> Result<Books> {
        let mut connection = PgConnection::connect(&self.direct).await?;
        let sql = format!("SET search_path = {}", self.name);
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(&mut connection)
            .await?;
        let orders = sqlx::query_scalar("SELECT id FROM orders");
        let orders = orders.fetch_all(&mut connection).await?;
        let audits = sqlx::query_scalar("SELECT order_id FROM audits");
        let audits = audits.fetch_all(&mut connection).await?;
        let remaining = sqlx::query_scalar("SELECT sum(remaining)::bigint FROM stock");
        let remaining = remaining.fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(Books::new(orders, audits, remaining))
    }

    pub(super) async fn activity(&self) -> Result<Activity> {
        patiently(|| self.try_to_see_activity()).await
    }

    async fn try_to_see_activity(&self) -> Result<Activity> {
        let mut connection = PgConnection::connect(&self.direct).await?;
        let sql = "SELECT count(*) FILTER (WHERE state LIKE 'idle in transaction%'),
                          count(*) FILTER (WHERE state NOT LIKE 'idle%')
                   FROM pg_stat_activity WHERE application_name = $1";
        let seen = sqlx::query_as(sql).bind(&self.name);
        let (idle_in_transaction, busy) = seen.fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(Activity {
            idle_in_transaction,
            busy,
        })
    }

    pub(super) async fn sessions(&self) -> Result<i64> {
        patiently(|| self.try_to_count_sessions()).await
    }

    async fn try_to_count_sessions(&self) -> Result<i64> {
        let mut connection = PgConnection::connect(&self.direct).await?;
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1";
        let count = sqlx::query_scalar(sql).bind(&self.name);
        let sessions = count.fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(sessions)
    }

    pub(super) async fn remove(self) -> Result<()> {
        let sql = format!("DROP SCHEMA IF EXISTS {} CASCADE", self.name);
        patiently(|| self.try_to_execute(&sql)).await
    }

    /// In the schema.
    pub(super) async fn execute(&self, sql: &str) -> Result<()> {
        let sql = format!("SET search_path = {}; {sql}", self.name);
        patiently(|| self.try_to_execute(&sql)).await
    }

    async fn try_to_execute(&self, sql: &str) -> Result<()> {
        let mut connection = PgConnection::connect(&self.direct).await?;
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()))
            .execute(&mut connection)
            .await?;
        Ok(connection.close().await?)
    }
}

/// The names of all sessions of this process begin with it.
#[must_use]
pub(crate) fn prefix() -> String {
    format!("service_{}_", std::process::id())
}

async fn patiently<T, Trying>(attempt: impl Fn() -> Trying) -> Result<T>
where
    Trying: Future<Output = Result<T>>,
{
    let deadline = Instant::now() + PATIENCE;
    loop {
        match attempt().await {
            Err(_) if Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            result => return result,
        }
    }
}

/// The URL with another address in it.
fn through(url: &str, wires: SocketAddr) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let user = authority.rfind('@').map_or("", |at| &authority[..=at]);
    Some(format!("{scheme}://{user}{wires}{path}"))
}
