//! The store of the scripted database: rows, savepoints, and what is durable.

use std::collections::VecDeque;

use super::{Answer, Step};

/// The transaction, or a savepoint in it.
struct Level {
    savepoint: Option<String>,
    rows: Vec<i64>,
}

#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each of them is a fact of its own"
)]
pub(super) struct State {
    pub(super) script: VecDeque<(Step, Answer)>,
    pub(super) log: Vec<String>,
    levels: Vec<Level>,
    pub(super) durable: Vec<i64>,
    /// The number of times that an async step is pending, before its effect and again after it.
    pub(super) pauses: usize,
    pub(super) leased: bool,
    /// Nobody must use the connection again.
    pub(super) discarded: bool,
    /// The connection is gone, and each step says so.
    pub(super) disconnected: bool,
    /// Something is pending, and nobody will ever wake it.
    pub(super) stuck: bool,
    /// Whether the driver undoes a nested block that is abandoned.
    pub(super) undoes_nested: bool,
    pub(super) has_undone: bool,
}

impl State {
    pub(super) fn open(&mut self, savepoint: Option<String>) {
        let rows = Vec::new();
        self.levels.push(Level { savepoint, rows });
    }

    pub(super) fn is_open(&self) -> bool {
        !self.levels.is_empty()
    }

    pub(super) fn depth(&self) -> usize {
        self.levels.len()
    }

    /// Rolls everything back that is open.
    pub(super) fn clear(&mut self) {
        self.levels.clear();
    }

    /// Commits everything that is open.
    pub(super) fn keep_all(&mut self) {
        self.keep(0);
    }

    /// Undoes what was done since the last savepoint, if there is one.
    pub(super) fn undo_innermost(&mut self) {
        if self.levels.len() > 1 {
            self.levels.pop();
        }
    }

    /// The level of a savepoint.
    fn find(&self, name: &str) -> Result<usize, Answer> {
        if self.levels.is_empty() {
            return Err(Answer::Ended);
        }
        let found = |level: &Level| level.savepoint.as_deref() == Some(name);
        self.levels.iter().rposition(found).ok_or(Answer::Refused)
    }

    fn keep(&mut self, from: usize) {
        let rows: Vec<_> = self
            .levels
            .drain(from..)
            .flat_map(|level| level.rows)
            .collect();
        match self.levels.last_mut() {
            Some(level) => level.rows.extend(rows),
            None => self.durable.extend(rows),
        }
    }

    /// Does the step as a database does by itself.
    fn apply(&mut self, step: Step, argument: &str) -> Result<(), Answer> {
        match step {
            Step::Acquire | Step::Insert | Step::Abandon | Step::Check => {}
            Step::Begin if self.levels.is_empty() => self.open(None),
            Step::Savepoint if !self.levels.is_empty() => self.open(Some(argument.to_owned())),
            Step::Begin | Step::Savepoint => return Err(Answer::Failed),
            Step::Release => {
                let level = self.find(argument)?;
                self.keep(level);
            }
            Step::RollbackTo => {
                let level = self.find(argument)?;
                self.levels.truncate(level);
            }
            Step::Commit | Step::Rollback if self.levels.is_empty() => return Err(Answer::Ended),
            Step::Commit => self.keep(0),
            Step::Rollback | Step::Recover => self.levels.clear(),
        }
        Ok(())
    }

    pub(super) fn insert(&mut self, row: i64) {
        match self.levels.last_mut() {
            Some(level) => level.rows.push(row),
            None => self.durable.push(row),
        }
    }

    pub(super) fn perform(&mut self, step: Step, argument: &str) -> Result<(), Answer> {
        self.log.push(spelled(step, argument));
        if self.disconnected && step != Step::Acquire {
            return Err(Answer::Disconnected);
        }
        let scripted = self.script.iter().position(|(other, _)| *other == step);
        let answer = scripted.and_then(|index| self.script.remove(index));
        let Some((_, answer)) = answer.filter(|(_, answer)| *answer != Answer::Done) else {
            return self.apply(step, argument);
        };
        match answer {
            Answer::HalfDone | Answer::LostButDone | Answer::NeverButDone => {
                self.apply(step, argument)?;
            }
            Answer::RolledBack | Answer::Ended | Answer::Lost | Answer::Deadlock => self.clear(),
            Answer::Disconnected => {
                self.disconnected = true;
                self.clear();
            }
            _ => {}
        }
        Err(answer)
    }
}

fn spelled(step: Step, argument: &str) -> String {
    let words: String = format!("{step:?}")
        .chars()
        .map(|letter| match letter {
            'T' => " t".to_owned(),
            letter => letter.to_lowercase().to_string(),
        })
        .collect();
    let argument = argument
        .strip_prefix("commit_on_success_")
        .unwrap_or(argument);
    format!("{words} {argument}").trim_end().to_owned()
}
