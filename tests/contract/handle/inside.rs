//! Statements in a block of the handle, in one that is nested in it, and in none.

use commit_on_success::drivers::sqlx::Lease;
use commit_on_success::{before_commit, commit_on_success, in_transaction, transaction};
use futures_util::TryStreamExt;
use sqlx::{Executor as _, Row as _, SqlSafeStr as _};

use super::*;
use crate::driver::Connection;

#[derive(Clone)]
struct Orders {
    db: Handle,
    audit: Audit,
}

#[derive(Clone)]
struct Audit {
    db: Handle,
}

impl Audit {
    async fn note(&self, id: i64) -> sqlx::Result<()> {
        insert(&self.db, id).await
    }

    #[commit_on_success(tx = &self.db)]
    async fn note_all(&self, ids: [i64; 2], succeeds: bool) -> Result<(), Failure> {
        for id in ids {
            self.note(id).await?;
        }
        if succeeds {
            Ok(())
        } else {
            Err(Failure::body("note_all"))
        }
    }
}

impl Orders {
    #[commit_on_success(tx = &self.db)]
    async fn place(&self, id: i64, succeeds: bool) -> Result<(), Failure> {
        insert(&self.db, id).await?;
        self.audit.note(id + 1).await?;
        if succeeds {
            Ok(())
        } else {
            Err(Failure::body("place"))
        }
    }

    /// A block in a block, which is there or not.
    #[commit_on_success(tx = &self.db)]
    async fn place_with_audit(&self, id: i64, audited: bool) -> Result<(), Failure> {
        insert(&self.db, id).await?;
        let noted = self.audit.note_all([id + 1, id + 2], audited).await;
        assert_eq!(noted.is_ok(), audited);
        self.audit.note(id + 3).await?;
        Ok(())
    }
}

async fn orders(db: &Database) -> Orders {
    let db = db.handle(1).await;
    let audit = Audit { db: db.clone() };
    Orders { db, audit }
}

#[crate::driver::test]
async fn a_block_stores_what_clones_of_the_handle_write_in_it() {
    let db = driver::open().await;
    let orders = orders(&db).await;
    orders.place(1, true).await.unwrap();
    assert_eq!(db.committed().await, [1, 2]);
    orders.place(3, false).await.unwrap_err();
    assert_eq!(db.committed().await, [1, 2]);
    insert(&orders.db, 5).await.unwrap();
    assert_eq!(db.committed().await, [1, 2, 5]);
}

#[crate::driver::test]
async fn a_block_in_a_block_is_a_savepoint() {
    let db = driver::open().await;
    let orders = orders(&db).await;
    orders.place_with_audit(1, true).await.unwrap();
    orders.place_with_audit(11, false).await.unwrap();
    assert_eq!(db.committed().await, [1, 2, 3, 4, 11, 14]);
}

#[commit_on_success(tx = db, propagation = required)]
async fn joins(db: &Handle, id: i64) -> Result<(), Failure> {
    insert(db, id).await?;
    Ok(())
}

#[commit_on_success(tx = db)]
async fn is_joined(db: &Handle, succeeds: bool) -> Result<(), Failure> {
    joins(db, 1).await?;
    insert(db, 2).await?;
    joins(db, 3).await?;
    block(db, 4, true).await?;
    if succeeds {
        Ok(())
    } else {
        Err(Failure::body("is_joined"))
    }
}

#[crate::driver::test]
async fn a_block_can_join_the_one_around_it() {
    let db = driver::open().await;
    let handle = db.handle(1).await;
    is_joined(&handle, false).await.unwrap_err();
    assert_eq!(db.committed().await, [0; 0]);
    is_joined(&handle, true).await.unwrap();
    assert_eq!(db.committed().await, [1, 2, 3, 4]);
}

#[crate::driver::test]
async fn two_handles_of_a_pool_are_in_the_same_transaction() {
    let db = driver::open().await;
    let pool = db.pool(1).await;
    let (one, other) = (Db::new(pool.clone()), Db::required(pool));
    let stored: Result<(), Failure> = transaction!(async tx = &one => {
        insert(tx, 1).await?;
        insert(&other, 2).await?;
        block(&other, 3, false).await.unwrap_err();
        assert_eq!(rows(&one).await?, [1, 2]);
        Err(Failure::body("both"))
    });
    stored.unwrap_err();
    assert_eq!(db.committed().await, [0; 0]);
}

#[crate::driver::test]
async fn a_deferred_call_has_the_connection_of_a_pool_of_one() {
    let db = driver::open().await;
    let handle = db.handle(1).await;
    insert_and_defer(&handle, 1).await.unwrap();
    assert_eq!(db.committed().await, [1, 2]);
}

#[crate::driver::test]
async fn a_task_that_is_spawned_is_outside() {
    let db = driver::open().await;
    let handle = db.handle(2).await;
    let copy = handle.clone();
    let result: Result<(), Failure> = transaction!(async tx = &handle => {
        let task = tokio::spawn(async move {
            assert!(!in_transaction());
            rows(&copy).await
        });
        insert(tx, 1).await?;
        assert_eq!(task.await.unwrap()?, [0; 0]);
        Ok(())
    });
    result.unwrap();
    assert_eq!(db.committed().await, [1]);
}

#[crate::driver::test]
async fn a_statement_runs_between_two_rows_of_another_one() {
    let db = driver::open().await;
    let handle = db.handle(1).await;
    for id in 1..=3 {
        insert(&handle, id).await.unwrap();
    }
    let copied: Result<(), Failure> = transaction!(async tx = &handle => {
        let mut ids = sqlx::query("SELECT id FROM item ORDER BY id").fetch(tx);
        while let Some(row) = ids.try_next().await? {
            let id: i64 = row.try_get(0)?;
            insert(tx, id + 10).await?;
        }
        Ok(())
    });
    copied.unwrap();
    assert_eq!(db.committed().await, [1, 2, 3, 11, 12, 13]);
}

#[crate::driver::test]
async fn every_way_to_send_a_statement_is_in_the_transaction() {
    let db = driver::open().await;
    let handle = db.handle(1).await;
    let sent: Result<(), Failure> = transaction!(async tx = &handle => {
        insert(tx, 1).await?;
        let one: i64 = sqlx::query_scalar("SELECT id FROM item").fetch_one(tx).await?;
        let none = sqlx::query("SELECT id FROM item WHERE id = 2").fetch_optional(tx).await?;
        let all = tx.fetch_all("SELECT id FROM item").await?;
        assert_eq!((one, none.is_none(), all.len()), (1, true, 1));
        tx.execute(sqlx::raw_sql("DELETE FROM item WHERE id = 1; DELETE FROM item WHERE id = 2")).await?;
        let many = sqlx::raw_sql("SELECT id FROM item; SELECT 7").fetch_many(tx);
        let many: Vec<_> = many.try_collect().await?;
        assert_eq!(many.iter().filter(|answer| answer.is_right()).count(), 1);
        tx.execute_many(sqlx::raw_sql("SELECT 7")).try_collect::<Vec<_>>().await?;
        let prepared = tx.prepare(dialect::INSERT.into_sql_str()).await?;
        assert!(sqlx::Statement::sql(&prepared).as_str().starts_with("INSERT"));
        Err(Failure::body("sent"))
    });
    assert!(matches!(sent, Err(Failure::Body(_))), "{sent:?}");
    assert_eq!(db.committed().await, [0; 0]);
}

#[commit_on_success(tx = lease)]
async fn in_a_lease(
    lease: &mut Lease<dialect::Db>,
    id: i64,
    succeeds: bool,
) -> Result<(), Failure> {
    driver::insert(tx, id).await?;
    if succeeds {
        Ok(())
    } else {
        Err(Failure::body("in_a_lease"))
    }
}

#[commit_on_success]
async fn on_a_connection(conn: &mut Connection, id: i64) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    Ok(())
}

#[crate::driver::test]
async fn a_lease_is_the_connection_of_the_transaction() {
    let db = driver::open().await;
    let handle = db.handle(1).await;
    let leased: Result<(), Failure> = transaction!(async tx = &handle => {
        insert(tx, 1).await?;
        let mut lease = tx.acquire().await?;
        assert!(lease.is_in_transaction());
        driver::insert(&mut lease, 2).await?;
        in_a_lease(&mut lease, 3, false).await.unwrap_err();
        in_a_lease(&mut lease, 4, true).await?;
        on_a_connection(&mut lease, 5).await?;
        drop(lease);
        insert(tx, 6).await?;
        assert_eq!(db.committed().await, [0; 0]);
        Ok(())
    });
    leased.unwrap();
    assert_eq!(db.committed().await, [1, 2, 4, 5, 6]);
    let mut outside = handle.acquire().await.unwrap();
    driver::insert(&mut outside, 7).await.unwrap();
    assert_eq!(db.committed().await, [1, 2, 4, 5, 6, 7]);
    assert!(!outside.is_in_transaction());
}

#[crate::driver::test]
async fn a_statement_that_fails_leaves_the_transaction_as_it_would_on_the_connection() {
    let db = driver::open().await;
    let handle = db.handle(1).await;
    let failed: Result<(), Failure> = transaction!(async tx = &handle => {
        insert(tx, 1).await?;
        block(tx, 1, true).await.unwrap_err();
        insert(tx, 2).await?;
        insert(tx, 2).await?;
        Ok(())
    });
    failed.unwrap_err();
    assert_eq!(db.committed().await, [0; 0]);
    assert!(is_clean(&handle, &[]).await);
}

#[crate::driver::test]
async fn a_handle_that_requires_a_transaction_is_refused_without() {
    let db = driver::open().await;
    let handle = Db::required(db.pool(1).await);
    let refused = insert(&handle, 1).await.unwrap_err();
    assert_eq!(kind(&refused), ErrorKind::NotInTransaction);
    let refused = handle.acquire().await.unwrap_err();
    assert_eq!(kind(&refused), ErrorKind::NotInTransaction);
    let mut read = sqlx::query("SELECT id FROM item").fetch(&handle);
    let refused = read.try_next().await.unwrap_err();
    assert_eq!(kind(&refused), ErrorKind::NotInTransaction);
    block(&handle, 2, true).await.unwrap();
    insert_and_defer(&handle, 3).await.unwrap_err();
    assert_eq!(db.committed().await, [2, 3]);
}

#[commit_on_success(tx = db, isolation = serializable)]
async fn isolated(db: &Handle) -> Result<(), Failure> {
    insert(db, 1).await?;
    Ok(())
}

#[crate::driver::test]
async fn options_are_those_of_the_pool() {
    let db = driver::open().await;
    let handle = db.handle(1).await;
    isolated(&handle).await.unwrap();
    let nested: Result<(), Failure> = transaction!(async tx = &handle => {
        isolated(tx).await
    });
    assert_eq!(kind(&nested.unwrap_err()), ErrorKind::NestedOption);
    assert_eq!(db.committed().await, [1]);
}

async fn flush(db: Handle, id: i64) -> sqlx::Result<()> {
    assert!(in_transaction());
    insert(&db, id).await
}

#[commit_on_success(tx = db)]
async fn flushes(db: &Handle, succeeds: bool) -> Result<(), Failure> {
    let copy = db.clone();
    before_commit!(flush(copy, 2).await);
    insert(db, 1).await?;
    let copy = db.clone();
    let nested: Result<(), Failure> = transaction!(async tx = db => {
        insert(tx, 3).await?;
        before_commit!(flush(copy, 4).await);
        Ok(())
    });
    nested?;
    if succeeds {
        Ok(())
    } else {
        Err(Failure::body("flushes"))
    }
}

#[crate::driver::test]
async fn a_call_before_the_commit_writes_in_the_transaction() {
    let db = driver::open().await;
    let handle = db.handle(1).await;
    flushes(&handle, false).await.unwrap_err();
    assert_eq!(db.committed().await, [0; 0]);
    flushes(&handle, true).await.unwrap();
    assert_eq!(db.committed().await, [1, 2, 3, 4]);
    // The row is there already, so the call fails, and nothing is stored.
    sqlx::query("DELETE FROM item WHERE id < 4")
        .execute(&handle)
        .await
        .unwrap();
    let refused = flushes(&handle, true).await.unwrap_err();
    assert_eq!(kind(&refused), ErrorKind::BeforeCommit);
    assert_eq!(db.committed().await, [4]);
}
