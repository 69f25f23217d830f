//! What a server does to single transactions, and a runtime that ends before they do.

use std::time::Duration;

use commit_on_success::Outcome;
use commit_on_success_tests::faults::Tally;
use commit_on_success_tests::stoppable::{Kind, Stop};
use sqlx::{Connection as _, Executor as _, MySqlConnection};
use tokio::runtime::Builder;

use crate::found::Found;
use crate::pools::mysql_options;
use crate::stage::Stage;
use crate::visit::{Point, Visit, outcome};
use crate::{ASKS, Tallies, judge};

impl Stage {
    /// Waits for what a server takes its time to do.
    fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let done = self.block_on(async {
            while !holds().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        assert!(done.is_ok(), "{what}");
    }

    /// From now on each commit waits for a standby that does not exist. The server has settled on it when one
    /// of our own does.
    fn wait_for_standby(&self) {
        let direct = self.direct;
        self.runtime.block_on(direct.wait_for_standby(true));
        let settled = self.block_on(async {
            for row in (i64::MIN..).take(10_000) {
                let insert = format!("INSERT INTO item VALUES ({row})");
                let canary = self.runtime.spawn(direct.execute(insert));
                while !canary.is_finished() {
                    if direct.replicating().await == 1 {
                        direct.to_replicating("pg_cancel_backend").await;
                        return canary.await.unwrap();
                    }
                }
            }
        });
        settled.expect("commits wait");
    }

    /// All commits at once, and something that happens to their sessions while they wait.
    fn while_replicating(&mut self, function: &str) -> Vec<Found> {
        let points = vec![Point::Replicating; self.players.len()];
        self.wait_for_standby();
        let visits = self.visits(&points, &[]);
        let running = self.start(&visits, self.runtime.handle());
        let direct = self.direct;
        let all = i64::try_from(points.len()).unwrap();
        let waiting = async || direct.replicating().await == all;
        self.until("every commit waits", waiting);
        self.runtime.block_on(direct.to_replicating(function));
        self.runtime.block_on(direct.wait_for_standby(false));
        self.found(visits, running)
    }

    /// Transactions that keep to themselves that a statement has failed.
    fn swallowing(&mut self, also: &'static [&'static str]) -> Vec<Found> {
        let points = vec![Point::Nowhere; self.players.len()];
        let visits = self.visits(&points, also);
        let running = self.start(&visits, self.runtime.handle());
        let found = self.found(visits, running);
        for found in &found {
            assert_eq!(found.failed, 1, "{}", found.driver);
        }
        found
    }
}

/// Commits that never arrive, at a server that has forgotten their transactions and given their numbers to
/// others, and was restarted in good order before anybody asks it.
fn forgotten(said: &'static str, mut stage: Stage, forget: impl FnOnce(&mut Stage)) {
    let points = vec![Point::Sent; stage.players.len()];
    let found = stage.meanwhile(&points, |stage, _| {
        forget(stage);
        stage.server.stop(Stop::Politely);
        stage.server.start_again();
    });
    let mut tallies = Tallies::new();
    for found in found {
        if found.driver == ASKS {
            // Not rolled back, as far as anybody can tell: its number was committed.
            assert_eq!(outcome(&found.result), Outcome::Unknown);
        }
        judge(&found, said, true, &mut tallies);
    }
    tallies.into_values().for_each(Tally::publish);
}

#[commit_on_success_test_macros::sync_server_test]
fn a_restart_does_not_hide_that_a_server_has_crashed() {
    let Some(stage) = Stage::new(Kind::Postgres, 1) else {
        return;
    };
    forgotten("server crashed and was restarted", stage, |stage| {
        stage.server.stop(Stop::Kill);
        stage.others_go_on();
    });
}

#[commit_on_success_test_macros::sync_server_test]
fn a_restart_does_not_hide_that_a_standby_has_taken_over() {
    let Some(mut stage) = Stage::new(Kind::Postgres, 1) else {
        return;
    };
    stage.server.stop(Stop::Politely);
    stage.server.copy();
    stage.server.start_again();
    forgotten("standby took over and was restarted", stage, |stage| {
        stage.server.stop(Stop::Kill);
        stage.server.take_over();
        stage.runtime.block_on(stage.direct.write_something());
    });
}

#[commit_on_success_test_macros::sync_server_test]
fn a_session_that_ends_while_its_commit_waits_for_a_standby_has_committed() {
    let Some(mut stage) = Stage::new(Kind::Postgres, 1) else {
        return;
    };
    let said = "session ended while its commit waits for a standby";
    let mut tallies = Tallies::new();
    for found in stage.while_replicating("pg_terminate_backend") {
        assert_eq!(found.rows.len(), 2, "{}", found.driver);
        judge(&found, said, false, &mut tallies);
    }
    tallies.into_values().for_each(Tally::publish);
}

#[commit_on_success_test_macros::sync_server_test]
fn a_commit_that_gives_up_its_wait_for_a_standby_is_a_commit() {
    let Some(mut stage) = Stage::new(Kind::Postgres, 1) else {
        return;
    };
    let said = "wait for a standby cancelled";
    let mut tallies = Tallies::new();
    for found in stage.while_replicating("pg_cancel_backend") {
        assert!(found.result.is_ok(), "{}: {:?}", found.driver, found.result);
        judge(&found, said, false, &mut tallies);
    }
    tallies.into_values().for_each(Tally::publish);
}

#[commit_on_success_test_macros::sync_server_test]
fn a_statement_that_takes_too_long_and_is_swallowed_is_never_ok() {
    let Some(mut stage) = Stage::new(Kind::Postgres, 1) else {
        return;
    };
    let said = "statement timed out and swallowed";
    let mut tallies = Tallies::new();
    let also = &[
        "SET LOCAL statement_timeout = '20ms'",
        "SELECT pg_sleep(60)",
    ];
    for found in stage.swallowing(also) {
        let outcome = outcome(&found.result);
        assert_eq!(outcome, Outcome::RolledBack, "{}", found.driver);
        judge(&found, said, false, &mut tallies);
    }
    tallies.into_values().for_each(Tally::publish);
}

#[commit_on_success_test_macros::sync_server_test]
fn a_lock_that_mariadb_does_not_give_takes_its_statement_alone() {
    let Some(mut stage) = Stage::new(Kind::MariaDb, 1) else {
        return;
    };
    let options = mysql_options(stage.server.port);
    let locked = stage.runtime.block_on(async {
        let mut owner = MySqlConnection::connect_with(&options).await?;
        owner.execute("INSERT INTO item VALUES (-1)").await?;
        owner.execute("BEGIN").await?;
        owner.execute("DELETE FROM item WHERE id = -1").await?;
        Ok::<_, sqlx::Error>(owner)
    });
    let owner = locked.unwrap();
    let said = "lock not given and swallowed";
    let mut tallies = Tallies::new();
    for found in stage.swallowing(&["SELECT id FROM item WHERE id = -1 FOR UPDATE NOWAIT"]) {
        assert!(found.result.is_ok(), "{}: {:?}", found.driver, found.result);
        judge(&found, said, false, &mut tallies);
    }
    tallies.into_values().for_each(Tally::publish);
    drop(owner);
}

/// What has to be found of a transaction whose runtime was shut down.
fn expected(visit: &Visit) -> (&'static [i64], [usize; 2]) {
    match visit.point {
        Point::Answered => (&[1, 2], [0, 0]),
        // The first one had begun, and the other one does not need a runtime.
        Point::Calling => (&[1, 2], [1, 1]),
        _ => (&[], [0, 0]),
    }
}

fn shut_down(kind: Kind) {
    let Some(mut stage) = Stage::new(kind, 1) else {
        return;
    };
    let points = [
        Point::Begun,
        Point::Stated,
        Point::Sent,
        Point::Answered,
        Point::Calling,
    ];
    let mut tallies = Tallies::new();
    for point in points {
        let runtime = || {
            Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
        };
        let ends = runtime().unwrap();
        stage.move_to(&ends);
        let visits = stage.visits(&vec![point; stage.players.len()], &[]);
        drop(stage.start(&visits, ends.handle()));
        stage.all_arrived(&visits);
        ends.shutdown_timeout(Duration::from_secs(20));
        visits[0].gate.open(crate::visit::Way::Open);
        let direct = stage.direct;
        let none = async || direct.open().await == 0;
        stage.until("no transaction is open", none);
        for (player, visit) in stage.players.iter().zip(&visits) {
            let said = "runtime shut down";
            let tally = tallies
                .entry((said, player.name))
                .or_insert_with(|| Tally::new(format!("{said}, {}", player.name)));
            tally.inject();
            let rows = stage.direct.rows(visit.number..visit.number + 5);
            let rows: Vec<_> = stage.block_on(rows).expect("the server answers");
            let rows: Vec<_> = rows.iter().map(|row| row - visit.number).collect();
            let kept = (&*rows, visit.called()) == expected(visit);
            tally.promise(kept, || {
                format!("{point:?}: {rows:?}, {:?}", visit.called())
            });
        }
    }
    tallies.into_values().for_each(Tally::publish);
}

#[commit_on_success_test_macros::sync_server_test]
fn a_runtime_that_is_shut_down_leaves_nothing_open_on_postgresql() {
    shut_down(Kind::Postgres);
}

#[commit_on_success_test_macros::sync_server_test]
fn a_runtime_that_is_shut_down_leaves_nothing_open_on_mariadb() {
    shut_down(Kind::MariaDb);
}
