//! The kinds of errors, and what each says of the data.

/// The fate of the data, as far as it is known, when a transaction ended with an [`Error`](crate::Error).
///
/// ```
/// use commit_on_success::Outcome;
///
/// /// What the user of a form is told.
/// fn advice(outcome: Outcome) -> &'static str {
///     match outcome {
///         Outcome::RolledBack => "Nothing was changed. Try again.",
///         Outcome::Committed => "Your order is placed.",
///         _ => "Look at your orders before you try again.",
///     }
/// }
/// # assert_eq!(advice(Outcome::Unknown), "Look at your orders before you try again.");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// Nothing that the block wrote was stored.
    RolledBack,
    /// Everything was stored; what failed came after the commit.
    Committed,
    /// Nobody can know: the connection broke while `COMMIT` was in flight, or the transaction was
    /// ended by something else than this crate. Neither commit nor rollback handlers ran.
    Unknown,
}

/// The kinds of an [`Error`](crate::Error), whose page says what to do about each.
///
/// ```
/// use commit_on_success::{ErrorKind, set_rollback};
///
/// let error = set_rollback().unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::NotInTransaction);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No connection, or `BEGIN` failed. The body did not run. The source is the driver's error.
    Begin,
    /// The savepoint of a nested block could not be created. Its body did not run; the enclosing
    /// transaction is as it was. The source is the driver's error.
    NestedBegin,
    /// The database cannot honour an option. The body did not run.
    Unsupported,
    /// An option that only the begin of a transaction can honour, on a block that runs inside an
    /// open one. The body did not run; the transaction is as it was.
    NestedOption,
    /// `propagation = mandatory`, and no transaction was open on the connection. The body did not
    /// run.
    Mandatory,
    /// `propagation = durable`, and a transaction was open on the connection. The body did not run;
    /// the transaction is as it was.
    Durable,
    /// The database refused the commit (a deferred constraint, a serialization failure, a busy
    /// file), and the block was rolled back. The source is the driver's error.
    Commit,
    /// The body returned `Ok` although one of its statements had failed, and a database that works
    /// like PostgreSQL then stores nothing, whatever `COMMIT` answers. The block was rolled back.
    Aborted,
    /// The body returned `Ok`, but a call that it had registered with [`before_commit!`](crate::before_commit) failed, or such
    /// calls registered each other without an end. The block was rolled back. The source is the call's error;
    /// [`Error::location`](crate::Error::location) is where it was registered.
    BeforeCommit,
    /// The transaction was no longer there when it was to be committed: the body sent a `COMMIT` or
    /// `ROLLBACK` of its own, a statement committed implicitly (DDL on MySQL), or the database
    /// ended the transaction (a deadlock on MySQL, `ON CONFLICT ROLLBACK` on SQLite). Statements
    /// that followed may have been stored one by one.
    Ended,
    /// A block inside this one could not be undone, so this one could only be rolled back:
    /// [`Error::rollback_only`](crate::Error::rollback_only) says why.
    RollbackOnly,
    /// Another block is open beside this one, in the same transaction. A savepoint keeps and undoes whatever is written
    /// after it, so their rows could not be told apart. The body did not run; the transaction is as it was.
    Concurrent,
    /// Calls were deferred in a savepoint of a transaction that this crate did not open. Nobody
    /// would run them when that transaction commits, so the savepoint was rolled back.
    NotOwned,
    /// The rollback failed, and the transaction may still be open, for whoever has the connection to commit it:
    /// [`set_rollback`](crate::set_rollback) had asked for it, or the commit was refused. The source is the driver's
    /// error; behind a refused commit an error that names both, and has the refusal as its source.
    Rollback,
    /// The connection broke while `COMMIT` was in flight. The source is the driver's error.
    Unknown,
    /// The transaction **is committed**; calls that it had deferred failed. The others ran. They are in
    /// [`Error::failures`](crate::Error::failures).
    Handlers,
    /// A handle was used inside of a block whose source is not a handle but the same pool, or a connection of which nobody
    /// knows the pool: it would have been outside of that block. Nothing was sent. What is meant to be outside uses the
    /// handle's pool.
    BesideBlock,
    /// The connection of the transaction was not to be had in time, for a statement of a handle or for the end of the block, or a closure
    /// of a sync handle has it that the statement is inside of: the message says who has it. Nothing was sent.
    Busy,
    /// The pool had no connection for a lease of a handle. The source is the pool's error.
    Acquire,
    /// A job was not stored: the insert failed, the job is none that can be stored, or another connection was given than that of
    /// the innermost open block, which can only be rolled back now. The source is the driver's error, or says what is wrong;
    /// [`Error::location`](crate::Error::location) is the place of the `enqueue!`.
    Enqueue,
    /// The block has ended that a statement of a handle, or a block inside of it, was begun in. Nothing was sent.
    Outlived,
    /// No transaction is open here for [`try_defer!`](crate::try_defer), [`set_rollback`](crate::set_rollback), or a
    /// [signal](crate::signals), or a handle that takes part in transactions only, which are to be had in one only. The
    /// call or the handler was dropped, and nothing was sent. Or the block whose
    /// [`TransactionHandle`](crate::TransactionHandle) was to be entered has ended, and the closure did not run.
    NotInTransaction,
}

impl ErrorKind {
    /// The fate of the data, as far as it is known.
    #[must_use]
    pub fn outcome(self) -> Outcome {
        match self {
            Self::Begin
            | Self::NestedBegin
            | Self::Unsupported
            | Self::NestedOption
            | Self::Mandatory
            | Self::Durable
            | Self::Commit
            | Self::Aborted
            | Self::BeforeCommit
            | Self::RollbackOnly
            | Self::Concurrent
            | Self::NotOwned
            | Self::BesideBlock
            | Self::Busy
            | Self::Outlived
            | Self::Acquire
            | Self::Enqueue
            | Self::NotInTransaction => Outcome::RolledBack,
            Self::Handlers => Outcome::Committed,
            Self::Ended | Self::Rollback | Self::Unknown => Outcome::Unknown,
        }
    }
}
