//! Messages of `defer!`, `try_defer!` and `before_commit!`.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Error;
use syn::parse::ParseStream;

use super::words::{at, found};
use crate::defer::Macro;

pub(crate) fn nothing_to_defer(input: ParseStream<'_>, name: &str) -> Error {
    Error::new(
        input.span(),
        format!("expected a call, found nothing; write `{name}!(f(a, b))` or `{name}! {{ … }}`"),
    )
}

pub(crate) fn deferred_question_mark(token: impl ToTokens, invoked: Macro) -> Error {
    let call = invoked.call();
    at(
        token,
        format!(
            "{call} has nobody to return to with `?`; let the call itself return `Result<(), E>`"
        ),
    )
}

pub(crate) fn deferred_jump(token: impl ToTokens, keyword: &str, invoked: Macro) -> Error {
    let call = invoked.call();
    let returned = if invoked.is_deferred() {
        "function"
    } else {
        "body"
    };
    at(
        token,
        format!(
            "expected a call, found `{keyword}`; when {call} runs, the {returned} has already returned"
        ),
    )
}

pub(crate) fn borrowing_future(token: impl ToTokens, invoked: Macro) -> Error {
    let name = invoked.name();
    let kind = if invoked.is_deferred() {
        "a deferred future"
    } else {
        "a future that runs before the commit"
    };
    at(
        token,
        format!(
            "expected `async move`, found `async`; {kind} owns what it uses: write `{name}!(async move {{ … }})`"
        ),
    )
}

pub(crate) fn misplaced_await(token: impl ToTokens, name: &str) -> Error {
    at(
        token,
        format!(
            "expected `.await` at the end of a single call; for anything else write `{name}!(async move {{ … }})`"
        ),
    )
}

pub(crate) fn missing_name(dot: Span) -> Error {
    Error::new(dot, "expected a field or a method after `.`, found nothing")
}

pub(crate) fn expected_argument_comma(input: ParseStream<'_>) -> Error {
    let (span, found) = found(input);
    Error::new(
        span,
        format!("expected `,` or the end of the deferred call, found {found}"),
    )
}

// Options.

pub(crate) fn expected_deferred_option(input: ParseStream<'_>, invoked: Macro) -> Error {
    let (span, found) = found(input);
    expected_options(span, invoked, &found)
}

pub(crate) fn no_option(arrow: Span, invoked: Macro) -> Error {
    expected_options(arrow, invoked, "nothing")
}

fn expected_options(span: Span, invoked: Macro, found: &str) -> Error {
    let options = if invoked.is_deferred() {
        "`key = …`, `robust` or `clone(…)`"
    } else {
        "`clone(…)`"
    };
    Error::new(
        span,
        format!("expected {options} before `=>`, found {found}"),
    )
}

pub(crate) fn option_of_defer(option: &Ident, invoked: Macro) -> Error {
    let why = if option == "robust" {
        "the failure of a call before the commit rolls the transaction back"
    } else {
        "each call before the commit runs"
    };
    let name = invoked.name();
    at(
        option,
        format!("`{option}` is an option of `defer!`, and `{name}!` has none like it: {why}"),
    )
}

pub(crate) fn nothing_behind_arrow(arrow: Span, invoked: Macro) -> Error {
    let name = invoked.name();
    let option = if invoked.is_deferred() {
        "robust"
    } else {
        "clone(a)"
    };
    Error::new(
        arrow,
        format!("expected a call after `=>`, found nothing; write `{name}!({option} => f(a, b))`"),
    )
}

pub(crate) fn expected_arrow(written: &[TokenTree], name: &str) -> Error {
    let written = written.iter().take(1).cloned().collect::<TokenStream>();
    at(
        written,
        format!(
            "expected `=>` behind an option, found none; write `{name}!(crate = PATH => f(a, b))`"
        ),
    )
}

pub(crate) fn option_given_twice(option: &Ident) -> Error {
    at(option, format!("`{option}` is given twice"))
}

pub(crate) fn clone_without_names(option: &Ident) -> Error {
    at(
        option,
        "expected the names of what the call gets a clone of, as in `clone(order, mailer)`",
    )
}

pub(crate) fn expected_name_to_clone(input: ParseStream<'_>) -> Error {
    let (span, found) = found(input);
    Error::new(
        span,
        format!(
            "expected a variable to clone, found {found}; for anything else, `let` it be one before"
        ),
    )
}
