//! Commits of tokio-postgres as the server sees them, and what is known when the connection breaks.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use commit_on_success::{ErrorKind, Outcome, commit_on_success, defer};
use commit_on_success_tests::errors::source_of;
use commit_on_success_tests::pg::AppError;
use commit_on_success_tests::proxy::Proxy;
use futures_util::{StreamExt as _, TryStreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_postgres::RowStream;
use tokio_postgres::error::SqlState;

use crate::dialect;
use crate::driver::{self, Connection, Database};
use crate::support::Journal;

#[crate::driver::test]
async fn an_option_that_cannot_be_honoured_sends_nothing() {
    #[commit_on_success(conn, mode = exclusive)]
    async fn of_sqlite(conn: &mut Connection) -> Result<(), AppError> {
        Ok(driver::insert(conn, 1).await?)
    }

    #[commit_on_success(conn, settle)]
    async fn of_pools(conn: &mut Connection) -> Result<(), AppError> {
        Ok(driver::insert(conn, 1).await?)
    }

    let db = driver::open().await;
    let proxy = Proxy::to(db.server()).await.unwrap();
    let mut conn = db.through(proxy.address()).connect().await;
    conn.batch_execute("SELECT 1").await.unwrap();
    let before = proxy.requests.arrived();
    for refused in [of_sqlite(&mut conn).await, of_pools(&mut conn).await] {
        let error = refused.unwrap_err().into_transaction();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
    }
    conn.batch_execute("SELECT 1").await.unwrap();
    assert_eq!(proxy.requests.arrived() - before, 1);
}

#[commit_on_success]
async fn store_until(
    conn: &mut Connection,
    journal: &Journal,
    ready: impl AsyncFnOnce(&mut Connection),
) -> Result<(), AppError> {
    driver::insert(conn, 1).await?;
    defer!(journal.clone().note("never"));
    ready(conn).await;
    Ok(())
}

async fn number(conn: &mut Connection) -> i32 {
    let select = "SELECT pg_backend_pid()";
    conn.query_one(select, &[]).await.unwrap().get(0)
}

async fn terminate(db: &Database, number: i32) {
    let select = format!("SELECT pg_terminate_backend({number})::int::bigint");
    assert_eq!(db.corner.numbers(select).await, [1]);
}

#[crate::driver::test]
async fn a_connection_that_is_known_to_be_closed_has_committed_nothing() {
    let db = driver::open().await;
    let (mut conn, journal) = (db.connect().await, Journal::default());
    let killed = store_until(&mut conn, &journal, async |conn| {
        terminate(&db, number(conn).await).await;
        while !conn.is_closed() {
            tokio::task::yield_now().await;
        }
    });
    let error = killed.await.unwrap_err().into_transaction();
    assert_eq!(error.kind(), ErrorKind::Commit, "{error:?}");
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert!(journal.entries().is_empty());
    assert!(db.committed().await.is_empty());
}

#[crate::driver::test]
async fn a_connection_that_was_killed_behind_our_back_is_never_ok() {
    let db = driver::open().await;
    let (mut conn, journal) = (db.connect().await, Journal::default());
    let killed = store_until(&mut conn, &journal, async |conn| {
        let number = number(conn).await;
        let victim = db.clone();
        // Nobody lets the connection's task hear of it.
        tokio::task::spawn_blocking(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(terminate(&victim, number));
        })
        .await
        .unwrap();
    });
    let error = killed.await.unwrap_err().into_transaction();
    assert_ne!(error.outcome(), Outcome::Committed);
    assert!(journal.entries().is_empty());
    assert!(db.committed().await.is_empty());
}

#[crate::driver::test]
async fn a_commit_without_an_answer_has_an_unknown_outcome() {
    for (stored, reached) in [(&[][..], false), (&[1], true)] {
        let db = driver::open().await;
        let proxy = Proxy::to(db.server()).await.unwrap();
        let mut conn = db.through(proxy.address()).connect().await;
        let journal = Journal::default();
        let gate = if reached {
            &proxy.replies
        } else {
            &proxy.requests
        };
        let storing = store_until(&mut conn, &journal, async |conn| {
            // Takes along that the driver has done with the prepared statement.
            conn.batch_execute("SELECT 1").await.unwrap();
            gate.hold();
        });
        let cut = async {
            gate.holding().await;
            proxy.cut();
        };
        let (result, ()) = tokio::join!(storing, cut);
        let error = result.unwrap_err().into_transaction();
        assert_eq!(error.kind(), ErrorKind::Unknown, "{error:?}");
        assert_eq!(error.outcome(), Outcome::Unknown);
        assert_eq!(journal.owners(), 1);
        assert_eq!(db.committed().await, stored);
    }
}

#[crate::driver::test]
async fn what_the_server_says_of_a_refused_commit_is_in_the_error() {
    let db = driver::open().await;
    let (mut conn, journal) = (db.connect().await, Journal::default());
    let refused = store_until(&mut conn, &journal, async |conn| {
        let orphan = "INSERT INTO child (item) VALUES (42)";
        conn.batch_execute(orphan).await.unwrap();
    });
    let error = refused.await.unwrap_err().into_transaction();
    assert_eq!(error.kind(), ErrorKind::Commit, "{error:?}");
    let source = source_of(&error);
    let error: &tokio_postgres::Error = source.downcast_ref().unwrap();
    assert_eq!(error.code(), Some(&SqlState::FOREIGN_KEY_VIOLATION));
}

const COMMIT: &[u8] = b"SAVEPOINT commit_on_success; COMMIT\0";

/// Makes the server refuse the savepoint before `COMMIT`, as it could for a reason of its own: spells it wrong, in as
/// many letters.
async fn misspell(db: &Database) -> (std::net::SocketAddr, Arc<AtomicBool>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (server, misspelt) = (db.server(), Arc::new(AtomicBool::new(false)));
    let done = Arc::clone(&misspelt);
    tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        let server = TcpStream::connect(server).await.unwrap();
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
            let message = &mut buffer[..length];
            // Other messages may come before it in the same read.
            if let Some(start) = length.checked_sub(COMMIT.len())
                && message.ends_with(COMMIT)
            {
                message[start..][..9].copy_from_slice(b"SAVEPOIMT");
                done.store(true, Ordering::SeqCst);
            }
            to_server.write_all(message).await.unwrap();
        }
    });
    (address, misspelt)
}

#[crate::driver::test]
async fn a_savepoint_that_is_refused_at_the_commit_leaves_no_transaction_open() {
    let db = driver::open().await;
    let (address, misspelt) = misspell(&db).await;
    let mut conn = dialect::connect(&db.through(address).config).await;
    let journal = Journal::default();
    let refused = store_until(&mut conn, &journal, async |_| ()).await;
    let error = refused.unwrap_err().into_transaction();
    assert!(misspelt.load(Ordering::SeqCst));
    assert_eq!(error.kind(), ErrorKind::Commit, "{error:?}");
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_eq!(journal.owners(), 1);
    driver::insert(&mut conn, 2).await.unwrap();
    assert_eq!(db.committed().await, [2]);
}

/// Hands the rows to somebody else.
#[commit_on_success]
async fn hand_out(
    conn: &mut Connection,
    reader: oneshot::Sender<RowStream>,
) -> Result<(), AppError> {
    driver::insert(conn, 1).await?;
    let select = "SELECT i FROM generate_series(1, 100000) i";
    let arguments: [i64; 0] = [];
    let rows = conn.query_raw(select, arguments).await?;
    assert!(reader.send(rows).is_ok());
    Ok(())
}

pub(crate) mod limits {
    use super::*;

    #[crate::driver::test]
    async fn a_commit_waits_for_a_stream_that_outlives_the_body() {
        let db = driver::open().await;
        let mut conn = db.connect().await;
        let (sender, receiver) = oneshot::channel();
        let mut storing = pin!(hand_out(&mut conn, sender));
        let rows = tokio::select! {
            biased;
            _ = &mut storing => unreachable!("it waits for its stream"),
            rows = receiver => rows.unwrap(),
        };
        let mut rows = pin!(rows);
        // However long it is read.
        let half = rows.as_mut().take(50_000).try_collect::<Vec<_>>();
        let half = tokio::select! {
            biased;
            _ = &mut storing => unreachable!("it waits for its stream"),
            half = half => half.unwrap(),
        };
        assert_eq!(half.len(), 50_000);
        let (rest, stored) = tokio::join!(rows.try_collect::<Vec<_>>(), storing);
        assert_eq!(rest.unwrap().len(), 50_000);
        stored.unwrap();
        assert_eq!(db.committed().await, [1]);
    }
}
