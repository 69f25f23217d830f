//! A transaction behind a pooler, and the promises about what is found of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use commit_on_success::{Error, Outcome, defer, signals};

use crate::direct::Direct;

/// The story of a transaction's body, behind a first row and a nested block with a second one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Succeeds,
    Fails,
    /// The nested block fails, which nobody is told.
    InnerFails,
    /// A statement fails, which nobody is told.
    Swallows,
    /// `COMMIT` finds a violated constraint.
    Violates,
    /// A statement ends the session of the server.
    EndsSession,
    /// Somebody else does, after the last statement.
    LosesSession,
}

/// The events of one transaction.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    bodies: AtomicUsize,
    calls: AtomicUsize,
    inner_calls: AtomicUsize,
    committed: AtomicUsize,
    rolled_back: AtomicUsize,
}

/// Something that happens while a transaction runs.
pub(crate) type Meanwhile = Arc<dyn Fn() + Send + Sync>;

/// One transaction.
#[derive(Clone)]
pub(crate) struct Order {
    pub(crate) number: i64,
    pub(crate) body: Body,
    pub(crate) direct: Direct,
    /// Something else that happens at the head of each attempt.
    pub(crate) meanwhile: Meanwhile,
    pub(crate) counts: Arc<Counts>,
}

impl Order {
    /// At the head of each attempt.
    pub(crate) fn begin(&self) -> Result<()> {
        count(&self.counts.bodies);
        (self.meanwhile)();
        let counts = Arc::clone(&self.counts);
        signals::post_commit().connect(move |_| count(&counts.committed))?;
        let counts = Arc::clone(&self.counts);
        signals::post_rollback().connect(move |_| count(&counts.rolled_back))?;
        let counts = Arc::clone(&self.counts);
        defer!(move || count(&counts.calls));
        Ok(())
    }

    /// At the end of each nested block.
    pub(crate) fn end_inner(&self) -> Result<()> {
        let counts = Arc::clone(&self.counts);
        defer!(move || count(&counts.inner_calls));
        anyhow::ensure!(self.body != Body::InnerFails, "the nested block fails");
        Ok(())
    }

    /// One of two statements.
    pub(crate) fn insert(&self, half: i64) -> String {
        let (item, row) = (&self.direct.item, self.number + half);
        format!("INSERT INTO {item} VALUES ({row}, 1)")
    }

    /// The last statement of the body.
    pub(crate) fn last(&self) -> String {
        let item = &self.direct.item;
        match self.body {
            Body::Swallows => format!("SELECT no_such_column FROM {item}"),
            Body::Violates => format!("INSERT INTO {item} VALUES ({}, 0)", self.number + 3),
            Body::EndsSession => "SELECT pg_terminate_backend(pg_backend_pid())".to_owned(),
            Body::LosesSession => format!("SELECT pg_advisory_xact_lock({})", self.number),
            _ => "SELECT 1".to_owned(),
        }
    }

    /// Passes the end of a block, or of the last statement, on to the body, unless the body keeps it to itself.
    pub(crate) fn swallow(&self, when: Body, result: Result<()>) -> Result<()> {
        if self.body == when {
            assert!(result.is_err(), "{when:?}: nothing has failed");
            return Ok(());
        }
        result
    }

    /// At the end of each attempt.
    pub(crate) fn end(&self) -> Result<()> {
        match self.body {
            Body::Fails => anyhow::bail!("the body fails"),
            Body::LosesSession => self.direct.end_session(self.number),
            _ => {}
        }
        Ok(())
    }
}

fn count(count: &AtomicUsize) {
    count.fetch_add(1, Ordering::SeqCst);
}

/// The outcome that the caller of a transaction is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Of(Outcome),
    /// The error of the body itself.
    Body,
}

impl Told {
    fn of(result: &Result<()>) -> Self {
        let Err(error) = result else {
            return Self::Of(Outcome::Committed);
        };
        match error.downcast_ref::<Error>() {
            Some(error) => Self::Of(error.outcome()),
            None => Self::Body,
        }
    }
}

/// The end of one transaction.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) told: Told,
    /// The error, with its sources.
    #[expect(dead_code, reason = "for whoever reads what was found")]
    pub(crate) said: String,
    /// The number of each of the two rows.
    pub(crate) rows: [usize; 2],
    pub(crate) bodies: usize,
    /// The number of times that each of two calls was made.
    pub(crate) calls: [usize; 2],
    pub(crate) committed: usize,
    pub(crate) rolled_back: usize,
}

impl Found {
    pub(crate) fn of(order: &Order, result: &Result<()>, rows: [usize; 2]) -> Self {
        let read = |count: &AtomicUsize| count.load(Ordering::SeqCst);
        let counts = &order.counts;
        Self {
            told: Told::of(result),
            said: result
                .as_ref()
                .map_or_else(|error| format!("{error:#}"), |()| String::new()),
            rows,
            bodies: read(&counts.bodies),
            calls: [read(&counts.calls), read(&counts.inner_calls)],
            committed: read(&counts.committed),
            rolled_back: read(&counts.rolled_back),
        }
    }

    /// Whether the promises hold, whatever was to be expected: nobody is told anything wrong, and nothing is stored
    /// twice.
    pub(crate) fn is_kept(&self) -> bool {
        let undone = self.rows == [0, 0];
        let silent = self.calls == [0, 0] && self.committed == 0;
        match self.told {
            Told::Of(Outcome::Committed) => {
                self.rows[0] == 1
                    && self.rows == self.calls
                    && self.committed == 1
                    && self.rolled_back == self.bodies - 1
            }
            Told::Of(Outcome::RolledBack) => undone && silent && self.rolled_back == self.bodies,
            Told::Of(_) => {
                let whole = undone || self.rows == [1, 1];
                whole && silent && self.rolled_back + 1 == self.bodies
            }
            // The rollback may not have been answered.
            Told::Body => undone && silent && self.rolled_back <= self.bodies,
        }
    }
}
