//! A corner of a server, and the proxy in front of it.

use std::time::Duration;

use commit_on_success_tests::corner::{self, Address, Corner};
use commit_on_success_tests::open;
use commit_on_success_tests::proxy::Proxy;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::{MySql, Postgres};

/// A database that listens at an address.
pub(crate) trait OfServer: corner::Stage {
    fn server(address: &Address<Self>) -> (String, u16);

    /// The same corner at another address of this machine.
    fn at(address: &Address<Self>, port: u16) -> Address<Self>;
}

macro_rules! of_server {
    ($database:ty, $options:ty) => {
        impl OfServer for $database {
            fn server(address: &$options) -> (String, u16) {
                (address.get_host().to_owned(), address.get_port())
            }

            fn at(address: &$options, port: u16) -> $options {
                address.clone().host("127.0.0.1").port(port)
            }
        }
    };
}
of_server!(Postgres, PgConnectOptions);
of_server!(MySql, MySqlConnectOptions);

pub(crate) struct Stage<DB: OfServer> {
    corner: Corner<DB>,
    proxy: Proxy,
}

impl<DB: OfServer> Stage<DB> {
    /// With an empty table `item`.
    pub(crate) async fn open() -> Self {
        let corner = DB::corner().await;
        corner
            .execute("CREATE TABLE item (id BIGINT PRIMARY KEY)")
            .await;
        let proxy = Proxy::to(DB::server(&corner.address)).await.unwrap();
        Self { corner, proxy }
    }

    /// The way to it through the proxy.
    pub(crate) fn address(&self) -> Address<DB> {
        DB::at(&self.corner.address, self.proxy.address().port())
    }

    /// The number of messages that have been sent.
    pub(crate) fn arrived(&self) -> usize {
        self.proxy.requests.arrived()
    }

    /// Fails when a transaction is open for longer than a moment.
    pub(crate) async fn nothing_is_open(&self) {
        let server = DB::server(&self.corner.address);
        let ended = async {
            while open::behind(&self.proxy, &server).await > 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let ended = tokio::time::timeout(Duration::from_secs(10), ended).await;
        assert!(ended.is_ok(), "a transaction stays open");
    }

    pub(crate) async fn stored(&self) -> Vec<i64> {
        self.corner.numbers("SELECT id FROM item ORDER BY id").await
    }
}
