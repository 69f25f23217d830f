//! The handle of a pool of rusqlite's connections.

use std::fmt;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

use ::rusqlite::Connection;

use super::sources::Access;
use super::transaction::{Rusqlite, RusqliteTransaction};
use crate::ambient::local::{Listed, Local, User};
use crate::drivers::ownership::Ownership;
use crate::error::{BoxError, Error, Reason};
use crate::pool_id::PoolId;
use crate::transaction::{Begin, ConnectionId};

#[doc = include_str!("../../../docs/drivers/rusqlite_db.md")]
pub struct Db<G>(Arc<Shared<G>>);

struct Shared<G> {
    get: Box<dyn Fn() -> Result<G, BoxError> + Send + Sync>,
    local: Local,
}

impl<G: Deref<Target = Connection> + 'static> Db<G> {
    /// Makes a handle of what gives connections, `move || pool.get()` for example.
    #[must_use]
    pub fn new<E: Into<BoxError>>(get: impl Fn() -> Result<G, E> + Send + Sync + 'static) -> Self {
        Self::of(get, false)
    }

    /// Makes a handle that takes part in transactions only: [`with`](Self::with) outside of any block is an error, of the kind
    /// [`ErrorKind::NotInTransaction`](crate::ErrorKind::NotInTransaction). Blocks begin as with any handle.
    #[must_use]
    pub fn required<E: Into<BoxError>>(
        get: impl Fn() -> Result<G, E> + Send + Sync + 'static,
    ) -> Self {
        Self::of(get, true)
    }

    fn of<E: Into<BoxError>>(
        get: impl Fn() -> Result<G, E> + Send + Sync + 'static,
        required: bool,
    ) -> Self {
        Self(Arc::new(Shared {
            get: Box::new(move || get().map_err(Into::into)),
            local: Local::new::<Rusqlite>(required),
        }))
    }

    /// Runs `f` with the connection of the transaction that is open around it, or outside of any block with one of its own.
    ///
    /// Inside of `f` the handle leads to the same connection, also where no transaction is open.
    ///
    /// # Errors
    ///
    /// Those of `f`, and of this crate: [`ErrorKind::Acquire`](crate::ErrorKind::Acquire) when no connection is to be had,
    /// [`BesideBlock`](crate::ErrorKind::BesideBlock) inside of a block that was begun on another connection, and
    /// [`NotInTransaction`](crate::ErrorKind::NotInTransaction) where one is [required](Self::required).
    ///
    /// # Panics
    ///
    /// With the payload of `f`.
    pub fn with<R, E>(&self, f: impl FnOnce(&Connection) -> Result<R, E>) -> Result<R, E>
    where
        E: From<Error>,
    {
        if let Some(around) = self.0.local.around_statements::<G>()? {
            return f(&around.guard);
        }
        let connection = self
            .get()
            .map_err(|source| Error::from(Reason::Acquire(source)))?;
        let _listed = self.list(&connection, User::Closure);
        f(&connection)
    }

    /// A connection outside of any transaction, on purpose.
    ///
    /// # Errors
    ///
    /// Those of the pool.
    pub fn outside(&self) -> Result<G, BoxError> {
        (self.0.get)()
    }

    /// Whether a job of the innermost open block, which is on that connection, would be stored by it.
    #[cfg(feature = "jobs")]
    pub(super) fn is_on_connection(&self, connection: ConnectionId) -> bool {
        self.0.local.is_on(connection)
    }

    fn get(&self) -> Result<Rc<G>, BoxError> {
        Ok(Rc::new(self.outside()?))
    }

    fn list(&self, connection: &Rc<G>, user: User) -> Listed {
        let id = ConnectionId::of::<Connection>(connection);
        self.0.local.list(id, user, connection)
    }
}

impl<G> Clone for Db<G> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<G> fmt::Debug for Db<G> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Db");
        shown.field("required", &self.0.local.required);
        shown.finish_non_exhaustive()
    }
}

/// Marks handles as sources.
#[derive(Debug)]
pub enum Handles {}

impl<G: Deref<Target = Connection> + 'static> Begin<Handles> for &Db<G> {
    type Transaction = RusqliteTransaction<Found<G>, Handles>;

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        if let Some(around) = self.0.local.around()? {
            let found = Found {
                connection: around.guard,
                listed: None,
            };
            return Ok(RusqliteTransaction::new(found, Ownership::Borrowed));
        }
        let connection = self.get()?;
        let listed = self.list(&connection, User::Block);
        let found = Found {
            connection,
            listed: Some(listed),
        };
        Ok(RusqliteTransaction::new(found, Ownership::Owned))
    }
}

/// The connection that a handle has led to.
pub struct Found<G> {
    connection: Rc<G>,
    /// Lets others find it, for as long as its block is open.
    #[expect(dead_code, reason = "dropped with the block")]
    listed: Option<Listed>,
}

impl<G> fmt::Debug for Found<G> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Found")
    }
}

impl<G: Deref<Target = Connection>> Access for RusqliteTransaction<Found<G>, Handles> {
    type Handle<'t>
        = &'t Connection
    where
        Self: 't;

    fn lend(&mut self) -> &Connection {
        &self.connection.connection
    }

    fn connection(&self) -> &Connection {
        &self.connection.connection
    }

    /// It is found by its connection.
    fn pool(&self) -> PoolId {
        PoolId::NONE
    }

    const EXCLUSIVE: bool = false;
}
