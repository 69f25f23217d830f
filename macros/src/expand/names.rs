//! Paths of this crate in generated code, and the lints that it would trip.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::Path;

/// Where this crate is found.
pub(crate) fn krate(renamed: Option<&Path>) -> TokenStream {
    renamed.map_or_else(
        || quote_spanned!(Span::mixed_site()=> ::commit_on_success),
        quote::ToTokens::to_token_stream,
    )
}

/// The call of a function whose bound is about what the user wrote at a place, so that it is reported there.
pub(crate) fn blamed(
    krate: &TokenStream,
    place: Span,
    function: &str,
    arguments: &TokenStream,
) -> TokenStream {
    let krate = krate.clone().into_iter().map(|mut tree: TokenTree| {
        // What the user called this crate has to be looked up where the user wrote it.
        tree.set_span(tree.span().located_at(place));
        tree
    });
    let krate: TokenStream = krate.collect();
    let function = Ident::new(function, place);
    quote_spanned!(place=> #krate::__private::#function(#arguments))
}

/// Lints that generated code would trip.
#[derive(Clone, Copy)]
pub(crate) enum Lint {
    /// A binding is `mut` because the parameter was, or because a method may need it.
    UnusedMut,
    /// A body need not use its transaction.
    UnusedVariables,
    /// `let name = name;` moves a parameter into a block that borrows the rest.
    RedundantLocals,
    /// The parameter's name may start with an underscore.
    UnderscoreBinding,
    /// A body that may run again consumes a clone of its parameter.
    NeedlessPassByValue,
}

/// The one list of `#[allow]`: on a statement of ours, and around a body only where the lint is about its parameters.
pub(crate) fn allow(lints: &[Lint]) -> TokenStream {
    let names = lints.iter().map(|lint| match lint {
        Lint::UnusedMut => quote!(unused_mut),
        Lint::UnusedVariables => quote!(unused_variables),
        Lint::NeedlessPassByValue => quote!(clippy::needless_pass_by_value),
        Lint::RedundantLocals => quote!(clippy::redundant_locals),
        Lint::UnderscoreBinding => quote!(
            clippy::used_underscore_binding,
            clippy::no_effect_underscore_binding
        ),
    });
    quote!(#[allow(#(#names),*)])
}
