//! Steps that are seen to their end by a task when the block's future is dropped: a `COMMIT` with the calls that wait for
//! it, and the recovery of a connection whose step was interrupted.

use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_timer::Delay;

use super::core::Core;
use super::future::AsyncScope;
use super::state::BlockState;
use super::steps::Awaited;
use super::verdict::Fate;
use crate::event::Cause;
use crate::executor;
use crate::transaction::{Abandoned, AsyncTransaction, CommitError, Keeper};

type Committed = Result<(), CommitError>;

/// The time in which a connection has to be recovered.
const PATIENCE: Duration = Duration::from_secs(5);

impl<T: AsyncTransaction> Core<Awaited<T>> {
    /// Whether somebody waits for the outcome of a commit who would not hear of it if the block's future was dropped.
    #[inline]
    pub(super) fn is_to_be_seen_to_its_end(&self) -> bool {
        self.owns_connection() && self.state.is_waited_for() && executor::is_there()
    }

    /// Commits. The commit is in a box, so that a task can go on with it, and with the calls.
    pub(super) async fn commit_to_its_end(&mut self) -> Committed {
        let Self { steps, state } = self;
        let Some(Awaited(transaction)) = steps.take() else {
            unreachable!("the connection is given back after the last step")
        };
        let driver = transaction.driver();
        let (transaction, committed) = match transaction.keep(Commit(PhantomData)) {
            Ok(commit) => {
                let mut underway = Underway {
                    commit: Progress::Underway(commit),
                    state,
                    driver,
                };
                poll_fn(|context| underway.poll(context)).await
            }
            Err(transaction) => {
                let transaction = &mut steps.insert(Awaited(transaction)).0;
                return transaction.commit().await;
            }
        };
        *steps = Some(Awaited(transaction));
        committed
    }

    /// Has a task bring the connection of a step that was interrupted to a known state.
    pub(super) fn recover(&mut self) {
        if let Some(Awaited(transaction)) = self.steps.take() {
            transaction.keep(Recovery);
        }
    }
}

/// A commit that a task can go on with.
trait Outliving<T>: Send {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<(T, Committed)>;

    fn go_on(self: Box<Self>, rest: Rest);
}

/// A commit, and the way back for the transaction.
struct Outlives<O, B> {
    commit: Pin<Box<dyn Future<Output = (O, Committed)> + Send>>,
    /// `None` once the commit has ended.
    back: Option<B>,
}

impl<O, T, B> Outliving<T> for Outlives<O, B>
where
    O: AsyncTransaction + 'static,
    B: FnOnce(O) -> T + Send,
{
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<(T, Committed)> {
        let committed = self.commit.as_mut().poll(context);
        committed.map(|(owned, committed)| match self.back.take() {
            Some(back) => (back(owned), committed),
            None => unreachable!("a commit ends once"),
        })
    }

    fn go_on(self: Box<Self>, rest: Rest) {
        let Self { commit, .. } = *self;
        executor::spawn(async move {
            let (transaction, committed) = commit.await;
            rest.finish(transaction, committed).await;
        });
    }
}

/// Takes a transaction that is to be committed.
struct Commit<'t>(PhantomData<&'t ()>);

impl<'t, T: 't> Keeper<T> for Commit<'t> {
    type Kept = Result<Box<dyn Outliving<T> + 't>, T>;

    fn of_owned<O: AsyncTransaction + 'static>(
        self,
        owned: O,
        back: impl FnOnce(O) -> T + Send + 'static,
    ) -> Self::Kept {
        let mut kept = Kept(Some(owned));
        let commit = Box::pin(async move {
            let committed = kept.transaction().commit().await;
            (kept.give_back(), committed)
        });
        Ok(Box::new(Outlives {
            commit,
            back: Some(back),
        }))
    }

    fn of_borrowed(self, transaction: T) -> Self::Kept {
        Err(transaction)
    }
}

/// Takes a transaction of which a step was interrupted.
struct Recovery;

impl<T: AsyncTransaction> Keeper<T> for Recovery {
    type Kept = ();

    fn of_owned<O: AsyncTransaction + 'static>(
        self,
        owned: O,
        _: impl FnOnce(O) -> T + Send + 'static,
    ) {
        let mut kept = Kept(Some(owned));
        executor::spawn(async move {
            if recovers_in_time(kept.transaction()).await {
                drop(kept.give_back());
            }
        });
    }

    fn of_borrowed(self, transaction: T) {
        drop(Kept(Some(transaction)));
    }
}

/// A server that does not answer would keep the connection from its pool.
async fn recovers_in_time(transaction: &mut impl AsyncTransaction) -> bool {
    let mut recovered = pin!(transaction.recover());
    let mut too_late = Delay::new(PATIENCE);
    poll_fn(|context| match recovered.as_mut().poll(context) {
        Poll::Pending => Pin::new(&mut too_late).poll(context).map(|()| false),
        Poll::Ready(recovered) => Poll::Ready(recovered),
    })
    .await
}

/// A transaction in the middle of a step. It is abandoned when it is dropped there.
struct Kept<T: AsyncTransaction>(Option<T>);

impl<T: AsyncTransaction> Kept<T> {
    fn transaction(&mut self) -> &mut T {
        match &mut self.0 {
            Some(transaction) => transaction,
            None => unreachable!("given back after the step"),
        }
    }

    fn give_back(&mut self) -> T {
        match self.0.take() {
            Some(transaction) => transaction,
            None => unreachable!("given back once"),
        }
    }
}

impl<T: AsyncTransaction> Drop for Kept<T> {
    fn drop(&mut self) {
        if let Some(mut transaction) = self.0.take() {
            // A panic here, while the thread unwinds, would abort the process.
            let _ = catch_unwind(AssertUnwindSafe(|| {
                transaction.abandon(Abandoned::Interrupted);
            }));
        }
    }
}

/// A commit that is under way, and what has to follow it.
struct Underway<'s, T> {
    commit: Progress<'s, T>,
    state: &'s mut BlockState,
    driver: &'static str,
}

enum Progress<'s, T> {
    Underway(Box<dyn Outliving<T> + 's>),
    Ended,
    Panicked,
}

impl<T> Underway<'_, T> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<(T, Committed)> {
        let Progress::Underway(mut commit) =
            std::mem::replace(&mut self.commit, Progress::Panicked)
        else {
            unreachable!("a commit ends once")
        };
        let committed = commit.poll(context);
        self.commit = if committed.is_pending() {
            Progress::Underway(commit)
        } else {
            Progress::Ended
        };
        committed
    }
}

impl<T> Drop for Underway<'_, T> {
    fn drop(&mut self) {
        match std::mem::replace(&mut self.commit, Progress::Ended) {
            Progress::Ended => {}
            Progress::Panicked => {
                self.state
                    .conclude(Fate::Unknown, Cause::Panic, self.driver);
                self.state.tell_handlers();
            }
            Progress::Underway(commit) => commit.go_on(Rest {
                state: Some(self.state.leave_closed()),
                driver: self.driver,
            }),
        }
    }
}

/// The rest of a block whose future was dropped.
struct Rest {
    /// `None` once it goes on.
    state: Option<BlockState>,
    driver: &'static str,
}

impl Rest {
    async fn finish<T: AsyncTransaction>(mut self, transaction: T, committed: Committed) {
        if let Some(state) = self.state.take() {
            let steps = Some(Awaited(transaction));
            AsyncScope(Core { steps, state })
                .finish_unheard(committed)
                .await;
        }
    }
}

/// The runtime has ended before the commit has.
impl Drop for Rest {
    fn drop(&mut self) {
        if let Some(state) = &mut self.state {
            state.conclude(Fate::Unknown, Cause::Cancelled, self.driver);
            state.tell_handlers();
        }
    }
}
