//! What observers are told of blocks in blocks: which is in which, and that a release is no commit.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::cell::RefCell;
use std::sync::Once;

use commit_on_success::{Event, Observer, add_observer, events};
use commit_on_success_tests::scripted::{Database, End, Flavour, Place, Program};

thread_local! {
    // A test runs on one thread, and what happens is told on the thread where it happens.
    static TOLD: RefCell<Vec<(&'static str, Event)>> = const { RefCell::new(Vec::new()) };
}

struct Recorder;

impl Recorder {
    fn saw(what: &'static str, event: &Event) {
        TOLD.with_borrow_mut(|told| told.push((what, event.clone())));
    }
}

impl Observer for Recorder {
    fn begun(&self, event: &Event) {
        Self::saw("begun", event);
    }

    fn committed(&self, event: &Event) {
        Self::saw("committed", event);
    }

    fn released(&self, event: &Event) {
        Self::saw("released", event);
    }

    fn rolled_back(&self, event: &events::RolledBack<'_>) {
        let event = event.transaction;
        Self::saw("rolled back", event);
    }
}

fn told(flavour: Flavour, program: Program) -> Vec<(&'static str, Event)> {
    static ADDED: Once = Once::new();
    ADDED.call_once(|| add_observer(Recorder));
    TOLD.take();
    let _ = program.run(flavour, Place::Pool, &Database::new());
    TOLD.take()
}

#[test]
fn a_savepoint_that_is_released_is_never_told_as_committed() {
    for flavour in Flavour::ALL {
        for (outer, end) in [(End::Ok, "committed"), (End::Err, "rolled back")] {
            let told = told(flavour, Program::nested(End::Ok, outer));
            let words: Vec<_> = told.iter().map(|(what, _)| *what).collect();
            assert_eq!(words, ["begun", "begun", "released", end], "{flavour:?}");
        }
    }
}

#[test]
fn a_block_names_the_one_around_it() {
    for flavour in Flavour::ALL {
        for inner in [End::Ok, End::Err] {
            let told = told(flavour, Program::nested(inner, End::Ok));
            let outer = told[0].1.id;
            let parents: Vec<_> = told.iter().map(|(_, event)| event.parent).collect();
            assert_eq!(parents, [0, outer, outer, 0], "{flavour:?}");
        }
    }
}
