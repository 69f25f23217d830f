//! What the tests of one column have reported.

use crate::output::{Programs, Test};
use crate::rules::{Column, Note, Rule, matches_any};

/// What was reported on a column.
pub(crate) struct Report<'r> {
    pub(crate) title: &'r str,
    pub(crate) driver: &'r str,
    pub(crate) database: &'r str,
    pub(crate) tests: Vec<&'r Test>,
    /// Why that is not all, or not to be relied upon.
    pub(crate) troubles: Vec<String>,
}

impl Column {
    /// Whether another column has the test.
    fn but(&self, test: &Test) -> bool {
        self.but.iter().any(|pattern| pattern.matches(&test.path))
    }
}

impl<'r> Report<'r> {
    pub(crate) fn new(column: &'r Column, programs: &'r Programs) -> Self {
        let (driver, database) = column.driver_and_database();
        let mut report = Self {
            title: &column.title,
            driver,
            database,
            tests: Vec::new(),
            troubles: Vec::new(),
        };
        for pattern in &column.tests {
            let before = report.tests.len();
            for (name, program) in programs {
                let tests = program.tests.iter();
                let tests = tests.filter(|test| pattern.matches(&test.path) && !column.but(test));
                let found = report.tests.len();
                report.tests.extend(tests);
                if let (true, Some(trouble)) = (found < report.tests.len(), &program.trouble) {
                    report.troubles.push(format!("{name} {trouble}"));
                }
            }
            if before == report.tests.len() {
                report.troubles.push(format!("no test `{pattern}` has run"));
            }
        }
        let all = || programs.values().flat_map(|program| &program.tests);
        let idle = column.but.iter();
        let idle = idle.filter(|pattern| !all().any(|test| pattern.matches(&test.path)));
        let idle = idle.map(|pattern| format!("no test `{pattern}` has run"));
        report.troubles.extend(idle);
        report
    }

    /// The tests that stand for a rule.
    pub(crate) fn of_rule<'t>(&'t self, rule: &Rule) -> impl Iterator<Item = &'r Test> {
        let tests = self.tests.iter().copied();
        tests.filter(|test| !shows_limit(test) && matches_any(&rule.tests, &test.path))
    }

    /// The tests that show a limit.
    pub(crate) fn of_limit(&self, limit: &Note) -> impl Iterator<Item = &'r Test> {
        let tests = self.tests.iter().copied();
        tests.filter(|test| shows_limit(test) && limit.matches_test(&test.path))
    }
}

/// Limits are shown in modules of that name.
pub(crate) fn shows_limit(test: &Test) -> bool {
    test.path.split("::").any(|module| module == "limits")
}
