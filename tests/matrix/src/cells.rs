//! What the tests say of one rule, in one column.

use std::collections::BTreeSet;

use crate::output::{Test, Verdict};
use crate::report::Report;
use crate::rules::{Note, Rule};

/// The footnotes of all cells so far, and what is wrong with them.
#[derive(Default)]
pub(crate) struct Cells {
    footnotes: Vec<String>,
    pub(crate) complaints: BTreeSet<String>,
}

impl Cells {
    /// The next one.
    pub(crate) fn cell(&mut self, rule: &Rule, report: &Report<'_>) -> String {
        if !report.troubles.is_empty() {
            return "not run".to_owned();
        }
        let limits = rule
            .limits
            .iter()
            .filter(|limit| report.of_limit(limit).next().is_some());
        let marks: String = limits
            .clone()
            .map(|limit| self.footnote(&limit.sentence))
            .collect();
        let shown = limits.flat_map(|limit| report.of_limit(limit));
        let tests: Vec<_> = report.of_rule(rule).chain(shown).collect();
        let failed = count(&tests, Verdict::Failed);
        let (passed, all) = (count(&tests, Verdict::Passed), tests.len());
        let absent = Self::absence(rule, report);
        match (absent, all) {
            (Some(note), 0) => format!("–{}", self.footnote(&note.sentence)),
            (None, 0) => {
                self.complain(format!("{}: no test for “{}”", report.title, rule.sentence));
                "no test".to_owned()
            }
            _ if failed > 0 => self.not_kept(rule, report, &format!("{failed} of {all} fail")),
            _ if passed < all => {
                self.not_kept(rule, report, &format!("{} of {all} ignored", all - passed))
            }
            (Some(note), _) => {
                self.complain(format!(
                    "{}: there are tests for “{}”, in spite of “{}”",
                    report.title, rule.sentence, note.sentence
                ));
                format!("✓ {passed}")
            }
            (None, _) => format!("✓ {passed}{marks}"),
        }
    }

    fn not_kept(&mut self, rule: &Rule, report: &Report<'_>, tests: &str) -> String {
        self.complain(format!("{}: {tests} for “{}”", report.title, rule.sentence));
        format!("**{tests}**")
    }

    fn absence<'r>(rule: &'r Rule, report: &Report<'_>) -> Option<&'r Note> {
        rule.absent.iter().find(|note| note.matches(report.title))
    }

    fn footnote(&mut self, sentence: &str) -> String {
        let known = self.footnotes.iter().position(|known| known == sentence);
        let index = known.unwrap_or_else(|| {
            self.footnotes.push(sentence.to_owned());
            self.footnotes.len() - 1
        });
        format!("[^{}]", index + 1)
    }

    pub(crate) fn footnotes(&self) -> String {
        let lines = (1..).zip(&self.footnotes);
        let lines = lines.map(|(number, sentence)| format!("[^{number}]: {sentence}"));
        lines.collect::<Vec<_>>().join("\n")
    }

    fn complain(&mut self, complaint: String) {
        self.complaints.insert(complaint);
    }
}

fn count(tests: &[&Test], verdict: Verdict) -> usize {
    tests.iter().filter(|test| test.verdict == verdict).count()
}
