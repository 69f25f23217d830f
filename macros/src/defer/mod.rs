//! `defer!` and `try_defer!`: what is called later, with what is evaluated now.
//!
//! `parse` sorts the forms, `expand` writes them.

mod expand;
pub(crate) mod parse;

use proc_macro2::TokenStream;

use crate::fallback;

/// Which of the two macros it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Macro {
    Defer,
    TryDefer,
}

impl Macro {
    const fn name(self) -> &'static str {
        match self {
            Self::Defer => "defer",
            Self::TryDefer => "try_defer",
        }
    }
}

/// Expands one invocation.
pub(crate) fn expand(invoked: Macro, tokens: TokenStream) -> TokenStream {
    match parse::parse(invoked, tokens) {
        Ok((krate, deferred)) => expand::deferred(invoked, krate.as_ref(), &deferred),
        Err(error) => fallback::expression(&error),
    }
}
