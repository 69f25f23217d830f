//! One run of the body.

use proc_macro2::{Delimiter, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::Token;

use super::located::{braced, call, delimited, wait};
use super::names::{Krate, Lint, allow};
use crate::plan::{Annotation, Capture, ErrorType, Flavour, Fresh, Moved, Plan, Renewal, Source};
use crate::tokens::{begin_with_item, is_underscored, mention, passed};

/// An expression that runs the body once and gives its result, for the end to look at.
pub(super) fn run(plan: &Plan, krate: Krate<'_>) -> TokenStream {
    let fresh = fresh(plan, krate);
    let connection = connection(plan);
    let (before, inside) = if is_bound_inside(plan) {
        (None, Some(connection))
    } else {
        (Some(connection), None)
    };
    let body = body(plan, inside.as_ref(), krate);
    let wait = wait(plan);
    // `enter` borrows the connection, so a borrow that is too long is reported at its name.
    let mixed = Span::mixed_site();
    let place = plan.source.binding.span();
    let scope = delimited(
        Delimiter::Parenthesis,
        place,
        quote_spanned!(mixed=> __scope),
    );
    let nothing = delimited(Delimiter::Parenthesis, place, TokenStream::new());
    let run = match plan.output.error {
        ErrorType::Static => quote_spanned!(mixed=> run),
        ErrorType::Unknown | ErrorType::Parameter => quote_spanned!(mixed=> run_any_lifetime),
    };
    quote_spanned! {mixed=>
        {
            let (__handle, __running) = #scope.enter #nothing;
            #before
            #fresh
            __running.#run(#body) #wait
        }
    }
}

// Output:
//     move || -> Result<(), AppError> { let conn = __handle; BODY }
//
// The keywords are where the braces are that the user wrote, and as good as written there: what is captured by a closure
// of a macro has no name in messages.
fn body(plan: &Plan, connection: Option<&TokenStream>, krate: Krate<'_>) -> TokenStream {
    let place = plan.body.span_open();
    let capture = match plan.capture {
        Capture::Move => Some(Token![move](place)),
        Capture::Borrow { .. } => None,
    };
    let (head, annotation) = match (plan.flavour, &plan.output.annotation) {
        (Flavour::Sync, Annotation::Written(ty)) => {
            (quote_spanned!(place=> #capture || -> #ty), None)
        }
        (Flavour::Sync, Annotation::Expected) => (quote_spanned!(place=> #capture ||), None),
        (Flavour::Async, annotation) => {
            let annotation = first_return(annotation, plan.output.blame, krate);
            (quote_spanned!(place=> async #capture), Some(annotation))
        }
    };
    let moved = match plan.flavour {
        Flavour::Sync => None,
        Flavour::Async => Some(moved(plan)),
    };
    // An item has to come before all statements, in the eyes of clippy.
    let inside = if begin_with_item(plan.body.stream()) {
        plan.body.to_token_stream()
    } else {
        plan.body.stream()
    };
    let block = braced(&plan.body, quote!(#annotation #connection #moved #inside));
    let body = quote!(#head #block);
    match (plan.flavour, &plan.output.annotation) {
        (Flavour::Sync, Annotation::Expected) => {
            quote_spanned!(Span::mixed_site()=> __expected.of(#body))
        }
        _ => body,
    }
}

/// Whether the connection gets its name inside of the body, so that rustc knows how to lend it again, and says so. A future
/// would keep room for it twice, which it does where somebody could need the advice.
fn is_bound_inside(plan: &Plan) -> bool {
    plan.flavour == Flavour::Sync || passed(plan.body.stream(), &plan.source.binding) > 1
}

// Output:
//     let conn = __handle;
//     let _ = conn;
//
// A body need not use its transaction, nor change it where the parameter is `mut`.
fn connection(plan: &Plan) -> TokenStream {
    let Source {
        binding,
        named,
        mutability,
        ..
    } = &plan.source;
    let mixed = Span::mixed_site();
    if is_underscored(binding) && !mention(plan.body.stream(), binding) {
        return TokenStream::new();
    }
    let mutability = mutability.map(|_| Token![mut](mixed));
    let allow = allow(&[Lint::ShadowUnrelated]);
    // A future keeps room for what was borrowed.
    let borrow = mutability.map(|mutability| quote_spanned!(mixed=> & #mutability));
    // An editor looks for a definition of the name that is among the arguments.
    let place = binding.span().located_at(*named);
    let mut named = binding.clone();
    named.set_span(place);
    let used = (!is_underscored(binding)).then(|| quote_spanned!(mixed=> let _ = #borrow #named;));
    quote_spanned!(mixed=> #allow let #mutability #binding = __handle; #used)
}

/// An `async` block cannot be annotated. What it returns first, though never, is what rustc measures the rest against,
/// so that a mismatch is reported where it is.
fn first_return(annotation: &Annotation, blame: Span, krate: Krate<'_>) -> TokenStream {
    let mixed = Span::mixed_site();
    let value = match annotation {
        Annotation::Written(ty) => quote_spanned!(mixed=> #krate::__private::never::<#ty>()),
        Annotation::Expected => quote_spanned!(mixed=> __expected.value()),
    };
    let value = delimited(Delimiter::Parenthesis, blame, value);
    let first = quote_spanned!(mixed.located_at(blame)=> return #value;);
    quote_spanned!(mixed=> if false { #first })
}

fn moved(plan: &Plan) -> TokenStream {
    let Capture::Borrow { moved } = &plan.capture else {
        return TokenStream::new();
    };
    let bindings = moved.iter().map(|parameter| {
        let value = parameter.name.to_token_stream();
        let bound = rebind(parameter, parameter.mutability, &value, Lint::ShadowSame);
        let used = used_by_setting(plan, parameter);
        quote!(#bound #used)
    });
    bindings.collect()
}

/// A parameter of its own for a body that may run again.
fn fresh(plan: &Plan, krate: Krate<'_>) -> TokenStream {
    // A parameter that is moved once more, into an `async` block, needs its `mut` only there.
    let moved = matches!(plan.capture, Capture::Borrow { .. }) && plan.flavour == Flavour::Async;
    let mixed = Span::mixed_site();
    let fresh = plan.terms.retry.iter().flat_map(|retry| &retry.fresh);
    let bindings = fresh.map(|Fresh { parameter, renewal }| {
        let name = &parameter.name;
        let mutability = parameter.mutability.filter(|_| !moved);
        let value = match renewal {
            Renewal::Clone(blame) => {
                let again = quote_spanned!(mixed=> #krate::__private::again);
                let lent = quote_spanned!(mixed.located_at(*blame)=> &#name);
                call(*blame, again, lent)
            }
            Renewal::Reborrow => quote_spanned!(mixed=> &mut *#name),
        };
        let bound = rebind(parameter, mutability, &value, Lint::ShadowReuse);
        let used = used_by_setting(plan, parameter);
        quote!(#bound #used)
    });
    bindings.collect()
}

/// A parameter that is there for a setting need not be used by the body.
fn used_by_setting(plan: &Plan, parameter: &Moved) -> Option<TokenStream> {
    let Moved {
        attributes, name, ..
    } = parameter;
    let mut values = plan.terms.values.iter();
    let mentioned = values.any(|value| mention(value.expression.clone(), name));
    (mentioned && !is_underscored(name))
        .then(|| quote_spanned!(Span::mixed_site()=> #(#attributes)* let _ = &#name;))
}

fn rebind(
    parameter: &Moved,
    mutability: Option<Token![mut]>,
    value: &TokenStream,
    shadowing: Lint,
) -> TokenStream {
    let Moved {
        attributes, name, ..
    } = parameter;
    let allow = if is_underscored(name) {
        allow(&[shadowing, Lint::UnderscoreBinding])
    } else {
        allow(&[shadowing])
    };
    quote_spanned!(Span::mixed_site()=> #(#attributes)* #allow let #mutability #name = #value;)
}
