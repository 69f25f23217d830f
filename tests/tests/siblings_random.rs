//! Random blocks beside each other and inside of each other, on one connection that can be lent twice.
//!
//! Which of them are refused depends on how they meet; what has to hold does not: a block that returned `Ok` is stored
//! with its calls if all the blocks around it are, and of any other nothing is.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;

use commit_on_success::signals::post_rollback;
use commit_on_success::{ErrorKind, commit_on_success, defer};
use commit_on_success_tests::polling::complete;
use commit_on_success_tests::scripted::{AppError, Connection, Database, Shared, pause};
use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// The way in which a block lives in the one around it.
#[derive(Clone, Copy, Debug)]
enum How {
    Nested,
    Joined,
}

/// A block, and those that it runs beside each other.
#[derive(Clone, Debug)]
struct Branch {
    how: How,
    pauses_before: usize,
    pauses_inside: usize,
    fails: bool,
    inner: Vec<Branch>,
}

fn branches() -> impl Strategy<Value = Vec<Branch>> {
    let leaf = (branch(), Just(Vec::new()));
    let tree = leaf
        .prop_map(|(branch, inner)| Branch { inner, ..branch })
        .prop_recursive(2, 12, 4, |inner| {
            (branch(), prop::collection::vec(inner, 0..4))
                .prop_map(|(branch, inner)| Branch { inner, ..branch })
        });
    prop::collection::vec(tree, 1..5)
}

fn branch() -> impl Strategy<Value = Branch> {
    let how = prop_oneof![Just(How::Nested), Just(How::Joined)];
    (how, 0_usize..6, 0_usize..4, prop::bool::weighted(0.15)).prop_map(
        |(how, pauses_before, pauses_inside, fails)| Branch {
            how,
            pauses_before,
            pauses_inside,
            fails,
            inner: Vec::new(),
        },
    )
}

/// What became of a block: its number, the one around it, whether its body ran, and its result.
#[derive(Debug)]
struct Report {
    id: i64,
    around: i64,
    ran: bool,
    result: Result<(), AppError>,
}

/// The world that the blocks of one program run in.
struct World<'w> {
    shared: &'w Shared,
    next: Mutex<i64>,
    reports: Mutex<Vec<Report>>,
    bodies: Mutex<Vec<i64>>,
}

impl World<'_> {
    fn number(&self) -> i64 {
        let mut next = self.next.lock().unwrap();
        *next += 1;
        *next
    }
}

type Boxed<'b, T> = Pin<Box<dyn Future<Output = T> + Send + 'b>>;

fn register(connection: &Connection, id: i64) {
    let (call, handler) = (connection.database().clone(), connection.database().clone());
    defer!(move || call.note(&format!("call {id}")));
    let handler = move |_: &_| handler.note(&format!("handler {id}"));
    post_rollback().connect(handler).unwrap();
}

fn run<'b>(world: &'b World<'_>, branch: &'b Branch, around: i64) -> Boxed<'b, ()> {
    Box::pin(async move {
        pause(branch.pauses_before).await;
        let id = world.number();
        let result = match branch.how {
            How::Nested => nested(world.shared, world, branch, id).await,
            How::Joined => joined(world.shared, world, branch, id).await,
        };
        let ran = world.bodies.lock().unwrap().contains(&id);
        let report = Report {
            id,
            around,
            ran,
            result,
        };
        world.reports.lock().unwrap().push(report);
    })
}

async fn body(
    connection: &mut Connection,
    world: &World<'_>,
    branch: &Branch,
    id: i64,
) -> Result<(), AppError> {
    world.bodies.lock().unwrap().push(id);
    register(connection, id);
    connection.insert(id)?;
    pause(branch.pauses_inside).await;
    join_all(branch.inner.iter().map(|inner| run(world, inner, id))).await;
    pause(branch.pauses_inside).await;
    if branch.fails {
        return Err(AppError::Body("fails"));
    }
    Ok(())
}

#[commit_on_success(tx = shared)]
async fn nested(
    shared: &Shared,
    world: &World<'_>,
    branch: &Branch,
    id: i64,
) -> Result<(), AppError> {
    body(tx, world, branch, id).await
}

#[commit_on_success(tx = shared, propagation = required)]
async fn joined(
    shared: &Shared,
    world: &World<'_>,
    branch: &Branch,
    id: i64,
) -> Result<(), AppError> {
    body(tx, world, branch, id).await
}

#[commit_on_success(tx = shared)]
async fn outermost(
    shared: &Shared,
    world: &World<'_>,
    branches: &[Branch],
) -> Result<(), AppError> {
    register(tx, 0);
    tx.insert(0)?;
    join_all(branches.iter().map(|branch| run(world, branch, 0))).await;
    Ok(())
}

/// Whether a block, and all of those around it, returned `Ok`.
fn is_kept(reports: &[Report], id: i64) -> bool {
    let report = reports.iter().find(|report| report.id == id).unwrap();
    report.result.is_ok() && (id == 0 || is_kept(reports, report.around))
}

/// How many blocks were refused, and how many ran.
fn check(branches: &[Branch]) -> (usize, usize) {
    let database = Database::new();
    let shared = database.shared();
    let world = World {
        shared: &shared,
        next: Mutex::new(0),
        reports: Mutex::default(),
        bodies: Mutex::default(),
    };
    let result = complete(outermost(&shared, &world, branches));
    let mut reports = world.reports.into_inner().unwrap();
    reports.push(Report {
        id: 0,
        around: 0,
        ran: true,
        result,
    });
    let durable = database.durable();
    for Report {
        id, ran, result, ..
    } in &reports
    {
        let kept = is_kept(&reports, *id);
        assert!(*ran || result.is_err(), "{id} {result:?}");
        assert_eq!(durable.contains(id), kept, "{id} {reports:?} {database:?}");
        let told = |what| database.count(&format!("{what} {id}"));
        assert_eq!(
            told("call"),
            usize::from(kept),
            "{id} {reports:?} {database:?}"
        );
        assert_eq!(
            told("handler"),
            usize::from(*ran && !kept),
            "{id} {reports:?} {database:?}"
        );
    }
    assert!(!database.left_open(), "{database:?}");
    let refused = reports.iter().filter(|report| {
        matches!(&report.result,
            Err(AppError::Transaction(error)) if error.kind() == ErrorKind::Concurrent)
    });
    (
        refused.count(),
        reports.iter().filter(|report| report.ran).count(),
    )
}

#[test]
fn what_is_stored_is_what_returned_ok_however_blocks_meet() {
    let (refused, ran) = (Cell::new(0), Cell::new(0));
    TestRunner::new(ProptestConfig::with_cases(4000))
        .run(&branches(), |branches| {
            let counts = check(&branches);
            refused.set(refused.get() + counts.0);
            ran.set(ran.get() + counts.1);
            Ok(())
        })
        .unwrap();
    assert!(refused.get() > 1000, "{} were refused", refused.get());
    assert!(ran.get() > 5000, "{} ran", ran.get());
}
