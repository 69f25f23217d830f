//! What is wrong with the rules, or with what was reported: nothing must be without the other.

use crate::output::{Programs, Test};
use crate::report::{Report, shows_limit};
use crate::rules::{Pattern, Rule, Rules, matches_any};

/// Everything that keeps the table from being the whole truth.
pub(crate) fn complaints(
    rules: &Rules,
    reports: &[Report<'_>],
    programs: &Programs,
) -> Vec<String> {
    let mut complaints: Vec<String> = reports
        .iter()
        .flat_map(|report| report.troubles.clone())
        .collect();
    if complaints.is_empty() {
        complaints.extend(rules.rules.iter().flat_map(|rule| stale(rule, reports)));
    }
    complaints.extend(in_no_column(reports, programs));
    for report in reports {
        let unclaimed = |test: &&&Test| !rules.rules.iter().any(|rule| claims(rule, test));
        let tests = report.tests.iter().filter(unclaimed);
        complaints.extend(tests.map(|test| {
            let (title, path) = (report.title, &test.path);
            format!("{title}: no rule claims {path}")
        }));
    }
    complaints
}

/// Programs of the contract that report what no column shows.
fn in_no_column(reports: &[Report<'_>], programs: &Programs) -> Vec<String> {
    let is_shown = |test: &Test| {
        let mut shown = reports.iter().flat_map(|report| &report.tests);
        shown.any(|shown| std::ptr::eq(*shown, test))
    };
    programs
        .iter()
        .filter(|(name, _)| name.starts_with("contract_"))
        .filter(|(_, program)| !program.tests.iter().all(is_shown))
        .map(|(name, _)| format!("{name}: tests that are in no column"))
        .collect()
}

/// Patterns that nothing matches were right once.
fn stale(rule: &Rule, reports: &[Report<'_>]) -> Vec<String> {
    let is_test = |pattern: &Pattern| {
        let mut tests = reports.iter().flat_map(|report| &report.tests);
        tests.any(|test| pattern.matches_test(&test.path))
    };
    let is_title = |pattern: &Pattern| {
        let mut titles = reports.iter().map(|report| report.title);
        titles.any(|title| pattern.matches(title))
    };
    let limits = rule.limits.iter().flat_map(|limit| &limit.patterns);
    let tests = rule.tests.iter().chain(limits);
    let absent = rule.absent.iter().flat_map(|absence| &absence.patterns);
    tests
        .filter(|pattern| !is_test(pattern))
        .chain(absent.filter(|pattern| !is_title(pattern)))
        .map(|pattern| format!("nothing matches `{pattern}` of “{}”", rule.sentence))
        .collect()
}

fn claims(rule: &Rule, test: &Test) -> bool {
    if shows_limit(test) {
        let mut limits = rule.limits.iter();
        return limits.any(|limit| limit.matches_test(&test.path));
    }
    matches_any(&rule.tests, &test.path)
}
