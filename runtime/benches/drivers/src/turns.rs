//! Several ways to do the same, measured by turns.
//!
//! Criterion and divan measure one thing to its end and then the next. A database server is faster in one second
//! than in another by more than what is to be seen here, so the ways take turns in blocks of a millisecond,
//! in every order, and are compared within their round: what disturbs one block disturbs two neighbours, or one
//! round of hundreds, of which the median is taken.

use std::time::{Duration, Instant};

use crate::Result;
use crate::rounds::{Ratio, order};

/// The time that a block is to take, which is less than a process is kept waiting on a busy machine; and that of all
/// rounds together.
const BLOCK: Duration = Duration::from_millis(1);
const ALL: Duration = Duration::from_secs(6);

/// The times that each way took, one for each round.
pub(crate) struct Turns<Way> {
    ways: Vec<Way>,
    /// The number of repetitions in each block.
    times: u32,
    rounds: Vec<Vec<Duration>>,
}

impl<Way: Copy + PartialEq> Turns<Way> {
    /// Has each way run so many times, in blocks, by turns.
    pub(crate) fn take(ways: &[Way], mut run: impl FnMut(Way, u32) -> Result) -> Result<Self> {
        let times = times(ways, &mut run)?;
        let mut rounds = Vec::new();
        let start = Instant::now();
        while start.elapsed() < ALL {
            let mut round = vec![Duration::ZERO; ways.len()];
            for turn in order(ways.len(), rounds.len()) {
                round[turn] = time(|| run(ways[turn], times))?;
            }
            rounds.push(round);
        }
        let ways = ways.to_vec();
        Ok(Self {
            ways,
            times,
            rounds,
        })
    }

    /// The ratio of the times of two ways, from the rounds in which both ran side by side.
    pub(crate) fn ratio(&self, way: Way, against: Way) -> Ratio {
        let (way, against) = (self.index(way), self.index(against));
        let rounds = self.rounds.iter();
        Ratio::of(rounds.map(|round| round[way].as_secs_f64() / round[against].as_secs_f64()))
    }

    /// The microseconds that one repetition takes longer than another way's, from the same rounds.
    pub(crate) fn microseconds_more(&self, way: Way, against: Way) -> Ratio {
        let (way, against) = (self.index(way), self.index(against));
        let rounds = self.rounds.iter();
        let more = |round: &Vec<Duration>| round[way].as_secs_f64() - round[against].as_secs_f64();
        Ratio::of(rounds.map(|round| more(round) * 1e6 / f64::from(self.times)))
    }

    fn index(&self, way: Way) -> usize {
        let known = self.ways.iter().position(|known| *known == way);
        known.unwrap_or_else(|| unreachable!("only ways that were measured are compared"))
    }
}

/// The number of repetitions that fill a block. Finding it warms everything up.
fn times<Way: Copy>(ways: &[Way], run: &mut impl FnMut(Way, u32) -> Result) -> Result<u32> {
    let mut times = 1;
    loop {
        let mut longest = Duration::ZERO;
        for way in ways {
            longest = longest.max(shortest_of_three(|| run(*way, times))?);
        }
        if longest >= BLOCK {
            return Ok(times);
        }
        times *= 2;
    }
}

fn shortest_of_three(mut run: impl FnMut() -> Result) -> Result<Duration> {
    Ok(time(&mut run)?.min(time(&mut run)?).min(time(&mut run)?))
}

fn time(run: impl FnOnce() -> Result) -> Result<Duration> {
    let start = Instant::now();
    run()?;
    Ok(start.elapsed())
}
