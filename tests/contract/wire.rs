//! A transaction that is stopped at each message between its client and the server: its future is dropped,
//! or the wire is cut.
//!
//! A proxy holds what is said, message by message, so that the future is sure to wait.

use std::cell::RefCell;
use std::time::Duration;

use commit_on_success::{Outcome, RollbackOnly, commit_on_success, defer, in_transaction};
use commit_on_success_tests::faults::Tally;
use commit_on_success_tests::open;
use commit_on_success_tests::proxy::{Gate, Proxy};
use futures_util::future::join_all;

use crate::driver::{self, Connection, Database, Pool};
use crate::support::{Failure, Journal, subject};

/// Much longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    Flat,
    Nested,
    NestedFails,
}

impl Shape {
    const ALL: [Self; 3] = [Self::Flat, Self::Nested, Self::NestedFails];

    fn rows(self) -> &'static [i64] {
        match self {
            Self::Nested => &[1, 2, 3],
            Self::Flat | Self::NestedFails => &[1, 3],
        }
    }

    fn calls(self) -> &'static [&'static str] {
        match self {
            Self::Nested => &["call 1", "call 2", "call 3", "look"],
            Self::Flat | Self::NestedFails => &["call 1", "call 3", "look"],
        }
    }
}

/// With the only connection of the pool, which has to be there again.
#[commit_on_success(tx = driver::source(&pool))]
async fn look(pool: Pool, journal: Journal) -> Result<(), Failure> {
    let rows = driver::rows(tx).await?;
    assert!(rows.contains(&1), "{rows:?}");
    journal.note("look");
    Ok(())
}

#[commit_on_success(tx = driver::source(pool))]
async fn block(pool: &Pool, shape: Shape, journal: &Journal) -> Result<(), Failure> {
    driver::insert(tx, 1).await?;
    defer!(journal.clone().note("call 1"));
    defer!(look(pool.clone(), journal.clone()).await);
    if shape != Shape::Flat {
        match nested(tx, shape, journal).await {
            Err(Failure::Body(_)) => assert_eq!(shape, Shape::NestedFails),
            other => other?,
        }
    }
    driver::insert(tx, 3).await?;
    defer!(journal.clone().note("call 3"));
    assert!(in_transaction());
    Ok(())
}

#[commit_on_success]
async fn nested(conn: &mut Connection, shape: Shape, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, 2).await?;
    defer!(journal.clone().note("call 2"));
    if shape == Shape::NestedFails {
        return Err(Failure::body("nested"));
    }
    Ok(())
}

#[derive(Clone, Copy, Debug)]
enum Held {
    /// The server has not heard of what the future waits for.
    Requests,
    /// The server has done it.
    Replies,
}

impl Held {
    const BOTH: [Self; 2] = [Self::Requests, Self::Replies];

    fn gate(self, proxy: &Proxy) -> &Gate {
        match self {
            Self::Requests => &proxy.requests,
            Self::Replies => &proxy.replies,
        }
    }
}

/// Lets so many messages through one by one, until the next one is held.
async fn pass(gate: &Gate, messages: usize) {
    for _ in 0..messages {
        gate.holding().await;
        gate.release();
    }
    gate.holding().await;
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Drop,
    Cut,
}

impl Fault {
    fn said(self) -> &'static str {
        match self {
            Self::Drop => "futures dropped",
            Self::Cut => "wires cut",
        }
    }
}

/// What came of a transaction.
struct Found {
    /// `None` where its future was dropped.
    result: Option<Result<(), Failure>>,
    /// Whether it was stopped anywhere.
    stopped: bool,
    journal: Journal,
    rows: Vec<i64>,
    /// The connections that the pool has opened.
    connections: usize,
    /// Whether it may have been stopped before the block had its connection.
    at_acquire: bool,
}

/// Runs the transaction, and stops it where so many messages have passed.
async fn stop(db: &Database, shape: Shape, held: Held, point: usize, fault: Fault) -> Found {
    let proxy = Proxy::to(db.server()).await.unwrap();
    let pool = db.through(proxy.address()).pool(1).await;
    drop(driver::take(&pool).await);
    let journal = Journal::default();
    let gate = held.gate(&proxy);
    gate.hold();
    let mut future = Box::pin(block(&pool, shape, &journal));
    let mut result = tokio::select! {
        biased;
        result = &mut future => Some(result),
        () = pass(gate, point) => None,
    };
    let stopped = result.is_none();
    if stopped && fault == Fault::Cut {
        proxy.cut();
        result = Some(future.await);
    } else {
        drop(future);
    }
    gate.open();
    assert!(!in_transaction());
    let dropped = result.is_none();
    let rows = tokio::time::timeout(
        PATIENCE,
        afterwards(db, &proxy, &pool, (&journal, dropped), shape),
    )
    .await;
    let rows = rows.expect(
        "a transaction is open, the pool does not give its connection out, or calls do not run",
    );
    Found {
        result,
        stopped,
        connections: proxy.ports().len(),
        at_acquire: point < OF_POOL,
        journal,
        rows,
    }
}

/// What is stored, and whether others can go on.
async fn afterwards(
    db: &Database,
    proxy: &Proxy,
    pool: &Pool,
    (journal, dropped): (&Journal, bool),
    shape: Shape,
) -> Vec<i64> {
    let mut next = driver::take(pool).await;
    driver::insert(&mut next, 100).await.unwrap();
    drop(next);
    while open::behind(proxy, &db.server()).await > 0 {
        driver::pause().await;
    }
    // Waits for whoever still has written the same rows, and has not ended.
    let mut other = db.connect().await;
    let mut rows = Vec::new();
    for row in 1..=3 {
        if driver::insert(&mut other, row).await.is_err() {
            rows.push(row);
        }
    }
    // The calls go on after their future was dropped, those of a commit that was under way as well.
    while (dropped && !rows.is_empty()) && journal.entries().len() < shape.calls().len() {
        driver::pause().await;
    }
    let committed = db.committed().await;
    assert!(committed.contains(&100), "the next user's row is lost");
    driver::execute(&mut other, "DELETE FROM item")
        .await
        .unwrap();
    rows
}

/// Whether the promises hold.
fn judge(found: &Found, shape: Shape, tally: &mut Tally) {
    let mut calls = found.journal.entries();
    calls.sort_unstable();
    let stored = !found.rows.is_empty();
    assert!(!stored || found.rows == shape.rows(), "{:?}", found.rows);
    let outcome = match &found.result {
        None => None,
        Some(Ok(())) => Some(Outcome::Committed),
        Some(Err(Failure::Transaction(error))) => Some(error.outcome()),
        Some(Err(_)) => Some(Outcome::RolledBack),
    };
    match outcome {
        Some(Outcome::Committed) => assert!(stored, "{:?}", found.result),
        Some(Outcome::RolledBack) => assert!(!stored, "{:?}", found.result),
        Some(Outcome::Unknown) => tally.count("unknown outcomes"),
        None => {}
        Some(other) => panic!("{other:?}"),
    }
    if outcome == Some(Outcome::Committed) || (stored && outcome.is_none()) {
        // The last one needs a connection, and says so where it cannot have one.
        let sync = &shape.calls()[..shape.calls().len() - 1];
        assert!(calls.starts_with(&sync.iter().map(ToString::to_string).collect::<Vec<_>>()));
        assert!(calls.len() == shape.calls().len() || found.stopped);
    } else {
        assert!(calls.is_empty(), "{calls:?}, {:?}", found.result);
    }
    if outcome.is_none() && found.connections > 1 {
        assert!(
            found.at_acquire || !keeps_connections(),
            "{} connections",
            found.connections
        );
        tally.count("connections closed");
    }
}

/// Whether a connection is known to work although the future of a statement on it was dropped.
fn keeps_connections() -> bool {
    subject().contains("postgres")
}

/// The messages with which a pool gets a connection back, and gives it out.
const OF_POOL: usize = 2;

/// Sweeps the shapes beside each other: most of the time each of them waits.
async fn sweep(fault: Fault) -> Tally {
    let kind = format!("{} at each message, {}", fault.said(), subject());
    let tally = RefCell::new(Tally::new(kind));
    join_all(Shape::ALL.map(|shape| sweep_shape(shape, fault, &tally))).await;
    tally.into_inner()
}

/// On a database of its own.
async fn sweep_shape(shape: Shape, fault: Fault, tally: &RefCell<Tally>) {
    let db = driver::open().await;
    for held in Held::BOTH {
        for point in 0.. {
            println!("{shape:?}, {held:?} held, message {point}");
            let found = stop(&db, shape, held, point, fault).await;
            judge(&found, shape, &mut tally.borrow_mut());
            if !found.stopped {
                found.result.unwrap().unwrap();
                assert!(point >= 4, "{point} messages");
                break;
            }
            tally.borrow_mut().inject();
        }
    }
}

/// Gives the nested block up where so many messages have passed, and goes on. Returns whether it did.
#[commit_on_success(tx = driver::source(pool))]
async fn giving_up(
    pool: &Pool,
    shape: Shape,
    journal: &Journal,
    (gate, point): (&Gate, usize),
) -> Result<bool, Failure> {
    driver::insert(tx, 1).await?;
    defer!(journal.clone().note("call 1"));
    gate.hold();
    let given_up = tokio::select! {
        biased;
        nested = nested(tx, shape, journal) => {
            assert_eq!(nested.is_err(), shape == Shape::NestedFails);
            false
        }
        () = pass(gate, point) => true,
    };
    gate.open();
    driver::insert(tx, 3).await?;
    Ok(given_up)
}

/// Returns whether the nested block was given up.
async fn give_up(
    db: &Database,
    shape: Shape,
    held: Held,
    point: usize,
    tally: &RefCell<Tally>,
) -> bool {
    let proxy = Proxy::to(db.server()).await.unwrap();
    let pool = db.through(proxy.address()).pool(1).await;
    drop(driver::take(&pool).await);
    let journal = Journal::default();
    let at = (held.gate(&proxy), point);
    let result = tokio::time::timeout(PATIENCE, giving_up(&pool, shape, &journal, at)).await;
    let result = result.expect("the block goes on");
    let calls = journal.entries();
    let none = Journal::default();
    let rows = tokio::time::timeout(
        PATIENCE,
        afterwards(db, &proxy, &pool, (&none, false), shape),
    )
    .await;
    let rows = rows.expect("a transaction is open");
    match result {
        Ok(false) => {
            assert_eq!(rows, shape.rows());
            return false;
        }
        // There was no savepoint yet, and the outer block is as if there had been no other.
        Ok(true) => {
            assert_eq!((&*rows, &*calls), (&[1, 3][..], &["call 1".to_owned()][..]));
            tally.borrow_mut().count("without a trace");
        }
        // Nothing of the outer block is stored, and its caller is told why; or the connection did not
        // survive, and it is the body's own error.
        Err(Failure::Transaction(error)) => {
            assert_eq!(error.rollback_only(), Some(RollbackOnly::NestedCancelled));
            assert!(rows.is_empty() && calls.is_empty(), "{rows:?} {calls:?}");
        }
        Err(error) => {
            assert!(matches!(error, Failure::Driver(_)), "{error:?}");
            assert!(rows.is_empty() && calls.is_empty(), "{rows:?} {calls:?}");
            tally.borrow_mut().count("connections lost");
        }
    }
    true
}

/// Gives it up at each message, on a database of its own.
async fn give_up_everywhere(shape: Shape, held: Held, tally: &RefCell<Tally>) {
    let db = driver::open().await;
    let mut point = 0;
    while give_up(&db, shape, held, point, tally).await {
        tally.borrow_mut().inject();
        point += 1;
    }
    assert!(point >= 3, "{point} messages");
}

#[crate::driver::test]
async fn a_nested_block_that_is_given_up_at_any_message_never_leaves_half_of_the_outer_one() {
    let kind = format!("nested blocks given up at each message, {}", subject());
    let tally = RefCell::new(Tally::new(kind));
    let give_up = |shape| Held::BOTH.map(|held| give_up_everywhere(shape, held, &tally));
    let everywhere = [Shape::Nested, Shape::NestedFails].map(give_up);
    join_all(everywhere.into_iter().flatten()).await;
    tally.into_inner().publish();
}

#[crate::driver::test]
async fn a_future_that_is_dropped_at_any_message_leaves_nothing_open_and_no_row_without_its_calls()
{
    sweep(Fault::Drop).await.publish();
}

#[crate::driver::test]
async fn a_wire_that_is_cut_at_any_message_never_makes_a_wrong_outcome() {
    sweep(Fault::Cut).await.publish();
}
