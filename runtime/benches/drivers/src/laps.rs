//! Whether the last of many transactions in one takes longer than the first.

use std::time::{Duration, Instant};

use crate::table::Section;

/// The number of inner transactions that are rolled back.
pub(crate) const TIMES: u32 = 20_000;

/// The number of laps that are timed, at either end.
const TIMED: u32 = 1000;

const SECTION: Section = Section("20 000 inner transactions rolled back in one outer");

/// The times of the first transactions and of the last.
pub(crate) struct Laps {
    run: u32,
    start: Instant,
    first: Duration,
    last: Duration,
}

impl Laps {
    pub(crate) fn start() -> Self {
        Self {
            run: 0,
            start: Instant::now(),
            first: Duration::ZERO,
            last: Duration::ZERO,
        }
    }

    /// One more has been rolled back.
    pub(crate) fn lap(&mut self) {
        self.run += 1;
        if self.run == TIMED {
            self.first = self.start.elapsed();
        } else if self.run == TIMES - TIMED {
            self.start = Instant::now();
        } else if self.run == TIMES {
            self.last = self.start.elapsed();
        }
    }

    fn growth(&self) -> f64 {
        self.last.as_secs_f64() / self.first.as_secs_f64()
    }
}

/// Prints the times of the driver's own nested transactions beside those of annotated functions.
pub(crate) fn report_times(driver: &str, theirs: &str, by_hand: &Laps, annotated: &Laps) {
    SECTION.row(
        &format!("{driver}: time of the last thousand / the first"),
        theirs,
        format!("{:.2}, theirs {:.2}", annotated.growth(), by_hand.growth()),
        "1",
    );
}

pub(crate) fn report_memory(driver: &str, theirs: &str, by_hand: i64, annotated: i64) {
    SECTION.row(
        &format!("{driver}: what the server's memory grows by"),
        theirs,
        format!("{annotated} kB, theirs {by_hand} kB"),
        "0",
    );
}

/// The memory that a process of this machine has for itself, where the system tells. The server could be asked, but
/// PostgreSQL 15 breaks down when it has to go through so many nested savepoints.
pub(crate) fn kilobytes(process: i32) -> i64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let anonymous = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    let figure = anonymous.and_then(|said| said.trim().strip_suffix(" kB"));
    figure
        .and_then(|figure| figure.parse().ok())
        .unwrap_or_default()
}
