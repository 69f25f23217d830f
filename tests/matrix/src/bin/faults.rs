//! Adds up what the tests have said of the faults that they have injected, and shows it as a table.
//!
//! ```sh
//! bash tests/faults 10m           # gathers the lines, and runs this
//! cargo run -p commit_on_success_matrix --bin faults -- [--write FILE] WORDS LINES
//! ```
//!
//! `WORDS` is the file with what is said above the table, and `LINES` that with the lines of
//! `tests/src/faults.rs`: `faults: KIND: INJECTED injected, BROKEN promises broken, NUMBER WHAT…`, and
//! `at most NUMBER WHAT` for what was measured.

use std::collections::BTreeMap;
use std::env;
use std::process::ExitCode;

use commit_on_success_matrix::layout::layout;
use commit_on_success_matrix::marked::{self, read};

/// What the table is called in a file.
const NAME: &str = "faults";
const USAGE: &str = "usage: faults [--write FILE] WORDS LINES";

/// What is known of the faults of one kind.
#[derive(Debug, Default, PartialEq)]
struct Sum {
    injected: u64,
    broken: u64,
    /// What else was counted, in the order in which it came.
    counted: Counts,
    /// What was measured, and the largest of it.
    measured: Counts,
}

#[derive(Debug, Default, PartialEq)]
struct Counts(Vec<(String, u64)>);

impl Counts {
    /// Zero at first.
    fn of(&mut self, what: &str) -> &mut u64 {
        let known = self.0.iter().position(|(known, _)| known == what);
        let index = known.unwrap_or_else(|| {
            self.0.push((what.to_owned(), 0));
            self.0.len() - 1
        });
        &mut self.0[index].1
    }
}

impl Sum {
    fn add(&mut self, number: u64, what: &str) {
        match what {
            "injected" => self.injected += number,
            "promises broken" => self.broken += number,
            _ => *self.counted.of(what) += number,
        }
    }

    fn measure(&mut self, number: u64, what: &str) {
        let most = self.measured.of(what);
        *most = number.max(*most);
    }

    fn row(&self, kind: &str) -> Vec<String> {
        let counted = self.counted.0.iter().filter(|(_, sum)| *sum > 0);
        let counted = counted.map(|(what, sum)| format!("{what}: {sum}"));
        let measured = self.measured.0.iter();
        let measured = measured.map(|(what, most)| format!("{what}: at most {most}"));
        let also: Vec<_> = counted.chain(measured).collect();
        let numbers = [self.injected.to_string(), self.broken.to_string()];
        let [injected, broken] = numbers;
        vec![kind.to_owned(), injected, broken, also.join(", ")]
    }
}

type Sums = BTreeMap<String, Sum>;

// Input:  `faults: wires cut, sqlx: 3 injected, 0 promises broken, 1 unknown outcomes`
// Output: `wires cut, sqlx` with 3, 0, and 1 of `unknown outcomes` added
fn add(sums: &mut Sums, line: &str) -> Option<()> {
    let (kind, counts) = line.strip_prefix("faults: ")?.rsplit_once(": ")?;
    let sum = sums.entry(kind.to_owned()).or_default();
    for count in counts.split(", ") {
        let measured = count.strip_prefix("at most ");
        let (number, what) = measured.unwrap_or(count).split_once(' ')?;
        let number = number.parse().ok()?;
        match measured {
            Some(_) => sum.measure(number, what),
            None => sum.add(number, what),
        }
    }
    Some(())
}

fn sums(lines: &str) -> Result<Sums, String> {
    let mut sums = Sums::new();
    for line in lines.lines() {
        add(&mut sums, line).ok_or_else(|| format!("`{line}` is not understood"))?;
    }
    Ok(sums)
}

fn table(sums: &Sums) -> String {
    let header = ["fault", "injected", "promises broken", "also counted"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    rows.extend(sums.iter().map(|(kind, sum)| sum.row(kind)));
    let total = Sum {
        injected: sums.values().map(|sum| sum.injected).sum(),
        broken: sums.values().map(|sum| sum.broken).sum(),
        ..Sum::default()
    };
    rows.push(total.row("all"));
    layout(&rows)
}

/// Returns how many promises were broken.
fn run() -> Result<u64, String> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (file, words, lines) = match arguments.as_slice() {
        [words, lines] => (None, words, lines),
        [option, file, words, lines] if option == "--write" => (Some(file), words, lines),
        _ => return Err(USAGE.to_owned()),
    };
    let sums = sums(&read(lines)?)?;
    let text = format!("{}\n{}", read(words)?, table(&sums));
    print!("\n{text}");
    if let Some(file) = file {
        marked::write(file, NAME, &text)?;
    }
    Ok(sums.values().map(|sum| sum.broken).sum())
}

fn main() -> ExitCode {
    match run() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(broken) => {
            eprintln!("faults: promises broken: {broken}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("faults: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{sums, table};

    const LINES: &str = "\
faults: wires cut, sqlx: 3 injected, 0 promises broken, 1 unknown outcomes
faults: kills: 2 injected, 1 promises broken, 0 lost calls, at most 0 bytes left
faults: wires cut, sqlx: 4 injected, 0 promises broken, 2 unknown outcomes, 5 rows
faults: calls: 1 injected, 0 promises broken, at most 40 bytes per call
faults: calls: 1 injected, 0 promises broken, at most 30 bytes per call
";

    #[test]
    fn lines_of_the_same_kind_are_added_up() {
        let table = table(&sums(LINES).unwrap_or_default());
        let words: Vec<_> = table.split_whitespace().collect();
        let text = words.join(" ");
        for row in [
            "| calls | 2 | 0 | bytes per call: at most 40 |",
            "| kills | 2 | 1 | bytes left: at most 0 |",
            "| wires cut, sqlx | 7 | 0 | unknown outcomes: 3, rows: 5 |",
            "| all | 11 | 1 | |",
        ] {
            assert!(text.contains(row), "{row} in\n{table}");
        }
    }

    #[test]
    fn a_line_that_is_not_understood_is_an_error() {
        for wrong in [
            "wires cut",
            "faults: a: x injected",
            "faults: 3 injected",
            "faults: a: at most x b",
        ] {
            assert!(sums(wrong).is_err(), "{wrong}");
        }
    }
}
