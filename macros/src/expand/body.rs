//! One run of the body.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::Token;

use super::located::{braced, wait};
use super::names::{Krate, Lint, allow, blamed};
use crate::plan::{Capture, Flavour, Fresh, Lifetime, Moved, Output, Plan, Renewal, Source};
use crate::tokens::begin_with_item;

/// An expression that runs the body once and gives its result, for the end to look at.
pub(super) fn run(plan: &Plan, krate: Krate<'_>) -> TokenStream {
    let Source {
        binding,
        mutability,
        ..
    } = &plan.source;
    let fresh = fresh(plan, krate);
    let body = body(plan, krate);
    let wait = wait(plan);
    let allow = allow(&[Lint::UnusedMut, Lint::UnusedVariables]);
    // `enter` borrows the connection, so a borrow that is too long is reported at its name.
    let lent = Span::mixed_site().located_at(binding.span());
    let enter = quote_spanned!(lent=> __scope.enter());
    let run = match plan.output.error {
        Lifetime::Static => quote_spanned!(Span::mixed_site()=> run),
        Lifetime::Unknown => quote_spanned!(Span::mixed_site()=> run_any_lifetime),
    };
    quote_spanned! {Span::mixed_site()=>
        {
            #allow
            let (#mutability #binding, __running) = #enter;
            #fresh
            __running.#run(#body) #wait
        }
    }
}

fn body(plan: &Plan, krate: Krate<'_>) -> TokenStream {
    // The closure or block is where the body is, as far as messages about it are concerned.
    let mixed = Span::mixed_site().located_at(plan.body.span_open());
    let capture = match plan.capture {
        Capture::Move => Some(Token![move](mixed)),
        Capture::Borrow { .. } => None,
    };
    let body = &plan.body;
    match plan.flavour {
        Flavour::Sync => {
            let output = plan.output.annotation.as_ref();
            let output = output.map(|ty| quote_spanned!(mixed=> -> #ty));
            quote_spanned!(mixed=> #capture || #output #body)
        }
        Flavour::Async => {
            let annotation = annotation(&plan.output, krate);
            let moved = moved(&plan.capture);
            // An item has to come before all statements, in the eyes of clippy.
            let inside = if begin_with_item(body.stream()) {
                body.to_token_stream()
            } else {
                body.stream()
            };
            let block = braced(body, quote!(#annotation #moved #inside));
            quote_spanned!(mixed=> async #capture #block)
        }
    }
}

/// An `async` block cannot be annotated. What it returns first, though never, is what rustc measures the rest against,
/// so that a mismatch is reported where it is.
fn annotation(output: &Output, krate: Krate<'_>) -> Option<TokenStream> {
    let ty = output.annotation.as_ref()?;
    let place = Span::mixed_site().located_at(output.blame);
    Some(quote_spanned! {place=>
        if false {
            return #krate::__private::never::<#ty>();
        }
    })
}

fn moved(capture: &Capture) -> TokenStream {
    let Capture::Borrow { moved } = capture else {
        return TokenStream::new();
    };
    let allow = allow(&[Lint::RedundantLocals, Lint::UnderscoreBinding]);
    let bindings = moved.iter().map(|Moved { attributes, mutability, name }| {
        quote_spanned!(Span::mixed_site()=> #(#attributes)* #allow let #mutability #name = #name;)
    });
    bindings.collect()
}

/// A parameter of its own for a body that may run again.
fn fresh(plan: &Plan, krate: Krate<'_>) -> TokenStream {
    // A parameter that is moved once more, into an `async` block, needs its `mut` only there.
    let moved = matches!(plan.capture, Capture::Borrow { .. }) && plan.flavour == Flavour::Async;
    let allow = allow(&[Lint::UnderscoreBinding]);
    let fresh = plan.terms.retry.iter().flat_map(|retry| &retry.fresh);
    let bindings = fresh.map(|Fresh { parameter, renewal }| {
        let Moved {
            attributes,
            mutability,
            name,
        } = parameter;
        let mutability = mutability.filter(|_| !moved);
        let value = match renewal {
            Renewal::Clone(blame) => {
                let blame = Span::mixed_site().located_at(*blame);
                let again = blamed(krate, blame, "again");
                quote_spanned!(blame=> #again(&#name))
            }
            Renewal::Reborrow => quote_spanned!(Span::mixed_site()=> &mut *#name),
        };
        quote_spanned!(Span::mixed_site()=> #(#attributes)* #allow let #mutability #name = #value;)
    });
    bindings.collect()
}
