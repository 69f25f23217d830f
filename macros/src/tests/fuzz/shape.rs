//! Questions about tokens: whether they parse, where they are, and what a macro has to say about them.

use std::ops::Range;

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::quote;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{Block, Expr, File, ImplItem, Path, Token, TraitItem};

/// The surroundings of an item, which decide what rustc accepts there.
#[derive(Clone, Copy, Debug)]
pub(super) enum Context {
    Module,
    Impl,
    Trait,
}

impl Context {
    const ALL: [Self; 3] = [Self::Module, Self::Impl, Self::Trait];

    /// The first in which the tokens are items.
    pub(super) fn of(tokens: &TokenStream) -> Option<Self> {
        Self::ALL.into_iter().find(|context| context.holds(tokens))
    }

    pub(super) fn holds(self, tokens: &TokenStream) -> bool {
        let tokens = tokens.clone();
        match self {
            Self::Module => syn::parse2::<File>(tokens).is_ok(),
            Self::Impl => all::<ImplItem>.parse2(tokens).is_ok(),
            Self::Trait => all::<TraitItem>.parse2(tokens).is_ok(),
        }
    }
}

fn all<T: Parse>(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() {
        input.parse::<T>()?;
    }
    Ok(())
}

pub(super) fn is_expression(tokens: &TokenStream) -> bool {
    syn::parse2::<Expr>(tokens.clone()).is_ok()
}

/// Whether the tokens are something that can be deferred, as far as a parser can tell.
pub(super) fn is_deferrable(tokens: &TokenStream) -> bool {
    let parser = |input: ParseStream<'_>| {
        if input.peek(Token![crate]) && input.peek2(Token![=]) {
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            Path::parse_mod_style(input)?;
            input.parse::<Option<Token![,]>>()?;
        }
        let rest = input.parse()?;
        Ok(are_statements(&rest) && !assigns_to_crate(&rest) || are_several(&rest))
    };
    parser.parse2(tokens.clone()).unwrap_or(false)
}

/// Whether the tokens are a callee and its arguments. `let x = y` is an expression to a parser that does not know where
/// it stands.
fn are_several(tokens: &TokenStream) -> bool {
    let list = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(tokens.clone());
    list.is_ok_and(|list| list.len() > 1 && !list.iter().any(|it| matches!(it, Expr::Let(_))))
}

/// Whether something is assigned to `crate`, which is an expression to `syn`, but not at the head of a statement.
fn assigns_to_crate(tokens: &TokenStream) -> bool {
    words(tokens.clone())
        .windows(2)
        .any(|seen| seen == ["crate", "="])
}

/// The stream in the braces at the end, if there are any.
pub(super) fn body(tokens: &TokenStream) -> Option<TokenStream> {
    match tokens.clone().into_iter().last()? {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group.stream()),
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => body(&group.stream()),
        _ => None,
    }
}

/// Whether the tokens are statements.
pub(super) fn are_statements(tokens: &TokenStream) -> bool {
    Block::parse_within.parse2(tokens.clone()).is_ok()
}

/// The tokens as words, without invisible groups. The indexes in `pair.1.0` are one token until they are parsed.
pub(super) fn words(tokens: TokenStream) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    visit(tokens, &mut |word, _| match word.split_once('.') {
        Some((outer, inner)) if words.last().is_some_and(|before| before == ".") => {
            words.extend([outer, ".", inner].map(str::to_owned));
        }
        _ => words.push(word),
    });
    words.retain(|word| !word.is_empty());
    words
}

fn visit(tokens: TokenStream, seen: &mut impl FnMut(String, Span)) {
    for tree in tokens {
        let TokenTree::Group(group) = tree else {
            seen(tree.to_string(), tree.span());
            continue;
        };
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Brace => ("{", "}"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::None => ("", ""),
        };
        seen(open.to_owned(), group.span_open());
        visit(group.stream(), seen);
        seen(close.to_owned(), group.span_close());
    }
}

/// The ranges in the source text from which tokens have come.
pub(super) struct Places(Vec<Range<usize>>);

impl Places {
    pub(super) fn of(tokens: &TokenStream) -> Self {
        let mut places = Vec::new();
        visit(tokens.clone(), &mut |_, span| {
            places.push(span.byte_range());
        });
        Self(places)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the error is about some of the tokens. One about the end of a group is about a part of a token here.
    pub(super) fn blamed(&self, refusal: &Refusal) -> bool {
        let (start, end) = (refusal.start.byte_range(), refusal.end.byte_range());
        let known = |at: usize| self.0.iter().any(|place| place.contains(&at));
        known(start.start) && end.end > start.start && known(end.end - 1)
    }
}

/// An invocation of `compile_error!`.
pub(super) struct Refusal {
    pub(super) message: String,
    start: Span,
    end: Span,
}

/// Takes every `::core::compile_error! { … }` out of the tokens.
pub(super) fn refusals(tokens: TokenStream, found: &mut Vec<Refusal>) -> TokenStream {
    let trees: Vec<_> = tokens.into_iter().collect();
    let mut rest = Vec::new();
    let mut trees = trees.as_slice();
    while let Some((first, after)) = trees.split_first() {
        if let Some((refusal, after)) = refusal(trees) {
            found.push(refusal);
            trees = after;
            continue;
        }
        rest.push(match first {
            TokenTree::Group(group) => {
                let mut kept = Group::new(group.delimiter(), refusals(group.stream(), found));
                kept.set_span(group.span());
                TokenTree::Group(kept)
            }
            other => other.clone(),
        });
        trees = after;
    }
    rest.into_iter().collect()
}

fn refusal(trees: &[TokenTree]) -> Option<(Refusal, &[TokenTree])> {
    let (head, rest) = trees.split_at_checked(7)?;
    let (TokenTree::Group(message), rest) = rest.split_first()? else {
        return None;
    };
    let written: TokenStream = head.iter().cloned().collect();
    let refusal = Refusal {
        message: message.stream().to_string(),
        start: head[5].span(),
        end: message.span(),
    };
    (written.to_string() == quote!(::core::compile_error!).to_string()).then_some((refusal, rest))
}
