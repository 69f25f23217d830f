//! Counts the instructions of transactions of rusqlite with callgrind, by hand and with the attribute.
//!
//! `instructions` prints a row of the table for each kind of work; `instructions run WAY WORK TIMES`, which it
//! has callgrind run, only does the work.

use std::env;
use std::error::Error;

use commit_on_success_bench_core::callgrind;
use commit_on_success_bench_rusqlite::{Way, Work, open, run};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// Enough to fill the cache of statements, and what is counted on top of that.
const BEFORE: u32 = 100;
const COUNTED: u32 = 1000;

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
        let by_hand = count(Way::ByHand, work)?;
        let annotated = count(Way::Annotated, work)?;
        let ratio = f64::from(annotated) / f64::from(by_hand);
        println!(
            "row\trusqlite, in memory\t{}, instructions\tby hand\t{ratio:.2} ({annotated} / {by_hand})\t{}",
            work.name(),
            work.to_reach(),
        );
    }
    Ok(())
}

/// The instructions of one transaction.
fn count(way: Way, work: Work) -> Result<u32> {
    let before = instructions(way, work, BEFORE)?;
    let after = instructions(way, work, BEFORE + COUNTED)?;
    Ok(u32::try_from((after - before) / u64::from(COUNTED))?)
}

fn instructions(way: Way, work: Work, times: u32) -> Result<u64> {
    let arguments = [format!("{way:?}"), format!("{work:?}"), times.to_string()];
    Ok(callgrind::collected(&env::current_exe()?, &arguments)?)
}

fn work_off(way: &str, work: &str, times: u32) -> Result {
    let ways = [Way::ByHand, Way::Annotated];
    let way = ways.into_iter().find(|known| format!("{known:?}") == way);
    let works = Work::ALL.into_iter();
    let work = works.into_iter().find(|known| format!("{known:?}") == work);
    let (Some(way), Some(work)) = (way, work) else {
        return Err("no such way or work".into());
    };
    run(way, work, &mut open()?, times)?;
    Ok(())
}
