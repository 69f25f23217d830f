//! PostgreSQL.

use std::future::{Ready, ready};

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

jobs_of!(PgPool, PgConnection, PgPoolOptions, PostgresMigrator, check);

/// Every server that sqlx speaks to is new enough.
fn check(_: &PgPool) -> Ready<Result<(), Error>> {
    ready(Ok(()))
}
