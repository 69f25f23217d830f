//! The pools that a handle can be made of.

use std::future::Future;
use std::time::Duration;

use crate::error::BoxError;
use crate::transaction::AsyncTransaction;

/// The time in which a connection has to be had of a pool that does not say how long it waits, as it is that of most by default.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A pool that a handle can be made of.
pub trait Pool: Clone + Send + Sync + 'static {
    /// The transaction that the pool leads to.
    type Transaction: AsyncTransaction + 'static;

    /// The databases of which a connection may be from this pool, if nobody knows where it is from.
    type Database: 'static;

    /// What the transaction knows of the block whose steps it does, as far as that is another for each of several blocks on it.
    type Steps: Send + 'static;

    /// The steps of a block inside of the transaction.
    fn steps(transaction: &Self::Transaction) -> Self::Steps;

    /// Exchanges the block whose steps are done.
    fn swap(transaction: &mut Self::Transaction, steps: &mut Self::Steps);

    /// The address that stands for the pool and all of its clones; `None` where the driver shows none.
    fn address(&self) -> Option<usize>;

    /// The time in which a connection has to be had.
    fn patience(&self) -> Duration;

    /// Takes a connection from the pool.
    fn acquire(&self) -> impl Future<Output = Result<Self::Transaction, BoxError>> + Send;
}

/// A pool whose connections can be leased.
pub trait Leasable: Pool {
    /// The connection.
    type Connection: ?Sized;

    /// Leads to the connection.
    fn connection(transaction: &Self::Transaction) -> &Self::Connection;

    /// Leads to the connection.
    fn connection_mut(transaction: &mut Self::Transaction) -> &mut Self::Connection;
}
