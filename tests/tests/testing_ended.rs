//! The code under test ends the transaction of its test: nothing is stored after that, and it is not passed over
//! in silence.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::error::Error as StdError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use commit_on_success::testing::{AsyncTestTransaction, TestTransaction, TransactionEnded};
use commit_on_success::{Error, ErrorKind, Outcome, commit_on_success, defer};
use commit_on_success_tests::journal::Journal;
use commit_on_success_tests::servers;
use sqlx::Connection as _;
use tempfile::TempDir;

type Failed = Box<dyn StdError + Send + Sync>;

/// A name of a table that no other test uses.
fn unique() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("ended_{}_{number}", std::process::id())
}

/// The refusal of a block whose test has no transaction any more.
#[track_caller]
fn assert_refused(stored: Result<(), Failed>) {
    let error = stored.unwrap_err();
    let found = Error::find(&*error).unwrap_or_else(|| panic!("{error:?}"));
    assert_eq!(found.kind(), ErrorKind::NestedBegin, "{found:?}");
    assert_eq!(found.outcome(), Outcome::RolledBack);
    let source = found.source().unwrap();
    assert!(source.is::<TransactionEnded>(), "{source:?}");
    assert_eq!(
        source.to_string(),
        "the test's transaction has ended: a statement committed it or rolled it back"
    );
}

#[track_caller]
fn assert_ended(end: Result<(), Error>) {
    let error = end.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ended, "{error:?}");
}

/// The message of a panic in the drop of a test's transaction.
fn panic_of_drop<T>(test: T) -> Option<String> {
    let payload = catch_unwind(AssertUnwindSafe(|| drop(test))).err()?;
    payload.downcast_ref::<String>().cloned()
}

/// The statements with which the code under test ends the transaction.
#[derive(Clone, Copy, Debug)]
enum End {
    /// Nothing is open afterwards.
    Commit,
    Rollback,
    /// Another transaction is open afterwards.
    Replace,
}

impl End {
    const ALL: [Self; 3] = [Self::Commit, Self::Rollback, Self::Replace];

    fn sql(self) -> &'static [&'static str] {
        match self {
            Self::Commit => &["COMMIT"],
            Self::Rollback => &["ROLLBACK"],
            Self::Replace => &["ROLLBACK", "BEGIN"],
        }
    }

    fn leaves(self) -> &'static [i64] {
        match self {
            Self::Commit => &[1],
            Self::Rollback | Self::Replace => &[],
        }
    }
}

/// One database through one sync driver.
macro_rules! sync {
    ($kind:meta, $module:ident, $connection:ty, $execute:expr, $rows:expr, $open:expr, $ends:expr) => {
        mod $module {
            use super::*;

            fn execute(conn: &mut $connection, sql: &str) {
                let execute: fn(&mut $connection, &str) = $execute;
                execute(conn, sql);
            }

            fn rows(conn: &mut $connection, table: &str) -> Vec<i64> {
                let rows: fn(&mut $connection, String) -> Vec<i64> = $rows;
                rows(conn, format!("SELECT id FROM {table} ORDER BY id"))
            }

            #[commit_on_success]
            fn store(
                conn: &mut $connection,
                table: &str,
                row: i64,
                journal: &Journal,
            ) -> Result<(), Failed> {
                execute(conn, &format!("INSERT INTO {table} VALUES ({row})"));
                defer!(journal.clone().note(row.to_string()));
                Ok(())
            }

            #[$kind]
            fn no_function_runs_after_the_end_of_its_tests_transaction() {
                let kept = tempfile::tempdir().unwrap();
                let open: fn(&TempDir) -> $connection = $open;
                let mut conn = open(&kept);
                for end in $ends {
                    let (table, journal) = (unique(), Journal::default());
                    execute(&mut conn, &format!("CREATE TABLE {table} (id BIGINT)"));
                    let mut test = TestTransaction::begin(&mut conn).unwrap();
                    store(test.connection(), &table, 1, &journal).unwrap();
                    for sql in end.sql() {
                        execute(test.connection(), sql);
                    }
                    // The end of the test undoes what was done in another transaction, and tells.
                    for row in [2, 3] {
                        let stored = store(test.connection(), &table, row, &journal);
                        if !matches!(end, End::Replace) {
                            assert_refused(stored);
                            assert_eq!(journal.lines(), ["1"], "{end:?}");
                        }
                    }
                    assert_ended(test.rollback());
                    assert_eq!(rows(&mut conn, &table), end.leaves(), "{end:?}");
                    execute(&mut conn, &format!("DROP TABLE {table}"));
                }
            }

            #[$kind]
            fn a_drop_after_the_end_panics() {
                let kept = tempfile::tempdir().unwrap();
                let open: fn(&TempDir) -> $connection = $open;
                let mut conn = open(&kept);
                for end in $ends {
                    let mut test = TestTransaction::begin(&mut conn).unwrap();
                    for sql in end.sql() {
                        execute(test.connection(), sql);
                    }
                    let message = panic_of_drop(test).unwrap();
                    assert_eq!(message, TransactionEnded.to_string(), "{end:?}");
                    drop(TestTransaction::begin(&mut conn).unwrap());
                }
            }
        }
    };
}

sync!(
    test,
    on_rusqlite,
    rusqlite::Connection,
    |conn, sql| conn.execute_batch(sql).unwrap(),
    |conn, sql| {
        let mut statement = conn.prepare(&sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    },
    |kept| rusqlite::Connection::open(kept.path().join("database")).unwrap(),
    End::ALL
);

sync!(
    commit_on_success_test_macros::sync_server_test,
    on_postgres,
    postgres::Client,
    |conn, sql| conn.batch_execute(sql).unwrap(),
    |conn, sql| {
        let rows = conn.query(&sql, &[]).unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    },
    |_| postgres::Client::connect(&servers::postgres(), postgres::NoTls).unwrap(),
    End::ALL
);

/// A row of a table that only its text names.
#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    id: i64,
}

macro_rules! on_diesel {
    ($kind:meta, $module:ident, $connection:ty, $open:expr, $ends:expr) => {
        sync!(
            $kind,
            $module,
            $connection,
            |conn, sql| diesel::connection::SimpleConnection::batch_execute(conn, sql).unwrap(),
            |conn, sql| {
                let query = diesel::sql_query(sql);
                let rows: Vec<Row> = diesel::RunQueryDsl::load(query, conn).unwrap();
                rows.iter().map(|row| row.id).collect()
            },
            $open,
            $ends
        );
    };
}

on_diesel!(
    test,
    on_diesel_sqlite,
    diesel::SqliteConnection,
    |kept| {
        let file = kept.path().join("database");
        diesel::Connection::establish(file.to_str().unwrap()).unwrap()
    },
    End::ALL
);

on_diesel!(
    commit_on_success_test_macros::sync_server_test,
    on_diesel_postgres,
    diesel::PgConnection,
    |_| diesel::Connection::establish(&servers::postgres()).unwrap(),
    End::ALL
);

on_diesel!(
    commit_on_success_test_macros::sync_server_test,
    on_diesel_mysql,
    diesel::MysqlConnection,
    |_| diesel::Connection::establish(&servers::mysql()).unwrap(),
    End::ALL
);

/// One database through one async driver.
macro_rules! asynchronous {
    ($kind:meta, $module:ident, $connection:ty, $handle:ty, $execute:path, $rows:path, $open:expr, $ends:expr) => {
        mod $module {
            use super::*;

            #[commit_on_success]
            async fn store(
                conn: $handle,
                table: &str,
                row: i64,
                journal: &Journal,
            ) -> Result<(), Failed> {
                $execute(conn, &format!("INSERT INTO {table} VALUES ({row})")).await;
                defer!(journal.clone().note(row.to_string()));
                Ok(())
            }

            #[$kind]
            async fn no_function_runs_after_the_end_of_its_tests_transaction() {
                let kept = tempfile::tempdir().unwrap();
                let open = $open;
                let source = open(&kept).await;
                let mut source: $connection = source;
                for end in $ends {
                    let (table, journal) = (unique(), Journal::default());
                    let create = format!("CREATE TABLE {table} (id BIGINT)");
                    $execute(&mut source, &create).await;
                    let mut test = AsyncTestTransaction::begin(&mut source).await.unwrap();
                    store(test.connection(), &table, 1, &journal).await.unwrap();
                    for sql in end.sql() {
                        $execute(test.connection(), sql).await;
                    }
                    for row in [2, 3] {
                        let stored = store(test.connection(), &table, row, &journal).await;
                        if !matches!(end, End::Replace) {
                            assert_refused(stored);
                            assert_eq!(journal.lines(), ["1"], "{end:?}");
                        }
                    }
                    assert_ended(test.rollback().await);
                    assert_eq!($rows(&mut source, &table).await, end.leaves(), "{end:?}");
                    $execute(&mut source, &format!("DROP TABLE {table}")).await;
                }
            }

            #[$kind]
            async fn a_drop_after_a_refusal_panics() {
                let kept = tempfile::tempdir().unwrap();
                let open = $open;
                let source = open(&kept).await;
                let mut source: $connection = source;
                let mut test = AsyncTestTransaction::begin(&mut source).await.unwrap();
                $execute(test.connection(), "COMMIT").await;
                let (table, journal) = (unique(), Journal::default());
                assert_refused(store(test.connection(), &table, 1, &journal).await);
                let message = panic_of_drop(test).unwrap();
                assert_eq!(message, TransactionEnded.to_string());
                let test = AsyncTestTransaction::begin(&mut source).await.unwrap();
                assert!(panic_of_drop(test).is_none());
                $execute(&mut source, "SELECT 1").await;
            }
        }
    };
}

macro_rules! on_sqlx {
    ($kind:meta, $module:ident, $connection:ty, $statements:ident, $open:expr) => {
        mod $statements {
            use sqlx::AssertSqlSafe;

            pub(super) async fn execute(conn: &mut $connection, sql: &str) {
                let sql = AssertSqlSafe(sql.to_owned());
                sqlx::raw_sql(sql).execute(conn).await.unwrap();
            }

            pub(super) async fn rows(conn: &mut $connection, table: &str) -> Vec<i64> {
                let sql = AssertSqlSafe(format!("SELECT id FROM {table} ORDER BY id"));
                sqlx::query_scalar(sql).fetch_all(conn).await.unwrap()
            }
        }

        asynchronous!(
            $kind,
            $module,
            $connection,
            &mut $connection,
            $statements::execute,
            $statements::rows,
            $open,
            End::ALL
        );
    };
}

on_sqlx!(
    tokio::test,
    on_sqlx_sqlite,
    sqlx::SqliteConnection,
    sqlite_statements,
    async |kept: &TempDir| {
        let options = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(kept.path().join("database"))
            .create_if_missing(true);
        sqlx::ConnectOptions::connect(&options).await.unwrap()
    }
);

on_sqlx!(
    commit_on_success_test_macros::server_test,
    on_sqlx_postgres,
    sqlx::PgConnection,
    postgres_statements,
    async |_: &TempDir| {
        let url = servers::postgres();
        sqlx::PgConnection::connect(&url).await.unwrap()
    }
);

on_sqlx!(
    commit_on_success_test_macros::server_test,
    on_sqlx_mysql,
    sqlx::MySqlConnection,
    mysql_statements,
    async |_: &TempDir| {
        let url = servers::mysql();
        sqlx::MySqlConnection::connect(&url).await.unwrap()
    }
);

/// MySQL commits before and after statements that define something.
#[commit_on_success_test_macros::server_test]
async fn a_definition_on_mysql_ends_the_transaction_and_nothing_is_stored_after_it() {
    #[commit_on_success]
    async fn define(conn: &mut sqlx::MySqlConnection, table: &str) -> Result<(), Failed> {
        mysql_statements::execute(conn, &format!("CREATE TABLE {table} (id BIGINT)")).await;
        Ok(())
    }

    #[commit_on_success]
    async fn store(conn: &mut sqlx::MySqlConnection, table: &str) -> Result<(), Failed> {
        mysql_statements::execute(conn, &format!("INSERT INTO {table} VALUES (1)")).await;
        Ok(())
    }

    let url = servers::mysql();
    let mut conn = sqlx::MySqlConnection::connect(&url).await.unwrap();
    let table = unique();
    let mut test = AsyncTestTransaction::begin(&mut conn).await.unwrap();
    let error = define(test.connection(), &table).await.unwrap_err();
    let found = Error::find(&*error).unwrap();
    assert_eq!(found.kind(), ErrorKind::Ended, "{found:?}");
    assert_refused(store(test.connection(), &table).await);
    assert_ended(test.rollback().await);
    assert_eq!(mysql_statements::rows(&mut conn, &table).await, [0; 0]);
    mysql_statements::execute(&mut conn, &format!("DROP TABLE {table}")).await;
}

mod tokio_postgres_statements {
    use std::ops::Deref;

    use tokio_postgres::Client;

    pub(super) async fn execute(conn: impl Deref<Target = Client>, sql: &str) {
        conn.batch_execute(sql).await.unwrap();
    }

    pub(super) async fn rows(conn: &mut Client, table: &str) -> Vec<i64> {
        let sql = format!("SELECT id FROM {table} ORDER BY id");
        let rows = conn.query(&sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

asynchronous!(
    commit_on_success_test_macros::server_test,
    on_tokio_postgres,
    tokio_postgres::Client,
    &mut tokio_postgres::Client,
    tokio_postgres_statements::execute,
    tokio_postgres_statements::rows,
    async |_: &TempDir| {
        let url = servers::postgres();
        let connecting = tokio_postgres::connect(&url, tokio_postgres::NoTls);
        let (client, connection) = connecting.await.unwrap();
        tokio::spawn(connection);
        client
    },
    [End::Commit, End::Rollback]
);

#[commit_on_success_test_macros::server_test]
async fn on_tokio_postgres_another_transaction_is_rolled_back_and_not_told_of() {
    use tokio_postgres_statements::{execute, rows};

    let url = servers::postgres();
    let connecting = tokio_postgres::connect(&url, tokio_postgres::NoTls);
    let (mut client, connection) = connecting.await.unwrap();
    tokio::spawn(connection);
    let table = unique();
    execute(&mut client, &format!("CREATE TABLE {table} (id BIGINT)")).await;
    let mut test = AsyncTestTransaction::begin(&mut client).await.unwrap();
    execute(test.connection(), "ROLLBACK; BEGIN").await;
    let insert = format!("INSERT INTO {table} VALUES (1)");
    execute(test.connection(), &insert).await;
    test.rollback().await.unwrap();
    assert_eq!(rows(&mut client, &table).await, [0; 0]);
    execute(&mut client, &format!("DROP TABLE {table}")).await;
}

mod sea_orm_statements {
    use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

    pub(super) async fn execute(conn: &impl ConnectionTrait, sql: &str) {
        conn.execute_unprepared(sql).await.unwrap();
    }

    pub(super) async fn rows(conn: &DatabaseConnection, table: &str) -> Vec<i64> {
        let sql = format!("SELECT id FROM {table} ORDER BY id");
        let statement = Statement::from_string(conn.get_database_backend(), sql);
        let rows = conn.query_all_raw(statement).await.unwrap();
        rows.iter()
            .map(|row| row.try_get_by_index(0).unwrap())
            .collect()
    }
}

mod on_sea_orm {
    use sea_orm::{ConnectOptions, Database, DatabaseConnection, DatabaseTransaction};

    use super::sea_orm_statements::{execute, rows};
    use super::*;

    #[commit_on_success]
    async fn store(
        conn: &DatabaseTransaction,
        table: &str,
        row: i64,
        journal: &Journal,
    ) -> Result<(), Failed> {
        execute(conn, &format!("INSERT INTO {table} VALUES ({row})")).await;
        defer!(journal.clone().note(row.to_string()));
        Ok(())
    }

    /// A pool of one connection, and another one to look.
    async fn connect(url: &str) -> [DatabaseConnection; 2] {
        let mut options = ConnectOptions::new(url);
        options.max_connections(1);
        let connected = Database::connect(options.clone()).await.unwrap();
        [connected, Database::connect(options).await.unwrap()]
    }

    async fn no_function_runs_after_the_end(url: &str) {
        for end in End::ALL {
            let [pool, other] = connect(url).await;
            let (table, journal) = (unique(), Journal::default());
            execute(&other, &format!("CREATE TABLE {table} (id BIGINT)")).await;
            let mut test = AsyncTestTransaction::begin(&pool).await.unwrap();
            store(test.connection(), &table, 1, &journal).await.unwrap();
            for sql in end.sql() {
                execute(test.connection(), sql).await;
            }
            for row in [2, 3] {
                let stored = store(test.connection(), &table, row, &journal).await;
                if !matches!(end, End::Replace) {
                    assert_refused(stored);
                    assert_eq!(journal.lines(), ["1"], "{end:?}");
                }
            }
            assert_ended(test.rollback().await);
            assert_eq!(rows(&other, &table).await, end.leaves(), "{end:?}");
            execute(&other, &format!("DROP TABLE {table}")).await;
        }
    }

    #[tokio::test]
    async fn on_sqlite_no_function_runs_after_the_end_of_its_tests_transaction() {
        let kept = tempfile::tempdir().unwrap();
        let file = kept.path().join("database");
        let url = format!("sqlite://{}?mode=rwc", file.to_str().unwrap());
        no_function_runs_after_the_end(&url).await;
    }

    #[commit_on_success_test_macros::server_test]
    async fn on_postgres_no_function_runs_after_the_end_of_its_tests_transaction() {
        let url = servers::postgres();
        no_function_runs_after_the_end(&url).await;
    }

    #[commit_on_success_test_macros::server_test]
    async fn on_mysql_no_function_runs_after_the_end_of_its_tests_transaction() {
        let url = servers::mysql();
        no_function_runs_after_the_end(&url).await;
    }
}
