//! Whatever the macros are given, they do not panic, they blame a token for what is wrong, and they leave the code as it
//! was beside it.
//!
//! `COMMIT_ON_SUCCESS_CASES` asks for more cases, `COMMIT_ON_SUCCESS_SEED` for others.

mod asked;
mod mutation;
mod oracle;
mod samples;
mod shape;
mod tokens;
mod vocabulary;

use std::cell::RefCell;
use std::fmt;

use proptest::prop_oneof;
use proptest::sample::select;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use self::mutation::spoiled;
use self::oracle::{Outcome, Verdict};
use self::tokens::{Tree, read, text};
use crate::defer::Macro;

const USUAL: u64 = 1_500;

/// Arguments and an item, in one text, so that each token has a place of its own.
#[derive(Clone)]
struct Annotated(Vec<Tree>, Vec<Tree>);

impl fmt::Debug for Annotated {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(args, item) = self;
        write!(
            formatter,
            "#[commit_on_success({})] {}",
            text(args),
            text(item)
        )
    }
}

/// The tokens between the parentheses of an invocation.
#[derive(Clone)]
struct Invoked(Vec<Tree>);

impl fmt::Debug for Invoked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "!({})", text(&self.0))
    }
}

#[test]
fn whatever_the_attribute_is_given_is_expanded_or_refused() {
    let args = prop_oneof![
        1 => vocabulary::anything(),
        4 => spoiled(samples::ARGUMENTS),
        4 => select(samples::ARGUMENTS).prop_map(tokens::trees),
    ];
    let item = prop_oneof![
        1 => vocabulary::anything(),
        1 => vocabulary::resembling_a_function(),
        1 => spoiled(samples::OTHERS),
        7 => spoiled(samples::FUNCTIONS),
    ];
    // An attribute is above something.
    let item = item.prop_filter("an item", |item| !item.is_empty());
    let cases = (args, item).prop_map(|(args, item)| Annotated(args, item));
    run("input of the attribute", &cases, |case| {
        annotated(&case.0, &case.1)
    });
}

#[test]
fn whatever_is_deferred_is_expanded_or_refused() {
    let cases = prop_oneof![vocabulary::anything(), spoiled(samples::DEFERRED)].prop_map(Invoked);
    run("input of `defer!`", &cases, |case| {
        oracle::deferred(Macro::TryDefer, &read(&text(&case.0)))?;
        oracle::deferred(Macro::Defer, &read(&text(&case.0)))
    });
}

#[test]
fn whatever_block_is_to_be_a_transaction_is_expanded_or_refused() {
    let cases =
        prop_oneof![vocabulary::anything(), spoiled(samples::TRANSACTIONS)].prop_map(Invoked);
    run("input of `transaction!`", &cases, |case| {
        oracle::transaction(&read(&text(&case.0)))
    });
}

/// Before they are spoiled.
#[test]
fn the_samples_are_what_they_are_meant_to_be() {
    for sample in samples::FUNCTIONS.iter().chain(samples::OTHERS) {
        assert!(shape::Context::of(&read(sample)).is_some(), "{sample}");
    }
    for sample in samples::DEFERRED {
        assert!(shape::is_deferrable(&read(sample)), "{sample}");
    }
    for sample in samples::TRANSACTIONS {
        assert_eq!(
            oracle::transaction(&read(sample)),
            Ok(Outcome::Expanded),
            "{sample}"
        );
    }
}

fn annotated(args: &[Tree], item: &[Tree]) -> Verdict {
    let both = format!("({}) ({})", text(args), text(item));
    let groups = read(&both).into_iter().map(|tree| match tree {
        proc_macro2::TokenTree::Group(group) => group.stream(),
        other => unreachable!("a group was written, not {other}"),
    });
    let groups: Vec<_> = groups.collect();
    oracle::attribute(&groups[0], &groups[1])
}

/// Judges as many cases as are asked for, and shows the smallest that breaks a promise.
fn run<S: Strategy>(kind: &str, cases: &S, judge: impl Fn(&S::Value) -> Verdict) {
    let wanted = u32::try_from(asked::cases(USUAL)).unwrap();
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&asked::seed().to_le_bytes());
    let config = Config {
        cases: wanted,
        failure_persistence: None,
        ..Config::default()
    };
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(config, random);
    let outcomes = RefCell::new(Vec::new());
    let result = runner.run(cases, |case| {
        proc_macro2::extra::invalidate_current_thread_spans();
        let outcome = judge(&case).map_err(TestCaseError::fail)?;
        outcomes.borrow_mut().push(outcome);
        Ok(())
    });
    let count = |wanted| {
        outcomes
            .borrow()
            .iter()
            .filter(|outcome| **outcome == wanted)
            .count()
    };
    let also = format!(
        "{} expanded, {} refused, {} handed on",
        count(Outcome::Expanded),
        count(Outcome::Refused),
        count(Outcome::HandedOn),
    );
    asked::report(kind, u64::from(wanted), u64::from(result.is_err()), &also);
    match result {
        Ok(()) => {}
        Err(TestError::Fail(reason, case)) => panic!("{reason}\n{case:?}"),
        Err(error) => panic!("{error}"),
    }
}
