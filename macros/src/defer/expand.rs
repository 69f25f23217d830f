//! From a form of `defer!` to tokens.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens as _, quote_spanned};
use syn::Expr;

use super::options::Options;
use super::parse::{Call, Callee, Deferred, Macro};
use super::unfinished;
use crate::expand::{Krate, Lint, allow, call};
use crate::tokens::start;

/// Writes the registration of a deferred call.
pub(crate) fn deferred(invoked: Macro, options: &Options, deferred: &Deferred) -> TokenStream {
    let krate = Krate::new(options.krate.as_ref());
    let registration = registration(invoked, options, deferred, krate);
    let Some(names) = &options.clone else {
        return registration;
    };
    let allow = allow(&[Lint::ShadowReuse]);
    let mixed = Span::mixed_site();
    let clones = names.iter().map(|name| {
        let place = mixed.located_at(name.span());
        let cloned = quote_spanned!(mixed=> #krate::__private::cloned);
        let cloned = call(place, cloned, quote_spanned!(place=> &#name));
        quote_spanned!(mixed=> #allow let #name = #cloned;)
    });
    quote_spanned!(mixed=> { #(#clones)* #registration })
}

fn registration(
    invoked: Macro,
    options: &Options,
    deferred: &Deferred,
    krate: Krate<'_>,
) -> TokenStream {
    let (place, written, wait) = written(deferred);
    let (register, robust) = match (invoked, wait) {
        (Macro::Defer, None) => ("defer", "robust"),
        (Macro::Defer, Some(_)) => ("defer_async", "robust_async"),
        (Macro::TryDefer, None) => ("try_defer", "robust"),
        (Macro::TryDefer, Some(_)) => ("try_defer_async", "robust_async"),
        (Macro::BeforeCommit, None) => ("before_commit", "robust"),
        (Macro::BeforeCommit, Some(_)) => ("before_commit_async", "robust_async"),
    };
    let private = |name: &str| {
        let name = Ident::new(name, Span::mixed_site());
        quote_spanned!(Span::mixed_site()=> #krate::__private::#name)
    };
    let written = match options.robust {
        Some(_) => call(place, private(robust), written),
        None => written,
    };
    // Located at the call, and so is what rustc has to say about what it returns.
    let (register, arguments) = match &options.key {
        Some(key) => (
            format!("{register}_keyed"),
            quote_spanned!(Span::mixed_site()=> #key, #written),
        ),
        None => (register.to_owned(), written),
    };
    let registration = call(place, private(&register), arguments);
    match wait {
        Some(wait) => self::wait(&registration, wait),
        None => registration,
    }
}

/// The token to blame for what the call returns, the call as a value, and the `.await` behind it.
fn written(deferred: &Deferred) -> (Span, TokenStream, Option<Span>) {
    match deferred {
        Deferred::Callable(callable) => (start(callable), callable.clone(), None),
        Deferred::Block(statements) => {
            let place = start(statements);
            (place, block(statements, place), None)
        }
        Deferred::Call(call) => (place(&call.callee), later(call, Body::Closure), None),
        Deferred::AwaitedCall(call, wait) => {
            (place(&call.callee), later(call, Body::Future), Some(*wait))
        }
        Deferred::Future(future, wait) => (start(future), future.clone(), Some(*wait)),
    }
}

/// A closure whose braces are where the invocation is, as if the user had written them: what a coverage report says of it
/// is what it says of a body.
fn block(statements: &TokenStream, first: Span) -> TokenStream {
    let mut body = Group::new(Delimiter::Brace, statements.clone());
    body.set_span(Span::call_site().resolved_at(first));
    quote_spanned!(Span::mixed_site()=> move || #body)
}

fn wait(registration: &TokenStream, place: Span) -> TokenStream {
    let place = Span::mixed_site().located_at(place);
    quote_spanned!(place=> #registration.await)
}

/// The token to blame for what a call returns.
fn place(callee: &Callee) -> Span {
    match callee {
        Callee::Function(function) => start(&function.to_token_stream()),
        Callee::Method { name, .. } => name.span(),
    }
}

/// The form that a call takes in the queue, which decides what it may return and when it is made.
#[derive(Clone, Copy)]
enum Body {
    Closure,
    Future,
}

// Input:
//     x.method(a, b.c)
//
// Output:
//     {
//         let mut __receiver = x;
//         let __arg1 = b.c;
//         move || __receiver.method(a, __arg1)
//     }
//
// Each part is located where the user wrote what it stands for, and so are rustc's messages about it.
fn later(call: &Call, body: Body) -> TokenStream {
    let Parts {
        value,
        callee,
        place,
    } = callee(&call.callee);
    let (values, arguments): (Vec<_>, Vec<_>) =
        call.arguments.iter().enumerate().map(argument).unzip();
    // The user's own, so that a coverage report takes the call for the body that it is.
    let arguments = quote_spanned!(Span::mixed_site()=> #(#arguments),*);
    let mut parentheses = Group::new(Delimiter::Parenthesis, arguments);
    parentheses.set_span(call.parentheses);
    let arguments = parentheses;
    let made = match body {
        Body::Closure => quote_spanned!(place=> move || #callee #arguments),
        Body::Future => quote_spanned!(place=> async move { #callee #arguments.await }),
    };
    let unfinished = call.unfinished.as_ref().map(unfinished::beside);
    quote_spanned!(place=> { #value #(#values)* #unfinished #made })
}

/// A callee, taken apart.
struct Parts {
    /// The receiver or callable that is evaluated where `defer!` stands.
    value: TokenStream,
    /// The words before the parentheses of the call that is made later.
    callee: TokenStream,
    /// The token to blame for what the call returns.
    place: Span,
}

fn callee(callee: &Callee) -> Parts {
    match callee {
        Callee::Function(function) => function_parts(function),
        Callee::Method {
            receiver,
            name,
            turbofish,
        } => {
            // Whether the method takes `&mut self` cannot be seen from here.
            let allow = allow(&[Lint::UnusedMut]);
            let local = local("__receiver", receiver);
            Parts {
                value: quote_spanned!(Span::mixed_site()=> #allow let mut #local = #receiver;),
                callee: quote_spanned!(Span::mixed_site()=> #local.#name #turbofish),
                place: Span::mixed_site().located_at(name.span()),
            }
        }
    }
}

fn function_parts(function: &Expr) -> Parts {
    let local = local("__callee", function);
    let place = local.span();
    let (value, callee) = match function {
        Expr::Closure(_) => (TokenStream::new(), quote_spanned!(place=> (#function))),
        _ if stays(function) => (TokenStream::new(), function.to_token_stream()),
        _ => (
            quote_spanned!(place=> let #local = #function;),
            local.into_token_stream(),
        ),
    };
    Parts {
        value,
        callee,
        place,
    }
}

/// A name for the value of an expression, located at that expression.
fn local(name: &str, value: &Expr) -> Ident {
    let place = start(&value.to_token_stream());
    Ident::new(name, Span::mixed_site().located_at(place))
}

/// Whether an expression stays in the call: there is nothing to evaluate in a literal or a name, and what the name stands
/// for is moved in all the same. The parameters of a closure are inferred from where it is passed.
const fn stays(value: &Expr) -> bool {
    matches!(value, Expr::Closure(_) | Expr::Lit(_) | Expr::Path(_))
}

/// The statement that evaluates an argument now, if there is anything to evaluate, and the name that passes it later.
fn argument((index, value): (usize, &Expr)) -> (TokenStream, TokenStream) {
    if stays(value) {
        return (TokenStream::new(), value.to_token_stream());
    }
    let name = local(&format!("__arg{index}"), value);
    let binding = quote_spanned!(Span::mixed_site()=> let #name = #value;);
    (binding, name.into_token_stream())
}
