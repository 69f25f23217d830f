//! The transaction itself: from a plan to tokens.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::{Path, Token};

use crate::input::Function;
use crate::plan::{Capture, Flavour, Moved, Output, Passing, Place, Plan, Source, Tail};
use crate::tokens::start;
use crate::validate::Valid;

// Input:
//     fn rename(conn: &mut Connection, id: i64) -> Result<(), AppError> { BODY }
//
// Output:
//     fn rename(conn: &mut Connection, id: i64) -> Result<(), AppError> { TRANSACTION }
pub(crate) fn function(function: &Function, valid: &Valid) -> TokenStream {
    let Function {
        attributes,
        visibility,
        defaultness,
        ..
    } = function;
    let signature = &valid.signature;
    let transaction = transaction(&valid.plan);
    let body = match &valid.place {
        Place::Body => transaction,
        Place::Tail(place) => tail(place, &transaction),
    };
    let body = braced(&function.body, body);
    quote! {
        #(#attributes)*
        #visibility #defaultness #signature #body
    }
}

/// Braces around something else, at the place of those that the user wrote: a function ends where its body does.
fn braced(written: &Group, inside: TokenStream) -> Group {
    let mut group = Group::new(Delimiter::Brace, inside);
    group.set_span(written.span());
    group
}

/// Puts the transaction where the block at the end of the function was.
fn tail(place: &Tail, transaction: &TokenStream) -> TokenStream {
    let Tail {
        before,
        wrapper,
        keywords,
    } = place;
    let block = quote!(#keywords { #transaction });
    match wrapper {
        None => quote!(#before #block),
        Some((path, parentheses)) => {
            let argument = quote_spanned!(*parentheses=> (#block));
            quote!(#before #path #argument)
        }
    }
}

// Output:
//     match ::commit_on_success::__private::begin(conn, &Site { … }, Options::new()) {
//         Ok(mut __scope) => {
//             let __result = {
//                 let (conn, __running) = __scope.enter();
//                 __running.run(move || -> Result<(), AppError> { BODY })
//             };
//             if __private::succeeded(&__result) {
//                 match __scope.commit() {
//                     Ok(()) => __result,
//                     Err(__error) => __private::failed(__error),
//                 }
//             } else {
//                 __scope.rollback();
//                 __result
//             }
//         }
//         Err(__error) => __private::failed(__error),
//     }
//
// A `match`, because the temporaries of the source (`&mut pool.get()?`) have to live to the end. No `?`, because there
// is nothing to return from in a block, and because one trait bound on the return type gives one error.
pub(crate) fn transaction(plan: &Plan) -> TokenStream {
    let mixed = Span::mixed_site();
    let private = quote_spanned!(mixed=> __private);
    let krate = krate(plan.krate.as_ref());
    let begin = begin(plan, &krate);
    let result = result(plan, &krate);
    // Both at one place, where rustc drops the second report about one bound.
    let blame = mixed.located_at(plan.output.blame);
    let succeeded = blamed(
        &krate,
        blame,
        "succeeded",
        &quote_spanned!(blame=> &__result),
    );
    let failed = blamed(&krate, blame, "failed", &quote_spanned!(blame=> __error));
    let wait = wait(plan.flavour);
    quote_spanned! {mixed=>
        match #begin {
            #krate::#private::Ok(mut __scope) => {
                let __result = #result;
                if #succeeded {
                    match __scope.commit() #wait {
                        #krate::#private::Ok(()) => __result,
                        #krate::#private::Err(__error) => #failed,
                    }
                } else {
                    __scope.rollback() #wait;
                    __result
                }
            }
            #krate::#private::Err(__error) => #failed,
        }
    }
}

fn begin(plan: &Plan, krate: &TokenStream) -> TokenStream {
    let source = source(&plan.source, krate);
    let site = &plan.site;
    let site = quote_spanned! {Span::mixed_site()=>
        &#krate::__private::Site {
            function: #site,
            module: #krate::__private::module_path!(),
            file: #krate::__private::file!(),
            line: #krate::__private::line!(),
            column: #krate::__private::column!(),
        }
    };
    let options = quote_spanned!(Span::mixed_site()=> #krate::Options::new());
    let blame = start(&plan.source.expression);
    let arguments = quote_spanned!(blame=> #source, #site, #options);
    match plan.flavour {
        Flavour::Sync => blamed(krate, blame, "begin", &arguments),
        Flavour::Async => {
            let begin = blamed(krate, blame, "begin_async", &arguments);
            quote_spanned!(blame=> #begin.await)
        }
    }
}

/// A method call borrows its receiver again where a function argument would move it.
fn source(source: &Source, krate: &TokenStream) -> TokenStream {
    let expression = &source.expression;
    match source.passing {
        Passing::AsWritten if source.binding.to_string().starts_with('_') => {
            let allow = allow(&[Lint::UnderscoreBinding]);
            quote!(#allow #expression)
        }
        Passing::AsWritten => expression.clone(),
        Passing::Reborrowed => quote_spanned! {Span::mixed_site()=>
            { use #krate::__private::Reborrow as _; #expression.reborrow() }
        },
    }
}

/// What the body evaluates to.
fn result(plan: &Plan, krate: &TokenStream) -> TokenStream {
    let Source {
        binding,
        mutability,
        ..
    } = &plan.source;
    let body = body(plan, krate);
    let wait = wait(plan.flavour);
    let allow = allow(&[Lint::UnusedMut, Lint::UnusedVariables]);
    quote_spanned! {Span::mixed_site()=>
        {
            #allow
            let (#mutability #binding, __running) = __scope.enter();
            __running.run(#body) #wait
        }
    }
}

fn body(plan: &Plan, krate: &TokenStream) -> TokenStream {
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
            let inside = body.stream();
            let block = braced(body, quote!(#annotation #moved #inside));
            quote_spanned!(mixed=> async #capture #block)
        }
    }
}

/// An `async` block cannot be annotated. What it returns first, though never, is what rustc measures the rest against,
/// so that a mismatch is reported where it is.
fn annotation(output: &Output, krate: &TokenStream) -> Option<TokenStream> {
    let ty = output.annotation.as_ref()?;
    Some(quote_spanned! {Span::mixed_site()=>
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

fn wait(flavour: Flavour) -> Option<TokenStream> {
    (flavour == Flavour::Async).then(|| quote_spanned!(Span::mixed_site()=> .await))
}

/// Where this crate is found.
pub(crate) fn krate(renamed: Option<&Path>) -> TokenStream {
    renamed.map_or_else(
        || quote_spanned!(Span::mixed_site()=> ::commit_on_success),
        quote::ToTokens::to_token_stream,
    )
}

/// The call of a function whose bound is about what the user wrote at a place, so that it is reported there.
fn blamed(
    krate: &TokenStream,
    place: Span,
    function: &str,
    arguments: &TokenStream,
) -> TokenStream {
    let krate = krate.clone().into_iter().map(|mut tree: TokenTree| {
        // What the user called this crate has to be looked up where the user wrote it.
        tree.set_span(tree.span().located_at(place));
        tree
    });
    let krate: TokenStream = krate.collect();
    let function = Ident::new(function, place);
    quote_spanned!(place=> #krate::__private::#function(#arguments))
}

/// Lints that generated code would trip.
#[derive(Clone, Copy)]
pub(crate) enum Lint {
    /// A binding is `mut` because the parameter was, or because a method may need it.
    UnusedMut,
    /// A body need not use its transaction.
    UnusedVariables,
    /// `let name = name;` moves a parameter into a block that borrows the rest.
    RedundantLocals,
    /// The parameter's name may start with an underscore.
    UnderscoreBinding,
}

/// The one list of `#[allow]`: on a statement of ours, never around a body.
pub(crate) fn allow(lints: &[Lint]) -> TokenStream {
    let names = lints.iter().map(|lint| match lint {
        Lint::UnusedMut => quote!(unused_mut),
        Lint::UnusedVariables => quote!(unused_variables),
        Lint::RedundantLocals => quote!(clippy::redundant_locals),
        Lint::UnderscoreBinding => quote!(
            clippy::used_underscore_binding,
            clippy::no_effect_underscore_binding
        ),
    });
    quote!(#[allow(#(#names),*)])
}
