//! The connections that are inside of a [`TestTransaction`](crate::testing::TestTransaction), so that blocks on
//! them behave as outermost ones, and the savepoints of these blocks.
//!
//! A connection is found by its address, which is right for as long as the test's transaction lives: it is kept
//! in a box, or borrowed, and moves in neither case. An entry itself goes by a number of its own. Where no test has
//! a transaction, all of this is the load of a zero.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::BoxError;
use crate::transaction::{
    AsyncTransaction, CommitError, ConnectionId, RollbackError, Savepoint, Session, Transaction,
    TransactionStatus,
};

/// The transaction of a test is not there any more: the code under test has sent a `COMMIT` or a `ROLLBACK`, has
/// changed a table on MySQL, or ran into a failure after which the database has rolled back by itself. What was
/// done before it may be stored.
///
/// The source of the [`ErrorKind::NestedBegin`](crate::ErrorKind::NestedBegin) of each block that is refused after that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the test's transaction has ended: a statement committed it or rolled it back")]
#[cfg_attr(
    not(feature = "testing"),
    allow(unreachable_pub, reason = "test support shows it")
)]
pub struct TransactionEnded;

/// A savepoint that a test creates when it begins. It is not there any more at the test's end if its transaction
/// was replaced by another one. Blocks do not nest so deep.
#[cfg_attr(
    not(feature = "testing"),
    allow(dead_code, reason = "only test support creates one")
)]
pub(crate) const MARK: Savepoint = Savepoint::DEEPEST;

static OPEN: AtomicUsize = AtomicUsize::new(0);
static ENTRIES: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

struct Entry {
    id: u64,
    /// The connection, once the transaction has begun on it.
    connection: Option<ConnectionId>,
    /// A block whose future was dropped, which has yet to be undone.
    abandoned: Option<Savepoint>,
    /// Whether a block was refused because the transaction was gone.
    ended: bool,
}

fn entries() -> MutexGuard<'static, Vec<Entry>> {
    ENTRIES.lock().unwrap_or_else(PoisonError::into_inner)
}

fn with<R>(wanted: impl Fn(&Entry) -> bool, f: impl FnOnce(&mut Entry) -> R) -> Option<R> {
    let mut entries = entries();
    let entry = entries.iter_mut().find(|entry| wanted(entry))?;
    Some(f(entry))
}

fn with_entry_on<R>(connection: ConnectionId, f: impl FnOnce(&mut Entry) -> R) -> Option<R> {
    with(|entry| entry.connection == Some(connection), f)
}

/// Whether no connection is.
#[inline]
pub(crate) fn is_none() -> bool {
    OPEN.load(Ordering::Acquire) == 0
}

/// Whether a connection is inside of a test's transaction, or was until that ended.
#[inline]
pub(crate) fn is_open(connection: ConnectionId) -> bool {
    !is_none() && with_entry_on(connection, |_| ()).is_some()
}

/// Remembers to undo a block whose future was dropped.
pub(crate) fn abandon(connection: ConnectionId, savepoint: Savepoint) {
    with_entry_on(connection, |entry| {
        entry.abandoned.get_or_insert(savepoint);
    });
}

/// Creates the savepoint of a block in a test's transaction.
///
/// It is created twice. Outside of a transaction, MySQL accepts a savepoint and forgets it at once, which only its
/// release tells; PostgreSQL refuses to create it, and so do the drivers of SQLite, where it would begin one.
/// Releasing [`MARK`] would tell as much, but it would take with it the savepoints that a test has created since.
pub(crate) fn savepoint(
    transaction: &mut impl Transaction,
    savepoint: Savepoint,
) -> Result<(), BoxError> {
    if transaction.status() == TransactionStatus::Idle {
        return Err(ended(transaction));
    }
    if let Err(error) = transaction.savepoint(&savepoint) {
        let undone = transaction.rollback_to(&savepoint);
        return Err(not_created(transaction, error, &undone));
    }
    match transaction.release(&savepoint) {
        Ok(()) => transaction.savepoint(&savepoint),
        Err(refusal) => Err(not_kept(transaction, refusal)),
    }
}

/// Creates the savepoint of a block in a test's transaction, as [`savepoint`] does, after an abandoned one was
/// undone.
pub(crate) async fn savepoint_async(
    transaction: &mut impl AsyncTransaction,
    savepoint: Savepoint,
) -> Result<(), BoxError> {
    if transaction.status() == TransactionStatus::Idle {
        return Err(ended(transaction));
    }
    undo_abandoned(transaction).await?;
    if let Err(error) = transaction.savepoint(&savepoint).await {
        let undone = transaction.rollback_to(&savepoint).await;
        return Err(not_created(transaction, error, &undone));
    }
    match transaction.release(&savepoint).await {
        Ok(()) => transaction.savepoint(&savepoint).await,
        Err(refusal) => Err(not_kept(transaction, refusal)),
    }
}

/// Undoes a block whose future was dropped, if there is one.
pub(crate) async fn undo_abandoned(
    transaction: &mut impl AsyncTransaction,
) -> Result<(), BoxError> {
    let connection = transaction.connection_id();
    let Some(savepoint) = with_entry_on(connection, |entry| entry.abandoned).flatten() else {
        return Ok(());
    };
    if let Err(failure) = transaction.rollback_to(&savepoint).await {
        return Err(not_undone(transaction, failure));
    }
    with_entry_on(connection, |entry| entry.abandoned = None);
    Ok(())
}

fn ended(session: &mut impl Session) -> BoxError {
    with_entry_on(session.connection_id(), |entry| entry.ended = true);
    TransactionEnded.into()
}

/// A savepoint that nobody could create cannot be rolled back to, and the answer says whether a transaction is there.
fn not_created(
    session: &mut impl Session,
    error: BoxError,
    undone: &Result<(), RollbackError>,
) -> BoxError {
    match undone {
        Err(RollbackError::Ended) => ended(session),
        _ => error,
    }
}

fn not_kept(session: &mut impl Session, refusal: CommitError) -> BoxError {
    not_undone(session, refusal.into())
}

pub(crate) fn not_undone(session: &mut impl Session, failure: RollbackError) -> BoxError {
    match failure {
        RollbackError::Ended => ended(session),
        RollbackError::Failed(error) | RollbackError::Disconnected(error) => error,
    }
}

/// Keeps the entry of a test until it is dropped.
#[derive(Debug)]
#[cfg_attr(
    not(feature = "testing"),
    allow(dead_code, reason = "only test support makes entries")
)]
pub(crate) struct Registration {
    id: u64,
}

#[cfg_attr(
    not(feature = "testing"),
    allow(dead_code, reason = "only test support makes entries")
)]
impl Registration {
    /// Makes an entry that no block is in yet.
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        entries().push(Entry {
            id,
            connection: None,
            abandoned: None,
            ended: false,
        });
        OPEN.fetch_add(1, Ordering::Release);
        Self { id }
    }

    /// Says which connection it is. A test that was forgotten, and whose connection was there before, is none that
    /// a block can be in any more.
    pub(crate) fn set_connection(&self, connection: ConnectionId) {
        for entry in &mut *entries() {
            if entry.id == self.id {
                entry.connection = Some(connection);
            } else if entry.connection == Some(connection) {
                entry.connection = None;
            }
        }
    }

    /// Whether a block was refused because the transaction was gone.
    pub(crate) fn has_ended(&self) -> bool {
        with(|entry| entry.id == self.id, |entry| entry.ended).unwrap_or_default()
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        entries().retain(|entry| entry.id != self.id);
        OPEN.fetch_sub(1, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn abandoned_on(connection: ConnectionId) -> Option<Savepoint> {
        with_entry_on(connection, |entry| entry.abandoned).flatten()
    }

    #[test]
    fn a_connection_belongs_to_the_test_that_was_there_last() {
        let place = ConnectionId::new(0x5151);
        let (moved, here) = (Registration::new(), Registration::new());
        moved.set_connection(place);
        here.set_connection(place);
        abandon(place, Savepoint::OUTERMOST);
        let elsewhere = ConnectionId::new(0x5252);
        moved.set_connection(elsewhere);
        assert_eq!(abandoned_on(elsewhere), None);
        assert_eq!(abandoned_on(place), Some(Savepoint::OUTERMOST));
        drop(here);
        assert!(!is_open(place));
        assert!(is_open(elsewhere));
        drop(moved);
        assert!(!is_open(elsewhere));
    }

    #[test]
    fn no_block_is_in_a_test_that_has_not_begun() {
        let place = ConnectionId::new(0x5353);
        let test = Registration::new();
        assert!(!is_open(place));
        test.set_connection(place);
        assert!(is_open(place));
        assert!(!test.has_ended());
    }
}
