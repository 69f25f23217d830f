//! A block: clients in a closed loop for a moment.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use commit_on_success_service::client::Wire;
use commit_on_success_service::order::{Audit, End, ITEMS, Order, Told};
use tokio::task::JoinSet;

use crate::Result;

/// The clients of a service. Their wires stay open.
pub(crate) struct Crowd {
    wires: Vec<Wire>,
    next: i64,
}

/// The answers that a crowd has had.
#[derive(Clone, Debug, Default)]
pub(crate) struct Block {
    /// Of each order in the order of length, those after the end as well.
    latencies: Vec<Duration>,
    /// The answers until the end, and the time until the last of them.
    answered: u32,
    length: Duration,
    /// Of the service, for all orders.
    pub(crate) processor: Duration,
}

/// The answers that one client was given: when, since the begin, and after how long.
type Answers = Vec<(Duration, Duration)>;

impl Crowd {
    pub(crate) async fn connect(address: SocketAddr, clients: usize) -> Result<Self> {
        let mut wires = Vec::new();
        for _ in 0..clients {
            wires.push(Wire::to(address).await?);
        }
        Ok(Self { wires, next: 1 })
    }

    /// So many of the clients send orders until the time is over, and wait for the answers that are due.
    pub(crate) async fn block(&mut self, clients: usize, length: Duration) -> Result<Block> {
        // No client needs as many.
        const EACH: i64 = 1_000_000;
        let start = Instant::now();
        let mut tasks = JoinSet::new();
        for wire in self.wires.drain(..clients) {
            tasks.spawn(one(wire, self.next, start, length));
            self.next += EACH;
        }
        let mut answers = Answers::new();
        while let Some(done) = tasks.join_next().await {
            let (wire, heard) = done??;
            self.wires.push(wire);
            answers.extend(heard);
        }
        let mut latencies: Vec<_> = answers.iter().map(|&(_, latency)| latency).collect();
        latencies.sort_unstable();
        let in_time = answers.iter().filter(|&&(at, _)| at <= length);
        Ok(Block {
            latencies,
            answered: u32::try_from(in_time.clone().count())?,
            length: in_time.map(|&(at, _)| at).max().unwrap_or(length),
            processor: Duration::ZERO,
        })
    }
}

async fn one(
    mut wire: Wire,
    first: i64,
    start: Instant,
    length: Duration,
) -> Result<(Wire, Answers)> {
    let mut answers = Answers::new();
    let mut id = first;
    while start.elapsed() < length {
        let order = Order {
            id,
            item: fastrand::i32(1..=ITEMS),
            end: End::Commit,
            audit: Audit::Kept,
        };
        let sent = Instant::now();
        wire.send(order).await?;
        let told = wire.hear().await?;
        if told != Told::Stored {
            return Err(format!("the answer to an order is {}", told.word()).into());
        }
        answers.push((start.elapsed(), sent.elapsed()));
        id += 1;
    }
    Ok((wire, answers))
}

impl Block {
    pub(crate) fn orders(&self) -> usize {
        self.latencies.len()
    }

    pub(crate) fn per_second(&self) -> f64 {
        f64::from(self.answered) / self.length.as_secs_f64()
    }

    pub(crate) fn p50(&self) -> f64 {
        self.percentile(50)
    }

    pub(crate) fn p99(&self) -> f64 {
        self.percentile(99)
    }

    /// The milliseconds within which so many of a hundred orders are answered.
    fn percentile(&self, hundredths: usize) -> f64 {
        let rank = (self.latencies.len() * hundredths).div_ceil(100);
        self.latencies[rank - 1].as_secs_f64() * 1e3
    }

    /// The microseconds of processor time for an order.
    pub(crate) fn processor_of_one(&self) -> f64 {
        let orders = u32::try_from(self.latencies.len()).unwrap_or(u32::MAX);
        self.processor.as_secs_f64() * 1e6 / f64::from(orders)
    }
}
