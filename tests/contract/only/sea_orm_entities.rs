//! Entities, active models and helpers that take any connection, in the body.

use commit_on_success::{commit_on_success, defer};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectionTrait, DatabaseConnection, DbErr,
    EntityTrait, ModelTrait, PaginatorTrait, QueryFilter,
};

use crate::driver::{self, Source, item};
use crate::support::{Failure, Journal};

/// A function of an application, for a connection as well as for a transaction.
async fn add(db: &impl ConnectionTrait, id: i64) -> Result<item::Model, DbErr> {
    let item = item::ActiveModel {
        id: ActiveValue::Set(id),
    };
    item.insert(db).await
}

async fn count(db: &impl ConnectionTrait) -> Result<u64, DbErr> {
    item::Entity::find().count(db).await
}

async fn remove_above(db: &impl ConnectionTrait, id: i64) -> Result<u64, DbErr> {
    let removed = item::Entity::delete_many()
        .filter(item::Column::Id.gt(id))
        .exec(db)
        .await?;
    Ok(removed.rows_affected)
}

#[commit_on_success]
async fn move_item(db: &impl Source, from: i64, to: i64) -> Result<item::Model, DbErr> {
    let item = item::Entity::find_by_id(from).one(db).await?;
    let item = item.ok_or_else(|| DbErr::RecordNotFound(from.to_string()))?;
    item.delete(db).await?;
    add(db, to).await
}

#[commit_on_success]
async fn work(db: &DatabaseConnection, journal: &Journal) -> Result<u64, Failure> {
    let first = add(db, 1).await?;
    assert_eq!(first.id, 1);
    add(db, 2).await?;
    assert_eq!(count(db).await?, 2);
    assert_eq!(move_item(db, 2, 3).await?.id, 3);
    assert_eq!(
        move_item(db, 2, 4).await,
        Err(DbErr::RecordNotFound("2".to_owned()))
    );
    let refused = move_item(db, 1, 3).await.unwrap_err();
    assert!(refused.sql_err().is_some(), "{refused:?}");
    add(db, 9).await?;
    assert_eq!(remove_above(db, 5).await?, 1);
    defer!(journal.clone().note("worked"));
    Ok(count(db).await?)
}

#[crate::driver::test]
async fn entities_and_helpers_for_any_connection_work_in_the_body() {
    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    assert_eq!(work(&pool, &journal).await.unwrap(), 2);
    assert_eq!(journal.entries(), ["worked"]);
    assert_eq!(db.committed().await, [1, 3]);
    assert_eq!(move_item(&pool, 3, 5).await.unwrap().id, 5);
    assert_eq!(db.committed().await, [1, 5]);
}
