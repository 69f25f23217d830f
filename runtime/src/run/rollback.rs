//! The handlers of a block that did not commit, and calls that never run.

use super::results::{report, run_hidden};
use crate::event::{Completed, RolledBack};
use crate::queue::{Call, Handler, Queue};

/// Runs the handlers of a rollback, and drops the rest. A failure is reported to observers alone, since the function
/// returns an error already, or is not there any more.
pub(crate) fn run_rollback_handlers(mut queue: Queue, event: &RolledBack) {
    for Handler { call, location, .. } in queue.take() {
        let end = run_hidden(move || match call {
            Call::Rollback(call) => call(event),
            other => {
                drop(other);
                Ok(())
            }
        });
        report(location, end, event.id);
    }
}

/// Does as [`run_rollback_handlers`] with those of every ending.
pub(crate) fn run_completed_handlers(handlers: Vec<Handler>, event: &Completed) {
    for Handler { call, location, .. } in handlers {
        let end = run_hidden(move || match call {
            Call::Completed(call, _) => call(event),
            other => {
                drop(other);
                Ok(())
            }
        });
        report(location, end, event.id);
    }
}

/// Drops calls that will never run, one by one: the destructors of captures are user code, and when two of
/// them panic in one drop the process aborts.
pub(crate) fn discard(mut queue: Queue, transaction: u64) {
    for Handler { call, location, .. } in queue.take() {
        let end = run_hidden(move || {
            drop(call);
            Ok(())
        });
        report(location, end, transaction);
    }
}
