//! A cell of the table.

use std::fmt;

use crate::scripted::{Answer, Database, Flavour, Step};

/// The owner of the connection of the outermost block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(super) enum Place {
    /// Somebody else, who lends it.
    Lent,
    /// The block, until it gives it back to a pool.
    Owned,
}

/// The place of the block whose end is told by [`End`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(super) enum Level {
    /// Nothing is around it.
    Outermost,
    /// A savepoint of another block.
    Nested,
    /// A part of another block, which it has joined.
    Joined,
    /// A savepoint of a transaction that was opened by hand.
    Foreign,
}

/// The end of its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(super) enum End {
    /// With `Ok`.
    Ok,
    /// With `Ok`, after a call of `set_rollback`.
    SetRollback,
    /// With an error of its own.
    Err,
    /// With an error that is worth another attempt, each time.
    Transient,
    /// With an error that is worth another attempt, and with `Ok` the next time.
    TransientOnce,
    /// With an error by which the database has rolled the transaction back.
    Deadlock,
    /// With a panic.
    Panic,
    /// Its future is dropped.
    Dropped,
}

/// The way in which the block around it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(super) enum After {
    /// To the same end.
    Passes,
    /// To the end of its body, and `Ok`.
    GoesOn,
    /// To the end of its body, and an error.
    Fails,
}

/// The calls and handlers that wait for the commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(super) enum Calls {
    /// A deferred call and a handler.
    Some,
    /// Nothing.
    None,
}

/// A program, and the answers of its driver.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Cell {
    pub(super) flavour: Flavour,
    pub(super) place: Place,
    pub(super) level: Level,
    pub(super) attempts: u32,
    pub(super) end: End,
    pub(super) after: After,
    pub(super) calls: Calls,
    /// Whether the driver undoes a nested block that is abandoned.
    pub(super) undoes: bool,
    pub(super) script: Vec<(Step, Answer)>,
}

impl Cell {
    /// The database that answers as the script says.
    pub(super) fn database(&self) -> Database {
        let database = Database::new();
        for &(step, answer) in &self.script {
            database.script(step, answer);
        }
        if self.undoes {
            database.undoing_nested()
        } else {
            database
        }
    }

    /// The end of the body when it runs for the so-manieth time.
    pub(super) fn end_of(&self, body: usize) -> End {
        match self.end {
            End::TransientOnce if body == 1 => End::Transient,
            End::TransientOnce => End::Ok,
            end => end,
        }
    }

    /// Whether it is another cell than those that differ in what cannot matter.
    pub(super) fn makes_sense(&self) -> bool {
        let is_sync = self.flavour == Flavour::Sync;
        let waits =
            |(_, answer): &(Step, Answer)| matches!(answer, Answer::Never | Answer::NeverButDone);
        let is_async_only = self.end == End::Dropped || self.script.iter().any(waits);
        let is_inside = matches!(self.level, Level::Nested | Level::Foreign);
        let is_abandoned = !is_sync && is_inside && matches!(self.end, End::Panic | End::Dropped);
        let is_foreign = self.level == Level::Foreign;
        let has_parent = matches!(self.level, Level::Nested | Level::Joined);
        !(is_sync && is_async_only
            || self.undoes && !is_abandoned
            || is_foreign && (self.attempts > 1 || self.place == Place::Owned)
            || !has_parent && self.after != After::GoesOn
            || !is_foreign && self.calls == Calls::None
            || self.attempts == 1 && self.end == End::TransientOnce)
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            flavour,
            place,
            level,
            attempts,
            end,
            ..
        } = self;
        write!(
            formatter,
            "{flavour:?}, {place:?}, {level:?}, attempts {attempts}, body {end:?}"
        )?;
        if matches!(level, Level::Nested | Level::Joined) {
            write!(formatter, ", outer {:?}", self.after)?;
        }
        if self.calls == Calls::None {
            formatter.write_str(", nothing deferred")?;
        }
        if self.undoes {
            formatter.write_str(", the driver undoes")?;
        }
        for (step, answer) in &self.script {
            write!(formatter, ", {step:?} {answer:?}")?;
        }
        Ok(())
    }
}
