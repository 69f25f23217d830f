use quote::{format_ident, quote};

use crate::tokens::{first_await, mention};

#[test]
fn an_await_is_found_in_groups_and_macros() {
    assert!(
        first_await(quote!(if x {
            f(g().await)
        }))
        .is_some()
    );
    assert!(first_await(quote!(println!("{}", f().await))).is_some());
}

#[test]
fn an_await_of_an_inner_future_does_not_count() {
    assert!(first_await(quote!(let f = async move { g().await };)).is_none());
    assert!(first_await(quote!(let f = async |x| x.await; 1)).is_none());
    assert!(
        first_await(quote!(
            async fn f(a: A) -> B {
                a.await
            },
            1
        ))
        .is_none()
    );
    assert!(first_await(quote!(let f = async { 1 }; f.await)).is_some());
}

#[test]
fn a_name_is_not_an_await() {
    assert!(first_await(quote!(r#await + x.awaited)).is_none());
}

#[test]
fn a_name_is_found_at_any_depth() {
    assert!(mention(quote!(&mut (a, [conn])), &format_ident!("conn")));
    assert!(!mention(
        quote!("conn" + connection),
        &format_ident!("conn")
    ));
}
