//! The transaction itself: from a plan to tokens.
//!
//! `begin` writes what it is begun on and with, `body` one run of what is inside, `names` the paths and lints of all of it,
//! `located` tokens that stand where the user wrote others.

mod begin;
mod body;
mod located;
mod names;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};

use crate::input::Function;
use crate::plan::{
    Annotation, ErrorType, Flavour, Fresh, Inner, Moved, Output, Place, Plan, Renewal, Retry, Tail,
};
use crate::tokens::{is_underscored, start};
use crate::validate::Valid;

use located::wait;
pub(crate) use located::{braced, call, delimited};
pub(crate) use names::{Krate, Lint, allow};

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
        inner,
        ..
    } = function;
    let signature = &valid.signature;
    let transaction = transaction(&valid.plan, Krate::new(valid.plan.krate.as_ref()));
    let body = match &valid.place {
        Place::Body => transaction,
        Place::Tail(place) => tail(place, &valid.plan.body, &transaction),
    };
    let body = braced(&function.body, quote!(#inner #body));
    quote! {
        #(#attributes)*
        #visibility #defaultness #signature #body
    }
}

/// Puts the transaction where the block at the end of the function was.
fn tail(place: &Tail, written: &Group, transaction: &TokenStream) -> TokenStream {
    let Tail {
        before,
        wrapper,
        keywords,
        inner,
    } = place;
    let block = match inner {
        None => braced(written, transaction.clone()).into_token_stream(),
        Some(Inner {
            block,
            before,
            after,
        }) => braced(block, quote!(#before { #transaction } #after)).into_token_stream(),
    };
    let block = quote!(#keywords #block);
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
//     return __private::returns(__outcome);
//
// A `match`, because the temporaries of the source (`&mut pool.get()?`) have to live to the end, and not at the tail,
// where rustc would advise on its temporaries. No `?`, because there is nothing to return from in a block. One call with
// a bound on the return type, because each of them is an error of its own. A future keeps
// room for the scope once: it stays where it is made, in a `None` among the arguments, which comes behind the source, so that it
// is dropped before the temporaries of that are.
fn transaction(plan: &Plan, krate: Krate<'_>) -> TokenStream {
    let begin = begin::begin(plan, krate);
    let settings = begin::values(&plan.terms, krate);
    let (counter, end, used) = match &plan.terms.retry {
        None => (None, once(plan, krate), None),
        Some(retry) => {
            let counter = begin::counter(retry, &plan.terms, krate);
            (Some(counter), again(plan, krate), Some(used(retry, krate)))
        }
    };
    let returns = returns(plan, krate);
    let scope = match plan.flavour {
        Flavour::Sync => quote_spanned!(Span::mixed_site()=> ref mut __scope),
        Flavour::Async => quote_spanned!(Span::mixed_site()=> __scope),
    };
    quote_spanned! {Span::mixed_site()=>
        #counter
        #settings
        let __outcome = match #begin {
            #krate::__private::Ok(#scope) => #end,
            #krate::__private::Err(__error) => #krate::__private::Err(__error),
        };
        #used
        #returns
    }
}

/// Uses up the parameters that each attempt has had a clone of, as the body would have.
fn used(retry: &Retry, krate: Krate<'_>) -> TokenStream {
    let cloned = retry
        .fresh
        .iter()
        .filter(|fresh| matches!(fresh.renewal, Renewal::Clone(_)))
        .filter(|fresh| !is_underscored(&fresh.parameter.name));
    let used = cloned.map(|Fresh { parameter, .. }| {
        let Moved {
            attributes, name, ..
        } = parameter;
        quote_spanned!(Span::mixed_site()=> #(#attributes)* #krate::__private::drop(#name);)
    });
    used.collect()
}

/// The value of the function or block, located at its type.
fn returns(plan: &Plan, krate: Krate<'_>) -> TokenStream {
    let mixed = Span::mixed_site();
    let Output {
        annotation,
        blame,
        error,
    } = &plan.output;
    let outcome = delimited(Delimiter::Brace, *blame, quote_spanned!(mixed=> __outcome));
    let value = match (&plan.terms.map_err, error) {
        (Some(path), _) => {
            quote_spanned!(mixed=> #krate::__private::returns_mapped(#outcome, #path))
        }
        (None, ErrorType::Parameter) => {
            quote_spanned!(mixed=> #krate::__private::returns_generic(#outcome))
        }
        (None, ErrorType::Static | ErrorType::Unknown) => {
            quote_spanned!(mixed=> #krate::__private::returns(#outcome))
        }
    };
    match annotation {
        // A lint may ask for the word.
        Annotation::Written(_) => quote_spanned!(mixed=> return #value;),
        Annotation::Expected => value,
    }
}

// Output:
//     {
//         let __expected = ::commit_on_success::__private::Expected::new();
//         if false {
//             __expected.value()
//         } else {
//             TRANSACTION
//         }
//     }
//
// A block has no signature. The branch that is never taken comes first, so that what is expected of the block is known
// where its body is.
pub(crate) fn block(plan: &Plan) -> TokenStream {
    let krate = Krate::new(plan.krate.as_ref());
    let transaction = transaction(plan, krate);
    quote_spanned! {Span::mixed_site()=>
        {
            let __expected = #krate::__private::Expected::new();
            if false {
                __expected.value()
            } else {
                #transaction
            }
        }
    }
}

// Output:
//     {
//         let mut __returned = BODY;
//         __returned.__commit_or_rollback(__scope)
//     }
fn once(plan: &Plan, krate: Krate<'_>) -> TokenStream {
    let body = body::run(plan, krate);
    let no_rollback = no_rollback(plan);
    let end = end(plan, "__commit_or_rollback");
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
//         if let Some(__outcome) = __returned.__commit_or_restart(__scope, &mut __attempts) {
//             break __outcome;
//         }
//     }
fn again(plan: &Plan, krate: Krate<'_>) -> TokenStream {
    let mixed = Span::mixed_site();
    let body = body::run(plan, krate);
    let no_rollback = no_rollback(plan);
    let end = end(plan, "__commit_or_restart");
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
