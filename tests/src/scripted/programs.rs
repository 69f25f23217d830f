//! One transaction with one nested in it, as annotated functions.
//!
//! The outer block writes row 1, calls the inner one, which writes row 2, keeps what that returns to
//! itself, and writes row 3. Each row comes with a deferred call, which notes `call 1`, and so on.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use commit_on_success::{Error, commit_on_success, defer, set_rollback};

use super::{AppError, Connection, Database, Pool};
use crate::polling::complete;

/// The end of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// With `Ok`.
    Ok,
    /// With `Ok`, after a call of `set_rollback`.
    SetRollback,
    /// With an error.
    Err,
    /// With a panic.
    Panic,
}

impl End {
    /// Ends the body that it is called at the end of.
    ///
    /// # Errors
    ///
    /// With the text, where that is the end.
    ///
    /// # Panics
    ///
    /// With the text as the payload, where that is the end.
    pub fn now(self, body: &'static str) -> Result<(), AppError> {
        match self {
            Self::Ok => Ok(()),
            Self::SetRollback => Ok(set_rollback()?),
            Self::Err => Err(AppError::Body(body)),
            // Unwinds as a panic does, but without a message on standard error.
            Self::Panic => resume_unwind(Box::new(body)),
        }
    }
}

/// Whether the functions are async.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no third")]
pub enum Flavour {
    /// They are not.
    Sync,
    /// They are.
    Async,
}

impl Flavour {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sync, Self::Async];

    /// Runs a body in a function of that form, on a connection. It is called `body`, or `body_later`.
    ///
    /// # Errors
    ///
    /// Those of the function.
    pub fn run(
        self,
        database: &Database,
        content: impl FnOnce(&Database) -> Result<(), AppError> + Send,
    ) -> Result<(), AppError> {
        let mut connection = database.connection();
        match self {
            Self::Sync => body(&mut connection, content),
            Self::Async => complete(body_later(&mut connection, content)),
        }
    }
}

#[commit_on_success]
fn body(
    connection: &mut Connection,
    content: impl FnOnce(&Database) -> Result<(), AppError>,
) -> Result<(), AppError> {
    content(connection.database())
}

#[commit_on_success]
async fn body_later(
    connection: &mut Connection,
    content: impl FnOnce(&Database) -> Result<(), AppError> + Send,
) -> Result<(), AppError> {
    content(connection.database())
}

/// The source of the outer block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// On `&mut Connection`.
    Connection,
    /// On `&Pool`.
    Pool,
}

/// The ends of the two bodies.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Program {
    inner: Option<End>,
    outer: End,
}

/// The end of a program.
#[derive(Debug)]
#[non_exhaustive]
pub enum Ended {
    /// With `Ok`, and what the inner block returned.
    Ok(Result<(), AppError>),
    /// With an error.
    Err(AppError),
    /// With a panic whose payload was a text.
    Panicked(String),
}

impl Ended {
    /// The toolkit's error that the outer block returned.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::Err(AppError::Transaction(error)) => Some(error),
            _ => None,
        }
    }

    /// The toolkit's error that the inner block returned, when the outer one succeeded.
    #[must_use]
    pub fn inner(&self) -> Option<&Error> {
        match self {
            Self::Ok(Err(AppError::Transaction(error))) => Some(error),
            _ => None,
        }
    }

    /// Whether outer and inner block returned `Ok`.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        matches!(self, Self::Ok(Ok(())))
    }
}

impl Program {
    /// Without an inner block.
    #[must_use]
    pub fn flat(outer: End) -> Self {
        Self { inner: None, outer }
    }

    /// With an inner block.
    #[must_use]
    pub fn nested(inner: End, outer: End) -> Self {
        Self {
            inner: Some(inner),
            outer,
        }
    }

    /// Runs it.
    #[must_use]
    pub fn run(self, flavour: Flavour, place: Place, database: &Database) -> Ended {
        let (mut connection, pool) = (database.connection(), database.pool());
        let ended = catch_unwind(AssertUnwindSafe(|| match (flavour, place) {
            (Flavour::Sync, Place::Connection) => on_connection(&mut connection, self),
            (Flavour::Sync, Place::Pool) => on_pool(&pool, self),
            (Flavour::Async, Place::Connection) => {
                complete(on_connection_later(&mut connection, self))
            }
            (Flavour::Async, Place::Pool) => complete(on_pool_later(&pool, self)),
        }));
        match ended {
            Ok(Ok(inner)) => Ended::Ok(inner),
            Ok(Err(error)) => Ended::Err(error),
            Err(payload) => Ended::Panicked(
                payload
                    .downcast_ref::<&str>()
                    .map(|text| (*text).to_owned())
                    .or_else(|| payload.downcast_ref::<String>().cloned())
                    .unwrap_or_default(),
            ),
        }
    }

    /// Its future, on the pool.
    ///
    /// # Errors
    ///
    /// Those of the outer block.
    pub async fn future(self, pool: &Pool) -> Result<Result<(), AppError>, AppError> {
        on_pool_later(pool, self).await
    }
}

type Nested = Result<(), AppError>;

#[commit_on_success]
fn on_connection(connection: &mut Connection, program: Program) -> Result<Nested, AppError> {
    outer(connection, program)
}

#[commit_on_success(connection = pool)]
fn on_pool(pool: &Pool, program: Program) -> Result<Nested, AppError> {
    outer(connection, program)
}

fn outer(connection: &mut Connection, program: Program) -> Result<Nested, AppError> {
    connection.insert(1)?;
    defer!(connection.database().clone().note("call 1"));
    let nested = program.inner.map_or(Ok(()), |end| inner(connection, end));
    connection.insert(3)?;
    defer!(connection.database().clone().note("call 3"));
    program.outer.now("outer body")?;
    Ok(nested)
}

#[commit_on_success]
fn inner(connection: &mut Connection, end: End) -> Result<(), AppError> {
    connection.insert(2)?;
    defer!(connection.database().clone().note("call 2"));
    end.now("inner body")
}

#[commit_on_success]
async fn on_connection_later(
    connection: &mut Connection,
    program: Program,
) -> Result<Nested, AppError> {
    outer_later(connection, program).await
}

#[commit_on_success(connection = pool)]
async fn on_pool_later(pool: &Pool, program: Program) -> Result<Nested, AppError> {
    outer_later(connection, program).await
}

async fn outer_later(connection: &mut Connection, program: Program) -> Result<Nested, AppError> {
    connection.insert_later(1).await?;
    defer!(connection.database().clone().note("call 1"));
    let nested = match program.inner {
        Some(end) => inner_later(connection, end).await,
        None => Ok(()),
    };
    connection.insert_later(3).await?;
    defer!(connection.database().clone().note_later("call 3").await);
    program.outer.now("outer body")?;
    Ok(nested)
}

#[commit_on_success]
async fn inner_later(connection: &mut Connection, end: End) -> Result<(), AppError> {
    connection.insert_later(2).await?;
    defer!(connection.database().clone().note_later("call 2").await);
    end.now("inner body")
}
