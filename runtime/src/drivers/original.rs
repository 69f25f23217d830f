//! The driver's own error, in an error of this crate and the other way round.
#![allow(dead_code, reason = "each driver needs its part")]

use crate::error::{BesideOpen, BoxError, Error};

/// The driver's own error, where it alone tells the whole story: the block did not commit, and
/// this is why.
pub(super) fn original<E: std::error::Error + 'static>(error: Error) -> Result<E, Error> {
    match error {
        Error::Begin { function, source } => {
            downcast(source).map_err(|source| Error::Begin { function, source })
        }
        Error::NestedBegin { function, source } => {
            downcast(source).map_err(|source| Error::NestedBegin { function, source })
        }
        Error::Commit { function, source } => {
            downcast(source).map_err(|source| Error::Commit { function, source })
        }
        other => Err(other),
    }
}

fn downcast<E: std::error::Error + 'static>(error: BoxError) -> Result<E, BoxError> {
    match error.downcast::<BesideOpen>() {
        Ok(beside) if beside.source.is::<E>() => downcast(beside.source),
        Ok(beside) => Err(beside),
        Err(error) => error.downcast().map(|error| *error),
    }
}
