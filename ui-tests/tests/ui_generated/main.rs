//! Functions compile with the attribute exactly when they compile without it.
//!
//! A grammar makes functions, one module for each, all of one crate, and some are spoiled. The crate is compiled with the
//! attribute and without it; what stands for the transaction in the plain functions is written there by hand. Then
//! clippy looks at those that compile. `COMMIT_ON_SUCCESS_CASES` asks for more functions, `COMMIT_ON_SUCCESS_SEED` for
//! others. The last crates stay in the target directory.

#![allow(
    clippy::expect_used,
    reason = "a test that cannot go on has nothing better to do"
)]

#[path = "../../../macros/src/tests/fuzz/asked.rs"]
mod asked;
mod body;
mod check;
#[path = "../ui/compiler.rs"]
#[allow(dead_code, reason = "the snapshots need more of it")]
mod compiler;
mod dice;
mod draft;
mod outputs;
mod parameters;
mod places;
mod sources;
mod spoil;
mod tables;
mod text;

use std::path::Path;

use crate::check::{Compilers, Modules, Remarks, Said};
use crate::text::{Twins, twins};

/// The number of functions in one crate.
const CRATE: u64 = 400;

/// The fates of the functions so far.
#[derive(Default)]
struct Count {
    functions: u64,
    spoiled: u64,
    /// Functions that fail to compile, in both forms.
    failing: u64,
    /// Functions that fail to compile although nothing has spoiled them.
    misbegotten: u64,
    /// Functions about which clippy has nothing to say without the attribute.
    clean: u64,
    different: Vec<String>,
}

#[test]
fn functions_compile_and_are_clean_with_the_attribute_exactly_when_they_are_without() {
    let compilers = Compilers {
        libraries: compiler::Libraries::build(),
        directory: Path::new(env!("CARGO_TARGET_TMPDIR")).to_owned(),
    };
    let cases = asked::cases(CRATE);
    let mut count = Count::default();
    for first in (0..cases).step_by(usize::try_from(CRATE).expect("a small number")) {
        let numbers = first..cases.min(first + CRATE);
        let functions: Vec<_> = numbers.map(|number| (number, function(number))).collect();
        compare(&compilers, &functions, &mut count);
    }
    let Count {
        functions,
        spoiled,
        failing,
        misbegotten,
        clean,
        different,
    } = count;
    let also = format!(
        "{spoiled} spoiled, {failing} failing to compile in both forms, {clean} clean under clippy"
    );
    asked::report(
        "generated functions",
        functions,
        u64::try_from(different.len()).expect("a small number"),
        &also,
    );
    assert!(different.is_empty(), "{}", different.join("\n\n"));
    assert!(
        misbegotten * 5 < functions,
        "{misbegotten} of {functions} functions do not compile, though nobody spoiled them"
    );
    assert!(failing > misbegotten, "what is spoiled fails to compile");
}

/// Every fourth one is spoiled.
fn function(number: u64) -> Twins {
    twins(asked::seed(), number, number % 4 == 3)
}

fn compare(compilers: &Compilers, functions: &[(u64, Twins)], count: &mut Count) {
    let of = |text: fn(&Twins) -> &String| -> Modules {
        functions
            .iter()
            .map(|(number, twins)| (*number, text(twins).clone()))
            .collect()
    };
    let (mut plain, mut annotated) = (of(|it| &it.plain), of(|it| &it.annotated));
    let without = compilers.failing("plain", &plain);
    let with = compilers.failing("annotated", &annotated);
    let sound =
        |number: &u64, _: &mut String| !without.contains_key(number) && !with.contains_key(number);
    plain.retain(sound);
    annotated.retain(sound);
    let remarks_without = compilers.linted("plain", &plain);
    let remarks_with = compilers.linted("annotated", &annotated);
    for (number, twins) in functions {
        count.functions += 1;
        count.spoiled += u64::from(twins.spoiled);
        match (without.get(number), with.get(number)) {
            (None, None) => {
                let (without, with) = (
                    said(&remarks_without, *number),
                    said(&remarks_with, *number),
                );
                count.clean += u64::from(without.is_empty());
                let only_with = only(with, without);
                if !only_with.is_empty() {
                    count.different.push(shown(
                        *number,
                        "only with the attribute",
                        &only_with,
                        twins,
                    ));
                }
            }
            (Some(_), Some(_)) => {
                count.failing += 1;
                count.misbegotten += u64::from(!twins.spoiled);
            }
            (Some(errors), None) => {
                count
                    .different
                    .push(shown(*number, "only without the attribute", errors, twins));
            }
            (None, Some(errors)) => {
                count
                    .different
                    .push(shown(*number, "only with the attribute", errors, twins));
            }
        }
    }
}

fn said(remarks: &Remarks, number: u64) -> &[Said] {
    remarks.get(&number).map_or(&[], Vec::as_slice)
}

/// The messages that come with the attribute more often than without, at whatever place.
fn only(with: &[Said], without: &[Said]) -> Vec<Said> {
    let mut left: Vec<_> = without
        .iter()
        .map(|said| (&said.code, &said.message))
        .collect();
    let is_new = |said: &&Said| match left
        .iter()
        .position(|it| *it == (&said.code, &said.message))
    {
        Some(at) => {
            left.swap_remove(at);
            false
        }
        None => true,
    };
    with.iter().filter(is_new).cloned().collect()
}

fn shown(number: u64, when: &str, said: &[Said], twins: &Twins) -> String {
    let seed = asked::seed();
    format!(
        "function {number} of seed {seed}, {when}: {said:#?}\n{}\nplain:\n{}",
        twins.annotated, twins.plain
    )
}
