//! What `cargo test` has printed: which program ran, and what became of each of its tests.

use std::collections::BTreeMap;

/// What one test program has reported.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Program {
    pub(crate) tests: Vec<Test>,
    /// Why its report is not to be relied upon.
    pub(crate) trouble: Option<String>,
}

/// One test.
#[derive(Debug, PartialEq)]
pub(crate) struct Test {
    /// Its program, its modules and its name.
    pub(crate) path: String,
    pub(crate) verdict: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    Passed,
    Failed,
    Ignored,
}

/// The programs by name.
pub(crate) type Programs = BTreeMap<String, Program>;

/// Reads the output of `cargo test`, in which what cargo and what the programs print is in order.
pub(crate) fn parse(text: &str) -> Programs {
    let mut programs = Programs::new();
    // The program whose report this is.
    let mut current: Option<String> = None;
    // The test whose line something else has been written into: its verdict is further down, alone.
    let mut torn: Option<String> = None;
    for line in text.lines().map(without_colors) {
        let line = line.trim();
        if let Some(rest) = line.strip_prefix("Running ") {
            current = program(rest).map(str::to_owned);
            if let Some(name) = &current {
                let trouble = Some("did not come to its end".to_owned());
                let tests = Vec::new();
                programs.insert(name.clone(), Program { tests, trouble });
            }
        }
        let Some((name, program)) = current
            .as_ref()
            .and_then(|name| Some((name, programs.get_mut(name)?)))
        else {
            continue;
        };
        if line.starts_with("left out: ") {
            program.trouble = Some("has left out tests, for want of a server".to_owned());
        } else if let Some(result) = line.strip_prefix("test result: ") {
            program.end(result);
            current = None;
        } else if let Some(rest) = line.strip_prefix("test ") {
            let found = test(name, rest);
            torn = match (&found, rest.split_once(" ... ")) {
                (None, Some((path, _))) => Some(path.to_owned()),
                _ => None,
            };
            program.tests.extend(found);
        } else if let Some(path) = &torn
            && let Some(found) = test(name, &format!("{path} ... {line}"))
        {
            program.tests.push(found);
            torn = None;
        }
    }
    programs
}

impl Program {
    /// Compares the report with its last line:
    /// `ok. 45 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 1.23s`.
    fn end(&mut self, result: &str) {
        let count = |what: &str| -> usize {
            let number = result.split_once(what).map(|(before, _)| before);
            let number = number.and_then(|before| before.rsplit(' ').next()?.parse().ok());
            number.unwrap_or_default()
        };
        let said = count(" passed") + count(" failed") + count(" ignored");
        let seen = self.tests.len();
        if said != seen {
            let trouble = format!("says that it has run {said} tests, and reports {seen}");
            self.trouble = Some(trouble);
        } else if count(" filtered out") > 0 {
            self.trouble = Some("has run only some of its tests".to_owned());
        } else if !self.has_left_out() {
            self.trouble = None;
        }
    }

    /// Tests that were left out pass, and mean nothing.
    fn has_left_out(&self) -> bool {
        let trouble = self.trouble.as_deref();
        trouble.is_some_and(|trouble| trouble.starts_with("has left out"))
    }
}

/// `tests/contract_rusqlite.rs (target/debug/deps/contract_rusqlite-1f)`
fn program(rest: &str) -> Option<&str> {
    let (file, _) = rest.split_once(".rs (")?;
    file.rsplit(['/', '\\']).next()
}

/// `suite::hooks::deferred_calls_run_once ... ok`
fn test(program: &str, rest: &str) -> Option<Test> {
    let (path, verdict) = rest.rsplit_once(" ... ")?;
    let verdict = match verdict.split(',').next()? {
        "ok" => Verdict::Passed,
        "FAILED" => Verdict::Failed,
        "ignored" => Verdict::Ignored,
        _ => return None,
    };
    let path = path.strip_suffix(" - should panic").unwrap_or(path);
    let path = format!("{program}::{path}");
    Some(Test { path, verdict })
}

/// Without the escape sequences that set colors.
fn without_colors(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain += part.split_once('m').map_or(part, |(_, text)| text);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::{Program, Test, Verdict, parse};

    const OUTPUT: &str = "
   Compiling commit_on_success v0.1.0
\u{1b}[1m\u{1b}[92m     Running\u{1b}[0m unittests src/lib.rs (target/debug/deps/lib-9a)
running 1 test
test tests::it_is_run_again ... ok
test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s

     Running tests/contract_one.rs (target/debug/deps/contract_one-9a)

running 3 tests
test suite::hooks::runs_once ... ok
test only::later ... commit_on_success: the rollback of `later` failed
ignored, not yet
test only::panics - should panic ... FAILED

failures:
---- only::panics stdout ----
note: test did not panic as expected

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.2s

   Doc-tests commit_on_success
test runtime/src/lib.rs - (line 7) ... ok
";

    fn test(path: &str, verdict: Verdict) -> Test {
        let path = path.to_owned();
        Test { path, verdict }
    }

    #[test]
    fn programs_and_their_tests_are_found() {
        let mut programs = parse(OUTPUT);
        let expected = Program {
            tests: vec![
                test("contract_one::suite::hooks::runs_once", Verdict::Passed),
                test("contract_one::only::later", Verdict::Ignored),
                test("contract_one::only::panics", Verdict::Failed),
            ],
            trouble: None,
        };
        assert_eq!(programs.remove("contract_one"), Some(expected));
        let names: Vec<_> = programs.keys().collect();
        assert_eq!(names, ["lib"]);
        assert_eq!(programs["lib"].tests.len(), 1);
    }

    #[test]
    fn a_report_that_does_not_add_up_is_not_relied_upon() {
        for (text, other) in [
            ("test only::later ...", "tset only::later ..."),
            ("ignored, not yet", "not yet"),
            ("; 0 filtered", "; 3 filtered"),
            ("test result: FAILED", "error: the program crashed;"),
            ("running 3 tests", "left out: contract_one (it has no URL)"),
        ] {
            let programs = parse(&OUTPUT.replace(text, other));
            assert!(programs["contract_one"].trouble.is_some(), "{other}");
        }
    }
}
