//! The corpus: files of cases, each behind a line with its name.
//!
//! ```text
//! //# name_of_the_case
//! //~ only plain clippy::needless_pass_by_value: moved
//! ```
//!
//! A number behind the name is the one edition that the case is for. Lines with a tilde say what differs, and the name of
//! the reason, which is in `differences.txt`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The form that has something to say of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Difference {
    OnlyPlain,
    OnlyAnnotated,
    OtherWords,
}

impl Difference {
    const ALL: [Self; 3] = [Self::OnlyPlain, Self::OnlyAnnotated, Self::OtherWords];

    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::OnlyPlain => "only plain",
            Self::OnlyAnnotated => "only annotated",
            Self::OtherWords => "other words",
        }
    }
}

/// A difference by its kind and the lint or error that it is about.
pub(crate) type Key = (Difference, String);

/// A function or a few, in a module of their own.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) editions: Vec<&'static str>,
    /// Each difference and its reason.
    pub(crate) listed: BTreeMap<Key, String>,
    pub(crate) text: String,
}

/// Cases that are compiled together, or else one by one.
pub(crate) struct Group {
    pub(crate) cases: Vec<Case>,
}

pub(crate) const EDITIONS: [&str; 2] = ["2021", "2024"];

/// The groups below a directory of the corpus.
pub(crate) fn groups(directory: &str) -> Vec<Group> {
    let directory = root().join(directory);
    let files = std::fs::read_dir(&directory).expect("the corpus is there");
    let mut paths: Vec<PathBuf> = files
        .map(|file| file.expect("the corpus can be read").path())
        .collect();
    paths.sort();
    let groups = paths.iter().map(|path| {
        let text = std::fs::read_to_string(path).expect("the corpus can be read");
        let stem = path.file_stem().expect("a file has a name");
        Group {
            cases: cases(&stem.to_string_lossy(), &text),
        }
    });
    groups.collect()
}

/// The reasons for differences, by name.
pub(crate) fn reasons() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(root().join("differences.txt")).expect("the list is there");
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let reasons = lines.map(|line| {
        let (name, reason) = line.split_once(": ").expect("a name, and a reason");
        (name.to_owned(), reason.to_owned())
    });
    reasons.collect()
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("differential")
}

pub(crate) fn cases(file: &str, text: &str) -> Vec<Case> {
    let mut parts = text.split("//# ");
    let head = parts.next().unwrap_or_default();
    assert!(head.trim().is_empty(), "{file}: {head} is in no case");
    let cases: Vec<_> = parts.map(|part| case(file, part)).collect();
    assert!(!cases.is_empty(), "{file} has no case");
    cases
}

fn case(file: &str, part: &str) -> Case {
    let (first, text) = part.split_once('\n').expect("a case has lines");
    let (name, edition) = first.split_once(' ').unwrap_or((first, ""));
    let editions = EDITIONS
        .into_iter()
        .filter(|known| edition.is_empty() || *known == edition);
    let listed = text.lines().filter_map(|line| line.strip_prefix("//~ "));
    Case {
        name: format!("{file}_{name}"),
        editions: editions.collect(),
        listed: listed
            .map(|line| difference(line).unwrap_or_else(|| panic!("{file}, {name}: {line}")))
            .collect(),
        text: text.to_owned(),
    }
}

fn difference(line: &str) -> Option<(Key, String)> {
    let kind = Difference::ALL
        .into_iter()
        .find(|kind| line.starts_with(kind.words()))?;
    let (code, reason) = line.strip_prefix(kind.words())?.trim().split_once(": ")?;
    Some(((kind, code.to_owned()), reason.to_owned()))
}

/// A part of the names of the cases to look at.
pub(crate) fn asked() -> String {
    std::env::var("COMMIT_ON_SUCCESS_CASE").unwrap_or_default()
}

/// Reasons that no case has, and those of cases that are not there.
pub(crate) fn misnamed<'c>(cases: impl Iterator<Item = &'c Case> + Clone) -> Vec<String> {
    let reasons = reasons();
    let used: BTreeSet<_> = cases
        .clone()
        .flat_map(|case| case.listed.values())
        .collect();
    let unknown = used.iter().filter(|name| !reasons.contains_key(**name));
    let unknown = unknown.map(|name| format!("{name} is not in differences.txt"));
    let unused = reasons
        .keys()
        .filter(|name| asked().is_empty() && !used.contains(name));
    let unused = unused.map(|name| format!("{name} is the reason for nothing"));
    let mut names = BTreeSet::new();
    let twice = cases.filter(|case| !names.insert(&case.name));
    let twice = twice.map(|case| format!("{} is there twice", case.name));
    unknown.chain(unused).chain(twice).collect()
}
