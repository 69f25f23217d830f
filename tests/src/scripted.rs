//! A database that does what a script says, sync and async, with one connection to it.
//!
//! It keeps a small store (rows, savepoints, what is durable) as a database would, also when a step
//! fails; outside of a transaction a row is durable at once. Every step is logged in order, and a
//! test can put notes of its own between them.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use commit_on_success::{BoxError, CommitError, RollbackError};

mod driver;
mod programs;

pub use driver::{Connection, Hold, Lease, Pool, Script, Work};
pub use programs::{End, Ended, Flavour, Place, Program};

/// What the driver is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// A connection.
    Acquire,
    /// `BEGIN`.
    Begin,
    /// A statement of the body.
    Insert,
    /// `SAVEPOINT`.
    Savepoint,
    /// `RELEASE`.
    Release,
    /// `ROLLBACK TO`.
    RollbackTo,
    /// The check of what a commit would check, in the transaction of a test.
    Check,
    /// `COMMIT`.
    Commit,
    /// `ROLLBACK`.
    Rollback,
    /// What is done for a future that was dropped.
    Abandon,
}

/// What happens instead of success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// Nothing was done.
    Failed,
    /// It was done, but an error came back.
    HalfDone,
    /// A commit that leaves the transaction open.
    Refused,
    /// A commit of a transaction in which a statement had failed.
    Aborted,
    /// A commit that the database turned into a rollback.
    RolledBack,
    /// The transaction had ended before, and nothing of it is stored.
    Ended,
    /// The connection broke; the database has not stored anything.
    Lost,
    /// The connection broke; the database has done what it was told.
    LostButDone,
    /// The driver panics, having done nothing.
    Panic,
}

/// The error of a scripted step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the script says {answer:?} to {step:?}")]
pub struct Scripted {
    step: Step,
    answer: Answer,
}

impl Scripted {
    fn boxed(self) -> BoxError {
        Box::new(self)
    }

    fn of_commit(self) -> CommitError {
        match self.answer {
            Answer::Aborted => CommitError::Aborted,
            Answer::RolledBack => CommitError::RolledBack(self.boxed()),
            Answer::Ended => CommitError::Ended,
            Answer::Lost | Answer::LostButDone => CommitError::Unknown(self.boxed()),
            _ => CommitError::Refused(self.boxed()),
        }
    }

    fn of_rollback(self) -> RollbackError {
        match self.answer {
            Answer::Ended => RollbackError::Ended,
            _ => RollbackError::Failed(self.boxed()),
        }
    }
}

/// The error of the functions under test.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppError {
    /// What the body says.
    #[error("{0}")]
    Body(&'static str),
    /// A statement failed.
    #[error("statement failed")]
    Driver(#[from] Scripted),
    /// The transaction failed.
    #[error("transaction failed")]
    Transaction(#[from] commit_on_success::Error),
}

/// The transaction, or a savepoint in it.
struct Level {
    savepoint: Option<String>,
    rows: Vec<i64>,
}

#[derive(Default)]
struct State {
    script: VecDeque<(Step, Answer)>,
    log: Vec<String>,
    levels: Vec<Level>,
    durable: Vec<i64>,
    /// How often an async step is pending, before its effect and again after it.
    pauses: usize,
    leased: bool,
    /// Nobody must use the connection again.
    discarded: bool,
}

impl State {
    fn open(&mut self, savepoint: Option<String>) {
        let rows = Vec::new();
        self.levels.push(Level { savepoint, rows });
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

    /// What a database does by itself.
    fn apply(&mut self, step: Step, argument: &str) -> Result<(), Answer> {
        match step {
            Step::Acquire | Step::Insert | Step::Check | Step::Abandon => {}
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
            Step::Rollback => self.levels.clear(),
        }
        Ok(())
    }

    fn insert(&mut self, row: i64) {
        match self.levels.last_mut() {
            Some(level) => level.rows.push(row),
            None => self.durable.push(row),
        }
    }

    fn perform(&mut self, step: Step, argument: &str) -> Result<(), Answer> {
        self.log.push(spelled(step, argument));
        let scripted = self.script.iter().position(|(other, _)| *other == step);
        let Some((_, answer)) = scripted.and_then(|index| self.script.remove(index)) else {
            return self.apply(step, argument);
        };
        match answer {
            Answer::HalfDone | Answer::LostButDone => self.apply(step, argument)?,
            Answer::RolledBack | Answer::Ended | Answer::Lost => self.levels.clear(),
            Answer::Failed | Answer::Refused | Answer::Aborted | Answer::Panic => {}
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

/// The database, as everybody sees it.
#[derive(Clone, Default)]
pub struct Database(Arc<Mutex<State>>);

impl Database {
    /// A database where everything succeeds.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Scripts the next such step that has no script yet.
    #[must_use]
    pub fn on(self, step: Step, answer: Answer) -> Self {
        self.state().script.push_back((step, answer));
        self
    }

    /// Forgets what is left of the script, and returns how many steps that was.
    #[must_use]
    pub fn forget_script(&self) -> usize {
        self.state().script.drain(..).count()
    }

    /// Makes every async step pending so many times before its effect, and again after it.
    #[must_use]
    pub fn pausing(self, polls: usize) -> Self {
        self.state().pauses = polls;
        self
    }

    /// The connection.
    #[must_use]
    pub fn connection(&self) -> Connection {
        Connection::to(self)
    }

    /// A pool of one connection.
    #[must_use]
    pub fn pool(&self) -> Pool {
        Pool::of(self)
    }

    /// What has happened, in order.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.state().log.clone()
    }

    /// How often something has happened.
    #[must_use]
    pub fn count(&self, entry: &str) -> usize {
        self.state()
            .log
            .iter()
            .filter(|line| *line == entry)
            .count()
    }

    /// The rows that are stored whatever happens.
    #[must_use]
    pub fn durable(&self) -> Vec<i64> {
        self.state().durable.clone()
    }

    /// Whether the next user of the connection would be in somebody else's transaction.
    #[must_use]
    pub fn left_open(&self) -> bool {
        let state = self.state();
        !state.levels.is_empty() && !state.discarded
    }

    /// Whether the connection was given up.
    #[must_use]
    pub fn discarded(&self) -> bool {
        self.state().discarded
    }

    /// Writes a line of the test's own into the log.
    pub fn note(&self, line: &str) {
        self.state().log.push(line.to_owned());
    }

    /// Writes a line of the test's own into the log, with the pauses of a step.
    pub async fn note_later(self, line: &'static str) {
        let pauses = self.state().pauses;
        pause(pauses).await;
        self.note(line);
        pause(pauses).await;
    }

    /// Opens a transaction behind the toolkit's back.
    pub fn raw_begin(&self) {
        self.note("raw begin");
        self.state().open(None);
    }

    /// Ends the transaction behind the toolkit's back.
    pub fn raw_rollback(&self) {
        self.note("raw rollback");
        self.state().levels.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn perform(&self, step: Step, argument: &str) -> Result<(), Scripted> {
        let performed = self.state().perform(step, argument);
        match performed {
            // As a panic, but without a message on standard error.
            Err(Answer::Panic) => resume_unwind(Box::new(format!("the driver panics in {step:?}"))),
            Err(answer) => Err(Scripted { step, answer }),
            Ok(()) => Ok(()),
        }
    }

    async fn perform_later(&self, step: Step, argument: &str) -> Result<(), Scripted> {
        let pauses = self.state().pauses;
        pause(pauses).await;
        let performed = self.perform(step, argument);
        pause(pauses).await;
        performed
    }

    fn discard(&self) {
        let mut state = self.state();
        state.log.push("discard".to_owned());
        state.discarded = true;
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Database")
            .field(&self.log())
            .finish()
    }
}

/// A future that is pending so many times, and asks to be polled again each time.
pub fn pause(mut polls: usize) -> impl Future<Output = ()> + Send + Unpin {
    poll_fn(move |context| {
        if polls == 0 {
            return Poll::Ready(());
        }
        polls -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    })
}
