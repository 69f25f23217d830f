//! A way with all that belongs to it: a pool, tables, a server, and what its clients have heard.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::client::{Crowd, Entry, Heard, Until};
use crate::effects::Effects;
use crate::judge::{Verdict, judge};
use crate::ledger::{Activity, Ledger, Postgres, Sqlite};
use crate::options::Options;
use crate::server::Server;
use crate::store::{Backend, Pool, Sessions, Store, Visitor, Way};

/// The time between two looks at a way that is to become quiet.
const GLANCE: Duration = Duration::from_millis(20);
/// The number of looks in a row that have to find nothing.
const GLANCES: u32 = 5;

/// A way of a backend.
pub struct Stand {
    /// The way.
    pub way: Way,
    server: Server,
    pool: Pool,
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
        let ledger = if backend.is_postgres() {
            let url = options.postgres.as_deref();
            let url = url.context("no server of PostgreSQL: run bash tests/run -- …")?;
            Ledger::Postgres(Postgres::create(url, wires, way.word()).await?)
        } else {
            Ledger::Sqlite(Sqlite::create()?)
        };
        let (effects, sessions) = (Effects::default(), Sessions::default());
        let pool = Pool::open(backend, &ledger, sessions.clone())?;
        let server = pool.visit(way, &effects, Serve).await?;
        Ok(Self {
            way,
            server,
            pool,
            ledger,
            effects,
            sessions,
            ids: Arc::new(AtomicI64::new(1)),
            entries: Vec::new(),
        })
    }

    /// Lets a crowd order for a while.
    pub async fn turn(&mut self, options: &Options, seed: u64) -> Turn {
        let until = Until::Moment(Instant::now() + options.turn);
        self.orders(options, seed, until).await
    }

    /// Lets a crowd send so many orders.
    pub async fn send(&mut self, options: &Options, seed: u64, orders: u32) -> Turn {
        let next = self.ids.load(Ordering::Relaxed);
        let until = Until::Order(next.saturating_add(orders.into()));
        self.orders(options, seed, until).await
    }

    async fn orders(&mut self, options: &Options, seed: u64, until: Until) -> Turn {
        let crowd = Crowd {
            address: self.server.address(),
            clients: options.clients,
            hang_up: options.hang_up,
            within: options.within,
        };
        let begun = Instant::now();
        let entries = crowd.order(&self.ids, seed, until).await;
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

    /// The address of its server.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Its pool.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Its tables.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Its calls.
    #[must_use]
    pub fn effects(&self) -> &Effects {
        &self.effects
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

    /// Waits for a quiet moment, judges, and forgets what was judged.
    ///
    /// # Errors
    ///
    /// When the database does not answer for long.
    pub async fn judge(&mut self, patience: Duration) -> Result<Findings> {
        let activity = self.settle(patience).await?;
        let books = self.ledger.read().await?;
        let entries = std::mem::take(&mut self.entries);
        let findings = Findings {
            verdict: judge(&entries, &self.effects.take(), &books),
            dropped: self.server.handlers().dropped(),
            sessions: self.sessions.count(),
            activity,
        };
        self.ledger.clear().await?;
        Ok(findings)
    }

    /// Waits for a quiet moment, judges, and removes the tables.
    ///
    /// # Errors
    ///
    /// When the database does not answer for long.
    pub async fn close(mut self, patience: Duration) -> Result<Findings> {
        let findings = self.judge(patience).await?;
        drop(self.server);
        self.ledger.remove().await?;
        Ok(findings)
    }
}

/// Starts a server.
struct Serve;

impl Visitor for Serve {
    type Output = Result<Server>;

    async fn visit<S: Store>(self, store: S) -> Result<Server> {
        Ok(Server::start(store).await?)
    }
}
