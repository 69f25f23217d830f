//! Random programs of nested blocks, run for real and compared with a model.

use std::panic::panic_any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use commit_on_success::{
    ErrorKind, commit_on_success, defer, in_transaction, set_rollback, signals,
};
use commit_on_success_tests::faults::Tally;
use commit_on_success_tests::model::{
    Around, Block, Call, Caught, End, Propagation, Seen, Step, Traits, expected,
};
use commit_on_success_tests::programs::searches;

use crate::driver::{self, Connection, Database, Pool};
use crate::support::{Failure, Journal, subject};

/// The world that a program runs in.
#[derive(Clone)]
pub(super) struct World {
    pool: Pool,
    pub(super) journal: Journal,
    pub(super) numbers: Arc<AtomicI64>,
}

impl World {
    pub(super) fn number(&self) -> i64 {
        self.numbers.fetch_add(1, Ordering::Relaxed) + 1
    }
}

pub(super) fn ended(end: End, number: i64) -> Result<(), Failure> {
    match end {
        End::Succeeds => Ok(()),
        End::Fails => Err(Failure::body(&format!("{number} failed"))),
        End::Panics => panic_any(format!("{number} panicked")),
    }
}

/// The words of the model for a result.
pub(super) fn said(result: Result<Result<(), Failure>, Box<dyn std::any::Any + Send>>) -> String {
    let error = match result {
        Ok(Ok(())) => return "ok".to_owned(),
        Ok(Err(Failure::Transaction(error))) => error,
        Ok(Err(Failure::Body(text))) => return text.to_string(),
        Ok(Err(Failure::Driver(_))) => return "the driver failed".to_owned(),
        Err(payload) => match payload.downcast::<String>() {
            Ok(text) => return *text,
            Err(_) => return "an unknown panic".to_owned(),
        },
    };
    match error.kind() {
        ErrorKind::Mandatory => "mandatory".to_owned(),
        ErrorKind::Durable => "durable".to_owned(),
        ErrorKind::RollbackOnly => "rollback only".to_owned(),
        ErrorKind::NestedBegin => "no savepoint".to_owned(),
        ErrorKind::Aborted => "aborted".to_owned(),
        ErrorKind::NotOwned => "not owned".to_owned(),
        ErrorKind::Handlers => format!("{} calls failed", error.failures().len()),
        _ => format!("{error:?}"),
    }
}

async fn call(world: World, number: i64, call: Call) -> Result<(), Failure> {
    assert!(!in_transaction());
    world.journal.note(format!("{number} runs"));
    match call {
        Call::Ends(end) => ended(end, number),
        Call::Defers(end) => {
            let number = world.number();
            defer!(move || run_at_once(&world, number, end));
            Ok(())
        }
        Call::Stores(end) => {
            let number = world.number();
            store(&world, number, end).await
        }
    }
}

fn run_at_once(world: &World, number: i64, end: End) -> Result<(), Failure> {
    world.journal.note(format!("{number} runs at once"));
    ended(end, number)
}

#[commit_on_success(tx = driver::source(&world.pool))]
async fn store(world: &World, number: i64, end: End) -> Result<(), Failure> {
    driver::insert(tx, number).await?;
    let journal = world.journal.clone();
    defer!(journal.note(format!("{number} is stored")));
    ended(end, number)
}

#[commit_on_success(tx = driver::source(&world.pool))]
async fn outermost(world: &World, block: &Block) -> Result<(), Failure> {
    steps(tx, world, block).await
}

#[commit_on_success]
async fn nested(conn: &mut Connection, world: &World, block: &Block) -> Result<(), Failure> {
    steps(conn, world, block).await
}

#[commit_on_success(propagation = required)]
async fn required(conn: &mut Connection, world: &World, block: &Block) -> Result<(), Failure> {
    steps(conn, world, block).await
}

#[commit_on_success(propagation = mandatory)]
async fn mandatory(conn: &mut Connection, world: &World, block: &Block) -> Result<(), Failure> {
    steps(conn, world, block).await
}

#[commit_on_success(propagation = durable)]
async fn durable(conn: &mut Connection, world: &World, block: &Block) -> Result<(), Failure> {
    steps(conn, world, block).await
}

/// A local of a body that defers a call when it is dropped.
pub(super) struct Deferring(pub(super) World);

impl Drop for Deferring {
    fn drop(&mut self) {
        let (number, journal) = (self.0.number(), self.0.journal.clone());
        defer!(move || journal.note(format!("{number} runs")));
    }
}

async fn steps(conn: &mut Connection, world: &World, block: &Block) -> Result<(), Failure> {
    // Dropped in the order in which they are made.
    let mut locals = Vec::new();
    for step in &block.steps {
        match step {
            Step::DeferAtEnd => locals.push(Deferring(world.clone())),
            Step::Insert => insert(conn, world).await?,
            Step::Swallow => {
                driver::insert(conn, 0).await.unwrap_err();
            }
            Step::Block(block, Caught::No) => inner(conn, world, block).await?,
            Step::Block(block, Caught::Yes) => {
                let result = driver::caught!(inner(conn, world, block));
                world.journal.note(format!("caught {}", said(result)));
            }
            other => register(world, other).await,
        }
        assert!(in_transaction());
    }
    let number = world.number();
    ended(block.end, number)
}

/// Takes a number only for what is stored.
async fn insert(conn: &mut Connection, world: &World) -> Result<(), Failure> {
    let number = world.number();
    if let Err(error) = driver::insert(conn, number).await {
        world.numbers.fetch_sub(1, Ordering::Relaxed);
        return Err(error.into());
    }
    Ok(())
}

async fn inner(conn: &mut Connection, world: &World, block: &Block) -> Result<(), Failure> {
    match block.propagation {
        Propagation::Nested => driver::boxed!(nested(conn, world, block)),
        Propagation::Required => driver::boxed!(required(conn, world, block)),
        Propagation::Mandatory => driver::boxed!(mandatory(conn, world, block)),
        Propagation::Durable => driver::boxed!(durable(conn, world, block)),
    }
}

pub(super) async fn register(world: &World, step: &Step) {
    let journal = world.journal.clone();
    match step {
        Step::Defer(what) => {
            let number = world.number();
            let (world, what) = (world.clone(), *what);
            defer!(call(world, number, what).await);
        }
        Step::PostCommit(end) => {
            let (number, end) = (world.number(), *end);
            let handler = move |_: &signals::Committed| {
                journal.note(format!("{number} committed"));
                ended(end, number)
            };
            signals::post_commit().connect(handler).unwrap();
        }
        Step::PostRollback => {
            let number = world.number();
            let handler = move |event: &signals::RolledBack| {
                journal.note(format!("{number} rolled back: {:?}", event.cause));
            };
            signals::post_rollback().connect(handler).unwrap();
        }
        _ => set_rollback().unwrap(),
    }
}

/// Runs a program, and puts the table back as it was.
async fn run(db: &Database, pool: &Pool, program: &Block, around: Around) -> Seen {
    let world = World {
        pool: pool.clone(),
        journal: Journal::default(),
        numbers: Arc::default(),
    };
    let result = match around {
        Around::Nobody => said(driver::caught!(outermost(&world, program))),
        Around::Somebody => super::model_by_hand::run(db, &world, program).await,
    };
    assert!(!in_transaction());
    let rows = db.committed().await.split_off(1);
    let mut conn = driver::take(pool).await;
    driver::execute(&mut conn, "DELETE FROM item WHERE id > 0")
        .await
        .unwrap();
    Seen {
        rows,
        journal: world.journal.entries(),
        result,
    }
}

#[commit_on_success(tx = driver::source(pool))]
async fn swallow(pool: &Pool) -> Result<bool, Failure> {
    driver::insert(tx, 0).await.unwrap_err();
    set_rollback().unwrap();
    Ok(driver::insert(tx, 1).await.is_ok())
}

#[commit_on_success]
async fn panic(conn: &mut Connection) -> Result<(), Failure> {
    driver::insert(conn, 1).await?;
    panic_any("a panic that is caught");
}

#[commit_on_success(tx = driver::source(pool))]
async fn survive(pool: &Pool) -> Result<(), Failure> {
    driver::caught!(panic(tx)).unwrap_err();
    Ok(())
}

#[commit_on_success]
async fn fail_and_panic(conn: &mut Connection) -> Result<(), Failure> {
    driver::insert(conn, 0).await.unwrap_err();
    panic_any("a panic that is caught");
}

#[commit_on_success(tx = driver::source(pool))]
async fn go_on(pool: &Pool, works: &AtomicBool) -> Result<(), Failure> {
    driver::caught!(fail_and_panic(tx)).unwrap_err();
    set_rollback().unwrap();
    let inserted = driver::insert(tx, 1).await;
    works.store(inserted.is_ok(), Ordering::SeqCst);
    Ok(())
}

/// Asks the driver what it does when a statement fails, and when a body panics.
async fn traits(pool: &Pool) -> Traits {
    let works = AtomicBool::new(false);
    let _doomed = go_on(pool, &works).await;
    Traits {
        failure_aborts: !swallow(pool).await.unwrap(),
        panic_dooms: survive(pool).await.is_err(),
        panic_undoes: works.into_inner(),
    }
}

pub(super) async fn run_all(around: Around, kind: &str) {
    let db = driver::open().await;
    driver::insert(&mut db.connect().await, 0).await.unwrap();
    let pool = db.pool(1).await;
    let traits = traits(&pool).await;
    let mut tally = Tally::new(format!("{kind}, {}", subject()));
    for mut search in searches() {
        while let Some(program) = search.candidate() {
            let expected = expected(&program, around, traits);
            let is_up_to_driver = around == Around::Somebody && traits.panic_dooms;
            if is_up_to_driver && expected.result.ends_with(" panicked") {
                // Whether its rows are undone depends on what the driver can do without waiting.
                break;
            }
            tally.inject();
            let seen = run(&db, &pool, &program, around).await;
            tally.add("of them stored", u64::from(!seen.rows.is_empty()));
            search.judge(program, expected, seen);
        }
        if let Some(wrong) = search.wrong() {
            tally.promise(false, || wrong);
            // Others are most likely wrong in the same way.
            break;
        }
    }
    tally.publish();
}

#[crate::driver::test]
async fn random_programs_do_what_the_model_says() {
    run_all(Around::Nobody, "random programs").await;
}
