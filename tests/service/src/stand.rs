//! A way with all that belongs to it: a pool, tables, a server, and what its clients have heard.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::client::{Crowd, Entry, Heard};
use crate::effects::Effects;
use crate::judge::{Verdict, judge};
use crate::ledger::{Activity, Ledger, Postgres, Sqlite};
use crate::options::Options;
use crate::server::Server;
use crate::store::{
    Annotated, Backend, ByHand, Check, Noted, Sessions, Shop, Spawned, Store, Way, deadpool,
    rusqlite, sqlx,
};

/// The time between two looks at a way that is to become quiet.
const GLANCE: Duration = Duration::from_millis(20);
/// The number of looks in a row that have to find nothing.
const GLANCES: u32 = 5;

/// A way of a backend.
#[derive(Debug)]
pub struct Stand {
    /// The way.
    pub way: Way,
    server: Server,
    ledger: Ledger,
    effects: Effects,
    sessions: Sessions,
    ids: Arc<AtomicI64>,
    entries: Vec<Entry>,
}

/// The orders of a turn.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// Orders that were sent.
    pub sent: u32,
    /// Orders that were answered.
    pub answered: u32,
    /// The time that it took.
    pub length: Duration,
}

/// The findings of the end.
#[derive(Clone, Copy, Debug)]
pub struct Findings {
    /// The findings of the judge.
    pub verdict: Verdict,
    /// Futures of the handler that were dropped.
    pub dropped: u64,
    /// Sessions that were begun.
    pub sessions: u64,
    /// The state of the sessions after a quiet moment.
    pub activity: Activity,
}

impl Stand {
    /// Sets one up. `wires` is where PostgreSQL is to be reached, if not directly.
    ///
    /// # Errors
    ///
    /// When the database cannot be had.
    pub async fn open(
        options: &Options,
        backend: Backend,
        way: Way,
        wires: Option<SocketAddr>,
    ) -> Result<Self> {
        let ledger = match backend {
            Backend::Rusqlite => Ledger::Sqlite(Sqlite::create()?),
            Backend::Sqlx | Backend::Deadpool => {
                let url = options.postgres.as_deref();
                let url = url.context("no server of PostgreSQL: run bash tests/run -- …")?;
                Ledger::Postgres(Postgres::create(url, wires, way.word()).await?)
            }
        };
        let (effects, sessions) = (Effects::default(), Sessions::default());
        let server = serve(backend, way, &ledger, &effects, &sessions).await?;
        Ok(Self {
            way,
            server,
            ledger,
            effects,
            sessions,
            ids: Arc::new(AtomicI64::new(1)),
            entries: Vec::new(),
        })
    }

    /// Lets a crowd order for a while.
    pub async fn turn(&mut self, options: &Options, seed: u64) -> Turn {
        let crowd = Crowd {
            address: self.server.address(),
            clients: options.clients,
            hang_up: options.hang_up,
            within: options.within,
        };
        let begun = Instant::now();
        let entries = crowd.order(&self.ids, seed, options.turn).await;
        let mut turn = Turn {
            sent: 0,
            answered: 0,
            length: begun.elapsed(),
        };
        for entry in &entries {
            turn.sent += 1;
            turn.answered += u32::from(matches!(entry.heard, Heard::Answer(_)));
        }
        self.entries.extend(entries);
        turn
    }

    /// Waits until nothing is done any more, at most for a while.
    ///
    /// # Errors
    ///
    /// When the database does not answer for long.
    pub async fn settle(&self, patience: Duration) -> Result<Activity> {
        let deadline = Instant::now() + patience;
        let (mut quiet, mut before) = (0, self.effects.count());
        loop {
            tokio::time::sleep(GLANCE).await;
            let (activity, now) = (self.ledger.activity().await?, self.effects.count());
            let is_quiet = activity == Activity::default()
                && self.server.handlers().in_progress() == 0
                && before == now;
            quiet = if is_quiet { quiet + 1 } else { 0 };
            before = now;
            if quiet == GLANCES || Instant::now() > deadline {
                return Ok(activity);
            }
        }
    }

    /// Waits for a quiet moment, judges, and removes the tables.
    ///
    /// # Errors
    ///
    /// When the database does not answer for long.
    pub async fn close(self, patience: Duration) -> Result<Findings> {
        let activity = self.settle(patience).await?;
        let books = self.ledger.read().await?;
        let findings = Findings {
            verdict: judge(&self.entries, &self.effects.calls(), &books),
            dropped: self.server.handlers().dropped(),
            sessions: self.sessions.count(),
            activity,
        };
        drop(self.server);
        self.ledger.remove().await?;
        Ok(findings)
    }
}

async fn serve(
    backend: Backend,
    way: Way,
    ledger: &Ledger,
    effects: &Effects,
    sessions: &Sessions,
) -> Result<Server> {
    let (effects, sessions) = (effects.clone(), sessions.clone());
    match (backend, ledger) {
        (Backend::Sqlx, Ledger::Postgres(place)) => {
            let pool = sqlx::pool(place, sessions)?;
            in_its_way(way, Shop { pool, effects }).await
        }
        (Backend::Deadpool, Ledger::Postgres(place)) => {
            let pool = deadpool::pool(place, sessions)?;
            in_its_way(way, Shop { pool, effects }).await
        }
        (Backend::Rusqlite, Ledger::Sqlite(place)) => {
            let pool = rusqlite::pool(place, sessions);
            in_its_way(way, Shop { pool, effects }).await
        }
        _ => unreachable!("each backend has the ledger of its database"),
    }
}

async fn in_its_way<Pool>(way: Way, shop: Shop<Pool>) -> Result<Server>
where
    Annotated<Pool>: Store,
    ByHand<Pool>: Store,
{
    let effects = shop.effects.clone();
    let by_hand = |shop, check| Noted(ByHand(shop, check), effects.clone());
    let annotated = |shop| Noted(Annotated(shop), effects.clone());
    let server = match way {
        Way::Attribute => Server::start(annotated(shop)).await,
        Way::Spawned => Server::start(Spawned(annotated(shop))).await,
        Way::ByHand => Server::start(by_hand(shop, Check::Nothing)).await,
        Way::Verified => Server::start(by_hand(shop, Check::Transaction)).await,
    };
    Ok(server?)
}
