//! A process that is killed: its transactions are whole, and calls only follow what is stored.
//!
//! What a killed process had deferred and not yet run is lost; how much that is, is counted.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

use commit_on_success_tests::faults::{Chance, Tally, cases};
use commit_on_success_tests::victims::{Fate, HALTED, Orders, Point, Store};

#[path = "process_death/scene.rs"]
mod scene;

use scene::{Half, Scene};

struct Victim {
    process: Child,
    says: Lines<BufReader<ChildStdout>>,
    /// The last transaction that it has begun, or was about to.
    last: i64,
}

impl Victim {
    fn start(orders: &Orders) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_victim"))
            .args(orders.to_args())
            // It ends when this end of the pipe is gone.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let says = BufReader::new(process.stdout.take().unwrap()).lines();
        let last = orders.first - 1;
        Self {
            process,
            says,
            last,
        }
    }

    /// Whether it goes on.
    fn listen(&mut self) -> bool {
        match self.says.next() {
            Some(line) => {
                let line = line.unwrap();
                let goes_on = line != HALTED;
                if goes_on {
                    self.last = line.parse().unwrap();
                }
                goes_on
            }
            None => panic!("it has ended: {:?}", self.process.wait()),
        }
    }

    /// Returns the last transaction that it has begun, or was about to.
    fn kill(mut self) -> i64 {
        self.process.kill().unwrap();
        let status = self.process.wait().unwrap();
        assert_eq!(status.code(), None, "it ended before it was killed");
        for line in self.says {
            let line = line.unwrap();
            if line != HALTED {
                self.last = line.parse().unwrap();
            }
        }
        self.last
    }
}

fn of_number(halves: &[Half], number: i64) -> Vec<i64> {
    let halves = halves.iter().filter(|(other, _)| *other == number);
    halves.map(|(_, half)| *half).collect()
}

/// Looks at what the dead one has left: all of its transactions but the last one were over.
fn examine(scene: &Scene, first: i64, last: i64, tally: &mut Tally) -> (Vec<i64>, Vec<i64>) {
    tally.inject();
    tally.add("transactions", u64::try_from(last - first + 1).unwrap());
    if scene.store == Store::Journal {
        tally.add("hot journals", u64::from(scene.is_hot()));
    }
    let (rows, calls) = (scene.rows(first), scene.calls());
    let calls: Vec<_> = calls.into_iter().filter(|call| call.0 >= first).collect();
    let store = scene.store;
    for number in first..last {
        let expected = Fate::of(number).halves();
        let (rows, calls) = (of_number(&rows, number), of_number(&calls, number));
        let kept = rows == expected && calls == expected;
        tally.promise(kept, || format!("{store} {number}: {rows:?}, {calls:?}"));
    }
    let ahead = rows.iter().chain(&calls).find(|half| half.0 > last);
    tally.promise(ahead.is_none(), || format!("{store} {last}: {ahead:?}"));
    tally.promise(calls.is_sorted(), || format!("{store} {last}: {calls:?}"));
    let (rows, calls) = (of_number(&rows, last), of_number(&calls, last));
    let expected = Fate::of(last).halves();
    let whole = rows.is_empty() || rows == expected;
    let followed = expected.starts_with(&calls) && (calls.is_empty() || rows == expected);
    tally.promise(whole && followed, || {
        format!("{store} {last}: {rows:?}, {calls:?}")
    });
    count_lost(&rows, &calls, expected, tally);
    (rows, calls)
}

/// What a queue in memory cannot promise.
fn count_lost(rows: &[i64], calls: &[i64], expected: &[i64], tally: &mut Tally) {
    let lost = rows.len().saturating_sub(calls.len());
    tally.add("lost calls", u64::try_from(lost).unwrap());
    tally.add("transactions that lost calls", u64::from(lost > 0));
    let undone = rows.is_empty() && !expected.is_empty();
    tally.add("transactions undone", u64::from(undone));
}

/// The next process works, and all that was ever stored is still there.
fn survive(scene: &Scene, first: i64, tally: &mut Tally) {
    let (before, calls_before) = (scene.rows(0), scene.calls());
    let last = first + 15;
    let mut victim = Victim::start(&scene.orders(first, last, None));
    let status = victim.process.wait().unwrap();
    assert!(status.success(), "{status:?}");
    let halves = |number| {
        Fate::of(number)
            .halves()
            .iter()
            .map(move |half| (number, *half))
    };
    let new: Vec<_> = (first..=last).flat_map(halves).collect();
    let store = scene.store;
    let (rows, calls) = (scene.rows(0), scene.calls());
    let kept = rows == [before, new.clone()].concat() && calls == [calls_before, new].concat();
    tally.promise(kept, || format!("{store}: not as before, or not recovered"));
    tally.promise(scene.is_sound(), || {
        format!("{store}: the file is not sound")
    });
}

// What is stored, and how many calls were made, when the process stops at a point.
fn expected_at(point: Point, fate: Fate) -> Option<(&'static [i64], usize)> {
    let halves = fate.halves();
    match point {
        Point::Released if fate == Fate::InnerFails => None,
        Point::Begun | Point::Released | Point::BodyDone => Some((&[], 0)),
        Point::RolledBack => halves.is_empty().then_some((&[], 0)),
        Point::Returned => Some((halves, halves.len())),
        _ if halves.is_empty() => None,
        Point::Committed | Point::Calling => Some((halves, 0)),
        Point::Called => Some((halves, 1)),
        Point::CalledLast => Some((halves, halves.len())),
    }
}

const FATES: [Fate; 4] = [Fate::Whole, Fate::InnerFails, Fate::Fails, Fate::Panics];

fn stop_at_each_point(store: Store) {
    let scene = Scene::of(store);
    let mut tally = Tally::new(format!("process killed at each step, {store}"));
    let mut first = 0;
    for fate in FATES {
        for point in Point::ALL {
            let Some((rows, calls)) = expected_at(*point, fate) else {
                continue;
            };
            let number = (first + 1..i64::MAX)
                .find(|number| Fate::of(*number) == fate)
                .unwrap();
            let orders = scene.orders(first, i64::MAX, Some((number, *point)));
            let mut victim = Victim::start(&orders);
            while victim.listen() {}
            let last = victim.kill();
            assert_eq!(last, number, "stopped elsewhere");
            let found = examine(&scene, first, last, &mut tally);
            let kept = found.0 == rows && found.1 == rows[..calls];
            tally.promise(kept, || format!("{store}, {fate:?}, {point}: {found:?}"));
            first = last + 1;
        }
    }
    survive(&scene, first, &mut tally);
    tally.publish();
}

fn kill_at_any_time(store: Store) {
    let scene = Scene::of(store);
    let mut chance = Chance::of("process death");
    let mut tally = Tally::new(format!("process killed at any time, {store}"));
    let mut first = 0;
    for _ in 0..cases(40) {
        let mut victim = Victim::start(&scene.orders(first, i64::MAX, None));
        for _ in 0..=chance.below(12) {
            assert!(victim.listen());
        }
        // Shorter than a step of a transaction, up to longer than a whole one.
        let longest = chance.below(18);
        for _ in 0..chance.below(1 << longest) {
            std::hint::spin_loop();
        }
        let last = victim.kill();
        examine(&scene, first, last, &mut tally);
        first = last + 1;
    }
    survive(&scene, first, &mut tally);
    tally.publish();
}

#[test]
fn a_write_ahead_log_and_its_calls_survive_a_kill_at_each_step() {
    stop_at_each_point(Store::Wal);
}

#[test]
fn a_rollback_journal_and_its_calls_survive_a_kill_at_each_step() {
    stop_at_each_point(Store::Journal);
}

#[commit_on_success_test_macros::sync_server_test]
fn a_server_and_its_calls_survive_a_kill_of_the_client_at_each_step() {
    stop_at_each_point(Store::Postgres);
}

#[test]
fn a_write_ahead_log_and_its_calls_survive_a_kill_at_any_time() {
    kill_at_any_time(Store::Wal);
}

#[test]
fn a_rollback_journal_and_its_calls_survive_a_kill_at_any_time() {
    kill_at_any_time(Store::Journal);
}

#[commit_on_success_test_macros::sync_server_test]
fn a_server_and_its_calls_survive_a_kill_of_the_client_at_any_time() {
    kill_at_any_time(Store::Postgres);
}
