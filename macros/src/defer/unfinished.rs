//! A call with a name that is still missing behind a dot, as it is while somebody writes it.
//!
//! An editor expects what is before the dot at the place where it will be once there is a name, so the call is expanded as if
//! there was one: that of a method, of a trait which is implemented for everything.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote_spanned};
use syn::Error;

use super::expand;
use super::parse::{self, Callee, Deferred, Macro};
use crate::diagnostics;
use crate::tokens::is_punct;

/// Expands a call in which a name is missing, if it is one whatever the name.
pub(super) fn expanded(invoked: Macro, tokens: TokenStream) -> Option<TokenStream> {
    let error = diagnostics::missing_name(bare_dot(tokens.clone())?);
    let (options, mut deferred) = parse::parse(invoked, completed(tokens)).ok()?;
    let (Deferred::Call(call) | Deferred::AwaitedCall(call, _)) = &mut deferred else {
        return None;
    };
    if matches!(&call.callee, Callee::Method { name, .. } if *name == missing()) {
        return None;
    }
    call.unfinished = Some(error);
    Some(expand::deferred(invoked, &options, &deferred))
}

fn missing() -> Ident {
    Ident::new("__missing", Span::mixed_site())
}

/// The first dot that has no name behind it.
fn bare_dot(tokens: TokenStream) -> Option<Span> {
    let trees: Vec<_> = tokens.into_iter().collect();
    trees
        .iter()
        .enumerate()
        .find_map(|(index, tree)| match tree {
            TokenTree::Group(group) => bare_dot(group.stream()),
            other => is_bare_dot(&trees, index).then(|| other.span()),
        })
}

/// Whether that token is a dot, not of a range, with nothing behind it.
fn is_bare_dot(trees: &[TokenTree], index: usize) -> bool {
    let before = index.checked_sub(1).and_then(|before| trees.get(before));
    let behind = trees.get(index + 1);
    is_punct(trees.get(index), '.')
        && !is_punct(before, '.')
        && behind.is_none_or(|behind| is_punct(Some(behind), ','))
}

/// The tokens with a name behind each dot that has none.
fn completed(tokens: TokenStream) -> TokenStream {
    let trees: Vec<_> = tokens.into_iter().collect();
    let name = missing();
    let completed = trees.iter().enumerate().map(|(index, tree)| match tree {
        TokenTree::Group(group) => {
            let mut completed = Group::new(group.delimiter(), completed(group.stream()));
            completed.set_span(group.span());
            TokenTree::from(completed).into()
        }
        dot if is_bare_dot(&trees, index) => {
            quote_spanned!(Span::mixed_site()=> #dot #name())
        }
        other => other.to_token_stream(),
    });
    completed.collect()
}

// Output:
//     trait Missing {
//         fn __missing(&self) -> [(); compile_error!("expected …")] { loop {} }
//     }
//     impl<T: ?Sized> Missing for T {}
//
// Where a macro fails in it, a type is none, so whatever is done with the value is no second error.
pub(super) fn beside(error: &Error) -> TokenStream {
    let (error, missing) = (error.to_compile_error(), missing());
    quote_spanned! {Span::mixed_site()=>
        trait Missing {
            fn #missing(&self) -> [(); #error] { loop {} }
        }
        impl<T: ?Sized> Missing for T {}
    }
}
