//! The PostgreSQL server of `COMMIT_ON_SUCCESS_POSTGRES_URL`, over its Unix socket: less of a transaction's time is
//! spent on the way, so that more is seen of what is measured.

use std::env;
use std::path::PathBuf;

use ::postgres::config::Host;
use ::postgres::{Client, Config, NoTls};

use crate::Result;

pub(crate) const INSERT: &str = "INSERT INTO commit_on_success_bench (title) VALUES ($1)";

/// The statement with which code by hand makes sure that there is something to commit: it fails once another has failed.
pub(crate) const VERIFY: &str = "SELECT 1";

const TABLE: &str = "
    DROP TABLE IF EXISTS commit_on_success_bench;
    CREATE TABLE commit_on_success_bench (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title TEXT NOT NULL)";

/// The number of the process that serves this connection.
pub(crate) const PROCESS: &str = "SELECT pg_backend_pid()";

pub(crate) struct PostgresServer {
    /// Over TCP.
    pub(crate) tcp: String,
    pub(crate) address: (String, u16),
    pub(crate) directory: PathBuf,
    config: Config,
}

impl PostgresServer {
    /// The server, with an empty table.
    pub(crate) fn with_table() -> Result<Self> {
        let url = env::var("COMMIT_ON_SUCCESS_POSTGRES_URL").map_err(
            |_| "COMMIT_ON_SUCCESS_POSTGRES_URL is not set; run bash runtime/benches/run",
        )?;
        let config: Config = url.parse()?;
        let mut client = config.connect(NoTls)?;
        client.batch_execute(TABLE)?;
        let directories: String = client
            .query_one("SHOW unix_socket_directories", &[])?
            .get(0);
        let directory = directories
            .split(',')
            .next()
            .map(str::trim)
            .unwrap_or_default();
        let host = match config.get_hosts() {
            [Host::Tcp(host)] => host.clone(),
            _ => return Err("expected one host in COMMIT_ON_SUCCESS_POSTGRES_URL".into()),
        };
        let port = config.get_ports().first().copied().unwrap_or(5432);
        Ok(Self {
            tcp: url,
            address: (host, port),
            directory: directory.into(),
            config,
        })
    }

    /// The server's address in the form that the sync driver and tokio-postgres want.
    pub(crate) fn config(&self) -> ::tokio_postgres::Config {
        let mut config = self.config_without_host();
        config.host_path(&self.directory).port(self.address.1);
        config
    }

    pub(crate) fn config_without_host(&self) -> ::tokio_postgres::Config {
        let mut config = ::tokio_postgres::Config::new();
        config.user(self.user()).dbname(self.database());
        if let Some(password) = self.config.get_password() {
            config.password(password);
        }
        config
    }

    /// The server's address in the form that libpq and sqlx want.
    pub(crate) fn url(&self) -> String {
        let password = self.config.get_password().map(String::from_utf8_lossy);
        format!(
            "postgres://{}:{}@localhost:{}/{}?host={}",
            self.user(),
            password.unwrap_or_default(),
            self.address.1,
            self.database(),
            self.directory.display(),
        )
    }

    fn user(&self) -> &str {
        self.config.get_user().unwrap_or("postgres")
    }

    fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or("postgres")
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        let drop = |mut client: Client| client.batch_execute("DROP TABLE commit_on_success_bench");
        let _ = self.config.connect(NoTls).and_then(drop);
    }
}
