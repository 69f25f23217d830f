//! The rules: from arguments and a function to a plan that can be carried out, or to all that is wrong with them.
//!
//! `capture` decides what the body takes over, `source` what the transaction is opened on, `output` what the function returns, `tail` which
//! `async` block a function that returns a future ends in, `terms` which options go together; `patterns` finds names in parameters.

mod capture;
mod output;
mod patterns;
mod source;
mod tail;
mod terms;

use proc_macro2::{Delimiter, Group, Ident, Span};
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::{ReturnType, Signature, Type};

use crate::args::Args;
use crate::diagnostics::{self, Errors};
use crate::input::Function;
use crate::plan::{Annotation, Capture, Flavour, Moved, Output, Place, Plan, Source, Terms};
use crate::tokens::{is_group, is_ident, is_punct, mention, renamed, start};

use output::Returned;
pub(crate) use source::{Binding, binding, names, of_expression, prefer_parameter};
pub(crate) use terms::terms;

/// A function that can be expanded.
pub(crate) struct Valid {
    /// The signature to write; the `mut` of the source goes to the binding inside.
    pub(crate) signature: Signature,
    pub(crate) place: Place,
    pub(crate) plan: Plan,
}

/// Checks the function against every rule, and reports all that are broken.
pub(crate) fn validate(args: Args, function: &Function) -> syn::Result<Valid> {
    let Args { source, options } = args;
    let mut errors = Errors::default();
    qualifiers(&function.signature, &mut errors);
    let ending = errors.keep(ending(function));
    let source = errors.keep(source::resolve(&source, &function.signature));
    let terms = errors.keep(terms::of_function(&options, &function.signature));
    match (errors.into_error(), ending, source, terms) {
        (None, Some(mut ending), Some((mut source, capture)), Some(terms)) => {
            let krate = options.krate.map(|given| given.value);
            let (mut terms, mut capture) =
                terms::repeatable(terms, &source, capture, &function.signature);
            if let Capture::Borrow { moved } = &mut capture {
                enter_inner(&mut ending, &mut source, &mut terms, moved);
            }
            Ok(Valid {
                signature: signature(function, &ending, &source, &terms, &capture),
                place: ending.place,
                plan: Plan {
                    krate,
                    site: function.signature.ident.unraw().to_string(),
                    flavour: ending.flavour,
                    wait: None,
                    source,
                    terms,
                    capture,
                    output: ending.output,
                    body: ending.body,
                },
            })
        }
        (Some(error), ..) => Err(error),
        (None, ..) => unreachable!("whatever is missing was reported"),
    }
}

/// Begins inside of what `#[async_trait]` has written, where `self` has another name, as the body borrows beside the source.
fn enter_inner(ending: &mut Ending, source: &mut Source, terms: &mut Terms, moved: &mut [Moved]) {
    let Place::Tail(tail) = &mut ending.place else {
        return;
    };
    let Some((mut inner, body)) = tail::inner(&ending.body) else {
        return;
    };
    for parameter in moved {
        inner.give_mut(parameter);
    }
    tail.inner = Some(inner);
    ending.body = body;
    let values = terms.values.iter_mut().map(|value| &mut value.expression);
    for expression in values.chain([&mut source.expression]) {
        *expression = renamed(std::mem::take(expression), "self", "__self");
    }
}

fn qualifiers(signature: &Signature, errors: &mut Errors) {
    if let Some(constness) = &signature.constness {
        errors.push(diagnostics::const_function(constness));
    }
    if let (Some(abi), None) = (&signature.abi, &signature.variadic)
        && abi.name.as_ref().is_none_or(|name| name.value() != "Rust")
    {
        errors.push(diagnostics::foreign_abi(abi));
    }
    if let Some(variadic) = &signature.variadic {
        errors.push(diagnostics::variadic(variadic));
    }
}

/// The end of a function: where its transaction goes, and with what value it ends.
struct Ending {
    place: Place,
    flavour: Flavour,
    output: Output,
    body: Group,
}

fn ending(function: &Function) -> syn::Result<Ending> {
    let signature = &function.signature;
    expect_untouched(function)?;
    let ReturnType::Type(_, returned) = &signature.output else {
        return Err(diagnostics::returns_unit(&signature.ident));
    };
    match (output::classify(returned)?, signature.asyncness) {
        (Returned::Value(value), None) => Ok(whole(function, Flavour::Sync, value)),
        (Returned::Value(value), Some(_)) => Ok(whole(function, Flavour::Async, value)),
        (Returned::Future(_), Some(_)) => Err(diagnostics::returns_no_result(returned)),
        (Returned::Future(value), None) => {
            let found = tail::find(&function.body);
            let (tail, body) = found.ok_or_else(|| diagnostics::future_without_block(returned))?;
            let place = Place::Tail(Box::new(tail));
            Ok(Ending {
                place,
                flavour: Flavour::Async,
                output: output(value, signature),
                body,
            })
        }
    }
}

fn whole(function: &Function, flavour: Flavour, returned: &Type) -> Ending {
    Ending {
        place: Place::Body,
        flavour,
        output: output(returned, &function.signature),
        body: function.body.clone(),
    }
}

fn output(returned: &Type, signature: &Signature) -> Output {
    Output {
        annotation: Annotation::Written(Box::new(output::without_impl_trait(returned))),
        blame: start(&returned.to_token_stream()),
        error: output::error_type(returned, signature),
    }
}

/// `#[tokio::test]` and `#[tokio::main]` leave a sync function that runs a future to its end; a transaction around that
/// would be a sync one, on a connection that is not.
fn expect_untouched(function: &Function) -> syn::Result<()> {
    let trees: Vec<_> = function.body.stream().into_iter().take(5).collect();
    let made_by_tokio = function.signature.asyncness.is_none()
        && is_ident(trees.first(), "let")
        && is_ident(trees.get(1), "body")
        && is_punct(trees.get(2), '=')
        && is_ident(trees.get(3), "async")
        && is_group(trees.get(4), Delimiter::Brace)
        && mention(
            function.body.stream(),
            &Ident::new("block_on", Span::call_site()),
        );
    if !made_by_tokio {
        return Ok(());
    }
    let name = &function.signature.ident;
    let runtime = if name == "main" {
        "tokio::main"
    } else {
        "tokio::test"
    };
    Err(diagnostics::below_runtime_attribute(name, runtime))
}

/// The signature to write. A name in it that is only handed on needs no `mut`, which would be reported as unused, and is
/// used, whatever the body makes of it.
fn signature(
    function: &Function,
    ending: &Ending,
    source: &Source,
    terms: &Terms,
    capture: &Capture,
) -> Signature {
    let mut signature = function.signature.clone();
    let own = source.mutability.map(|_| &source.binding);
    let fresh = terms.retry.iter().flat_map(|retry| &retry.fresh);
    let moved = match (ending.flavour, capture) {
        (Flavour::Async, Capture::Borrow { moved }) => moved.as_slice(),
        _ => &[],
    };
    let handed_on = fresh.map(|fresh| &fresh.parameter).chain(moved);
    let after_statements = matches!(&ending.place, Place::Tail(tail) if !tail.before.is_empty());
    for name in own.into_iter().chain(handed_on.map(|it| &it.name)) {
        patterns::expect_nothing(&mut signature, name);
        if !after_statements {
            patterns::make_immutable(&mut signature, name);
        }
    }
    signature
}
