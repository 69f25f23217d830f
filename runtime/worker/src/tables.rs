//! The tables that jobs are stored in.

use crate::Error;
use crate::database::JobPool;

/// The version of the tables that this release reads and writes.
pub(crate) const KNOWN: i64 = 8;

/// Makes the tables for jobs, or brings those of an older release up to date.
///
/// Call it where the program migrates its other tables, before jobs are stored and workers start. Where nothing is to be done, it does
/// nothing; two programs may call it at once on PostgreSQL, of which one waits or fails and can try again.
///
/// # Errors
///
/// [`Error::Database`] where the database refuses, [`Error::SqliteTooOld`], [`Error::TablesNewer`].
///
/// # Cancel safety
///
/// Each step is a transaction of its own, and what is missing is done by the next call.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> anyhow::Result<()> {
/// # let directory = tempfile::tempdir()?;
/// # let url = format!("sqlite:{}?mode=rwc", directory.path().join("a.sqlite").display());
/// let pool = sqlx::SqlitePool::connect(&url).await?;
/// commit_on_success_worker::migrate(&pool).await?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
pub async fn migrate<P: JobPool>(pool: &P) -> Result<(), Error> {
    pool.check().await?;
    match verdict(&pool.versions().await?) {
        Ok(()) => Ok(()),
        Err(Error::NotMigrated | Error::TablesOlder { .. }) => pool.migrate().await,
        Err(error) => Err(error),
    }
}

/// Refuses tables that a worker of this release cannot work on.
pub(crate) async fn check<P: JobPool>(pool: &P) -> Result<(), Error> {
    pool.check().await?;
    verdict(&pool.versions().await?)
}

fn verdict(versions: &[i64]) -> Result<(), Error> {
    let needed = KNOWN;
    match versions.iter().copied().max() {
        None => Err(Error::NotMigrated),
        Some(found) if found < needed => Err(Error::TablesOlder { found, needed }),
        Some(found) if found > KNOWN => Err(Error::TablesNewer {
            found,
            known: KNOWN,
        }),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::KNOWN;

    #[test]
    fn the_tables_that_are_known_are_those_that_the_pinned_river_makes() {
        assert_eq!(KNOWN, riverqueue::migrate::MIGRATION_VERSION_LATEST);
    }
}
