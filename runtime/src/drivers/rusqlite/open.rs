//! The connections that handles have led to on this thread, while they are used.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

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
    guard: Rc<dyn Any>,
}

/// A connection that can be found until this is dropped.
pub(super) struct Listed(u64);

/// Lets a connection be found.
pub(super) fn list<G: 'static>(pool: PoolId, connection: ConnectionId, guard: Rc<G>) -> Listed {
    let number = LISTED.get();
    LISTED.set(number + 1);
    OPEN.with_borrow_mut(|open| {
        open.push(Open {
            number,
            pool,
            connection,
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

/// The connection of a pool that code uses which is in no block, or of a test that it is in alone.
pub(super) fn innermost<G: 'static>(pool: PoolId, required: bool) -> Option<Rc<G>> {
    if required {
        return None;
    }
    let of_test = |open: &Open| open.pool == pool && test_transaction::is_open(open.connection);
    last(of_test).or_else(|| last(|open| open.pool == pool))
}

fn last<G: 'static>(wanted: impl Fn(&Open) -> bool) -> Option<Rc<G>> {
    OPEN.with_borrow(|open| {
        let found = open.iter().rev().find(|open| wanted(open))?;
        Rc::clone(&found.guard).downcast().ok()
    })
}
