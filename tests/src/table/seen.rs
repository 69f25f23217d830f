//! All that can be seen of a cell from outside.

use std::any::Any;
use std::cell::{Cell as Slot, RefCell};
use std::sync::Once;

use commit_on_success::{Event, Observer, Site, add_observer, events};

use super::cells::{Cell, Place};
use crate::scripted::{AppError, Database};

/// The word that observers are told of a savepoint that was released.
pub(super) const RELEASED: &str = "released";

/// The fate of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fate {
    /// Nobody took hold of it.
    Untouched,
    /// Nothing is open on it, for whoever comes next.
    Idle,
    /// Given up: closed, or marked for its owner.
    GivenUp,
    /// Not given up, with a transaction open on it.
    LeftOpen,
}

/// All that can be seen of a cell from outside.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Seen {
    /// The result that the caller got.
    pub result: String,
    /// The results that the outer body got from the inner block.
    pub inner: Vec<String>,
    /// The lines of observers and handlers, and that the connection was given back.
    pub lines: Vec<String>,
    /// The rows that are stored at the end.
    pub rows: Vec<i64>,
    /// The fate of the connection.
    pub fate: Fate,
    /// The number of times that the outer body ran.
    pub bodies: usize,
    /// The number of steps that are left of the script.
    pub unplayed: usize,
}

pub(super) const OBSERVED: &str = "observers: ";

impl Seen {
    pub(super) fn of(
        cell: &Cell,
        database: &Database,
        result: String,
        inner: Vec<String>,
        bodies: usize,
    ) -> Self {
        let mut lines = database.log();
        let is_seen = |line: &str| {
            let seen = [OBSERVED, "call ", "post_", "return", "close"];
            seen.iter().any(|start| line.starts_with(start))
        };
        lines.retain(|line| is_seen(line));
        Self {
            result,
            inner,
            fate: Fate::of(cell, database, &lines),
            lines,
            rows: database.durable(),
            bodies,
            unplayed: database.forget_script(),
        }
    }
}

impl Fate {
    fn of(cell: &Cell, database: &Database, lines: &[String]) -> Self {
        let is = |text: &str| lines.iter().any(|line| line == text);
        match cell.place {
            Place::Owned if is("return open") => Self::LeftOpen,
            Place::Owned if is("close") => Self::GivenUp,
            Place::Owned if is("return") => Self::Idle,
            Place::Owned => Self::Untouched,
            Place::Lent if database.discarded() => Self::GivenUp,
            Place::Lent if database.is_open() => Self::LeftOpen,
            Place::Lent => Self::Idle,
        }
    }
}

/// The words for a result.
pub(super) fn said(result: &Result<(), AppError>) -> String {
    match result {
        Ok(()) => "Ok".to_owned(),
        Err(AppError::Body(text)) => (*text).to_owned(),
        Err(AppError::Driver(error)) => format!("{:?}", error.answer()),
        Err(AppError::Transaction(error)) => {
            let (kind, outcome) = (error.kind(), error.outcome());
            match error.rollback_only() {
                Some(why) => format!("{kind:?} of {}, {outcome:?}", name_of(&why)),
                None => format!("{kind:?}, {outcome:?}"),
            }
        }
    }
}

/// The variant of an enum.
fn name_of(value: &dyn std::fmt::Debug) -> String {
    let text = format!("{value:?}");
    let end = text.find(|letter: char| !letter.is_alphanumeric());
    text[..end.unwrap_or(text.len())].to_owned()
}

/// The text of a panic.
pub(super) fn text_of(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    format!("panic: {}", text.unwrap_or_default())
}

thread_local! {
    // A cell runs on one thread, and what happens is told on the thread where it happens.
    static WATCHED: RefCell<Option<Database>> = const { RefCell::new(None) };
    static OUTER: Slot<u64> = const { Slot::new(0) };
}

/// The database into whose log observers write what they are told.
pub(super) struct Watched(());

impl Watched {
    pub(super) fn begin(database: &Database) -> Self {
        WATCHED.set(Some(database.clone()));
        Self(())
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        WATCHED.set(None);
        OUTER.set(0);
    }
}

/// Registers the observer of all cells.
pub fn observe() {
    static ADDED: Once = Once::new();
    ADDED.call_once(|| add_observer(Recorder));
}

struct Recorder;

/// Whether a block has another one in it in any cell.
fn is_outer(site: &Site) -> bool {
    site.function().contains("outer_")
}

impl Recorder {
    fn saw(site: &Site, what: &str) {
        let name = if is_outer(site) { "outer" } else { "inner" };
        WATCHED.with_borrow(|database| {
            if let Some(database) = database {
                database.note(&format!("{OBSERVED}{name} {what}"));
            }
        });
    }
}

impl Observer for Recorder {
    fn begun(&self, event: &Event) {
        if is_outer(event.site) {
            OUTER.set(event.id);
        }
        let is_in_outer = event.parent != 0 && event.parent == OUTER.get();
        match event.parent {
            0 => Self::saw(event.site, "begun"),
            _ if is_in_outer => Self::saw(event.site, "begun in outer"),
            _ => Self::saw(event.site, "begun in a stranger"),
        }
    }

    fn committed(&self, event: &Event) {
        Self::saw(event.site, "committed");
    }

    fn released(&self, event: &Event) {
        Self::saw(event.site, "released");
    }

    fn rolled_back(&self, event: &events::RolledBack<'_>) {
        let (event, cause) = (event.transaction, event.cause);
        Self::saw(event.site, &format!("rolled back {cause:?}"));
    }

    fn unknown(&self, event: &Event) {
        Self::saw(event.site, "unknown");
    }

    fn rollback_failed(&self, event: &events::RollbackFailed<'_>) {
        let site = event.site;
        Self::saw(site, "rollback failed");
    }
}
