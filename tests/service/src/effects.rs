//! The calls that are made once an order is committed.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The calls of one way; its clones share them.
#[derive(Clone, Debug, Default)]
pub struct Effects(Arc<Mutex<Calls>>);

/// The calls that ran, and where it is not known whether they had to.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    /// Of the orders.
    pub placed: HashMap<i64, Call>,
    /// Of their nested blocks.
    pub audited: HashMap<i64, Call>,
    /// Orders of which the service does not know whether they are stored.
    pub unknown: HashSet<i64>,
}

/// A call for one order.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// The moment of the last one.
    pub at: Instant,
    /// The number of them.
    pub times: u32,
}

impl Effects {
    /// Tells that an order is placed.
    pub fn placed(&self, id: i64) {
        note(&mut self.lock().placed, id);
    }

    /// Tells that an order is audited.
    pub fn audited(&self, id: i64) {
        note(&mut self.lock().audited, id);
    }

    /// The same, not at once.
    pub async fn audited_later(self, id: i64) {
        tokio::task::yield_now().await;
        self.audited(id);
    }

    /// Tells that nobody knows whether an order is stored.
    pub fn unknown(&self, id: i64) {
        self.lock().unknown.insert(id);
    }

    /// The calls so far, which are forgotten.
    #[must_use]
    pub fn take(&self) -> Calls {
        std::mem::take(&mut self.lock())
    }

    /// The number of orders and audits that were told of so far.
    #[must_use]
    pub fn count(&self) -> usize {
        let calls = self.lock();
        calls.placed.len() + calls.audited.len()
    }

    fn lock(&self) -> MutexGuard<'_, Calls> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn note(calls: &mut HashMap<i64, Call>, id: i64) {
    let at = Instant::now();
    let call = calls.entry(id).or_insert(Call { at, times: 0 });
    *call = Call {
        at,
        times: call.times + 1,
    };
}
