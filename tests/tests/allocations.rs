//! A transaction that defers nothing allocates nothing.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::alloc::System;
use std::future::{Future, poll_fn, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use commit_on_success::{
    Abandoned, AsyncBegin, AsyncTransaction, Begin, BoxError, CommitError, ConnectionId, Error,
    Options, RollbackError, Savepoint, Session, Transaction, TransactionStatus, commit_on_success,
    defer, set_rollback,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Does nothing, but knows how many blocks are open.
struct Nothing {
    depth: usize,
}

struct Work<'c>(&'c mut Nothing);

#[derive(Debug)]
enum Driver {}

impl Session for Work<'_> {
    type Handle<'t>
        = &'t mut Nothing
    where
        Self: 't;

    fn handle(&mut self) -> &mut Nothing {
        self.0
    }

    fn connection_id(&mut self) -> ConnectionId {
        ConnectionId::of(&*self.0)
    }

    fn status(&mut self) -> TransactionStatus {
        if self.0.depth > 0 {
            TransactionStatus::Open
        } else {
            TransactionStatus::Idle
        }
    }
}

impl<'c> Begin<Driver> for &'c mut Nothing {
    type Transaction = Work<'c>;

    fn acquire_session(self) -> Result<Work<'c>, BoxError> {
        Ok(Work(self))
    }
}

impl<'c> AsyncBegin<Driver> for &'c mut Nothing {
    type Transaction = Work<'c>;

    async fn acquire_session(self) -> Result<Work<'c>, BoxError> {
        Ok(Work(self))
    }
}

impl Work<'_> {
    fn up(&mut self) {
        self.0.depth += 1;
    }

    fn down(&mut self) {
        self.0.depth -= 1;
    }

    /// A driver needs the text of a savepoint, which must not cost anything either.
    fn spell(savepoint: Savepoint) {
        assert!(savepoint.create().starts_with("SAVEPOINT "));
        assert!(savepoint.release().starts_with("RELEASE "));
        assert!(savepoint.rollback_to().starts_with("ROLLBACK TO "));
    }
}

impl Transaction for Work<'_> {
    fn begin(&mut self, _: &Options) -> Result<(), BoxError> {
        self.up();
        Ok(())
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        self.down();
        Ok(())
    }

    fn rollback(&mut self) -> Result<(), RollbackError> {
        self.down();
        Ok(())
    }

    fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), BoxError> {
        Self::spell(*savepoint);
        self.up();
        Ok(())
    }

    fn release(&mut self, _: &Savepoint) -> Result<(), CommitError> {
        self.down();
        Ok(())
    }

    fn rollback_to(&mut self, _: &Savepoint) -> Result<(), RollbackError> {
        self.down();
        Ok(())
    }
}

impl AsyncTransaction for Work<'_> {
    fn begin(&mut self, _: &Options) -> impl Future<Output = Result<(), BoxError>> + Send {
        self.up();
        ready(Ok(()))
    }

    fn commit(&mut self) -> impl Future<Output = Result<(), CommitError>> + Send {
        self.down();
        ready(Ok(()))
    }

    fn rollback(&mut self) -> impl Future<Output = Result<(), RollbackError>> + Send {
        self.down();
        ready(Ok(()))
    }

    fn savepoint(
        &mut self,
        savepoint: &Savepoint,
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        Self::spell(*savepoint);
        self.up();
        ready(Ok(()))
    }

    fn release(&mut self, _: &Savepoint) -> impl Future<Output = Result<(), CommitError>> + Send {
        self.down();
        ready(Ok(()))
    }

    fn rollback_to(
        &mut self,
        _: &Savepoint,
    ) -> impl Future<Output = Result<(), RollbackError>> + Send {
        self.down();
        ready(Ok(()))
    }

    fn abandon(&mut self, _: Abandoned) {
        self.down();
    }
}

/// How the innermost body ends, and what it defers.
#[derive(Clone, Copy)]
struct Body {
    depth: usize,
    calls: usize,
    rolls_back: bool,
}

#[commit_on_success]
fn block(nothing: &mut Nothing, body: Body) -> Result<(), Error> {
    if body.depth > 1 {
        let depth = body.depth - 1;
        return block(nothing, Body { depth, ..body });
    }
    for call in 0..body.calls {
        defer!(move || assert_ne!(call, usize::MAX));
    }
    if body.rolls_back {
        set_rollback().unwrap();
    }
    Ok(())
}

#[commit_on_success]
async fn flat_later(nothing: &mut Nothing, body: Body) -> Result<(), Error> {
    once_pending().await;
    for call in 0..body.calls {
        defer!(async move { assert_ne!(call, usize::MAX) });
    }
    if body.rolls_back {
        set_rollback().unwrap();
    }
    assert_eq!(nothing.depth % 3, body.depth % 3);
    Ok(())
}

#[commit_on_success]
async fn nested_later(nothing: &mut Nothing, body: Body) -> Result<(), Error> {
    flat_later(nothing, body).await
}

#[commit_on_success]
async fn twice_nested_later(nothing: &mut Nothing, body: Body) -> Result<(), Error> {
    nested_later(nothing, body).await
}

fn once_pending() -> impl Future<Output = ()> {
    let mut pending = true;
    poll_fn(move |_| {
        if std::mem::take(&mut pending) {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    })
}

fn complete<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        let polled = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        if let Poll::Ready(output) = polled {
            return output;
        }
    }
}

fn sync(body: Body) {
    block(&mut Nothing { depth: 0 }, body).unwrap();
}

fn later(body: Body) {
    let mut nothing = Nothing { depth: 0 };
    let ended = match body.depth {
        1 => complete(flat_later(&mut nothing, body)),
        2 => complete(nested_later(&mut nothing, body)),
        _ => complete(twice_nested_later(&mut nothing, body)),
    };
    ended.unwrap();
}

/// The fewest of several runs, because the test harness's own thread may allocate meanwhile.
fn allocations(run: fn(Body), body: Body) -> usize {
    let count = |_| {
        let region = Region::new(ALLOCATOR);
        run(body);
        let stats = region.change();
        stats.allocations + stats.reallocations
    };
    (0..20).map(count).min().unwrap()
}

// One test, because what is counted is counted for the whole process.
#[test]
fn only_deferred_calls_allocate() {
    let body = |depth, calls, rolls_back| Body {
        depth,
        calls,
        rolls_back,
    };
    for rolls_back in [false, true] {
        for depth in 1..=8 {
            let counted = allocations(sync, body(depth, 0, rolls_back));
            assert_eq!(counted, 0, "sync, {depth} deep");
        }
        for depth in 1..=3 {
            let counted = allocations(later, body(depth, 0, rolls_back));
            assert_eq!(counted, 0, "async, {depth} deep");
        }
    }
    for depth in 1..=3 {
        // The queue, and the call.
        for run in [sync, later] {
            let counted = allocations(run, body(depth, 1, false));
            assert!((1..=2).contains(&counted), "{counted}, {depth} deep");
        }
    }
    // One per call, and the queue's growth.
    for run in [sync, later] {
        let counted = allocations(run, body(1, 1000, false));
        assert!((1000..=1020).contains(&counted), "{counted}");
    }
}
