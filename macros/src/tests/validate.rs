use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};

use super::messages;
use crate::args;
use crate::diagnostics::Errors;
use crate::input;
use crate::plan::{Annotation, Capture, ErrorType, Flavour, Passing, Place};
use crate::validate::{Valid, prefer_parameter, validate};

fn stage(args: TokenStream, item: TokenStream) -> syn::Result<Valid> {
    let (mut args, errors) = args::parse(args);
    assert!(
        errors.into_error().is_none(),
        "the arguments are well formed"
    );
    let function = input::parse(item)?;
    prefer_parameter(&mut args, &function.signature);
    validate(args, &function)
}

fn valid(args: TokenStream, item: TokenStream) -> Valid {
    stage(args, item)
        .map_err(|error| error.to_string())
        .unwrap()
}

fn errors(args: TokenStream, item: TokenStream) -> Vec<String> {
    let mut errors = Errors::default();
    assert!(
        errors.keep(stage(args, item)).is_none(),
        "expected an error"
    );
    messages(errors)
}

#[test]
fn the_first_parameter_that_has_a_type_is_the_source() {
    let valid = valid(
        quote!(),
        quote!(
            fn f(&self, mut conn: &mut C) -> Result<(), E> {}
        ),
    );
    assert_eq!(valid.plan.source.binding, "conn");
    assert!(valid.plan.source.mutability.is_some());
    assert!(
        !valid
            .signature
            .to_token_stream()
            .to_string()
            .contains("mut conn")
    );
    assert_eq!(valid.plan.flavour, Flavour::Sync);
}

#[test]
fn a_source_is_found_in_a_pattern() {
    let item = quote!(
        async fn f((a, _): (A, B), State(pool): State<Pool>) -> R {}
    );
    let valid = valid(quote!(pool), item);
    assert_eq!(valid.plan.source.binding, "pool");
    assert_eq!(valid.plan.flavour, Flavour::Async);
}

#[test]
fn a_field_is_borrowed_again() {
    let item = quote!(
        fn f(&mut self) -> R {}
    );
    assert_eq!(
        valid(quote!(tx = self.conn), item.clone())
            .plan
            .source
            .passing,
        Passing::Reborrowed
    );
    assert_eq!(
        valid(quote!(tx = &mut self.conn), item).plan.source.passing,
        Passing::AsWritten
    );
}

#[test]
fn a_body_borrows_what_its_source_is_borrowed_from() {
    let item = quote!(
        async fn f(&mut self, mut cart: Cart, #[cfg(unix)] b: B) -> R {}
    );
    let borrowing = valid(quote!(tx = &mut self.conn), item);
    let Capture::Borrow { moved } = borrowing.plan.capture else {
        panic!("expected to borrow");
    };
    let names: Vec<_> = moved
        .iter()
        .map(|parameter| parameter.name.to_string())
        .collect();
    assert_eq!(names, ["cart", "b"]);
    assert_eq!(moved[1].attributes.len(), 1);
    let shared = valid(
        quote!(tx = &self.pool),
        quote!(
            fn f(&self) -> R {}
        ),
    );
    assert!(matches!(shared.plan.capture, Capture::Move));
}

#[test]
fn a_future_is_entered_at_the_end_of_the_body() {
    for body in [
        quote!({
            let a = 1;
            async move { a }
        }),
        quote!({ async { 1 } }),
        quote!({ Box::pin(async move { 1 }) }),
        quote!({
            let a = 1;
            ::std::boxed::Box::pin(async move { a })
        }),
    ] {
        let item =
            quote!(fn f(conn: C) -> Pin<Box<dyn Future<Output = Result<(), E>> + Send>> #body);
        let valid = valid(quote!(), item);
        assert!(matches!(valid.place, Place::Tail(_)));
        assert_eq!(valid.plan.flavour, Flavour::Async);
    }
}

#[test]
fn a_future_that_runs_elsewhere_is_refused() {
    let item = quote!(
        fn f(conn: C) -> impl Future<Output = Result<(), E>> {
            let g = async move {};
            g
        }
    );
    let [message] = &errors(quote!(), item)[..] else {
        panic!("expected one error");
    };
    assert!(
        message.contains("committed before this future runs"),
        "{message}"
    );
}

#[test]
fn opaque_types_are_left_to_inference() {
    let valid = valid(
        quote!(),
        quote!(
            fn f(conn: C) -> Result<(impl A, Vec<impl B>), E> {}
        ),
    );
    let Annotation::Written(annotation) = valid.plan.output.annotation else {
        panic!("a function has a signature");
    };
    let annotation = annotation.to_token_stream().to_string();
    assert_eq!(annotation, quote!(Result<(_, Vec<_>), E>).to_string());
}

#[test]
fn a_type_that_cannot_be_a_result_is_refused() {
    for ty in [
        quote!(Option<u8>),
        quote!(bool),
        quote!(&str),
        quote!((A, B)),
        quote!(!),
        quote!(impl A),
        quote!([u8; 4]),
    ] {
        let found = errors(quote!(), quote!(fn f(conn: C) -> #ty {}));
        assert!(
            found[0].starts_with("expected `Result<T, E>`, found `"),
            "{}",
            found[0]
        );
    }
    for ty in [
        quote!(AppResult<u8>),
        quote!(io::Result<()>),
        quote!(Self::Output),
        quote!(<A as B>::C),
        quote!(T),
    ] {
        assert!(
            stage(quote!(), quote!(fn f(conn: C) -> #ty {})).is_ok(),
            "{ty}"
        );
    }
}

#[test]
fn every_broken_rule_is_reported() {
    assert_eq!(
        errors(
            quote!(),
            quote!(
                const extern "C" fn f(_: C) {}
            )
        ),
        [
            "expected a function that runs at run time, found `const fn`; remove `const`",
            "expected a Rust function, found `extern`; let it call an annotated function, and handle the `Result` there",
            "`f` returns `()`, expected `Result<T, E>`; `Ok` commits, `Err` rolls back",
            "expected a name for the transaction, found a parameter without one; name it, or write `#[commit_on_success(tx = EXPR)]`",
        ]
    );
}

#[test]
fn a_missing_source_shows_how_to_name_one() {
    assert_eq!(
        errors(
            quote!(),
            quote!(
                fn f(&self) -> R {}
            )
        ),
        ["`f` has no parameter to open a transaction on; write `#[commit_on_success(tx = EXPR)]`"]
    );
    assert_eq!(
        errors(
            quote!(con),
            quote!(
                fn f(conn: C, b: B) -> R {}
            )
        ),
        ["no parameter is named `con`, expected one of `conn`, `b`"]
    );
    assert_eq!(
        errors(
            quote!(),
            quote!(
                fn f((a, b): (A, B)) -> R {}
            )
        ),
        [
            "expected one name for the transaction, found `a`, `b`; say which, as in `#[commit_on_success(a)]`"
        ]
    );
}

#[test]
fn the_attribute_of_a_runtime_goes_below() {
    let item = quote!(
        fn f() -> R {
            let body = async { 1 };
            return block_on(body);
        }
    );
    let found = errors(quote!(tx = pool), item);
    assert!(
        found[0].ends_with("write `#[commit_on_success]` above `#[tokio::test]`"),
        "{}",
        found[0]
    );
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    let f = quote!(
        fn f(conn: C) -> R {}
    );
    assert_eq!(
        errors(
            quote!(
                propagation = mandatory,
                isolation = serializable,
                attempts = 2
            ),
            f.clone()
        ),
        [
            "expected `propagation = mandatory` without `isolation`; it joins a transaction and never begins one",
            "expected `propagation = mandatory` without `attempts`; it joins a transaction and never begins one",
        ]
    );
    assert_eq!(
        errors(
            quote!(deferrable, isolation = serializable, backoff = PAUSE),
            f
        ),
        [
            "`deferrable` needs `isolation = serializable` and `read_only`; nothing else waits for a snapshot",
            "`backoff` needs `attempts = N`; it is the pause before another attempt",
        ]
    );
}

#[test]
fn a_body_that_may_run_again_does_not_take_self() {
    let item = quote!(
        fn f(self: Box<Self>, conn: C) -> R {}
    );
    assert_eq!(
        errors(quote!(attempts = 2), item),
        [
            "expected `&self` or `&mut self`, found `self : Box<Self>`; with `attempts = 2` the body may run again"
        ]
    );
}

#[test]
fn a_body_that_may_run_again_keeps_its_parameters() {
    let item = quote!(
        fn f(&mut self, conn: C, a: A, b: &B, mut c: Vec<C>, d: &mut D) -> R {}
    );
    let valid = valid(quote!(attempts = 2), item);
    let retry = valid.plan.terms.retry.unwrap();
    let fresh: Vec<_> = retry
        .fresh
        .iter()
        .map(|fresh| &fresh.parameter.name)
        .collect();
    assert_eq!(fresh, ["a", "c", "d"]);
    assert!(matches!(valid.plan.capture, Capture::Borrow { .. }));
}

#[test]
fn a_flag_is_a_parameter_where_there_is_one_of_that_name() {
    let named = valid(
        quote!(read_only),
        quote!(
            fn f(a: A, read_only: C) -> R {}
        ),
    );
    assert_eq!(named.plan.source.binding, "read_only");
    assert!(named.plan.terms.settings.is_empty());
    let settled = valid(
        quote!(settle),
        quote!(
            fn f(settle: C) -> R {}
        ),
    );
    assert_eq!(settled.plan.source.binding, "settle");
    let flagged = valid(
        quote!(read_only),
        quote!(
            fn f(a: A) -> R {}
        ),
    );
    assert_eq!(flagged.plan.source.binding, "a");
    assert_eq!(flagged.plan.terms.settings.len(), 1);
}

#[test]
fn an_error_that_may_borrow_is_told_from_the_signature() {
    let error = |item| valid(quote!(), item).plan.output.error;
    let fixed = quote!(
        fn f<T>(conn: C) -> Result<&'a T, AppError> {}
    );
    assert_eq!(error(fixed), ErrorType::Static);
    let parameter = quote!(
        fn f<Failure>(conn: C) -> Result<(), Failure> {}
    );
    assert_eq!(error(parameter), ErrorType::Parameter);
    for item in [
        quote!(
            fn f<F>(conn: C) -> Result<(), AppError<F>> {}
        ),
        quote!(
            fn f(conn: C) -> Result<(), AppError<'_>> {}
        ),
        quote!(
            fn f(conn: C) -> Result<(), Self::Error> {}
        ),
    ] {
        assert_eq!(error(item), ErrorType::Unknown);
    }
}
