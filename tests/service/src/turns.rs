//! The ways of each backend one after the other, in short turns.

use std::time::Duration;

use anyhow::Result;

use crate::chaos::Chaos;
use crate::options::Options;
use crate::stand::{Findings, Stand, Turn};
use crate::store::{Backend, Way};

/// The longest that a way may go on after its turn, and after its last.
const PATIENCE: Duration = Duration::from_secs(2);
const LAST_PATIENCE: Duration = Duration::from_secs(15);

/// A way of a backend, and what came of it.
#[derive(Clone, Debug)]
pub struct Row {
    /// The backend.
    pub backend: Backend,
    /// The way.
    pub way: Way,
    /// The findings of its end.
    pub findings: Findings,
    /// Its turns.
    pub turns: Vec<Turn>,
    /// The median of what it does in a turn, over what is done by hand in the same round.
    pub ratio: Option<f64>,
}

impl Row {
    /// Orders that were sent in a second.
    #[must_use]
    pub fn sent_per_second(&self) -> f64 {
        self.per_second(|turn| turn.sent)
    }

    /// Orders that were answered in a second.
    #[must_use]
    pub fn answered_per_second(&self) -> f64 {
        self.per_second(|turn| turn.answered)
    }

    fn per_second(&self, orders: impl Fn(&Turn) -> u32) -> f64 {
        let length: Duration = self.turns.iter().map(|turn| turn.length).sum();
        let orders: u32 = self.turns.iter().map(orders).sum();
        f64::from(orders) / length.as_secs_f64()
    }
}

/// Runs all that the options ask for.
///
/// # Errors
///
/// When a database cannot be had, or does not come back.
pub async fn run(options: &Options) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for &backend in &options.backends {
        rows.extend(run_backend(options, backend).await?);
    }
    Ok(rows)
}

async fn run_backend(options: &Options, backend: Backend) -> Result<Vec<Row>> {
    let mut chaos = Chaos::start(options, backend).await?;
    let mut stands = Vec::new();
    for &way in &options.ways {
        stands.push(Stand::open(options, backend, way, chaos.wires()).await?);
    }
    let rounds = take_turns(options, &mut stands).await?;
    chaos.calm();
    let mut rows = Vec::new();
    for (index, stand) in stands.into_iter().enumerate() {
        let way = stand.way;
        rows.push(Row {
            backend,
            way,
            findings: stand.close(LAST_PATIENCE).await?,
            turns: rounds.iter().map(|round| round[index]).collect(),
            ratio: ratio(&rounds, index, &options.ways),
        });
    }
    Ok(rows)
}

/// Every other round goes backwards, so that none always comes after the same one.
async fn take_turns(options: &Options, stands: &mut [Stand]) -> Result<Vec<Vec<Turn>>> {
    let mut rounds = Vec::new();
    for round in options.rounds() {
        let mut turns = Vec::new();
        let seed = options.seed.wrapping_add(round.into());
        let mut order: Vec<_> = (0..stands.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for index in order {
            turns.push((index, stands[index].turn(options, seed).await));
            stands[index].settle(PATIENCE).await?;
        }
        turns.sort_by_key(|&(index, _)| index);
        rounds.push(turns.into_iter().map(|(_, turn)| turn).collect());
    }
    Ok(rounds)
}

/// The first round fills the pools: it counts only where it is the only one.
fn ratio(rounds: &[Vec<Turn>], index: usize, ways: &[Way]) -> Option<f64> {
    let by_hand = ways.iter().position(|&way| way == Way::ByHand)?;
    let warm = rounds.get(1..).filter(|warm| !warm.is_empty());
    let mut ratios: Vec<_> = warm
        .unwrap_or(rounds)
        .iter()
        .map(|round| rate(&round[index]) / rate(&round[by_hand]))
        .collect();
    ratios.sort_by(f64::total_cmp);
    ratios.get(ratios.len() / 2).copied()
}

fn rate(turn: &Turn) -> f64 {
    f64::from(turn.sent) / turn.length.as_secs_f64()
}
