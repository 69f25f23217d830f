//! Which options go together, and what it takes to run a body again.

use proc_macro2::Ident;
use quote::ToTokens as _;
use syn::Signature;

use super::capture::{self, Borrow, borrowed};
use crate::args::{Flag, Given, Isolation, Options, Propagation, Word};
use crate::diagnostics::{self, Errors};
use crate::plan::{Capture, Retry, Setting, Source, Terms, Value};

/// Checks the options against each other.
pub(crate) fn terms(options: &Options) -> syn::Result<Terms> {
    let mut errors = Errors::default();
    mandatory(options, &mut errors);
    deferrable(options, &mut errors);
    if let (Some(_), Some(pragma)) = (&options.set, &options.pragma) {
        errors.push(diagnostics::set_with_pragma(&pragma.keyword));
    }
    if let (Some(backoff), None) = (&options.backoff, &options.attempts) {
        errors.push(diagnostics::backoff_without_attempts(&backoff.keyword));
    }
    match errors.into_error() {
        Some(error) => Err(error),
        None => Ok(Terms {
            settings: settings(options),
            values: values(options),
            retry: retry(options),
            no_rollback: options
                .no_rollback_for
                .as_ref()
                .map(|given| given.value.clone()),
            map_err: options.map_err.as_ref().map(|given| given.value.clone()),
        }),
    }
}

/// Checks them against the function as well.
pub(super) fn of_function(options: &Options, signature: &Signature) -> syn::Result<Terms> {
    let mut errors = Errors::default();
    let terms = errors.keep(terms(options));
    if let (Some(attempts), Some(receiver)) = (&options.attempts, signature.receiver())
        && borrowed(receiver).is_none()
    {
        errors.push(diagnostics::attempts_by_value(receiver, &attempts.value));
    }
    match (errors.into_error(), terms) {
        (None, Some(terms)) => Ok(terms),
        (Some(error), _) => Err(error),
        (None, None) => unreachable!("whatever is missing was reported"),
    }
}

fn mandatory(options: &Options, errors: &mut Errors) {
    let mandatory = options.propagation.as_ref();
    if mandatory.is_none_or(|given| given.value.choice != Propagation::Mandatory) {
        return;
    }
    let useless = [
        options.isolation.as_ref().map(keyword),
        options.read_only.as_ref().map(keyword),
        options.deferrable.as_ref().map(keyword),
        options.settle.as_ref().map(keyword),
        options.mode.as_ref().map(keyword),
        options.set.as_ref().map(keyword),
        options.pragma.as_ref().map(keyword),
        options.attempts.as_ref().map(keyword),
    ];
    for option in useless.into_iter().flatten() {
        errors.push(diagnostics::mandatory_with(option));
    }
}

const fn keyword<T>(given: &Given<T>) -> &Ident {
    &given.keyword
}

fn deferrable(options: &Options, errors: &mut Errors) {
    let isolation = options.isolation.as_ref();
    let serializable = isolation.is_some_and(|it| it.value.choice == Isolation::Serializable);
    if let Some(deferrable) = &options.deferrable
        && !(serializable && options.read_only.is_some())
    {
        errors.push(diagnostics::deferrable_alone(&deferrable.keyword));
    }
}

fn settings(options: &Options) -> Vec<Setting> {
    let all = [
        options.propagation.as_ref().map(choice),
        options.isolation.as_ref().map(choice),
        options.read_only.as_ref().map(flag),
        options.deferrable.as_ref().map(flag),
        options.settle.as_ref().map(flag),
        options.mode.as_ref().map(choice),
    ];
    all.into_iter().flatten().collect()
}

fn values(options: &Options) -> Vec<Value> {
    let given = [&options.set, &options.pragma].into_iter().flatten();
    let values = given.flat_map(|Given { keyword, value }| {
        value.list.iter().map(|setting| Value {
            option: keyword.clone(),
            name: setting.name.clone(),
            expression: setting.value.to_token_stream(),
        })
    });
    values.collect()
}

fn choice<T>(given: &Given<Word<T>>) -> Setting {
    Setting::Choice {
        option: given.keyword.clone(),
        word: given.value.word.clone(),
    }
}

fn flag(given: &Given<Flag>) -> Setting {
    Setting::Flag(given.keyword.clone())
}

fn retry(options: &Options) -> Option<Retry> {
    Some(Retry {
        attempts: options.attempts.as_ref()?.value.clone(),
        backoff: options.backoff.as_ref().map(|given| given.value.clone()),
        fresh: Vec::new(),
    })
}

/// Keeps the parameters of a body that may run again. What is behind a `&mut self` cannot be moved into one of its
/// runs, so that each of them borrows it.
pub(super) fn repeatable(
    mut terms: Terms,
    source: &Source,
    capture: Capture,
    signature: &Signature,
) -> (Terms, Capture) {
    let Some(retry) = &mut terms.retry else {
        return (terms, capture);
    };
    retry.fresh = capture::fresh(signature, &source.expression);
    let exclusive = signature.receiver().and_then(borrowed) == Some(Borrow::Exclusive);
    let capture = if exclusive {
        capture::borrow(signature, &source.expression)
    } else {
        capture
    };
    (terms, capture)
}
