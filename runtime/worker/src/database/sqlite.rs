//! SQLite, whose times are texts with milliseconds, as River writes them.

use riverqueue::migrate::SqliteMigrator;
use riverqueue::{Client, ClientBuilder};
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{SqliteConnection, SqlitePool, query, query_scalar};

use super::sealed::{Connection, Pool};
use crate::Error;

/// The first release with `jsonb`.
const OLDEST: (u32, u32) = (3, 45);

const RELEASE: &str = "UPDATE river_job SET state = 'available' \
    WHERE state IN ('retryable', 'scheduled') AND scheduled_at <= strftime('%Y-%m-%d %H:%M:%f', 'now') \
    AND unique_key IS NULL AND kind IN (SELECT value FROM json_each(?1))";
/// Selects of what may be run now.
macro_rules! due {
    ($columns:expr) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM river_job WHERE state = 'available' AND scheduled_at <= strftime('%Y-%m-%d %H:%M:%f', 'now') \
            AND kind IN (SELECT value FROM json_each(?1)) AND queue IN (SELECT value FROM json_each(?2)) \
            AND queue NOT IN (SELECT name FROM river_queue WHERE paused_at IS NOT NULL)"
        )
    };
}
const DUE: &str = due!("count(*)");
const NOTIFY: &str = "INSERT INTO river_notification (topic, payload) VALUES ('river_insert', ?1)";
pub(crate) const COMPLETE: &str = "UPDATE river_job SET state = 'completed', finalized_at = strftime('%Y-%m-%d %H:%M:%f', 'now') \
    WHERE id = ?1 AND state = 'running'";

#[cfg(feature = "testing")]
statements! {
    columns: "id, kind, queue, json(args), attempt, max_attempts, coalesce(json_array_length(errors), 0), \
        scheduled_at > strftime('%Y-%m-%d %H:%M:%f', 'now')",
    claim: "UPDATE river_job SET state = 'running', attempt = attempt + 1, \
        attempted_at = strftime('%Y-%m-%d %H:%M:%f', 'now'), \
        attempted_by = jsonb(json_insert(json(coalesce(attempted_by, '[]')), '$[#]', 'test')) WHERE id = ?1",
    fail: "UPDATE river_job SET errors = jsonb(json_insert(json(coalesce(errors, '[]')), '$[#]', json(?2))), state = ?3, \
        finalized_at = CASE WHEN ?3 IN ('cancelled', 'discarded') THEN strftime('%Y-%m-%d %H:%M:%f', 'now') END, \
        scheduled_at = CASE WHEN ?3 IN ('cancelled', 'discarded') THEN scheduled_at \
        ELSE strftime('%Y-%m-%d %H:%M:%f', 'now', format('%d seconds', ?4)) END \
        WHERE id = ?1 AND state = 'running'",
    advance: "UPDATE river_job SET scheduled_at = strftime('%Y-%m-%d %H:%M:%f', scheduled_at, format('-%.3f seconds', ?1 / 1000.0)) \
        WHERE state IN ('available', 'retryable', 'scheduled')",
}

jobs_of!(
    SqlitePool,
    SqliteConnection,
    SqlitePoolOptions,
    SqliteMigrator,
    check
);

async fn check(pool: &SqlitePool) -> Result<(), Error> {
    let found: String = query_scalar("SELECT sqlite_version()")
        .fetch_one(pool)
        .await?;
    if is_too_old(&found) {
        return Err(Error::SqliteTooOld { found });
    }
    Ok(())
}

fn is_too_old(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) < OLDEST
}

#[cfg(test)]
mod tests {
    use super::is_too_old;

    #[test]
    fn sqlite_without_jsonb_is_too_old() {
        for (version, expected) in [
            ("3.44.2", true),
            ("3.9.0", true),
            ("2.8.17", true),
            ("3.45.0", false),
            ("3.50.4", false),
            ("3.100.0", false),
            ("4.0.0", false),
        ] {
            assert_eq!(is_too_old(version), expected, "{version}");
        }
    }
}
