//! What is asked after something has failed.

use ::diesel::result::{Error as DieselError, QueryResult};

/// Answered by a server that is there, unless a transaction of PostgreSQL is open and has failed.
pub(super) const PING: &str = "SELECT 1";

/// Whether a statement that is sent again fails as before. Two of its errors have the same text, in
/// whatever language the server speaks.
pub(super) fn is_same(error: &DieselError, again: &QueryResult<()>) -> bool {
    match (error, again) {
        (
            DieselError::DatabaseError(kind, said),
            Err(DieselError::DatabaseError(kind_again, said_again)),
        ) => kind == kind_again && said.message() == said_again.message(),
        _ => false,
    }
}
