//! The transaction itself: from a plan to tokens.
//!
//! `begin` writes what it is begun on and with, `body` one run of what is inside, `names` the paths and lints of all of it,
//! `located` tokens that stand where the user wrote others.

mod begin;
mod body;
mod located;
mod names;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};

use crate::input::Function;
use crate::plan::{Flavour, Place, Plan, Tail};
use crate::tokens::start;
use crate::validate::Valid;

use located::{braced, wait};
pub(crate) use names::{Krate, Lint, allow, blamed};

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
    let retry = valid.plan.terms.retry.as_ref();
    let allow = retry.map(|_| allow(&[Lint::NeedlessPassByValue]));
    quote! {
        #(#attributes)*
        #allow
        #visibility #defaultness #signature #body
    }
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
//     let __outcome = match ::commit_on_success::__private::begin(conn, &Site { … }, Options::new()) {
//         Ok(ref mut __scope) => END,
//         Err(__error) => Err(__error),
//     };
//     __private::returns(__outcome)
//
// A `match`, because the temporaries of the source (`&mut pool.get()?`) have to live to the end, and not at the tail,
// where rustc would advise on its temporaries. No `?`, because there is nothing to return from in a block. One call with
// a bound on the return type, because each of them is an error of its own. By `ref mut`, because a future would keep room
// for the scope twice.
pub(crate) fn transaction(plan: &Plan) -> TokenStream {
    let krate = Krate::new(plan.krate.as_ref());
    let begin = begin::begin(plan, krate);
    let (counter, end) = match &plan.terms.retry {
        None => (None, once(plan, krate)),
        Some(retry) => {
            let counter = begin::counter(retry, &plan.terms, krate);
            (Some(counter), again(plan, krate))
        }
    };
    let blame = Span::mixed_site().located_at(plan.output.blame);
    let returns = blamed(krate, blame, "returns");
    let returns = quote_spanned!(blame=> #returns(__outcome));
    quote_spanned! {Span::mixed_site()=>
        #counter
        let __outcome = match #begin {
            #krate::__private::Ok(ref mut __scope) => #end,
            #krate::__private::Err(__error) => #krate::__private::Err(__error),
        };
        #returns
    }
}

// Output:
//     {
//         let mut __returned = BODY;
//         __returned.commit_or_rollback(__scope)
//     }
fn once(plan: &Plan, krate: Krate<'_>) -> TokenStream {
    let body = body::run(plan, krate);
    let no_rollback = no_rollback(plan);
    let end = end(plan, "commit_or_rollback");
    quote_spanned! {Span::mixed_site()=>
        {
            let mut __returned = #body;
            #no_rollback
            #end
        }
    }
}

// Output:
//     loop {
//         let mut __returned = BODY;
//         if let Some(__outcome) = __returned.commit_or_restart(__scope, &mut __attempts) {
//             break __outcome;
//         }
//     }
fn again(plan: &Plan, krate: Krate<'_>) -> TokenStream {
    let mixed = Span::mixed_site();
    let body = body::run(plan, krate);
    let no_rollback = no_rollback(plan);
    let end = end(plan, "commit_or_restart");
    quote_spanned! {mixed=>
        loop {
            let mut __returned = #body;
            #no_rollback
            if let #krate::__private::Some(__outcome) = #end {
                break __outcome;
            }
        }
    }
}

/// Located where the body ends: what is still borrowed then is borrowed for too long.
fn end(plan: &Plan, method: &str) -> TokenStream {
    let place = Span::mixed_site().located_at(plan.body.span_close());
    let method = match plan.flavour {
        Flavour::Sync => Ident::new(method, place),
        Flavour::Async => Ident::new(&format!("{method}_async"), place),
    };
    let attempts = plan.terms.retry.as_ref();
    let attempts = attempts.map(|_| quote_spanned!(place=> , &mut __attempts));
    let wait = wait(plan);
    quote_spanned!(place=> __returned.#method(__scope #attempts) #wait)
}

/// Has the runtime ask the predicate of `no_rollback_for` about the error, before the end is decided.
fn no_rollback(plan: &Plan) -> Option<TokenStream> {
    let no_rollback = plan.terms.no_rollback.as_ref()?;
    let place = Span::mixed_site().located_at(start(&no_rollback.to_token_stream()));
    Some(quote_spanned!(place=> __scope.no_rollback(&mut __returned, #no_rollback);))
}
