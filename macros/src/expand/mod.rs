//! The transaction itself: from a plan to tokens.
//!
//! `begin` writes what it is begun on and with, `body` one run of what is inside, `names` the paths and lints of all of it.

mod begin;
mod body;
mod names;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};

use crate::input::Function;
use crate::plan::{Flavour, Lifetime, Place, Plan, Tail};
use crate::tokens::start;
use crate::validate::Valid;

pub(crate) use names::{Lint, allow, blamed, krate};

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
    // Not at the tail, where rustc would advise on its temporaries.
    let transaction = quote_spanned! {Span::mixed_site()=>
        let __outcome = #transaction;
        __outcome
    };
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
//         Ok(ref mut __scope) => END,
//         Err(__error) => __private::failed(__error),
//     }
//
// A `match`, because the temporaries of the source (`&mut pool.get()?`) have to live to the end. No `?`, because there
// is nothing to return from in a block, and because one trait bound on the return type gives one error. By `ref mut`,
// because a future would keep room for the scope twice.
pub(crate) fn transaction(plan: &Plan) -> TokenStream {
    let mixed = Span::mixed_site();
    let words = Words::new(plan);
    let Words { krate, failed, .. } = &words;
    let begin = begin::begin(plan, krate);
    let (counter, scope, end) = match &plan.terms.retry {
        None => (
            None,
            quote_spanned!(mixed=> ref mut __scope),
            once(plan, &words),
        ),
        Some(retry) => {
            let counter = begin::counter(retry, &plan.terms, krate);
            let scope = quote_spanned!(mixed=> mut __scope);
            (Some(counter), scope, again(plan, &words))
        }
    };
    let transaction = quote_spanned! {mixed=>
        match #begin {
            #krate::__private::Ok(#scope) => #end,
            #krate::__private::Err(__error) => #failed,
        }
    };
    match counter {
        None => transaction,
        Some(counter) => quote_spanned!(mixed=> { #counter #transaction }),
    }
}

// Output:
//     {
//         let __result = RESULT;
//         if __private::succeeded(&__result) {
//             match __scope.commit() {
//                 Ok(()) => __result,
//                 Err(__error) => __private::failed(__error),
//             }
//         } else {
//             __scope.diagnose(__private::cause!(&__result));
//             __scope.rollback();
//             __result
//         }
//     }
fn once(plan: &Plan, words: &Words) -> TokenStream {
    let Words {
        krate,
        success,
        failed,
        diagnose,
        wait,
    } = words;
    let (commit, rollback) = (end(plan, "commit"), end(plan, "rollback"));
    let result = body::result(plan, krate);
    quote_spanned! {Span::mixed_site()=>
        {
            let __result = #result;
            if #success {
                match #commit() #wait {
                    #krate::__private::Ok(()) => __result,
                    #krate::__private::Err(__error) => #failed,
                }
            } else {
                #diagnose
                #rollback() #wait;
                __result
            }
        }
    }
}

// Output:
//     loop {
//         let __result = RESULT;
//         if __private::succeeded(&__result) {
//             match __scope.commit_or_restart(&mut __attempts) {
//                 Ok(None) => break __result,
//                 Ok(Some(__next)) => __scope = __next,
//                 Err(__error) => break __private::failed(__error),
//             }
//         } else {
//             __scope.diagnose(__private::cause!(&__result));
//             match __scope.rollback_or_restart(&mut __attempts) {
//                 None => break __result,
//                 Some(__next) => __scope = __next,
//             }
//         }
//     }
fn again(plan: &Plan, words: &Words) -> TokenStream {
    let Words {
        krate,
        success,
        failed,
        diagnose,
        wait,
    } = words;
    let commit_or_restart = end(plan, "commit_or_restart");
    let rollback_or_restart = end(plan, "rollback_or_restart");
    let result = body::result(plan, krate);
    quote_spanned! {Span::mixed_site()=>
        loop {
            let __result = #result;
            if #success {
                match #commit_or_restart(&mut __attempts) #wait {
                    #krate::__private::Ok(#krate::__private::None) => break __result,
                    #krate::__private::Ok(#krate::__private::Some(__next)) => __scope = __next,
                    #krate::__private::Err(__error) => break #failed,
                }
            } else {
                #diagnose
                match #rollback_or_restart(&mut __attempts) #wait {
                    #krate::__private::None => break __result,
                    #krate::__private::Some(__next) => __scope = __next,
                }
            }
        }
    }
}

/// A method that takes the scope, located where the body ends: what is still borrowed then is borrowed for too long.
fn end(plan: &Plan, method: &str) -> TokenStream {
    let place = Span::mixed_site().located_at(plan.body.span_close());
    let method = Ident::new(method, place);
    quote_spanned!(place=> __scope.#method)
}

/// What is said in both forms.
struct Words {
    krate: TokenStream,
    /// Whether to commit.
    success: TokenStream,
    /// What `__error` is for the caller.
    failed: TokenStream,
    /// Has the driver look at what the body returned. In a statement of its own, because a future must not hold it.
    diagnose: TokenStream,
    wait: Option<TokenStream>,
}

impl Words {
    fn new(plan: &Plan) -> Self {
        let mixed = Span::mixed_site();
        let krate = krate(plan.krate.as_ref());
        // Both at one place, where rustc drops the second report about one bound.
        let blame = mixed.located_at(plan.output.blame);
        let call = |name, arguments| blamed(&krate, blame, name, &arguments);
        let succeeded = call("succeeded", quote_spanned!(blame=> &__result));
        let failed = call("failed", quote_spanned!(blame=> __error));
        let success = match &plan.terms.spare {
            None => succeeded,
            Some(spare) => {
                let blame = mixed.located_at(start(&spare.to_token_stream()));
                let arguments = quote_spanned!(blame=> &__result, #spare);
                let spared = blamed(&krate, blame, "spared", &arguments);
                quote_spanned!(mixed=> #succeeded || #spared)
            }
        };
        let lifetime = match plan.output.error {
            Lifetime::Static => None,
            Lifetime::Unknown => Some(quote_spanned!(mixed=> any_lifetime)),
        };
        let diagnose = quote_spanned! {mixed=>
            __scope.diagnose(#krate::__private::cause!(#lifetime &__result));
        };
        let wait = wait(plan);
        Self {
            krate,
            success,
            failed,
            diagnose,
            wait,
        }
    }
}

fn wait(plan: &Plan) -> Option<TokenStream> {
    let place = Span::mixed_site().located_at(plan.wait.unwrap_or_else(Span::mixed_site));
    (plan.flavour == Flavour::Async).then(|| quote_spanned!(place=> .await))
}
