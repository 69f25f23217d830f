//! The output when something was wrong: the errors, and the code as it was, so that an editor goes on working and
//! nothing else is reported as missing.

use proc_macro2::{Group, Ident, TokenStream};
use quote::{ToTokens as _, quote};
use syn::Error;

use crate::diagnostics::Errors;
use crate::input::Function;

/// The errors beside an item that is not a function, or beside what was generated in spite of them.
pub(crate) fn beside(errors: Errors, expanded: TokenStream) -> TokenStream {
    let Some(error) = errors.into_error() else {
        return expanded;
    };
    let mut tokens = error.to_compile_error();
    tokens.extend(expanded);
    tokens
}

// Output:
//     fn update(pool: &Pool) -> bool {
//         let tx = compile_error!("expected …");
//         BODY
//     }
//
// A macro that fails has no type, so whatever the body does with `tx` is no second error.
pub(crate) fn function(
    errors: Errors,
    binding: Option<&Ident>,
    function: &Function,
) -> TokenStream {
    let Function {
        attributes,
        visibility,
        defaultness,
        signature,
        body,
    } = function;
    let mut errors = errors
        .into_error()
        .into_iter()
        .flatten()
        .map(|error| error.to_compile_error());
    let poisoned = binding.and_then(|name| {
        let error = errors.next()?;
        Some(quote!(#[allow(unused_variables)] let #name = #error;))
    });
    let inside = body.stream();
    let mut poisoned_body = Group::new(body.delimiter(), quote!(#poisoned #inside));
    poisoned_body.set_span(body.span());
    quote! {
        #(#errors)*
        #(#attributes)*
        #visibility #defaultness #signature
    }
    .into_iter()
    .chain(poisoned_body.into_token_stream())
    .collect()
}

/// The errors in place of an expression.
pub(crate) fn expression(error: &Error) -> TokenStream {
    let errors = error.into_iter().map(|error| error.to_compile_error());
    quote!({ #(#errors)* })
}
