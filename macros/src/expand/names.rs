//! Paths of this crate in generated code, and the lints that it would trip.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Path, Token};

/// The path to this crate. It is not kept as a stream: to put one into another takes a compiler longer than to write it.
#[derive(Clone, Copy)]
pub(crate) struct Krate<'p> {
    renamed: Option<&'p Path>,
    place: Option<Span>,
}

impl<'p> Krate<'p> {
    pub(crate) const fn new(renamed: Option<&'p Path>) -> Self {
        Self {
            renamed,
            place: None,
        }
    }
}

impl ToTokens for Krate<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match (self.renamed, self.place) {
            (None, place) => {
                let mixed = Span::mixed_site();
                let place = place.map_or(mixed, |place| mixed.located_at(place));
                Token![::](place).to_tokens(tokens);
                Ident::new("commit_on_success", place).to_tokens(tokens);
            }
            (Some(path), None) => path.to_tokens(tokens),
            (Some(path), Some(place)) => {
                let path = path.to_token_stream().into_iter();
                tokens.extend(path.map(|mut tree: TokenTree| {
                    // The user's name for this crate has to be looked up where the user wrote it.
                    tree.set_span(tree.span().located_at(place));
                    tree
                }));
            }
        }
    }
}

/// A function whose bound is about what the user wrote at a place, so that it is reported there.
pub(crate) fn blamed(krate: Krate<'_>, place: Span, function: &str) -> TokenStream {
    let krate = Krate {
        place: Some(place),
        ..krate
    };
    let function = Ident::new(function, place);
    quote_spanned!(place=> #krate::__private::#function)
}

/// Lints that generated code would trip.
#[derive(Clone, Copy)]
pub(crate) enum Lint {
    /// A binding is `mut` because a method may need it.
    UnusedMut,
    /// The connection has the same name inside of a body as its source outside.
    ShadowUnrelated,
    /// A parameter is moved into a body under its own name.
    ShadowSame,
    /// A clone of a parameter has its name.
    ShadowReuse,
    /// The parameter's name may start with an underscore.
    UnderscoreBinding,
}

/// The one list of `#[allow]`: on a statement of ours, and around a body only where the lint is about its parameters.
pub(crate) fn allow(lints: &[Lint]) -> TokenStream {
    let names = lints.iter().map(|lint| match lint {
        Lint::UnusedMut => quote!(unused_mut),
        Lint::ShadowUnrelated => quote!(clippy::shadow_unrelated),
        Lint::ShadowSame => quote!(clippy::shadow_same),
        Lint::ShadowReuse => quote!(clippy::shadow_reuse),
        Lint::UnderscoreBinding => quote!(
            clippy::used_underscore_binding,
            clippy::no_effect_underscore_binding
        ),
    });
    quote!(#[allow(#(#names),*)])
}
