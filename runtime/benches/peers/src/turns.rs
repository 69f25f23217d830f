//! All peers, both ways, by turns: while one of them works, the others wait.

use std::time::{Duration, Instant};

use crate::child::Process;
use crate::rounds::{Ratio, order};
use crate::serve::Result;
use crate::work::{Way, Work};

/// How long a block is to take, in nanoseconds: a process that has waited begins with cold caches, which is not to be
/// seen. And how long all rounds take together.
const BLOCK: f64 = 5e6;
const ALL: Duration = Duration::from_secs(20);

/// What a transaction took, of each peer in both ways, in each round.
pub(crate) struct Turns(Vec<Vec<f64>>);

impl Turns {
    pub(crate) fn take(processes: &mut [Process], work: Work) -> Result<Self> {
        let mut times = Vec::new();
        for turn in 0..processes.len() * Way::ALL.len() {
            let (peer, way) = whose(turn);
            times.push(how_often(&mut processes[peer], way, work)?);
        }
        let mut rounds = Vec::new();
        let start = Instant::now();
        while start.elapsed() < ALL {
            let mut round = vec![0.0; times.len()];
            for turn in order(times.len(), rounds.len()) {
                let (peer, way) = whose(turn);
                round[turn] = processes[peer].time(way, work, times[turn])?;
            }
            rounds.push(round);
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

fn whose(turn: usize) -> (usize, Way) {
    let ways = Way::ALL.len();
    (turn / ways, Way::ALL[turn % ways])
}

fn turn_of((peer, way): (usize, Way)) -> usize {
    peer * Way::ALL.len() + way as usize
}

/// How many transactions a block is made of. By then everything is warm, and compiled where that is done on the way.
fn how_often(process: &mut Process, way: Way, work: Work) -> Result<u32> {
    let mut times = 1;
    loop {
        let mut shortest = f64::INFINITY;
        for _ in 0..3 {
            shortest = shortest.min(process.time(way, work, times)?);
        }
        if shortest * f64::from(times) >= BLOCK {
            return Ok(times);
        }
        times *= 2;
    }
}
