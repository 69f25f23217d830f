//! Options that a transaction is begun with, in force on each database or refused before the body.
#![allow(missing_docs, reason = "a test program")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed test says where"
)]

use commit_on_success::{
    AsyncTransaction as _, Error, ErrorKind, Outcome, Owned, Session as _, TransactionStatus,
};
use commit_on_success::{Isolation, Mode, Options, Unsupported, commit_on_success, transaction};
use commit_on_success_tests::corner::{Calls, Corner, Stage};
use commit_on_success_tests::errors::assert_unsupported;
use commit_on_success_tests::servers;
use sqlx::error::DatabaseError;
use sqlx::{MySql, MySqlPool, PgPool, Postgres, Sqlite, SqlitePool};

#[derive(Debug, thiserror::Error)]
enum AppError {
    #[error("rusqlite: {0}")]
    Rusqlite(#[from] rusqlite::Error),
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("transaction: {0}")]
    Transaction(#[from] Error),
}

#[track_caller]
fn transaction_error<T: std::fmt::Debug>(result: Result<T, AppError>) -> Error {
    match result {
        Err(AppError::Transaction(error)) => error,
        other => panic!("expected an error of the transaction, found {other:?}"),
    }
}

#[track_caller]
fn assert_refused(result: Result<(), AppError>, expected: &str, of: &str) {
    let error = transaction_error(result);
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_unsupported(&error, expected, of);
}

#[track_caller]
fn assert_nested_option(result: Result<(), AppError>, expected: &str) {
    let error = transaction_error(result);
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_eq!(error.kind(), ErrorKind::NestedOption, "{error:?}");
    let said = format!(" asks for `{expected}`, but ");
    assert!(error.to_string().contains(&said), "{error}");
}

mod on_rusqlite {
    use super::*;
    use rusqlite::Connection;

    macro_rules! blocks {
        ($($function:ident($($option:tt)*),)*) => {
            $(
                #[commit_on_success($($option)*)]
                fn $function(_connection: &mut Connection, calls: &Calls) -> Result<(), AppError> {
                    calls.note("body");
                    Ok(())
                }
            )*
        };
    }

    blocks! {
        read_uncommitted(isolation = read_uncommitted),
        read_committed(isolation = read_committed),
        repeatable_read(isolation = repeatable_read),
        serializable(isolation = serializable),
        read_only(read_only),
        serializable_deferrable(isolation = serializable, read_only, deferrable),
        mode_deferred(mode = deferred),
        mode_immediate(mode = immediate),
        mode_exclusive(mode = exclusive),
        attempts(attempts = 3),
        settle(settle),
        read_only_joined(propagation = required, isolation = serializable),
    }

    type Block = fn(&mut Connection, &Calls) -> Result<(), AppError>;

    fn in_memory() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE item (id INTEGER PRIMARY KEY)")
            .unwrap();
        connection
    }

    fn rows(connection: &Connection) -> i64 {
        let sql = "SELECT count(*) FROM item";
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn what_sqlite_does_not_have_is_refused_before_the_body() {
        let blocks: [(Block, &str); 6] = [
            (read_uncommitted, "isolation"),
            (read_committed, "isolation"),
            (repeatable_read, "isolation"),
            (read_only, "read_only"),
            (serializable_deferrable, "read_only"),
            (settle, "settle"),
        ];
        for (block, option) in blocks {
            let (mut connection, calls) = (in_memory(), Calls::default());
            let result = block(&mut connection, &calls);
            assert_refused(result, option, "SQLite");
            assert!(calls.lines().is_empty(), "{option}");
            assert!(connection.is_autocommit());
            serializable(&mut connection, &calls).unwrap();
        }
    }

    #[test]
    fn what_sqlite_has_is_accepted() {
        let blocks: [Block; 5] = [
            serializable,
            mode_deferred,
            mode_immediate,
            mode_exclusive,
            attempts,
        ];
        for block in blocks {
            let calls = Calls::default();
            block(&mut in_memory(), &calls).unwrap();
            assert_eq!(calls.lines(), ["body"]);
        }
    }

    #[commit_on_success]
    fn outer(
        connection: &mut Connection,
        block: Block,
        calls: &Calls,
    ) -> Result<Result<(), AppError>, AppError> {
        connection.execute("INSERT INTO item VALUES (1)", [])?;
        let inner = block(connection, calls);
        connection.execute("INSERT INTO item VALUES (3)", [])?;
        Ok(inner)
    }

    #[test]
    fn options_on_a_nested_or_joining_block_are_refused_before_its_body_and_the_outer_goes_on() {
        let blocks: [(Block, &str); 7] = [
            (serializable, "isolation"),
            (read_only, "read_only"),
            (serializable_deferrable, "isolation"),
            (mode_immediate, "mode"),
            (attempts, "attempts"),
            (settle, "settle"),
            (read_only_joined, "isolation"),
        ];
        for (block, option) in blocks {
            let (mut connection, calls) = (in_memory(), Calls::default());
            let inner = outer(&mut connection, block, &calls).unwrap();
            assert_nested_option(inner, option);
            assert!(calls.lines().is_empty(), "{option}");
            assert_eq!(rows(&connection), 2, "{option}");
        }
    }

    #[test]
    fn options_are_refused_in_a_transaction_opened_by_hand() {
        let (mut connection, calls) = (in_memory(), Calls::default());
        connection.execute_batch("BEGIN").unwrap();
        assert_nested_option(mode_immediate(&mut connection, &calls), "mode");
        assert_nested_option(attempts(&mut connection, &calls), "attempts");
        assert!(calls.lines().is_empty());
        assert!(!connection.is_autocommit());
    }

    /// Two connections to a file, of which none waits for the other.
    fn two(journal: &str) -> (tempfile::TempDir, Connection, Connection) {
        let directory = tempfile::tempdir().unwrap();
        let open = || {
            let connection = Connection::open(directory.path().join("two.db")).unwrap();
            connection.busy_timeout(std::time::Duration::ZERO).unwrap();
            let pragma = |_: &rusqlite::Row<'_>| Ok(());
            connection
                .query_row(&format!("PRAGMA journal_mode = {journal}"), [], pragma)
                .unwrap();
            connection
        };
        let (one, other) = (open(), open());
        one.execute_batch("CREATE TABLE item (id INTEGER PRIMARY KEY)")
            .unwrap();
        (directory, one, other)
    }

    fn may_write(connection: &Connection) -> bool {
        connection
            .execute("INSERT INTO item DEFAULT VALUES", [])
            .is_ok()
    }

    fn may_read(connection: &Connection) -> bool {
        let sql = "SELECT count(*) FROM item";
        connection
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .is_ok()
    }

    #[test]
    fn a_deferred_transaction_lets_others_write_before_its_first_statement() {
        #[commit_on_success(mode = deferred)]
        fn looks(_connection: &mut Connection, other: &Connection) -> Result<bool, AppError> {
            Ok(may_write(other))
        }

        let (_directory, mut one, other) = two("wal");
        assert!(looks(&mut one, &other).unwrap());
    }

    #[test]
    fn an_immediate_transaction_keeps_others_from_writing_but_not_from_reading() {
        #[commit_on_success(mode = immediate)]
        fn looks(
            _connection: &mut Connection,
            other: &Connection,
        ) -> Result<(bool, bool), AppError> {
            Ok((may_read(other), may_write(other)))
        }

        for journal in ["wal", "delete"] {
            let (_directory, mut one, other) = two(journal);
            assert_eq!(looks(&mut one, &other).unwrap(), (true, false), "{journal}");
            assert!(may_write(&other), "{journal}");
        }
    }

    #[test]
    fn an_exclusive_transaction_keeps_others_from_reading_as_well() {
        #[commit_on_success(mode = exclusive)]
        fn looks(
            _connection: &mut Connection,
            other: &Connection,
        ) -> Result<(bool, bool), AppError> {
            Ok((may_read(other), may_write(other)))
        }

        let (_directory, mut one, other) = two("delete");
        assert_eq!(looks(&mut one, &other).unwrap(), (false, false));
        assert!(may_read(&other));
    }

    #[test]
    fn an_immediate_transaction_that_finds_the_file_busy_does_not_run_its_body() {
        let (_directory, mut one, other) = two("wal");
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let calls = Calls::default();
        let error = transaction_error(mode_immediate(&mut one, &calls));
        assert_eq!(error.kind(), ErrorKind::Begin, "{error:?}");
        assert!(calls.lines().is_empty());
        other.execute_batch("COMMIT").unwrap();
        mode_immediate(&mut one, &calls).unwrap();
        assert_eq!(calls.lines(), ["body"]);
    }

    #[test]
    fn the_block_form_knows_the_options_as_well() {
        let (_directory, mut one, other) = two("wal");
        let result: Result<bool, AppError> = transaction!(tx = &mut one, mode = immediate => {
            let _ = &tx;
            Ok(may_write(&other))
        });
        assert!(!result.unwrap());
        let result: Result<(), AppError> = transaction!(tx = &mut one, read_only => {
            let _ = &tx;
            unreachable!("the body does not run")
        });
        assert_refused(result, "read_only", "SQLite");
    }
}

mod on_sqlx_sqlite {
    use std::time::Duration;

    use super::*;
    use sqlx::{Connection as _, SqliteConnection};

    macro_rules! blocks {
        ($($function:ident($($option:tt)*),)*) => {
            $(
                #[commit_on_success(tx = pool, $($option)*)]
                async fn $function(pool: &SqlitePool, calls: &Calls) -> Result<(), AppError> {
                    let _ = &tx;
                    calls.note("body");
                    Ok(())
                }
            )*
        };
    }

    blocks! {
        read_uncommitted(isolation = read_uncommitted),
        read_committed(isolation = read_committed),
        repeatable_read(isolation = repeatable_read),
        serializable(isolation = serializable),
        read_only(read_only),
        serializable_deferrable(isolation = serializable, read_only, deferrable),
        settle(settle),
        mode_exclusive(mode = exclusive),
    }

    #[tokio::test]
    async fn what_sqlite_does_not_have_is_refused_before_the_body() {
        let corner = Sqlite::corner().await;
        let (pool, calls) = (corner.pool(1).await, Calls::default());
        // Gone, if the connection were thrown away.
        Sqlite::execute(
            &mut pool.acquire().await.unwrap(),
            "CREATE TEMP TABLE own (id)",
        )
        .await
        .unwrap();
        let result = read_uncommitted(&pool, &calls).await;
        assert_refused(result, "isolation", "SQLite");
        let result = read_committed(&pool, &calls).await;
        assert_refused(result, "isolation", "SQLite");
        let result = repeatable_read(&pool, &calls).await;
        assert_refused(result, "isolation", "SQLite");
        assert_refused(read_only(&pool, &calls).await, "read_only", "SQLite");
        let result = serializable_deferrable(&pool, &calls).await;
        assert_refused(result, "read_only", "SQLite");
        assert_refused(settle(&pool, &calls).await, "settle", "SQLite");
        assert!(calls.lines().is_empty());
        serializable(&pool, &calls).await.unwrap();
        mode_exclusive(&pool, &calls).await.unwrap();
        assert_eq!(calls.lines(), ["body", "body"]);
        let mut connection = pool.acquire().await.unwrap();
        Sqlite::execute(&mut connection, "SELECT * FROM own")
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn an_immediate_transaction_keeps_others_from_writing() {
        const INSERT: &str = "INSERT INTO item DEFAULT VALUES";

        #[commit_on_success(tx = pool, mode = immediate)]
        async fn looks(pool: &SqlitePool, other: &mut SqliteConnection) -> Result<bool, AppError> {
            let _ = &tx;
            Ok(Sqlite::execute(other, INSERT).await.is_ok())
        }

        let corner = Sqlite::corner().await;
        corner
            .execute("CREATE TABLE item (id INTEGER PRIMARY KEY)")
            .await;
        let pool = corner.pool(1).await;
        let impatient = corner.address.clone().busy_timeout(Duration::ZERO);
        let mut other = SqliteConnection::connect_with(&impatient).await.unwrap();
        assert!(!looks(&pool, &mut other).await.unwrap());
        Sqlite::execute(&mut other, INSERT).await.unwrap();
    }

    #[tokio::test]
    async fn options_on_a_nested_block_are_refused_before_its_body_and_the_outer_goes_on() {
        #[commit_on_success(mode = immediate)]
        async fn immediate(_connection: &mut SqliteConnection) -> Result<(), AppError> {
            unreachable!("the body does not run")
        }

        #[commit_on_success(attempts = 2)]
        async fn again(_connection: &mut SqliteConnection) -> Result<(), AppError> {
            unreachable!("the body does not run")
        }

        #[commit_on_success(tx = pool)]
        async fn outer(pool: &SqlitePool) -> Result<(), AppError> {
            Sqlite::execute(tx, "INSERT INTO item VALUES (1)").await?;
            assert_nested_option(immediate(tx).await, "mode");
            assert_nested_option(again(tx).await, "attempts");
            Sqlite::execute(tx, "INSERT INTO item VALUES (2)").await?;
            Ok(())
        }

        let corner = Sqlite::corner().await;
        corner
            .execute("CREATE TABLE item (id INTEGER PRIMARY KEY)")
            .await;
        outer(&corner.pool(1).await).await.unwrap();
        assert_eq!(corner.numbers("SELECT id FROM item").await, [1, 2]);
    }
}

/// How many rows a transaction sees: at first, when somebody else has committed one more, and when
/// somebody else has written yet another without committing.
macro_rules! sights {
    ($database:ident, $pool:ty; $($function:ident($($option:tt)*),)*) => {
        const COUNT: &str = "SELECT count(*) FROM item";
        const INSERT: &str = "INSERT INTO item VALUES (1)";

        async fn sight(
            tx: &mut <$database as sqlx::Database>::Connection,
            corner: &Corner<$database>,
        ) -> Result<Vec<i64>, AppError> {
            let mut counts = $database::numbers(tx, COUNT).await?;
            corner.execute(INSERT).await;
            counts.extend($database::numbers(tx, COUNT).await?);
            let mut other = corner.connect().await;
            $database::execute(&mut other, "START TRANSACTION").await?;
            $database::execute(&mut other, INSERT).await?;
            counts.extend($database::numbers(tx, COUNT).await?);
            $database::execute(&mut other, "ROLLBACK").await?;
            Ok(counts)
        }

        $(
            #[commit_on_success(tx = pool, $($option)*)]
            async fn $function(
                pool: &$pool,
                corner: &Corner<$database>,
            ) -> Result<Vec<i64>, AppError> {
                sight(tx, corner).await
            }
        )*
    };
}

async fn with_table<DB: Stage>() -> Corner<DB> {
    let corner = DB::corner().await;
    corner.execute("CREATE TABLE item (id BIGINT)").await;
    corner
}

mod on_postgres {
    use super::*;
    use sqlx::PgConnection;

    sights! {
        Postgres, PgPool;
        sees_read_committed(isolation = read_committed),
        sees_repeatable_read(isolation = repeatable_read),
        sees_serializable(isolation = serializable),
    }

    #[commit_on_success_test_macros::server_test]
    async fn each_isolation_level_sees_what_it_should() {
        let corner = with_table::<Postgres>().await;
        let pool = corner.pool(1).await;
        let sight = sees_read_committed(&pool, &corner).await.unwrap();
        assert_eq!(sight, [0, 1, 1]);
        let sight = sees_repeatable_read(&pool, &corner).await.unwrap();
        assert_eq!(sight, [1, 1, 1]);
        let sight = sees_serializable(&pool, &corner).await.unwrap();
        assert_eq!(sight, [2, 2, 2]);
    }

    async fn shown(connection: &mut PgConnection) -> Result<[String; 3], AppError> {
        let level: String = sqlx::query_scalar("SHOW transaction_isolation")
            .fetch_one(&mut *connection)
            .await?;
        let read_only: String = sqlx::query_scalar("SHOW transaction_read_only")
            .fetch_one(&mut *connection)
            .await?;
        let deferrable: String = sqlx::query_scalar("SHOW transaction_deferrable")
            .fetch_one(connection)
            .await?;
        Ok([level, read_only, deferrable])
    }

    macro_rules! shows {
        ($($function:ident($($option:tt)*),)*) => {
            $(
                #[commit_on_success(tx = pool, $($option)*)]
                async fn $function(pool: &PgPool) -> Result<[String; 3], AppError> {
                    shown(tx).await
                }
            )*
        };
    }

    shows! {
        nothing(),
        read_uncommitted(isolation = read_uncommitted),
        read_committed(isolation = read_committed),
        repeatable_read(isolation = repeatable_read),
        serializable(isolation = serializable),
        read_only(read_only),
        read_only_repeatable_read(read_only, isolation = repeatable_read),
        deferrable(isolation = serializable, read_only, deferrable),
        mode(mode = immediate),
    }

    #[commit_on_success_test_macros::server_test]
    async fn the_server_shows_the_options_that_are_in_force_and_forgets_them_afterwards() {
        let corner = with_table::<Postgres>().await;
        let pool = &corner.pool(1).await;
        let default = ["read committed", "off", "off"];
        let seen = read_uncommitted(pool).await.unwrap();
        assert_eq!(seen, ["read uncommitted", "off", "off"]);
        assert_eq!(read_committed(pool).await.unwrap(), default);
        let seen = repeatable_read(pool).await.unwrap();
        assert_eq!(seen, ["repeatable read", "off", "off"]);
        let seen = serializable(pool).await.unwrap();
        assert_eq!(seen, ["serializable", "off", "off"]);
        assert_eq!(nothing(pool).await.unwrap(), default);
        let seen = read_only(pool).await.unwrap();
        assert_eq!(seen, ["read committed", "on", "off"]);
        let seen = read_only_repeatable_read(pool).await.unwrap();
        assert_eq!(seen, ["repeatable read", "on", "off"]);
        let seen = deferrable(pool).await.unwrap();
        assert_eq!(seen, ["serializable", "on", "on"]);
        assert_eq!(nothing(pool).await.unwrap(), default);
    }

    #[commit_on_success_test_macros::server_test]
    async fn a_read_only_transaction_refuses_to_write() {
        #[commit_on_success(tx = pool, read_only)]
        async fn writes(pool: &PgPool) -> Result<(), sqlx::Error> {
            Postgres::execute(tx, INSERT).await
        }

        let corner = with_table::<Postgres>().await;
        let error = writes(&corner.pool(1).await).await.unwrap_err();
        let code = error.as_database_error().and_then(DatabaseError::code);
        assert_eq!(code.as_deref(), Some("25006"), "{error:?}");
        assert_eq!(corner.numbers(COUNT).await, [0]);
    }

    #[commit_on_success_test_macros::server_test]
    async fn what_postgres_does_not_have_is_refused_before_anything_is_sent() {
        let corner = with_table::<Postgres>().await;
        let pool = corner.pool(1).await;
        let result = mode(&pool).await.map(drop);
        assert_refused(result, "mode", "PostgreSQL");
        let alone = Options::new().deferrable();
        let half = alone.isolation(Isolation::Serializable);
        let other_half = alone.read_only();
        for options in [alone, half, other_half] {
            let mut transaction = commit_on_success::AsyncBegin::acquire_session(&pool)
                .await
                .unwrap();
            let error = transaction.begin(&options).await.unwrap_err();
            let refused = error.downcast_ref::<Unsupported>().unwrap();
            assert!(refused.option.starts_with("deferrable"), "{refused:?}");
            assert_eq!(refused.database, "PostgreSQL");
            assert_eq!(transaction.status(), TransactionStatus::Idle);
        }
        assert_eq!(nothing(&pool).await.unwrap()[1], "off");
    }

    /// What is in the way of asking later, told before anything is sent.
    async fn refuses_to_settle<S: commit_on_success::AsyncBegin<D>, D>(source: S) {
        let mut transaction = source.acquire_session().await.unwrap();
        let options = Options::new().settle();
        let error = transaction.begin(&options).await.unwrap_err();
        let refused = error.downcast_ref::<Unsupported>().unwrap();
        assert!(refused.option.starts_with("settle"), "{refused:?}");
        assert_eq!(refused.database, "PostgreSQL");
        assert_ne!(transaction.status(), TransactionStatus::Open);
    }

    #[commit_on_success_test_macros::server_test]
    async fn an_option_that_needs_a_pool_is_refused_where_there_is_none_to_ask() {
        let corner = with_table::<Postgres>().await;
        let pool = corner.pool(1).await;
        refuses_to_settle(pool.acquire().await.unwrap()).await;
        refuses_to_settle(&mut pool.acquire().await.unwrap()).await;
        refuses_to_settle(&mut corner.connect().await).await;
        refuses_to_settle(Owned(Box::new(corner.connect().await))).await;
        let url = servers::postgres();
        let pool = sea_orm::Database::connect(&url).await.unwrap();
        refuses_to_settle(&pool).await;
        let connecting = tokio_postgres::connect(&url, tokio_postgres::NoTls).await;
        let (mut client, connection) = connecting.unwrap();
        tokio::spawn(connection);
        refuses_to_settle(&mut client).await;
    }

    #[commit_on_success_test_macros::server_test]
    async fn a_transaction_on_a_pool_that_asks_to_be_settled_is_stored_and_nests() {
        #[commit_on_success(tx = pool, settle, isolation = serializable, attempts = 2)]
        async fn writes(pool: &PgPool) -> Result<(), AppError> {
            Postgres::execute(tx, INSERT).await?;
            nests(tx).await
        }

        #[commit_on_success]
        async fn nests(connection: &mut PgConnection) -> Result<(), AppError> {
            Ok(Postgres::execute(connection, INSERT).await?)
        }

        let corner = with_table::<Postgres>().await;
        let pool = corner.pool(1).await;
        writes(&pool).await.unwrap();
        let result: Result<(), AppError> = transaction!(async tx = &pool, settle => {
            nests(tx).await
        });
        result.unwrap();
        assert_eq!(corner.numbers(COUNT).await, [3]);
    }

    #[commit_on_success_test_macros::server_test]
    async fn options_on_a_nested_block_are_refused_before_its_body_and_the_outer_goes_on() {
        #[commit_on_success(isolation = serializable)]
        async fn isolated(_connection: &mut PgConnection) -> Result<(), AppError> {
            unreachable!("the body does not run")
        }

        #[commit_on_success(read_only, propagation = required)]
        async fn reads(_connection: &mut PgConnection) -> Result<(), AppError> {
            unreachable!("the body does not run")
        }

        #[commit_on_success(settle)]
        async fn settles(_connection: &mut PgConnection) -> Result<(), AppError> {
            unreachable!("the body does not run")
        }

        #[commit_on_success(tx = pool)]
        async fn outer(pool: &PgPool) -> Result<(), AppError> {
            assert_nested_option(settles(tx).await, "settle");
            assert_nested_option(isolated(tx).await, "isolation");
            assert_nested_option(reads(tx).await, "read_only");
            Postgres::execute(tx, INSERT).await?;
            Ok(())
        }

        let corner = with_table::<Postgres>().await;
        outer(&corner.pool(1).await).await.unwrap();
        assert_eq!(corner.numbers(COUNT).await, [1]);
    }

    #[commit_on_success_test_macros::server_test]
    async fn options_on_an_independent_transaction_inside_another_are_in_force() {
        #[commit_on_success(tx = pool)]
        async fn outer(pool: &PgPool) -> Result<[[String; 3]; 2], AppError> {
            let inner = serializable(pool).await?;
            Ok([inner, shown(tx).await?])
        }

        let corner = with_table::<Postgres>().await;
        let [inner, outer] = outer(&corner.pool(2).await).await.unwrap();
        assert_eq!(inner[0], "serializable");
        assert_eq!(outer[0], "read committed");
    }
}

mod on_mariadb {
    use super::*;
    use sqlx::MySqlConnection;

    sights! {
        MySql, MySqlPool;
        sees_nothing(),
        sees_read_uncommitted(isolation = read_uncommitted),
        sees_read_committed(isolation = read_committed),
        sees_repeatable_read(isolation = repeatable_read),
    }

    #[commit_on_success_test_macros::server_test]
    async fn each_isolation_level_sees_what_it_should_and_is_forgotten_afterwards() {
        let corner = with_table::<MySql>().await;
        let pool = &corner.pool(1).await;
        let sight = sees_read_uncommitted(pool, &corner).await.unwrap();
        assert_eq!(sight, [0, 1, 2]);
        let sight = sees_nothing(pool, &corner).await.unwrap();
        assert_eq!(sight, [1, 1, 1]);
        let sight = sees_read_committed(pool, &corner).await.unwrap();
        assert_eq!(sight, [2, 3, 3]);
        let sight = sees_repeatable_read(pool, &corner).await.unwrap();
        assert_eq!(sight, [3, 3, 3]);
    }

    #[commit_on_success_test_macros::server_test]
    async fn a_serializable_transaction_locks_what_it_reads() {
        #[commit_on_success(tx = pool, isolation = serializable)]
        async fn reads(pool: &MySqlPool, other: &mut MySqlConnection) -> Result<String, AppError> {
            MySql::numbers(tx, COUNT).await?;
            let error = MySql::execute(other, INSERT).await.unwrap_err();
            Ok(error.to_string())
        }

        let corner = with_table::<MySql>().await;
        let mut other = corner.connect().await;
        MySql::execute(&mut other, "SET innodb_lock_wait_timeout = 1")
            .await
            .unwrap();
        let error = reads(&corner.pool(1).await, &mut other).await.unwrap();
        assert!(error.contains("1205"), "{error}");
        MySql::execute(&mut other, INSERT).await.unwrap();
    }

    #[commit_on_success_test_macros::server_test]
    async fn a_read_only_transaction_refuses_to_write_with_or_without_an_isolation_level() {
        #[commit_on_success(tx = pool, read_only)]
        async fn writes(pool: &MySqlPool) -> Result<(), sqlx::Error> {
            MySql::execute(tx, INSERT).await
        }

        #[commit_on_success(tx = pool, read_only, isolation = read_committed)]
        async fn writes_isolated(pool: &MySqlPool) -> Result<(), sqlx::Error> {
            MySql::execute(tx, INSERT).await
        }

        #[commit_on_success(tx = pool)]
        async fn may_write(pool: &MySqlPool) -> Result<(), sqlx::Error> {
            MySql::execute(tx, INSERT).await
        }

        let corner = with_table::<MySql>().await;
        let pool = corner.pool(1).await;
        for error in [
            writes(&pool).await.unwrap_err(),
            writes_isolated(&pool).await.unwrap_err(),
        ] {
            assert!(error.to_string().contains("1792"), "{error:?}");
        }
        assert_eq!(corner.numbers(COUNT).await, [0]);
        may_write(&pool).await.unwrap();
        assert_eq!(corner.numbers(COUNT).await, [1]);
    }

    #[commit_on_success_test_macros::server_test]
    async fn what_mysql_does_not_have_is_refused_before_anything_is_sent() {
        #[commit_on_success(tx = pool, isolation = serializable, read_only, deferrable)]
        async fn deferrable(pool: &MySqlPool) -> Result<(), AppError> {
            let _ = &tx;
            unreachable!("the body does not run")
        }

        #[commit_on_success(tx = pool, mode = deferred)]
        async fn mode(pool: &MySqlPool) -> Result<(), AppError> {
            let _ = &tx;
            unreachable!("the body does not run")
        }

        #[commit_on_success(tx = pool, settle)]
        async fn settle(pool: &MySqlPool) -> Result<(), AppError> {
            let _ = &tx;
            unreachable!("the body does not run")
        }

        let corner = with_table::<MySql>().await;
        let pool = corner.pool(1).await;
        assert_refused(deferrable(&pool).await, "deferrable", "MySQL");
        assert_refused(mode(&pool).await, "mode", "MySQL");
        assert_refused(settle(&pool).await, "settle", "MySQL");
        let mut transaction = commit_on_success::AsyncBegin::acquire_session(&pool)
            .await
            .unwrap();
        let options = Options::new().mode(Mode::Exclusive);
        let error = transaction.begin(&options).await.unwrap_err();
        assert!(error.is::<Unsupported>(), "{error:?}");
        assert_eq!(transaction.status(), TransactionStatus::Idle);
    }

    #[commit_on_success_test_macros::server_test]
    async fn options_on_a_nested_block_are_refused_before_its_body_and_the_outer_goes_on() {
        #[commit_on_success(isolation = serializable)]
        async fn isolated(_connection: &mut MySqlConnection) -> Result<(), AppError> {
            unreachable!("the body does not run")
        }

        #[commit_on_success(tx = pool)]
        async fn outer(pool: &MySqlPool) -> Result<(), AppError> {
            assert_nested_option(isolated(tx).await, "isolation");
            MySql::execute(tx, INSERT).await?;
            Ok(())
        }

        let corner = with_table::<MySql>().await;
        outer(&corner.pool(1).await).await.unwrap();
        assert_eq!(corner.numbers(COUNT).await, [1]);
    }
}
