//! `transaction!`: the same plan for a block.

use proc_macro2::{Group, Span, TokenStream};
use syn::parse::ParseStream;
use syn::{Expr, Path, Token};

use crate::args::{self, Args, Last};
use crate::diagnostics::{self, Errors};
use crate::expand;
use crate::fallback;
use crate::plan::{Annotation, Capture, ErrorType, Flavour, Output, Plan, Source, Terms};
use crate::tokens::{braces, first_await, parse_to_end};
use crate::validate::{of_expression, terms};

/// Expands one invocation.
pub(crate) fn expand(tokens: TokenStream) -> TokenStream {
    match parse_to_end(tokens, parse) {
        Ok(plan) => expand::block(&plan),
        Err(error) => fallback::expression(&error),
    }
}

/// `[async] tx = EXPR, OPTIONS…, { … }`, or with an arrow in the place of the last comma
fn parse(input: ParseStream<'_>) -> syn::Result<Plan> {
    let written: Option<Token![async]> = input.parse()?;
    let (mut args, mut errors) = (Args::default(), Errors::default());
    let last = args::list(input, &mut args, &mut errors);
    if let Some(error) = errors.into_error() {
        return Err(error);
    }
    let mut errors = Errors::default();
    let source = errors.keep(source(args.source, input)).flatten();
    let body = if input.is_empty() && source.is_none() {
        None
    } else {
        errors.keep(block(input, last))
    };
    let terms = errors.keep(terms(&args.options));
    match (errors.into_error(), body, source, terms) {
        (None, Some(body), Some(source), Some(terms)) => {
            let krate = args.options.krate.map(|given| given.value);
            let wait = wait(written, &body);
            Ok(plan(krate, wait, source, terms, body))
        }
        (Some(error), ..) => Err(error),
        (None, ..) => unreachable!("whatever is missing was reported"),
    }
}

fn block(input: ParseStream<'_>, last: Last) -> syn::Result<Group> {
    let arrow: Option<Token![=>]> = input.parse()?;
    if arrow.is_none() && last != Last::Comma {
        return Err(diagnostics::expected_block(input));
    }
    let group = braces(input).ok_or_else(|| diagnostics::expected_block(input))?;
    if input.is_empty() {
        Ok(group)
    } else {
        Err(diagnostics::expected_end(input))
    }
}

/// `None` for what is reported already.
fn source(source: args::Source, input: ParseStream<'_>) -> syn::Result<Option<Source>> {
    match source {
        args::Source::Expression {
            binding,
            expression,
        } => Ok(Some(of_expression(&binding, &expression))),
        args::Source::Parameter(name) if args::is_long_and_close(&name) => {
            Err(args::unknown(&name))
        }
        args::Source::Parameter(name) => {
            let expression = Expr::Path(syn::ExprPath {
                attrs: Vec::new(),
                qself: None,
                path: name.clone().into(),
            });
            Ok(Some(of_expression(&name, &expression)))
        }
        args::Source::First => Err(diagnostics::expected_source(input)),
        args::Source::Malformed => Ok(None),
    }
}

/// The token that makes the block async, at which the generated `.await`s are located: in a sync function rustc then
/// complains about one that the user wrote, if there is one, and else about the keyword.
fn wait(written: Option<Token![async]>, body: &Group) -> Option<Span> {
    let found = first_await(body.stream()).map(|found| found.span());
    found.or_else(|| written.map(|keyword| keyword.span))
}

fn plan(
    krate: Option<Path>,
    wait: Option<Span>,
    source: Source,
    terms: Terms,
    body: Group,
) -> Plan {
    Plan {
        krate,
        site: "transaction!".to_owned(),
        flavour: wait.map_or(Flavour::Sync, |_| Flavour::Async),
        wait,
        source,
        terms,
        capture: Capture::Borrow { moved: Vec::new() },
        output: Output {
            annotation: Annotation::Expected,
            blame: body.span_close(),
            error: ErrorType::Static,
        },
        body,
    }
}
