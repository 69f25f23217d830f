//! Reading errors in tests.

use std::error::Error as _;

use commit_on_success::{Error, ErrorKind};

/// # Panics
///
/// When the error is of another kind, or of another function.
#[track_caller]
pub fn assert_kind(error: &Error, kind: ErrorKind, function: &str) {
    assert_eq!(error.kind(), kind, "{error:?}");
    assert_eq!(function_of(error), function, "{error:?}");
}

/// # Panics
///
/// When the error is another one than that of calls, as many as these, which nobody would run.
#[track_caller]
pub fn assert_not_owned(error: &Error, calls: usize) {
    assert_eq!(error.kind(), ErrorKind::NotOwned, "{error:?}");
    let said = format!(" deferred {calls} call(s) ");
    assert!(error.to_string().contains(&said), "{error:?}");
}

/// # Panics
///
/// When the error is another one than that of this option, which this database does not have.
#[track_caller]
pub fn assert_unsupported(error: &Error, option: &str, database: &str) {
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
    let said = format!(" asks for `{option}`, which {database} does not have");
    assert!(error.to_string().ends_with(&said), "{error:?}");
}

/// The name of the function that the error is of.
///
/// # Panics
///
/// When it is of none.
#[must_use]
#[track_caller]
pub fn function_of(error: &Error) -> &'static str {
    match error.site() {
        Some(site) => site.function(),
        None => panic!("of no function: {error:?}"),
    }
}

/// The cause of the error.
///
/// # Panics
///
/// When nothing did.
#[must_use]
#[track_caller]
pub fn source_of(error: &Error) -> &(dyn std::error::Error + 'static) {
    match error.source() {
        Some(source) => source,
        None => panic!("without a source: {error:?}"),
    }
}
