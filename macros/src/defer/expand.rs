//! From a form of `defer!` to tokens.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote_spanned};
use syn::{Expr, Path};

use super::Macro;
use super::parse::{Call, Callee, Deferred};
use crate::expand::{Lint, allow, krate};

/// Writes the registration of a deferred call.
pub(crate) fn deferred(invoked: Macro, renamed: Option<&Path>, deferred: &Deferred) -> TokenStream {
    let (sync, awaited) = match invoked {
        Macro::Defer => ("defer", "defer_async"),
        Macro::TryDefer => ("try_defer", "try_defer_async"),
    };
    let register = |name: &str, call: TokenStream| {
        let krate = krate(renamed);
        let function = Ident::new(name, Span::mixed_site());
        quote_spanned!(Span::mixed_site()=> #krate::__private::#function(#call))
    };
    match deferred {
        Deferred::Callable(callable) => register(sync, callable.clone()),
        Deferred::Block(statements) => register(
            sync,
            quote_spanned!(Span::mixed_site()=> move || { #statements }),
        ),
        Deferred::Call(call) => register(sync, later(call, Body::Closure)),
        Deferred::AwaitedCall(call) => wait(&register(awaited, later(call, Body::Future))),
        Deferred::Future(future) => wait(&register(awaited, future.clone())),
    }
}

fn wait(registration: &TokenStream) -> TokenStream {
    quote_spanned!(Span::mixed_site()=> #registration.await)
}

/// What is made of a call.
#[derive(Clone, Copy)]
enum Body {
    Closure,
    Future,
}

// Input:
//     x.method(a, b)
//
// Output:
//     {
//         let mut __receiver = x;
//         let __arg0 = a;
//         let __arg1 = b;
//         move || __receiver.method(__arg0, __arg1)
//     }
fn later(call: &Call, body: Body) -> TokenStream {
    let (subject, callee) = callee(&call.callee);
    let (values, arguments): (Vec<_>, Vec<_>) =
        call.arguments.iter().enumerate().map(argument).unzip();
    let made = match body {
        Body::Closure => quote_spanned!(Span::mixed_site()=> move || #callee(#(#arguments),*)),
        Body::Future => {
            quote_spanned!(Span::mixed_site()=> async move { #callee(#(#arguments),*).await })
        }
    };
    quote_spanned!(Span::mixed_site()=> { #subject #(#values)* #made })
}

/// What is evaluated now of a callee, and how it is called later.
fn callee(callee: &Callee) -> (TokenStream, TokenStream) {
    match callee {
        Callee::Function(function) if is_item(function) => {
            (TokenStream::new(), function.to_token_stream())
        }
        Callee::Function(closure @ Expr::Closure(_)) => (
            TokenStream::new(),
            quote_spanned!(Span::mixed_site()=> (#closure)),
        ),
        Callee::Function(function) => (
            quote_spanned!(Span::mixed_site()=> let __callee = #function;),
            quote_spanned!(Span::mixed_site()=> __callee),
        ),
        Callee::Method {
            receiver,
            name,
            turbofish,
        } => {
            // Whether the method takes `&mut self` cannot be seen from here.
            let allow = allow(&[Lint::UnusedMut]);
            (
                quote_spanned!(Span::mixed_site()=> #allow let mut __receiver = #receiver;),
                quote_spanned!(Span::mixed_site()=> __receiver.#name #turbofish),
            )
        }
    }
}

/// A path of two or more segments names no local variable, so there is nothing to evaluate.
fn is_item(function: &Expr) -> bool {
    matches!(function, Expr::Path(path) if path.qself.is_some() || path.path.segments.len() > 1)
}

/// What is evaluated now of an argument, and how it is passed later. A closure stays in the call, where its parameters
/// are inferred.
fn argument((index, value): (usize, &Expr)) -> (TokenStream, TokenStream) {
    if matches!(value, Expr::Closure(_)) {
        return (TokenStream::new(), value.to_token_stream());
    }
    let name = format_ident!("__arg{index}", span = Span::mixed_site());
    let allow = allow(&[Lint::UnitValue]);
    let binding = quote_spanned!(Span::mixed_site()=> #allow let #name = #value;);
    (binding, name.into_token_stream())
}
