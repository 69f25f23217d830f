//! Futures of tokio-postgres that are dropped at every point where they wait for the server. A proxy holds
//! what is said, message by message, so that they are sure to wait.

use std::future::pending as forever;
use std::time::Duration;

use commit_on_success::{RollbackOnly, commit_on_success, defer};
use commit_on_success_tests::corner::fresh_name;
use commit_on_success_tests::pg::AppError;
use commit_on_success_tests::proxy::{Gate, Proxy};
use tokio::sync::Notify;
use tokio_postgres::Config;

use crate::dialect::{self, Begun};
use crate::driver::{self, Connection, Database, Pool};
use crate::support::Journal;

/// Much longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A database behind a proxy.
struct Stage {
    db: Database,
    proxy: Proxy,
    config: Config,
    name: String,
}

impl Stage {
    async fn open() -> Self {
        let db = driver::open().await;
        let proxy = Proxy::to(db.server()).await.unwrap();
        let mut config = db.through(proxy.address()).config;
        let name = fresh_name();
        config.application_name(&name);
        Self {
            db,
            proxy,
            config,
            name,
        }
    }

    /// With its connection already there.
    async fn pool(&self) -> Pool {
        let pool = driver::pool(self.config.clone(), 1);
        drop(driver::take(&pool).await);
        pool
    }

    /// Until nobody is in a transaction, however idle.
    async fn settles(&self, context: &str) {
        let open = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = '{}' AND xact_start IS NOT NULL",
            self.name
        );
        let settled = async {
            while self.db.corner.numbers(open.clone()).await != [0] {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, settled).await;
        assert!(in_time.is_ok(), "a transaction is open, {context}");
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    Flat,
    Nested,
    NestedFails,
}

impl Shape {
    /// The rows that it stores, and the words that it notes in the end.
    fn done(self) -> (&'static [i64], &'static [&'static str]) {
        match self {
            Self::Flat | Self::NestedFails => (&[1, 3], &["1", "3"]),
            Self::Nested => (&[1, 2, 3], &["1", "2", "3"]),
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Held {
    /// The server has not heard of what the future waits for.
    Requests,
    /// The server has done it.
    Replies,
}

const BOTH: [Held; 2] = [Held::Requests, Held::Replies];

impl Held {
    fn gate(self, stage: &Stage) -> &Gate {
        match self {
            Self::Requests => &stage.proxy.requests,
            Self::Replies => &stage.proxy.replies,
        }
    }
}

#[commit_on_success]
async fn block(conn: &mut Connection, shape: Shape, journal: &Journal) -> Result<(), AppError> {
    driver::insert(conn, 1).await?;
    defer!(journal.clone().note("1"));
    if shape != Shape::Flat {
        let nested = nested(conn, shape, journal).await;
        assert_eq!(nested.is_err(), shape == Shape::NestedFails);
    }
    driver::insert(conn, 3).await?;
    defer!(journal.clone().note("3"));
    Ok(())
}

#[commit_on_success]
async fn nested(conn: &mut Connection, shape: Shape, journal: &Journal) -> Result<(), AppError> {
    driver::insert(conn, 2).await?;
    defer!(journal.clone().note("2"));
    if shape == Shape::NestedFails {
        Err(AppError::Own("nested"))
    } else {
        Ok(())
    }
}

#[commit_on_success(tx = pool)]
async fn block_on_pool(pool: &Pool, shape: Shape, journal: &Journal) -> Result<(), AppError> {
    driver::insert(tx, 1).await?;
    defer!(journal.clone().note("1"));
    if shape != Shape::Flat {
        let nested = nested(tx, shape, journal).await;
        assert_eq!(nested.is_err(), shape == Shape::NestedFails);
    }
    driver::insert(tx, 3).await?;
    defer!(journal.clone().note("3"));
    Ok(())
}

/// Lets so many messages through one by one, then drops the future.
async fn cut<F: Future>(future: F, gate: &Gate, messages: usize) -> Option<F::Output> {
    gate.hold();
    let output = tokio::select! {
        biased;
        output = future => Some(output),
        () = pass(gate, messages) => None,
    };
    gate.open();
    output
}

async fn pass(gate: &Gate, messages: usize) {
    for _ in 0..messages {
        gate.holding().await;
        gate.release();
    }
    gate.holding().await;
}

/// Everything or nothing, and then the next user's row. Returns whether the commit took place but its calls
/// did not run, which is for the point where it was in flight.
async fn check(stage: &Stage, shape: Shape, done: bool, journal: &Journal, context: &str) -> bool {
    stage.settles(context).await;
    let (written, noted) = shape.done();
    let mut rows = stage.db.committed().await;
    assert_eq!(rows.pop(), Some(100), "the next user's row, {context}");
    assert!(rows.is_empty() || rows == written, "{rows:?}, {context}");
    let entries = journal.entries();
    if entries.is_empty() {
        assert!(!done, "no call, {context}");
        return !rows.is_empty();
    }
    assert_eq!(
        (&rows[..], &entries[..].len()),
        (written, &noted.len()),
        "{context}"
    );
    assert_eq!(entries, noted, "{context}");
    false
}

/// Only `COMMIT` itself may leave it open whether the calls run; its reply may need more than one read.
const IN_FLIGHT: usize = 3;

#[crate::driver::test]
async fn a_block_on_a_pool_of_one_can_be_dropped_anywhere() {
    for shape in [Shape::Flat, Shape::Nested, Shape::NestedFails] {
        for held in BOTH {
            let mut in_flight = 0;
            for point in 0.. {
                let stage = Stage::open().await;
                let (pool, journal) = (stage.pool().await, Journal::default());
                let future = block_on_pool(&pool, shape, &journal);
                let output = cut(future, held.gate(&stage), point).await;
                let next = async {
                    let mut conn = driver::take(&pool).await;
                    driver::insert(&mut conn, 100).await.unwrap();
                };
                let in_time = tokio::time::timeout(PATIENCE, next).await;
                let context = format!("{shape:?}, {held:?} held, dropped at {point}");
                assert!(in_time.is_ok(), "{context}");
                let done = output.is_some();
                in_flight += usize::from(check(&stage, shape, done, &journal, &context).await);
                if let Some(output) = output {
                    output.unwrap();
                    assert!(point >= 5, "{context}");
                    break;
                }
            }
            assert!(in_flight <= IN_FLIGHT, "{in_flight}");
        }
    }
}

#[crate::driver::test]
async fn a_block_on_a_borrowed_connection_can_be_dropped_anywhere_and_its_owner_can_go_on() {
    for shape in [Shape::Flat, Shape::Nested, Shape::NestedFails] {
        for held in BOTH {
            let mut in_flight = 0;
            for point in 0.. {
                let stage = Stage::open().await;
                let mut conn = dialect::connect(&stage.config).await;
                let journal = Journal::default();
                let future = block(&mut conn, shape, &journal);
                let output = cut(future, held.gate(&stage), point).await;
                let context = format!("{shape:?}, {held:?} held, dropped at {point}");
                driver::insert(&mut conn, 100).await.unwrap();
                let done = output.is_some();
                in_flight += usize::from(check(&stage, shape, done, &journal, &context).await);
                if let Some(output) = output {
                    output.unwrap();
                    assert!(point >= 5, "{context}");
                    break;
                }
            }
            assert!(in_flight <= IN_FLIGHT, "{in_flight}");
        }
    }
}

/// Gives the nested block up after so many messages, and goes on. Whether it was given up.
#[commit_on_success]
async fn giving_up(
    conn: &mut Connection,
    shape: Shape,
    gate: &Gate,
    point: usize,
) -> Result<bool, AppError> {
    driver::insert(conn, 1).await?;
    let journal = Journal::default();
    let given_up = cut(nested(conn, shape, &journal), gate, point)
        .await
        .is_none();
    driver::insert(conn, 3).await?;
    Ok(given_up)
}

#[crate::driver::test]
async fn a_nested_block_can_be_dropped_anywhere_and_nothing_of_the_outer_one_is_stored() {
    for shape in [Shape::Nested, Shape::NestedFails] {
        for held in BOTH {
            for point in 0.. {
                let stage = Stage::open().await;
                let mut conn = dialect::connect(&stage.config).await;
                let result = giving_up(&mut conn, shape, held.gate(&stage), point).await;
                let context = format!("{shape:?}, {held:?} held, dropped at {point}");
                stage.settles(&context).await;
                let rows = stage.db.committed().await;
                if let Ok(given_up) = result {
                    assert!(!given_up, "{context}");
                    assert_eq!(rows, shape.done().0, "{context}");
                    assert!(point >= 3, "{context}");
                    break;
                }
                let error = result.unwrap_err().into_transaction();
                let cause = Some(RollbackOnly::NestedCancelled);
                assert_eq!(error.rollback_only(), cause, "{error:?}, {context}");
                assert!(rows.is_empty(), "{rows:?}, {context}");
                driver::insert(&mut conn, 100).await.unwrap();
                assert_eq!(stage.db.committed().await, [100], "{context}");
            }
        }
    }
}

#[commit_on_success]
async fn nested_by_hand(conn: &mut Begun<'_>, shape: Shape) -> Result<(), AppError> {
    driver::insert(conn, 2).await?;
    if shape == Shape::NestedFails {
        Err(AppError::Own("nested"))
    } else {
        Ok(())
    }
}

#[crate::driver::test]
async fn a_block_in_a_transaction_by_hand_can_be_dropped_anywhere_and_leaves_nothing_in_it() {
    for shape in [Shape::Nested, Shape::NestedFails] {
        for held in BOTH {
            let mut in_flight = 0;
            for point in 0.. {
                let stage = Stage::open().await;
                let mut conn = dialect::connect(&stage.config).await;
                let mut by_hand = driver::begin_by_hand(&mut conn).await;
                driver::insert(&mut by_hand, 1).await.unwrap();
                let future = nested_by_hand(&mut by_hand, shape);
                let ended = cut(future, held.gate(&stage), point).await;
                driver::insert(&mut by_hand, 3).await.unwrap();
                driver::commit_by_hand(by_hand).await;
                let context = format!("{shape:?}, {held:?} held, dropped at {point}");
                stage.settles(&context).await;
                let rows = stage.db.committed().await;
                if ended.is_some() {
                    assert_eq!(rows, shape.done().0, "{context}");
                    assert!(point >= 3, "{context}");
                    break;
                }
                // A savepoint that was released while nobody listened is kept with its parent.
                let released = shape == Shape::Nested && rows == [1, 2, 3];
                assert!(released || rows == [1, 3], "{rows:?}, {context}");
                in_flight += usize::from(released);
            }
            assert!(in_flight <= IN_FLIGHT, "{in_flight}");
        }
    }
}

#[commit_on_success]
async fn hang_in(conn: &mut Begun<'_>, reached: &Notify) -> Result<(), AppError> {
    driver::insert(conn, 2).await?;
    reached.notify_one();
    forever().await
}

#[crate::driver::test]
async fn a_body_in_a_transaction_by_hand_that_is_dropped_leaves_nothing_in_it() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let mut by_hand = driver::begin_by_hand(&mut conn).await;
    driver::insert(&mut by_hand, 1).await.unwrap();
    // More often than savepoints could have names of their own.
    for _ in 0..10 {
        let reached = Notify::new();
        tokio::select! {
            _ = hang_in(&mut by_hand, &reached) => unreachable!("it hangs"),
            () = reached.notified() => {}
        }
    }
    driver::insert(&mut by_hand, 3).await.unwrap();
    driver::commit_by_hand(by_hand).await;
    assert_eq!(db.committed().await, [1, 3]);
}

#[crate::driver::test]
async fn statements_side_by_side_that_are_dropped_are_rolled_back() {
    #[commit_on_success]
    async fn stores(conn: &mut Connection, reached: &Notify) -> Result<(), AppError> {
        let sleep = conn.batch_execute("INSERT INTO item VALUES (1); SELECT pg_sleep(0.2)");
        let insert = conn.batch_execute("INSERT INTO item VALUES (2)");
        let reached = async {
            reached.notify_one();
            forever::<()>().await;
        };
        let (_, _, ()) = tokio::join!(sleep, insert, reached);
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let reached = Notify::new();
    tokio::select! {
        _ = stores(&mut conn, &reached) => unreachable!("it hangs"),
        () = reached.notified() => {}
    }
    driver::insert(&mut conn, 3).await.unwrap();
    assert_eq!(db.committed().await, [3]);
}
