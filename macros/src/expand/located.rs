//! Tokens that stand where the user wrote others.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::quote_spanned;

use crate::plan::{Flavour, Plan};

/// Braces around something else, at the place of those that the user wrote: a function ends where its body does.
pub(crate) fn braced(written: &Group, inside: TokenStream) -> Group {
    let mut group = Group::new(Delimiter::Brace, inside);
    group.set_span(written.span());
    group
}

/// Delimiters that messages about what is inside are located at. A name would do, but an editor asks what is behind each
/// name at a place.
pub(crate) fn delimited(delimiter: Delimiter, place: Span, inside: TokenStream) -> Group {
    let mut group = Group::new(delimiter, inside);
    group.set_span(Span::mixed_site().located_at(place));
    group
}

/// A call that messages about its arguments are located at.
pub(crate) fn call(place: Span, function: TokenStream, arguments: TokenStream) -> TokenStream {
    let function = delimited(Delimiter::Parenthesis, place, function);
    let arguments = delimited(Delimiter::Parenthesis, place, arguments);
    quote_spanned!(Span::mixed_site()=> #function #arguments)
}

/// The `.await` of an async block, where the user's own is if that is what makes it async.
pub(super) fn wait(plan: &Plan) -> Option<TokenStream> {
    let place = Span::mixed_site().located_at(plan.wait.unwrap_or_else(Span::mixed_site));
    (plan.flavour == Flavour::Async).then(|| quote_spanned!(place=> .await))
}
