//! The connections that handles of sync drivers have led to on this thread, while they are used.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::{Place, Reached};
use crate::pool_id::PoolId;
use crate::test_transaction;
use crate::transaction::ConnectionId;

thread_local! {
    static OPEN: RefCell<Vec<Open>> = const { RefCell::new(Vec::new()) };
    static LISTED: Cell<u64> = const { Cell::new(0) };
}

struct Open {
    number: u64,
    pool: PoolId,
    connection: ConnectionId,
    user: User,
    guard: Rc<dyn Any>,
}

/// Who has been led to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    /// A block, which is found on the stack, or nowhere.
    Block,
    /// A closure that is in no block.
    Closure,
}

/// A connection that can be found until this is dropped.
pub(crate) struct Listed(u64);

/// Lets a connection be found.
pub(super) fn list<G: 'static>(
    pool: PoolId,
    connection: ConnectionId,
    user: User,
    guard: Rc<G>,
) -> Listed {
    let number = LISTED.get();
    LISTED.set(number + 1);
    OPEN.with_borrow_mut(|open| {
        open.push(Open {
            number,
            pool,
            connection,
            user,
            guard,
        });
    });
    Listed(number)
}

impl Drop for Listed {
    fn drop(&mut self) {
        // A thread that ends has nothing left to find, and the guard may use the list when it is dropped.
        let removed = OPEN.try_with(|open| {
            let mut open = open.borrow_mut();
            let index = open.iter().position(|open| open.number == self.0);
            index.map(|index| open.remove(index))
        });
        drop(removed);
    }
}

/// The guard of a connection.
pub(super) fn find<G: 'static>(pool: PoolId, connection: ConnectionId) -> Option<Rc<G>> {
    last(|open| open.pool == pool && open.connection == connection)
}

/// Whether that connection of a pool can be found.
#[cfg(feature = "jobs")]
pub(super) fn is_listed(pool: PoolId, connection: ConnectionId) -> bool {
    OPEN.with_borrow(|open| {
        let mut open = open.iter();
        open.any(|open| open.pool == pool && open.connection == connection)
    })
}

/// The connection of a pool that code has which is in no block: that of a test, or of a closure around it.
pub(super) fn alone<G: 'static>(pool: PoolId) -> Option<Reached<G>> {
    let of_test = |open: &Open| open.pool == pool && test_transaction::is_open(open.connection);
    let of_closure = |open: &Open| open.pool == pool && open.user == User::Closure;
    let reached = |place| move |guard| Reached { guard, place };
    let in_test = last(of_test).map(reached(Place::Test));
    in_test.or_else(|| last(of_closure).map(reached(Place::Closure)))
}

fn last<G: 'static>(wanted: impl Fn(&Open) -> bool) -> Option<Rc<G>> {
    OPEN.with_borrow(|open| {
        let found = open.iter().rev().find(|open| wanted(open))?;
        Rc::clone(&found.guard).downcast().ok()
    })
}
