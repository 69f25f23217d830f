//! PostgreSQL.

use riverqueue::migrate::PostgresMigrator;
use riverqueue::{Client, ClientBuilder};
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgConnection, PgPool, query, query_scalar};

use super::sealed::{Connection, Pool};
use crate::Error;

const RELEASE: &str = "UPDATE river_job SET state = 'available' \
    WHERE state IN ('retryable', 'scheduled') AND scheduled_at <= now() \
    AND unique_key IS NULL AND kind IN (SELECT jsonb_array_elements_text($1::jsonb))";
const DUE: &str = "SELECT count(*) FROM river_job WHERE state = 'available' AND scheduled_at <= now() \
    AND kind IN (SELECT jsonb_array_elements_text($1::jsonb)) \
    AND queue IN (SELECT jsonb_array_elements_text($2::jsonb)) \
    AND queue NOT IN (SELECT name FROM river_queue WHERE paused_at IS NOT NULL)";
const NOTIFY: &str = "SELECT pg_notify(concat(current_schema(), '.river_insert'), $1)";
const COMPLETE: &str = "UPDATE river_job SET state = 'completed', finalized_at = now() \
    WHERE id = $1 AND state = 'running'";

impl Pool for PgPool {
    fn client(&self) -> ClientBuilder {
        Client::builder(self.clone())
    }

    fn apart(&self) -> Self {
        let options = (*self.connect_options()).clone();
        PgPoolOptions::new()
            .max_connections(1)
            .connect_lazy_with(options)
    }

    async fn migrate(&self) -> Result<(), Error> {
        let migrated = PostgresMigrator::new(self.clone()).migrate_up().await;
        migrated.map(drop).map_err(Error::of_tables)
    }

    async fn versions(&self) -> Result<Vec<i64>, Error> {
        let versions = PostgresMigrator::new(self.clone())
            .existing_versions()
            .await;
        versions.map_err(Error::of_tables)
    }

    async fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    async fn release(&self, kinds: &str) -> sqlx::Result<()> {
        query(RELEASE).bind(kinds).execute(self).await.map(drop)
    }

    async fn due(&self, kinds: &str, queues: &str) -> sqlx::Result<i64> {
        query_scalar(DUE)
            .bind(kinds)
            .bind(queues)
            .fetch_one(self)
            .await
    }

    async fn notify(&self, payload: &str) -> sqlx::Result<()> {
        query(NOTIFY).bind(payload).execute(self).await.map(drop)
    }
}

impl Connection for PgConnection {
    async fn complete(&mut self, id: i64) -> sqlx::Result<u64> {
        let done = query(COMPLETE).bind(id).execute(self).await?;
        Ok(done.rows_affected())
    }
}
