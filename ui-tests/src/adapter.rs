//! The adapter of the driver: each step writes down a statement, and none fails.

use std::ops::DerefMut;

use commit_on_success::{
    Abandoned, AsyncBegin, AsyncTransaction, Begin, BoxError, CommitError, ConnectionId, Options,
    RollbackError, Savepoint, Session, Transaction, TransactionStatus,
};

use crate::{AsyncConnection, AsyncPool, Connection, Pooled};

/// Marks the sources of this driver.
#[derive(Debug)]
pub enum Fake {}

/// A transaction on a connection that is borrowed or came from a pool.
#[derive(Debug)]
pub struct FakeTransaction<C>(C);

impl<'c> Begin<Fake> for &'c mut Connection {
    type Transaction = FakeTransaction<&'c mut Connection>;

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ok(FakeTransaction(self))
    }
}

impl<'c> Begin<Fake> for &'c mut Pooled {
    type Transaction = FakeTransaction<&'c mut Connection>;

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ok(FakeTransaction(&mut self.0))
    }
}

impl Begin<Fake> for Pooled {
    type Transaction = FakeTransaction<Self>;

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ok(FakeTransaction(self))
    }
}

impl<C: DerefMut<Target = Connection>> Session for FakeTransaction<C> {
    type Handle<'t>
        = &'t mut Connection
    where
        Self: 't;

    fn handle(&mut self) -> &mut Connection {
        &mut self.0
    }

    fn connection_id(&mut self) -> ConnectionId {
        ConnectionId::of::<Connection>(&self.0)
    }

    fn status(&mut self) -> TransactionStatus {
        if self.0.open {
            TransactionStatus::Open
        } else {
            TransactionStatus::Idle
        }
    }
}

impl<C: DerefMut<Target = Connection>> FakeTransaction<C> {
    fn write(&mut self, statement: &str, open: bool) {
        self.0.log.write(statement);
        self.0.open = open;
    }
}

impl<C: DerefMut<Target = Connection>> Transaction for FakeTransaction<C> {
    fn begin(&mut self, _options: &Options) -> Result<(), BoxError> {
        self.write("BEGIN", true);
        Ok(())
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        self.write("COMMIT", false);
        Ok(())
    }

    fn rollback(&mut self) -> Result<(), RollbackError> {
        self.write("ROLLBACK", false);
        Ok(())
    }

    fn savepoint(&mut self, _savepoint: &Savepoint) -> Result<(), BoxError> {
        self.write("SAVEPOINT", true);
        Ok(())
    }

    fn release(&mut self, _savepoint: &Savepoint) -> Result<(), CommitError> {
        self.write("RELEASE", true);
        Ok(())
    }

    fn rollback_to(&mut self, _savepoint: &Savepoint) -> Result<(), RollbackError> {
        self.write("ROLLBACK TO", true);
        Ok(())
    }
}

/// A transaction on an async connection that is borrowed or came from a pool.
#[derive(Debug)]
pub struct FakeAsyncTransaction<C>(C);

impl<'c> AsyncBegin<Fake> for &'c mut AsyncConnection {
    type Transaction = FakeAsyncTransaction<&'c mut AsyncConnection>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ok(FakeAsyncTransaction(self))
    }
}

impl AsyncBegin<Fake> for &AsyncPool {
    type Transaction = FakeAsyncTransaction<Box<AsyncConnection>>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ok(FakeAsyncTransaction(Box::new(AsyncConnection(
            Connection {
                log: self.log(),
                open: false,
            },
        ))))
    }
}

impl<C: DerefMut<Target = AsyncConnection>> Session for FakeAsyncTransaction<C> {
    type Handle<'t>
        = &'t mut AsyncConnection
    where
        Self: 't;

    fn handle(&mut self) -> &mut AsyncConnection {
        &mut self.0
    }

    fn connection_id(&mut self) -> ConnectionId {
        ConnectionId::of::<AsyncConnection>(&self.0)
    }

    fn status(&mut self) -> TransactionStatus {
        if self.0.0.open {
            TransactionStatus::Open
        } else {
            TransactionStatus::Idle
        }
    }
}

impl<C: DerefMut<Target = AsyncConnection>> FakeAsyncTransaction<C> {
    fn write(&mut self, statement: &str, open: bool) {
        self.0.0.log.write(statement);
        self.0.0.open = open;
    }
}

impl<C: DerefMut<Target = AsyncConnection> + Send> AsyncTransaction for FakeAsyncTransaction<C> {
    async fn begin(&mut self, _options: &Options) -> Result<(), BoxError> {
        self.write("BEGIN", true);
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), CommitError> {
        self.write("COMMIT", false);
        Ok(())
    }

    async fn rollback(&mut self) -> Result<(), RollbackError> {
        self.write("ROLLBACK", false);
        Ok(())
    }

    async fn savepoint(&mut self, _savepoint: &Savepoint) -> Result<(), BoxError> {
        self.write("SAVEPOINT", true);
        Ok(())
    }

    async fn release(&mut self, _savepoint: &Savepoint) -> Result<(), CommitError> {
        self.write("RELEASE", true);
        Ok(())
    }

    async fn rollback_to(&mut self, _savepoint: &Savepoint) -> Result<(), RollbackError> {
        self.write("ROLLBACK TO", true);
        Ok(())
    }

    fn abandon(&mut self, _abandoned: Abandoned) {
        self.write("ROLLBACK", false);
    }
}
