//! The macros of `commit_on_success`. Use them through that crate, which documents them.

mod args;
mod block;
mod defer;
mod diagnostics;
mod expand;
mod fallback;
mod input;
mod plan;
mod tokens;
mod validate;

#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Runs a function in a transaction that commits when it returns `Ok`, and rolls back otherwise.
///
/// Documented where it is exported, in `commit_on_success`.
#[proc_macro_attribute]
pub fn commit_on_success(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute(args.into(), item.into()).into()
}

/// Runs a call after the open transaction has committed.
///
/// Documented where it is exported, in `commit_on_success`.
#[proc_macro]
pub fn defer(tokens: TokenStream) -> TokenStream {
    defer::expand(defer::Macro::Defer, tokens.into()).into()
}

/// Runs a call after the open transaction has committed, and fails if there is none.
///
/// Documented where it is exported, in `commit_on_success`.
#[proc_macro]
pub fn try_defer(tokens: TokenStream) -> TokenStream {
    defer::expand(defer::Macro::TryDefer, tokens.into()).into()
}

/// Runs a call in the open transaction, before it commits.
///
/// Documented where it is exported, in `commit_on_success`.
#[proc_macro]
pub fn before_commit(tokens: TokenStream) -> TokenStream {
    defer::expand(defer::Macro::BeforeCommit, tokens.into()).into()
}

/// Runs a block in a transaction that commits when it evaluates to `Ok`, and rolls back otherwise.
///
/// Documented where it is exported, in `commit_on_success`.
#[proc_macro]
pub fn transaction(tokens: TokenStream) -> TokenStream {
    block::expand(tokens.into()).into()
}

/// The stages in order.
fn attribute(
    args: proc_macro2::TokenStream,
    item: proc_macro2::TokenStream,
) -> proc_macro2::TokenStream {
    let words = args::words(args.clone());
    let (mut args, mut errors) = args::parse(args);
    let function = match input::parse(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            errors.push(error);
            return fallback::beside(errors, item);
        }
    };
    let offered = fallback::offered(&words, &function.signature);
    validate::prefer_parameter(&mut args, &function.signature);
    let binding = validate::binding(&args.source, &function.signature);
    let valid = match args.source {
        args::Source::Malformed => None,
        _ => errors.keep(validate::validate(args, &function)),
    };
    match valid {
        Some(mut valid) => {
            valid.plan.begin_body_with(offered);
            fallback::beside(errors, expand::function(&function, &valid))
        }
        None => fallback::function(errors, binding.as_ref(), &offered, &function),
    }
}
