//! Blocks in transactions that somebody else has opened. There is no frame of ours around them in which they could be
//! counted, so those that others may begin beside are listed here.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::transaction::ConnectionId;

static OPEN: Mutex<Vec<ConnectionId>> = Mutex::new(Vec::new());

fn open() -> MutexGuard<'static, Vec<ConnectionId>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Another block is open beside the one that was to begin.
pub(super) struct Crowded;

/// Notes that a block begins in the transaction of a connection.
pub(super) fn begins(connection: ConnectionId) -> Result<(), Crowded> {
    let mut open = open();
    if open.contains(&connection) {
        return Err(Crowded);
    }
    open.push(connection);
    Ok(())
}

/// Notes that it has ended.
pub(super) fn ends(connection: ConnectionId) {
    open().retain(|other| *other != connection);
}
