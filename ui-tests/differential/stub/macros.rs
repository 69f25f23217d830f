//! The macros of `commit_on_success` without any transaction: what they are written on is the plain code.

extern crate proc_macro;

use proc_macro::{Delimiter, Group, Span, TokenStream, TokenTree};

/// Words before an equals sign that are no name of a transaction.
const OPTIONS: [&str; 8] = [
    "attempts",
    "backoff",
    "crate",
    "isolation",
    "map_err",
    "mode",
    "no_rollback_for",
    "propagation",
];

/// Leaves the function as it is; `tx = EXPR` is a statement at its beginning.
#[proc_macro_attribute]
pub fn commit_on_success(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let Some((statement, _)) = source(&arguments) else {
        return item;
    };
    let mut tokens: Vec<_> = item.into_iter().collect();
    if let Some(TokenTree::Group(body)) = tokens.pop() {
        let inside = [statement, body.stream()].into_iter().collect();
        tokens.push(group(Delimiter::Brace, inside, body.span()));
    }
    tokens.into_iter().collect()
}

/// The call in a closure.
#[proc_macro]
pub fn defer(call: TokenStream) -> TokenStream {
    deferred("defer", call)
}

/// The call in a closure.
#[proc_macro]
pub fn try_defer(call: TokenStream) -> TokenStream {
    deferred("try_defer", call)
}

/// The block in a closure that is called at once, or in a future that is awaited.
#[proc_macro]
pub fn transaction(tokens: TokenStream) -> TokenStream {
    let mut tokens: Vec<_> = tokens.into_iter().collect();
    let is_async = is_word(tokens.first(), "async");
    tokens.drain(..usize::from(is_async));
    let Some(TokenTree::Group(body)) = tokens.pop() else {
        return TokenStream::new();
    };
    let Some((statement, _)) = source(&tokens.into_iter().collect()) else {
        return TokenStream::new();
    };
    let place = body.span();
    let block = match (is_async, wait(body.stream())) {
        (false, None) => {
            let closure = join([words("||", place), TokenTree::from(body).into()]);
            let closure = group(Delimiter::Parenthesis, closure, Span::mixed_site());
            join([closure.into(), words("()", Span::mixed_site())])
        }
        (_, found) => {
            let found = found.map_or_else(Span::mixed_site, |it| Span::mixed_site().located_at(it));
            join([
                words("async", place),
                TokenTree::from(body).into(),
                words(".await", found),
            ])
        }
    };
    group(
        Delimiter::Brace,
        join([statement, block]),
        Span::mixed_site(),
    )
    .into()
}

/// `let tx = EXPR;`, and what comes behind the expression. As in a method call, a field is borrowed again.
fn source(arguments: &TokenStream) -> Option<(TokenStream, TokenStream)> {
    let mut tokens = arguments.clone().into_iter();
    let name = tokens.next()?;
    if OPTIONS.iter().any(|option| is_word(Some(&name), option))
        || !is_punct(tokens.next().as_ref(), '=')
    {
        return None;
    }
    let expression: Vec<_> = tokens
        .by_ref()
        .take_while(|token| ![',', '='].into_iter().any(|end| is_punct(Some(token), end)))
        .collect();
    let is_path = expression.iter().all(|token| match token {
        TokenTree::Ident(_) | TokenTree::Literal(_) => true,
        TokenTree::Punct(punct) => punct.as_char() == '.',
        TokenTree::Group(_) => false,
    });
    let borrow = if is_punct(expression.first(), '&') || (is_path && expression.len() == 1) {
        ""
    } else if is_path {
        "&mut *"
    } else {
        "&mut"
    };
    let mixed = Span::mixed_site();
    let statement = join([
        words("let", mixed),
        name.into(),
        words("=", mixed),
        words(borrow, mixed),
        expression.into_iter().collect(),
        words(";", mixed),
    ]);
    Some((statement, tokens.collect()))
}

/// `defer(move || CALL)`, `defer(CLOSURE)`, `defer(move || { STATEMENTS })`, or `defer_async(FUTURE).await`.
fn deferred(function: &str, call: TokenStream) -> TokenStream {
    let mixed = Span::mixed_site();
    let (options, call) = options(call);
    let tokens: Vec<_> = call.clone().into_iter().collect();
    let first = tokens.first();
    let place = first.map_or(mixed, |token| token.span());
    let is_future = is_word(first, "async");
    let is_closure = is_word(first, "move") || is_punct(first, '|');
    let wait = match tokens.as_slice() {
        [.., dot, last]
            if !is_closure && is_punct(Some(dot), '.') && is_word(Some(last), "await") =>
        {
            Some(last.span())
        }
        _ => None,
    };
    let is_block = tokens.iter().any(|token| is_punct(Some(token), ';'));
    let value = if is_future || is_closure {
        call
    } else if wait.is_some() {
        join([
            words("async move", place),
            group(Delimiter::Brace, call, place).into(),
        ])
    } else if is_block {
        join([
            words("move ||", mixed),
            group(Delimiter::Brace, call, place).into(),
        ])
    } else {
        join([words("move ||", mixed), call])
    };
    let end = wait.or(is_future.then_some(place));
    let name = if end.is_some() {
        format!("::commit_on_success::__private::{function}_async")
    } else {
        format!("::commit_on_success::__private::{function}")
    };
    let located = mixed.located_at(place);
    let register = join([
        group(Delimiter::Parenthesis, words(&name, mixed), located).into(),
        group(Delimiter::Parenthesis, value, located).into(),
        end.map_or_else(TokenStream::new, |end| {
            words(".await", mixed.located_at(end))
        }),
    ]);
    if options.is_empty() {
        return register;
    }
    let clones = options.into_iter().map(|name| {
        let lent = join([words("&", mixed), name.clone()]);
        let lent = group(Delimiter::Parenthesis, lent, mixed);
        let clone = words("= ::core::clone::Clone::clone", mixed);
        join([
            words("let", mixed),
            name,
            clone,
            lent.into(),
            words(";", mixed),
        ])
    });
    let inside = clones.chain([register]).collect();
    group(Delimiter::Brace, inside, mixed).into()
}

/// The names in `clone(a, b) =>`, and what comes behind the arrow.
fn options(call: TokenStream) -> (Vec<TokenStream>, TokenStream) {
    let tokens: Vec<_> = call.clone().into_iter().collect();
    let arrow = tokens
        .windows(2)
        .position(|pair| is_punct(pair.first(), '=') && is_punct(pair.last(), '>'));
    let starts = is_word(tokens.first(), "clone") || is_word(tokens.first(), "robust");
    let Some(arrow) = arrow.filter(|_| starts) else {
        return (Vec::new(), call);
    };
    let names = tokens.iter().take(arrow).filter_map(|token| match token {
        TokenTree::Group(group) => Some(group.stream()),
        _ => None,
    });
    let names = names
        .flatten()
        .filter(|token| matches!(token, TokenTree::Ident(_)));
    (
        names.map(TokenStream::from).collect(),
        tokens.into_iter().skip(arrow + 2).collect(),
    )
}

fn wait(tokens: TokenStream) -> Option<Span> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(word) if word.to_string() == "await" => Some(word.span()),
        TokenTree::Group(group) => wait(group.stream()),
        _ => None,
    })
}

fn is_word(token: Option<&TokenTree>, word: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(found)) if found.to_string() == word)
}

fn is_punct(token: Option<&TokenTree>, punct: char) -> bool {
    matches!(token, Some(TokenTree::Punct(found)) if found.as_char() == punct)
}

fn group(delimiter: Delimiter, inside: TokenStream, place: Span) -> TokenTree {
    let mut group = Group::new(delimiter, inside);
    group.set_span(place);
    group.into()
}

fn join<const N: usize>(parts: [TokenStream; N]) -> TokenStream {
    parts.into_iter().collect()
}

fn words(text: &str, place: Span) -> TokenStream {
    let tokens: TokenStream = text.parse().expect("words are tokens");
    tokens
        .into_iter()
        .map(|mut token| {
            token.set_span(place);
            token
        })
        .collect()
}
