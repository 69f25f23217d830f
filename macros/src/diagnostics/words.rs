//! Words for tokens and names in messages.

use std::fmt::Display;

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::ParseStream;
use syn::{Error, Token};

/// The next token as a reader would name it, and where it is.
pub(super) fn found(input: ParseStream<'_>) -> (Span, String) {
    let name = match input.fork().parse::<TokenTree>() {
        Err(_) => "nothing".to_owned(),
        Ok(TokenTree::Group(group)) => match group.delimiter() {
            Delimiter::Parenthesis => "`(…)`".to_owned(),
            Delimiter::Brace => "`{ … }`".to_owned(),
            Delimiter::Bracket => "`[…]`".to_owned(),
            Delimiter::None => format!("`{group}`"),
        },
        Ok(token) => format!("`{token}`"),
    };
    (input.span(), name)
}

/// The counterpart of [`found`] for a value: one that is missing is reported at the `=` before it, not at the comma after.
pub(super) fn found_after(equals: Token![=], input: ParseStream<'_>) -> (Span, String) {
    if input.is_empty() || input.peek(Token![,]) || input.peek(Token![=>]) {
        (equals.span, "nothing".to_owned())
    } else {
        found(input)
    }
}

/// An option and its value.
pub(crate) fn assignment(keyword: &Ident, value: &TokenStream) -> String {
    format!("{keyword} = {}", compact(value))
}

/// `` `a`, `b` `` for a message.
pub(super) fn listed<T: Display>(names: impl IntoIterator<Item = T>) -> String {
    let quoted: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// The known name that is a slip of the finger away.
pub(crate) fn closest<'known>(written: &str, known: &[&'known str]) -> Option<&'known str> {
    let reachable = |name: &&&str| distance(written, name) <= name.len().div_ceil(3);
    known
        .iter()
        .filter(reachable)
        .min_by_key(|name| distance(written, name))
        .copied()
}

/// The Levenshtein distance: characters to add, remove or replace to get from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (line, left) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, right) in to.chars().enumerate() {
            let replaced = diagonal + usize::from(left != right);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row.pop().unwrap_or_default()
}

/// Tokens as they are usually written: a type or a path without blanks around its punctuation.
pub(super) fn compact(tokens: &TokenStream) -> String {
    let spaced = tokens.to_string();
    let tight = [
        (" ::", "::"),
        (":: ", "::"),
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" ,", ","),
        ("& ", "&"),
    ];
    tight
        .iter()
        .fold(spaced, |text, (wide, narrow)| text.replace(wide, narrow))
}

/// An error that underlines all of the tokens.
pub(super) fn at(tokens: impl ToTokens, message: impl Display) -> Error {
    Error::new_spanned(tokens, message)
}
