// Tests of diesel and diesel-async alone: generic functions, the depth that diesel counts, its own transactions around
// and inside of blocks, and its instrumentation.

use std::panic::panic_any;
use std::sync::{Arc, Mutex};

use commit_on_success::{
    Error, ErrorKind, Outcome, commit_on_success, defer, in_transaction, pending,
};
use commit_on_success_tests::errors::source_of;
use diesel::connection::InstrumentationEvent;

use crate::driver::{self, Connection, DriverError, Generic, Pool, Pooled, PooledFor};
use crate::support::{Failure, Journal};

#[commit_on_success]
async fn store(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    defer!(journal.clone().note(id.to_string()));
    if id % 2 == 0 {
        Err(Failure::body("even"))
    } else {
        Ok(())
    }
}

#[commit_on_success]
async fn store_generic<C: Generic>(
    conn: &mut C,
    id: i64,
    journal: &Journal,
) -> Result<(), Failure> {
    driver::send(conn, &format!("INSERT INTO item (id) VALUES ({id})")).await?;
    defer!(journal.clone().note(format!("generic {id}")));
    if id % 2 == 0 {
        Err(Failure::body("even"))
    } else {
        Ok(())
    }
}

#[commit_on_success]
async fn nest_generic<C: Generic>(conn: &mut C, journal: &Journal) -> Result<(), Failure> {
    store_generic(conn, 1, journal).await?;
    store_generic(conn, 2, journal).await.unwrap_err();
    assert_eq!(pending(), 1);
    store_generic(conn, 3, journal).await
}

#[crate::driver::test]
async fn a_generic_function_commits_rolls_back_and_nests() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    nest_generic(&mut conn, &journal).await.unwrap();
    store_generic(&mut driver::take(&pool).await, 4, &journal)
        .await
        .unwrap_err();
    store_generic(&mut driver::take(&pool).await, 5, &journal)
        .await
        .unwrap();
    assert_eq!(journal.entries(), ["generic 1", "generic 3", "generic 5"]);
    assert_eq!(db.committed().await, [1, 3, 5]);
}

#[crate::driver::test]
async fn a_pooled_connection_and_the_connection_inside_of_it_nest() {
    #[commit_on_success]
    async fn outer(conn: &mut PooledFor<'_>, journal: &Journal) -> Result<(), Failure> {
        // Each leads to the same connection in another way.
        store_generic(conn, 1, journal).await?;
        store(conn, 3, journal).await?;
        store(&mut *conn, 4, journal).await.unwrap_err();
        let inside: &mut Connection = conn;
        store(inside, 5, journal).await?;
        store_generic(&mut **conn, 7, journal).await?;
        assert!(journal.entries().is_empty());
        assert_eq!(pending(), 4);
        Ok(())
    }

    #[commit_on_success(tx = driver::source(pool))]
    async fn of_pool(pool: &Pool, journal: &Journal) -> Result<(), Failure> {
        outer(tx, journal).await?;
        store(tx, 9, journal).await?;
        assert_eq!(pending(), 5);
        Ok(())
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    of_pool(&pool, &journal).await.unwrap();
    let expected = ["generic 1", "3", "5", "generic 7", "9"];
    assert_eq!(journal.entries(), expected);
    assert_eq!(db.committed().await, [1, 3, 5, 7, 9]);
}

#[crate::driver::test]
async fn pools_and_what_they_give_are_sources_in_every_form() {
    #[commit_on_success]
    async fn pool_by_value(tx: Pool, id: i64, journal: &Journal) -> Result<(), Failure> {
        store(tx, id, journal).await
    }

    #[commit_on_success]
    async fn pool_by_reference(tx: &Pool, id: i64, journal: &Journal) -> Result<(), Failure> {
        store(tx, id, journal).await
    }

    #[commit_on_success(tx = &*pool)]
    async fn shared_pool(pool: Arc<Pool>, id: i64, journal: &Journal) -> Result<(), Failure> {
        store(tx, id, journal).await
    }

    #[commit_on_success(tx = pool.get().await?)]
    async fn taken(pool: &Pool, id: i64, journal: &Journal) -> anyhow::Result<()> {
        Ok(store(tx, id, journal).await?)
    }

    #[commit_on_success(tx = &mut pool.get().await?)]
    async fn taken_and_lent(pool: &Pool, id: i64, journal: &Journal) -> anyhow::Result<()> {
        Ok(store(tx, id, journal).await?)
    }

    #[commit_on_success(tx = &mut **conn)]
    async fn reborrowed(conn: &mut Pooled, id: i64, journal: &Journal) -> Result<(), Failure> {
        store(tx, id, journal).await
    }

    #[commit_on_success]
    async fn given(conn: Pooled, id: i64, journal: &Journal) -> Result<(), Failure> {
        store(conn, id, journal).await
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    for half in 0..2 {
        let id = |number: i64| 2 * number + half;
        let journal = Journal::default();
        let mut ended = Vec::new();
        ended.push(pool_by_value(pool.clone(), id(0), &journal).await.is_ok());
        ended.push(pool_by_reference(&pool, id(1), &journal).await.is_ok());
        let shared = Arc::new(pool.clone());
        ended.push(shared_pool(shared, id(2), &journal).await.is_ok());
        ended.push(taken(&pool, id(3), &journal).await.is_ok());
        ended.push(taken_and_lent(&pool, id(4), &journal).await.is_ok());
        let mut conn = driver::take(&pool).await;
        ended.push(reborrowed(&mut conn, id(5), &journal).await.is_ok());
        ended.push(given(conn, id(6), &journal).await.is_ok());
        assert_eq!(ended, [half == 1; 7]);
        assert_eq!(journal.entries().len(), if half == 1 { 7 } else { 0 });
    }
    assert_eq!(db.committed().await, [1, 3, 5, 7, 9, 11, 13]);
}

#[crate::driver::test]
async fn without_a_connection_the_body_does_not_run() {
    #[commit_on_success(tx = driver::source(pool))]
    async fn stores(pool: &Pool, journal: &Journal) -> Result<(), DriverError> {
        defer!(journal.clone().note("never"));
        driver::insert(tx, 1).await
    }

    let db = driver::open().await;
    let pool = db.empty_pool().await;
    let journal = Journal::default();
    let error = stores(&pool, &journal).await.unwrap_err();
    let found = Error::find(&error).unwrap();
    assert_eq!(found.kind(), ErrorKind::Begin, "{found:?}");
    assert_eq!(found.outcome(), Outcome::RolledBack);
    assert_eq!(journal.owners(), 1);
}

#[crate::driver::test]
async fn a_transaction_of_diesel_inside_a_body_is_a_savepoint() {
    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        assert_eq!(driver::depth(conn), Some(1));
        driver::insert(conn, 1).await?;
        defer!(journal.clone().note("outer"));
        let kept = conn.transaction::<_, Failure, _>(async |conn| {
            assert_eq!(driver::depth(conn), Some(2));
            driver::insert(conn, 2).await?;
            store(conn, 4, journal).await.unwrap_err();
            driver::insert(conn, 3).await?;
            Ok(())
        });
        kept.await?;
        let undone = conn.transaction::<(), Failure, _>(async |conn| {
            driver::insert(conn, 4).await?;
            store(conn, 6, journal).await.unwrap_err();
            Err(Failure::body("no"))
        });
        undone.await.unwrap_err();
        assert_eq!(driver::depth(conn), Some(1));
        driver::insert(conn, 8).await?;
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    outer(&mut conn, &journal).await.unwrap();
    assert_eq!(driver::depth(&mut conn), None);
    assert_eq!(journal.entries(), ["outer"]);
    assert_eq!(db.committed().await, [1, 2, 3, 8]);
}

#[crate::driver::test]
async fn a_block_inside_a_transaction_of_diesel_is_a_savepoint() {
    #[commit_on_success]
    async fn plain(conn: &mut Connection, id: i64) -> Result<(), Failure> {
        assert!(in_transaction());
        driver::insert(conn, id).await?;
        driver::insert(conn, id + 1).await?;
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    for commits in [false, true] {
        let done = conn.transaction::<(), Failure, _>(async |conn| {
            plain(conn, 1).await?;
            plain(conn, 2).await.unwrap_err();
            assert_eq!(driver::depth(conn), Some(1));
            plain(conn, 4).await?;
            if commits {
                Ok(())
            } else {
                Err(Failure::body("no"))
            }
        });
        assert_eq!(done.await.is_ok(), commits);
        assert_eq!(driver::depth(&mut conn), None);
    }
    assert_eq!(db.committed().await, [1, 2, 4, 5]);
}

#[crate::driver::test]
async fn a_transaction_of_diesel_that_was_left_open_in_a_body_is_an_error_and_nothing_is_stored() {
    #[commit_on_success(tx = driver::source(pool))]
    async fn forgets(pool: &Pool, journal: &Journal) -> Result<(), Failure> {
        store(tx, 1, journal).await?;
        driver::begin_and_forget(tx).await;
        driver::insert(tx, 2).await?;
        Ok(())
    }

    #[commit_on_success]
    async fn nested(conn: &mut Connection) -> Result<(), Failure> {
        driver::insert(conn, 4).await?;
        driver::begin_and_forget(conn).await;
        driver::insert(conn, 5).await?;
        Ok(())
    }

    #[commit_on_success(tx = driver::source(pool))]
    async fn outer(pool: &Pool) -> Result<(), Failure> {
        driver::insert(tx, 3).await?;
        let error = nested(tx).await.unwrap_err().into_transaction();
        assert_eq!(error.kind(), ErrorKind::Commit, "{error:?}");
        assert_eq!(driver::depth(tx), Some(1));
        Ok(())
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    let error = forgets(&pool, &journal)
        .await
        .unwrap_err()
        .into_transaction();
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_eq!(error.kind(), ErrorKind::Commit, "{error:?}");
    assert!(journal.entries().is_empty());
    outer(&pool).await.unwrap();
    assert_eq!(db.committed().await, [3]);
}

#[crate::driver::test]
async fn a_panic_that_is_caught_inside_of_a_transaction_of_diesel_is_not_half_committed() {
    #[commit_on_success]
    async fn outer(conn: &mut Connection) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        let payload = driver::caught!(conn.transaction::<(), Failure, _>(async |conn| {
            driver::insert(conn, 2).await?;
            panic_any(7_u32);
        }));
        assert_eq!(payload.unwrap_err().downcast_ref(), Some(&7_u32));
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let error = outer(&mut conn).await.unwrap_err().into_transaction();
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_eq!(driver::depth(&mut conn), None);
    driver::insert(&mut conn, 3).await.unwrap();
    assert_eq!(db.committed().await, [3]);
}

#[crate::driver::test]
async fn in_a_test_transaction_of_diesel_blocks_are_outermost_ones_and_nothing_is_stored() {
    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        store(conn, 1, journal).await?;
        store(conn, 2, journal).await.unwrap_err();
        assert!(journal.entries().is_empty());
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    conn.begin_test_transaction().await.unwrap();
    outer(&mut conn, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["1"]);
    store(&mut conn, 3, &journal).await.unwrap();
    store(&mut conn, 4, &journal).await.unwrap_err();
    assert_eq!(journal.entries(), ["1", "3"]);
    assert_eq!(driver::rows(&mut conn).await.unwrap(), [1, 3]);
    drop(conn);
    assert!(db.committed().await.is_empty());
}

#[crate::driver::test]
async fn in_a_pool_with_a_test_transaction_nothing_is_stored() {
    #[commit_on_success(tx = driver::source(pool))]
    async fn outer(pool: &Pool, id: i64, journal: &Journal) -> Result<(), Failure> {
        store(tx, id, journal).await
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    let mut conn = driver::take(&pool).await;
    conn.begin_test_transaction().await.unwrap();
    // The pool keeps it for the next one.
    drop(conn);
    outer(&pool, 1, &journal).await.unwrap();
    outer(&pool, 2, &journal).await.unwrap_err();
    outer(&pool, 3, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["1", "3"]);
    let mut conn = driver::take(&pool).await;
    assert_eq!(driver::rows(&mut conn).await.unwrap(), [1, 3]);
    assert!(db.committed().await.is_empty());
}

type Heard = Arc<Mutex<Vec<String>>>;

fn listen(conn: &mut impl Generic) -> Heard {
    let heard = Heard::default();
    let theirs = Arc::clone(&heard);
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        let line = match event {
            InstrumentationEvent::BeginTransaction { depth, .. } => format!("begin {depth}"),
            InstrumentationEvent::CommitTransaction { depth, .. } => format!("commit {depth}"),
            InstrumentationEvent::RollbackTransaction { depth, .. } => format!("rollback {depth}"),
            _ => return,
        };
        theirs.lock().unwrap().push(line);
    });
    heard
}

#[crate::driver::test]
async fn the_instrumentation_of_diesel_hears_of_each_step() {
    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        store(conn, 1, journal).await?;
        store(conn, 2, journal).await.unwrap_err();
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let heard = listen(&mut conn);
    outer(&mut conn, &Journal::default()).await.unwrap();
    store(&mut conn, 4, &Journal::default()).await.unwrap_err();
    let expected = [
        "begin 1",
        "begin 2",
        "commit 2",
        "begin 2",
        "rollback 2",
        "commit 1",
        "begin 1",
        "rollback 1",
    ];
    assert_eq!(*heard.lock().unwrap(), expected);
}

#[crate::driver::test]
async fn a_broken_manager_begins_nothing() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    driver::status_of(&mut conn).set_in_error();
    let error = store(&mut conn, 1, &journal).await.unwrap_err();
    let error = error.into_transaction();
    assert_eq!(error.kind(), ErrorKind::Begin, "{error:?}");
    let source = source_of(&error);
    let source: &DriverError = source.downcast_ref().unwrap();
    assert!(matches!(source, DriverError::BrokenTransactionManager));
    assert_eq!(journal.owners(), 1);
    assert!(db.committed().await.is_empty());
}

#[crate::driver::test]
async fn a_manager_that_breaks_in_a_body_is_an_error_and_the_rollback_repairs_it() {
    #[commit_on_success]
    async fn breaks(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        driver::status_of(conn).set_in_error();
        let error = store(conn, 3, journal).await.unwrap_err();
        let error = error.into_transaction();
        assert_eq!(error.kind(), ErrorKind::NestedBegin, "{error:?}");
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let error = breaks(&mut conn, &journal).await.unwrap_err();
    let error = error.into_transaction();
    assert_eq!(error.kind(), ErrorKind::Commit, "{error:?}");
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_eq!(driver::depth(&mut conn), None);
    store(&mut conn, 5, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["5"]);
    assert_eq!(db.committed().await, [5]);
}

/// A server keeps memory for each savepoint that is left.
#[crate::driver::test]
async fn no_savepoint_is_left_when_a_nested_block_has_ended() {
    #[commit_on_success]
    async fn outer(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
        assert_eq!(store(conn, id, journal).await.is_err(), id % 2 == 0);
        let left = driver::execute(conn, "RELEASE SAVEPOINT commit_on_success_1").await;
        left.unwrap_err();
        Err(Failure::body("no"))
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    for id in [1, 2] {
        outer(&mut conn, id, &journal).await.unwrap_err();
    }
    assert!(db.committed().await.is_empty());
}
