//! The service under load, by the attribute beside by hand: throughput, latency and processor time a request.
//!
//! Each way is served by a process of its own, so that its processor time can be told from that of the clients and the
//! database; the clients are here. The ways take turns in short blocks, each with the same number of clients in a closed
//! loop, and what they do is compared within a round.
//!
//! `bash runtime/benches/run service` runs this with the server that it needs. Arguments are backends (all, unless some
//! are given) and, with `--seconds N`, the time for each of them.

mod block;
mod service;

#[path = "../../../../../runtime/benches/drivers/src/rounds.rs"]
mod rounds;

use std::error::Error;
use std::fmt;
use std::time::{Duration, Instant};

use commit_on_success_service::store::{Backend, Way};
use tokio::runtime::Builder;

use self::block::{Block, Crowd};
use self::rounds::{Ratio, order};
use self::service::Service;

/// An error of anything.
type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const WAYS: [Way; 3] = [Way::ByHand, Way::Verified, Way::Attribute];

/// The numbers of clients; the length of a block, in which each of them is answered more than once; and the share of the
/// time, of which long blocks need more.
const LOADS: [(usize, Duration, f64); 4] = [
    (1, Duration::from_millis(100), 0.2),
    (8, Duration::from_millis(100), 0.2),
    (64, Duration::from_millis(150), 0.2),
    (256, Duration::from_millis(350), 0.4),
];

/// The time for a backend, unless it is given.
const SECONDS: f64 = 54.0;

fn main() -> Result {
    let mut words = std::env::args().skip(1).peekable();
    if words.next_if(|word| word == service::PROCESS).is_some() {
        let runtime = Builder::new_multi_thread().enable_all().build()?;
        return runtime.block_on(service::serve(words));
    }
    let (mut seconds, mut backends) = (SECONDS, Vec::new());
    while let Some(word) = words.next() {
        if word == "--seconds" {
            seconds = words.next().ok_or("expected seconds")?.parse()?;
        } else {
            backends.push(word.parse::<Backend>()?);
        }
    }
    if backends.is_empty() {
        backends.extend(Backend::ALL);
    }
    // Clients that share a thread leave the processors to the service and the database.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    for backend in backends {
        runtime.block_on(measure(backend, seconds))?;
    }
    Ok(())
}

async fn measure(backend: Backend, seconds: f64) -> Result {
    let mut services = Vec::new();
    for way in WAYS {
        services.push(Service::start(backend, way).await?);
    }
    let mut crowds = Vec::new();
    for service in &services {
        let (clients, ..) = LOADS[LOADS.len() - 1];
        crowds.push(Crowd::connect(service.address, clients).await?);
    }
    for (clients, length, share) in LOADS {
        let time = Duration::from_secs_f64(seconds * share);
        let rounds = rounds(&mut services, &mut crowds, (clients, length), time).await?;
        report(backend, clients, &rounds);
    }
    drop(crowds);
    for service in services {
        service.stop().await?;
    }
    Ok(())
}

/// The blocks of each way, for as long as there is time. The first round warms everything up, and does not count.
async fn rounds(
    services: &mut [Service],
    crowds: &mut [Crowd],
    (clients, length): (usize, Duration),
    time: Duration,
) -> Result<Vec<Vec<Block>>> {
    let start = Instant::now();
    let mut rounds = Vec::new();
    while rounds.len() < 2 || start.elapsed() < time {
        let mut round = vec![Block::default(); services.len()];
        for turn in order(services.len(), rounds.len()) {
            let service = &mut services[turn];
            let before = service.account().await?;
            let mut block = crowds[turn].block(clients, length).await?;
            let after = service.account().await?;
            if after.calls != block.orders() {
                let (calls, answers) = (after.calls, block.orders());
                return Err(format!("{answers} answers, and {calls} calls").into());
            }
            block.processor = after.processor.saturating_sub(before.processor);
            round[turn] = block;
        }
        rounds.push(round);
    }
    rounds.remove(0);
    Ok(rounds)
}

/// A row for each of the two ways by hand.
fn report(backend: Backend, clients: usize, rounds: &[Vec<Block>]) {
    let section = format!("a service on {}, requests a second", backend.word());
    let clients = match clients {
        1 => "one client".to_owned(),
        clients => format!("{clients} clients"),
    };
    for (way, name, to_reach) in [
        (Way::ByHand, "by hand", "≥ 0.98"),
        (Way::Verified, "by hand, verified", ""),
    ] {
        let ratios = Ratios::of(rounds, way);
        let absolute = Absolute::of(rounds, way);
        println!("row\t{section}\t{clients}\t{name}\t{ratios}; {name}: {absolute}\t{to_reach}");
    }
}

/// The figures of a way, as ratios or as they are.
struct Figures<T> {
    rate: T,
    p50: T,
    p99: T,
    processor: T,
}

impl<T> Figures<T> {
    fn of(figure: impl Fn(fn(&Block) -> f64) -> T) -> Self {
        Self {
            rate: figure(Block::per_second),
            p50: figure(Block::p50),
            p99: figure(Block::p99),
            processor: figure(Block::processor_of_one),
        }
    }
}

/// The ratios of the attribute to a way by hand in the same round.
struct Ratios(Figures<Ratio>);

impl Ratios {
    fn of(rounds: &[Vec<Block>], way: Way) -> Self {
        let (way, attribute) = (index(way), index(Way::Attribute));
        Self(Figures::of(|figure| {
            let ratio = |round: &Vec<Block>| figure(&round[attribute]) / figure(&round[way]);
            Ratio::of(rounds.iter().map(ratio))
        }))
    }
}

impl fmt::Display for Ratios {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Figures {
            rate,
            p50,
            p99,
            processor,
        } = &self.0;
        write!(
            formatter,
            "{rate}; p50 {p50:.2}; p99 {p99:.2}; processor time {processor:.2}"
        )
    }
}

/// The medians of a way.
struct Absolute(Figures<f64>);

impl Absolute {
    fn of(rounds: &[Vec<Block>], way: Way) -> Self {
        let way = index(way);
        Self(Figures::of(|figure| {
            Ratio::of(rounds.iter().map(|round| figure(&round[way]))).median()
        }))
    }
}

impl fmt::Display for Absolute {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Figures {
            rate,
            p50,
            p99,
            processor,
        } = &self.0;
        write!(
            formatter,
            "{rate:.0} a second, {p50:.1} and {p99:.1} ms, {processor:.0} µs"
        )
    }
}

fn index(way: Way) -> usize {
    let known = WAYS.iter().position(|known| *known == way);
    known.unwrap_or_else(|| unreachable!("only ways that were measured are compared"))
}
