//! The handle of a pool of rusqlite's connections.

use std::fmt;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

use ::rusqlite::Connection;

use super::open::{self, Listed};
use super::sources::Access;
use super::transaction::{Rusqlite, RusqliteTransaction};
use crate::ambient::Numbered;
use crate::context::{self, Around};
use crate::drivers::ownership::Ownership;
use crate::error::{BoxError, Error, Reason};
use crate::pool_id::PoolId;
use crate::transaction::{Begin, ConnectionId};

#[doc = include_str!("../../../docs/drivers/rusqlite_db.md")]
pub struct Db<G>(Arc<Shared<G>>);

struct Shared<G> {
    get: Box<dyn Fn() -> Result<G, BoxError> + Send + Sync>,
    /// Whether it is used in transactions only.
    required: bool,
    number: Numbered,
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
            required,
            number: Numbered::new::<Rusqlite>(None),
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
        if let Some(connection) = self.around()? {
            return f(&connection);
        }
        if self.0.required {
            return Err(Error::from(Reason::NotInTransaction).into());
        }
        let connection = self
            .get()
            .map_err(|source| Error::from(Reason::Acquire(source)))?;
        let _listed = open::list(self.0.number.id(), id(&connection), Rc::clone(&connection));
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
        match self.around() {
            Ok(around) => around.is_some_and(|around| id(&around) == connection),
            Err(_) => true,
        }
    }

    fn get(&self) -> Result<Rc<G>, BoxError> {
        Ok(Rc::new(self.outside()?))
    }

    /// The connection of the transaction that the running code is in, or of [`with`](Self::with) around it.
    fn around(&self) -> Result<Option<Rc<G>>, Error> {
        let number = &self.0.number;
        let find = |connection| open::find(number.id(), connection);
        match context::around(find, number.is_beside()) {
            Around::In { found, .. } => Ok(Some(found)),
            Around::Beside(site) => Err(Reason::BesideBlock(site).into()),
            Around::Nothing => Ok(open::innermost(number.id(), self.0.required)),
        }
    }
}

fn id<G: Deref<Target = Connection>>(connection: &Rc<G>) -> ConnectionId {
    ConnectionId::of::<Connection>(connection)
}

impl<G> Clone for Db<G> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<G> fmt::Debug for Db<G> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Db");
        shown.field("required", &self.0.required);
        shown.finish_non_exhaustive()
    }
}

/// Marks handles as sources.
#[derive(Debug)]
pub enum Handles {}

impl<G: Deref<Target = Connection> + 'static> Begin<Handles> for &Db<G> {
    type Transaction = RusqliteTransaction<Found<G>, Handles>;

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        if let Some(connection) = self.around()? {
            let found = Found {
                connection,
                listed: None,
            };
            return Ok(RusqliteTransaction::new(found, Ownership::Borrowed));
        }
        let connection = self.get()?;
        let listed = open::list(self.0.number.id(), id(&connection), Rc::clone(&connection));
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
