//! A server that ends sessions, is stopped, or crashes, while every driver has a transaction somewhere:
//! nobody is told anything wrong, and all of them go on once it is there again.
#![allow(missing_docs, reason = "a test program")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed test says where"
)]

use std::collections::BTreeMap;

use commit_on_success::Outcome;
use commit_on_success_tests::faults::{Chance, Tally, cases};
use commit_on_success_tests::stoppable::Kind;

#[path = "server_faults/asides.rs"]
mod asides;
#[path = "server_faults/asynchronous.rs"]
mod asynchronous;
#[path = "server_faults/direct.rs"]
mod direct;
#[path = "server_faults/fault.rs"]
mod fault;
#[path = "server_faults/found.rs"]
mod found;
#[path = "server_faults/pools.rs"]
mod pools;
#[path = "server_faults/stage.rs"]
mod stage;
#[path = "server_faults/subjects.rs"]
mod subjects;
#[path = "server_faults/synchronous.rs"]
mod synchronous;
#[path = "server_faults/visit.rs"]
mod visit;

use fault::{Back, Fault};
use found::Found;
use stage::Stage;
use visit::{Point, outcome};

/// What came of the faults of each kind, for each driver.
type Tallies = BTreeMap<(&'static str, &'static str), Tally>;

/// The only one that asks what became of a commit.
const ASKS: &str = "sqlx-postgres, settle";

/// Whether the promises hold.
fn judge(found: &Found, said: &'static str, crashes: bool, tallies: &mut Tallies) {
    let Found {
        driver,
        point,
        result,
        rows,
        called,
        ..
    } = found;
    let tally = tallies
        .entry((said, driver))
        .or_insert_with(|| Tally::new(format!("{said}, {driver}")));
    tally.inject();
    let about = || format!("{driver}, {point:?}: {rows:?}, {called:?}, {result:?}");
    tally.promise([0, 2].contains(&rows.len()), about);
    let stored = !rows.is_empty();
    let kept = match outcome(result) {
        Outcome::Committed => stored && *called == [1, 1],
        Outcome::RolledBack => !stored && *called == [0, 0],
        _ => {
            tally.count("unknown outcomes");
            tally.add("of them stored", u64::from(stored));
            let is_known = *driver == ASKS && (!crashes || *point == Point::Stated);
            point.may_be_unknown() && !is_known && *called == [0, 0]
        }
    };
    tally.promise(kept, about);
    tally.add("refused begins afterwards", found.refusals);
}

/// As many rounds as are needed for every driver to be everywhere, and more if more are asked for.
fn strike(kind: Kind, faults: &[Fault]) {
    const COPIES: usize = 2;
    let Some(mut stage) = Stage::new(kind, COPIES) else {
        return;
    };
    let all = Point::ALL.len();
    let needed = faults.len() * all.div_ceil(COPIES);
    let rounds = needed.max(usize::try_from(cases(0) / 16).unwrap());
    let mut chance = Chance::of("server faults");
    let mut tallies = Tallies::new();
    for round in 0..rounds {
        let fault = faults[round % faults.len()];
        let drivers = stage.players.len() / COPIES;
        let points: Vec<_> = (0..stage.players.len())
            .map(|player| Point::ALL[(round / faults.len() * COPIES + player / drivers) % all])
            .collect();
        let back = match chance.below(2) {
            0 => Back::Already,
            _ => Back::Later,
        };
        println!("round {round}: {fault:?}, {back:?}");
        for found in stage.strike(&points, fault, back) {
            judge(&found, fault.said(), fault.crashes(), &mut tallies);
        }
    }
    tallies.into_values().for_each(Tally::publish);
}

#[commit_on_success_test_macros::sync_server_test]
fn nobody_is_told_anything_wrong_when_a_postgresql_server_fails() {
    strike(Kind::Postgres, Fault::ON_POSTGRES);
}

#[commit_on_success_test_macros::sync_server_test]
fn nobody_is_told_anything_wrong_when_a_mariadb_server_fails() {
    strike(Kind::MariaDb, Fault::ON_MARIADB);
}
