//! Jobs in the transaction of a sync test.

use std::thread;
use std::time::Duration;

use commit_on_success::jobs::Job as _;
use commit_on_success::rusqlite::Db;
use commit_on_success::testing::TestTransaction;
use commit_on_success::{commit_on_success, enqueue};
use commit_on_success_worker::testing::{advance_blocking, run_blocking, stored_blocking};
use commit_on_success_worker::{Context, Handlers, migrate_at};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::jobs::noting;
use crate::scene::Index;

/// A file with the tables of jobs, and one of effects.
struct File {
    path: String,
    _directory: TempDir,
}

impl File {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("jobs.sqlite").display().to_string();
        migrate_at(&path).unwrap();
        let file = Self {
            path,
            _directory: directory,
        };
        let table = "CREATE TABLE credit (id, attempt)";
        file.open().execute_batch(table).unwrap();
        file
    }

    fn open(&self) -> Connection {
        Connection::open(&self.path).unwrap()
    }

    fn assert_empty(&self) {
        let rows = "SELECT (SELECT count(*) FROM river_job) + (SELECT count(*) FROM credit)";
        assert_eq!(number(&self.open(), rows), 0);
    }
}

fn number(conn: &Connection, sql: &str) -> i64 {
    conn.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[commit_on_success]
fn store(conn: &mut Connection, ids: &[i64]) -> anyhow::Result<()> {
    for &id in ids {
        enqueue!(conn, Index { id }.attempts(2))?;
    }
    Ok(())
}

#[test]
fn a_sync_test_shows_what_waits_and_runs_it() {
    let file = File::new();
    let (handlers, ran) = noting();
    let mut conn = file.open();
    let mut test = TestTransaction::begin(&mut conn).unwrap();
    store(test.connection(), &[7, -1]).unwrap();
    let waiting = stored_blocking(test.connection()).unwrap();
    assert_eq!(waiting[0].decode::<Index>().unwrap().id, 7);
    let attempts = run_blocking(test.connection(), &handlers).unwrap();
    assert!(attempts[0].error().is_none() && attempts[1].error().is_some());

    let waiting = stored_blocking(test.connection()).unwrap();
    assert!(waiting[0].is_scheduled() && waiting[0].attempt() == 1);
    let again = run_blocking(test.connection(), &handlers).unwrap();
    assert!(again.is_empty());
    advance_blocking(test.connection(), Duration::from_secs(2)).unwrap();
    let again = run_blocking(test.connection(), &handlers).unwrap();
    assert_eq!(again[0].error().unwrap().to_string(), "the index is broken");
    assert_eq!(stored_blocking(test.connection()).unwrap(), []);
    assert_eq!(*ran.lock().unwrap(), [(7, 1), (-1, 1), (-1, 2)]);
    test.rollback().unwrap();
    file.assert_empty();
}

#[test]
fn handlers_that_block_are_on_the_thread_of_a_sync_test_and_in_no_runtime() {
    let file = File::new();
    let here = thread::current().id();
    let handlers = Handlers::new().handle_blocking(move |_: Context, job: Index| {
        assert!(job.id != 13, "thirteen");
        assert_eq!(thread::current().id(), here);
        let runtime = tokio::runtime::Builder::new_current_thread();
        { runtime }.build()?.block_on(async { anyhow::Ok(()) })
    });
    let mut conn = file.open();
    let mut test = TestTransaction::begin(&mut conn).unwrap();
    store(test.connection(), &[13, 7]).unwrap();
    let ran = run_blocking(test.connection(), &handlers).unwrap();
    assert_eq!(ran[0].error().unwrap().to_string(), "thirteen");
    assert!(ran[1].error().is_none(), "{:?}", ran[1]);
}

#[commit_on_success(tx = db)]
fn credit(db: &Db<Box<Connection>>, context: &Context, job: &Index) -> anyhow::Result<()> {
    db.with(|conn| {
        let credit = "INSERT INTO credit VALUES (?1, ?2)";
        conn.execute(credit, (job.id, context.attempt()))?;
        context.complete_blocking(conn)?;
        anyhow::Ok(())
    })?;
    if job.id > 0 {
        enqueue!(db, Index { id: job.id - 1 })?;
    }
    anyhow::ensure!(job.id >= 0, "after it was completed");
    Ok(())
}

#[test]
fn handlers_with_the_handle_of_a_sync_test_are_in_its_transaction() {
    let file = File::new();
    let path = file.path.clone();
    let db = Db::new(move || Connection::open(&path).map(Box::new));
    let by_handle = db.clone();
    let handlers = Handlers::new()
        .handle_blocking(move |context: Context, job: Index| credit(&by_handle, &context, &job));
    let test = TestTransaction::begin(&db).unwrap();
    db.with(|conn| {
        conn.execute("INSERT INTO credit VALUES (40, 0)", [])?;
        anyhow::Ok(())
    })
    .unwrap();
    enqueue_by(&db, 2).unwrap();
    enqueue_by(&db, -1).unwrap();
    let ran = run_blocking(&db, &handlers).unwrap();
    let errors = ran.iter().filter_map(|ran| ran.error());
    let errors = errors.map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        (ran.len(), errors),
        (4, vec!["after it was completed".to_owned()])
    );
    let credits = db.with(|conn| anyhow::Ok(number(conn, "SELECT sum(id) FROM credit")));
    assert_eq!(credits.unwrap(), 43);
    assert_eq!(stored_blocking(&db).unwrap().len(), 1, "it was rolled back");
    test.rollback().unwrap();
    file.assert_empty();
}

#[commit_on_success(tx = db)]
fn enqueue_by(db: &Db<Box<Connection>>, id: i64) -> anyhow::Result<()> {
    enqueue!(db, Index { id })?;
    Ok(())
}

#[tokio::test]
async fn handlers_that_block_are_on_a_thread_for_that_in_an_async_test() {
    let file = File::new();
    let here = thread::current().id();
    let handlers = Handlers::new().handle_blocking(move |_: Context, job: Index| {
        assert_ne!(thread::current().id(), here);
        assert!(job.id != 13, "thirteen");
        anyhow::Ok(())
    });
    store(&mut file.open(), &[13, 7]).unwrap();
    let pool = crate::scene::sqlite_pool(&file.path).await;
    let mut conn = pool.acquire().await.unwrap();
    let ran = commit_on_success_worker::testing::run(&mut *conn, &handlers).await;
    let ran = ran.unwrap();
    assert_eq!(ran[0].error().unwrap().to_string(), "thirteen");
    assert!(ran[1].error().is_none());
}
