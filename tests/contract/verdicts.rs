//! The verdicts on blocks that observers hear of.

use std::sync::{Mutex, Once, PoisonError};

use commit_on_success::signals::Cause;
use commit_on_success::{Event, Observer};

/// Writes down what becomes of each function. The tests of a program share it, so each has functions with names of
/// their own.
struct Recorder;

static SEEN: Mutex<Vec<(&str, String)>> = Mutex::new(Vec::new());

fn saw(event: &Event, verdict: String) {
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    seen.push((event.site.function(), verdict));
}

impl Observer for Recorder {
    fn committed(&self, event: &Event) {
        saw(event, "committed".to_owned());
    }

    fn rolled_back(&self, event: &Event, cause: Cause) {
        saw(event, format!("rolled back: {cause:?}"));
    }

    fn unknown(&self, event: &Event) {
        saw(event, "unknown".to_owned());
    }
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
