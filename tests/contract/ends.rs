//! The end of each block of a test, as observers and handlers hear of it. Tests share a program, so each of them reads
//! what was said on its own thread.
#![allow(dead_code, reason = "each driver needs its part")]

use std::cell::{Cell, RefCell};
use std::sync::Once;

use commit_on_success::signals::{post_commit, post_rollback};
use commit_on_success::{Error, Event, Observer, events};

use crate::support::Journal;

thread_local! {
    static HEARD: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    static LEFTOVERS: Cell<usize> = const { Cell::new(0) };
}

struct Listener;

impl Listener {
    fn heard(what: impl Into<String>) {
        HEARD.with_borrow_mut(|heard| heard.push(what.into()));
    }
}

impl Observer for Listener {
    fn committed(&self, _: &Event) {
        Self::heard("committed");
    }

    fn rolled_back(&self, event: &events::RolledBack<'_>) {
        let cause = event.cause;
        Self::heard(format!("rolled back: {cause:?}"));
    }

    fn unknown(&self, _: &Event) {
        Self::heard("unknown");
    }

    fn leftover_rolled_back(&self, event: &events::LeftoverRolledBack) {
        let driver = event.driver;
        assert!(!driver.is_empty());
        LEFTOVERS.set(LEFTOVERS.get() + 1);
    }
}

/// Has to be called before whatever is to be heard of.
pub(crate) fn listen() {
    static ADDED: Once = Once::new();
    ADDED.call_once(|| commit_on_success::add_observer(Listener));
}

/// The words of observers about the blocks that have ended on this thread.
pub(crate) fn heard() -> Vec<String> {
    HEARD.take()
}

/// The number of transactions that were found left behind on this thread.
pub(crate) fn leftovers() -> usize {
    LEFTOVERS.take()
}

/// Has the handlers of the block that is open write down its end, in the words of observers.
pub(crate) fn write_down(journal: &Journal) -> Result<(), Error> {
    let ours = journal.clone();
    post_commit().connect(move |_| ours.note("committed"))?;
    let ours = journal.clone();
    post_rollback().connect(move |event| ours.note(format!("rolled back: {:?}", event.cause)))?;
    Ok(())
}
