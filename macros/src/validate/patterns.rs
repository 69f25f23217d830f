//! Names that parameters bind, and changes to parameters whose name is only handed on.

use proc_macro2::Ident;
use syn::{Attribute, FnArg, Meta, Pat, PatIdent, PatType, Signature, Token};

/// The parameters that are patterns: all but the receiver.
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
pub(super) fn make_immutable(signature: &mut Signature, name: &Ident) {
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
