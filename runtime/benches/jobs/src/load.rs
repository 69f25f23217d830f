//! What keeps the machine, and the sessions of the server, busy.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;

use sqlx::{PgPool, query_as};

use crate::Result;

/// Sessions of workers that are in the middle of a statement, and what they wait for.
const AT_WORK: &str = "
    SELECT coalesce(wait_event_type || ' ' || wait_event, 'nothing'), count(*) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND state = 'active' AND pid <> pg_backend_pid() GROUP BY 1";

/// Ticks of the processors since the machine was started.
#[derive(Clone, Copy)]
struct Ticks {
    all: u64,
    busy: u64,
    /// Those that were spent in certain processes.
    workers: u64,
}

/// Ticks as Linux tells them; other systems do not.
fn ticks(processes: &[u32]) -> Option<Ticks> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let fields: Vec<u64> = stat
        .lines()
        .next()?
        .split_whitespace()
        .skip(1)
        .filter_map(|field| field.parse().ok())
        .collect();
    // `guest` and `guest_nice`, behind the first eight, are part of others.
    let all = fields.iter().take(8).sum();
    let idle = fields.get(3)? + fields.get(4)?;
    let workers = processes.iter().map(|process| of_process(*process));
    Some(Ticks {
        all,
        busy: all - idle,
        workers: workers.sum::<Option<u64>>()?,
    })
}

fn of_process(process: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, in brackets, may contain spaces.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// Watches the machine and the server while worker processes run jobs.
pub(crate) struct Watch {
    processes: Vec<u32>,
    start: Option<Ticks>,
    waits: BTreeMap<String, i64>,
}

impl Watch {
    pub(crate) fn start(processes: Vec<u32>) -> Self {
        Self {
            start: ticks(&processes),
            processes,
            waits: BTreeMap::new(),
        }
    }

    /// Looks at what the sessions do.
    pub(crate) async fn look(&mut self, pool: &PgPool) -> Result {
        let rows: Vec<(String, i64)> = query_as(AT_WORK).fetch_all(pool).await?;
        for (wait, sessions) in rows {
            *self.waits.entry(wait).or_default() += sessions;
        }
        Ok(())
    }

    pub(crate) fn stop(self) -> Load {
        let processors = match (self.start, ticks(&self.processes)) {
            (Some(start), Some(end)) => vec![Ticks {
                all: end.all - start.all,
                busy: end.busy - start.busy,
                workers: end.workers - start.workers,
            }],
            _ => Vec::new(),
        };
        Load {
            processors,
            waits: self.waits,
        }
    }
}

/// What was seen.
#[derive(Default)]
pub(crate) struct Load {
    processors: Vec<Ticks>,
    waits: BTreeMap<String, i64>,
}

impl Load {
    pub(crate) fn add(&mut self, other: Self) {
        self.processors.extend(other.processors);
        for (wait, sessions) in other.waits {
            *self.waits.entry(wait).or_default() += sessions;
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "numbers of a few digits")]
fn percent(part: u64, whole: u64) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

/// The share of the processors that was busy, that of the workers, and the three most frequent answers to what sessions
/// at work wait for.
impl fmt::Display for Load {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sum = |of: fn(&Ticks) -> u64| self.processors.iter().map(of).sum::<u64>();
        if !self.processors.is_empty() {
            let (all, busy, workers) = (
                sum(|ticks| ticks.all),
                sum(|ticks| ticks.busy),
                sum(|ticks| ticks.workers),
            );
            let (busy, workers) = (percent(busy, all), percent(workers, all));
            write!(formatter, "{busy:.0} %, the workers {workers:.0} %; ")?;
        }
        let mut waits: Vec<_> = self.waits.iter().collect();
        waits.sort_by_key(|(_, sessions)| -**sessions);
        let seen: i64 = self.waits.values().sum();
        let seen = seen.unsigned_abs();
        let words = waits.iter().take(3).map(|(wait, sessions)| {
            let share = percent(sessions.unsigned_abs(), seen);
            format!("{wait} {share:.0} %")
        });
        formatter.write_str(&words.collect::<Vec<_>>().join(", "))
    }
}
