//! From the tokens of `defer!` to one of its forms.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::parse::ParseStream;
use syn::parse::discouraged::Speculative as _;
use syn::{AngleBracketedGenericArguments, Expr, ExprAwait, Ident, Token};

use super::options::{self, Options};

use crate::diagnostics;
use crate::tokens::{first_await, is_ident, is_punct, parse_to_end, start};

/// Which of the macros it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Macro {
    Defer,
    TryDefer,
    BeforeCommit,
}

impl Macro {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Defer => "defer",
            Self::TryDefer => "try_defer",
            Self::BeforeCommit => "before_commit",
        }
    }

    /// Its call, in a message.
    pub(crate) const fn call(self) -> &'static str {
        if self.is_deferred() {
            "a deferred call"
        } else {
            "a call before the commit"
        }
    }

    /// Whether its call runs after the commit.
    pub(crate) const fn is_deferred(self) -> bool {
        matches!(self, Self::Defer | Self::TryDefer)
    }
}

/// The forms of a deferred call.
pub(crate) enum Deferred {
    /// `f(a, b)`, `x.method(a)`: its parts are evaluated now.
    Call(Call),
    /// `f(a).await`, `x.method(a).await`: likewise, and the future is made after commit. Here and below, the place of the
    /// `await`, or of the `async` that stands for it.
    AwaitedCall(Call, Span),
    /// `move || …`, or a function's name.
    Callable(TokenStream),
    /// `async move { … }`, or the future before `.await`.
    Future(TokenStream, Span),
    /// Statements, or an expression that is not a call.
    Block(TokenStream),
}

/// A call and all that goes into it.
pub(crate) struct Call {
    pub(crate) callee: Callee,
    pub(crate) arguments: Vec<Expr>,
    /// The parentheses of the arguments, at which a missing or surplus one is reported.
    pub(crate) parentheses: Span,
    /// The error if a name is missing in it.
    pub(crate) unfinished: Option<syn::Error>,
}

pub(crate) enum Callee {
    Function(Expr),
    Method {
        receiver: Expr,
        name: Ident,
        turbofish: Option<AngleBracketedGenericArguments>,
    },
}

/// Reads an invocation: options and an arrow, where there are any, then one of the forms.
pub(crate) fn parse(invoked: Macro, tokens: TokenStream) -> syn::Result<(Options, Deferred)> {
    let trees: Vec<_> = tokens.into_iter().collect();
    let (options, call) = match arrow(&trees) {
        Some((options, arrow, [])) => {
            options::parse(invoked, options, arrow)?;
            return Err(diagnostics::nothing_behind_arrow(arrow, invoked));
        }
        Some((options, arrow, call)) => (options::parse(invoked, options, arrow)?, call),
        None if is_ident(trees.first(), "crate") && is_punct(trees.get(1), '=') => {
            return Err(diagnostics::expected_arrow(&trees, invoked.name()));
        }
        None => (Options::default(), trees.as_slice()),
    };
    let deferred = |input: ParseStream<'_>| deferred(invoked, input);
    Ok((options, parse_to_end(call.iter().cloned(), deferred)?))
}

/// The arrow, which is no part of an expression outside of braces, and what is before and behind it.
fn arrow(trees: &[TokenTree]) -> Option<(&[TokenTree], Span, &[TokenTree])> {
    let arrow = trees
        .windows(2)
        .position(|pair| is_punct(pair.first(), '=') && is_punct(pair.last(), '>'))?;
    let (options, rest) = trees.split_at(arrow);
    let [equals, _, call @ ..] = rest else {
        return None;
    };
    Some((options, equals.span(), call))
}

fn deferred(invoked: Macro, input: ParseStream<'_>) -> syn::Result<Deferred> {
    if input.is_empty() {
        return Err(diagnostics::nothing_to_defer(input, invoked.name()));
    }
    let ahead = input.fork();
    let expression = match ahead.parse::<Expr>() {
        Ok(expression) if ahead.is_empty() || ahead.peek(Token![,]) => expression,
        // Tokens that are not one expression are statements; what is wrong with them is for rustc to say.
        _ => return block(invoked, input.parse()?),
    };
    input.advance_to(&ahead);
    if input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
        return listed(expression, input);
    }
    single(invoked, expression)
}

/// `f, a, b`
fn listed(callee: Expr, input: ParseStream<'_>) -> syn::Result<Deferred> {
    let mut arguments = Vec::new();
    while !input.is_empty() {
        arguments.push(input.parse()?);
        if !input.is_empty() && !input.peek(Token![,]) {
            return Err(diagnostics::expected_argument_comma(input));
        }
        let _comma: Option<Token![,]> = input.parse()?;
    }
    let parentheses = start(&callee.to_token_stream());
    let callee = Callee::Function(callee);
    Ok(Deferred::Call(Call {
        callee,
        arguments,
        parentheses,
        unfinished: None,
    }))
}

fn single(invoked: Macro, expression: Expr) -> syn::Result<Deferred> {
    let written = expression.to_token_stream();
    match plain(expression) {
        // Its attributes belong to all of it, so it cannot be taken apart.
        attributed if has_attributes(&attributed) => block(invoked, written),
        Expr::Try(tried) => Err(diagnostics::deferred_question_mark(
            tried.question_token,
            invoked,
        )),
        Expr::Return(it) => Err(diagnostics::deferred_jump(
            it.return_token,
            "return",
            invoked,
        )),
        Expr::Break(it) => Err(diagnostics::deferred_jump(it.break_token, "break", invoked)),
        Expr::Continue(it) => Err(diagnostics::deferred_jump(
            it.continue_token,
            "continue",
            invoked,
        )),
        Expr::Closure(closure) => Ok(Deferred::Callable(closure.into_token_stream())),
        Expr::Path(path) => Ok(Deferred::Callable(path.into_token_stream())),
        Expr::Async(future) if future.capture.is_none() => {
            Err(diagnostics::borrowing_future(future.async_token, invoked))
        }
        Expr::Async(future) => {
            let place = future.async_token.span;
            Ok(Deferred::Future(future.into_token_stream(), place))
        }
        Expr::Await(awaited) => self::awaited(invoked, awaited),
        other => match call(invoked, other)? {
            Ok(call) => Ok(Deferred::Call(call)),
            // A block keeps the parentheses that were written: at the head of a statement it may need them.
            Err(_) => block(invoked, written),
        },
    }
}

fn awaited(invoked: Macro, awaited: ExprAwait) -> syn::Result<Deferred> {
    let place = awaited.await_token.span;
    match call(invoked, plain(*awaited.base))? {
        Ok(call) => Ok(Deferred::AwaitedCall(call, place)),
        Err(Expr::Async(future)) if future.capture.is_none() => {
            Err(diagnostics::borrowing_future(future.async_token, invoked))
        }
        Err(Expr::Try(tried)) => Err(diagnostics::deferred_question_mark(
            tried.question_token,
            invoked,
        )),
        Err(future) => {
            let future = future.into_token_stream();
            expect_no_await(invoked, &future)?;
            Ok(Deferred::Future(future, place))
        }
    }
}

/// Takes a call apart, or gives back what is none.
fn call(invoked: Macro, expression: Expr) -> syn::Result<Result<Call, Expr>> {
    let (callee, arguments, parentheses) = match expression {
        Expr::Call(call) => (
            Callee::Function(plain(*call.func)),
            call.args,
            call.paren_token,
        ),
        Expr::MethodCall(call) => {
            let callee = Callee::Method {
                receiver: *call.receiver,
                name: call.method,
                turbofish: call.turbofish,
            };
            (callee, call.args, call.paren_token)
        }
        other => return Ok(Err(other)),
    };
    let (Callee::Function(subject)
    | Callee::Method {
        receiver: subject, ..
    }) = &callee;
    expect_no_await(invoked, &subject.to_token_stream())?;
    let arguments = arguments.into_iter().collect();
    let parentheses = parentheses.span.join();
    Ok(Ok(Call {
        callee,
        arguments,
        parentheses,
        unfinished: None,
    }))
}

fn block(invoked: Macro, statements: TokenStream) -> syn::Result<Deferred> {
    expect_no_await(invoked, &statements)?;
    Ok(Deferred::Block(statements))
}

fn expect_no_await(invoked: Macro, tokens: &TokenStream) -> syn::Result<()> {
    match first_await(tokens.clone()) {
        Some(found) => Err(diagnostics::misplaced_await(found, invoked.name())),
        None => Ok(()),
    }
}

fn has_attributes(expression: &Expr) -> bool {
    let first = expression.to_token_stream().into_iter().next();
    is_punct(first.as_ref(), '#')
}

/// The expression inside parentheses and the invisible groups of `macro_rules`.
fn plain(expression: Expr) -> Expr {
    match expression {
        Expr::Group(group) if group.attrs.is_empty() => plain(*group.expr),
        Expr::Paren(paren) if paren.attrs.is_empty() => plain(*paren.expr),
        other => other,
    }
}
