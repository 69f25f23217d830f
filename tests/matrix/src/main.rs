//! Shows what a run of the tests means for each rule of the contract, driver and database.
//!
//! ```sh
//! bash tests/run                 # saves what the tests say, and runs this
//! cargo run -p commit_on_success_matrix -- [--check | --write] target/contract.log
//! ```
//!
//! What counts is what the test programs have reported, and nothing else: [`output`] reads it, the
//! [`rules`] say which test stands for what, and a [`table`] has a cell for each of them. `--check`,
//! in the folder of the workspace, fails if the tables in its documents are others; `--write` puts
//! them there.

mod audit;
mod cells;
mod output;
mod report;
mod rules;
mod table;

use std::env;
use std::process::ExitCode;

use commit_on_success_matrix::marked::{self, read};
use rules::Rules;
use table::Tables;

const USAGE: &str = "usage: matrix [--check | --write] OUTPUT-OF-CARGO-TEST";

/// What to do with the tables, besides showing them.
enum Task {
    Show,
    Check,
    Write,
}

fn main() -> ExitCode {
    match run() {
        Ok(complaints) if complaints.is_empty() => ExitCode::SUCCESS,
        Ok(complaints) => {
            for complaint in complaints {
                eprintln!("matrix: {complaint}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("matrix: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<Vec<String>, String> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (task, output) = match arguments.as_slice() {
        [output] => (Task::Show, output),
        [option, output] if option == "--check" => (Task::Check, output),
        [option, output] if option == "--write" => (Task::Write, output),
        _ => return Err(USAGE.to_owned()),
    };
    let rules = Rules::parse(include_str!("../../contract/rules.txt"))?;
    let tables = Tables::new(&rules, &output::parse(&read(output)?));
    print!("\n{tables}");
    let mut complaints = tables.complaints;
    if !complaints.is_empty() {
        return Ok(complaints);
    }
    for (file, name, table) in [
        ("docs/contract.md", "contract", &tables.text),
        ("README.md", "summary of the contract", &tables.summary),
    ] {
        complaints.extend(apply(&task, file, name, table)?);
    }
    Ok(complaints)
}

fn apply(task: &Task, file: &str, name: &str, table: &str) -> Result<Option<String>, String> {
    match task {
        Task::Show => Ok(None),
        Task::Check => Ok((marked::find(&read(file)?, name)? != table)
            .then(|| format!("the table in {file} is another one; `--write` replaces it"))),
        Task::Write => marked::write(file, name, table).map(|()| None),
    }
}
