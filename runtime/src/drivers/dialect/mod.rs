//! What the databases say and understand, through whichever driver.

#[cfg(any(
    feature = "diesel",
    feature = "diesel-async",
    feature = "sea-orm",
    feature = "sqlx-mysql"
))]
pub(super) mod mysql;
#[cfg(any(
    feature = "diesel",
    feature = "diesel-async",
    feature = "postgres",
    feature = "sea-orm",
    feature = "sqlx-postgres",
    feature = "tokio-postgres"
))]
pub(super) mod postgresql;
#[cfg(any(
    feature = "diesel",
    feature = "diesel-async",
    feature = "rusqlite",
    feature = "sea-orm",
    feature = "sqlx-sqlite"
))]
pub(super) mod sqlite;
