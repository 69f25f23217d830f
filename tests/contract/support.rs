//! What the tests of every driver use.

use std::sync::{Arc, Mutex, Once, PoisonError};

use commit_on_success::{Error, Event, Observer, Site, events};

use crate::driver::DriverError;

/// What deferred calls write down, in the order in which they run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal(Arc<Mutex<Vec<String>>>);

impl Journal {
    pub(crate) fn note(&self, entry: impl Into<String>) {
        self.0.lock().unwrap().push(entry.into());
    }

    pub(crate) fn entries(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// How many there are of it: this one, and those that deferred calls have captured.
    pub(crate) fn owners(&self) -> usize {
        Arc::strong_count(&self.0)
    }
}

/// What the suite is run on, by the name of the program.
pub(crate) fn subject() -> String {
    let program = env!("CARGO_CRATE_NAME");
    program.trim_start_matches("contract_").replace('_', "-")
}

/// The error type of an application.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{0}")]
    Body(Arc<str>),
    #[error("the database says")]
    Driver(#[from] DriverError),
    #[error("the transaction says")]
    Transaction(#[from] Error),
}

impl Failure {
    pub(crate) fn body(text: &str) -> Self {
        Self::Body(text.into())
    }

    /// What the body failed with.
    #[track_caller]
    pub(crate) fn into_body(self) -> Arc<str> {
        match self {
            Self::Body(text) => text,
            other => panic!("expected the body's error, found {other:?}"),
        }
    }

    /// What the transaction failed with.
    #[track_caller]
    pub(crate) fn into_transaction(self) -> Error {
        match self {
            Self::Transaction(error) => error,
            other => panic!("expected an error of the transaction, found {other:?}"),
        }
    }
}

/// A deferred call that fails.
pub(crate) fn fail(text: &str) -> Result<(), Failure> {
    Err(Failure::body(text))
}

/// What observers have been told so far about one function, or about a call at one place: the tests
/// of a program share its observers.
pub(crate) fn observed(of: &str) -> Vec<String> {
    let seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    seen.iter()
        .filter(|(subject, _)| subject == of)
        .map(|(_, what)| what.clone())
        .collect()
}

/// The name under which a function is observed. A program that has the suite twice has two functions of each name.
pub(crate) fn named(site: &Site) -> String {
    let mut modules = site.module().split("::");
    let form = if modules.any(|module| module == "by_handle") {
        "by_handle::"
    } else {
        ""
    };
    format!("{form}{}", site.function())
}

/// Has to be called before what is to be observed.
pub(crate) fn observe() {
    static ADDED: Once = Once::new();
    ADDED.call_once(|| commit_on_success::add_observer(Recorder));
}

static SEEN: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

struct Recorder;

impl Recorder {
    fn saw(subject: impl Into<String>, what: impl Into<String>) {
        let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
        seen.push((subject.into(), what.into()));
    }
}

impl Observer for Recorder {
    fn handler_failed(&self, event: &events::HandlerFailed<'_>) {
        let failure = event.failure;
        Self::saw(failure.location().to_string(), failure.to_string());
    }

    fn rollback_failed(&self, event: &events::RollbackFailed<'_>) {
        let (site, error) = (event.site, event.error);
        Self::saw(named(site), format!("rollback failed: {error}"));
    }

    fn unknown(&self, event: &Event) {
        Self::saw(named(event.site), "unknown");
    }
}
