//! The transaction itself: from a plan to tokens.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::{Path, Token};

use crate::input::Function;
use crate::plan::{Capture, Flavour, Moved, Output, Passing, Place, Plan, Source, Tail};
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
    let succeeded = blamed(&krate, plan.output.blame, "succeeded");
    let failed = blamed(&krate, plan.output.blame, "failed");
    let wait = wait(plan.flavour);
    quote_spanned! {mixed=>
        match #begin {
            #krate::#private::Ok(mut __scope) => {
                let __result = #result;
                if #succeeded(&__result) {
                    match __scope.commit() #wait {
                        #krate::#private::Ok(()) => __result,
                        #krate::#private::Err(__error) => #failed(__error),
                    }
                } else {
                    __scope.rollback() #wait;
                    __result
                }
            }
            #krate::#private::Err(__error) => #failed(__error),
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
    let begin = match plan.flavour {
        Flavour::Sync => quote_spanned!(Span::mixed_site()=> begin),
        Flavour::Async => quote_spanned!(Span::mixed_site()=> begin_async),
    };
    let wait = wait(plan.flavour);
    quote_spanned! {Span::mixed_site()=>
        #krate::__private::#begin(#source, #site, #krate::Options::new()) #wait
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
    let mixed = Span::mixed_site();
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

/// The path of a function whose trait bound is about the return type. It starts at the first and ends at the last token
/// of that type, and so does the error if the bound does not hold.
fn blamed(krate: &TokenStream, (first, last): (Span, Span), function: &str) -> TokenStream {
    let start = krate.clone().into_iter().map(|mut tree: TokenTree| {
        tree.set_span(tree.span().located_at(first));
        tree
    });
    let start: TokenStream = start.collect();
    let private = quote_spanned!(Span::mixed_site().located_at(first)=> #start::__private::);
    let function = syn::Ident::new(function, Span::mixed_site().located_at(last));
    quote!(#private #function)
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
    /// An argument may be `()`.
    UnitValue,
}

/// The one list of `#[allow]`: on a statement of ours, never around a body.
pub(crate) fn allow(lints: &[Lint]) -> TokenStream {
    let names = lints.iter().map(|lint| match lint {
        Lint::UnusedMut => quote!(unused_mut),
        Lint::UnusedVariables => quote!(unused_variables),
        Lint::RedundantLocals => quote!(clippy::redundant_locals),
        Lint::UnderscoreBinding => quote!(clippy::used_underscore_binding, clippy::no_effect_underscore_binding),
        Lint::UnitValue => quote!(clippy::let_unit_value),
    });
    quote!(#[allow(#(#names),*)])
}
