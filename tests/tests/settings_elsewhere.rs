//! Settings where there are none: on MySQL.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use anyhow::Result;
use commit_on_success::{Error, commit_on_success};
use commit_on_success_tests::corner::{Corner, Stage as _};
use commit_on_success_tests::errors::assert_unsupported;
use commit_on_success_tests::proxy::Proxy;
use commit_on_success_tests::servers;
use diesel::{Connection as _, MysqlConnection};
use diesel_async::{AsyncConnection as _, AsyncMysqlConnection};
use sea_orm::DatabaseConnection;
use sqlx::{MySql, MySqlPool};

#[track_caller]
fn assert_refused(ran: Result<()>, option: &str, database: &str) {
    let error: Error = ran.unwrap_err().downcast().unwrap();
    assert_unsupported(&error, option, database);
}

macro_rules! refused {
    ($(($($async:ident)?) $set:ident, $pragma:ident: $source:ty;)*) => {$(
        #[commit_on_success(set("app.tenant" = 7))]
        $($async)? fn $set(source: $source) -> Result<()> {
            let _ = source;
            unreachable!("the body does not run")
        }

        #[commit_on_success(pragma(foreign_keys = false))]
        $($async)? fn $pragma(source: $source) -> Result<()> {
            let _ = source;
            unreachable!("the body does not run")
        }
    )*};
}

refused! {
    (async) set_on_sqlx, pragma_on_sqlx: &MySqlPool;
    (async) set_on_sea_orm, pragma_on_sea_orm: &DatabaseConnection;
    () set_on_diesel, pragma_on_diesel: &mut MysqlConnection;
    (async) set_on_diesel_async, pragma_on_diesel_async: &mut AsyncMysqlConnection;
}

const MYSQL: &str = "MySQL";

async fn corner() -> (Corner<MySql>, Proxy) {
    let corner = MySql::corner().await;
    let address = &corner.address;
    let server = (address.get_host().to_owned(), address.get_port());
    let proxy = Proxy::to(server).await.unwrap();
    (corner, proxy)
}

#[commit_on_success_test_macros::server_test]
async fn mysql_is_sent_nothing_by_sqlx_and_sea_orm() {
    let (corner, proxy) = corner().await;
    let at = proxy.address();
    let address = corner
        .address
        .clone()
        .host(&at.ip().to_string())
        .port(at.port());
    let pool = commit_on_success_tests::corner::pool::<MySql>(address, 1).await;
    let other = DatabaseConnection::from(pool.clone());
    // The connection is checked as it is given away.
    drop(pool.acquire().await.unwrap());
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    let before = proxy.requests.arrived();
    assert_refused(set_on_sea_orm(&other).await, "set", MYSQL);
    assert_refused(pragma_on_sea_orm(&other).await, "pragma", MYSQL);
    assert_eq!(proxy.requests.arrived(), before);
    assert_refused(set_on_sqlx(&pool).await, "set", MYSQL);
    assert_refused(pragma_on_sqlx(&pool).await, "pragma", MYSQL);
    // The pool's own question, as often as it gives the connection away and takes it back.
    assert!(proxy.requests.arrived() <= before + 4);
}

#[commit_on_success_test_macros::sync_server_test]
fn diesel_on_mysql_has_none() {
    let url = servers::mysql();
    let mut conn = MysqlConnection::establish(&url).unwrap();
    assert_refused(set_on_diesel(&mut conn), "set", MYSQL);
    assert_refused(pragma_on_diesel(&mut conn), "pragma", MYSQL);
}

#[commit_on_success_test_macros::server_test]
async fn diesel_async_on_mysql_has_none() {
    let url = servers::mysql();
    let mut conn = AsyncMysqlConnection::establish(&url).await.unwrap();
    assert_refused(set_on_diesel_async(&mut conn).await, "set", MYSQL);
    assert_refused(pragma_on_diesel_async(&mut conn).await, "pragma", MYSQL);
}
