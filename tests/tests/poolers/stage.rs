//! One transaction after the other, on the pool of a driver.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use commit_on_success::Outcome;
use commit_on_success_tests::answering::Address;
use tokio::runtime::{Builder, Runtime};

use crate::direct::Direct;
use crate::drivers::{At, Driver, Place, Sessions};
use crate::story::{Body, Found, Meanwhile, Order, Told};

/// The time that a pool may take to find out that its connection is gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server, and what was found that is not as it should be.
pub(crate) struct Stage {
    pub(crate) direct: Direct,
    pub(crate) runtime: Runtime,
    wrong: Vec<String>,
    transactions: usize,
}

impl Stage {
    pub(crate) fn of(direct: impl Future<Output = Direct>) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let direct = runtime.block_on(direct);
        Self {
            direct,
            runtime,
            wrong: Vec::new(),
            transactions: 0,
        }
    }

    pub(crate) fn open(&self, driver: &Driver, address: &Address, sessions: Sessions) -> Place {
        let _inside = self.runtime.enter();
        let url = address.to_string();
        (driver.open)(&At { url, sessions })
    }

    /// Runs a transaction.
    pub(crate) fn run(&mut self, place: &Place, body: Body) -> Found {
        self.run_while(place, body, Arc::new(|| ()))
    }

    /// Runs a transaction, and something else at the head of each of its attempts.
    pub(crate) fn run_while(&mut self, place: &Place, body: Body, meanwhile: Meanwhile) -> Found {
        static NEXT: AtomicI64 = AtomicI64::new(0);
        let own = i64::from(std::process::id()) * 1_000_000;
        let order = Order {
            number: own + NEXT.fetch_add(10, Ordering::Relaxed),
            body,
            direct: self.direct.clone(),
            meanwhile,
            counts: Arc::default(),
        };
        self.transactions += 1;
        self.runtime.block_on(async {
            let running = {
                let order = order.clone();
                place(order)
            };
            let ended = tokio::time::timeout(6 * PATIENCE, running).await;
            let result = ended
                .expect("it comes to an end")
                .expect("it does not panic");
            let rows = self.direct.rows(order.number).await;
            Found::of(&order, &result, rows)
        })
    }

    /// Judges what was found, and what comes of the next transaction of the same pool.
    pub(crate) fn judge(
        &mut self,
        about: impl Debug,
        driver: &Driver,
        place: &Place,
        found: &Found,
        is_expected: impl FnOnce(&Found) -> bool,
    ) {
        let name = driver.name;
        if !found.is_kept() {
            self.wrong
                .push(format!("{name}, {about:?}: a promise is broken: {found:?}"));
        } else if !is_expected(found) {
            let told = found.told;
            self.wrong.push(format!(
                "{name}, {about:?}: {told:?} is not expected: {found:?}"
            ));
        }
        if self.runtime.block_on(self.direct.is_left_open()) {
            self.wrong
                .push(format!("{name}, {about:?}: a transaction is left open"));
        }
        if let Err(next) = self.go_on(place) {
            self.wrong
                .push(format!("{name}, {about:?}: the next one: {next:?}"));
        }
    }

    /// Runs a transaction, once it can begin: a pool may have to find out that its connection is gone.
    pub(crate) fn run_once_begun(&mut self, place: &Place, body: Body) -> Found {
        let asked = Instant::now();
        loop {
            let found = self.run(place, body);
            if found.bodies > 0 || asked.elapsed() > PATIENCE {
                return found;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
    }

    /// The next transaction of a pool.
    fn go_on(&mut self, place: &Place) -> Result<(), Found> {
        let found = self.run_once_begun(place, Body::Succeeds);
        let stored = found.told == Told::Of(Outcome::Committed) && found.rows == [1, 1];
        if stored && found.bodies == 1 && found.is_kept() {
            return Ok(());
        }
        Err(found)
    }

    /// Says all that is wrong.
    pub(crate) fn publish(self) {
        let (all, wrong) = (self.transactions, self.wrong.len());
        println!("{all} transactions");
        assert!(all > 0, "nothing was done");
        assert!(wrong == 0, "{wrong} of {all}:\n{}", self.wrong.join("\n"));
    }
}
