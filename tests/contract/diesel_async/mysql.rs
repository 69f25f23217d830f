//! MariaDB.

use std::net::SocketAddr;

use commit_on_success_tests::corner::{Corner, Stage as _};
use diesel_async::AsyncMysqlConnection;
use sqlx::MySql;
use sqlx::mysql::MySqlConnectOptions;

use crate::driver::Database;

pub(crate) use commit_on_success_test_macros::server_test as test;

pub(crate) type Connection = AsyncMysqlConnection;
pub(crate) type Address = MySqlConnectOptions;

pub(crate) const TABLES: &str =
    "CREATE TABLE item (id BIGINT PRIMARY KEY, note INT NOT NULL DEFAULT 0) ENGINE = InnoDB";
pub(crate) const PREPARE: &str = "DO 0";
/// `START TRANSACTION` commits what is open.
pub(crate) const AFTER_LEFT_BEHIND: &[i64] = &[1, 2];
/// Whether a begin can tell a transaction in plain SQL that was left open.
pub(crate) const HEARS_OF_LEFTOVERS: bool = false;
pub(crate) const OUTLIVES_CANCELLATION: bool = false;

pub(crate) type Kept = Corner<MySql>;

pub(crate) async fn create() -> (Address, Kept) {
    let corner = MySql::corner().await;
    (corner.address.clone(), corner)
}

/// `mysql_async` would rather go around a proxy.
pub(crate) fn url(address: &Address) -> String {
    format!(
        "mysql://{}@{}:{}/{}?prefer_socket=false",
        address.get_username(),
        address.get_host(),
        address.get_port(),
        address.get_database().unwrap(),
    )
}

impl Database {
    /// The address at which the server listens.
    pub(crate) fn server(&self) -> (String, u16) {
        (self.address.get_host().to_owned(), self.address.get_port())
    }

    /// The same database through a proxy.
    pub(crate) fn through(&self, proxy: SocketAddr) -> Self {
        let mut proxied = self.clone();
        let host = proxy.ip().to_string();
        proxied.address = proxied.address.host(&host).port(proxy.port());
        proxied
    }
}
