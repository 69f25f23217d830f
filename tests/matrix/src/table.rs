//! The table: a row for each rule, with a cell for each column.

use std::fmt;

use commit_on_success_matrix::layout::layout;

use crate::audit;
use crate::cells::Cells;
use crate::output::Programs;
use crate::report::Report;
use crate::rules::Rules;

/// The table, and what is wrong with it.
pub(crate) struct Table {
    /// In Markdown.
    pub(crate) text: String,
    pub(crate) complaints: Vec<String>,
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Table {
    pub(crate) fn new(rules: &Rules, programs: &Programs) -> Self {
        let reports: Vec<_> = rules
            .columns
            .iter()
            .map(|column| Report::new(column, programs))
            .collect();
        let mut cells = Cells::default();
        let mut rows = vec![header(rules)];
        for rule in &rules.rules {
            let mut row = vec![rule.sentence.clone()];
            row.extend(reports.iter().map(|report| cells.cell(rule, report)));
            rows.push(row);
        }
        rows.push(totals(&reports));
        cells
            .complaints
            .extend(audit::complaints(rules, &reports, programs));
        Self {
            text: format!("{}\n{}\n", layout(&rows), cells.footnotes()),
            complaints: cells.complaints.into_iter().collect(),
        }
    }
}

fn header(rules: &Rules) -> Vec<String> {
    let titles = rules.columns.iter();
    let titles = titles.map(|column| column.title.replace(", ", "<br>"));
    std::iter::once(String::new()).chain(titles).collect()
}

fn totals(reports: &[Report<'_>]) -> Vec<String> {
    let counts = reports.iter().map(|report| report.tests.len().to_string());
    std::iter::once("tests".to_owned()).chain(counts).collect()
}

#[cfg(test)]
mod tests {
    use super::Table;
    use crate::output;
    use crate::rules::Rules;

    const RULES: &str = "
        column a, SQLite = contract_a::*
        column b = contract_b::* options::on_b::*
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

    fn table(rules: &str, output: &str) -> Table {
        let rules = Rules::parse(rules).unwrap_or_default();
        Table::new(&rules, &output::parse(output))
    }

    /// Without the spaces that align the columns.
    fn squeezed(table: &Table) -> String {
        let words: Vec<_> = table
            .text
            .split(' ')
            .filter(|word| !word.is_empty())
            .collect();
        words.join(" ")
    }

    #[test]
    fn cells_have_the_number_of_tests_and_the_footnotes() {
        let table = table(RULES, OUTPUT);
        assert!(table.complaints.is_empty(), "{:?}", table.complaints);
        let text = squeezed(&table);
        for line in [
            "| | a<br>SQLite | b |\n",
            "| Calls run | ✓ 3[^1] | ✓ 2 |\n",
            "| Commits are verified | –[^2] | ✓ 1 |\n",
            "| tests | 3 | 3 |\n",
            "\n[^1]: Not all of them.\n[^2]: Nothing to verify.\n",
        ] {
            assert!(text.contains(line), "{line:?} in\n{text}");
        }
    }

    #[test]
    fn a_test_that_failed_or_was_ignored_is_seen() {
        let failed = OUTPUT.replace("hooks::two ... ok", "hooks::two ... FAILED");
        let failed = failed.replace("ok. 3 passed; 0 failed", "FAILED. 2 passed; 1 failed");
        let table = table(
            RULES,
            &failed.replace("on_b::three ... ok", "on_b::three ... ignored"),
        );
        let text = squeezed(&table);
        assert!(
            text.contains("| Calls run | **1 of 3 fail** | **1 of 2 ignored** |"),
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
        let stale = RULES.replace("absent *SQLite", "absent b");
        assert_complains(
            &stale,
            OUTPUT,
            "b: there are tests for “Commits are verified”, in spite of",
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
        assert!(squeezed(&table(RULES, &left_out)).contains("| ✓ 3[^1] | not run |"));
        let new = OUTPUT.replace("tests/options.rs", "tests/contract_c.rs");
        assert_complains(RULES, &new, "contract_c: tests that are in no column");
    }
}
