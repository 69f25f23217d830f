//! The return type of a function, as far as its signature tells.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{GenericArgument, PathArguments, PathSegment, Signature, Type, TypeParamBound, TypePath};

use crate::diagnostics;
use crate::plan::Lifetime;

/// A return type, sorted by what has to be done about it.
pub(crate) enum Returned<'ty> {
    /// A `Result`, or a name that may stand for one.
    Value(&'ty Type),
    /// A future of such a value.
    Future(&'ty Type),
}

/// Sorts a return type. Refuses only what cannot be a `Result`, whatever its names stand for.
pub(crate) fn classify(ty: &Type) -> syn::Result<Returned<'_>> {
    match future(ty) {
        Some(Future { output: None }) => Err(diagnostics::future_without_output(ty)),
        Some(Future {
            output: Some(output),
        }) => expect_result(output).map(Returned::Future),
        None => expect_result(ty).map(Returned::Value),
    }
}

fn expect_result(ty: &Type) -> syn::Result<&Type> {
    if may_be_result(ty) {
        Ok(ty)
    } else {
        Err(diagnostics::returns_no_result(ty))
    }
}

fn may_be_result(ty: &Type) -> bool {
    match ty {
        Type::Group(group) => may_be_result(&group.elem),
        Type::Paren(paren) => may_be_result(&paren.elem),
        Type::Path(path) => {
            path.qself.is_some() || !path.path.segments.last().is_some_and(is_well_known)
        }
        Type::Macro(_) | Type::Verbatim(_) | Type::Infer(_) => true,
        _ => false,
    }
}

/// Types of the prelude and primitives that nobody gives another meaning.
fn is_well_known(segment: &PathSegment) -> bool {
    const PLAIN: [&str; 18] = [
        "bool", "char", "str", "String", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize",
        "u8", "u16", "u32", "u64", "u128", "usize",
    ];
    const GENERIC: [&str; 3] = ["Option", "Vec", "Box"];
    let known: &[&str] = if segment.arguments.is_none() {
        &PLAIN
    } else {
        &GENERIC
    };
    known.iter().any(|name| segment.ident == name)
}

/// A future by its look, and what it says about its output.
struct Future<'ty> {
    output: Option<&'ty Type>,
}

fn future(ty: &Type) -> Option<Future<'_>> {
    match ty {
        Type::Group(group) => future(&group.elem),
        Type::Paren(paren) => future(&paren.elem),
        Type::ImplTrait(opaque) => opaque.bounds.iter().find_map(future_bound),
        Type::TraitObject(object) => object.bounds.iter().find_map(future_bound),
        Type::Path(path) => future_path(path),
        _ => None,
    }
}

/// `Pin<Box<dyn Future<Output = T>>>`, or one of the names that the `futures` crates have for it.
fn future_path(path: &TypePath) -> Option<Future<'_>> {
    let segment = path.path.segments.last()?;
    let mut types = type_arguments(segment);
    if segment.ident == "Pin" || segment.ident == "Box" {
        types.next().and_then(future)
    } else if segment.ident == "BoxFuture" || segment.ident == "LocalBoxFuture" {
        Some(Future {
            output: types.next(),
        })
    } else {
        None
    }
}

fn future_bound(bound: &TypeParamBound) -> Option<Future<'_>> {
    let TypeParamBound::Trait(bound) = bound else {
        return None;
    };
    let segment = bound
        .path
        .segments
        .last()
        .filter(|segment| segment.ident == "Future")?;
    let output = arguments(segment).find_map(|argument| match argument {
        GenericArgument::AssocType(output) if output.ident == "Output" => Some(&output.ty),
        _ => None,
    });
    Some(Future { output })
}

fn type_arguments(segment: &PathSegment) -> impl Iterator<Item = &Type> {
    arguments(segment).filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

fn arguments(segment: &PathSegment) -> impl Iterator<Item = &GenericArgument> {
    let listed = match &segment.arguments {
        PathArguments::AngleBracketed(listed) => Some(&listed.args),
        PathArguments::None | PathArguments::Parenthesized(_) => None,
    };
    listed.into_iter().flatten()
}

/// Looks for anything in the error type that could stand for a borrow.
pub(crate) fn error_lifetime(returned: &Type, signature: &Signature) -> Lifetime {
    let generic: Vec<_> = signature
        .generics
        .type_params()
        .map(|it| &it.ident)
        .collect();
    if may_borrow(error(returned).to_token_stream(), &generic) {
        Lifetime::Unknown
    } else {
        Lifetime::Static
    }
}

/// The `E` of `Result<T, E>`; otherwise all of the type.
fn error(returned: &Type) -> &Type {
    match returned {
        Type::Group(group) => error(&group.elem),
        Type::Paren(paren) => error(&paren.elem),
        Type::Path(path) => {
            let arguments = path.path.segments.last().map(type_arguments);
            let error = arguments.and_then(|mut arguments| arguments.nth(1));
            error.unwrap_or(returned)
        }
        _ => returned,
    }
}

fn may_borrow(tokens: TokenStream, generic: &[&Ident]) -> bool {
    let mut after_quote = false;
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Punct(punct) => {
            after_quote = punct.as_char() == '\'';
            false
        }
        TokenTree::Ident(ident) if std::mem::take(&mut after_quote) => ident != "static",
        TokenTree::Ident(ident) => ident == "Self" || generic.contains(&&ident),
        TokenTree::Group(group) => may_borrow(group.stream(), generic),
        TokenTree::Literal(_) => false,
    })
}

/// The type with every `impl Trait` in it replaced by `_`, which is how a closure and a binding can be annotated.
pub(crate) fn without_impl_trait(ty: &Type) -> Type {
    let mut ty = ty.clone();
    erase(&mut ty);
    ty
}

fn erase(ty: &mut Type) {
    match ty {
        Type::ImplTrait(_) => *ty = syn::parse_quote!(_),
        Type::Path(path) => path.path.segments.iter_mut().for_each(erase_arguments),
        Type::Array(inner) => erase(&mut inner.elem),
        Type::Group(inner) => erase(&mut inner.elem),
        Type::Paren(inner) => erase(&mut inner.elem),
        Type::Ptr(inner) => erase(&mut inner.elem),
        Type::Reference(inner) => erase(&mut inner.elem),
        Type::Slice(inner) => erase(&mut inner.elem),
        Type::Tuple(tuple) => tuple.elems.iter_mut().for_each(erase),
        _ => {}
    }
}

fn erase_arguments(segment: &mut PathSegment) {
    let PathArguments::AngleBracketed(listed) = &mut segment.arguments else {
        return;
    };
    for argument in &mut listed.args {
        match argument {
            GenericArgument::Type(ty) => erase(ty),
            GenericArgument::AssocType(output) => erase(&mut output.ty),
            _ => {}
        }
    }
}
