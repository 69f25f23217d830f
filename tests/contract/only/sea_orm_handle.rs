//! Streams of rows by a handle of sea-orm.

use std::error::Error as StdError;

use commit_on_success::testing::AsyncTestTransaction;
use commit_on_success::{Error, ErrorKind, Handle, commit_on_success};
use futures_util::TryStreamExt as _;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait as _, QueryOrder as _, Statement, StreamTrait};

use crate::driver::item;
use crate::handle_driver::{self as driver, Connection};
use crate::support::Failure;

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
        driver::insert(db, row.id + 10).await?;
    }
    Ok(())
}

#[crate::driver::test]
async fn a_statement_runs_between_two_rows_of_a_stream() {
    #[commit_on_success(tx = db)]
    async fn doubles(db: &Connection, succeeds: bool) -> Result<Vec<i64>, Failure> {
        driver::insert(db, 1).await?;
        driver::insert(db, 2).await?;
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
        driver::insert(db, 2).await?;
        let backend = db.pool().get_database_backend();
        let query = Statement::from_string(backend, "SELECT nothing FROM nowhere");
        let mut rows = db.stream_raw(query).await?;
        while rows.try_next().await?.is_some() {}
        Ok(())
    }

    #[commit_on_success(tx = db)]
    async fn goes_on(db: &Connection) -> Result<(), Failure> {
        driver::insert(db, 1).await?;
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
    driver::insert(&conn, 1).await.unwrap();
    double(&conn).await.unwrap();
    assert_eq!(ids(&conn).await.unwrap(), [1, 11]);
    let required = Handle::required(conn.pool().clone());
    let refused: &dyn StdError = &ids(&required).await.unwrap_err();
    let refused = Error::find(refused).unwrap();
    assert_eq!(refused.kind(), ErrorKind::NotInTransaction);
}

#[crate::driver::test]
async fn a_stream_is_in_the_transaction_of_a_test() {
    let db = driver::open().await;
    let conn = db.connect().await;
    let test = AsyncTestTransaction::begin(&conn).await.unwrap();
    driver::insert(&conn, 1).await.unwrap();
    double(&conn).await.unwrap();
    assert_eq!(ids(&conn).await.unwrap(), [1, 11]);
    test.rollback().await.unwrap();
    assert_eq!(ids(&conn).await.unwrap(), [0; 0]);
}
