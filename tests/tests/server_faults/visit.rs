//! What a transaction does, and where it waits for its server to fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use commit_on_success::{BoxError, Error, Outcome};
use tokio::runtime::Handle;
use tokio::sync::watch;

/// Where a transaction is when it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    /// It has no connection.
    NotBegun,
    /// It has not said anything but `BEGIN`.
    Begun,
    /// All of its statements, and a nested block, are done.
    Stated,
    /// `COMMIT` is on its way, and does not arrive.
    Sent,
    /// The server is about to get the `COMMIT`.
    Arriving,
    /// The server has committed, and its answer does not arrive.
    Answered,
    /// The server has committed, and waits for its standby before it answers.
    Replicating,
    /// Deferred calls run.
    Calling,
    /// It is not stopped anywhere.
    Nowhere,
}

impl Point {
    /// Where a transaction can be stopped.
    pub(crate) const ALL: [Self; 7] = [
        Self::NotBegun,
        Self::Begun,
        Self::Stated,
        Self::Sent,
        Self::Arriving,
        Self::Answered,
        Self::Calling,
    ];

    /// Whether a commit, or what is sent with it, may be lost on its way: only then is there anything that
    /// nobody can know.
    pub(crate) fn may_be_unknown(self) -> bool {
        let others = [Self::NotBegun, Self::Begun, Self::Calling, Self::Nowhere];
        !others.contains(&self)
    }
}

/// How far those who wait may go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    #[default]
    Closed,
    /// For what is to arrive as it happens.
    Arriving,
    /// For all.
    Open,
}

/// Where transactions meet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate {
    arrived: Arc<watch::Sender<usize>>,
    way: Arc<watch::Sender<Way>>,
}

impl Gate {
    /// Says that somebody is there, and waits.
    pub(crate) async fn meet(self, way: Way) {
        self.arrived.send_modify(|arrived| *arrived += 1);
        let mut ways = self.way.subscribe();
        // Fails only when the sender is gone, which `self` holds.
        let _ = ways.wait_for(|open| *open >= way).await;
    }

    pub(crate) async fn all_arrived(&self, expected: usize) {
        let mut arrived = self.arrived.subscribe();
        let _ = arrived.wait_for(|arrived| *arrived == expected).await;
    }

    pub(crate) fn open(&self, way: Way) {
        self.way.send_replace(way);
    }
}

/// One transaction.
#[derive(Clone)]
pub(crate) struct Visit {
    pub(crate) number: i64,
    pub(crate) point: Point,
    pub(crate) gate: Gate,
    /// What its body sends as well, whatever comes of it.
    pub(crate) also: &'static [&'static str],
    pub(crate) calls: Arc<[AtomicUsize; 2]>,
    /// How much of that has failed.
    pub(crate) failed: Arc<AtomicUsize>,
    /// Where sync code waits.
    pub(crate) runtime: Handle,
}

impl Visit {
    pub(crate) async fn pass(&self, point: Point) {
        if self.point == point {
            self.gate.clone().meet(Way::Open).await;
        }
    }

    pub(crate) fn pass_blocking(&self, point: Point) {
        self.runtime.block_on(self.pass(point));
    }

    /// One of two statements.
    pub(crate) fn insert(&self, half: i64) -> String {
        format!("INSERT INTO item VALUES ({})", self.number + half)
    }

    /// Keeps to itself that a statement has failed.
    pub(crate) fn swallow(&self, result: &Result<(), Failure>) {
        let failed = usize::from(result.is_err());
        self.failed.fetch_add(failed, Ordering::SeqCst);
    }

    /// The first of two calls.
    pub(crate) async fn call(self) {
        self.calls[0].fetch_add(1, Ordering::SeqCst);
        self.pass(Point::Calling).await;
    }

    pub(crate) fn call_blocking(&self) {
        self.calls[0].fetch_add(1, Ordering::SeqCst);
        self.pass_blocking(Point::Calling);
    }

    pub(crate) fn call_last(&self) {
        self.calls[1].fetch_add(1, Ordering::SeqCst);
    }

    /// How often each was made.
    pub(crate) fn called(&self) -> [usize; 2] {
        [0, 1].map(|call| self.calls[call].load(Ordering::SeqCst))
    }
}

/// The error type of an application with many drivers.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the database says")]
    Driver(#[source] BoxError),
    #[error("the transaction says")]
    Transaction(#[from] Error),
}

macro_rules! says {
    ($($error:ty),*) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::Driver(error.into())
            }
        }
    )*};
}
says!(
    sqlx::Error,
    diesel::result::Error,
    sea_orm::DbErr,
    tokio_postgres::Error,
    r2d2::Error
);

/// What a caller is told.
pub(crate) fn outcome(result: &Result<(), Failure>) -> Outcome {
    match result {
        Ok(()) => Outcome::Committed,
        Err(Failure::Transaction(error)) => error.outcome(),
        // A statement of the body failed.
        Err(Failure::Driver(_)) => Outcome::RolledBack,
    }
}
