//! The MySQL or MariaDB server of `COMMIT_ON_SUCCESS_MYSQL_URL`, over its Unix socket.

use std::env;

use ::sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use ::sqlx::{ConnectOptions as _, Connection as _, query_scalar, raw_sql};

use crate::Result;

const TABLE: &str = "
    DROP TABLE IF EXISTS commit_on_success_bench;
    CREATE TABLE commit_on_success_bench (id BIGINT AUTO_INCREMENT PRIMARY KEY, title TEXT NOT NULL)";

pub(crate) struct MySqlServer {
    pub(crate) tcp: MySqlConnectOptions,
    pub(crate) socket: MySqlConnectOptions,
}

impl MySqlServer {
    /// The server, with an empty table.
    pub(crate) async fn with_table() -> Result<Self> {
        let tcp = Self::address()?;
        let mut connection = tcp.connect().await?;
        raw_sql(TABLE).execute(&mut connection).await?;
        let socket: String = query_scalar("SELECT @@socket")
            .fetch_one(&mut connection)
            .await?;
        let socket = tcp.clone().socket(socket);
        Ok(Self { tcp, socket })
    }

    pub(crate) fn address() -> Result<MySqlConnectOptions> {
        let url = env::var("COMMIT_ON_SUCCESS_MYSQL_URL")
            .map_err(|_| "COMMIT_ON_SUCCESS_MYSQL_URL is not set; run bash runtime/benches/run")?;
        Ok(url.parse()?)
    }

    pub(crate) async fn drop_table(self) -> Result {
        let mut connection = MySqlConnection::connect_with(&self.tcp).await?;
        raw_sql("DROP TABLE commit_on_success_bench")
            .execute(&mut connection)
            .await?;
        Ok(())
    }
}
