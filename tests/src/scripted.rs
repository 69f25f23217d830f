//! A database that does what a script says, sync and async, with one connection to it.
//!
//! It keeps a small store (rows, savepoints, what is durable) as a database would, also when a step
//! fails; outside of a transaction a row is durable at once. Every step is logged in order, and a
//! test can put notes of its own between them.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use commit_on_success::{
    Abandoned, AsyncBegin, AsyncTransaction, Begin, BoxError, CommitError, ConnectionId, Options,
    RollbackError, Savepoint, Session, Transaction,
};

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
            Step::Acquire | Step::Insert | Step::Abandon => {}
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

    /// Makes every async step pending so many times before its effect, and again after it.
    #[must_use]
    pub fn pausing(self, polls: usize) -> Self {
        self.state().pauses = polls;
        self
    }

    /// The connection.
    #[must_use]
    pub fn connection(&self) -> Connection {
        Connection(self.clone())
    }

    /// A pool of one connection.
    #[must_use]
    pub fn pool(&self) -> Pool {
        Pool(self.clone())
    }

    /// What has happened, in order.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.state().log.clone()
    }

    /// How often something has happened.
    #[must_use]
    pub fn count(&self, entry: &str) -> usize {
        self.state().log.iter().filter(|line| *line == entry).count()
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
            Err(Answer::Panic) => panic!("the driver panics in {step:?}"),
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

    fn discard(&self, line: &str) {
        let mut state = self.state();
        state.log.push(line.to_owned());
        state.discarded = true;
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Database").field(&self.log()).finish()
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

/// The connection to a [`Database`].
#[derive(Debug)]
pub struct Connection(Database);

impl Connection {
    /// Writes a row.
    ///
    /// # Errors
    ///
    /// When the script says so.
    pub fn insert(&mut self, row: i64) -> Result<(), Scripted> {
        self.0.perform(Step::Insert, &row.to_string())?;
        self.0.state().insert(row);
        Ok(())
    }

    /// Writes a row.
    ///
    /// # Errors
    ///
    /// When the script says so.
    pub async fn insert_later(&mut self, row: i64) -> Result<(), Scripted> {
        let pauses = self.0.state().pauses;
        pause(pauses).await;
        let inserted = self.insert(row);
        pause(pauses).await;
        inserted
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.0
    }
}

/// A pool of one connection.
#[derive(Debug)]
pub struct Pool(Database);

/// The connection of a [`Pool`], while somebody has it.
#[derive(Debug)]
pub struct Lease(Connection);

impl Lease {
    fn of(pool: &Pool) -> Result<Self, BoxError> {
        let mut state = pool.0.state();
        if state.leased {
            return Err("the pool is empty".into());
        }
        state.leased = true;
        state.discarded = false;
        Ok(Self(pool.0.connection()))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut state = self.0.0.state();
        state.leased = false;
        let line = match (state.discarded, state.levels.is_empty()) {
            (true, _) => "close",
            (false, true) => "return",
            (false, false) => "return open",
        };
        state.log.push(line.to_owned());
        if state.discarded {
            state.levels.clear();
        }
    }
}

/// A way to hold the connection.
pub trait Hold: Send {
    /// Whether dropping it gives the connection back.
    const OWNS: bool;

    /// The connection.
    fn connection(&self) -> &Connection;

    /// The connection.
    fn connection_mut(&mut self) -> &mut Connection;
}

impl Hold for &mut Connection {
    const OWNS: bool = false;

    fn connection(&self) -> &Connection {
        self
    }

    fn connection_mut(&mut self) -> &mut Connection {
        self
    }
}

impl Hold for Lease {
    const OWNS: bool = true;

    fn connection(&self) -> &Connection {
        &self.0
    }

    fn connection_mut(&mut self) -> &mut Connection {
        &mut self.0
    }
}

/// A transaction on the scripted connection.
#[derive(Debug)]
pub struct Work<H>(H);

impl<H: Hold> Work<H> {
    fn database(&self) -> &Database {
        &self.0.connection().0
    }
}

impl<H: Hold> Session for Work<H> {
    type Handle<'t>
        = &'t mut Connection
    where
        H: 't;

    fn handle(&mut self) -> &mut Connection {
        self.0.connection_mut()
    }

    fn connection_id(&self) -> ConnectionId {
        ConnectionId::new(Arc::as_ptr(&self.database().0).addr())
    }

    fn in_transaction(&self) -> bool {
        !self.database().state().levels.is_empty()
    }

    fn owns_connection(&self) -> bool {
        H::OWNS
    }
}

/// Marks the sources of the scripted driver.
#[derive(Debug)]
pub enum Script {}

impl<'c> Begin<Script> for &'c mut Connection {
    type Transaction = Work<&'c mut Connection>;

    fn acquire(self) -> Result<Self::Transaction, BoxError> {
        self.0.perform(Step::Acquire, "")?;
        Ok(Work(self))
    }
}

impl<'c> AsyncBegin<Script> for &'c mut Connection {
    type Transaction = Work<&'c mut Connection>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        self.0.perform_later(Step::Acquire, "").await?;
        Ok(Work(self))
    }
}

impl Begin<Script> for &Pool {
    type Transaction = Work<Lease>;

    fn acquire(self) -> Result<Self::Transaction, BoxError> {
        self.0.perform(Step::Acquire, "")?;
        Ok(Work(Lease::of(self)?))
    }
}

impl AsyncBegin<Script> for &Pool {
    type Transaction = Work<Lease>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        self.0.perform_later(Step::Acquire, "").await?;
        Ok(Work(Lease::of(self)?))
    }
}

impl<H: Hold> Transaction for Work<H> {
    fn begin(&mut self, _options: &Options) -> Result<(), BoxError> {
        Ok(self.database().perform(Step::Begin, "")?)
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        let ended = self.database().perform(Step::Commit, "");
        ended.map_err(Scripted::of_commit)
    }

    fn rollback(&mut self) -> Result<(), RollbackError> {
        let ended = self.database().perform(Step::Rollback, "");
        ended.map_err(Scripted::of_rollback)
    }

    fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), BoxError> {
        Ok(self
            .database()
            .perform(Step::Savepoint, &savepoint.name())?)
    }

    fn release(&mut self, savepoint: &Savepoint) -> Result<(), CommitError> {
        let ended = self.database().perform(Step::Release, &savepoint.name());
        ended.map_err(Scripted::of_commit)
    }

    fn rollback_to(&mut self, savepoint: &Savepoint) -> Result<(), RollbackError> {
        let ended = self.database().perform(Step::RollbackTo, &savepoint.name());
        ended.map_err(Scripted::of_rollback)
    }

    fn discard(&mut self) {
        self.database().discard("discard");
    }
}

impl<H: Hold> AsyncTransaction for Work<H> {
    async fn begin(&mut self, _options: &Options) -> Result<(), BoxError> {
        Ok(self.database().perform_later(Step::Begin, "").await?)
    }

    async fn commit(&mut self) -> Result<(), CommitError> {
        let ended = self.database().perform_later(Step::Commit, "").await;
        ended.map_err(Scripted::of_commit)
    }

    async fn rollback(&mut self) -> Result<(), RollbackError> {
        let ended = self.database().perform_later(Step::Rollback, "").await;
        ended.map_err(Scripted::of_rollback)
    }

    async fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), BoxError> {
        let name = savepoint.name();
        Ok(self.database().perform_later(Step::Savepoint, &name).await?)
    }

    async fn release(&mut self, savepoint: &Savepoint) -> Result<(), CommitError> {
        let name = savepoint.name();
        let ended = self.database().perform_later(Step::Release, &name).await;
        ended.map_err(Scripted::of_commit)
    }

    async fn rollback_to(&mut self, savepoint: &Savepoint) -> Result<(), RollbackError> {
        let name = savepoint.name();
        let ended = self.database().perform_later(Step::RollbackTo, &name).await;
        ended.map_err(Scripted::of_rollback)
    }

    fn abandon(&mut self, abandoned: Abandoned) {
        let database = self.database();
        match abandoned {
            Abandoned::Interrupted => database.discard("abandon interrupted"),
            Abandoned::Nested => database.note("abandon nested"),
            _ => {
                // The rollback that a driver queues is sent before anything else.
                let _ = database.perform(Step::Abandon, "open");
                database.state().levels.clear();
            }
        }
    }
}
