//! Counting the instructions of some work.

use std::path::Path;
use std::process::Command;

use crate::work::Task;

/// Whether it can be run.
#[must_use]
pub fn is_there() -> bool {
    let version = Command::new("valgrind").arg("--version").output();
    version.is_ok_and(|output| output.status.success())
}

/// The instructions that `program` takes for doing a task once more, with what it takes to start left out.
///
/// # Errors
///
/// When valgrind cannot be run, or the program failed under it.
pub fn once_more(program: &Path, task: Task) -> Result<u64, String> {
    // Enough for an average where an allocator does not do the same each time.
    let times = (20_000 / task.size.max(1)).clamp(2, 2000);
    let after = of_task(program, task, 2 * times)?;
    let before = of_task(program, task, times)?;
    Ok((after - before) / times as u64)
}

/// The instructions that a program takes for one more in the size of a task.
///
/// # Errors
///
/// As [`once_more`].
pub fn one_larger(program: &Path, task: Task) -> Result<u64, String> {
    const LARGER: usize = 10_000;
    let size = task.size + LARGER;
    let after = of_task(program, Task { size, ..task }, 1)?;
    let before = of_task(program, task, 1)?;
    Ok((after - before) / LARGER as u64)
}

fn of_task(program: &Path, task: Task, times: usize) -> Result<u64, String> {
    collected(program, &[task.to_string(), times.to_string()])
}

/// The instructions that `program run ARGUMENTS` takes, on all of its threads.
///
/// # Errors
///
/// As [`once_more`].
pub fn collected(program: &Path, arguments: &[String]) -> Result<u64, String> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .arg("run")
        .args(arguments)
        .output()
        .map_err(|error| format!("valgrind: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = said
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    match collected.and_then(|(_, count)| count.trim().parse().ok()) {
        Some(count) if output.status.success() => Ok(count),
        _ => Err(format!("callgrind said of {arguments:?}:\n{said}")),
    }
}
