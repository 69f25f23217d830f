//! All peers, both ways, by turns: while one of them works, the others wait.

use std::time::{Duration, Instant};

use crate::child::Process;
use crate::rounds::{Ratio, order};
use crate::serve::Result;
use crate::work::{Way, Work};

/// The least time for a block, in nanoseconds: a process that has waited begins with cold caches, which is not to be
/// seen.
const BLOCK: f64 = 5e6;

/// The time for which peers only warm up, and get what they compile compiled.
const WARM: Duration = Duration::from_secs(3);
const MEASURED: Duration = Duration::from_secs(20);

/// The times of a transaction, for each peer in both ways, one for each round.
pub(crate) struct Turns(Vec<Vec<f64>>);

impl Turns {
    pub(crate) fn take(processes: &mut [Process], work: Work) -> Result<Self> {
        let mut times = vec![1; processes.len() * Way::ALL.len()];
        let start = Instant::now();
        while start.elapsed() < WARM {
            let taken = round(processes, work, &times, 0)?;
            lengthen(&mut times, &taken);
        }
        let mut rounds = Vec::new();
        let start = Instant::now();
        while start.elapsed() < MEASURED {
            rounds.push(round(processes, work, &times, rounds.len())?);
        }
        Ok(Self(rounds))
    }

    pub(crate) fn ratio(&self, over: (usize, Way), under: (usize, Way)) -> Ratio {
        let (over, under) = (turn_of(over), turn_of(under));
        Ratio::of(self.0.iter().map(|round| round[over] / round[under]))
    }

    /// The median.
    pub(crate) fn microseconds(&self, whose: (usize, Way)) -> f64 {
        let turn = turn_of(whose);
        Ratio::of(self.0.iter().map(|round| round[turn] / 1e3)).median()
    }
}

/// A block of each, of so many transactions.
fn round(processes: &mut [Process], work: Work, times: &[u32], number: usize) -> Result<Vec<f64>> {
    let mut taken = vec![0.0; times.len()];
    for turn in order(times.len(), number) {
        let (peer, way) = whose(turn);
        taken[turn] = processes[peer].time(way, work, times[turn])?;
    }
    Ok(taken)
}

/// Has blocks that were too short repeat their work more often.
fn lengthen(times: &mut [u32], taken: &[f64]) {
    for (times, taken) in times.iter_mut().zip(taken) {
        if taken * f64::from(*times) < BLOCK {
            *times *= 2;
        }
    }
}

fn whose(turn: usize) -> (usize, Way) {
    let ways = Way::ALL.len();
    (turn / ways, Way::ALL[turn % ways])
}

fn turn_of((peer, way): (usize, Way)) -> usize {
    peer * Way::ALL.len() + way as usize
}
