//! The `async` block that a function which returns a future ends in.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::Token;

use crate::plan::{Inner, Moved, Tail};
use crate::tokens::{is_group, is_ident, is_punct, visible};

/// Finds `async move { … }` or `Box::pin(async move { … })` at the end of a body, and gives its block.
pub(crate) fn find(body: &Group) -> Option<(Tail, Group)> {
    let trees: Vec<_> = body.stream().into_iter().map(visible).collect();
    match trees.split_last()? {
        (TokenTree::Group(group), before) if group.delimiter() == Delimiter::Parenthesis => {
            boxed(before, group)
        }
        _ => block(&trees),
    }
}

// Input:
//     { let __self = self; let title = title; let __ret: Result<(), AppError> = { BODY }; __ret }
//
/// Finds the body of a method in what `#[async_trait]` has made of it.
pub(crate) fn inner(block: &Group) -> Option<(Inner, Group)> {
    let trees: Vec<_> = block.stream().into_iter().collect();
    let start = trees
        .windows(2)
        .position(|pair| is_ident(pair.first(), "let") && is_ident(pair.last(), "__ret"))?;
    let equals = trees
        .iter()
        .skip(start)
        .position(|tree| is_punct(Some(tree), '='))?
        + start;
    let (before, rest) = trees.split_at(equals + 1);
    let (TokenTree::Group(body), after) = rest.split_first()? else {
        return None;
    };
    let takes_self = before
        .windows(2)
        .any(|pair| is_ident(pair.first(), "__self") && is_punct(pair.last(), '='));
    let inner = Inner {
        block: block.clone(),
        before: stream(before),
        after: stream(after),
    };
    (takes_self && body.delimiter() == Delimiter::Brace).then(|| (inner, body.clone()))
}

impl Inner {
    /// Moves the `mut` of a parameter to where it is bound once more.
    pub(super) fn give_mut(&mut self, parameter: &mut Moved) {
        let trees: Vec<_> = self.before.clone().into_iter().collect();
        let written = trees.windows(3).position(|it| {
            is_ident(it.first(), "let")
                && is_ident(it.get(1), "mut")
                && matches!(it.last(), Some(TokenTree::Ident(name)) if *name == parameter.name)
        });
        if let Some(written) = written {
            let (before, after) = trees.split_at(written + 1);
            if let Some((TokenTree::Ident(word), after)) = after.split_first() {
                parameter.mutability = Some(Token![mut](word.span()));
                self.before = before.iter().chain(after).cloned().collect();
            }
        }
    }
}

/// `… async move { … }`
fn block(trees: &[TokenTree]) -> Option<(Tail, Group)> {
    let (TokenTree::Group(group), head) = trees.split_last()? else {
        return None;
    };
    let keywords = if is_ident(head.last(), "move") { 2 } else { 1 };
    let (before, keywords) = head.split_at(head.len().checked_sub(keywords)?);
    let found = group.delimiter() == Delimiter::Brace && is_ident(keywords.first(), "async");
    let tail = Tail {
        before: stream(before),
        wrapper: None,
        keywords: stream(keywords),
        inner: None,
    };
    (found && ends_statement(before)).then(|| (tail, group.clone()))
}

/// `… Box::pin(async move { … })`
fn boxed(head: &[TokenTree], parentheses: &Group) -> Option<(Tail, Group)> {
    let inside: Vec<_> = parentheses.stream().into_iter().map(visible).collect();
    let inside = match inside.split_last() {
        Some((comma, rest)) if is_punct(Some(comma), ',') => rest,
        _ => &inside,
    };
    let (inner, group) = block(inside).filter(|(inner, _)| inner.before.is_empty())?;
    let path = head.iter().rev().take_while(|tree| in_path(tree)).count();
    let (before, path) = head.split_at(head.len() - path);
    let tail = Tail {
        before: stream(before),
        wrapper: Some((stream(path), parentheses.span())),
        keywords: inner.keywords,
        inner: None,
    };
    (is_ident(path.last(), "pin") && ends_statement(before)).then_some((tail, group))
}

fn in_path(tree: &TokenTree) -> bool {
    match tree {
        TokenTree::Ident(ident) => ident != "return",
        TokenTree::Punct(punct) => punct.as_char() == ':',
        TokenTree::Group(_) | TokenTree::Literal(_) => false,
    }
}

/// Whether what follows these tokens is an expression of its own.
fn ends_statement(before: &[TokenTree]) -> bool {
    let last = before.last();
    last.is_none() || is_punct(last, ';') || is_group(last, Delimiter::Brace)
}

fn stream(trees: &[TokenTree]) -> TokenStream {
    trees.iter().cloned().collect()
}
