use quote::{ToTokens as _, quote};

use super::messages;
use crate::args::{Isolation, Propagation, Source, parse};

fn errors(tokens: proc_macro2::TokenStream) -> Vec<String> {
    messages(parse(tokens).1)
}

#[test]
fn nothing_means_the_first_parameter() {
    let (args, errors) = parse(quote!());
    assert!(matches!(args.source, Source::First));
    assert!(args.options.krate.is_none());
    assert_eq!(messages(errors), [""; 0]);
}

#[test]
fn a_name_is_a_parameter() {
    let (args, errors) = parse(quote!(conn));
    assert!(matches!(args.source, Source::Parameter(name) if name == "conn"));
    assert_eq!(messages(errors), [""; 0]);
}

#[test]
fn an_assignment_binds_an_expression() {
    let (args, errors) = parse(quote!(tx = &mut pool.get()?, crate = a::b,));
    let Source::Expression {
        binding,
        expression,
    } = args.source
    else {
        panic!("expected an expression");
    };
    assert_eq!(binding, "tx");
    assert_eq!(
        expression.to_token_stream().to_string(),
        quote!(&mut pool.get()?).to_string()
    );
    assert!(args.options.krate.is_some());
    assert_eq!(messages(errors), [""; 0]);
}

#[test]
fn an_option_may_stand_alone_or_first() {
    let (args, errors) = parse(quote!(crate = a, conn));
    assert!(matches!(args.source, Source::Parameter(name) if name == "conn"));
    assert_eq!(messages(errors), [""; 0]);
}

#[test]
fn all_mistakes_are_reported_and_the_rest_is_understood() {
    let (args, errors) = parse(quote!(
        tx = pool,
        colour = red,
        "text",
        crate = a,
        crate = b
    ));
    assert!(matches!(args.source, Source::Malformed));
    assert!(args.options.krate.is_some());
    assert_eq!(
        messages(errors),
        [
            "unknown option `colour`, expected one of `propagation`, `isolation`, `read_only`, `deferrable`, `settle`, `mode`, \
             `set`, `pragma`, `attempts`, `backoff`, `no_rollback_for`, `map_err`, `crate`",
            "expected a parameter's name, `tx = EXPR` or an option, found `\"text\"`",
            "`crate` is given twice, first as `crate = a`",
        ]
    );
}

#[test]
fn an_option_without_a_value_shows_one() {
    assert_eq!(
        errors(quote!(crate)),
        ["expected `crate = path::to::commit_on_success`, found `crate`"]
    );
}

#[test]
fn a_missing_comma_is_reported_where_it_is_missing() {
    assert_eq!(errors(quote!(conn other)), ["expected `,`, found `other`"]);
    assert_eq!(errors(quote!(conn {})), ["expected `,`, found `{ … }`"]);
}

#[test]
fn a_transaction_needs_a_name() {
    assert_eq!(
        errors(quote!(_ = pool)),
        ["expected a name for the transaction, found `_`; write `tx = EXPR`"]
    );
}

#[test]
fn the_receiver_is_no_source() {
    let [message] = &errors(quote!(self))[..] else {
        panic!("expected one error");
    };
    assert!(
        message.starts_with("expected a parameter, found `self`"),
        "{message}"
    );
}

#[test]
fn a_second_source_is_no_option() {
    assert_eq!(
        errors(quote!(conn, pool)),
        ["expected an option, found `pool`; one transaction has one source"]
    );
}

#[test]
fn options_are_read_with_their_values() {
    let (args, errors) = parse(quote!(
        isolation = serializable,
        read_only,
        deferrable,
        settle,
        mode = immediate,
        attempts = 3,
        backoff = Duration::from_millis(5),
        no_rollback_for = |error| error.is_harmless(),
        propagation = durable
    ));
    assert_eq!(messages(errors), [""; 0]);
    assert!(matches!(args.source, Source::First));
    let options = args.options;
    assert_eq!(
        options.isolation.unwrap().value.choice,
        Isolation::Serializable
    );
    assert_eq!(
        options.propagation.unwrap().value.choice,
        Propagation::Durable
    );
    assert_eq!(options.attempts.unwrap().value.base10_digits(), "3");
    assert!(options.read_only.is_some() && options.deferrable.is_some());
    assert!(options.settle.is_some());
    assert!(options.backoff.is_some() && options.no_rollback_for.is_some());
}

#[test]
fn an_unknown_value_lists_the_known_ones() {
    assert_eq!(
        errors(quote!(mode = imediate, isolation = 3, propagation =)),
        [
            "expected one of `deferred`, `immediate`, `exclusive`, found `imediate`; did you mean `immediate`?",
            "expected one of `read_uncommitted`, `read_committed`, `repeatable_read`, `serializable`, found `3`",
            "expected one of `nested`, `required`, `mandatory`, `durable`, found nothing",
        ]
    );
}

#[test]
fn attempts_are_counted_from_one() {
    for found in [quote!(0), quote!(-1), quote!("3"), quote!(N)] {
        let token = found.clone().into_iter().next().unwrap();
        assert_eq!(
            errors(quote!(attempts = #found)),
            [format!(
                "expected how often the body may run, an integer from `1`, found `{token}`"
            )]
        );
    }
}

#[test]
fn an_option_is_given_once_and_a_flag_without_value() {
    assert_eq!(
        errors(quote!(
            read_only,
            read_only,
            mode = deferred,
            mode = exclusive
        )),
        [
            "`read_only` is given twice, first as `read_only`",
            "`mode` is given twice, first as `mode = deferred`",
        ]
    );
    assert_eq!(
        errors(quote!(read_only = true)),
        ["expected `read_only` alone, found `read_only =`"]
    );
    assert_eq!(
        errors(quote!(settle, settle, settle = 3)),
        [
            "`settle` is given twice, first as `settle`",
            "expected `settle` alone, found `settle =`",
        ]
    );
}

#[test]
fn a_value_is_not_a_type() {
    assert_eq!(
        errors(quote!(tx: pool.get()?)),
        ["expected `=`, found `:`; write `tx = EXPR`"]
    );
}
