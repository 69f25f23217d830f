//! Paths of this crate in generated code, and the lints that it would trip.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Path, Token};

/// The path to this crate. It is not kept as a stream: to put one into another takes a compiler longer than to write it.
#[derive(Clone, Copy)]
pub(crate) struct Krate<'p> {
    renamed: Option<&'p Path>,
}

impl<'p> Krate<'p> {
    pub(crate) const fn new(renamed: Option<&'p Path>) -> Self {
        Self { renamed }
    }
}

impl ToTokens for Krate<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self.renamed {
            None => {
                let mixed = Span::mixed_site();
                Token![::](mixed).to_tokens(tokens);
                Ident::new("commit_on_success", mixed).to_tokens(tokens);
            }
            Some(path) => path.to_tokens(tokens),
        }
    }
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
