//! Counts instructions with callgrind, and prints all figures of this package as rows of the table.
//!
//! `instructions` prints; `instructions run WORK TIMES`, which it has callgrind run, only does the work.

use std::env;
use std::error::Error;
use std::path::PathBuf;
use std::process::Command;

use commit_on_success_bench_core::callgrind;
use commit_on_success_bench_core::sizes::of_futures;
use commit_on_success_bench_core::work::{Task, Way, Work};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => print_all(),
        ["run", work, times] => Ok(work.parse::<Task>()?.run(times.parse()?)?),
        _ => Err("expected no arguments, or `run WORK TIMES`".into()),
    }
}

fn print_all() -> Result {
    let table = Table {
        program: env::current_exe()?,
    };
    table.blocks()?;
    table.calls()?;
    table.polls()?;
    sizes();
    allocations()
}

struct Table {
    program: PathBuf,
}

impl Table {
    fn once_more(&self, work: Work, way: Way, size: usize) -> Result<u64> {
        Ok(callgrind::once_more(
            &self.program,
            Task { work, way, size },
        )?)
    }

    fn one_larger(&self, work: Work, way: Way) -> Result<u64> {
        Ok(callgrind::one_larger(
            &self.program,
            Task { work, way, size: 1 },
        )?)
    }

    fn blocks(&self) -> Result {
        let rows = [
            ("sync block", Work::Flat, "≤ 150 more"),
            ("sync block in a block", Work::Nested, "≤ 300 more"),
            ("sync block that joins another", Work::Joined, ""),
            ("sync block that is rolled back", Work::Failed, ""),
            ("async block", Work::FlatLater, "≤ 300 more"),
            ("async block in a block", Work::NestedLater, "≤ 600 more"),
            ("async block that is rolled back", Work::FailedLater, ""),
        ];
        for (what, work, to_reach) in rows {
            let annotated = self.once_more(work, Way::Annotated, 0)?;
            let by_hand = self.once_more(work, Way::ByHand, 0)?;
            let more = more(annotated, by_hand);
            row("no deferred call", what, "by hand", &more, to_reach);
        }
        Ok(())
    }

    fn calls(&self) -> Result {
        for (what, work, to_reach) in [
            ("call(s)", Work::Calls, "≤ 1.7 ×"),
            ("async call(s)", Work::CallsLater, "≤ 2 ×"),
        ] {
            for size in [1, 10, 1000, 1_000_000] {
                let annotated = self.once_more(work, Way::Annotated, size)?;
                let by_hand = self.once_more(work, Way::ByHand, size)?;
                let times = times(annotated, by_hand);
                let what = format!("{size} {what}");
                row(
                    "deferred calls",
                    &what,
                    "a vector of boxes",
                    &times,
                    to_reach,
                );
            }
        }
        Ok(())
    }

    fn polls(&self) -> Result {
        let rows = [
            ("poll of a body", Work::FlatLater),
            ("poll of a body in a block in a block", Work::NestedLater),
        ];
        for (what, work) in rows {
            let annotated = self.one_larger(work, Way::Annotated)?;
            let plain = self.one_larger(work, Way::Plain)?;
            let by_hand = self.one_larger(work, Way::ByHand)?;
            let to_reach = "≤ 30 more";
            row(
                "async",
                what,
                "without the attribute",
                &more(annotated, plain),
                to_reach,
            );
            row(
                "async",
                what,
                "begin and commit by hand",
                &more(annotated, by_hand),
                "",
            );
        }
        Ok(())
    }
}

fn sizes() {
    for sizes in of_futures() {
        let what = format!("size of the future, {}", sizes.body);
        let (annotated, plain) = (sizes.annotated, sizes.plain);
        let figure = format!("{} bytes more ({annotated} / {plain})", annotated - plain);
        row(
            "async",
            &what,
            "without the attribute",
            &figure,
            "≤ 192 bytes more",
        );
    }
}

/// Runs the program that counts allocations: to count them, it needs an allocator of its own.
fn allocations() -> Result {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let ended = Command::new(cargo)
        .args(["run", "--quiet", "--release"])
        .args(["--package", env!("CARGO_PKG_NAME"), "--bin", "allocations"])
        .status()?;
    if ended.success() {
        Ok(())
    } else {
        Err("could not count allocations".into())
    }
}

fn row(section: &str, what: &str, against: &str, figure: &str, to_reach: &str) {
    println!("row\t{section}\t{what}\t{against}\t{figure}\t{to_reach}");
}

fn more(annotated: u64, other: u64) -> String {
    let more = i128::from(annotated) - i128::from(other);
    format!("{more} instructions more ({annotated} / {other})")
}

#[allow(clippy::cast_precision_loss, reason = "two digits are shown")]
fn times(annotated: u64, other: u64) -> String {
    let ratio = annotated as f64 / other as f64;
    format!("{ratio:.2} × ({annotated} / {other} instructions)")
}
