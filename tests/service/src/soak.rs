//! A long time of work, after which everything is to be as it was.
//!
//! The clients hang up for an epoch, are judged, and then a calm crowd has every connection of the pool opened that was
//! lost meanwhile. In the quiet moment that follows, calls and tables are forgotten, and what the service has is looked
//! at: memory, connections, transactions, files. The last look is compared with the one after the warm-up.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::memory;
use crate::options::Options;
use crate::report::promises_broken;
use crate::stand::Stand;
use crate::store::{Backend, Way};

/// The longest that the service may take to become quiet.
const PATIENCE: Duration = Duration::from_secs(15);
/// The time between two looks at what is to settle.
const GLANCE: Duration = Duration::from_millis(20);
/// The orders of a calm crowd, and its clients: so many that each connection of the pool is in use at once.
const CALM_ORDERS: u32 = 128;
const CALM_CLIENTS: u32 = 64;

/// The work between two looks.
#[derive(Clone, Copy, Debug)]
pub enum Epoch {
    /// A turn, as long as the options say.
    Turn,
    /// So many orders.
    Orders(u32),
}

/// The extent of a soak.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// The work of each epoch.
    pub epoch: Epoch,
    /// The number of epochs until the first look that counts.
    pub warm_up: u32,
    /// The number of epochs after it.
    pub epochs: u32,
}

impl Extent {
    /// Turns for as long as the options say, of which the first fifth is warm-up.
    #[must_use]
    pub fn of(options: &Options) -> Self {
        let turns = options.length.as_secs_f64() / options.turn.as_secs_f64();
        let warm_up = (1..).take_while(|&epochs| f64::from(epochs) < turns / 5.0);
        let epochs = (1..).take_while(|&epochs| f64::from(epochs) < turns * 4.0 / 5.0);
        Self {
            epoch: Epoch::Turn,
            warm_up: warm_up.last().unwrap_or(1),
            epochs: epochs.last().unwrap_or(1),
        }
    }
}

/// The possessions of the service in a quiet moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// The bytes on its heap.
    pub heap: i64,
    /// The bytes of its resident memory.
    pub resident: Option<i64>,
    /// Its open files and sockets.
    pub descriptors: Option<i64>,
    /// The connections of its pool.
    pub connections: i64,
    /// The sessions that the server has for it.
    pub sessions: Option<i64>,
    /// Transactions that are open, on the server or in the file.
    pub open: i64,
}

/// The growth that is none.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    /// Bytes on the heap: what the caches and buffers of connections differ by.
    pub heap: i64,
    /// Bytes of resident memory, which the allocator does not give back at once.
    pub resident: i64,
}

/// All that a soak has found.
#[derive(Clone, Debug)]
pub struct Soak {
    /// The orders that were sent.
    pub sent: u64,
    /// The orders whose clients have hung up.
    pub hung_up: u64,
    /// The promises that were broken.
    pub broken: u64,
    /// The look after the warm-up.
    pub first: Look,
    /// The last look.
    pub last: Look,
}

impl Soak {
    /// The figures, in words, that are not as they were after the warm-up, or not as they ought to be.
    #[must_use]
    pub fn faults(&self, tolerance: Tolerance) -> Vec<String> {
        let (first, last) = (&self.first, &self.last);
        let mut faults = Vec::new();
        if self.broken > 0 {
            faults.push(format!("{} promises broken", self.broken));
        }
        if last.heap - first.heap > tolerance.heap {
            let (heap, was) = (last.heap, first.heap);
            faults.push(format!("{heap} bytes on the heap, after the warm-up {was}"));
        }
        if let (Some(resident), Some(was)) = (last.resident, first.resident)
            && resident - was > tolerance.resident
        {
            faults.push(format!(
                "{resident} bytes resident, after the warm-up {was}"
            ));
        }
        if last.descriptors > first.descriptors {
            let (open, was) = (last.descriptors, first.descriptors);
            faults.push(format!("open files {open:?}, after the warm-up {was:?}"));
        }
        if last.connections != first.connections {
            let (open, was) = (last.connections, first.connections);
            faults.push(format!("{open} connections, after the warm-up {was}"));
        }
        if last
            .sessions
            .is_some_and(|sessions| sessions != last.connections)
        {
            let (sessions, has) = (last.sessions, last.connections);
            faults.push(format!("sessions {sessions:?}, and {has} connections"));
        }
        if last.open > 0 {
            faults.push(format!("{} transactions open", last.open));
        }
        faults
    }
}

/// Lets the service of a way work.
///
/// # Errors
///
/// When a database cannot be had, or does not answer for long.
pub async fn soak(options: &Options, backend: Backend, way: Way, extent: Extent) -> Result<Soak> {
    let mut stand = Stand::open(options, backend, way, None).await?;
    let mut soak = Soak {
        sent: 0,
        hung_up: 0,
        broken: 0,
        first: Look::default(),
        last: Look::default(),
    };
    for number in 1..=extent.warm_up + extent.epochs {
        let seed = options.seed.wrapping_add(number.into());
        match extent.epoch {
            Epoch::Turn => stand.turn(options, seed).await,
            Epoch::Orders(orders) => stand.send(options, seed, orders).await,
        };
        soak.judge(&mut stand, options).await?;
        let calm = Options {
            hang_up: 0.0,
            clients: CALM_CLIENTS,
            ..options.clone()
        };
        stand.send(&calm, seed, CALM_ORDERS).await;
        soak.judge(&mut stand, options).await?;
        soak.last = look(&stand).await?;
        if number == extent.warm_up {
            soak.first = soak.last;
        }
    }
    soak.broken += stand.close(PATIENCE).await?.verdict.broken.total();
    Ok(soak)
}

impl Soak {
    async fn judge(&mut self, stand: &mut Stand, options: &Options) -> Result<()> {
        let findings = stand.judge(PATIENCE).await?;
        self.sent += findings.verdict.sent;
        self.hung_up += findings.verdict.hung_up;
        self.broken += promises_broken(stand.way, &findings, options.strictness);
        Ok(())
    }
}

/// Waits for a moment until two looks say the same: sockets and sessions end a little later than orders.
async fn look(stand: &Stand) -> Result<Look> {
    let deadline = Instant::now() + PATIENCE;
    let mut before = glance(stand).await?;
    loop {
        tokio::time::sleep(GLANCE).await;
        let now = glance(stand).await?;
        let has_settled = now.descriptors == before.descriptors
            && now
                .sessions
                .is_none_or(|sessions| sessions == now.connections)
            && now.open == 0;
        if has_settled || Instant::now() > deadline {
            return Ok(now);
        }
        before = now;
    }
}

async fn glance(stand: &Stand) -> Result<Look> {
    let activity = stand.ledger().activity().await?;
    let sessions = stand.ledger().sessions().await?;
    Ok(Look {
        heap: memory::heap(),
        resident: memory::resident(),
        descriptors: memory::descriptors(),
        connections: i64::try_from(stand.pool().connections())?,
        sessions,
        open: activity.idle_in_transaction + activity.busy,
    })
}

impl fmt::Display for Look {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known =
            |figure: Option<i64>| figure.map_or("–".to_owned(), |figure| figure.to_string());
        write!(
            formatter,
            "{} kB on the heap, {} kB resident, {} open files, {} connections, {} sessions, {} open transactions",
            self.heap / 1024,
            known(self.resident.map(|bytes| bytes / 1024)),
            known(self.descriptors),
            self.connections,
            known(self.sessions),
            self.open,
        )
    }
}
