//! The lists of `set` and `pragma`.

use quote::quote;

use super::messages;
use crate::args::{Source, parse};

fn errors(tokens: proc_macro2::TokenStream) -> Vec<String> {
    messages(parse(tokens).1)
}

#[test]
fn settings_are_read_with_their_names_and_values() {
    let (args, errors) = parse(quote!(
        tx = pool,
        set(
            "app.tenant" = tenant.id,
            statement_timeout = "5s",
            r#type = f(a, b)?,
        ),
        pragma("main.cache_size" = -2000)
    ));
    assert_eq!(messages(errors), [""; 0]);
    let given = [args.options.set, args.options.pragma];
    let names = given
        .into_iter()
        .flat_map(|given| given.unwrap().value.list);
    let names: Vec<_> = names.map(|setting| setting.name.value()).collect();
    let expected = ["app.tenant", "statement_timeout", "type", "main.cache_size"];
    assert_eq!(names, expected);
}

#[test]
fn a_parameter_may_have_the_name_of_an_option_with_a_list() {
    let (args, errors) = parse(quote!(set));
    assert_eq!(messages(errors), [""; 0]);
    assert!(matches!(args.source, Source::Parameter(name) if name == "set"));
    let (args, errors) = parse(quote!(pragma = &mut conn));
    assert_eq!(messages(errors), [""; 0]);
    assert!(matches!(args.source, Source::Expression { binding, .. } if binding == "pragma"));
}

#[test]
fn a_setting_has_a_name_and_a_value() {
    let like_this = "write `set(\"app.tenant\" = tenant.id)`";
    let valid = "expected a name of letters, digits and `_`, with dots between its parts, of 63 bytes each at most, found";
    let long = "a".repeat(64);
    for (found, expected) in [
        (
            quote!(tx = a, set),
            format!("expected names and values in parentheses after `set`; {like_this}"),
        ),
        (
            quote!(set = "a"),
            format!("expected names and values in parentheses after `set`; {like_this}"),
        ),
        (
            quote!(set()),
            format!("expected a name and a value, found nothing; {like_this}"),
        ),
        (
            quote!(set(3 = 4)),
            format!("expected the name of a setting, found `3`; {like_this}"),
        ),
        (
            quote!(set(app.tenant = 4)),
            "expected `=` after `app`, found `.`; a name with dots is written in quotes".to_owned(),
        ),
        (
            quote!(set("a")),
            "expected `a = VALUE`, found `a`".to_owned(),
        ),
        (
            quote!(set(a, b = 1)),
            "expected `= VALUE` after `a`, found `,`".to_owned(),
        ),
        (
            quote!(set(a =, b = 1)),
            "expected the value of `a` after `=`, found nothing".to_owned(),
        ),
        (
            quote!(set(a == 1)),
            "expected `= VALUE` after `a`, found `=`".to_owned(),
        ),
        (quote!(set("" = 1)), format!("{valid} nothing; {like_this}")),
        (
            quote!(set("a..b" = 1)),
            format!("{valid} `a..b`; {like_this}"),
        ),
        (
            quote!(set("a b" = 1)),
            format!("{valid} `a b`; {like_this}"),
        ),
        (
            quote!(set("a;b" = 1)),
            format!("{valid} `a;b`; {like_this}"),
        ),
        (
            quote!(set(#long = 1)),
            format!("{valid} `{long}`; {like_this}"),
        ),
        (
            quote!(set(a = 1, "A" = 2)),
            "`A` is set twice, first as `a`".to_owned(),
        ),
        (
            quote!(set(a = 1), set(b = 2)),
            "`set` is given twice; write all in one `set(…)`".to_owned(),
        ),
    ] {
        assert_eq!(errors(found), [expected]);
    }
    assert_eq!(
        errors(quote!(pragma("a.b.c" = 1))),
        [format!(
            "{valid} `a.b.c`; write `pragma(\"foreign_keys\" = false)`"
        )]
    );
}
