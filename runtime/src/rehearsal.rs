//! Which connections are inside a [`TestTransaction`](crate::testing::TestTransaction), so that blocks on
//! them behave as outermost ones. Nothing but a load of a zero where there is none.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::transaction::ConnectionId;

static OPEN: AtomicUsize = AtomicUsize::new(0);
static CONNECTIONS: Mutex<Vec<ConnectionId>> = Mutex::new(Vec::new());

fn connections() -> MutexGuard<'static, Vec<ConnectionId>> {
    CONNECTIONS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a connection is inside a test's transaction.
pub(crate) fn is_open(connection: ConnectionId) -> bool {
    OPEN.load(Ordering::Acquire) > 0 && connections().contains(&connection)
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
        connections().push(connection);
        OPEN.fetch_add(1, Ordering::Release);
        Self { connection }
    }

    /// Follows a connection that was moved.
    pub(crate) fn follow(&mut self, connection: ConnectionId) {
        if self.connection != connection {
            *self = Self::new(connection);
        }
    }
}

impl Drop for Rehearsal {
    fn drop(&mut self) {
        let mut connections = connections();
        if let Some(index) = connections.iter().position(|id| *id == self.connection) {
            connections.swap_remove(index);
            OPEN.fetch_sub(1, Ordering::Release);
        }
    }
}
