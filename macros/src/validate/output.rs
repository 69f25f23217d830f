//! The return type of a function, as far as its signature tells.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{GenericArgument, PathArguments, PathSegment, Signature, Type, TypeParamBound, TypePath};

use crate::diagnostics;
use crate::plan::ErrorType;

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
    if segment.arguments.is_none() {
        is_primitive(&segment.ident)
    } else {
        is_any(&segment.ident, &["Option", "Vec", "Box"])
    }
}

/// A primitive type, or a string.
pub(super) fn is_primitive(name: &Ident) -> bool {
    const NAMES: [&str; 18] = [
        "bool", "char", "str", "String", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize",
        "u8", "u16", "u32", "u64", "u128", "usize",
    ];
    is_any(name, &NAMES)
}

fn is_any(name: &Ident, known: &[&str]) -> bool {
    known.iter().any(|known| name == known)
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
pub(crate) fn error_type(returned: &Type, signature: &Signature) -> ErrorType {
    let generic: Vec<_> = signature
        .generics
        .type_params()
        .map(|it| &it.ident)
        .collect();
    let error = error(returned);
    if is_parameter(error, &generic) {
        ErrorType::Parameter
    } else if may_borrow(error.to_token_stream(), &generic) {
        ErrorType::Unknown
    } else {
        ErrorType::Static
    }
}

/// Whether a type is a parameter of the function, or as it cannot see those of an `impl`, has a name that is one by custom.
fn is_parameter(ty: &Type, generic: &[&Ident]) -> bool {
    match ty {
        Type::Group(group) => is_parameter(&group.elem, generic),
        Type::Path(path) if path.qself.is_none() => path
            .path
            .get_ident()
            .is_some_and(|name| generic.contains(&name) || name == "E"),
        _ => false,
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
        // The parentheses are those of a sum of bounds, which `_` is not.
        Type::Paren(inner) if matches!(*inner.elem, Type::ImplTrait(_)) => {
            *ty = syn::parse_quote!(_);
        }
        Type::Path(path) => {
            if let Some(qself) = &mut path.qself {
                erase(&mut qself.ty);
            }
            erase_path(&mut path.path);
        }
        Type::TraitObject(object) => {
            for bound in &mut object.bounds {
                if let TypeParamBound::Trait(bound) = bound {
                    erase_path(&mut bound.path);
                }
            }
        }
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

fn erase_path(path: &mut syn::Path) {
    for segment in &mut path.segments {
        if let PathArguments::AngleBracketed(listed) = &mut segment.arguments {
            for argument in &mut listed.args {
                match argument {
                    GenericArgument::Type(ty) => erase(ty),
                    GenericArgument::AssocType(output) => erase(&mut output.ty),
                    _ => {}
                }
            }
        }
    }
}
