//! Transactions that a server has open, whichever driver has begun them.

use std::time::{Duration, Instant};

use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, MySqlConnection, PgConnection};
use tokio::sync::Mutex;

use crate::proxy::Proxy;
use crate::servers;

/// How many transactions are open on the connections that go through a proxy to one of the two servers of the
/// tests.
///
/// # Panics
///
/// When it is none of the two, or it cannot be asked.
pub async fn behind(proxy: &Proxy, server: &(String, u16)) -> i64 {
    let ports = proxy.ports();
    let found = match (postgres_at(server), mysql_at(server)) {
        (Some(options), _) => on_postgres(&options, &ports).await,
        (None, Some(options)) => on_mysql(&options, &ports).await,
        (None, None) => panic!("no server of the tests listens at {server:?}"),
    };
    match found {
        Ok(open) => open,
        Err(error) => panic!("{server:?} does not say what is open: {error}"),
    }
}

fn postgres_at((host, port): &(String, u16)) -> Option<PgConnectOptions> {
    let options: PgConnectOptions = servers::known(servers::POSTGRES)?.parse().ok()?;
    (options.get_host() == host && options.get_port() == *port).then_some(options)
}

fn mysql_at((host, port): &(String, u16)) -> Option<MySqlConnectOptions> {
    let options: MySqlConnectOptions = servers::known(servers::MYSQL)?.parse().ok()?;
    (options.get_host() == host && options.get_port() == *port).then_some(options)
}

async fn on_postgres(options: &PgConnectOptions, ports: &[u16]) -> Result<i64, sqlx::Error> {
    let mut conn = PgConnection::connect_with(options).await?;
    let ports: Vec<_> = ports.iter().copied().map(i32::from).collect();
    let sql = "SELECT count(*) FROM pg_stat_activity \
               WHERE client_port = ANY ($1) AND xact_start IS NOT NULL";
    sqlx::query_scalar(sql)
        .bind(ports)
        .fetch_one(&mut conn)
        .await
}

/// The sessions that were in a transaction, and when they were asked for.
static LAST_READ: Mutex<Option<(Instant, Vec<String>)>> = Mutex::const_new(None);

/// The view is a copy that is made anew only if nobody has read it for a tenth of a second
/// (`CACHE_MIN_IDLE_TIME_NS` in the server's `trx0i_s.cc`), so readers must not hurry or overlap. One reads for all who wait.
async fn on_mysql(options: &MySqlConnectOptions, ports: &[u16]) -> Result<i64, sqlx::Error> {
    let wanted = Instant::now();
    let mut last_read = LAST_READ.lock().await;
    let sessions = match &*last_read {
        Some((read, sessions)) if *read > wanted => sessions,
        _ => {
            let mut conn = MySqlConnection::connect_with(options).await?;
            tokio::time::sleep(Duration::from_millis(120)).await;
            let read = Instant::now();
            let sql = "SELECT session.host FROM information_schema.innodb_trx AS open \
                       JOIN information_schema.processlist AS session ON session.id = open.trx_mysql_thread_id";
            let sessions = sqlx::query_scalar(sql).fetch_all(&mut conn).await?;
            &last_read.insert((read, sessions)).1
        }
    };
    let ports: Vec<_> = ports.iter().map(|port| format!(":{port}")).collect();
    let ours = sessions
        .iter()
        .filter(|host| ports.iter().any(|port| host.ends_with(port)));
    Ok(i64::try_from(ours.count()).unwrap_or(i64::MAX))
}
