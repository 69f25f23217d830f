//! The wording of every message, and the collection of them.
//!
//! A message is lower case without a full stop, quotes code in backticks, says what was expected and what was
//! found, and where there is something to write instead, it shows it.

mod deferred;
mod options;
mod words;

use proc_macro2::Ident;
use quote::ToTokens;
use syn::parse::ParseStream;
use syn::{Error, Token};

pub(crate) use deferred::*;
pub(crate) use options::*;
pub(crate) use words::{assignment, closest};
use words::{at, compact, found, found_after, listed};

/// The errors of one stage, reported together.
#[derive(Default)]
pub(crate) struct Errors(Option<Error>);

impl Errors {
    pub(crate) fn push(&mut self, error: Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// Takes the value out, or notes the error.
    pub(crate) fn keep<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// All errors in one, if there is any.
    pub(crate) fn into_error(self) -> Option<Error> {
        self.0
    }
}

// The arguments of the attribute.

pub(crate) fn expected_argument(input: ParseStream<'_>) -> Error {
    let (span, found) = found(input);
    Error::new(
        span,
        format!("expected a parameter's name, `tx = EXPR` or an option, found {found}"),
    )
}

pub(crate) fn expected_name(input: ParseStream<'_>) -> Error {
    let (span, found) = found(input);
    Error::new(
        span,
        format!("expected a name for the transaction, found {found}; write `tx = EXPR`"),
    )
}

pub(crate) fn expected_expression(equals: Token![=], input: ParseStream<'_>) -> Error {
    let (span, found) = found_after(equals, input);
    let instead = if found == "`async`" {
        "`async` goes before the name"
    } else {
        "write what to open the transaction on, as in `tx = pool`"
    };
    Error::new(
        span,
        format!("expected an expression after `=`, found {found}; {instead}"),
    )
}

pub(crate) fn expected_key(equals: Token![=], input: ParseStream<'_>) -> Error {
    let (span, found) = found_after(equals, input);
    let instead =
        "write what tells the calls that stand for each other, as in `key = (\"index\", id)`";
    Error::new(
        span,
        format!("expected an expression after `=`, found {found}; {instead}"),
    )
}

pub(crate) fn expected_equals(name: &Ident, input: ParseStream<'_>) -> Error {
    let (span, found) = found(input);
    Error::new(
        span,
        format!("expected `=`, found {found}; write `{name} = EXPR`"),
    )
}

pub(crate) fn expected_comma(input: ParseStream<'_>) -> Error {
    let (span, found) = found(input);
    Error::new(span, format!("expected `,`, found {found}"))
}

pub(crate) fn self_is_not_a_source(token: impl ToTokens) -> Error {
    at(
        token,
        "expected a parameter, found `self`; name the transaction and say which field to open it on, as in `tx = &self.pool`",
    )
}

pub(crate) fn second_source(found: &Ident) -> Error {
    at(
        found,
        format!("expected an option, found `{found}`; one transaction has one source"),
    )
}

pub(crate) fn literal_as_source(name: &Ident, value: &syn::Expr, options: &[&str]) -> Error {
    let value = compact(&value.to_token_stream());
    at(
        name,
        format!(
            "`{value}` cannot open a transaction, and `{name}` is no option; expected one of {}",
            listed(options)
        ),
    )
}

// The annotated item.

pub(crate) fn expected_function(input: ParseStream<'_>) -> Error {
    let (span, found) = found(input);
    Error::new(span, format!("expected a function, found {found}"))
}

pub(crate) fn function_without_body(input: ParseStream<'_>) -> Error {
    let (span, found) = found(input);
    Error::new(
        span,
        format!(
            "expected a function with a body, found {found}; annotate the implementations instead"
        ),
    )
}

pub(crate) fn generator(token: impl ToTokens) -> Error {
    at(
        token,
        "expected `fn` or `async fn`, found `gen fn`; a generator that is not run to its end would never commit",
    )
}

pub(crate) fn const_function(token: impl ToTokens) -> Error {
    at(
        token,
        "expected a function that runs at run time, found `const fn`; remove `const`",
    )
}

pub(crate) fn foreign_abi(token: impl ToTokens) -> Error {
    at(
        token,
        "expected a Rust function, found `extern`; let it call an annotated function, and handle the `Result` there",
    )
}

pub(crate) fn variadic(token: impl ToTokens) -> Error {
    at(token, "expected a Rust function, found a variadic one")
}

pub(crate) fn below_runtime_attribute(function: &Ident, runtime: &str) -> Error {
    at(
        function,
        format!(
            "expected `async fn`, found what `#[{runtime}]` made of it; write `#[commit_on_success]` above `#[{runtime}]`"
        ),
    )
}

// The return type.

pub(crate) fn returns_unit(function: &Ident) -> Error {
    at(
        function,
        format!(
            "`{function}` returns `()`, expected `Result<T, E>`; `Ok` commits, `Err` rolls back"
        ),
    )
}

pub(crate) fn returns_no_result(found: &syn::Type) -> Error {
    let ty = compact(&found.to_token_stream());
    at(
        found,
        format!("expected `Result<T, E>`, found `{ty}`; `Ok` commits, `Err` rolls back"),
    )
}

pub(crate) fn future_without_block(found: &syn::Type) -> Error {
    at(
        found,
        "expected `async fn`, or a body that ends in `async move { … }` or `Box::pin(async move { … })`; \
         the transaction would be committed before this future runs",
    )
}

pub(crate) fn future_without_output(found: &syn::Type) -> Error {
    at(
        found,
        "expected a future of a `Result<T, E>`; write `Future<Output = Result<T, E>>`",
    )
}

// The source.

pub(crate) fn no_parameter(function: &Ident) -> Error {
    at(
        function,
        format!(
            "`{function}` has no parameter to open a transaction on; write `#[commit_on_success(tx = EXPR)]`"
        ),
    )
}

pub(crate) fn first_parameter(
    parameter: &syn::PatIdent,
    ty: &syn::Type,
    candidates: &[&Ident],
) -> Error {
    let (name, ty) = (&parameter.ident, compact(&ty.to_token_stream()));
    let instead = candidates.first().map_or_else(
        || "write `#[commit_on_success(tx = EXPR)]`".to_owned(),
        |name| format!("name another one, as in `#[commit_on_success({name})]`"),
    );
    at(
        name,
        format!("the first parameter, `{name}: {ty}`, cannot open a transaction; {instead}"),
    )
}

pub(crate) fn unnamed_parameter(pattern: impl ToTokens) -> Error {
    at(
        pattern,
        "expected a name for the transaction, found a parameter without one; name it, or write `#[commit_on_success(tx = EXPR)]`",
    )
}

pub(crate) fn ambiguous_parameter(pattern: impl ToTokens, names: &[&Ident]) -> Error {
    let first = names.first().map_or_else(String::new, ToString::to_string);
    at(
        pattern,
        format!(
            "expected one name for the transaction, found {}; say which, as in `#[commit_on_success({first})]`",
            listed(names)
        ),
    )
}

pub(crate) fn no_such_parameter(name: &Ident, parameters: &[&Ident]) -> Error {
    let expected = match parameters {
        [] => "the function has no parameter; write `tx = EXPR`".to_owned(),
        [only] => format!("expected `{only}`"),
        _ => format!("expected one of {}", listed(parameters)),
    };
    at(name, format!("no parameter is named `{name}`, {expected}"))
}

// `transaction!`.

pub(crate) fn expected_block(input: ParseStream<'_>) -> Error {
    let (span, found) = found(input);
    Error::new(
        span,
        format!("expected `=> {{ … }}`, found {found}; write `transaction!(tx = EXPR => {{ … }})`"),
    )
}

pub(crate) fn expected_end(input: ParseStream<'_>) -> Error {
    let (span, found) = found(input);
    Error::new(
        span,
        format!("expected the end of `transaction!` after its block, found {found}"),
    )
}

pub(crate) fn expected_source(input: ParseStream<'_>) -> Error {
    Error::new(
        input.span(),
        "expected what to open the transaction on; write `transaction!(tx = EXPR => { … })`",
    )
}
