//! The handlers of a block that did not commit, and calls that never run.

use super::results::{report, run_hidden};
use crate::event::Completed;
use crate::queue::{Call, CallResult, Handler, Queue};

/// Runs the handlers of a block that did not commit, those of every end behind the others, and drops the rest. A failure is
/// reported to observers alone, since the function returns an error already, or is not there any more.
pub(crate) fn run_handlers_of_end(mut queue: Queue, event: &Completed) {
    let rolled_back = event.rolled_back();
    let (handlers, _deferred) = queue.take_in_order();
    conclude(handlers, event.id, |call| match (call, &rolled_back) {
        (Call::Rollback(call), Some(event)) => call(event),
        (Call::Completed(call, _), _) => call(event),
        (other, _) => {
            drop(other);
            Ok(())
        }
    });
}

/// Drops calls that will never run.
pub(crate) fn discard(mut queue: Queue, transaction: u64) {
    conclude(queue.take(), transaction, |call| {
        drop(call);
        Ok(())
    });
}

/// Does with the calls one by one whatever ends each: the destructors of captures are user code, and when two of them panic
/// in one drop the process aborts.
fn conclude(handlers: Vec<Handler>, transaction: u64, end: impl Fn(Call) -> CallResult) {
    for Handler { call, location, .. } in handlers {
        report(location, run_hidden(|| end(call)), transaction);
    }
}
