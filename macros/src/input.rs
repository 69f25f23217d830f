//! The annotated item: from tokens to a signature and a body, which stays tokens.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::parse::discouraged::Speculative as _;
use syn::parse::{Parse, ParseStream};
use syn::{Abi, Attribute, Ident, Signature, Token, Visibility};

use crate::diagnostics;
use crate::tokens::{braces, is_punct, parse_to_end, visible};

/// A function, taken apart no further than needed.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    /// `default`, as in a specialized trait implementation.
    pub(crate) defaultness: Option<Ident>,
    pub(crate) signature: Signature,
    /// The attributes at the head of the body, which are part of the function and stay ahead of all that is written into it.
    pub(crate) inner: TokenStream,
    pub(crate) body: Group,
}

/// Reads the annotated item.
pub(crate) fn parse(item: TokenStream) -> syn::Result<Function> {
    let mut trees: Vec<_> = item.into_iter().collect();
    let body = trees.last_mut().and_then(set_aside);
    let mut function = parse_to_end(trees, Function::parse)?;
    if let Some(body) = body {
        (function.inner, function.body) = without_inner_attributes(&body);
    }
    Ok(function)
}

/// Leaves empty braces, as a parser looks at all tokens that are inside of any.
fn set_aside(last: &mut TokenTree) -> Option<Group> {
    let TokenTree::Group(body) = visible(last.clone()) else {
        return None;
    };
    if body.delimiter() != Delimiter::Brace {
        return None;
    }
    let mut braces = Group::new(Delimiter::Brace, TokenStream::new());
    braces.set_span(body.span());
    *last = braces.into();
    Some(body)
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let defaultness = defaultness(input);
        expect_function(input)?;
        let signature = input.parse()?;
        Ok(Self {
            attributes,
            visibility,
            defaultness,
            signature,
            inner: TokenStream::new(),
            body: body(input)?,
        })
    }
}

fn defaultness(input: ParseStream<'_>) -> Option<Ident> {
    let ahead = input.fork();
    let word = ahead
        .parse()
        .ok()
        .filter(|word: &Ident| word == "default" && !ahead.peek(Token![!]))?;
    input.advance_to(&ahead);
    Some(word)
}

/// Looks past the qualifiers for `fn`, so that the error is about what stands there and not about a qualifier.
fn expect_function(input: ParseStream<'_>) -> syn::Result<()> {
    let ahead = input.fork();
    let _const: Option<Token![const]> = ahead.parse()?;
    let _async: Option<Token![async]> = ahead.parse()?;
    if ahead.peek(Token![fn]) {
        return Ok(());
    }
    if let Ok(word) = ahead.fork().parse::<TokenTree>()
        && tokens_are_gen(&word)
        && (ahead.peek2(Token![fn]) || ahead.peek2(Token![unsafe]))
    {
        return Err(diagnostics::generator(word));
    }
    let _unsafe: Option<Token![unsafe]> = ahead.parse()?;
    let _abi: Option<Abi> = ahead.parse()?;
    if ahead.peek(Token![fn]) {
        Ok(())
    } else if ahead.peek(Token![impl]) || ahead.peek(Token![trait]) {
        Err(diagnostics::expected_function(&ahead))
    } else {
        Err(diagnostics::expected_function(input))
    }
}

fn tokens_are_gen(word: &TokenTree) -> bool {
    matches!(word, TokenTree::Ident(ident) if ident == "gen")
}

/// The group itself, because one that is put together again has no place for its closing brace alone.
fn body(input: ParseStream<'_>) -> syn::Result<Group> {
    braces(input).ok_or_else(|| diagnostics::function_without_body(input))
}

// Input:
//     { #![allow(unused)] … }
//
// Output:
//     #![allow(unused)]
//     { … }
fn without_inner_attributes(body: &Group) -> (TokenStream, Group) {
    let trees: Vec<_> = body.stream().into_iter().collect();
    let mut rest = trees.as_slice();
    while let [pound, bang, TokenTree::Group(_), after @ ..] = rest
        && is_punct(Some(pound), '#')
        && is_punct(Some(bang), '!')
    {
        rest = after;
    }
    let inner = trees.iter().take(trees.len() - rest.len());
    if inner.len() == 0 {
        return (TokenStream::new(), body.clone());
    }
    let mut without = Group::new(Delimiter::Brace, rest.iter().cloned().collect());
    without.set_span(body.span());
    (inner.cloned().collect(), without)
}
