//! Messages about options.

use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::parse::ParseStream;
use syn::{Error, LitInt, LitStr, Token};

use super::words::{at, closest, compact, found, found_after, listed};

pub(crate) fn unknown_option(option: &Ident, known: &[&str]) -> Error {
    let expected = match known {
        [only] => format!("expected `{only}`"),
        _ => format!("expected one of {}", listed(known)),
    };
    // A single known option is its own hint.
    let close = closest(&option.to_string(), known).filter(|_| known.len() > 1);
    let hint = close.map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
    at(
        option,
        format!("unknown option `{option}`, {expected}{hint}"),
    )
}

pub(crate) fn option_without_value(option: &Ident, value: &str) -> Error {
    at(
        option,
        format!("expected `{option} = {value}`, found `{option}`"),
    )
}

pub(crate) fn flag_with_value(option: &Ident) -> Error {
    at(
        option,
        format!("expected `{option}` alone, found `{option} =`"),
    )
}

pub(crate) fn duplicate_option(option: &Ident, first: &str) -> Error {
    at(
        option,
        format!("`{option}` is given twice, first as `{first}`"),
    )
}

pub(crate) fn unknown_choice(equals: Token![=], input: ParseStream<'_>, known: &[&str]) -> Error {
    let (span, found) = found_after(equals, input);
    let close = closest(found.trim_matches('`'), known);
    let hint = close.map_or_else(String::new, |word| format!("; did you mean `{word}`?"));
    Error::new(
        span,
        format!("expected one of {}, found {found}{hint}", listed(known)),
    )
}

pub(crate) fn expected_count(equals: Token![=], input: ParseStream<'_>) -> Error {
    let (span, found) = found_after(equals, input);
    Error::new(
        span,
        format!("expected how often the body may run, an integer from `1`, found {found}"),
    )
}

pub(crate) fn expected_backoff(equals: Token![=], input: ParseStream<'_>) -> Error {
    let (span, found) = found_after(equals, input);
    Error::new(
        span,
        format!(
            "expected a `Duration` or a `Backoff` after `=`, found {found}; write `backoff = Duration::from_millis(10)`"
        ),
    )
}

pub(crate) fn expected_predicate(equals: Token![=], input: ParseStream<'_>) -> Error {
    let (span, found) = found_after(equals, input);
    Error::new(
        span,
        format!(
            "expected a function from `&E` to `bool` after `=`, found {found}; write `no_rollback_for = AppError::is_harmless`"
        ),
    )
}

pub(crate) fn expected_conversion(equals: Token![=], input: ParseStream<'_>) -> Error {
    let (span, found) = found_after(equals, input);
    Error::new(
        span,
        format!(
            "expected a function from `commit_on_success::Error` to `E` after `=`, found {found}; write `map_err = AppError::from_transaction`"
        ),
    )
}

pub(crate) fn expected_path(equals: Token![=], input: ParseStream<'_>) -> Error {
    let (span, found) = found_after(equals, input);
    Error::new(
        span,
        format!(
            "expected a path after `=`, found {found}; write `crate = path::to::commit_on_success`"
        ),
    )
}

// The lists of `set` and `pragma`.

/// The option with a list, for messages that show how it is written.
fn list_of_settings(keyword: &Ident) -> &'static str {
    if keyword == "pragma" {
        "pragma(\"foreign_keys\" = false)"
    } else {
        "set(\"app.tenant\" = tenant.id)"
    }
}

pub(crate) fn settings_without_list(keyword: &Ident) -> Error {
    let example = list_of_settings(keyword);
    at(
        keyword,
        format!("expected names and values in parentheses after `{keyword}`; write `{example}`"),
    )
}

pub(crate) fn no_setting(keyword: &Ident, parentheses: Span) -> Error {
    let example = list_of_settings(keyword);
    Error::new(
        parentheses,
        format!("expected a name and a value, found nothing; write `{example}`"),
    )
}

pub(crate) fn duplicate_list(keyword: &Ident) -> Error {
    at(
        keyword,
        format!("`{keyword}` is given twice; write all in one `{keyword}(…)`"),
    )
}

pub(crate) fn setting_given_twice(name: &LitStr, first: &str) -> Error {
    at(
        name,
        format!("`{}` is set twice, first as `{first}`", name.value()),
    )
}

pub(crate) fn expected_setting(keyword: &Ident, input: ParseStream<'_>) -> Error {
    let (span, found) = found(input);
    let example = list_of_settings(keyword);
    Error::new(
        span,
        format!("expected the name of a setting, found {found}; write `{example}`"),
    )
}

pub(crate) fn setting_with_dots(word: &Ident, input: ParseStream<'_>) -> Error {
    let (span, found) = found(input);
    Error::new(
        span,
        format!(
            "expected `=` after `{word}`, found {found}; a name with dots is written in quotes"
        ),
    )
}

pub(crate) fn expected_setting_value(name: &LitStr, input: ParseStream<'_>) -> Error {
    let written = name.value();
    if input.is_empty() {
        return at(
            name,
            format!("expected `{written} = VALUE`, found `{written}`"),
        );
    }
    let (span, found) = found(input);
    Error::new(
        span,
        format!("expected `= VALUE` after `{written}`, found {found}"),
    )
}

pub(crate) fn setting_without_value(
    equals: Token![=],
    input: ParseStream<'_>,
    name: &LitStr,
) -> Error {
    let (span, found) = found_after(equals, input);
    Error::new(
        span,
        format!(
            "expected the value of `{}` after `=`, found {found}",
            name.value()
        ),
    )
}

pub(crate) fn invalid_setting(keyword: &Ident, name: &LitStr) -> Error {
    let example = list_of_settings(keyword);
    let found = match name.value() {
        empty if empty.is_empty() => "nothing".to_owned(),
        name => format!("`{name}`"),
    };
    at(
        name,
        format!(
            "expected a name of letters, digits and `_`, with dots between its parts, of 63 bytes each at most, found {found}; write `{example}`"
        ),
    )
}

// Options that contradict each other, or the function.

pub(crate) fn set_with_pragma(pragma: &Ident) -> Error {
    at(
        pragma,
        "expected `set` or `pragma`, found both; PostgreSQL has the one, SQLite the other, and no database has both",
    )
}

pub(crate) fn deferrable_alone(option: &Ident) -> Error {
    at(
        option,
        "`deferrable` needs `isolation = serializable` and `read_only`; nothing else waits for a snapshot",
    )
}

pub(crate) fn mandatory_with(option: &Ident) -> Error {
    at(
        option,
        format!(
            "expected `propagation = mandatory` without `{option}`; it joins a transaction and never begins one"
        ),
    )
}

pub(crate) fn backoff_without_attempts(option: &Ident) -> Error {
    at(
        option,
        "`backoff` needs `attempts = N`; it is the pause before another attempt",
    )
}

pub(crate) fn attempts_by_value(receiver: impl ToTokens, attempts: &LitInt) -> Error {
    let found = compact(&receiver.to_token_stream());
    at(
        receiver,
        format!(
            "expected `&self` or `&mut self`, found `{found}`; with `attempts = {attempts}` the body may run again"
        ),
    )
}
