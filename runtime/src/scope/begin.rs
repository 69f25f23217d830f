//! Beginning a block, again where it failed only because of others.

use super::core::Core;
use super::level::{self, Level};
use super::steps::Steps;
use crate::attempts::Attempts;
use crate::error::{BoxError, Error, Reason};
use crate::observer;
use crate::options::{Options, Unsupported};
use crate::transaction::{RollbackError, Session, TransactionStatus as Status};

impl<S: Steps> Core<S> {
    /// Whether nothing has to be done before a step that begins.
    #[inline]
    pub(super) fn is_ready(&mut self) -> bool {
        match self.state.level() {
            Level::Outermost => self.steps().session_mut().status() != Status::Open,
            Level::Nested | Level::Foreign | Level::Joined | Level::Test => true,
        }
    }

    /// Rolls back what others have left open on the connection.
    pub(super) async fn prepare(&mut self) -> Result<(), BoxError> {
        if self.is_ready() {
            return Ok(());
        }
        cleaned(self.steps().rollback().await)?;
        observer::leftover_rolled_back(self.driver());
        Ok(())
    }

    /// Creates the savepoint of a block in a test, if the test's transaction is still there.
    pub(super) async fn begin_in_test(&mut self) -> Result<(), BoxError> {
        let savepoint = self.state.savepoint();
        self.steps().savepoint_in_test(savepoint).await
    }

    /// Goes on after a begin that has failed. It has run no body, so its attempts are counted apart.
    pub(super) async fn begin_again(
        &mut self,
        source: BoxError,
        options: &Options,
    ) -> Result<(), Error> {
        let mut attempts = Attempts::of_begin(*options);
        self.retry_begin(source, &mut attempts).await
    }

    /// Begins again as long as the begin is refused only because of others, and an attempt is left.
    async fn retry_begin(
        &mut self,
        mut source: BoxError,
        attempts: &mut Attempts,
    ) -> Result<(), Error> {
        while self.is_outermost_and_transient(&*source) && attempts.again() {
            self.steps().pause(attempts).await;
            match self.open(&attempts.options()).await {
                Ok(()) => return Ok(()),
                Err(again) => source = again,
            }
        }
        Err(self.begin_failed(source).await)
    }

    fn is_outermost_and_transient(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        let session = self.steps.as_ref().map(S::session);
        self.state.level() == Level::Outermost
            && session.is_some_and(|session| session.is_transient(error))
    }

    /// Begins the outermost transaction.
    async fn open(&mut self, options: &Options) -> Result<(), BoxError> {
        self.prepare().await?;
        self.steps().begin(options).await?;
        self.begun();
        Ok(())
    }

    /// Nothing is open, unless the driver did half of its work.
    async fn begin_failed(&mut self, source: BoxError) -> Error {
        let unsupported = source.downcast_ref::<Unsupported>().copied();
        let outermost = self.state.level() == Level::Outermost;
        if outermost && unsupported.is_none() {
            self.steps().undo_begin().await;
        }
        self.state.close();
        let site = self.state.site();
        match unsupported {
            Some(Unsupported { option, database }) => Reason::Unsupported {
                site,
                option,
                database,
            }
            .into(),
            None if outermost => level::no_begin(site, source),
            None => level::no_savepoint(site, source),
        }
    }

    /// Begins again on the same connection, if an attempt is left. A future has room for this in a box: where nothing is tried
    /// again, it would be most of it.
    pub(super) async fn restart(&mut self, attempts: Option<&mut Attempts>) -> bool {
        let Some(attempts) = attempts else {
            return false;
        };
        if self.state.level() != Level::Outermost || !attempts.again() {
            return false;
        }
        Box::pin(self.begin_anew(attempts)).await
    }

    async fn begin_anew(&mut self, attempts: &mut Attempts) -> bool {
        self.state.tell_handlers();
        self.steps().pause(attempts).await;
        self.state.reopen();
        match self.open(&attempts.options()).await {
            Ok(()) => true,
            Err(source) => self.retry_begin(source, attempts).await.is_ok(),
        }
    }
}

/// A rollback of something that need not be there.
pub(super) fn cleaned(result: Result<(), RollbackError>) -> Result<(), BoxError> {
    match result {
        Ok(()) | Err(RollbackError::Ended) => Ok(()),
        Err(RollbackError::Disconnected(error) | RollbackError::Failed(error)) => Err(error),
    }
}
