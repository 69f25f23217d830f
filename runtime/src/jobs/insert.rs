//! Storing one job, on any driver.

use std::future::Future;
use std::panic::Location;

use super::Row;
use super::unstored::Unstored;
use super::{Encoded, Enqueued};
use crate::error::{BoxError, Error};
use crate::transaction::ConnectionId;

/// A connection of a sync driver, which stores rows of jobs.
pub trait Insert {
    /// Whether it is that connection.
    fn is_on(&mut self, connection: ConnectionId) -> bool;

    /// Stores a row, and returns its number.
    ///
    /// # Errors
    ///
    /// The driver's.
    fn insert(&mut self, row: &Row) -> Result<i64, BoxError>;
}

/// A connection of an async driver, which stores rows of jobs.
pub trait AsyncInsert: Send {
    /// Whether it is that connection.
    fn is_on(&mut self, connection: ConnectionId) -> bool;

    /// Stores a row, and returns its number.
    fn insert(&mut self, row: Row) -> impl Future<Output = Result<i64, BoxError>> + Send;
}

/// Does what `enqueue!` promises.
///
/// # Errors
///
/// Those of `enqueue!`.
#[track_caller]
pub fn insert<T: Insert>(mut target: T, job: Encoded) -> Result<Enqueued, Error> {
    let Encoded { kind, row } = job;
    let unstored = Unstored::begin(kind, Location::caller(), |connection| {
        target.is_on(connection)
    })?;
    let row = match row {
        Ok(row) => row,
        Err(source) => return Err(unstored.failed(source)),
    };
    match target.insert(&row) {
        Ok(id) => {
            unstored.stored(row.queue);
            Ok(Enqueued { id })
        }
        Err(source) => Err(unstored.failed(source)),
    }
}

/// Does what `enqueue!` promises. The block waits for the job from the call on.
///
/// # Errors
///
/// Those of `enqueue!`.
#[track_caller]
pub fn insert_async<T: AsyncInsert>(
    mut target: T,
    job: Encoded,
) -> impl Future<Output = Result<Enqueued, Error>> + Send {
    let Encoded { kind, row } = job;
    let unstored = Unstored::begin(kind, Location::caller(), |connection| {
        target.is_on(connection)
    });
    async move {
        let unstored = unstored?;
        let row = match row {
            Ok(row) => row,
            Err(source) => return Err(unstored.failed(source)),
        };
        if let Err(misplaced) = unstored.check() {
            return Err(unstored.failed(misplaced.into()));
        }
        let queue = row.queue;
        match target.insert(row).await {
            Ok(id) => {
                unstored.stored(queue);
                Ok(Enqueued { id })
            }
            Err(source) => Err(unstored.failed(source)),
        }
    }
}
