//! The tables: one a database, with a row for each rule and a cell for each driver; and their sums.

use std::fmt::{self, Write as _};

use commit_on_success_matrix::layout::layout;

use crate::audit;
use crate::cells::Cells;
use crate::output::Programs;
use crate::report::Report;
use crate::rules::Rules;

/// The tables, in Markdown, and what is wrong with them.
pub(crate) struct Tables {
    /// One a database, with the footnotes of all behind them.
    pub(crate) text: String,
    /// The number of tests by driver and database.
    pub(crate) summary: String,
    pub(crate) complaints: Vec<String>,
}

impl fmt::Display for Tables {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Tables {
    pub(crate) fn new(rules: &Rules, programs: &Programs) -> Self {
        let columns = rules.columns.iter();
        let reports: Vec<_> = columns
            .map(|column| Report::new(column, programs))
            .collect();
        let mut cells = Cells::default();
        let mut text = String::new();
        for database in unique(&reports, |report| report.database) {
            let reports: Vec<_> = of_database(&reports, database).collect();
            let table = layout(&rows(rules, &reports, &mut cells));
            let _ = write!(text, "## {database}\n\n{table}\n");
        }
        cells
            .complaints
            .extend(audit::complaints(rules, &reports, programs));
        Self {
            text: format!("{text}{}\n", cells.footnotes()),
            summary: layout(&summary(&reports)),
            complaints: cells.complaints.into_iter().collect(),
        }
    }
}

/// The table of one database.
fn rows(rules: &Rules, reports: &[&Report<'_>], cells: &mut Cells) -> Vec<Vec<String>> {
    let header = reports.iter().map(|report| report.driver.to_owned());
    let mut rows = vec![row("", header)];
    for rule in &rules.rules {
        let verdicts = reports.iter().map(|report| cells.cell(rule, report));
        rows.push(row(&rule.sentence, verdicts));
    }
    let totals = reports.iter().map(|report| report.tests.len().to_string());
    rows.push(row("tests", totals));
    rows
}

/// A row for each driver, with a cell for each database.
fn summary(reports: &[Report<'_>]) -> Vec<Vec<String>> {
    let databases = unique(reports, |report| report.database);
    let header = databases.iter().map(|&database| database.to_owned());
    let mut rows = vec![row("", header)];
    for driver in unique(reports, |report| report.driver) {
        let count = |&database: &&str| {
            let mut reports = of_database(reports, database);
            let report = reports.find(|report| report.driver == driver);
            report.map_or_else(String::new, |report| report.tests.len().to_string())
        };
        rows.push(row(driver, databases.iter().map(count)));
    }
    rows
}

fn row(first: &str, others: impl Iterator<Item = String>) -> Vec<String> {
    std::iter::once(first.to_owned()).chain(others).collect()
}

fn of_database<'a, 'r>(
    reports: &'a [Report<'r>],
    database: &str,
) -> impl Iterator<Item = &'a Report<'r>> {
    reports
        .iter()
        .filter(move |report| report.database == database)
}

/// What the reports say of themselves, in the order in which it comes first.
fn unique<'r>(reports: &[Report<'r>], of: impl Fn(&Report<'r>) -> &'r str) -> Vec<&'r str> {
    let mut known = Vec::new();
    for said in reports.iter().map(of) {
        if !known.contains(&said) {
            known.push(said);
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::Tables;
    use crate::output;
    use crate::rules::Rules;

    const RULES: &str = "
        column a, SQLite = contract_a::*
        column b, PostgreSQL = contract_b::* options::on_b::*
        rule Calls run
        test hooks::* options::*
        limit limits::one_* = Not all of them.
        rule Commits are verified
        test commits::*
        absent *SQLite = Nothing to verify.
    ";

    const OUTPUT: &str = "
        Running tests/contract_a.rs (target/a)
        test suite::hooks::one ... ok
        test suite::hooks::two ... ok
        test only::limits::one_is_lost ... ok
        test result: ok. 3 passed; 0 failed; 0 ignored; 0 filtered out
        Running tests/contract_b.rs (target/b)
        test suite::hooks::one ... ok
        test commits::one ... ok
        test result: ok. 2 passed; 0 failed; 0 ignored; 0 filtered out
        Running tests/options.rs (target/options)
        test on_a::three ... ok
        test on_b::three ... ok
        test result: ok. 2 passed; 0 failed; 0 ignored; 0 filtered out
    ";

    fn table(rules: &str, output: &str) -> Tables {
        let rules = Rules::parse(rules).unwrap_or_default();
        Tables::new(&rules, &output::parse(output))
    }

    /// Without the spaces that align the columns.
    fn squeezed(text: &str) -> String {
        let words = text.split(' ').filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn cells_have_the_number_of_tests_and_the_footnotes() {
        let table = table(RULES, OUTPUT);
        assert!(table.complaints.is_empty(), "{:?}", table.complaints);
        let text = squeezed(&table.text);
        for line in [
            "## SQLite\n\n| | a |\n",
            "| Calls run | ✓ 3[^1] |\n",
            "| Commits are verified | –[^2] |\n",
            "| tests | 3 |\n\n## PostgreSQL\n\n| | b |\n",
            "| Calls run | ✓ 2 |\n",
            "| Commits are verified | ✓ 1 |\n",
            "\n[^1]: Not all of them.\n[^2]: Nothing to verify.\n",
        ] {
            assert!(text.contains(line), "{line:?} in\n{text}");
        }
    }

    #[test]
    fn a_column_can_leave_tests_to_another_one() {
        let rules = RULES.replace(
            "contract_a::*",
            "contract_a::* but contract_a::suite::*
        column c, SQLite = contract_a::suite::*",
        );
        let table = squeezed(&table(&rules, OUTPUT).text);
        assert!(table.contains("| | a | c |\n"), "{table}");
        assert!(table.contains("| Calls run | ✓ 1[^1] | ✓ 2 |\n"), "{table}");
        let stale = rules.replace("but contract_a::suite", "but contract_a::sweet");
        assert_complains(&stale, OUTPUT, "no test `contract_a::sweet::*` has run");
    }

    #[test]
    fn the_summary_has_the_number_of_tests_by_driver_and_database() {
        assert_eq!(
            squeezed(&table(RULES, OUTPUT).summary),
            "| | SQLite | PostgreSQL |\n| --- | ------ | ---------- |\n| a | 3 | |\n| b | | 3 |\n"
        );
    }

    #[test]
    fn a_test_that_failed_or_was_ignored_is_seen() {
        let failed = OUTPUT.replace("hooks::two ... ok", "hooks::two ... FAILED");
        let failed = failed.replace("ok. 3 passed; 0 failed", "FAILED. 2 passed; 1 failed");
        let table = table(
            RULES,
            &failed.replace("on_b::three ... ok", "on_b::three ... ignored"),
        );
        let text = squeezed(&table.text);
        assert!(text.contains("| Calls run | **1 of 3 fail** |"), "{text}");
        assert!(
            text.contains("| Calls run | **1 of 2 ignored** |"),
            "{text}"
        );
        assert!(
            table.complaints.iter().any(|one| one.contains("ignored")),
            "{:?}",
            table.complaints
        );
    }

    #[track_caller]
    fn assert_complains(rules: &str, output: &str, about: &str) {
        let complaints = table(rules, output).complaints;
        assert!(
            complaints.iter().any(|one| one.contains(about)),
            "{complaints:?}"
        );
    }

    #[test]
    fn a_gap_is_a_complaint() {
        let gap = RULES.replace("absent *SQLite", "absent x | y");
        assert_complains(
            &gap,
            OUTPUT,
            "a, SQLite: no test for “Commits are verified”",
        );
        assert_complains(&gap, OUTPUT, "nothing matches `x`");
        assert_complains(&gap, OUTPUT, "nothing matches `y`");
        let stale = RULES.replace("absent *SQLite", "absent b, *");
        assert_complains(
            &stale,
            OUTPUT,
            "b, PostgreSQL: there are tests for “Commits are verified”, in spite of",
        );
        let renamed = OUTPUT.replace("hooks::two", "calls::two");
        assert_complains(
            RULES,
            &renamed,
            "no rule claims contract_a::suite::calls::two",
        );
        let another = OUTPUT.replace("one_is_lost", "another");
        assert_complains(
            RULES,
            &another,
            "no rule claims contract_a::only::limits::another",
        );
        assert_complains(RULES, &another, "nothing matches `limits::one_*`");
    }

    #[test]
    fn a_program_that_did_not_run_or_left_tests_out_has_no_cells() {
        let without = OUTPUT.replace("tests/options.rs", "tests/others.rs");
        assert_complains(RULES, &without, "no test `options::on_b::*` has run");
        let left_out = OUTPUT.replace(
            "test commits",
            "left out: contract_b (no URL)\ntest commits",
        );
        assert_complains(RULES, &left_out, "contract_b has left out tests");
        assert!(squeezed(&table(RULES, &left_out).text).contains("| Calls run | not run |"));
        let new = OUTPUT.replace("tests/options.rs", "tests/contract_c.rs");
        assert_complains(RULES, &new, "contract_c: tests that are in no column");
    }
}
