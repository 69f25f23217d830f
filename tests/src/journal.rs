//! What handlers and deferred calls write down, and the error of the functions that they are in.

use std::sync::{Arc, Mutex, PoisonError};

/// Lines, in the order in which they were written.
#[derive(Clone, Debug, Default)]
pub struct Journal(Arc<Mutex<Vec<String>>>);

impl Journal {
    /// Writes a line.
    pub fn note(&self, line: impl Into<String>) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(line.into());
    }

    /// What was written.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.clone()
    }

    /// Something that writes a line when it is dropped.
    #[must_use]
    pub fn witness(&self, line: &'static str) -> Witness {
        let journal = self.clone();
        Witness { journal, line }
    }
}

/// Writes a line when it is dropped.
#[derive(Debug)]
pub struct Witness {
    journal: Journal,
    line: &'static str,
}

impl Witness {
    /// Keeps a closure that calls it from leaving it out of its captures.
    pub fn here(&self) {}

    /// Writes a line.
    pub fn ran(&self) {
        self.journal.note("ran");
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.journal.note(self.line);
    }
}

/// The error of functions on real databases.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// What the body says.
    #[error("{0}")]
    Body(&'static str),
    /// A statement failed.
    #[error("statement failed")]
    Rusqlite(#[from] rusqlite::Error),
    /// A statement failed.
    #[error("statement failed")]
    Sqlx(#[from] sqlx::Error),
    /// The transaction failed.
    #[error("transaction failed")]
    Transaction(#[from] commit_on_success::Error),
}

/// A line of a source file, counted from one, without its indentation.
///
/// # Panics
///
/// When the file has no such line.
#[must_use]
pub fn source_line(source: &'static str, line: u32) -> &'static str {
    let index = usize::try_from(line).unwrap_or_default().wrapping_sub(1);
    match source.lines().nth(index) {
        Some(text) => text.trim(),
        None => panic!("no line {line}"),
    }
}
