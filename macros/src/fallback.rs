//! The output when something was wrong: the errors, and the code as it was, so that an editor goes on working and
//! nothing else is reported as missing.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Error, Signature};

use crate::args;
use crate::diagnostics::Errors;
use crate::expand::braced;
use crate::input::Function;
use crate::validate::{self, Binding};

/// The errors beside an item that is not a function, or beside what was generated in spite of them.
pub(crate) fn beside(errors: Errors, expanded: TokenStream) -> TokenStream {
    let Some(error) = errors.into_error() else {
        return expanded;
    };
    let mut tokens = expanded;
    tokens.extend(error.to_compile_error());
    tokens
}

// Input:
//     #[commit_on_success(conn, iso)]
//     fn update(conn: &mut Connection) { BODY }
//
// Output:
//     #[allow(unexpected_cfgs)]
//     {
//         #[cfg(rust_analyzer)]
//         {
//             enum Options { isolation, … }
//             Options::iso;
//         }
//     }
//
// A word that is neither a parameter nor an option is an error, or not yet written to its end: an editor completes it to one
// of these. It expects all that is before at the same place whatever the word, so this is the first of the body, and the errors
// stand behind the function.
pub(crate) fn offered(words: &[Ident], signature: &Signature) -> TokenStream {
    let options = args::keywords();
    let names = validate::names(signature);
    let is_unknown =
        |word: &&Ident| !names.contains(word) && !options.iter().any(|option| *word == option);
    let unknown: Vec<_> = words.iter().filter(is_unknown).collect();
    if unknown.is_empty() {
        return TokenStream::new();
    }
    let mixed = Span::mixed_site();
    let options = options.iter().filter(|option| **option != "crate");
    let options = options.map(|option| Ident::new(option, mixed));
    quote_spanned! {mixed=>
        #[allow(unexpected_cfgs)]
        {
            #[cfg(rust_analyzer)]
            {
                enum Options { #(#options),* }
                #(Options::#unknown;)*
            }
        }
    }
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
    binding: Option<&Binding>,
    offered: &TokenStream,
    function: &Function,
) -> TokenStream {
    let Function {
        attributes,
        visibility,
        defaultness,
        signature,
        inner,
        body,
    } = function;
    let mut errors = errors
        .into_error()
        .into_iter()
        .flatten()
        .map(|error| error.to_compile_error());
    // Of an attribute that is on a statement, the lint does not take notice.
    let allow =
        matches!(binding, Some(Binding::Parameter(_))).then(|| quote!(#[allow(unexpected_cfgs)]));
    let poisoned = binding.and_then(|binding| Some(poisoned(binding, &errors.next()?)));
    let inside = body.stream();
    let poisoned_body = braced(body, quote!(#inner #offered #poisoned #inside));
    quote! {
        #(#attributes)*
        #allow
        #visibility #defaultness #signature #poisoned_body
        #(#errors)*
    }
}

// Output:
//     #[cfg(rust_analyzer)]
//     {
//         compile_error!("expected …");
//     }
//     #[cfg(not(rust_analyzer))]
//     let conn = compile_error!("expected …");
//
// An editor could not offer the methods of what has no type. A parameter has one while the rest of its function is still to be
// written.
fn poisoned(binding: &Binding, error: &TokenStream) -> TokenStream {
    let name = match binding {
        Binding::Parameter(name) | Binding::New(name) => name,
    };
    let poisoned = quote!(#[allow(unused_variables)] let #name = #error;);
    match binding {
        Binding::New(_) => poisoned,
        Binding::Parameter(_) => quote! {
            #[cfg(rust_analyzer)]
            { #error }
            #[cfg(not(rust_analyzer))]
            #poisoned
        },
    }
}

/// The errors in place of an expression.
pub(crate) fn expression(error: &Error) -> TokenStream {
    let errors = error.into_iter().map(|error| error.to_compile_error());
    quote!({ #(#errors)* })
}
