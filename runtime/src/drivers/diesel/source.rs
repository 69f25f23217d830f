//! A source that is a pool or a connection, whichever its caller has.

use std::fmt;

use ::diesel::connection::Connection;
use ::diesel::r2d2::{ConnectionManager, Pool, PooledConnection, R2D2Connection};

#[cfg(feature = "ambient")]
use super::db::Db;
use super::r2d2::Pooled;
use super::transaction::{Diesel, DieselTransaction};
#[cfg(feature = "ambient")]
use crate::ambient::local::{Leased, Lent, lease};
use crate::drivers::diesel_steps::{DieselBlock, Hold, Ownership};
use crate::error::BoxError;
use crate::transaction::Begin;

/// A pool, or a connection: for a function that is a transaction of its own for one caller, and a savepoint for another.
///
/// Made of `&Pool<ConnectionManager<C>>`, `&mut C`, `&mut PooledConnection<ConnectionManager<C>>`, and with the feature `ambient` of the handle
/// `&Db<C>`: in its transaction a savepoint, for the time of which the function alone has the connection.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use commit_on_success::commit_on_success;
/// use commit_on_success::drivers::diesel::Source;
/// use diesel::prelude::*;
/// use diesel::r2d2::{ConnectionManager, Pool};
///
/// diesel::table! { object (title) { title -> Text, } }
///
/// #[commit_on_success(tx = source.into())]
/// fn store<'s>(source: impl Into<Source<'s, SqliteConnection>>, title: &str) -> QueryResult<()> {
///     diesel::insert_into(object::table).values(object::title.eq(title)).execute(tx)?;
///     Ok(())
/// }
///
/// # use diesel::connection::SimpleConnection as _;
/// let pool = Pool::builder().max_size(1).build(ConnectionManager::<SqliteConnection>::new(":memory:"))?;
/// # pool.get()?.batch_execute("CREATE TABLE object (title TEXT)")?;
/// store(&pool, "alone")?; // a transaction
/// pool.get()?.transaction(|conn| store(conn, "in another one"))?; // a savepoint
/// # assert_eq!(object::table.count().get_result::<i64>(&mut pool.get()?)?, 2);
/// # Ok(())
/// # }
/// ```
pub struct Source<'s, C: Connection + R2D2Connection + Send + 'static>(Origin<'s, C>);

enum Origin<'s, C: Connection + R2D2Connection + Send + 'static> {
    Pool(Pool<ConnectionManager<C>>),
    Connection(&'s mut C),
    #[cfg(feature = "ambient")]
    Handle(Db<C>),
}

impl<C: Connection + R2D2Connection + Send + 'static> fmt::Debug for Source<'_, C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Source")
    }
}

impl<C: Connection + R2D2Connection + Send> From<&Pool<ConnectionManager<C>>> for Source<'_, C> {
    fn from(pool: &Pool<ConnectionManager<C>>) -> Self {
        Self(Origin::Pool(pool.clone()))
    }
}

#[cfg(feature = "ambient")]
impl<C: Connection + R2D2Connection + Send> From<&Db<C>> for Source<'_, C> {
    fn from(handle: &Db<C>) -> Self {
        Self(Origin::Handle(handle.clone()))
    }
}

impl<'s, C: Connection + R2D2Connection + Send> From<&'s mut C> for Source<'s, C> {
    fn from(connection: &'s mut C) -> Self {
        Self(Origin::Connection(connection))
    }
}

impl<'s, C: Connection + R2D2Connection + Send> From<&'s mut PooledConnection<ConnectionManager<C>>>
    for Source<'s, C>
{
    fn from(connection: &'s mut PooledConnection<ConnectionManager<C>>) -> Self {
        Self(Origin::Connection(connection))
    }
}

impl<'s, C: Connection + R2D2Connection + Send> Begin<Diesel> for Source<'s, C> {
    type Transaction = DieselTransaction<Had<'s, C>>;

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        let of_pool = |transaction: OfPool<C>| Had::Pooled(transaction.holder);
        DieselBlock::on(match self.0 {
            Origin::Pool(pool) => of_pool(Begin::acquire_session(pool)?),
            Origin::Connection(connection) => Had::Borrowed(connection),
            #[cfg(feature = "ambient")]
            Origin::Handle(handle) => match lease(&handle)? {
                Leased::OfPool(transaction) => of_pool(transaction),
                Leased::OfTransaction(lent) => Had::Leased(lent),
            },
        })
    }
}

/// The transaction of a pool.
type OfPool<C> = DieselTransaction<Pooled<ConnectionManager<C>>>;

/// The connection of a source that was a pool or a connection.
pub enum Had<'s, C: Connection + R2D2Connection + Send + 'static> {
    Pooled(Pooled<ConnectionManager<C>>),
    Borrowed(&'s mut C),
    #[cfg(feature = "ambient")]
    Leased(Lent<OfPool<C>>),
}

impl<C: Connection + R2D2Connection + Send> fmt::Debug for Had<'_, C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Had")
    }
}

impl<C: Connection + R2D2Connection + Send> Hold for Had<'_, C> {
    type Connection = C;
    type Handle<'t>
        = &'t mut C
    where
        Self: 't;

    fn ownership(&self) -> Ownership {
        match self {
            Self::Pooled(pooled) => pooled.ownership(),
            Self::Borrowed(_) => Ownership::Borrowed,
            #[cfg(feature = "ambient")]
            Self::Leased(_) => Ownership::Borrowed,
        }
    }

    fn lend(&mut self) -> &mut C {
        self.connection()
    }

    fn connection(&mut self) -> &mut C {
        match self {
            Self::Pooled(pooled) => pooled.connection(),
            Self::Borrowed(connection) => connection,
            #[cfg(feature = "ambient")]
            Self::Leased(lent) => lent.holder.connection(),
        }
    }
}
