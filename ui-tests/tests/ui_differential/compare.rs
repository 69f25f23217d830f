//! What is said of one form only, and whether it is listed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::cases::{Case, Difference, Key};
use crate::said::Said;

/// A message of one form that the other does not have, or not so.
pub(crate) struct Found {
    pub(crate) key: Key,
    shown: String,
}

impl fmt::Display for Found {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (difference, code) = &self.key;
        write!(formatter, "{} {code}\n{}", difference.words(), self.shown)
    }
}

/// What is different, with as many equal messages as there are.
pub(crate) fn compare(plain: &[Said], annotated: &[Said]) -> (usize, Vec<Found>) {
    let (equal, mut only_plain) = without(plain, annotated);
    let (_, only_annotated) = without(annotated, plain);
    let mut found = Vec::new();
    for said in only_annotated {
        let same =
            |it: &&Said| it.code == said.code && it.place == said.place && it.level == said.level;
        let position = only_plain.iter().position(|it| same(&it));
        match position.map(|at| only_plain.remove(at)) {
            Some(other) => found.push(Found {
                key: (Difference::OtherWords, said.code.clone()),
                shown: format!("plain:\n{}annotated:\n{}", shown(&other), shown(&said)),
            }),
            None => found.push(only(Difference::OnlyAnnotated, &said)),
        }
    }
    found.extend(
        only_plain
            .iter()
            .map(|said| only(Difference::OnlyPlain, said)),
    );
    (equal, found)
}

/// The number of messages that are in both, and those that are not.
fn without(said_here: &[Said], others: &[Said]) -> (usize, Vec<Said>) {
    let mut left = others.to_vec();
    let mut only = said_here.to_vec();
    only.retain(|said| match left.iter().position(|it| it == said) {
        Some(at) => {
            left.swap_remove(at);
            false
        }
        None => true,
    });
    (said_here.len() - only.len(), only)
}

fn only(difference: Difference, said: &Said) -> Found {
    Found {
        key: (difference, said.code.clone()),
        shown: shown(said),
    }
}

fn shown(said: &Said) -> String {
    let words = said.words.join("\n    ");
    format!(
        "  {} {} at {}\n    {words}\n",
        said.level, said.code, said.place
    )
}

/// What is found and not listed, and what is listed and not found.
pub(crate) fn unlisted(case: &Case, found: &[(&'static str, Found)]) -> Vec<String> {
    let keys: BTreeSet<_> = found.iter().map(|(_, found)| &found.key).collect();
    let mut new = BTreeMap::<_, Vec<_>>::new();
    for (edition, found) in found
        .iter()
        .filter(|(_, found)| !case.listed.contains_key(&found.key))
    {
        new.entry((&found.key, &found.shown))
            .or_default()
            .push(*edition);
    }
    let new = new
        .into_iter()
        .map(|(((difference, code), shown), editions)| {
            let editions = editions.join(" and ");
            format!(
                "{}, edition {editions}: {} {code}\n{shown}",
                case.name,
                difference.words()
            )
        });
    let gone = case.listed.keys().filter(|key| !keys.contains(key));
    let gone = gone.map(|(difference, code)| {
        format!(
            "{}: {} {code} is listed, and not found",
            case.name,
            difference.words()
        )
    });
    new.chain(gone).collect()
}
