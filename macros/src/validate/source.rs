//! The source of a transaction: a parameter, or an expression.

use proc_macro2::{Ident, Span};
use quote::ToTokens as _;
use syn::{Expr, PatIdent, Signature, Type};

use super::capture::capture;
use super::output::is_primitive;
use super::patterns::{bindings, own_mut, typed};
use crate::args::{self, Args, Options};
use crate::diagnostics;
use crate::plan::{Capture, Passing, Source};

/// Finds the source among the arguments and the parameters.
pub(crate) fn resolve(
    source: &args::Source,
    signature: &Signature,
) -> syn::Result<(Source, Capture)> {
    match source {
        args::Source::Expression {
            binding,
            expression,
        } => Ok((
            of_expression(binding, expression),
            capture(expression, signature),
        )),
        args::Source::Parameter(name) => {
            let pattern = named(name, signature)?;
            Ok(of_parameter(pattern, name.span()))
        }
        args::Source::First | args::Source::Malformed => {
            let pattern = first(signature)?;
            Ok(of_parameter(pattern, pattern.ident.span()))
        }
    }
}

/// A flag without a source beside it is a parameter, if there is one of that name.
pub(crate) fn prefer_parameter(args: &mut Args, signature: &Signature) {
    let names = names(signature);
    let Options {
        read_only,
        deferrable,
        settle,
        ..
    } = &mut args.options;
    for flag in [read_only, deferrable, settle] {
        if matches!(args.source, args::Source::First)
            && let Some(given) = flag.take_if(|given| names.contains(&&given.keyword))
        {
            args.source = args::Source::Parameter(given.keyword);
        }
    }
}

/// The names of all parameters.
pub(crate) fn names(signature: &Signature) -> Vec<&Ident> {
    let all = typed(signature).flat_map(|parameter| bindings(&parameter.pat));
    all.map(|binding| &binding.ident).collect()
}

/// The name of the transaction inside the body.
pub(crate) enum Binding {
    Parameter(Ident),
    New(Ident),
}

/// That name, where that much can be told.
pub(crate) fn binding(source: &args::Source, signature: &Signature) -> Option<Binding> {
    let name = match source {
        args::Source::Expression { binding, .. } => binding,
        args::Source::Parameter(name) => name,
        args::Source::First => &first(signature).ok()?.ident,
        args::Source::Malformed => return None,
    };
    if names(signature).contains(&name) {
        return Some(Binding::Parameter(name.clone()));
    }
    let mut name = name.clone();
    if let args::Source::Parameter(word) = source {
        // An editor would complete the word to a pattern.
        name.set_span(Span::call_site().resolved_at(word.span()));
    }
    Some(Binding::New(name))
}

pub(crate) fn of_expression(binding: &Ident, expression: &Expr) -> Source {
    let passing = if is_field(expression) {
        Passing::Reborrowed
    } else {
        Passing::AsWritten
    };
    Source {
        binding: binding.clone(),
        named: binding.span(),
        mutability: None,
        expression: expression.to_token_stream(),
        passing,
    }
}

fn of_parameter(pattern: &PatIdent, named: Span) -> (Source, Capture) {
    let source = Source {
        binding: pattern.ident.clone(),
        named,
        mutability: own_mut(pattern),
        expression: pattern.ident.to_token_stream(),
        passing: Passing::AsWritten,
    };
    (source, Capture::Move)
}

/// `self.conn`, `state.0.conn`: nothing but names, so that there is no temporary to keep alive.
fn is_field(expression: &Expr) -> bool {
    match expression {
        Expr::Field(field) => is_field(&field.base) || is_name(&field.base),
        Expr::Group(group) => is_field(&group.expr),
        _ => false,
    }
}

fn is_name(expression: &Expr) -> bool {
    match expression {
        Expr::Path(path) => path.path.get_ident().is_some(),
        Expr::Group(group) => is_name(&group.expr),
        _ => false,
    }
}

fn first(signature: &Signature) -> syn::Result<&PatIdent> {
    let Some(parameter) = typed(signature).next() else {
        return Err(diagnostics::no_parameter(&signature.ident));
    };
    match bindings(&parameter.pat).as_slice() {
        [] => Err(diagnostics::unnamed_parameter(&parameter.pat)),
        [only] if is_plain_value(&parameter.ty) => Err(diagnostics::first_parameter(
            only,
            &parameter.ty,
            &candidates(signature),
        )),
        [only] => Ok(only),
        several => {
            let names: Vec<_> = several.iter().map(|binding| &binding.ident).collect();
            Err(diagnostics::ambiguous_parameter(&parameter.pat, &names))
        }
    }
}

/// The names of parameters that may open a transaction.
fn candidates(signature: &Signature) -> Vec<&Ident> {
    let candidates = typed(signature).filter(|parameter| !is_plain_value(&parameter.ty));
    let names = candidates.flat_map(|parameter| bindings(&parameter.pat));
    names.map(|binding| &binding.ident).collect()
}

/// Whether a type is one of the language's that nothing can be opened on, whatever the driver.
fn is_plain_value(ty: &Type) -> bool {
    match ty {
        Type::Group(group) => is_plain_value(&group.elem),
        Type::Paren(paren) => is_plain_value(&paren.elem),
        Type::Reference(reference) => is_plain_value(&reference.elem),
        Type::Path(path) => path.qself.is_none() && path.path.get_ident().is_some_and(is_primitive),
        Type::Array(_) | Type::Slice(_) => true,
        _ => false,
    }
}

fn named<'sig>(name: &Ident, signature: &'sig Signature) -> syn::Result<&'sig PatIdent> {
    let all: Vec<_> = typed(signature)
        .flat_map(|parameter| bindings(&parameter.pat))
        .collect();
    all.iter()
        .copied()
        .find(|binding| binding.ident == *name)
        .ok_or_else(|| {
            if args::is_close(name) {
                return args::unknown(name);
            }
            let names: Vec<_> = all.iter().map(|binding| &binding.ident).collect();
            diagnostics::no_such_parameter(name, &names)
        })
}
