//! The end of a cell, compared with what the model says, and with what is promised of every transaction.

use std::fmt::Debug;

use super::cells::{Cell, Level};
use super::model::Expected;
use super::seen::{Fate, OBSERVED, RELEASED, Seen};

/// All that is wrong with what was seen, in words.
#[must_use]
pub fn complaints(cell: &Cell, seen: &Seen, expected: &Expected) -> Vec<String> {
    let mut complaints = broken_promises(cell, seen);
    if expected.is_specified {
        complaints.extend(differences(seen, expected));
    }
    complaints
}

fn differences(seen: &Seen, expected: &Expected) -> Vec<String> {
    let like = &expected.seen;
    let mut differences = Vec::new();
    let mut compare = |what: &str, is_same: bool, seen: &dyn Debug, like: &dyn Debug| {
        if !is_same {
            differences.push(format!("{what}: {seen:?} instead of {like:?}"));
        }
    };
    let (result, inner) = (seen.result == like.result, seen.inner == like.inner);
    compare("the caller got", result, &seen.result, &like.result);
    compare("the body got", inner, &seen.inner, &like.inner);
    compare("stored", seen.rows == like.rows, &seen.rows, &like.rows);
    let is_one_of = expected.fates.contains(&seen.fate);
    compare("the connection", is_one_of, &seen.fate, &expected.fates);
    let bodies = seen.bodies == like.bodies;
    compare("bodies", bodies, &seen.bodies, &like.bodies);
    let (unheard, heard) = (expected.unheard, seen.failed_rollbacks());
    compare("failed rollbacks", heard >= unheard, &heard, &unheard);
    for (what, among) in [
        ("observers and handlers", [OBSERVED].as_slice()),
        ("handlers and connection", &["return", "close"]),
    ] {
        let (seen, like) = (seen.ran(among), like.ran(among));
        let same = common(&seen, &like);
        let is_all = same == seen.len().max(like.len());
        compare(what, is_all, &&seen[same..], &&like[same..]);
    }
    differences
}

/// Whether a line is the expected one, whose last word may name several.
fn is_as_expected(seen: &str, expected: &str) -> bool {
    let (seen, last) = seen.rsplit_once(' ').unwrap_or(("", seen));
    let (expected, choice) = expected.rsplit_once(' ').unwrap_or(("", expected));
    seen == expected && choice.split('|').any(|word| word == last)
}

/// The number of lines that are as expected, before the first that is not.
fn common(seen: &[&str], expected: &[&str]) -> usize {
    let pairs = seen.iter().zip(expected);
    pairs
        .take_while(|(seen, expected)| is_as_expected(seen, expected))
        .count()
}

impl Seen {
    /// Handlers and calls, in order with something else.
    fn ran(&self, among: &[&str]) -> Vec<&str> {
        let starts = |line: &str| {
            let mut starts = ["call ", "post_"].iter().chain(among);
            starts.any(|start| line.starts_with(start))
        };
        let lines = self.lines.iter().map(String::as_str);
        lines
            .filter(|line| starts(line) && !line.ends_with("rollback failed"))
            .collect()
    }

    fn failed_rollbacks(&self) -> usize {
        self.count(|line| line.ends_with("rollback failed"))
    }

    fn count(&self, is_counted: impl Fn(&str) -> bool) -> usize {
        self.lines.iter().filter(|line| is_counted(line)).count()
    }

    fn has_told(&self, name: &str, what: &str) -> usize {
        let start = format!("{OBSERVED}{name} {what}");
        self.count(|line| line.starts_with(&start) && !line.ends_with("rollback failed"))
    }
}

/// Promises that hold whatever a driver answers.
fn broken_promises(cell: &Cell, seen: &Seen) -> Vec<String> {
    let mut broken = Vec::new();
    for name in ["outer", "inner"] {
        let begun = seen.has_told(name, "begun");
        let ended = seen.has_told(name, "") - begun;
        if begun != ended {
            broken.push(format!(
                "{name} has begun {begun} times and ended {ended} times"
            ));
        }
        let calls = seen.count(|line| line == format!("call {name}"));
        let handlers = seen.count(|line| line == format!("post_commit {name}"));
        if calls > 1 || calls != handlers {
            broken.push(format!(
                "{name}: {calls} calls and {handlers} post_commit handlers"
            ));
        }
        if calls > 0 && seen.has_told("outer", "committed") != 1 {
            broken.push(format!("a call of {name} ran without a commit"));
        }
    }
    if seen.fate == Fate::LeftOpen {
        broken.push("a transaction is open on a connection that nobody has given up".to_owned());
    }
    if cell.level != Level::Foreign {
        broken.extend(untrue(seen));
    }
    broken
}

/// An outcome that is not that of the rows or of the observers.
fn untrue(seen: &Seen) -> Vec<String> {
    let mut untrue = Vec::new();
    let is_stored = seen.rows.contains(&1);
    if seen.result == "Ok" && is_stored != (seen.has_told("outer", "committed") == 1) {
        untrue.push(format!("Ok, and the rows are {:?}", seen.rows));
    }
    if seen.result.ends_with(", RolledBack") && is_stored {
        untrue.push(format!("{}, and the rows are {:?}", seen.result, seen.rows));
    }
    let ran = seen.count(|line| line.starts_with("post_rollback outer"));
    let told = seen.has_told("outer", "rolled back");
    if ran != told {
        untrue.push(format!(
            "{told} rollbacks, of which {ran} were told to handlers"
        ));
    }
    if seen.has_told("inner", RELEASED) > 0 && seen.result == "Ok" && !seen.rows.contains(&2) {
        untrue.push("a savepoint was released whose rows are lost".to_owned());
    }
    untrue
}
