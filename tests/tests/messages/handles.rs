//! The same by handles of pools.

use commit_on_success::sqlx::Db;
use commit_on_success::{Handle, commit_on_success, set_rollback};
use sea_orm::{DatabaseConnection, TransactionTrait as _};
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, MySql, Postgres};

use crate::drivers::{
    INSERT, INSERT_ON_MYSQL, by_guard, by_sea_orm, by_sqlx_on_mysql, by_sqlx_on_postgres, go,
    leave, on, on_async, sqlx_pool,
};
use crate::transaction::{Place, Result, Shape, Way};

on_async! {
    sqlx_postgres at PgConnectOptions,
    source: Db<Postgres>, () = |address| (Db::new(sqlx_pool(address).await?), ()),
    is_idle: |db| db.pool().num_idle() == 1,
    block: |db| &*db => &Db<Postgres>, by_sqlx_by_handle_on_postgres,
    by_hand: |db| db.pool() => by_guard(begin, by_sqlx_on_postgres),
}
on_async! {
    sqlx_mysql at MySqlConnectOptions,
    source: Db<MySql>, () = |address| (Db::new(sqlx_pool(address).await?), ()),
    is_idle: |db| db.pool().num_idle() == 1,
    block: |db| &*db => &Db<MySql>, by_sqlx_by_handle_on_mysql,
    by_hand: |db| db.pool() => by_guard(begin, by_sqlx_on_mysql),
}
on_async! {
    sea_orm_postgres at PgConnectOptions,
    source: Handle<DatabaseConnection>, () = |address| (Handle::new(sqlx_pool::<Postgres>(address).await?.into()), ()),
    is_idle: |db| db.pool().get_postgres_connection_pool().num_idle() == 1,
    block: |db| &*db => &Handle<DatabaseConnection>, by_sea_orm,
    by_hand: |db| db.pool() => by_guard(begin, by_sea_orm),
}
on_async! {
    sea_orm_mysql at MySqlConnectOptions,
    source: Handle<DatabaseConnection>, () = |address| (Handle::new(sqlx_pool::<MySql>(address).await?.into()), ()),
    is_idle: |db| db.pool().get_mysql_connection_pool().num_idle() == 1,
    block: |db| &*db => &Handle<DatabaseConnection>, by_sea_orm,
    by_hand: |db| db.pool() => by_guard(begin, by_sea_orm),
}

macro_rules! by_sqlx {
    ($name:ident, $database:ty, $insert:ident) => {
        async fn $name(db: &Db<$database>, (): &(), id: i64) -> Result<()> {
            sqlx::query($insert).bind(id).execute(db).await?;
            Ok(())
        }
    };
}
by_sqlx!(by_sqlx_by_handle_on_postgres, Postgres, INSERT);
by_sqlx!(by_sqlx_by_handle_on_mysql, MySql, INSERT_ON_MYSQL);
