//! Transactions that wander from thread to thread, are polled inside of others, and are dropped anywhere.
//!
//! Which thread has which of them when is left to the scheduler; what has to hold does not depend on it.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread;

use commit_on_success::{
    FailureKind, Observer, add_observer, commit_on_success, defer, events, in_transaction, pending,
};
use commit_on_success_tests::faults::{Chance, Tally, cases};
use commit_on_success_tests::polling::poll_once;
use commit_on_success_tests::scripted::{AppError, Connection, Database, pause};

/// What a transaction has deferred and not taken back, and which of it was called.
#[derive(Clone, Default)]
struct Calls(Arc<Mutex<(Vec<i64>, Vec<i64>)>>);

impl Calls {
    fn expect(&self, number: i64) {
        self.0.lock().unwrap().0.push(number);
    }

    fn forget(&self, number: i64) {
        self.0
            .lock()
            .unwrap()
            .0
            .retain(|expected| *expected < number);
    }

    fn expected(&self) -> Vec<i64> {
        self.0.lock().unwrap().0.clone()
    }

    fn called(&self) -> Vec<i64> {
        self.0.lock().unwrap().1.clone()
    }

    fn call(&self, number: i64) {
        let outside = !in_transaction();
        let mut calls = self.0.lock().unwrap();
        // A wrong number is found when it is compared.
        calls.1.push(if outside { number } else { -1 });
    }
}

/// A number that is not given out again, for a row and a call.
async fn step(
    connection: &mut Connection,
    number: &mut i64,
    calls: &Calls,
) -> Result<i64, AppError> {
    *number += 1;
    let this = *number;
    assert_eq!(pending(), calls.expected().len());
    calls.expect(this);
    let deferred = calls.clone();
    if this % 2 == 0 {
        defer!(deferred.call(this));
    } else {
        defer!(async move {
            pause(1).await;
            deferred.call(this);
        });
    }
    connection.insert_later(this).await?;
    assert_eq!(pending(), calls.expected().len());
    Ok(this)
}

#[commit_on_success]
async fn outer(
    connection: &mut Connection,
    chance: &mut Chance,
    calls: &Calls,
) -> Result<(), AppError> {
    let mut number = 0;
    for _ in 0..chance.below(4) {
        step(connection, &mut number, calls).await?;
        let _caught = inner(connection, chance, &mut number, calls).await;
        pause(usize::try_from(chance.below(3)).unwrap()).await;
    }
    fail_sometimes(chance)
}

#[commit_on_success]
async fn inner(
    connection: &mut Connection,
    chance: &mut Chance,
    number: &mut i64,
    calls: &Calls,
) -> Result<(), AppError> {
    let this = step(connection, number, calls).await?;
    let ended = fail_sometimes(chance);
    if ended.is_err() {
        calls.forget(this);
    }
    ended
}

/// One of four times.
fn fail_sometimes(chance: &mut Chance) -> Result<(), AppError> {
    match chance.below(4) {
        0 => Err(AppError::Body("by chance")),
        _ => Ok(()),
    }
}

/// A transaction on its way.
struct Wanderer {
    future: Pin<Box<dyn Future<Output = Result<(), AppError>> + Send>>,
    database: Database,
    calls: Calls,
}

impl Wanderer {
    fn new(mut chance: Chance) -> Self {
        let (database, calls) = (Database::new().pausing(1), Calls::default());
        let (copy, deferred) = (database.clone(), calls.clone());
        let future =
            Box::pin(async move { outer(&mut copy.connection(), &mut chance, &deferred).await });
        Self {
            future,
            database,
            calls,
        }
    }

    /// What there is to look at when the future is gone.
    fn part(self) -> (Database, Calls) {
        (self.database, self.calls)
    }
}

/// How a transaction ended.
#[derive(Clone, Copy, PartialEq)]
enum Ended {
    Committed,
    Failed,
    Dropped,
}

/// A sync transaction of the thread, in which others are polled.
#[commit_on_success]
fn around(
    connection: &mut Connection,
    polls: u64,
    wanderer: &mut Wanderer,
) -> Result<Poll<Result<(), AppError>>, AppError> {
    let database = connection.database().clone();
    defer!(database.note("call"));
    let polled = poll(polls, wanderer);
    assert_eq!(pending(), 1);
    Ok(polled)
}

fn poll(polls: u64, wanderer: &mut Wanderer) -> Poll<Result<(), AppError>> {
    for _ in 0..polls {
        let before = (in_transaction(), pending());
        let polled = poll_once(wanderer.future.as_mut());
        assert_eq!(before, (in_transaction(), pending()));
        if polled.is_ready() {
            return polled;
        }
    }
    Poll::Pending
}

/// Whether it goes on, and how it ended if it does not.
fn advance(
    chance: &mut Chance,
    mut wanderer: Wanderer,
) -> Result<Wanderer, (Ended, Database, Calls)> {
    let polls = chance.below(4);
    let polled = match chance.below(3) {
        0 => {
            let database = Database::new();
            let polled = around(&mut database.connection(), polls, &mut wanderer).unwrap();
            assert_eq!(database.count("call"), 1);
            polled
        }
        _ => poll(polls, &mut wanderer),
    };
    let ended = match (polled, chance.below(100)) {
        (Poll::Ready(Ok(())), _) => Ended::Committed,
        (Poll::Ready(Err(_)), _) => Ended::Failed,
        (Poll::Pending, 0) => Ended::Dropped,
        (Poll::Pending, 1) => return Err(unwind(wanderer)),
        (Poll::Pending, _) => return Ok(wanderer),
    };
    let (database, calls) = wanderer.part();
    Err((ended, database, calls))
}

/// Has a panic take it along.
fn unwind(wanderer: Wanderer) -> (Ended, Database, Calls) {
    let (database, calls) = (wanderer.database.clone(), wanderer.calls.clone());
    let unwound = catch_unwind(AssertUnwindSafe(move || {
        let _wanderer = wanderer;
        // Without a message on standard error.
        resume_unwind(Box::new("by chance"));
    }));
    unwound.unwrap_err();
    (Ended::Dropped, database, calls)
}

fn judge(ended: Ended, database: &Database, calls: &Calls, tally: &mut Tally) {
    let (expected, called) = (calls.expected(), calls.called());
    let stored = database.durable();
    let said = || format!("{database:?}, expected {expected:?}, called {called:?}");
    tally.inject();
    tally.promise(!database.left_open(), said);
    match ended {
        Ended::Committed => {
            tally.promise(stored == expected && called == expected, said);
        }
        Ended::Failed => {
            tally.count("failed");
            tally.promise(stored.is_empty() && called.is_empty(), said);
        }
        // Perhaps while its calls ran: those that are async are lost without a runtime.
        Ended::Dropped if database.count("commit") > 0 => {
            tally.count("dropped after the commit");
            let sync = expected.iter().filter(|number| **number % 2 == 0);
            let known = called.is_empty() || sync.clone().all(|number| called.contains(number));
            tally.promise(known && called.is_sorted(), said);
        }
        Ended::Dropped => {
            tally.count("dropped before");
            tally.promise(stored.is_empty() && called.is_empty(), said);
        }
    }
}

/// Counts the async calls of futures that were dropped after their commit, where no runtime is.
struct Listening;

static LOST: AtomicU64 = AtomicU64::new(0);

impl Observer for Listening {
    fn handler_failed(&self, event: &events::HandlerFailed<'_>) {
        let failure = event.failure;
        assert_eq!(failure.kind(), FailureKind::Lost, "{failure}");
        LOST.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn transactions_that_wander_between_threads_keep_their_promises() {
    add_observer(Listening);
    let wanderers = (0..cases(2_000)).map(|number| {
        let chance = Chance::of(&format!("wanderer {number}"));
        Wanderer::new(chance)
    });
    let queue: Mutex<VecDeque<_>> = Mutex::new(wanderers.collect());
    let tally = Mutex::new(Tally::new("transactions wandering between threads"));
    let work = &|worker: u64| {
        let mut chance = Chance::of(&format!("worker {worker}"));
        loop {
            let Some(wanderer) = queue.lock().unwrap().pop_front() else {
                return;
            };
            let advanced = advance(&mut chance, wanderer);
            assert!(!in_transaction());
            match advanced {
                Ok(wanderer) => queue.lock().unwrap().push_back(wanderer),
                Err((ended, database, calls)) => {
                    judge(ended, &database, &calls, &mut tally.lock().unwrap());
                }
            }
        }
    };
    thread::scope(|scope| {
        for worker in 0..4 {
            scope.spawn(move || work(worker));
        }
    });
    let mut tally = tally.into_inner().unwrap();
    tally.add(
        "async calls lost for want of a runtime",
        LOST.load(Ordering::Relaxed),
    );
    tally.publish();
}
