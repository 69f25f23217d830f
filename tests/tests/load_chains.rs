//! Calls that defer calls.
//!
//! A deferred call runs outside of any transaction, where what it defers runs at once, inside of it. A
//! chain of such calls is a plain recursion, sync or async: its length is limited by the stack, and one
//! without end overflows it, which ends the process. What was committed stays.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::pin::Pin;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use commit_on_success::{commit_on_success, defer, in_transaction};
use commit_on_success_tests::faults::Tally;
use commit_on_success_tests::polling::complete;
use commit_on_success_tests::scripted::{AppError, Connection, Database};

const LENGTH: usize = 10_000;

/// What was seen along a chain.
#[derive(Clone, Default)]
struct Chain {
    calls: Arc<AtomicUsize>,
    /// Where the first call and the last one so far have a local variable.
    at: Arc<Mutex<[usize; 2]>>,
}

impl Chain {
    fn call(&self, left: usize) {
        assert!(!in_transaction());
        assert_eq!(
            self.calls.fetch_add(1, Ordering::Relaxed) + left,
            LENGTH - 1
        );
        let local = 0_u8;
        let here = std::ptr::from_ref(&local).addr();
        let mut at = self.at.lock().unwrap();
        if left == LENGTH - 1 {
            at[0] = here;
        }
        at[1] = here;
    }

    fn publish(&self, kind: &str) {
        let build = if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        };
        let mut tally = Tally::new(format!("calls deferred by calls, {kind}, {build}"));
        tally.inject();
        let calls = self.calls.load(Ordering::Relaxed);
        tally.promise(calls == LENGTH, || format!("{calls} calls"));
        tally.add("calls", u64::try_from(calls).unwrap());
        let [first, last] = *self.at.lock().unwrap();
        let bytes = (first - last) / (LENGTH - 1);
        tally.measure("bytes of stack per call", u64::try_from(bytes).unwrap());
        tally.publish();
    }
}

fn sync(chain: Chain, left: usize) {
    chain.call(left);
    if left > 0 {
        defer!(sync(chain, left - 1));
    }
}

fn later(chain: Chain, left: usize) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    // A future that contains itself has to be boxed.
    Box::pin(async move {
        chain.call(left);
        if left > 0 {
            defer!(later(chain, left - 1).await);
        }
    })
}

#[commit_on_success]
fn block(connection: &mut Connection, chain: &Chain) -> Result<(), AppError> {
    defer!(sync(chain.clone(), LENGTH - 1));
    defer!(connection.database().clone().note("call after"));
    connection.insert(1)?;
    Ok(())
}

#[commit_on_success]
async fn block_later(connection: &mut Connection, chain: &Chain) -> Result<(), AppError> {
    defer!(later(chain.clone(), LENGTH - 1).await);
    defer!(connection.database().clone().note("call after"));
    connection.insert(1)?;
    Ok(())
}

/// Where the stack is large enough.
fn deep_down(chain: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(512 << 20).spawn(chain);
    thread.unwrap().join().unwrap();
}

#[test]
fn ten_thousand_calls_each_deferred_by_the_one_before_run_in_one_another() {
    deep_down(|| {
        let (database, chain) = (Database::new(), Chain::default());
        block(&mut database.connection(), &chain).unwrap();
        assert_eq!(database.log().last().unwrap(), "call after");
        chain.publish("sync");
    });
}

#[test]
fn ten_thousand_async_calls_each_deferred_by_the_one_before_run_in_one_another() {
    deep_down(|| {
        let (database, chain) = (Database::new(), Chain::default());
        complete(block_later(&mut database.connection(), &chain)).unwrap();
        assert_eq!(database.log().last().unwrap(), "call after");
        chain.publish("async");
    });
}

// Nothing bounds it, neither sync nor async.
#[test]
fn a_chain_without_end_overflows_the_stack_and_what_was_committed_stays() {
    for flavour in ["sync", "async"] {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("database");
        let connection = rusqlite::Connection::open(&file).unwrap();
        let table = "CREATE TABLE row (id INTEGER PRIMARY KEY)";
        connection.execute_batch(table).unwrap();
        let ended = Command::new(env!("CARGO_BIN_EXE_endless"))
            .arg(flavour)
            .arg(&file)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        // What the standard library says before it aborts.
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(said.contains("overflowed its stack"), "{ended:?}");
        assert_eq!(ended.status.code(), None);
        let rows: i64 = connection
            .query_one("SELECT count(*) FROM row", (), |row| row.get(0))
            .unwrap();
        assert_eq!(rows, 1, "{flavour}");
    }
}
