//! The statement that stores a job, for diesel and diesel-async.

use std::marker::PhantomData;

use ::diesel::backend::Backend;
use ::diesel::deserialize::{self, FromSql, QueryableByName};
use ::diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use ::diesel::row::NamedRow;
use ::diesel::serialize::ToSql;
use ::diesel::sql_query;
use ::diesel::sql_types::{BigInt, HasSqlType, SmallInt, Text};

use super::Database;
use crate::drivers::dialect::jobs;
use crate::error::BoxError;
use crate::jobs::{Row, Unsupported};

/// The number of a row that was stored.
#[derive(Debug)]
pub struct Number(pub(in crate::drivers) i64);

impl<DB: Backend> QueryableByName<DB> for Number
where
    i64: FromSql<BigInt, DB>,
{
    fn build<'a>(row: &impl NamedRow<'a, DB>) -> deserialize::Result<Self> {
        NamedRow::get::<BigInt, i64>(row, "id").map(Self)
    }
}

/// The statement, on a backend of diesel.
pub(in crate::drivers) type Statement<DB> = BoxedSqlQuery<'static, DB, SqlQuery>;

/// A backend of diesel whose statements can store jobs.
pub trait Stores: Backend + 'static {
    /// The statement for a row.
    ///
    /// # Errors
    ///
    /// When the database is none that has jobs.
    fn statement(row: Row) -> Result<Statement<Self>, BoxError>;
}

#[diagnostic::do_not_recommend]
impl<DB> Stores for DB
where
    DB: Backend + HasSqlType<Text> + HasSqlType<SmallInt> + HasSqlType<BigInt> + 'static,
    String: ToSql<Text, DB>,
    &'static str: ToSql<Text, DB>,
    i16: ToSql<SmallInt, DB>,
    i64: ToSql<BigInt, DB>,
{
    fn statement(row: Row) -> Result<Statement<DB>, BoxError> {
        let insert = match Database::of::<DB>()? {
            Database::PostgreSql => jobs::POSTGRESQL,
            Database::Sqlite => jobs::SQLITE,
            Database::MySql => return Err(Unsupported("MySQL").into()),
            Database::Other => return Err(Unsupported("this one").into()),
        };
        Ok(sql_query(insert)
            .into_boxed()
            .bind::<Text, _>(row.args)
            .bind::<Text, _>(row.kind)
            .bind::<SmallInt, _>(row.max_attempts)
            .bind::<SmallInt, _>(row.priority)
            .bind::<Text, _>(row.queue)
            .bind::<BigInt, _>(row.delay))
    }
}

/// A connection of diesel or diesel-async that jobs are stored by.
#[derive(Debug)]
pub struct ByDriver<'c, D, C> {
    pub(in crate::drivers) connection: &'c mut C,
    driver: PhantomData<D>,
}

impl<'c, D, C> ByDriver<'c, D, C> {
    pub(in crate::drivers) fn new(connection: &'c mut C) -> Self {
        Self {
            connection,
            driver: PhantomData,
        }
    }
}
