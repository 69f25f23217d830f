//! A cell, run for real.

use std::cell::{Cell as Slot, RefCell};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use super::blocks::{
    Run, ended, nested, nested_later, outer_lent, outer_lent_later, outer_lent_thrice,
    outer_lent_thrice_later, outer_owned, outer_owned_later, outer_owned_thrice,
    outer_owned_thrice_later,
};
use super::cells::{Cell, Level, Place};
use super::seen::{Seen, Watched};
use crate::polling::poll_once;
use crate::scripted::{AppError, Database, Flavour};

/// Runs a cell, and returns what could be seen of it from outside.
#[must_use]
pub fn run(cell: &Cell) -> Seen {
    let run = Run {
        cell,
        database: cell.database(),
        bodies: Slot::new(0),
        inner: RefCell::default(),
    };
    let database = run.database.clone();
    let watched = Watched::begin(&database);
    let is_foreign = cell.level == Level::Foreign;
    if is_foreign {
        database.raw_begin();
    }
    let result = match cell.flavour {
        Flavour::Sync => catch_unwind(AssertUnwindSafe(|| start(&run))).map(Some),
        Flavour::Async => catch_unwind(AssertUnwindSafe(|| drive(start_later(&run), &database))),
    };
    drop(watched);
    if is_foreign {
        database.raw_commit();
    }
    let result = ended(result.transpose());
    Seen::of(cell, &database, result, run.inner.take(), run.bodies.get())
}

fn start(run: &Run<'_>) -> Result<(), AppError> {
    let (mut connection, pool) = (run.database.connection(), run.database.pool());
    match (run.cell.level, run.cell.place, run.cell.attempts) {
        (Level::Foreign, ..) => nested(&mut connection, run),
        (_, Place::Lent, 1) => outer_lent(&mut connection, run),
        (_, Place::Lent, _) => outer_lent_thrice(&mut connection, run),
        (_, Place::Owned, 1) => outer_owned(&pool, run),
        (_, Place::Owned, _) => outer_owned_thrice(&pool, run),
    }
}

async fn start_later(run: &Run<'_>) -> Result<(), AppError> {
    let (mut connection, pool) = (run.database.connection(), run.database.pool());
    match (run.cell.level, run.cell.place, run.cell.attempts) {
        (Level::Foreign, ..) => nested_later(&mut connection, run).await,
        (_, Place::Lent, 1) => outer_lent_later(&mut connection, run).await,
        (_, Place::Lent, _) => outer_lent_thrice_later(&mut connection, run).await,
        (_, Place::Owned, 1) => outer_owned_later(&pool, run).await,
        (_, Place::Owned, _) => outer_owned_thrice_later(&pool, run).await,
    }
}

/// Polls a future until it is ready, or stuck and then dropped.
fn drive<F: Future>(future: F, database: &Database) -> Option<F::Output> {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = poll_once(future.as_mut()) {
            return Some(output);
        }
        if database.is_stuck() {
            return None;
        }
        // The wait between two attempts has a thread of its own.
        std::thread::yield_now();
    }
}
