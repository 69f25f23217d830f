//! Captures of a body: what it takes over, what it borrows, and what it needs a copy of when it may run again.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens as _;
use syn::{Attribute, Expr, FnArg, PatType, Receiver, ReceiverKind, Signature, Type};

use super::patterns::{allowed, bindings, own_mut, typed};
use crate::plan::{Capture, Fresh, Moved, Renewal};
use crate::tokens::{mention, start};

/// A body takes over all it uses, unless the source is borrowed from something that it uses too.
pub(super) fn capture(expression: &Expr, signature: &Signature) -> Capture {
    let expression = expression.to_token_stream();
    if signature
        .inputs
        .iter()
        .any(|input| lends(input, &expression))
    {
        borrow(signature, &expression)
    } else {
        Capture::Move
    }
}

/// A body that takes over nothing but the parameters that the source has nothing to do with.
pub(super) fn borrow(signature: &Signature, expression: &TokenStream) -> Capture {
    let untouched = untouched(signature, expression);
    Capture::Borrow {
        moved: untouched.map(|(_, parameter)| parameter).collect(),
    }
}

/// Whether the expression may borrow this parameter for longer than it takes to look at it.
fn lends(input: &FnArg, expression: &TokenStream) -> bool {
    match input {
        FnArg::Receiver(receiver) => {
            let shared = matches!(receiver.kind, ReceiverKind::Reference(_, _, None));
            !shared && mention(expression.clone(), &Ident::from(receiver.self_token))
        }
        FnArg::Typed(parameter) => {
            let shared = matches!(&*parameter.ty, Type::Reference(ty) if ty.mutability.is_none());
            !shared && mentioned(parameter, expression)
        }
    }
}

fn mentioned(parameter: &PatType, expression: &TokenStream) -> bool {
    bindings(&parameter.pat)
        .iter()
        .any(|binding| mention(expression.clone(), &binding.ident))
}

/// The names that parameters bind, apart from those that the source mentions.
fn untouched<'sig>(
    signature: &'sig Signature,
    expression: &TokenStream,
) -> impl Iterator<Item = (&'sig PatType, Moved)> {
    let untouched = typed(signature).filter(|parameter| !mentioned(parameter, expression));
    untouched.flat_map(|parameter| {
        bindings(&parameter.pat).into_iter().map(move |binding| {
            let moved = Moved {
                attributes: conditions(parameter),
                mutability: own_mut(binding),
                name: binding.ident.clone(),
            };
            (parameter, moved)
        })
    })
}

/// The parameters that a body would use up, which each attempt gets anew.
pub(super) fn fresh(signature: &Signature, expression: &TokenStream) -> Vec<Fresh> {
    let fresh = untouched(signature, expression).filter_map(|(written, parameter)| {
        let renewal = match reference(&written.ty) {
            None => Renewal::Clone(start(&written.ty.to_token_stream())),
            Some(Borrow::Exclusive) => Renewal::Reborrow,
            Some(Borrow::Shared) => return None,
        };
        Some(Fresh { parameter, renewal })
    });
    fresh.collect()
}

/// The attributes that go with the name: without the parameter, there is nothing to move, and lints are about what the
/// body uses. What is expected of one name need not be true of the others in a pattern.
fn conditions(parameter: &PatType) -> Vec<Attribute> {
    const NAMES: [&str; 7] = [
        "allow", "cfg", "cfg_attr", "deny", "expect", "forbid", "warn",
    ];
    let goes_along = |attribute: &&Attribute| {
        let name = attribute.path().get_ident();
        name.is_some_and(|name| NAMES.iter().any(|known| name == known))
    };
    let along = parameter.attrs.iter().filter(goes_along).cloned();
    along.map(allowed).collect()
}

/// The access that a reference gives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Borrow {
    Shared,
    Exclusive,
}

/// The access that a receiver gives, if it is a reference.
pub(super) fn borrowed(receiver: &Receiver) -> Option<Borrow> {
    match &receiver.kind {
        ReceiverKind::Reference(_, _, None) => Some(Borrow::Shared),
        ReceiverKind::Reference(_, _, Some(_)) => Some(Borrow::Exclusive),
        ReceiverKind::Typed(_, ty) => reference(ty),
        _ => None,
    }
}

fn reference(ty: &Type) -> Option<Borrow> {
    match ty {
        Type::Group(group) => reference(&group.elem),
        Type::Paren(paren) => reference(&paren.elem),
        Type::Reference(reference) if reference.mutability.is_some() => Some(Borrow::Exclusive),
        Type::Reference(_) => Some(Borrow::Shared),
        _ => None,
    }
}
