//! The rules of the contract, in the words in which readers get them, and the tests that stand for
//! each. The file that they are in explains its form.

use std::fmt;

/// The rules, and the columns that they are shown for.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    pub(crate) columns: Vec<Column>,
    pub(crate) rules: Vec<Rule>,
}

/// A driver with a database.
#[derive(Debug)]
pub(crate) struct Column {
    /// `DRIVER, DATABASE`.
    pub(crate) title: String,
    /// The tests on it.
    pub(crate) tests: Vec<Pattern>,
    /// Those among them that another column has.
    pub(crate) but: Vec<Pattern>,
}

#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) sentence: String,
    pub(crate) tests: Vec<Pattern>,
    /// What cannot be kept, where a test shows it.
    pub(crate) limits: Vec<Note>,
    /// The columns that a rule has no meaning for.
    pub(crate) absent: Vec<Note>,
}

/// A footnote, and what it is for.
#[derive(Debug)]
pub(crate) struct Note {
    pub(crate) patterns: Vec<Pattern>,
    pub(crate) sentence: String,
}

/// A name in which `*` stands for anything.
#[derive(Debug)]
pub(crate) struct Pattern(String);

impl Rules {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut rules = Self::default();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                let wrong = || format!("rules, line {number}: `{line}` is not understood");
                rules.read(line).ok_or_else(wrong)?;
            }
        }
        Ok(rules)
    }

    fn read(&mut self, line: &str) -> Option<()> {
        let (keyword, rest) = line.split_once(' ')?;
        let rest = rest.trim();
        match (keyword, self.rules.last_mut()) {
            ("column", None) => {
                let (title, tests) = pair(rest)?;
                let (tests, but) = tests.split_once(" but ").unwrap_or((&tests, ""));
                let (tests, but) = (patterns(tests), patterns(but));
                self.columns.push(Column { title, tests, but });
            }
            ("rule", _) => self.rules.push(Rule::new(rest)),
            ("test", Some(rule)) => rule.tests.extend(patterns(rest)),
            ("limit", Some(rule)) => rule.limits.push(Note::parse(rest)?),
            ("absent", Some(rule)) => rule.absent.push(Note::parse(rest)?),
            _ => return None,
        }
        Some(())
    }
}

impl Column {
    /// The two halves of its title; one that has none is of no database.
    pub(crate) fn driver_and_database(&self) -> (&str, &str) {
        self.title.split_once(", ").unwrap_or((&self.title, ""))
    }
}

impl Rule {
    fn new(sentence: &str) -> Self {
        Self {
            sentence: sentence.to_owned(),
            tests: Vec::new(),
            limits: Vec::new(),
            absent: Vec::new(),
        }
    }
}

impl Note {
    fn parse(text: &str) -> Option<Self> {
        let (patterns, sentence) = pair(text)?;
        let patterns = patterns
            .split('|')
            .map(|one| Pattern(one.trim().to_owned()));
        let patterns = patterns.collect();
        Some(Self { patterns, sentence })
    }

    pub(crate) fn matches(&self, name: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(name))
    }

    pub(crate) fn matches_test(&self, path: &str) -> bool {
        matches_any(&self.patterns, path)
    }
}

/// Whether one of them matches a test.
pub(crate) fn matches_any(patterns: &[Pattern], path: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches_test(path))
}

impl Pattern {
    pub(crate) fn matches(&self, name: &str) -> bool {
        matches(&self.0, name)
    }

    /// Whether it matches a test; the outer modules can be left out.
    pub(crate) fn matches_test(&self, path: &str) -> bool {
        let inner = path
            .match_indices("::")
            .map(|(at, colons)| at + colons.len());
        std::iter::once(0)
            .chain(inner)
            .any(|at| self.matches(&path[at..]))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(name) = name.strip_prefix(start) else {
        return false;
    };
    let mut ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
    ends.any(|at| matches(rest, &name[at..]))
}

fn patterns(text: &str) -> Vec<Pattern> {
    let words = text.split_whitespace();
    words.map(|word| Pattern(word.to_owned())).collect()
}

fn pair(text: &str) -> Option<(String, String)> {
    let (left, right) = text.split_once(" = ")?;
    Some((left.trim().to_owned(), right.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{Pattern, Rules};

    #[test]
    fn a_star_stands_for_anything_and_outer_modules_can_be_left_out() {
        let path = "contract_rusqlite::derived::suite::hooks::deferred_calls_run_once";
        for pattern in [
            "hooks::*",
            "*_run_once",
            "deferred_calls_*",
            "suite::*::*calls*",
        ] {
            assert!(Pattern(pattern.to_owned()).matches_test(path), "{pattern}");
        }
        for pattern in [
            "hook",
            "hooks",
            "ooks::*",
            "calls_run_once",
            "nested_hooks::*",
        ] {
            assert!(!Pattern(pattern.to_owned()).matches_test(path), "{pattern}");
        }
    }

    #[test]
    fn the_rules_are_understood() {
        assert!(Rules::parse(include_str!("../../contract/rules.txt")).is_ok());
    }

    #[test]
    fn a_line_that_is_not_understood_is_an_error() {
        for wrong in [
            "test hooks::*",
            "column one",
            "rule",
            "rule a\nlimit b",
            "rules a",
        ] {
            assert!(Rules::parse(wrong).is_err(), "{wrong}");
        }
    }
}
