//! Counts the instructions of statements and blocks by a handle with callgrind, and of the same without.
//!
//! `instructions` prints a row of the table for each kind of work; `instructions run WAY WORK TIMES`, which it
//! has callgrind run, only does the work.

use std::env;
use std::error::Error;

use commit_on_success_bench_core::callgrind;
use commit_on_success_bench_handles::{Way, Work, run};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// Enough to fill the cache of statements, and what is counted on top of that.
const BEFORE: u32 = 100;
const COUNTED: u32 = 2000;
const TIMES: u32 = 5;

fn main() -> Result {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => print_rows(),
        ["run", way, work, times] => work_off(way, work, times.parse()?),
        _ => Err("expected no arguments, or `run WAY WORK TIMES`".into()),
    }
}

fn print_rows() -> Result {
    for work in Work::ALL {
        let handle = count(Way::Handle, work)?;
        let direct = count(Way::Direct, work)?;
        let more = i64::from(handle) - i64::from(direct);
        let (name, against) = work.names();
        println!(
            "row\thandles, sqlx-sqlite in memory\t{name}\t{against}\t{more} instructions more ({handle} / {direct})\t{}",
            work.to_reach(),
        );
    }
    Ok(())
}

/// The instructions of one statement or block: the least of a few times, as SQLite has a thread of its own, and the more of them are spent on
/// waiting for each other the busier the machine is.
fn count(way: Way, work: Work) -> Result<u32> {
    let counts = (0..TIMES).map(|_| once(way, work));
    let counts: Vec<_> = counts.collect::<Result<_>>()?;
    counts
        .into_iter()
        .min()
        .ok_or_else(|| "nothing was counted".into())
}

fn once(way: Way, work: Work) -> Result<u32> {
    let before = instructions(way, work, BEFORE)?;
    let after = instructions(way, work, BEFORE + COUNTED)?;
    Ok(u32::try_from((after - before) / u64::from(COUNTED))?)
}

fn instructions(way: Way, work: Work, times: u32) -> Result<u64> {
    let arguments = [format!("{way:?}"), format!("{work:?}"), times.to_string()];
    Ok(callgrind::collected(&env::current_exe()?, &arguments)?)
}

fn work_off(way: &str, work: &str, times: u32) -> Result {
    let ways = [Way::Handle, Way::Direct];
    let way = ways.into_iter().find(|known| format!("{known:?}") == way);
    let works = Work::ALL.into_iter();
    let work = works.into_iter().find(|known| format!("{known:?}") == work);
    let (Some(way), Some(work)) = (way, work) else {
        return Err("no such way or work".into());
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    runtime.block_on(run(way, work, times))?;
    Ok(())
}
