//! One transaction after the other, on the pool of a driver.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use commit_on_success::Outcome;
use tokio::runtime::{Builder, Runtime};

use crate::direct::Direct;
use crate::drivers::{Driver, Place};
use crate::story::{Body, Found, Order, Told};

/// A server, and what was found that is not as it should be.
pub(crate) struct Stage {
    pub(crate) direct: Direct,
    pub(crate) runtime: Runtime,
    wrong: Vec<String>,
    transactions: usize,
}

impl Stage {
    /// `None` without a server.
    pub(crate) fn of(direct: impl Future<Output = Option<Direct>>) -> Option<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let direct = runtime.block_on(direct)?;
        Some(Self {
            direct,
            runtime,
            wrong: Vec::new(),
            transactions: 0,
        })
    }

    pub(crate) fn open(&self, driver: &Driver, url: &str) -> Place {
        let _inside = self.runtime.enter();
        (driver.open)(url)
    }

    /// Runs a transaction.
    pub(crate) fn run(&mut self, place: &Place, body: Body) -> Found {
        static NEXT: AtomicI64 = AtomicI64::new(0);
        let own = i64::from(std::process::id()) * 1_000_000;
        let order = Order {
            number: own + NEXT.fetch_add(10, Ordering::Relaxed),
            body,
            direct: self.direct.clone(),
            counts: Arc::default(),
        };
        self.transactions += 1;
        self.runtime.block_on(async {
            let running = {
                let order = order.clone();
                place(order)
            };
            let patience = Duration::from_secs(60);
            let ended = tokio::time::timeout(patience, running).await;
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
        if let Err(next) = self.go_on(place) {
            self.wrong
                .push(format!("{name}, {about:?}: the next one: {next:?}"));
        }
    }

    /// The next transaction. A pool may have to find out first that its connection is gone.
    fn go_on(&mut self, place: &Place) -> Result<(), Found> {
        let mut left = 20;
        loop {
            let found = self.run(place, Body::Succeeds);
            let stored = found.told == Told::Of(Outcome::Committed) && found.bodies == 1;
            if stored && found.is_kept() {
                return Ok(());
            }
            // Only a begin may fail.
            if found.bodies > 0 || left == 0 {
                return Err(found);
            }
            left -= 1;
            std::thread::sleep(Duration::from_millis(25));
        }
    }

    /// Says all that is wrong.
    pub(crate) fn publish(self) {
        let (all, wrong) = (self.transactions, self.wrong.len());
        println!("{all} transactions");
        assert!(all > 0, "nothing was done");
        assert!(wrong == 0, "{wrong} of {all}:\n{}", self.wrong.join("\n"));
    }
}
