//! Tests of the stages up to the plan; what is generated is tested where it is compiled.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod args;
mod deferred;
mod fuzz;
mod input;
mod settings;
mod tokens;
mod validate;

use crate::diagnostics::Errors;

/// The messages, in order.
fn messages(errors: Errors) -> Vec<String> {
    let errors = errors.into_error().into_iter().flatten();
    errors.map(|error| error.to_string()).collect()
}
