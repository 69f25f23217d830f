use std::time::Duration;

use sqlx::{Connection as _, PgConnection};

use crate::ledger::prefix;

/// Ends sessions, so many a second; those that are at work first.
pub(super) async fn sessions(url: String, per_second: f64) {
    let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / per_second));
    let mut connection = None;
    loop {
        ticks.tick().await;
        // The server may be away for a while.
        if connection.is_none() {
            connection = PgConnection::connect(&url).await.ok();
        }
        if let Some(open) = &mut connection
            && end_one(open).await.is_err()
        {
            connection = None;
        }
    }
}

async fn end_one(connection: &mut PgConnection) -> sqlx::Result<()> {
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE starts_with(application_name, $1) ORDER BY state = 'idle', random() LIMIT 1";
    let ended = sqlx::query(sql).bind(prefix()).execute(connection).await;
    ended.map(drop)
}
