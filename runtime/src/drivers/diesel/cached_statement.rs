//! Statements that diesel keeps prepared, each known to it by its type.

use ::diesel::RunQueryDsl;
use ::diesel::backend::Backend;
use ::diesel::connection::Connection;
use ::diesel::query_builder::{AstPass, QueryFragment, QueryId};
use ::diesel::result::QueryResult;

use crate::drivers::diesel_steps::CachedStatement;

struct Begin;
struct Commit;

macro_rules! statement {
    ($($name:ident),*) => {$(
        impl QueryId for $name {
            type QueryId = Self;
        }

        impl<DB: Backend> QueryFragment<DB> for $name {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
                out.push_sql(CachedStatement::$name.sql());
                Ok(())
            }
        }

        impl<C> RunQueryDsl<C> for $name {}
    )*};
}
statement!(Begin, Commit);

pub(super) fn execute(conn: &mut impl Connection, statement: CachedStatement) -> QueryResult<()> {
    match statement {
        CachedStatement::Begin => Begin.execute(conn),
        CachedStatement::Commit => Commit.execute(conn),
    }
    .map(drop)
}
