//! An annotated function compiles exactly when the plain one does, and warns exactly where it warns.
//!
//! The corpus in `differential` is compiled twice by rustc, or clippy where it is there, with every lint switched on: once
//! with `commit_on_success`, and once with a crate of the same name whose macros do nothing. What is said of the two is
//! compared word for word. The cases below `clean` compile, and are one crate for each file. Those below `errors` do not, and
//! each is a crate of its own, because an error hides what a later phase would have said.
//!
//! What differs is listed in its case, by the name of a reason in `differences.txt`; what is listed has to differ.
//! `COMMIT_ON_SUCCESS_CASE` is a part of the names of the cases to look at.

#![allow(
    clippy::expect_used,
    reason = "a test that cannot go on has nothing better to do"
)]

mod cases;
mod compare;
#[path = "../ui/compiler.rs"]
#[allow(dead_code, reason = "the snapshots need more of it")]
mod compiler;
mod forms;
mod said;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};

use crate::cases::{Case, EDITIONS, Group};
use crate::compare::{Found, compare, unlisted};
use crate::forms::{Compilers, Form, Source};
use crate::said::{HEAD, Remarks, Said};

static COMPILERS: LazyLock<Compilers> = LazyLock::new(Compilers::new);

/// Cases that are one crate.
struct Crate<'c> {
    cases: Vec<&'c Case>,
    edition: &'static str,
    /// Whether they are to compile.
    clean: bool,
}

/// What was said of the two forms of a crate.
struct Twins {
    plain: Remarks,
    annotated: Remarks,
}

/// What was found of all cases.
#[derive(Default)]
struct Count<'c> {
    compared: usize,
    found: BTreeMap<&'c str, Vec<(&'static str, Found)>>,
    wrong: Vec<String>,
}

#[test]
fn an_annotated_function_is_told_what_the_plain_one_is() {
    let (clean, errors) = (asked("clean"), asked("errors"));
    let crates = crates(&clean, &errors);
    let told = in_parallel(&crates, twins);
    let mut count = Count::default();
    for (it, twins) in crates.iter().zip(&told) {
        judge(it, twins, &mut count);
    }
    let cases = || clean.iter().chain(&errors).flat_map(|group| &group.cases);
    let Count {
        compared,
        found,
        mut wrong,
    } = count;
    for case in cases() {
        let found = found.get(case.name.as_str());
        wrong.extend(unlisted(case, found.map_or(&[], Vec::as_slice)));
    }
    wrong.extend(cases::misnamed(cases()));
    let written =
        |what: &str| -> usize { cases().map(|case| case.text.matches(what).count()).sum() };
    compiler::say(&format!(
        "{} functions, {} deferred calls and {} blocks in {} cases, {compared} diagnostics compared, {} differ as listed",
        written("#[commit_on_success"),
        written("defer!"),
        written("transaction!"),
        cases().count(),
        found.values().map(Vec::len).sum::<usize>(),
    ));
    let said = wrong.join("\n");
    assert!(wrong.is_empty(), "{said}\n{} are wrong", wrong.len());
    assert!(compared > cases().count(), "most cases are remarked on");
}

fn judge<'c>(it: &Crate<'c>, twins: &Twins, count: &mut Count<'c>) {
    count.wrong.extend(misplaced(it, twins));
    let compared = |name: &str| {
        let (plain, annotated) = pair(it, twins, name);
        compare(&plain, &annotated)
    };
    for case in &it.cases {
        let (equal, different) = compared(&case.name);
        count.compared += equal + different.len();
        let different = different.into_iter().map(|found| (it.edition, found));
        let found = count.found.entry(&case.name).or_default();
        found.extend(different);
    }
    let (_, different) = compared(HEAD);
    let different = different
        .iter()
        .map(|found| format!("around the cases: {found}"));
    count.wrong.extend(different);
}

/// The comparison itself, of texts that are not the same.
#[test]
fn what_is_different_is_found() {
    const NOTHING: &str = "";
    const UNUSED: &str = "let unused: u8 = 1;";
    const OTHER: &str = "let wasted: u8 = 1;";
    const ELSEWHERE: &str = "    let unused: u8 = 1;";
    expect(UNUSED, NOTHING, "only plain", &[]);
    expect(NOTHING, UNUSED, "only annotated", &[]);
    expect(UNUSED, OTHER, "other words", &[]);
    let gone = ["check_it: only plain unused_variables is listed, and not found"];
    expect(UNUSED, UNUSED, "only plain", &gone);
    let new = ["check_it, edition 2024: only annotated unused_variables"];
    expect(UNUSED, ELSEWHERE, "only plain", &new);
    expect(NOTHING, UNUSED, "only plain", &[new[0], gone[0]]);
}

fn expect(plain: &str, annotated: &str, listed: &str, wrong: &[&str]) {
    let case = |statements: &str| {
        let text = format!(
            "//# it\n//~ {listed} unused_variables: reason\npub fn function() {{\n    drop(Vec::from([0_u8]));\n{statements}\n}}\n"
        );
        let cases = cases::cases("check", &text);
        cases.into_iter().next().expect("there is a case")
    };
    let said = |statements: &str, form: Form| {
        let case = case(statements);
        let source = Source::write(&COMPILERS.directory, "2024", &[&case]);
        let remarks = COMPILERS.said(&source, "2024", form);
        remarks.get(&case.name).cloned().unwrap_or_default()
    };
    let (equal, found) = compare(&said(plain, Form::Plain), &said(annotated, Form::Annotated));
    assert!(equal > 0, "neither form has a comment");
    let found: Vec<_> = found.into_iter().map(|it| ("2024", it)).collect();
    let said = unlisted(&case(plain), &found);
    let heads: Vec<_> = said.iter().filter_map(|it| it.lines().next()).collect();
    assert_eq!(heads, wrong, "{said:#?}");
}

fn asked(directory: &str) -> Vec<Group> {
    let asked = cases::asked();
    let mut groups = cases::groups(directory);
    for group in &mut groups {
        group.cases.retain(|case| case.name.contains(&asked));
    }
    groups
}

/// The long ones first.
fn crates<'c>(clean: &'c [Group], errors: &'c [Group]) -> Vec<Crate<'c>> {
    let of = |clean: bool, cases: &'c [Case], edition: &'static str| Crate {
        cases: cases
            .iter()
            .filter(|case| case.editions.contains(&edition))
            .collect(),
        edition,
        clean,
    };
    let together = clean.iter().map(|group| (true, group.cases.as_slice()));
    let alone = errors
        .iter()
        .flat_map(|group| group.cases.chunks(1))
        .map(|case| (false, case));
    let crates = together
        .chain(alone)
        .flat_map(|(clean, cases)| EDITIONS.map(|edition| of(clean, cases, edition)));
    crates.filter(|it| !it.cases.is_empty()).collect()
}

fn twins(it: &Crate<'_>) -> Twins {
    let source = Source::write(&COMPILERS.directory, it.edition, &it.cases);
    Twins {
        plain: COMPILERS.said(&source, it.edition, Form::Plain),
        annotated: COMPILERS.said(&source, it.edition, Form::Annotated),
    }
}

/// Whether the cases are where those are that compile, or those that do not.
fn misplaced(it: &Crate<'_>, twins: &Twins) -> Option<String> {
    let fails = |remarks: &Remarks| {
        remarks
            .values()
            .flatten()
            .find(|said| said.is_error())
            .cloned()
    };
    let (plain, annotated) = (fails(&twins.plain), fails(&twins.annotated));
    let first = it.cases.first()?;
    match (it.clean, plain, annotated) {
        (true, Some(error), _) => Some(format!(
            "{}, edition {}, does not compile: {error:#?}",
            first.name, it.edition
        )),
        (false, None, None) => Some(format!("{}, edition {}, compiles", first.name, it.edition)),
        _ => None,
    }
}

/// What was said of a case in both forms. Where cases that are to compile do not, or only one form does, errors are all
/// there is.
fn pair(it: &Crate<'_>, twins: &Twins, name: &str) -> (Vec<Said>, Vec<Said>) {
    let fails = |remarks: &Remarks| remarks.values().flatten().any(Said::is_error);
    let (plain, annotated) = (fails(&twins.plain), fails(&twins.annotated));
    let only_errors = plain != annotated || (it.clean && plain);
    let of = |remarks: &Remarks| {
        let said = remarks.get(name).into_iter().flatten();
        let said = said.filter(|said| said.is_error() || !only_errors);
        said.cloned().collect()
    };
    (of(&twins.plain), of(&twins.annotated))
}

/// Runs it on all items, on as many threads as there are cores.
fn in_parallel<T: Sync, R: Send>(items: &[T], run: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(BTreeMap::new());
    let work = || {
        while let Some((index, item)) = Some(next.fetch_add(1, Ordering::Relaxed))
            .and_then(|index| Some((index, items.get(index)?)))
        {
            let result = run(item);
            done.lock()
                .expect("no thread has panicked")
                .insert(index, result);
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(work);
        }
    });
    done.into_inner()
        .expect("no thread has panicked")
        .into_values()
        .collect()
}
