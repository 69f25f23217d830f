//! The arguments and the answer of the statement that stores a job. It is sent with their types, so that nothing has to be
//! prepared: one message.

use ::tokio_postgres::Row as Stored;
use ::tokio_postgres::types::{ToSql, Type};

use crate::error::BoxError;
use crate::jobs::Row;

type Argument<'r> = (&'r (dyn ToSql + Sync), Type);

pub(in crate::drivers) fn arguments(row: &Row) -> [Argument<'_>; 6] {
    [
        (&row.args, Type::TEXT),
        (&row.kind, Type::TEXT),
        (&row.max_attempts, Type::INT2),
        (&row.priority, Type::INT2),
        (&row.queue, Type::TEXT),
        (&row.delay, Type::INT8),
    ]
}

/// The number of the row that was stored.
pub(in crate::drivers) fn number(stored: &[Stored]) -> Result<i64, BoxError> {
    let stored = stored.first().ok_or("the server has returned no number")?;
    Ok(stored.try_get(0)?)
}
