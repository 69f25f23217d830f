//! Thousands of inner blocks that roll back in one transaction need no more memory than a few, neither
//! here nor in SQLite.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::alloc::System;
use std::sync::{Mutex, MutexGuard, PoisonError};

use commit_on_success::{commit_on_success, defer, pending};
use commit_on_success_tests::corner::Calls;
use commit_on_success_tests::faults::Tally;
use commit_on_success_tests::journal::Failure;
use rusqlite::{Connection, ErrorCode};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Who prints the results of other tests allocates as well, but not much.
const NOISE: i64 = 64 * 1024;

/// As many as fill caches.
const FEW: u64 = 200;

/// What is counted is counted for the whole process.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn in_use(region: &Region<'_, System>) -> i64 {
    let stats = region.change();
    i64::try_from(stats.bytes_allocated).unwrap() - i64::try_from(stats.bytes_deallocated).unwrap()
}

const BLOCKS: u64 = 20_000;

/// A savepoint that stays needs 4 kB.
const LIMIT: i64 = 8 * 1024 * 1024;

#[commit_on_success]
fn inner(connection: &mut Connection, number: u64, calls: &Calls) -> Result<(), Failure> {
    connection.execute("INSERT INTO row VALUES (?1)", [number.cast_signed()])?;
    defer!(calls.clone().note("lost"));
    assert_eq!(pending(), 2);
    Err(Failure::Body("the inner block fails"))
}

#[commit_on_success]
fn outer(connection: &mut Connection, calls: &Calls) -> Result<i64, Failure> {
    defer!(calls.clone().note("kept"));
    connection.execute("INSERT INTO row VALUES (-1)", [])?;
    let region = Region::new(ALLOCATOR);
    let mut few = 0;
    for number in 0..BLOCKS {
        let ended = inner(connection, number, calls);
        assert!(matches!(ended, Err(Failure::Body(_))), "{ended:?}");
        if number == FEW {
            few = in_use(&region);
        }
    }
    assert_eq!(pending(), 1);
    Ok(in_use(&region) - few)
}

fn limited() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch("CREATE TABLE row (id INTEGER)")
        .unwrap();
    // SQLite's own memory, in all of the process.
    let limited = connection
        .pragma_update_and_check(None, "hard_heap_limit", LIMIT, |row| row.get::<_, i64>(0));
    assert_eq!(limited, Ok(LIMIT));
    connection
}

#[test]
fn blocks_that_roll_back_leave_no_memory_behind_in_sqlite() {
    let _alone = alone();
    let (mut connection, calls) = (limited(), Calls::default());
    let grown = outer(&mut connection, &calls).unwrap();
    let mut tally = Tally::new("inner blocks rolled back, rusqlite");
    (0..BLOCKS).for_each(|_| tally.inject());
    tally.promise(grown < NOISE, || format!("{grown} bytes more"));
    tally.measure("bytes more", u64::try_from(grown).unwrap_or(0));
    let rows: i64 = connection
        .query_one("SELECT count(*) FROM row", [], |row| row.get(0))
        .unwrap();
    tally.promise(rows == 1, || format!("{rows} rows"));
    tally.promise(calls.lines() == ["kept"], || format!("{calls:?}"));
    tally.publish();
}

// What makes sure that the limit above is one.
#[test]
fn savepoints_that_stay_need_more_memory_than_sqlite_is_given() {
    let _alone = alone();
    let connection = limited();
    connection.execute_batch("BEGIN").unwrap();
    let refused = (0..BLOCKS).find_map(|number| {
        let insert = format!("SAVEPOINT s; INSERT INTO row VALUES ({number}); ROLLBACK TO s");
        connection.execute_batch(&insert).err()
    });
    let code = refused.unwrap().sqlite_error_code();
    assert_eq!(code, Some(ErrorCode::OutOfMemory));
}
