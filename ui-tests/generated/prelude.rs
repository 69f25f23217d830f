// The types and functions that generated functions are made of. They are compiled together, and see all of it.

pub use std::fmt::Display;
pub use std::future::Future;
pub use std::pin::Pin;

pub use commit_on_success::{Error as TransactionError, commit_on_success, defer, try_defer};
pub use commit_on_success_ui_tests::{AsyncConnection, AsyncPool, Connection, DbError, Pool, Pooled};

pub type Done<T, E = DbError> = Result<T, E>;
pub type Conn<'c> = &'c mut Connection;
pub type AsyncConn<'c> = &'c mut AsyncConnection;

macro_rules! twice {
    ($value:expr) => {
        $value + $value
    };
}
macro_rules! done {
    ($value:ty, $error:ty) => { ::core::result::Result<$value, $error> };
}
pub(crate) use {done, twice};

pub struct State<T>(pub T);

pub struct Query {
    pub id: i64,
    pub title: String,
}

#[derive(Debug)]
pub enum AppError {
    Db(DbError),
    Transaction(TransactionError),
    Other,
}

impl From<DbError> for AppError {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl From<TransactionError> for AppError {
    fn from(error: TransactionError) -> Self {
        Self::Transaction(error)
    }
}

#[derive(Default)]
pub struct Borrowing<'p>(pub Option<&'p str>);

impl From<DbError> for Borrowing<'_> {
    fn from(_: DbError) -> Self {
        Self(None)
    }
}

impl From<TransactionError> for Borrowing<'_> {
    fn from(_: TransactionError) -> Self {
        Self(None)
    }
}

pub struct Object {
    pub title: String,
    pub count: i64,
    pub ints: Vec<i64>,
    pub conn: Connection,
    pub async_conn: AsyncConnection,
    pub pool: Pool,
    pub async_pool: AsyncPool,
}

pub struct Lent<'c> {
    pub title: String,
    pub count: i64,
    pub ints: Vec<i64>,
    pub conn: &'c mut Connection,
    pub async_conn: &'c mut AsyncConnection,
}

pub trait Named {
    fn title(&self) -> &str;
    fn count(&self) -> i64;
}

pub fn opened(_: &AsyncPool) -> AsyncConnection {
    AsyncConnection::default()
}

pub fn failure() -> TransactionError {
    unimplemented!("nothing here is run")
}

pub fn note(value: impl Display) {
    drop(value.to_string());
}

pub async fn note_later(value: i64) {
    std::future::ready(note(value)).await;
}

pub fn double(value: i64) -> i64 {
    value * 2
}

pub async fn double_later(value: i64) -> i64 {
    std::future::ready(value * 2).await
}

/// # Safety
///
/// None is needed.
pub unsafe fn danger(value: i64) -> i64 {
    value
}

pub fn shorter(conn: &mut Connection) -> &mut Connection {
    conn
}

pub fn shorter_async(conn: &mut AsyncConnection) -> &mut AsyncConnection {
    conn
}

pub fn statement(conn: &mut Connection, text: &str) -> Result<usize, DbError> {
    conn.execute(text)
}

pub async fn statement_async(conn: &mut AsyncConnection, text: &str) -> Result<usize, DbError> {
    conn.execute(text).await
}

pub fn needs_copy<T: Copy>(_: T) {}

pub fn spares<E>(_: &E) -> bool {
    false
}

/// A connection that is borrowed until the end, as one in a transaction is.
pub struct Held<'c, C>(&'c mut C);

pub fn hold<C>(conn: &mut C) -> Held<'_, C> {
    Held(conn)
}

impl<C> Held<'_, C> {
    pub fn lend(&mut self) -> &mut C {
        self.0
    }
}

impl<C> Drop for Held<'_, C> {
    fn drop(&mut self) {}
}
