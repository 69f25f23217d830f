//! A source with settings for its transaction.
//!
//! The settings are beside the source and not among the options, so that a block without any carries none. `session` is the connection that
//! such a source leads to: each of its steps is that of the source's own, but the begin, and the ends, after which pragmas get their old
//! values back. `asynchronous` and `sync` are these steps, `keep` gives both to a task.

mod asynchronous;
mod keep;
mod session;
mod sync;

use std::future::Future;

use crate::error::BoxError;
use crate::settings::Settings;
use crate::transaction::{AsyncBegin, Begin, CommitError, RollbackError};
pub(crate) use asynchronous::{commit, roll_back};
use session::Configured;

/// A source, and the settings that its transaction is begun with.
#[derive(Debug)]
pub struct With<S> {
    source: S,
    settings: Settings,
}

/// Gives settings to the source of a sync function.
#[inline]
pub fn with<S: Begin<D>, D>(source: S, settings: Settings) -> With<S> {
    With { source, settings }
}

/// Gives settings to the source of an async function, which somebody else looks at.
#[inline]
pub fn with_async<S>(source: S, settings: Settings) -> With<S> {
    With { source, settings }
}

#[diagnostic::do_not_recommend]
impl<S: Begin<D>, D> Begin<D> for With<S> {
    type Transaction = Configured<S::Transaction>;

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        let Self { source, settings } = self;
        settings.check()?;
        let transaction = source.acquire_session()?;
        Ok(Configured {
            transaction,
            settings,
        })
    }
}

#[diagnostic::do_not_recommend]
impl<S: AsyncBegin<D>, D> AsyncBegin<D> for With<S> {
    type Transaction = Configured<S::Transaction>;

    // No `async fn`, whose future would have the source, which need not be `Send`.
    fn acquire_session(self) -> impl Future<Output = Result<Self::Transaction, BoxError>> + Send {
        let Self { source, settings } = self;
        let acquired = source.acquire_session();
        async move {
            settings.check()?;
            Ok(Configured {
                transaction: acquired.await?,
                settings,
            })
        }
    }
}

/// A value of a setting.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the value of a setting",
    label = "expected a type that implements `Display`",
    note = "the value is sent as text: a number, a boolean, a `&str`, an id with `Display`"
)]
pub trait SettingValue {
    /// The text that is sent.
    fn text(&self) -> String;
}

#[diagnostic::do_not_recommend]
impl<T: std::fmt::Display + ?Sized> SettingValue for T {
    fn text(&self) -> String {
        self.to_string()
    }
}

/// The text of a value.
pub fn setting<T: SettingValue + ?Sized>(value: &T) -> String {
    value.text()
}

/// Whether a rollback has left nothing open.
pub(crate) fn is_over(rolled_back: &Result<(), RollbackError>) -> bool {
    match rolled_back {
        Ok(()) | Err(RollbackError::Ended) => true,
        // The connection is given up.
        Err(RollbackError::Failed(_) | RollbackError::Disconnected(_)) => false,
    }
}

/// Whether a commit has left nothing open.
pub(crate) fn has_ended(committed: &Result<(), CommitError>) -> bool {
    match committed {
        Ok(()) | Err(CommitError::RolledBack(_) | CommitError::Ended) => true,
        // A rollback follows, or the connection is given up.
        Err(CommitError::Refused(_) | CommitError::Aborted | CommitError::Unknown(_)) => false,
    }
}
