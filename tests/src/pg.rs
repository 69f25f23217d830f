//! PostgreSQL through drivers of its own: where it is, and the error type of somebody who uses one.

use commit_on_success::Error;
use sqlx::postgres::PgConnectOptions;
use tokio_postgres::{Client, Config, NoTls};

/// The same address for tokio-postgres.
///
/// # Panics
///
/// When the address names no database.
#[must_use]
pub fn config(address: &PgConnectOptions) -> Config {
    let (Some(database), Some(options)) = (address.get_database(), address.get_options()) else {
        panic!("not the address of a corner");
    };
    let mut config = Config::new();
    config
        .host(address.get_host())
        .port(address.get_port())
        .user(address.get_username())
        .dbname(database)
        .options(options);
    config
}

/// A connection of tokio-postgres, with its other half in a task.
///
/// # Panics
///
/// When there is none to be had.
pub async fn connect(config: &Config) -> Client {
    match config.connect(NoTls).await {
        Ok((client, connection)) => {
            tokio::spawn(connection);
            client
        }
        Err(error) => panic!("no connection: {error:?}"),
    }
}

/// The error type of somebody who would like to have the driver's own: that one cannot be made of another.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// What the driver says.
    #[error("{}", said(.0))]
    Postgres(#[from] tokio_postgres::Error),
    /// What the driver has no words for.
    #[error("the transaction says")]
    Transaction(#[source] Error),
}

fn said(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(said) => said.to_string(),
        None => error.to_string(),
    }
}

impl From<Error> for DriverError {
    fn from(error: Error) -> Self {
        error
            .into_driver_error()
            .map_or_else(Self::Transaction, Self::Postgres)
    }
}

/// The error type of an application.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// What its own code says.
    #[error("{0}")]
    Own(&'static str),
    /// What the database says.
    #[error("the database says")]
    Database(#[from] tokio_postgres::Error),
    /// What the transaction says.
    #[error("the transaction says")]
    Transaction(#[from] Error),
}

impl From<DriverError> for AppError {
    fn from(error: DriverError) -> Self {
        match error {
            DriverError::Postgres(error) => Self::Database(error),
            DriverError::Transaction(error) => Self::Transaction(error),
        }
    }
}

impl AppError {
    /// What the transaction failed with.
    ///
    /// # Panics
    ///
    /// When it was something else that failed.
    #[must_use]
    #[track_caller]
    pub fn into_transaction(self) -> Error {
        match self {
            Self::Transaction(error) => error,
            other => panic!("expected an error of the transaction, found {other:?}"),
        }
    }
}
