//! Settings of a run: the number of cases, the seed, and the line that sums it up.

use std::fs::OpenOptions;
use std::io::Write as _;

const CASES: &str = "COMMIT_ON_SUCCESS_CASES";
const SEED: &str = "COMMIT_ON_SUCCESS_SEED";
/// The variable that names a file to which the line is appended as well.
const FILE: &str = "COMMIT_ON_SUCCESS_FAULTS";

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    match text.parse() {
        Ok(number) => Some(number),
        Err(error) => panic!("{variable} is {text:?}: {error}"),
    }
}

/// The number of cases that was asked for, or else the usual one.
pub(crate) fn cases(usual: u64) -> u64 {
    number(CASES).unwrap_or(usual)
}

/// The seed that is asked for.
pub(crate) fn seed() -> u64 {
    number(SEED).unwrap_or(0)
}

/// Says one line that a table can be made from:
/// `faults: KIND: INJECTED injected, BROKEN promises broken`, and what else was counted.
pub(crate) fn report(kind: &str, injected: u64, broken: u64, also: &str) {
    let line = format!("faults: {kind}: {injected} injected, {broken} promises broken, {also}\n");
    // The test harness shows it with `--nocapture` only.
    print!("{line}");
    let Some(file) = std::env::var_os(FILE).filter(|file| !file.is_empty()) else {
        return;
    };
    let written = OpenOptions::new().create(true).append(true).open(file);
    let written = written.and_then(|mut file| file.write_all(line.as_bytes()));
    assert!(written.is_ok(), "{FILE}: {written:?}");
}
