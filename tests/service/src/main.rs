//! The service, its clients and its judge, from the command line.

use std::process::ExitCode;

use commit_on_success_service::options::{Options, USAGE};
use commit_on_success_service::report::{broken, table};
use commit_on_success_service::turns;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let words: Vec<_> = std::env::args().skip(1).collect();
    if words.iter().any(|word| word == "--help") {
        println!("{USAGE}");
        return Ok(ExitCode::SUCCESS);
    }
    let mut options = Options::parse(words.into_iter()).map_err(anyhow::Error::msg)?;
    options.postgres = std::env::var("COMMIT_ON_SUCCESS_POSTGRES_URL").ok();
    let rows = turns::run(&options).await?;
    print!("{}", table(&rows));
    let broken: u64 = rows.iter().map(|row| broken(row, options.strictness)).sum();
    println!("\npromises broken by the attribute: {broken}");
    Ok(match broken {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}
