//! `defer!` and `try_defer!`: what is called later, with what is evaluated now.
//!
//! `options` reads what is before the arrow, `parse` sorts the forms, `expand` writes them.

mod expand;
mod options;
pub(crate) mod parse;

use proc_macro2::TokenStream;

use crate::fallback;
pub(crate) use parse::Macro;

/// Expands one invocation.
pub(crate) fn expand(invoked: Macro, tokens: TokenStream) -> TokenStream {
    match parse::parse(invoked, tokens) {
        Ok((options, deferred)) => expand::deferred(invoked, &options, &deferred),
        Err(error) => fallback::expression(&error),
    }
}
