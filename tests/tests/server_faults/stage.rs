//! A server, transactions of every driver on it, and what happens to them all at once.

use std::sync::Arc;
use std::time::Duration;

use commit_on_success_tests::cutting::{Cut, CuttingProxy, Then};
use commit_on_success_tests::stoppable::{Kind, Server};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::direct::Direct;
use crate::fault::{Back, Fault};
use crate::found::Found;
use crate::subjects::{ON_MARIADB, ON_POSTGRES, Open, Subject};
use crate::visit::{Failure, Gate, Point, Visit, Way};

/// Much longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// One driver behind a proxy of its own.
pub(crate) struct Player {
    pub(crate) name: &'static str,
    pub(crate) subject: Arc<dyn Subject>,
    open: Open,
    proxy: CuttingProxy,
}

pub(crate) struct Stage {
    pub(crate) players: Vec<Player>,
    pub(crate) direct: Direct,
    pub(crate) runtime: Runtime,
    pub(crate) server: Server,
    number: i64,
}

impl Stage {
    /// With each driver of the database more than once. `None` without a server.
    pub(crate) fn new(kind: Kind, copies: usize) -> Option<Self> {
        let server = Server::start(kind)?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(4)
            .enable_all()
            .build()
            .unwrap();
        let direct = Direct::new(kind, server.port);
        runtime.block_on(direct.create());
        let drivers = match kind {
            Kind::Postgres => ON_POSTGRES,
            Kind::MariaDb => ON_MARIADB,
        };
        let players = drivers.iter().cycle().take(drivers.len() * copies);
        let players = players.map(|driver| player(*driver, server.port, &runtime));
        let players = players.collect();
        Some(Self {
            players,
            direct,
            runtime,
            server,
            number: 0,
        })
    }

    /// Leaves out those whose transaction is no future, and moves the others to another runtime.
    pub(crate) fn move_to(&mut self, runtime: &Runtime) {
        let _inside = runtime.enter();
        self.players.retain(|player| player.subject.is_async());
        for player in &mut self.players {
            player.subject = (player.open)(player.proxy.address().port());
        }
    }

    /// One transaction of each player, to its point.
    pub(crate) fn visits(&mut self, points: &[Point], also: &'static [&'static str]) -> Vec<Visit> {
        let gate = Gate::default();
        let mut visits = Vec::new();
        for (player, point) in self.players.iter().zip(points) {
            self.number += 10;
            let cut = match point {
                Point::Sent => Some((Cut::BeforeTheServer, Way::Open)),
                Point::Arriving => Some((Cut::Late, Way::Arriving)),
                Point::Answered => Some((Cut::AfterTheServer, Way::Open)),
                _ => None,
            };
            if let Some((cut, way)) = cut {
                let meeting = gate.clone().meet(way);
                player.proxy.cut_after(cut, Then::Serve, meeting);
            }
            visits.push(Visit {
                number: self.number,
                point: *point,
                gate: gate.clone(),
                also,
                calls: Arc::default(),
                failed: Arc::default(),
                runtime: self.runtime.handle().clone(),
            });
        }
        visits
    }

    /// Starts the transactions on a runtime.
    pub(crate) fn start(
        &self,
        visits: &[Visit],
        runtime: &Handle,
    ) -> Vec<JoinHandle<Result<(), Failure>>> {
        let pairs = self.players.iter().zip(visits);
        pairs
            .map(|(player, visit)| Arc::clone(&player.subject).start(visit.clone(), runtime))
            .collect()
    }

    /// Waits until all are where they are to be.
    pub(crate) fn all_arrived(&self, visits: &[Visit]) {
        let arrived = visits[0].gate.all_arrived(visits.len());
        let arrived = self.block_on(arrived);
        arrived.expect("everybody gets where it happens");
    }

    /// Lets something happen to all transactions at once, each of them at its point.
    pub(crate) fn strike(&mut self, points: &[Point], fault: Fault, back: Back) -> Vec<Found> {
        self.meanwhile(points, |stage, gate| {
            let Fault::Stop(stop) = fault else {
                return stage.runtime.block_on(stage.direct.end_sessions());
            };
            stage.server.stop(stop);
            if back == Back::Already {
                return stage.others_go_on();
            }
            gate.open(Way::Open);
            stage.server.start_again();
        })
    }

    /// Nobody notices before what happens has happened, unless it opens the gate.
    pub(crate) fn meanwhile(
        &mut self,
        points: &[Point],
        happens: impl FnOnce(&mut Self, &Gate),
    ) -> Vec<Found> {
        let visits = self.visits(points, &[]);
        let running = self.start(&visits, self.runtime.handle());
        self.all_arrived(&visits);
        let gate = &visits[0].gate;
        gate.open(Way::Arriving);
        happens(self, gate);
        gate.open(Way::Open);
        self.found(visits, running)
    }

    /// Starts the server again, and uses it.
    pub(crate) fn others_go_on(&mut self) {
        self.server.start_again();
        self.runtime.block_on(self.direct.write_something());
    }

    pub(crate) fn block_on<F: Future>(
        &self,
        future: F,
    ) -> Result<F::Output, tokio::time::error::Elapsed> {
        self.runtime
            .block_on(async { timeout(PATIENCE, future).await })
    }
}

fn player((name, open): (&'static str, Open), server: u16, runtime: &Runtime) -> Player {
    let proxy = runtime.block_on(CuttingProxy::to("127.0.0.1", server));
    let proxy = proxy.unwrap();
    let _inside = runtime.enter();
    Player {
        name,
        subject: open(proxy.address().port()),
        open,
        proxy,
    }
}
