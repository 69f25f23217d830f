//! The verdicts on blocks that observers hear of.

use std::sync::{Mutex, Once, PoisonError};
use std::thread::{self, ThreadId};

use commit_on_success::{Event, Observer, events};

use crate::support::named;

/// Writes down what becomes of each function. The tests of a program share it, so each has functions with names of
/// their own.
struct Recorder;

/// The threads that leftovers were rolled back on; each test has its own.
static LEFTOVERS: Mutex<Vec<ThreadId>> = Mutex::new(Vec::new());

static SEEN: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

fn saw(event: &Event, verdict: String) {
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    seen.push((named(event.site), verdict));
}

impl Observer for Recorder {
    fn committed(&self, event: &Event) {
        saw(event, "committed".to_owned());
    }

    fn rolled_back(&self, event: &events::RolledBack<'_>) {
        let (event, cause) = (event.transaction, event.cause);
        saw(event, format!("rolled back: {cause:?}"));
    }

    fn unknown(&self, event: &Event) {
        saw(event, "unknown".to_owned());
    }

    fn leftover_rolled_back(&self, _: &events::LeftoverRolledBack) {
        let mut leftovers = LEFTOVERS.lock().unwrap_or_else(PoisonError::into_inner);
        leftovers.push(thread::current().id());
    }
}

/// The number of transactions that were left behind, and rolled back, on the thread of the test.
#[allow(dead_code, reason = "not every driver knows what was left behind")]
pub(crate) fn leftovers() -> usize {
    let leftovers = LEFTOVERS.lock().unwrap_or_else(PoisonError::into_inner);
    let thread = thread::current().id();
    leftovers.iter().filter(|of| **of == thread).count()
}

/// Has to be called before what is to be observed.
pub(crate) fn observe() {
    static ADDED: Once = Once::new();
    ADDED.call_once(|| commit_on_success::add_observer(Recorder));
}

/// Takes what observers have been told about a function since it was last taken.
pub(crate) fn observed(function: &str) -> Vec<String> {
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    let of_function = seen.extract_if(.., |(of, _)| *of == function);
    of_function.map(|(_, verdict)| verdict).collect()
}
