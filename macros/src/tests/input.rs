use proc_macro2::TokenStream;
use quote::quote;

use crate::input::parse;

fn error(item: TokenStream) -> String {
    parse(item).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn a_body_is_never_parsed() {
    let function = parse(quote!(fn f(conn: &mut C) -> R { let half = ; })).unwrap();
    assert_eq!(
        function.body.stream().to_string(),
        quote!(let half = ;).to_string()
    );
}

#[test]
fn every_qualifier_is_kept() {
    let function = parse(quote! {
        #[inline]
        pub(crate) default async unsafe fn f<T>(&self, conn: T) -> R where T: Send {}
    })
    .unwrap();
    assert_eq!(function.attributes.len(), 1);
    assert!(function.defaultness.is_some());
    assert!(function.signature.asyncness.is_some());
    assert!(function.signature.generics.where_clause.is_some());
}

#[test]
fn inner_attributes_are_set_apart_from_the_body() {
    let function = parse(quote!(
        fn f() {
            #![allow(unused)]
            #![doc = "x"]
            1
        }
    ))
    .unwrap();
    assert_eq!(
        function.inner.to_string(),
        quote!(#![allow(unused)] #![doc = "x"]).to_string()
    );
    assert_eq!(function.body.stream().to_string(), "1");
}

#[test]
fn anything_but_a_function_is_named() {
    assert_eq!(
        error(quote!(
            struct S;
        )),
        "expected a function, found `struct`"
    );
    assert_eq!(
        error(quote!(
            pub(crate) enum E {}
        )),
        "expected a function, found `enum`"
    );
    assert_eq!(
        error(quote!(
            const X: u8 = 1;
        )),
        "expected a function, found `const`"
    );
    assert_eq!(
        error(quote!(
            unsafe impl Send for S {}
        )),
        "expected a function, found `impl`"
    );
}

#[test]
fn a_function_needs_a_body() {
    assert_eq!(
        error(quote!(
            fn f(conn: C) -> R;
        )),
        "expected a function with a body, found `;`; annotate the implementations instead"
    );
}

#[test]
fn a_generator_is_refused() {
    assert!(
        error(quote!(
            gen fn f() -> u8 {}
        ))
        .contains("found `gen fn`")
    );
    assert!(
        error(quote!(
            async gen fn f() -> u8 {}
        ))
        .contains("found `gen fn`")
    );
}
