use proc_macro2::TokenStream;
use quote::quote;

use crate::defer::Macro;
use crate::defer::parse::{Callee, Deferred, parse};

fn form(tokens: TokenStream) -> Deferred {
    parse(Macro::Defer, tokens).unwrap().1
}

fn error(tokens: TokenStream) -> String {
    parse(Macro::Defer, tokens)
        .map(|_| ())
        .unwrap_err()
        .to_string()
}

#[test]
fn calls_are_taken_apart() {
    for tokens in [
        quote!(f(a, b)),
        quote!(f, a, b),
        quote!(f, a, b,),
        quote!((a::f)(a, b)),
    ] {
        let Deferred::Call(call) = form(tokens) else {
            panic!("expected a call");
        };
        assert!(matches!(call.callee, Callee::Function(_)));
        assert_eq!(call.arguments.len(), 2);
    }
    let Deferred::Call(call) = form(quote!(x.y.method::<T>(a))) else {
        panic!("expected a call");
    };
    assert!(matches!(
        call.callee,
        Callee::Method {
            turbofish: Some(_),
            ..
        }
    ));
}

#[test]
fn awaited_calls_are_taken_apart() {
    assert!(matches!(
        form(quote!(f(a).await)),
        Deferred::AwaitedCall(_, _)
    ));
    assert!(matches!(
        form(quote!(x.f(a).await)),
        Deferred::AwaitedCall(_, _)
    ));
    // An argument that contains an `.await` is awaited now, so the call itself stays a sync one.
    assert!(matches!(form(quote!(f(a().await))), Deferred::Call(_)));
}

#[test]
fn everything_else_is_called_as_it_is() {
    assert!(matches!(form(quote!(move || f())), Deferred::Callable(_)));
    assert!(matches!(form(quote!(f)), Deferred::Callable(_)));
    assert!(matches!(
        form(quote!(async move { f().await })),
        Deferred::Future(_, _)
    ));
    assert!(matches!(form(quote!(future.await)), Deferred::Future(_, _)));
    assert!(matches!(form(quote!(let a = 1; f(a))), Deferred::Block(_)));
    assert!(matches!(form(quote!(unsafe { f() })), Deferred::Block(_)));
    assert!(matches!(
        form(quote!(println!("{}", a))),
        Deferred::Block(_)
    ));
    assert!(matches!(form(quote!(f(a); g(b);)), Deferred::Block(_)));
}

#[test]
fn this_crate_may_have_another_name() {
    let (options, deferred) = parse(Macro::Defer, quote!(crate = a::b => f(1))).unwrap();
    assert!(options.krate.is_some());
    assert!(matches!(deferred, Deferred::Call(_)));
}

#[test]
fn options_stand_before_an_arrow() {
    let (options, deferred) = parse(
        Macro::Defer,
        quote!(robust, clone(a, b), => match a { Some(b) => f(b), None => {} }),
    )
    .unwrap();
    assert!(options.robust.is_some() && options.krate.is_none());
    assert_eq!(options.clone.map_or(0, |names| names.len()), 2);
    assert!(matches!(deferred, Deferred::Block(_)));
    assert!(error(quote!(robsut => f())).contains("did you mean `robust`?"));
    assert!(error(quote!(robust = true => f())).contains("expected `robust` alone"));
    assert!(error(quote!(robust, robust => f())).contains("`robust` is given twice"));
    assert!(error(quote!(clone => f())).contains("as in `clone(order, mailer)`"));
    assert!(error(quote!(clone(a.b) => f())).contains("expected a variable to clone, found `.`"));
    let expected = "expected `key = …`, `robust` or `clone(…)` before `=>`, found nothing";
    assert_eq!(error(quote!(=> f())), expected);
}

#[test]
fn a_call_before_the_commit_has_no_options_of_one_behind_it() {
    let parsed = |tokens| parse(Macro::BeforeCommit, tokens);
    let error = |tokens| parsed(tokens).map(|_| ()).unwrap_err().to_string();
    let (options, _) = parsed(quote!(clone(a), crate = b => f(a))).unwrap();
    assert!(options.clone.is_some() && options.krate.is_some());
    assert!(error(quote!(robust => f())).contains("`robust` is an option of `defer!`"));
    assert!(error(quote!(key = 1 => f())).contains("`key` is an option of `defer!`"));
    assert!(error(quote!(keyy = 1 => f())).ends_with("expected one of `clone`, `crate`"));
    assert!(error(quote!(7 => f())).starts_with("expected `clone(…)` before `=>`"));
    assert!(error(quote!(return)).contains("the body has already returned"));
    assert!(error(quote!(f()?)).starts_with("a call before the commit has nobody"));
}

#[test]
fn mistakes_show_what_to_write() {
    assert!(error(quote!()).contains("write `defer!(f(a, b))`"));
    assert!(error(quote!(f()?)).contains("nobody to return to"));
    assert!(error(quote!(f().await?)).contains("nobody to return to"));
    assert!(error(quote!(return)).contains("found `return`"));
    assert!(error(quote!(async { f().await })).contains("expected `async move`"));
    assert!(error(quote!(f().await.unwrap())).contains("`defer!(async move { … })`"));
    assert!(error(quote!(let a = f().await;)).contains("`defer!(async move { … })`"));
    assert!(error(quote!(f, a b)).contains("expected `,`"));
}

#[test]
fn a_dot_without_a_name_is_an_error_unless_it_is_for_another_macro() {
    let expanded = |tokens| crate::defer::expand(Macro::Defer, tokens).to_string();
    for tokens in [
        quote!(f(a.)),
        quote!(f(a., b)),
        quote!(f, b, a.c.),
        quote!(f(a.).await),
    ] {
        let expanded = expanded(tokens);
        assert!(expanded.contains("compile_error"), "{expanded}");
    }
    for tokens in [
        quote!(f(m!(a.))),
        quote!(m!(a.)),
        quote!(f(1.., a)),
        quote!(f(&a[..])),
    ] {
        let expanded = expanded(tokens);
        assert!(!expanded.contains("__missing"), "{expanded}");
    }
}
