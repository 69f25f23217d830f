//! The way from other threads to the block that is open here.

use std::fmt;
use std::panic::Location;

use crate::context::{self, Address};
use crate::error::{Error, Reason};
use crate::site::Site;

/// A handle of the innermost block that is open here, for work that the body gives to other threads; nothing outside of any
/// transaction.
///
/// See [`TransactionHandle`].
///
/// ```
/// assert!(commit_on_success::current().is_none());
/// ```
#[must_use]
#[track_caller]
pub fn current() -> Option<TransactionHandle> {
    let block = context::innermost().filter(|block| block.is_live())?;
    Some(TransactionHandle(block.address(Location::caller())))
}

/// A block, for work on other threads: a scoped thread, `spawn_blocking`, a pool.
///
/// A thread that a body starts is outside of its transaction. What it does in [`enter`](Self::enter) is inside, as far as it is
/// registered and not sent: [`defer!`](crate::defer), [`try_defer!`](crate::try_defer), [`before_commit!`](crate::before_commit),
/// [`set_rollback`](crate::set_rollback) and the [signals](crate::signals) are for the block that the handle is of. The
/// connection stays where it is: a block that begins in there is on a connection of its own, and outermost.
///
/// The handle works as long as its block is open, which is until its body has returned; each attempt of a block, and each
/// nested block, has one of its own. What it has brought is kept or dropped with what the block has registered itself, behind which it
/// is queued, in the order of arrival. So a body that wants it to count waits for its threads.
///
/// Only a block that is asked for its handle pays for it.
///
/// ```
/// # #[cfg(feature = "rusqlite")]
/// # fn main() -> rusqlite::Result<()> {
/// use commit_on_success::{commit_on_success, current, defer, in_transaction};
/// use rusqlite::Connection;
///
/// fn resize(size: i64) -> i64 {
///     defer!(println!("an image of {size} is resized")); // on whatever thread
///     size / 2
/// }
///
/// #[commit_on_success]
/// fn upload(conn: &mut Connection, images: &[i64]) -> rusqlite::Result<()> {
///     let block = current().expect("the body is in its transaction");
///     let sizes: Vec<_> = std::thread::scope(|scope| {
///         let block = &block;
///         let spawn = |image| scope.spawn(move || block.enter(|| resize(image)));
///         let threads: Vec<_> = images.iter().copied().map(spawn).collect();
///         threads.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect()
///     });
///     for size in sizes {
///         conn.execute("INSERT INTO image VALUES (?1)", [size])?;
///     }
///     Ok(()) // after this commit the calls run
/// }
///
/// let mut conn = Connection::open_in_memory()?;
/// conn.execute_batch("CREATE TABLE image (size)")?;
/// upload(&mut conn, &[3, 5])
/// # }
/// # #[cfg(not(feature = "rusqlite"))]
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct TransactionHandle(Address);

impl TransactionHandle {
    /// Runs a closure for the block: what it registers, on this thread, is registered there.
    ///
    /// A block that ends in the meantime does not wait for the closure. What that registers then is refused:
    /// `try_defer!`, `set_rollback` and the signals return
    /// [`ErrorKind::NotInTransaction`](crate::ErrorKind::NotInTransaction); a call of `defer!` or `before_commit!` does not run, and
    /// the [observers](crate::Observer) hear of it, as [`FailureKind::Refused`](crate::FailureKind::Refused).
    ///
    /// An async call is for a block of an async function, as everywhere.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotInTransaction`](crate::ErrorKind::NotInTransaction) when the block has ended; the closure does not run.
    ///
    /// # Panics
    ///
    /// With the panic of the closure. What it has registered until then stays.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite")]
    /// # fn main() -> rusqlite::Result<()> {
    /// use commit_on_success::{ErrorKind, TransactionHandle, commit_on_success, current};
    /// use rusqlite::Connection;
    ///
    /// #[commit_on_success]
    /// fn leak(conn: &mut Connection) -> rusqlite::Result<Option<TransactionHandle>> {
    ///     Ok(current())
    /// }
    ///
    /// let ended = leak(&mut Connection::open_in_memory()?)?.unwrap();
    /// let refused = ended.enter(|| unreachable!()).unwrap_err();
    /// assert_eq!(refused.kind(), ErrorKind::NotInTransaction);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "rusqlite"))]
    /// # fn main() {}
    /// ```
    pub fn enter<R>(&self, code: impl FnOnce() -> R) -> Result<R, Error> {
        if !self.0.is_open() {
            return Err(Reason::HandleEnded(self.site()).into());
        }
        let _posting = self.0.enter();
        Ok(code())
    }

    /// The annotated function, or the block, that the handle is of.
    #[must_use]
    pub fn site(&self) -> &'static Site {
        self.0.site()
    }
}

impl fmt::Debug for TransactionHandle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TransactionHandle({})", self.site())
    }
}
