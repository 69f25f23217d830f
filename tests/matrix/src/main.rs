//! Shows what a run of the tests means for each rule of the contract, driver and database.
//!
//! ```sh
//! bash tests/run                 # saves what the tests say, and runs this
//! cargo run -p commit_on_success_matrix -- [--check README.md | --write README.md] target/contract.log
//! ```
//!
//! What counts is what the test programs have reported, and nothing else: [`output`] reads it, the
//! [`rules`] say which test stands for what, and a [`table`] has a cell for each of them. `--check`
//! fails if the table in a file is another one; `--write` puts it there.

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
use table::Table;

/// What the table is called in a file.
const NAME: &str = "contract matrix";
const USAGE: &str = "usage: matrix [--check FILE | --write FILE] OUTPUT-OF-CARGO-TEST";

/// What to do with the table, besides showing it.
enum Task {
    Show,
    Check(String),
    Write(String),
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
        [option, file, output] if option == "--check" => (Task::Check(file.clone()), output),
        [option, file, output] if option == "--write" => (Task::Write(file.clone()), output),
        _ => return Err(USAGE.to_owned()),
    };
    let rules = Rules::parse(include_str!("../../contract/rules.txt"))?;
    let table = Table::new(&rules, &output::parse(&read(output)?));
    print!("\n{table}");
    let mut complaints = table.complaints;
    if !complaints.is_empty() {
        return Ok(complaints);
    }
    complaints.extend(apply(&task, &table.text)?);
    Ok(complaints)
}

fn apply(task: &Task, table: &str) -> Result<Option<String>, String> {
    match task {
        Task::Show => Ok(None),
        Task::Check(file) => Ok((marked::find(&read(file)?, NAME)? != table)
            .then(|| format!("the table in {file} is another one; `--write {file}` replaces it"))),
        Task::Write(file) => marked::write(file, NAME, table).map(|()| None),
    }
}
