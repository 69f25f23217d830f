//! The connection breaks while `COMMIT` is in flight, or before: what the caller is told, and what is
//! stored.
#![allow(missing_docs, reason = "a test program")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed test says where"
)]

use commit_on_success::{Error, ErrorKind, Outcome, commit_on_success, defer, signals};
use commit_on_success_tests::corner::{self, Calls, Corner, Stage};
use commit_on_success_tests::cutting::{Cut, CuttingProxy, Then};
use sqlx::pool::PoolConnection;
use sqlx::{Connection as _, MySql, MySqlConnection, MySqlPool, PgConnection, PgPool, Postgres};

#[derive(Debug, thiserror::Error)]
enum AppError {
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("transaction: {0}")]
    Transaction(#[from] Error),
}

impl AppError {
    #[track_caller]
    fn into_transaction(self) -> Error {
        match self {
            Self::Transaction(error) => error,
            Self::Database(error) => panic!("an error of the database: {error}"),
        }
    }
}

const INSERT: &str = "INSERT INTO item VALUES (1)";
const NEXT: &str = "INSERT INTO item VALUES (2)";
const ROWS: &str = "SELECT id FROM item ORDER BY id";

/// Connects both kinds of handlers and defers both kinds of calls.
async fn register(calls: &Calls) {
    let (committed, rolled_back) = (calls.clone(), calls.clone());
    signals::post_commit()
        .connect(move |_| committed.note("committed"))
        .unwrap();
    signals::post_rollback()
        .connect(move |event| rolled_back.note(format!("rolled back: {:?}", event.cause)))
        .unwrap();
    defer!(calls.clone().note("call"));
    defer!(calls.clone().note_later("later").await);
}

async fn with_table<DB: Stage>() -> Corner<DB> {
    let corner = DB::corner().await;
    corner.execute("CREATE TABLE item (id BIGINT)").await;
    corner
}

mod postgres {
    use super::*;

    #[commit_on_success(tx = pool, settle)]
    async fn on_pool(pool: &PgPool, calls: &Calls) -> Result<u8, AppError> {
        calls.note("body");
        Postgres::execute(tx, INSERT).await?;
        register(calls).await;
        Ok(7)
    }

    #[commit_on_success(tx = pool)]
    async fn on_pool_without_asking(pool: &PgPool, calls: &Calls) -> Result<u8, AppError> {
        calls.note("body");
        Postgres::execute(tx, INSERT).await?;
        register(calls).await;
        Ok(7)
    }

    #[commit_on_success]
    async fn on_connection(
        connection: &mut PgConnection,
        sql: &str,
        calls: &Calls,
    ) -> Result<u8, AppError> {
        calls.note("body");
        Postgres::execute(connection, sql).await?;
        register(calls).await;
        Ok(7)
    }

    #[commit_on_success(tx = connection)]
    async fn on_pooled(
        connection: PoolConnection<Postgres>,
        calls: &Calls,
    ) -> Result<u8, AppError> {
        calls.note("body");
        Postgres::execute(tx, INSERT).await?;
        register(calls).await;
        Ok(7)
    }

    /// The only connection of the pool breaks in every test of this kind; the next user gets a new
    /// one.
    #[commit_on_success(tx = pool)]
    async fn next_user(pool: &PgPool) -> Result<(), AppError> {
        Postgres::execute(tx, NEXT).await?;
        Ok(())
    }

    async fn proxied() -> (Corner<Postgres>, CuttingProxy, PgPool) {
        let corner = with_table::<Postgres>().await;
        let (proxy, address) = behind(&corner).await;
        let pool = corner::pool::<Postgres>(address, 1).await;
        (corner, proxy, pool)
    }

    async fn behind(corner: &Corner<Postgres>) -> (CuttingProxy, sqlx::postgres::PgConnectOptions) {
        let server = &corner.address;
        let proxy = CuttingProxy::to(server.get_host(), server.get_port())
            .await
            .unwrap();
        let address = server
            .clone()
            .host("127.0.0.1")
            .port(proxy.address().port());
        (proxy, address)
    }

    #[commit_on_success_test_macros::server_test]
    async fn a_lost_answer_to_a_commit_on_a_pool_of_one_is_found_to_be_a_commit() {
        let (corner, proxy, pool) = proxied().await;
        let calls = Calls::default();
        proxy.cut(Cut::AfterTheServer, Then::Serve);
        assert_eq!(on_pool(&pool, &calls).await.unwrap(), 7);
        assert_eq!(proxy.cuts(), 1);
        assert_eq!(calls.lines(), ["body", "committed", "call", "later"]);
        assert_eq!(corner.numbers(ROWS).await, [1]);
        next_user(&pool).await.unwrap();
        assert_eq!(corner.numbers(ROWS).await, [1, 2]);
    }

    #[commit_on_success_test_macros::server_test]
    async fn a_commit_that_never_arrived_on_a_pool_of_one_is_found_to_be_a_rollback() {
        let (corner, proxy, pool) = proxied().await;
        let calls = Calls::default();
        proxy.cut(Cut::BeforeTheServer, Then::Serve);
        let error = on_pool(&pool, &calls).await.unwrap_err().into_transaction();
        assert_eq!(proxy.cuts(), 1);
        assert_eq!(error.kind(), ErrorKind::Commit, "{error:?}");
        assert_eq!(error.outcome(), Outcome::RolledBack);
        assert_eq!(calls.lines(), ["body", "rolled back: CommitFailed"]);
        assert!(corner.numbers(ROWS).await.is_empty());
        next_user(&pool).await.unwrap();
        assert_eq!(corner.numbers(ROWS).await, [2]);
    }

    #[commit_on_success_test_macros::server_test]
    async fn a_block_that_does_not_ask_for_settling_has_an_unknown_outcome() {
        for (cut, stored) in [(Cut::AfterTheServer, 1), (Cut::BeforeTheServer, 0)] {
            let (corner, proxy, pool) = proxied().await;
            let calls = Calls::default();
            proxy.cut(cut, Then::Serve);
            let result = on_pool_without_asking(&pool, &calls).await;
            let error = result.unwrap_err().into_transaction();
            assert_eq!(proxy.cuts(), 1);
            assert_eq!(error.kind(), ErrorKind::Unknown, "{cut:?} {error:?}");
            assert_eq!(calls.lines(), ["body"], "{cut:?}");
            assert_eq!(corner.numbers(ROWS).await.len(), stored, "{cut:?}");
            next_user(&pool).await.unwrap();
        }
    }

    #[commit_on_success_test_macros::server_test]
    async fn without_anybody_to_ask_the_outcome_stays_unknown() {
        let (corner, proxy, pool) = proxied().await;
        let calls = Calls::default();
        proxy.cut(Cut::AfterTheServer, Then::Refuse);
        let error = on_pool(&pool, &calls).await.unwrap_err().into_transaction();
        assert_eq!(error.kind(), ErrorKind::Unknown, "{error:?}");
        assert_eq!(error.outcome(), Outcome::Unknown);
        assert_eq!(calls.lines(), ["body"]);
        assert_eq!(corner.numbers(ROWS).await, [1]);
    }

    #[commit_on_success_test_macros::server_test]
    async fn on_a_plain_connection_the_outcome_is_unknown_and_no_handler_runs() {
        for (cut, stored) in [(Cut::AfterTheServer, 1), (Cut::BeforeTheServer, 0)] {
            let corner = with_table::<Postgres>().await;
            let (proxy, address) = behind(&corner).await;
            let mut connection = PgConnection::connect_with(&address).await.unwrap();
            let calls = Calls::default();
            proxy.cut(cut, Then::Serve);
            let result = on_connection(&mut connection, INSERT, &calls).await;
            let error = result.unwrap_err().into_transaction();
            assert_eq!(proxy.cuts(), 1);
            assert_eq!(error.kind(), ErrorKind::Unknown, "{cut:?} {error:?}");
            assert_eq!(error.outcome(), Outcome::Unknown);
            assert_eq!(calls.lines(), ["body"], "{cut:?}");
            assert_eq!(corner.numbers(ROWS).await.len(), stored, "{cut:?}");
        }
    }

    #[commit_on_success_test_macros::server_test]
    async fn a_pooled_connection_whose_pool_nobody_knows_has_an_unknown_outcome() {
        let (corner, proxy, pool) = proxied().await;
        let calls = Calls::default();
        proxy.cut(Cut::AfterTheServer, Then::Serve);
        let connection = pool.acquire().await.unwrap();
        let result = on_pooled(connection, &calls).await;
        let error = result.unwrap_err().into_transaction();
        assert_eq!(error.kind(), ErrorKind::Unknown, "{error:?}");
        assert_eq!(calls.lines(), ["body"]);
        next_user(&pool).await.unwrap();
        assert_eq!(corner.numbers(ROWS).await, [1, 2]);
    }

    #[commit_on_success_test_macros::server_test]
    async fn a_session_ended_in_the_body_stores_nothing_whether_its_error_is_passed_on_or_not() {
        #[commit_on_success(tx = pool, settle)]
        async fn ended(pool: &PgPool, calls: &Calls, pass_on: bool) -> Result<(), AppError> {
            Postgres::execute(tx, INSERT).await?;
            register(calls).await;
            let end = "SELECT pg_terminate_backend(pg_backend_pid())";
            let ended = Postgres::execute(tx, end).await;
            assert!(ended.is_err(), "the session goes on");
            if pass_on {
                ended?;
            }
            Ok(())
        }

        for pass_on in [true, false] {
            let corner = with_table::<Postgres>().await;
            let pool = corner.pool(1).await;
            let calls = Calls::default();
            let error = ended(&pool, &calls, pass_on).await.unwrap_err();
            match (pass_on, error) {
                (true, AppError::Database(_)) => {}
                (false, AppError::Transaction(error)) => {
                    assert_eq!(error.outcome(), Outcome::RolledBack, "{error:?}");
                }
                (_, error) => panic!("{pass_on} {error:?}"),
            }
            // `COMMIT` was never sent, and the server rolls back what a session leaves open.
            let cause = if pass_on { "Error" } else { "CommitFailed" };
            assert_eq!(calls.lines(), [format!("rolled back: {cause}")]);
            assert!(corner.numbers(ROWS).await.is_empty());
            next_user(&pool).await.unwrap();
            assert_eq!(corner.numbers(ROWS).await, [2]);
        }
    }

    #[commit_on_success_test_macros::server_test]
    async fn a_session_ended_by_somebody_else_before_the_commit_is_not_committed() {
        #[commit_on_success(tx = pool, settle)]
        async fn ended(pool: &PgPool, other: &Corner<Postgres>) -> Result<(), AppError> {
            Postgres::execute(tx, INSERT).await?;
            let own = Postgres::numbers(tx, "SELECT pg_backend_pid()::bigint").await?;
            other
                .execute(format!("SELECT pg_terminate_backend({}, 10000)", own[0]))
                .await;
            Ok(())
        }

        let corner = with_table::<Postgres>().await;
        let pool = corner.pool(1).await;
        let error = ended(&pool, &corner).await.unwrap_err().into_transaction();
        assert_eq!(error.outcome(), Outcome::RolledBack, "{error:?}");
        assert!(corner.numbers(ROWS).await.is_empty());
        next_user(&pool).await.unwrap();
    }
}

mod mariadb {
    use super::*;

    #[commit_on_success(tx = pool)]
    async fn on_pool(pool: &MySqlPool, sql: &str, calls: &Calls) -> Result<(), AppError> {
        MySql::execute(tx, sql).await?;
        register(calls).await;
        Ok(())
    }

    #[commit_on_success]
    async fn on_connection(
        connection: &mut MySqlConnection,
        sql: &str,
        calls: &Calls,
    ) -> Result<(), AppError> {
        MySql::execute(connection, sql).await?;
        register(calls).await;
        Ok(())
    }

    async fn behind(corner: &Corner<MySql>) -> (CuttingProxy, sqlx::mysql::MySqlConnectOptions) {
        let server = &corner.address;
        let proxy = CuttingProxy::to(server.get_host(), server.get_port())
            .await
            .unwrap();
        let address = server
            .clone()
            .host("127.0.0.1")
            .port(proxy.address().port());
        (proxy, address)
    }

    #[commit_on_success_test_macros::server_test]
    async fn the_outcome_stays_unknown_and_the_pool_of_one_goes_on() {
        for (cut, stored) in [(Cut::AfterTheServer, 1), (Cut::BeforeTheServer, 0)] {
            let corner = with_table::<MySql>().await;
            let (proxy, address) = behind(&corner).await;
            let pool = corner::pool::<MySql>(address, 1).await;
            let calls = Calls::default();
            proxy.cut(cut, Then::Serve);
            let result = on_pool(&pool, INSERT, &calls).await;
            let error = result.unwrap_err().into_transaction();
            assert_eq!(proxy.cuts(), 1);
            assert_eq!(error.kind(), ErrorKind::Unknown, "{cut:?} {error:?}");
            assert_eq!(error.outcome(), Outcome::Unknown);
            assert!(calls.lines().is_empty(), "{cut:?} {calls:?}");
            assert_eq!(corner.numbers(ROWS).await.len(), stored, "{cut:?}");
            on_pool(&pool, NEXT, &calls).await.unwrap();
            assert_eq!(calls.lines(), ["committed", "call", "later"]);
        }
    }

    #[commit_on_success_test_macros::server_test]
    async fn on_a_plain_connection_the_outcome_is_unknown_and_no_handler_runs() {
        for (cut, stored) in [(Cut::AfterTheServer, 1), (Cut::BeforeTheServer, 0)] {
            let corner = with_table::<MySql>().await;
            let (proxy, address) = behind(&corner).await;
            let mut connection = MySqlConnection::connect_with(&address).await.unwrap();
            let calls = Calls::default();
            proxy.cut(cut, Then::Serve);
            let result = on_connection(&mut connection, INSERT, &calls).await;
            let error = result.unwrap_err().into_transaction();
            assert_eq!(error.kind(), ErrorKind::Unknown, "{cut:?} {error:?}");
            assert!(calls.lines().is_empty(), "{cut:?} {calls:?}");
            assert_eq!(corner.numbers(ROWS).await.len(), stored, "{cut:?}");
        }
    }
}
