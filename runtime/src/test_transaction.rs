//! Which connections are inside a [`TestTransaction`](crate::testing::TestTransaction), so that blocks on
//! them behave as outermost ones. Nothing but a load of a zero where there is none.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::BoxError;
use crate::transaction::{AsyncTransaction, ConnectionId, RollbackError, Savepoint};

static OPEN: AtomicUsize = AtomicUsize::new(0);
static ENTRIES: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

struct Entry {
    connection: ConnectionId,
    /// A block whose future was dropped, which has yet to be undone.
    abandoned: Option<Savepoint>,
}

fn entries() -> MutexGuard<'static, Vec<Entry>> {
    ENTRIES.lock().unwrap_or_else(PoisonError::into_inner)
}

fn with_entry<R>(connection: ConnectionId, f: impl FnOnce(&mut Entry) -> R) -> Option<R> {
    let mut entries = entries();
    let entry = entries
        .iter_mut()
        .find(|entry| entry.connection == connection)?;
    Some(f(entry))
}

/// Whether a connection is inside a test's transaction.
pub(crate) fn is_open(connection: ConnectionId) -> bool {
    OPEN.load(Ordering::Acquire) > 0 && with_entry(connection, |_| ()).is_some()
}

/// Remembers to undo a block whose future was dropped.
pub(crate) fn abandon(connection: ConnectionId, savepoint: Savepoint) {
    with_entry(connection, |entry| {
        entry.abandoned.get_or_insert(savepoint);
    });
}

/// Undoes a block whose future was dropped.
pub(crate) async fn settle(transaction: &mut impl AsyncTransaction) -> Result<(), BoxError> {
    let abandoned = with_entry(transaction.connection_id(), |entry| entry.abandoned.take());
    let Some(savepoint) = abandoned.flatten() else {
        return Ok(());
    };
    match transaction.rollback_to(&savepoint).await {
        Ok(()) => Ok(()),
        Err(RollbackError::Ended) => Err("the test's transaction has ended".into()),
        Err(RollbackError::Failed(error) | RollbackError::Disconnected(error)) => Err(error),
    }
}

/// Puts a connection on the list until it is dropped.
#[derive(Debug)]
pub(crate) struct Rehearsal {
    connection: ConnectionId,
}

#[cfg_attr(
    not(feature = "testing"),
    allow(dead_code, reason = "only test support opens one")
)]
impl Rehearsal {
    pub(crate) fn new(connection: ConnectionId) -> Self {
        entries().push(Entry {
            connection,
            abandoned: None,
        });
        OPEN.fetch_add(1, Ordering::Release);
        Self { connection }
    }

    /// Follows a connection that was moved.
    pub(crate) fn follow(&mut self, connection: ConnectionId) {
        if self.connection != connection {
            with_entry(self.connection, |entry| entry.connection = connection);
            self.connection = connection;
        }
    }
}

impl Drop for Rehearsal {
    fn drop(&mut self) {
        let mut entries = entries();
        let index = entries
            .iter()
            .position(|entry| entry.connection == self.connection);
        if let Some(index) = index {
            entries.swap_remove(index);
            OPEN.fetch_sub(1, Ordering::Release);
        }
    }
}
