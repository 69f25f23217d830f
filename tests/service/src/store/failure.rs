use commit_on_success::{Error, ErrorKind, Outcome};

use crate::order::{Audit, End, Order, Told};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The reason why an order was not placed, or may not have been.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The body refuses.
    #[error("the order is refused")]
    Refused,
    /// The nested block refuses.
    #[error("the order cannot be audited")]
    NotAudited,
    /// The database does, before the commit.
    #[error("the database failed before the commit")]
    Database(#[source] BoxError),
    /// The database has answered `COMMIT` by hand with a refusal.
    #[error("the commit was refused")]
    Commit(#[source] BoxError),
    /// The database has not said what became of a `COMMIT` by hand.
    #[error("the commit was not answered")]
    Unanswered(#[source] BoxError),
    /// The transaction of the attribute has failed.
    #[error(transparent)]
    Transaction(#[from] Error),
}

impl Failure {
    pub(crate) fn database(error: impl Into<BoxError>) -> Self {
        Self::Database(error.into())
    }

    /// The answer to its client.
    #[must_use]
    pub fn told(&self) -> Told {
        match self {
            Self::Refused | Self::Commit(_) => Told::Refused,
            Self::NotAudited | Self::Database(_) => Told::Failed,
            Self::Unanswered(_) => Told::Unknown,
            Self::Transaction(error) => match error.outcome() {
                _ if error.kind() == ErrorKind::Commit => Told::Refused,
                Outcome::RolledBack => Told::Failed,
                Outcome::Committed => Told::Stored,
                _ => Told::Unknown,
            },
        }
    }
}

impl Order {
    /// The end of the body.
    pub(crate) fn end_of_body(self) -> Result<(), Failure> {
        match self.end {
            End::BodyFails => Err(Failure::Refused),
            End::Commit | End::CommitFails => Ok(()),
        }
    }

    /// The end of the nested block.
    pub(crate) fn end_of_audit(self) -> Result<(), Failure> {
        match self.audit {
            Audit::Fails => Err(Failure::NotAudited),
            Audit::Kept => Ok(()),
        }
    }
}

/// An order needs a piece of the stock.
pub(crate) fn unless_sold_out(remaining: i64) -> Result<(), Failure> {
    match remaining {
        1.. => Ok(()),
        _ => Err(Failure::Refused),
    }
}

/// An order goes on when its nested block has refused, and only then.
pub(crate) fn unless_refused(audit: Result<(), Failure>) -> Result<Audit, Failure> {
    match audit {
        Ok(()) => Ok(Audit::Kept),
        Err(Failure::NotAudited) => Ok(Audit::Fails),
        Err(failure) => Err(failure),
    }
}
