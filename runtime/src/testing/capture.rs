//! Deferred calls that a test catches.

use std::future::Future;
use std::panic::Location;

use crate::context::{Frame, Hidden, Inside, Kind};
use crate::error::HandlerFailure;
use crate::event::Committed;
use crate::observer::NO_TRANSACTION;
use crate::queue::Queue;
use crate::run::Drain;
use crate::site::Site;
use crate::transaction::{ConnectionId, Savepoint};

/// Runs a block, and returns beside its value what would have run after its transactions committed: deferred
/// calls, and handlers of `post_commit`, in their order.
///
/// The transactions in it commit as always; what was deferred in those that rolled back is not there. A call
/// that is deferred outside of any transaction is not caught.
///
/// # Panics
///
/// With the panic of the block; what was caught is dropped then.
///
/// ```
/// # #[cfg(feature = "rusqlite")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use commit_on_success::testing::capture;
/// use commit_on_success::{commit_on_success, defer};
/// use rusqlite::Connection;
///
/// #[commit_on_success]
/// fn order(conn: &mut Connection) -> rusqlite::Result<()> {
///     defer!(println!("mail"));
///     Ok(())
/// }
///
/// let mut conn = Connection::open_in_memory()?;
/// let (ordered, calls) = capture(|| order(&mut conn));
/// assert!(ordered.is_ok());
/// assert_eq!(calls.len(), 1);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "rusqlite"))]
/// # fn main() {}
/// ```
pub fn capture<R>(block: impl FnOnce() -> R) -> (R, Captured) {
    let mut frame = capturing();
    let mut entered = frame.enter();
    let value = block();
    entered.returned();
    drop(entered);
    (value, Captured(frame.pending.queue))
}

/// Runs a future, and returns beside its output what would have run after its transactions committed, as
/// [`capture`] does for a block.
///
/// # Panics
///
/// With the panic of the future; what was caught is dropped then.
///
/// # Cancel safety
///
/// Dropped before its end, it drops the future, and what was caught. The transactions that have committed by then
/// stay committed.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use commit_on_success::testing::capture_async;
///
/// let (answer, calls) = capture_async(async { 42 }).await;
/// assert_eq!(answer, 42);
/// assert!(calls.is_empty());
/// # }
/// ```
pub async fn capture_async<F: Future>(block: F) -> (F::Output, Captured) {
    let mut frame = capturing();
    let value = Inside::new(&mut frame, block).await;
    (value, Captured(frame.pending.queue))
}

fn capturing() -> Frame {
    Frame::new(
        ConnectionId::new(0),
        Kind::Capture,
        &Site::NOWHERE,
        Savepoint::OUTERMOST,
    )
}

/// Calls that were caught. Dropping it drops them.
///
/// ```
/// # #[cfg(feature = "rusqlite")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use commit_on_success::testing::capture;
/// use commit_on_success::{commit_on_success, defer};
/// use rusqlite::Connection;
///
/// #[commit_on_success]
/// fn order(conn: &mut Connection) -> rusqlite::Result<()> {
///     defer!(send("mail"));
///     Ok(())
/// }
///
/// fn send(what: &str) -> std::io::Result<()> {
///     Err(std::io::Error::other(format!("nobody takes the {what}")))
/// }
///
/// let mut conn = Connection::open_in_memory()?;
/// let (_, calls) = capture(|| order(&mut conn));
/// assert!(calls.locations()[0].line() > 0);
/// assert_eq!(calls.run().len(), 1, "one of them failed");
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "rusqlite"))]
/// # fn main() {}
/// ```
#[derive(Debug)]
pub struct Captured(Queue);

impl Captured {
    /// The number of calls.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.waiting_for_commit()
    }

    /// Whether nothing was caught.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The places where the calls were deferred, or connected, in their order.
    #[must_use]
    pub fn locations(&self) -> Vec<&'static Location<'static>> {
        self.0.locations()
    }

    /// Runs the calls, outside of any transaction, and returns what failed. An async call does not run, and is
    /// among the failures as [`FailureKind::Lost`](crate::FailureKind::Lost).
    ///
    /// # Panics
    ///
    /// With the first panic of a call, once all have run.
    #[must_use = "the failures are returned, not raised"]
    pub fn run(self) -> Vec<HandlerFailure> {
        let mut drain = self.drain();
        let hidden = Hidden::new();
        while drain.next_sync().is_some() {}
        drop(hidden);
        drain.finish()
    }

    /// Runs the calls, outside of any transaction, and returns what failed.
    ///
    /// # Panics
    ///
    /// With the first panic of a call, once all have run.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, the rest runs as it would after a commit.
    pub async fn run_async(self) -> Vec<HandlerFailure> {
        let mut drain = self.drain();
        while drain.next().await.is_some() {}
        drain.finish()
    }

    fn drain(mut self) -> Drain {
        let (calls, deferred) = self.0.take_in_order();
        let event = Committed {
            id: NO_TRANSACTION,
            site: &Site::NOWHERE,
            nesting: 0,
            deferred,
        };
        Drain::new(calls, event)
    }
}
