//! Ways to hold the connection of a [`Database`], and a pool of it.

use commit_on_success::{BoxError, Keeper};

use super::{Connection, Database, Work};

/// A pool of one connection.
#[derive(Debug)]
pub struct Pool(pub(super) Database);

impl Pool {
    pub(super) fn of(database: &Database) -> Self {
        Self(database.clone())
    }
}

/// The connection of a [`Pool`], while somebody has it.
#[derive(Debug)]
pub struct Lease(Connection);

impl Lease {
    pub(super) fn of(pool: &Pool) -> Result<Self, BoxError> {
        let mut state = pool.0.state();
        if state.leased {
            return Err("the pool is empty".into());
        }
        state.leased = true;
        state.discarded = false;
        state.disconnected = false;
        Ok(Self(pool.0.connection()))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut state = self.0.0.state();
        state.leased = false;
        let line = match (state.discarded, state.is_open()) {
            (true, _) => "close",
            (false, false) => "return",
            (false, true) => "return open",
        };
        state.log.push(line.to_owned());
        if state.discarded {
            state.clear();
        }
    }
}

/// A way to hold the connection.
pub trait Hold: Send {
    /// Whether dropping it gives the connection back.
    const OWNS: bool;

    /// Whether nobody else can hold the connection at the same time.
    const IS_EXCLUSIVE: bool = true;

    /// The connection.
    fn connection(&self) -> &Connection;

    /// The connection.
    fn connection_mut(&mut self) -> &mut Connection;

    /// Gives a transaction to a keeper.
    fn keep<K: Keeper<Work<Self>>>(work: Work<Self>, keeper: K) -> K::Kept
    where
        Self: Sized,
    {
        keeper.of_borrowed(work)
    }
}

impl Hold for &mut Connection {
    const OWNS: bool = false;

    fn connection(&self) -> &Connection {
        self
    }

    fn connection_mut(&mut self) -> &mut Connection {
        self
    }
}

impl Hold for Lease {
    const OWNS: bool = true;

    fn keep<K: Keeper<Work<Self>>>(work: Work<Self>, keeper: K) -> K::Kept {
        keeper.of_owned(work, |work| work)
    }

    fn connection(&self) -> &Connection {
        &self.0
    }

    fn connection_mut(&mut self) -> &mut Connection {
        &mut self.0
    }
}

/// The connection as several can hold it at the same time, as behind a mutex that is locked for each statement.
#[derive(Debug)]
pub struct Shared(pub(super) Database);

/// The connection of a [`Shared`], which others may hold as well.
#[derive(Debug)]
pub struct Loan(Connection);

impl Loan {
    pub(super) fn of(shared: &Shared) -> Self {
        Self(shared.0.connection())
    }
}

impl Hold for Loan {
    const OWNS: bool = false;
    const IS_EXCLUSIVE: bool = false;

    fn connection(&self) -> &Connection {
        &self.0
    }

    fn connection_mut(&mut self) -> &mut Connection {
        &mut self.0
    }
}
