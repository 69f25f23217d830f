//! What is found when everything is over.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::stage::{Player, Stage};
use crate::visit::{Failure, Point, Visit};

/// What came of one transaction.
pub(crate) struct Found {
    pub(crate) driver: &'static str,
    pub(crate) point: Point,
    pub(crate) result: Result<(), Failure>,
    pub(crate) rows: Vec<i64>,
    pub(crate) called: [usize; 2],
    /// How many statements failed that nobody was told of.
    pub(crate) failed: usize,
    /// How often the next transaction could not begin.
    pub(crate) refusals: u64,
}

impl Stage {
    /// What came of them, once each driver has stored something else.
    pub(crate) fn found(
        &self,
        visits: Vec<Visit>,
        running: Vec<JoinHandle<Result<(), Failure>>>,
    ) -> Vec<Found> {
        let all = self.players.iter().zip(visits).zip(running);
        let found = all.map(|((player, visit), running)| {
            let result = self.block_on(running).expect("it comes to an end");
            let result = result.expect("it does not panic");
            let refusals = self.go_on(player, &visit);
            let rows = self.direct.rows(visit.number..visit.number + 5);
            let rows = self.block_on(rows).expect("the server answers");
            Found {
                driver: player.name,
                point: visit.point,
                result,
                rows,
                called: visit.called(),
                failed: visit.failed.load(Ordering::SeqCst),
                refusals,
            }
        });
        found.collect()
    }

    /// The next transaction of the same pool, which has to be served. Returns how often it could not begin.
    fn go_on(&self, player: &Player, before: &Visit) -> u64 {
        let next = Visit {
            number: before.number + 5,
            point: Point::Nowhere,
            also: &[],
            calls: Arc::default(),
            failed: Arc::default(),
            ..before.clone()
        };
        for refusals in 0..20 {
            let subject = Arc::clone(&player.subject);
            let running = subject.start(next.clone(), self.runtime.handle());
            let result = self.block_on(running).expect("the pool serves").unwrap();
            match result {
                Ok(()) => {
                    let rows = self.direct.rows(next.number..next.number + 5);
                    let rows = self.block_on(rows).expect("the server answers");
                    assert_eq!(rows, [next.number + 1, next.number + 2], "{}", player.name);
                    assert_eq!(next.called(), [1, 1], "{}", player.name);
                    return refusals;
                }
                Err(error) => println!("{}: {error:?}", player.name),
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{}: the pool does not get over it", player.name);
    }
}
