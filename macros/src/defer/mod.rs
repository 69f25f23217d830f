//! `defer!`, `try_defer!` and `before_commit!`: what is called later, with what is evaluated now.
//!
//! `options` reads what is before the arrow, `parse` sorts the forms, `expand` writes them,
//! `unfinished` those that are still being written.

mod expand;
mod options;
pub(crate) mod parse;
mod unfinished;

use proc_macro2::TokenStream;

use crate::fallback;
use parse::Deferred;
pub(crate) use parse::Macro;

/// Expands one invocation.
pub(crate) fn expand(invoked: Macro, tokens: TokenStream) -> TokenStream {
    let parsed = parse::parse(invoked, tokens.clone());
    if matches!(parsed, Err(_) | Ok((_, Deferred::Block(_))))
        && let Some(expanded) = unfinished::expanded(invoked, tokens)
    {
        return expanded;
    }
    match parsed {
        Ok((options, deferred)) => expand::deferred(invoked, &options, &deferred),
        Err(error) => fallback::expression(&error),
    }
}
