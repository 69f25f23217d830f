//! PostgreSQL. Its `now()` is the begin of the transaction, which is long past where that is a test's: the time is that of the statement.

use std::future::{Ready, ready};

use riverqueue::migrate::PostgresMigrator;
use riverqueue::{Client, ClientBuilder};
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgConnection, PgPool, query, query_scalar};

use super::sealed::{Connection, Pool};
use crate::Error;

const RELEASE: &str = "UPDATE river_job SET state = 'available' \
    WHERE state IN ('retryable', 'scheduled') AND scheduled_at <= statement_timestamp() \
    AND unique_key IS NULL AND kind IN (SELECT jsonb_array_elements_text($1::jsonb))";
/// Selects of what may be run now.
macro_rules! due {
    ($columns:expr) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM river_job WHERE state = 'available' AND scheduled_at <= statement_timestamp() \
            AND kind IN (SELECT jsonb_array_elements_text($1::jsonb)) \
            AND queue IN (SELECT jsonb_array_elements_text($2::jsonb)) \
            AND queue NOT IN (SELECT name FROM river_queue WHERE paused_at IS NOT NULL)"
        )
    };
}
const DUE: &str = due!("count(*)");
const NOTIFY: &str = "SELECT pg_notify(concat(current_schema(), '.river_insert'), $1)";
const COMPLETE: &str = "UPDATE river_job SET state = 'completed', finalized_at = statement_timestamp() \
    WHERE id = $1::bigint AND state = 'running'";

#[cfg(feature = "testing")]
statements! {
    columns: "id, kind, queue, args::text, attempt::int, max_attempts::int, coalesce(cardinality(errors), 0), \
        scheduled_at > statement_timestamp()",
    claim: "UPDATE river_job SET state = 'running', attempt = attempt + 1, attempted_at = statement_timestamp(), \
        attempted_by = array_append(attempted_by, 'test') WHERE id = $1::bigint",
    fail: "UPDATE river_job SET errors = array_append(errors, $2::jsonb), state = $3::river_job_state, \
        finalized_at = CASE WHEN $3 IN ('cancelled', 'discarded') THEN statement_timestamp() END, \
        scheduled_at = CASE WHEN $3 IN ('cancelled', 'discarded') THEN scheduled_at \
        ELSE statement_timestamp() + $4::bigint * interval '1 second' END \
        WHERE id = $1::bigint AND state = 'running'",
    advance: "UPDATE river_job SET scheduled_at = scheduled_at - $1::bigint * interval '1 millisecond' \
        WHERE state IN ('available', 'retryable', 'scheduled')",
}

jobs_of!(PgPool, PgConnection, PgPoolOptions, PostgresMigrator, check);

/// Every server that sqlx speaks to is new enough.
fn check(_: &PgPool) -> Ready<Result<(), Error>> {
    ready(Ok(()))
}
