//! PostgreSQL.

use std::net::SocketAddr;

use commit_on_success_tests::corner::{Corner, Stage as _};
use diesel_async::AsyncPgConnection;
use sqlx::Postgres;
use sqlx::postgres::PgConnectOptions;

use crate::driver::Database;

pub(crate) use commit_on_success_test_macros::server_test as test;

pub(crate) type Connection = AsyncPgConnection;
pub(crate) type Address = PgConnectOptions;

pub(crate) const TABLES: &str = "
    CREATE TABLE item (id BIGINT PRIMARY KEY);
    CREATE TABLE child (item BIGINT REFERENCES item (id) DEFERRABLE INITIALLY DEFERRED);
";
pub(crate) const PREPARE: &str = "SELECT 1";
pub(crate) const AFTER_LEFT_BEHIND: &[i64] = &[2];
/// Whether a begin can tell a transaction in plain SQL that was left open.
pub(crate) const HEARS_OF_LEFTOVERS: bool = true;
pub(crate) const OUTLIVES_CANCELLATION: bool = true;

pub(crate) type Kept = Corner<Postgres>;

pub(crate) async fn create() -> (Address, Kept) {
    let corner = Postgres::corner().await;
    (corner.address.clone(), corner)
}

pub(crate) fn url(address: &Address) -> String {
    format!(
        "host='{}' port={} user='{}' dbname='{}' options='{}'",
        address.get_host(),
        address.get_port(),
        address.get_username(),
        address.get_database().unwrap(),
        address.get_options().unwrap(),
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
