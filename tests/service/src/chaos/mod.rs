//! Disturbances beside clients that hang up: sessions that are ended, wires that are cut, a server that is restarted.
//! SQLite has none of them.

mod cut;
mod kill;
mod restart;

use std::net::SocketAddr;

use anyhow::Result;
use tokio::task::JoinSet;

use crate::options::Options;
use crate::store::Backend;

/// The disturbances of a run, which go on until they are dropped.
#[derive(Debug, Default)]
pub struct Chaos {
    wires: Option<SocketAddr>,
    carrying: JoinSet<()>,
    going_on: JoinSet<()>,
}

impl Chaos {
    /// Starts what the options ask for.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub async fn start(options: &Options, backend: Backend) -> Result<Self> {
        let mut chaos = Self::default();
        let Some(url) = options.postgres.as_ref().filter(|_| backend.is_postgres()) else {
            return Ok(chaos);
        };
        if options.cut > 0.0 {
            let wires = cut::Wires::to(url, options.cut, options.seed).await?;
            chaos.wires = Some(wires.address()?);
            chaos.carrying.spawn(wires.serve());
        }
        if options.kill > 0.0 {
            chaos
                .going_on
                .spawn(kill::sessions(url.clone(), options.kill));
        }
        if let Some(command) = options.restart.clone() {
            chaos
                .going_on
                .spawn(restart::server(command, options.restart_every));
        }
        Ok(chaos)
    }

    /// Leaves sessions and server alone; wires are still there.
    pub fn calm(&mut self) {
        self.going_on.abort_all();
    }

    /// The address at which PostgreSQL is to be reached, if not directly.
    #[must_use]
    pub fn wires(&self) -> Option<SocketAddr> {
        self.wires
    }
}
