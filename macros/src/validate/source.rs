//! What the transaction is opened on.

use proc_macro2::Ident;
use quote::ToTokens as _;
use syn::{Attribute, Expr, FnArg, Meta, Pat, PatIdent, PatType, Signature, Token};

use super::capture::capture;
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
        args::Source::Parameter(name) => named(name, signature).map(of_parameter),
        args::Source::First | args::Source::Malformed => first(signature).map(of_parameter),
    }
}

/// A flag without a source beside it is a parameter, if there is one of that name.
pub(crate) fn prefer_parameter(args: &mut Args, signature: &Signature) {
    let names: Vec<_> = typed(signature)
        .flat_map(|parameter| bindings(&parameter.pat))
        .map(|binding| &binding.ident)
        .collect();
    let Options {
        read_only,
        deferrable,
        ..
    } = &mut args.options;
    for flag in [read_only, deferrable] {
        if matches!(args.source, args::Source::First)
            && let Some(given) = flag.take_if(|given| names.contains(&&given.keyword))
        {
            args.source = args::Source::Parameter(given.keyword);
        }
    }
}

/// The name of the transaction inside the body, where that much can be told.
pub(crate) fn binding(source: &args::Source, signature: &Signature) -> Option<Ident> {
    match source {
        args::Source::Expression { binding, .. } => Some(binding.clone()),
        args::Source::Parameter(name) => Some(name.clone()),
        args::Source::First => first(signature).ok().map(|pattern| pattern.ident.clone()),
        args::Source::Malformed => None,
    }
}

pub(crate) fn of_expression(binding: &Ident, expression: &Expr) -> Source {
    let passing = if is_field(expression) {
        Passing::Reborrowed
    } else {
        Passing::AsWritten
    };
    Source {
        binding: binding.clone(),
        mutability: None,
        expression: expression.to_token_stream(),
        passing,
    }
}

fn of_parameter(pattern: &PatIdent) -> (Source, Capture) {
    let source = Source {
        binding: pattern.ident.clone(),
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
        [only] => Ok(only),
        several => {
            let names: Vec<_> = several.iter().map(|binding| &binding.ident).collect();
            Err(diagnostics::ambiguous_parameter(&parameter.pat, &names))
        }
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
            let names: Vec<_> = all.iter().map(|binding| &binding.ident).collect();
            diagnostics::no_such_parameter(name, &names)
        })
}

pub(super) fn typed(signature: &Signature) -> impl Iterator<Item = &PatType> {
    signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(parameter) => Some(parameter),
        FnArg::Receiver(_) => None,
    })
}

/// The names that a pattern binds.
pub(super) fn bindings(pattern: &Pat) -> Vec<&PatIdent> {
    match pattern {
        Pat::Ident(binding) => {
            let inner = binding.subpat.iter().flat_map(|(_, inner)| bindings(inner));
            std::iter::once(binding).chain(inner).collect()
        }
        Pat::Paren(inner) => bindings(&inner.pat),
        Pat::Reference(inner) => bindings(&inner.pat),
        Pat::Type(inner) => bindings(&inner.pat),
        Pat::Slice(list) => list.elems.iter().flat_map(bindings).collect(),
        Pat::Tuple(list) => list.elems.iter().flat_map(bindings).collect(),
        Pat::TupleStruct(list) => list.elems.iter().flat_map(bindings).collect(),
        Pat::Struct(list) => list
            .fields
            .iter()
            .flat_map(|field| bindings(&field.pat))
            .collect(),
        // Every case binds the same names.
        Pat::Or(list) => list.cases.first().map_or_else(Vec::new, bindings),
        _ => Vec::new(),
    }
}

/// The `mut` of a name, which in `ref mut` is that of a reference.
pub(super) fn own_mut(binding: &PatIdent) -> Option<Token![mut]> {
    binding.mutability.filter(|_| binding.by_ref.is_none())
}

/// Turns `#[expect(…)]` into `#[allow(…)]`.
pub(super) fn allowed(mut attribute: Attribute) -> Attribute {
    if let Meta::List(list) = &mut attribute.meta
        && let Some(word) = list.path.get_ident().filter(|word| *word == "expect")
    {
        list.path = Ident::new("allow", word.span()).into();
    }
    attribute
}

/// Has the parameter of that name expect no lint: it is another name that may be unused.
pub(super) fn expect_nothing(signature: &mut Signature, name: &Ident) {
    for input in &mut signature.inputs {
        if let FnArg::Typed(parameter) = input
            && bindings(&parameter.pat)
                .iter()
                .any(|binding| binding.ident == *name)
        {
            let attributes = std::mem::take(&mut parameter.attrs);
            parameter.attrs = attributes.into_iter().map(allowed).collect();
        }
    }
}

/// Takes the `mut` off the parameter of that name.
pub(crate) fn make_immutable(signature: &mut Signature, name: &Ident) {
    for input in &mut signature.inputs {
        if let FnArg::Typed(parameter) = input {
            take_mut(&mut parameter.pat, name);
        }
    }
}

fn take_mut(pattern: &mut Pat, name: &Ident) {
    match pattern {
        Pat::Ident(binding) => {
            if binding.ident == *name && own_mut(binding).is_some() {
                binding.mutability = None;
            }
            if let Some((_, inner)) = &mut binding.subpat {
                take_mut(inner, name);
            }
        }
        Pat::Paren(inner) => take_mut(&mut inner.pat, name),
        Pat::Reference(inner) => take_mut(&mut inner.pat, name),
        Pat::Or(list) => list
            .cases
            .iter_mut()
            .for_each(|inner| take_mut(inner, name)),
        Pat::Slice(list) => list
            .elems
            .iter_mut()
            .for_each(|inner| take_mut(inner, name)),
        Pat::Tuple(list) => list
            .elems
            .iter_mut()
            .for_each(|inner| take_mut(inner, name)),
        Pat::TupleStruct(list) => list
            .elems
            .iter_mut()
            .for_each(|inner| take_mut(inner, name)),
        Pat::Struct(list) => list
            .fields
            .iter_mut()
            .for_each(|field| take_mut(&mut field.pat, name)),
        _ => {}
    }
}
