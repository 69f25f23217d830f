//! `defer!` and `try_defer!`: what is called later, with what is evaluated now.
//!
//! `parse` sorts the forms, `expand` writes them.

mod expand;
pub(crate) mod parse;

use proc_macro2::TokenStream;

use crate::fallback;
pub(crate) use parse::Macro;

/// Expands one invocation.
pub(crate) fn expand(invoked: Macro, tokens: TokenStream) -> TokenStream {
    match parse::parse(invoked, tokens) {
        Ok((krate, deferred)) => expand::deferred(invoked, krate.as_ref(), &deferred),
        Err(error) => fallback::expression(&error),
    }
}
