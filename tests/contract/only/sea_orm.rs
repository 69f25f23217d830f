//! sea-orm alone, on every database: its sources, and what it is told instead of one.

use std::sync::Arc;

use commit_on_success::testing::AsyncTestTransaction;
use commit_on_success::{Error, ErrorKind, Outcome, commit_on_success, defer, pending};
use commit_on_success_tests::errors::source_of;
use commit_on_success_tests::polling::poll_once;
use sea_orm::{
    ConnAcquireErr, DatabaseConnection, DatabaseExecutor, DatabaseTransaction, DbErr,
    TransactionTrait,
};

use crate::driver::{self, DriverError, Original, Pool, Source};
use crate::own::Own;
use crate::support::{Failure, Journal};

/// The body of blocks on every source, which all show it the same type.
async fn put(tx: &DatabaseTransaction, id: i64) -> Result<(), Failure> {
    driver::insert(tx, id).await?;
    // Odd ones are fine.
    if id % 2 == 0 {
        Err(Failure::body("even"))
    } else {
        Ok(())
    }
}

struct Repository {
    db: DatabaseConnection,
}

impl Repository {
    #[commit_on_success(tx = &self.db)]
    async fn put(&self, id: i64) -> Result<(), Failure> {
        put(tx, id).await
    }
}

#[commit_on_success]
async fn generic<C>(db: &C, id: i64) -> Result<(), Failure>
where
    C: TransactionTrait<Transaction = DatabaseTransaction> + 'static,
{
    put(db, id).await
}

#[crate::driver::test]
async fn sea_orm_sources_of_every_form_commit_and_roll_back() {
    #[commit_on_success]
    async fn by_reference(db: &DatabaseConnection, id: i64) -> Result<(), Failure> {
        put(db, id).await
    }

    #[commit_on_success]
    async fn by_value(db: DatabaseConnection, id: i64) -> Result<(), Failure> {
        put(db, id).await
    }

    #[commit_on_success(tx = &*db)]
    async fn in_an_arc(db: Arc<DatabaseConnection>, id: i64) -> Result<(), Failure> {
        put(tx, id).await
    }

    #[commit_on_success]
    async fn of_an_impl(db: &impl Source, id: i64) -> Result<(), Failure> {
        put(db, id).await
    }

    #[async_trait::async_trait]
    trait Storage {
        async fn store(&self, id: i64) -> Result<(), Failure>;
    }

    #[async_trait::async_trait]
    impl Storage for Repository {
        #[commit_on_success(tx = &self.db)]
        async fn store(&self, id: i64) -> Result<(), Failure> {
            put(tx, id).await
        }
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let repository = Repository { db: pool.clone() };
    for half in 0..2 {
        let id = |number: i64| 2 * number + half;
        let results = [
            by_reference(&pool, id(0)).await,
            by_value(pool.clone(), id(1)).await,
            in_an_arc(Arc::new(pool.clone()), id(2)).await,
            of_an_impl(&pool, id(3)).await,
            generic(&pool, id(4)).await,
            repository.put(id(5)).await,
            repository.store(id(6)).await,
        ];
        let succeeded = half == 1;
        assert!(results.iter().all(|result| result.is_ok() == succeeded));
    }
    assert_eq!(db.committed().await, [1, 3, 5, 7, 9, 11, 13]);
}

#[crate::driver::test]
async fn one_generic_function_is_a_transaction_on_a_connection_and_a_savepoint_inside_another() {
    #[commit_on_success]
    async fn deep(db: &impl Source, depth: i64, journal: &Journal) -> Result<(), Failure> {
        driver::insert(db, depth).await?;
        defer!(journal.clone().note(depth.to_string()));
        if depth < 4 {
            driver::boxed!(deep(db, depth + 1, journal))?;
        }
        generic(db, 10 * depth).await.unwrap_err();
        assert!(journal.entries().is_empty());
        assert_eq!(pending(), 4);
        Ok(())
    }

    let db = driver::open().await;
    let journal = Journal::default();
    deep(&db.pool(1).await, 1, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["1", "2", "3", "4"]);
    assert_eq!(db.committed().await, [1, 2, 3, 4]);
}

#[crate::driver::test]
async fn an_executor_leads_to_the_transaction_that_it_owns() {
    let db = driver::open().await;
    let by_hand = db.pool(1).await.begin().await.unwrap();
    let executor = DatabaseExecutor::OwnedTransaction(by_hand);
    generic(&executor, 1).await.unwrap();
    generic(&executor, 2).await.unwrap_err();
    assert!(db.committed().await.is_empty());
    let DatabaseExecutor::OwnedTransaction(by_hand) = executor else {
        unreachable!("it was one");
    };
    by_hand.commit().await.unwrap();
    assert_eq!(db.committed().await, [1]);
}

/// The error of a begin, which has run no body.
fn refusal(result: Result<(), Failure>) -> Error {
    let error = result.unwrap_err().into_transaction();
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_eq!(error.kind(), ErrorKind::Begin, "{error:?}");
    error
}

#[crate::driver::test]
async fn a_source_of_which_nobody_knows_where_it_leads_is_refused() {
    let db = driver::open().await;
    let own = Own(db.pool(1).await);
    let said = source_of(&refusal(generic(&own, 1).await)).to_string();
    for part in ["Own`", "`DatabaseConnection`", "`DatabaseTransaction`"] {
        assert!(said.contains(part), "{said}");
    }
    generic(&own.0, 3).await.unwrap();
    assert_eq!(db.committed().await, [3]);
}

#[crate::driver::test]
async fn without_a_connection_the_body_does_not_run() {
    let db = driver::open().await;
    let pool = db.pool(1).await;
    pool.close_by_ref().await.unwrap();
    let closed = DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed);
    let error = refusal(generic(&pool, 1).await);
    assert_eq!(source_of(&error).downcast_ref::<Original>(), Some(&closed));
    let error = refusal(generic(&DatabaseConnection::default(), 1).await);
    let source = source_of(&error).downcast_ref::<Original>();
    assert!(matches!(source, Some(DbErr::Conn(_))), "{source:?}");
    assert!(db.committed().await.is_empty());
}

#[crate::driver::test]
async fn without_a_connection_the_drivers_error_is_the_original() {
    #[commit_on_success]
    async fn looks(tx: &Pool) -> Result<Vec<i64>, DriverError> {
        driver::rows(tx).await
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    pool.close_by_ref().await.unwrap();
    let closed = DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed);
    assert_eq!(looks(&pool).await, Err(closed));
}

#[crate::driver::test]
async fn awaited_calls_of_a_pool_of_one_can_have_its_connection() {
    async fn look(pool: Pool, journal: Journal) {
        let rows = driver::rows(&pool).await.unwrap();
        journal.note(format!("{rows:?}"));
    }

    #[commit_on_success(tx = pool)]
    async fn stores(pool: &Pool, journal: &Journal) -> Result<(), Failure> {
        put(tx, 1).await?;
        defer!(look(pool.clone(), journal.clone()).await);
        let (pool, theirs) = (pool.clone(), journal.clone());
        defer!(async move {
            generic(&pool, 3).await?;
            look(pool, theirs).await;
            Ok::<(), Failure>(())
        });
        Ok(())
    }

    let db = driver::open().await;
    let journal = Journal::default();
    stores(&db.pool(1).await, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["[1]", "[1, 3]"]);
}

#[crate::driver::test]
async fn a_block_that_is_cancelled_while_it_waits_for_a_connection_takes_none_away() {
    let db = driver::open().await;
    let pool = db.pool(1).await;
    let only = pool.begin().await.unwrap();
    for _ in 0..3 {
        let mut waiting = Box::pin(generic(&pool, 1));
        assert!(poll_once(waiting.as_mut()).is_pending());
    }
    only.commit().await.unwrap();
    generic(&pool, 3).await.unwrap();
    driver::insert(&pool, 5).await.unwrap();
    assert_eq!(db.committed().await, [3, 5]);
}

#[crate::driver::test]
async fn asking_and_deferring_outside_need_no_connection_of_a_pool_that_has_none_left() {
    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    let only = pool.begin().await.unwrap();
    assert!(!commit_on_success::in_transaction());
    defer!(journal.clone().note("called"));
    assert_eq!(journal.entries(), ["called"]);
    drop(only);
    generic(&pool, 1).await.unwrap();
}

#[crate::driver::test]
async fn in_a_transaction_of_a_test_calls_run_and_nothing_is_kept() {
    #[commit_on_success]
    async fn stores(db: &impl Source, id: i64, journal: &Journal) -> Result<(), Failure> {
        put(db, id).await?;
        defer!(journal.clone().note(id.to_string()));
        Ok(())
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    let mut test = AsyncTestTransaction::begin(&pool).await.unwrap();
    stores(test.connection(), 1, &journal).await.unwrap();
    stores(test.connection(), 2, &journal).await.unwrap_err();
    stores(test.connection(), 3, &journal).await.unwrap();
    assert_eq!(driver::rows(test.connection()).await.unwrap(), [1, 3]);
    assert_eq!(journal.entries(), ["1", "3"]);
    test.rollback().await.unwrap();
    drop(AsyncTestTransaction::begin(&pool).await.unwrap());
    generic(&pool, 5).await.unwrap();
    assert_eq!(db.committed().await, [5]);
}

#[crate::driver::test]
async fn the_next_user_of_a_pool_of_one_has_a_transaction_of_its_own() {
    #[commit_on_success]
    async fn ends(db: &impl Source, id: i64, fails: bool) -> Result<(), Failure> {
        driver::insert(db, id).await?;
        let _ = nested(db, id + 1, !fails).await;
        if fails {
            return Err(Failure::body("no"));
        }
        Ok(())
    }

    #[commit_on_success]
    async fn nested(db: &impl Source, id: i64, fails: bool) -> Result<(), Failure> {
        driver::insert(db, id).await?;
        if fails {
            return Err(Failure::body("no"));
        }
        Ok(())
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    for (fails, id) in [(false, 10), (true, 20)] {
        let _ = ends(&pool, id, fails).await;
        let by_hand = pool.begin().await.unwrap();
        driver::insert(&by_hand, id + 5).await.unwrap();
        drop(by_hand);
        // Outside of any transaction.
        driver::insert(&pool, id + 6).await.unwrap();
    }
    assert_eq!(db.committed().await, [10, 16, 26]);
}
