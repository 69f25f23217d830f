//! Handles of sea-orm alone: streams of rows, and what a block has of its pool.

use std::error::Error as StdError;

use commit_on_success::testing::AsyncTestTransaction;
use commit_on_success::{Error, ErrorKind, commit_on_success, defer};
use futures_util::TryStreamExt as _;
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait as _, QueryOrder as _, Statement, StreamTrait};

use crate::driver::{Pool, item};
use crate::handle_driver::{self as driver, Connection, Database, execute, insert, rows};
use crate::support::{Failure, Journal};

#[path = "../handle/random.rs"]
mod random;

type Handle = Connection;

/// Reads two rows, and writes one while they are read.
async fn insert_between(db: &Connection, id: i64) -> Result<(), DbErr> {
    let backend = db.pool().get_database_backend();
    let query = Statement::from_string(backend, "SELECT 1 UNION ALL SELECT 2");
    let mut rows = db.stream_raw(query).await?;
    while let Some(row) = rows.try_next().await? {
        if row.try_get_by_index::<i32>(0)? == 1 {
            insert(db, id).await?;
        }
    }
    Ok(())
}

async fn pool_of_two(db: &Database) -> Connection {
    db.pool(2).await
}

/// As generic as code for sea-orm is.
async fn ids(db: &(impl ConnectionTrait + StreamTrait)) -> Result<Vec<i64>, DbErr> {
    let rows = item::Entity::find().order_by_asc(item::Column::Id);
    let rows: Vec<_> = rows.stream(db).await?.try_collect().await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Writes a row for each one that it reads.
async fn double(db: &Connection) -> Result<(), DbErr> {
    let rows = item::Entity::find().order_by_asc(item::Column::Id);
    let mut rows = rows.stream(db).await?;
    while let Some(row) = rows.try_next().await? {
        insert(db, row.id + 10).await?;
    }
    Ok(())
}

#[crate::driver::test]
async fn a_statement_runs_between_two_rows_of_a_stream() {
    #[commit_on_success(tx = db)]
    async fn doubles(db: &Connection, succeeds: bool) -> Result<Vec<i64>, Failure> {
        insert(db, 1).await?;
        insert(db, 2).await?;
        double(db).await?;
        let seen = ids(db).await?;
        if succeeds {
            Ok(seen)
        } else {
            Err(Failure::body("no"))
        }
    }

    let db = driver::open().await;
    let conn = db.connect().await;
    doubles(&conn, false).await.unwrap_err();
    assert_eq!(ids(&conn).await.unwrap(), [0; 0]);
    assert_eq!(doubles(&conn, true).await.unwrap(), [1, 2, 11, 12]);
    assert_eq!(db.committed().await, [1, 2, 11, 12]);
}

#[crate::driver::test]
async fn a_stream_that_fails_says_so_and_costs_its_savepoint_alone() {
    #[commit_on_success(tx = db)]
    async fn fails(db: &Connection) -> Result<(), Failure> {
        insert(db, 2).await?;
        let backend = db.pool().get_database_backend();
        let query = Statement::from_string(backend, "SELECT nothing FROM nowhere");
        let mut rows = db.stream_raw(query).await?;
        while rows.try_next().await?.is_some() {}
        Ok(())
    }

    #[commit_on_success(tx = db)]
    async fn goes_on(db: &Connection) -> Result<(), Failure> {
        insert(db, 1).await?;
        let failed = fails(db).await;
        assert!(matches!(failed, Err(Failure::Driver(_))), "{failed:?}");
        Ok(())
    }

    let db = driver::open().await;
    goes_on(&db.connect().await).await.unwrap();
    assert_eq!(db.committed().await, [1]);
}

#[crate::driver::test]
async fn outside_of_a_block_a_stream_is_one_of_the_pool_or_refused() {
    let db = driver::open().await;
    let conn = db.pool(2).await;
    insert(&conn, 1).await.unwrap();
    double(&conn).await.unwrap();
    assert_eq!(ids(&conn).await.unwrap(), [1, 11]);
    let required = Connection::required(conn.pool().clone());
    let refused: &dyn StdError = &ids(&required).await.unwrap_err();
    let refused = Error::find(refused).unwrap();
    assert_eq!(refused.kind(), ErrorKind::NotInTransaction);
}

#[crate::driver::test]
async fn a_stream_is_in_the_transaction_of_a_test() {
    let db = driver::open().await;
    let conn = db.connect().await;
    let test = AsyncTestTransaction::begin(&conn).await.unwrap();
    insert(&conn, 1).await.unwrap();
    double(&conn).await.unwrap();
    assert_eq!(ids(&conn).await.unwrap(), [1, 11]);
    test.rollback().await.unwrap();
    assert_eq!(ids(&conn).await.unwrap(), [0; 0]);
}

/// The kind of a refusal, whoever it is from.
fn refused(result: Result<(), Failure>) -> Option<ErrorKind> {
    match result.unwrap_err() {
        Failure::Transaction(error) => Some(error.kind()),
        _ => None,
    }
}

#[crate::driver::test]
async fn an_option_is_in_force_or_refused_as_on_the_pool() {
    #[commit_on_success(tx = db, read_only)]
    async fn writes(db: &Connection) -> Result<(), Failure> {
        Ok(insert(db, 1).await?)
    }

    #[commit_on_success(tx = pool, read_only)]
    async fn writes_on_pool(pool: &Pool) -> Result<(), Failure> {
        Ok(insert(tx, 1).await?)
    }

    let db = driver::open().await;
    let conn = db.connect().await;
    let by_handle = refused(writes(&conn).await);
    assert_eq!(by_handle, refused(writes_on_pool(conn.pool()).await));
    assert_eq!(db.committed().await, [0; 0]);
    insert(&conn, 1).await.unwrap();
}

/// Adds one to the only number that there is, by reading it first.
#[commit_on_success(tx = db, isolation = serializable, attempts = 200)]
async fn count_up(db: &Connection, journal: &Journal) -> Result<(), Failure> {
    let number = rows(db).await?[0];
    driver::pause().await;
    execute(db, "DELETE FROM item").await?;
    insert(db, number + 1).await?;
    defer!(journal.clone().note("counted"));
    Ok(())
}

#[crate::driver::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_success_counts_once_and_calls_once() {
    let db = driver::open().await;
    let (conn, journal) = (db.pool(3).await, Journal::default());
    insert(&conn, 0).await.unwrap();
    let tasks = (0..3).map(|_| {
        let (conn, journal) = (conn.clone(), journal.clone());
        tokio::spawn(async move {
            for _ in 0..8 {
                count_up(&conn, &journal).await.unwrap();
            }
        })
    });
    for task in join_all(tasks).await {
        task.unwrap();
    }
    assert_eq!(db.committed().await, [24]);
    assert_eq!(journal.entries().len(), 24);
}

#[crate::driver::test]
async fn what_was_left_open_in_a_pool_is_to_its_handle_what_it_is_to_the_pool() {
    #[commit_on_success(tx = db)]
    async fn stores(db: &Connection) -> Result<(), Failure> {
        Ok(insert(db, 2).await?)
    }

    #[commit_on_success(tx = pool)]
    async fn stores_on_pool(pool: &Pool) -> Result<(), Failure> {
        Ok(insert(tx, 2).await?)
    }

    let mut stored = Vec::new();
    for by_handle in [true, false] {
        let db = driver::open().await;
        let conn = db.connect().await;
        execute(&conn, "BEGIN").await.unwrap();
        insert(&conn, 1).await.unwrap();
        let ended = if by_handle {
            stores(&conn).await
        } else {
            stores_on_pool(conn.pool()).await
        };
        stored.push((ended.is_ok(), db.committed().await));
    }
    assert_eq!(stored[0], stored[1]);
}
