//! How each kind of source leads to its connection.

use ::diesel_async::AsyncConnection;

/// How a source leads to its connection.
pub trait Hold: Send {
    /// The connection.
    type Connection: AsyncConnection;

    /// What the body sees.
    type Handle<'t>
    where
        Self: 't;

    /// Whether dropping the source gives the connection back.
    const OWNS: bool;

    /// Lends the connection to the body.
    fn lend(&mut self) -> Self::Handle<'_>;

    /// The connection itself.
    fn connection(&mut self) -> &mut Self::Connection;

    /// Keeps an owned connection from its next user.
    fn close(&mut self) {}
}

impl<'c, C: AsyncConnection> Hold for &'c mut C {
    type Connection = C;
    type Handle<'t>
        = &'t mut C
    where
        'c: 't;

    const OWNS: bool = false;

    fn lend(&mut self) -> &mut C {
        self
    }

    fn connection(&mut self) -> &mut C {
        self
    }
}
