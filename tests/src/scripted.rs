//! A database that does what a script says, sync and async, with one connection to it.
//!
//! It keeps a small store (rows, savepoints, what is durable) as a database would, also when a step
//! fails; outside of a transaction a row is durable at once. Every step is logged in order, and a
//! test can put notes of its own between them.

use std::fmt;
use std::future::{Future, pending, poll_fn};
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

mod answers;
mod driver;
mod pool;
mod programs;
mod sources;
mod state;

pub use answers::{Answer, Scripted, Step};
pub use driver::{Connection, Work};
pub use pool::{Hold, Lease, Loan, Pool, Shared};
pub use programs::{End, Ended, Flavour, Place, Program};
pub use sources::Script;
use state::State;

/// The error of the functions under test.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppError {
    /// The body says so.
    #[error("{0}")]
    Body(&'static str),
    /// A statement failed.
    #[error("statement failed")]
    Driver(#[from] Scripted),
    /// The transaction failed.
    #[error("transaction failed")]
    Transaction(#[from] commit_on_success::Error),
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

    /// Scripts the next such step, as [`on`](Self::on) does, while the database is in use.
    pub fn script(&self, step: Step, answer: Answer) {
        self.state().script.push_back((step, answer));
    }

    /// Makes the driver undo a nested block that is abandoned, and say so.
    #[must_use]
    pub fn undoing_nested(self) -> Self {
        self.state().undoes_nested = true;
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

    /// The connection, for several who hold it at the same time.
    #[must_use]
    pub fn shared(&self) -> Shared {
        Shared(self.clone())
    }

    /// All that has happened, in order.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.state().log.clone()
    }

    /// The number of times that something has happened.
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
        state.is_open() && !state.discarded
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
        self.state().clear();
    }

    /// Commits the transaction behind the toolkit's back.
    pub fn raw_commit(&self) {
        self.note("raw commit");
        self.state().keep_all();
    }

    /// Creates a savepoint behind the toolkit's back, as the driver's own transaction in a body does.
    pub fn raw_savepoint(&self) {
        self.note("raw savepoint");
        self.state().open(Some("raw".to_owned()));
    }

    /// Whether a transaction is open on the connection, discarded or not.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state().is_open()
    }

    /// Performs a step without a driver. `Never` and `Panic` are answers like others.
    ///
    /// # Errors
    ///
    /// The answer, if it is not success.
    pub fn ask(&self, step: Step, argument: &str) -> Result<(), Answer> {
        self.state().perform(step, argument)
    }

    /// Performs the statement that writes a row, without a driver.
    ///
    /// # Errors
    ///
    /// The answer, if it is not success.
    pub fn ask_to_insert(&self, row: i64) -> Result<(), Answer> {
        let mut state = self.state();
        state.perform(Step::Insert, &row.to_string())?;
        state.insert(row);
        Ok(())
    }

    /// Undoes what was done since the last savepoint, without a driver.
    pub fn undo_innermost(&self) {
        self.state().undo_innermost();
    }

    /// Stays pending for ever, which [`is_stuck`](Self::is_stuck) tells.
    pub async fn get_stuck(&self) {
        self.state().stuck = true;
        pending::<()>().await;
    }

    /// Whether something is pending that nobody will ever wake. Asking ends it, since whoever asks drops it.
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        std::mem::take(&mut self.state().stuck)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn perform(&self, step: Step, argument: &str) -> Result<(), Scripted> {
        let performed = self.state().perform(step, argument);
        match performed {
            // Unwinds as a panic does, but without a message on standard error.
            Err(Answer::Panic) => resume_unwind(Box::new(format!("the driver panics in {step:?}"))),
            Err(answer) => Err(Scripted { step, answer }),
            Ok(()) => Ok(()),
        }
    }

    async fn perform_later(&self, step: Step, argument: &str) -> Result<(), Scripted> {
        let pauses = self.state().pauses;
        pause(pauses).await;
        let performed = self.perform(step, argument);
        if let Err(Scripted {
            answer: Answer::Never | Answer::NeverButDone,
            ..
        }) = performed
        {
            self.get_stuck().await;
        }
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
