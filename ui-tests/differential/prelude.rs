//! What cases are made of.

pub use std::borrow::Cow;
pub use std::collections::{BTreeMap, HashMap};
pub use std::fmt::{self, Debug, Display};
pub use std::future::Future;
pub use std::pin::Pin;
pub use std::rc::Rc;
pub use std::sync::{Arc, Mutex};

pub use commit_on_success::{
    Error as TransactionError, Owned, commit_on_success, defer, transaction, try_defer,
};
pub use commit_on_success_ui_tests::{
    AsyncConnection, AsyncPool, Connection, DbError, Pool, Pooled,
};

pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
pub type Done<T = ()> = Result<T, DbError>;

/// An error of an application.
#[derive(Debug)]
pub struct AppError(String);

impl AppError {
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Display for AppError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for AppError {}

impl From<TransactionError> for AppError {
    fn from(error: TransactionError) -> Self {
        Self(error.to_string())
    }
}

impl From<DbError> for AppError {
    fn from(error: DbError) -> Self {
        Self(error.to_string())
    }
}

/// A row.
#[derive(Clone, Debug, Default)]
pub struct Order {
    pub id: i64,
    pub title: String,
    pub lines: Vec<u32>,
}

impl Order {
    pub fn send(self) {}
    pub fn total(&self) -> u32 {
        self.lines.iter().sum()
    }
}

/// A value that cannot be copied or cloned.
#[derive(Debug)]
pub struct Once(pub u8);

pub fn send(_order: Order) {}
pub fn index(_id: i64) {}
pub fn name(_name: String) {}
pub fn use_once(_once: Once) {}
pub fn borrow(_order: &Order) {}
pub fn fallible(_id: i64) -> Result<(), AppError> {
    Ok(())
}
pub async fn send_later(_order: Order) {}
pub async fn index_later(_id: i64) -> Result<(), AppError> {
    Ok(())
}
pub async fn wait() {}

#[must_use]
pub fn important() -> u8 {
    3
}

#[deprecated]
pub fn old() {}

/// A store that owns or has borrowed its connections.
#[derive(Debug, Default)]
pub struct Store {
    pub conn: Connection,
    pub later: AsyncConnection,
    pub pool: Pool,
    pub count: usize,
    pub title: String,
}
