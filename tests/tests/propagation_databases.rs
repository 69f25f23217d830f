//! What a block does when a transaction is, or is not, open on its connection: on real databases.
#![allow(missing_docs, reason = "a test program")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed test says where"
)]

use commit_on_success::{
    Error, ErrorKind, Outcome, RollbackOnly, commit_on_success, defer, in_transaction, pending,
    set_rollback,
};
use commit_on_success_tests::corner::{Calls, Corner, Stage};
use commit_on_success_tests::errors::assert_kind;
use sqlx::{Connection as _, MySql, Postgres, Sqlite};

#[derive(Debug, thiserror::Error)]
enum AppError {
    #[error("no")]
    Body,
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
fn assert_joined<T: std::fmt::Debug>(result: Result<T, AppError>) {
    let error = transaction_error(result);
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_kind(&error, ErrorKind::RollbackOnly, "outer");
    let why = error.rollback_only();
    assert!(matches!(why, Some(RollbackOnly::Joined { .. })), "{why:?}");
}

/// What the inner block does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Inner {
    Joins,
    JoinsAndFails,
    JoinsAndGivesUp,
    JoinsWithABrokenStatement,
    Durable,
    Mandatory,
}

const ROWS: &str = "SELECT id FROM item ORDER BY id";

async fn with_table<DB: Stage>() -> Corner<DB> {
    let corner = DB::corner().await;
    corner
        .execute("CREATE TABLE item (id BIGINT PRIMARY KEY)")
        .await;
    corner
}

/// The types differ between the databases, and little else.
macro_rules! suite {
    ($kind:meta, $module:ident, $database:ident, $driver:literal) => {
        mod $module {
            use super::*;

            type Connection = <$database as sqlx::Database>::Connection;
            type Pool = sqlx::Pool<$database>;
            type ByHand<'t> = sqlx::Transaction<'t, $database>;

            async fn insert(connection: &mut Connection, row: i64) -> Result<(), sqlx::Error> {
                let sql = format!("INSERT INTO item VALUES ({row})");
                $database::execute(connection, sql).await
            }

            async fn store(
                connection: &mut Connection,
                row: i64,
                calls: &Calls,
            ) -> Result<(), AppError> {
                insert(connection, row).await?;
                defer!(calls.clone().note(row.to_string()));
                Ok(())
            }

            #[commit_on_success(propagation = required)]
            async fn joins(
                connection: &mut Connection,
                inner: Inner,
                calls: &Calls,
            ) -> Result<(), AppError> {
                store(connection, 2, calls).await?;
                match inner {
                    Inner::JoinsAndFails => return Err(AppError::Body),
                    Inner::JoinsAndGivesUp => set_rollback().unwrap(),
                    Inner::JoinsWithABrokenStatement => insert(connection, 2).await?,
                    _ => {}
                }
                Ok(())
            }

            #[commit_on_success(propagation = durable)]
            async fn durable(connection: &mut Connection, calls: &Calls) -> Result<(), AppError> {
                store(connection, 2, calls).await
            }

            #[commit_on_success(propagation = mandatory)]
            async fn mandatory(connection: &mut Connection, calls: &Calls) -> Result<(), AppError> {
                store(connection, 2, calls).await
            }

            /// Keeps the inner error to itself.
            #[commit_on_success(tx = pool)]
            async fn outer(
                pool: &Pool,
                inner: Inner,
                calls: &Calls,
            ) -> Result<Result<(), AppError>, AppError> {
                store(tx, 1, calls).await?;
                let result = match inner {
                    Inner::Durable => durable(tx, calls).await,
                    Inner::Mandatory => mandatory(tx, calls).await,
                    _ => joins(tx, inner, calls).await,
                };
                if inner != Inner::JoinsWithABrokenStatement {
                    store(tx, 3, calls).await?;
                }
                Ok(result)
            }

            #[$kind]
            async fn a_joining_block_is_part_of_the_transaction_around_it() {
                for inner in [Inner::Joins, Inner::Mandatory] {
                    let corner = with_table::<$database>().await;
                    let (pool, calls) = (corner.pool(1).await, Calls::default());
                    outer(&pool, inner, &calls).await.unwrap().unwrap();
                    assert_eq!(corner.numbers(ROWS).await, [1, 2, 3], "{inner:?}");
                    assert_eq!(calls.lines(), ["1", "2", "3"], "{inner:?}");
                }
            }

            #[$kind]
            async fn a_joined_block_that_failed_and_was_caught_makes_the_outer_fail_loudly() {
                let all = [
                    Inner::JoinsAndFails,
                    Inner::JoinsAndGivesUp,
                    Inner::JoinsWithABrokenStatement,
                ];
                for inner in all {
                    let corner = with_table::<$database>().await;
                    let (pool, calls) = (corner.pool(1).await, Calls::default());
                    assert_joined(outer(&pool, inner, &calls).await);
                    assert!(corner.numbers(ROWS).await.is_empty(), "{inner:?}");
                    assert!(calls.lines().is_empty(), "{inner:?} {calls:?}");
                    outer(&pool, Inner::Joins, &calls).await.unwrap().unwrap();
                    assert_eq!(calls.lines(), ["1", "2", "3"]);
                }
            }

            #[$kind]
            async fn required_without_a_transaction_begins_one() {
                let corner = with_table::<$database>().await;
                let (mut connection, calls) = (corner.connect().await, Calls::default());
                let failed = joins(&mut connection, Inner::JoinsAndFails, &calls).await;
                assert!(matches!(failed, Err(AppError::Body)), "{failed:?}");
                assert!(corner.numbers(ROWS).await.is_empty());
                assert!(calls.lines().is_empty());
                joins(&mut connection, Inner::Joins, &calls).await.unwrap();
                assert_eq!(corner.numbers(ROWS).await, [2]);
                assert_eq!(calls.lines(), ["2"]);
            }

            #[$kind]
            async fn durable_commits_alone_and_is_refused_inside_a_transaction_that_goes_on() {
                let corner = with_table::<$database>().await;
                let (pool, calls) = (corner.pool(1).await, Calls::default());
                let error = transaction_error(outer(&pool, Inner::Durable, &calls).await.unwrap());
                assert_kind(&error, ErrorKind::Durable, "durable");
                assert!(error.to_string().contains($driver), "{error}");
                assert_eq!(corner.numbers(ROWS).await, [1, 3]);
                assert_eq!(calls.lines(), ["1", "3"]);
                durable(&mut corner.connect().await, &calls).await.unwrap();
                assert_eq!(corner.numbers(ROWS).await, [1, 2, 3]);
                assert_eq!(calls.lines(), ["1", "3", "2"]);
            }

            #[$kind]
            async fn mandatory_without_a_transaction_names_the_driver_and_runs_nothing() {
                let corner = with_table::<$database>().await;
                let (mut connection, calls) = (corner.connect().await, Calls::default());
                let error = transaction_error(mandatory(&mut connection, &calls).await);
                assert_kind(&error, ErrorKind::Mandatory, "mandatory");
                assert!(error.to_string().contains($driver), "{error}");
                assert!(error.to_string().contains($driver), "{error}");
                assert!(corner.numbers(ROWS).await.is_empty());
                assert!(calls.lines().is_empty());
                joins(&mut connection, Inner::Joins, &calls).await.unwrap();
            }

            #[$kind]
            async fn required_in_a_transaction_opened_by_hand_is_a_savepoint() {
                #[commit_on_success(propagation = required)]
                async fn joins_or_not(
                    by_hand: &mut ByHand<'_>,
                    row: i64,
                    fail: bool,
                ) -> Result<(), AppError> {
                    insert(by_hand, row).await?;
                    if fail {
                        return Err(AppError::Body);
                    }
                    Ok(())
                }

                let corner = with_table::<$database>().await;
                let mut connection = corner.connect().await;
                let mut by_hand = connection.begin().await.unwrap();
                insert(&mut by_hand, 1).await.unwrap();
                joins_or_not(&mut by_hand, 2, true).await.unwrap_err();
                joins_or_not(&mut by_hand, 3, false).await.unwrap();
                by_hand.commit().await.unwrap();
                assert_eq!(corner.numbers(ROWS).await, [1, 3]);
            }
        }
    };
}

suite!(
    commit_on_success_test_macros::server_test,
    on_postgres,
    Postgres,
    "sqlx-postgres"
);
suite!(
    commit_on_success_test_macros::server_test,
    on_mariadb,
    MySql,
    "sqlx-mysql"
);
suite!(tokio::test, on_sqlite, Sqlite, "sqlx-sqlite");

mod independent {
    //! A pool as the source inside an open transaction.
    use super::*;

    macro_rules! independent {
        ($test:ident, $database:ident) => {
            #[commit_on_success_test_macros::server_test]
            async fn $test() {
                type Connection = <$database as sqlx::Database>::Connection;

                async fn insert(connection: &mut Connection, row: i64) -> Result<(), sqlx::Error> {
                    let sql = format!("INSERT INTO item VALUES ({row})");
                    $database::execute(connection, sql).await
                }

                #[commit_on_success(tx = pool, propagation = durable)]
                async fn independent(
                    pool: &sqlx::Pool<$database>,
                    calls: &Calls,
                    fail: bool,
                ) -> Result<(), AppError> {
                    insert(tx, 2).await?;
                    defer!(calls.clone().note("inner"));
                    assert_eq!(pending(), 1);
                    if fail { Err(AppError::Body) } else { Ok(()) }
                }

                #[commit_on_success(tx = pool)]
                async fn outer(
                    pool: &sqlx::Pool<$database>,
                    calls: &Calls,
                    inner_fails: bool,
                    outer_fails: bool,
                ) -> Result<(), AppError> {
                    insert(tx, 1).await?;
                    defer!(calls.clone().note("outer 1"));
                    let inner = independent(pool, calls, inner_fails).await;
                    assert_eq!(inner.is_err(), inner_fails);
                    calls.note("after inner");
                    // The outer's context is back.
                    assert!(in_transaction());
                    assert_eq!(pending(), 1);
                    defer!(calls.clone().note("outer 2"));
                    insert(tx, 3).await?;
                    if outer_fails {
                        Err(AppError::Body)
                    } else {
                        Ok(())
                    }
                }

                for inner_fails in [false, true] {
                    for outer_fails in [false, true] {
                        let corner = with_table::<$database>().await;
                        let (pool, calls) = (corner.pool(2).await, Calls::default());
                        let result = outer(&pool, &calls, inner_fails, outer_fails).await;
                        assert_eq!(result.is_err(), outer_fails);
                        let (mut rows, mut lines) = (vec![], vec![]);
                        if !inner_fails {
                            rows.push(2);
                            lines.push("inner");
                        }
                        lines.push("after inner");
                        if !outer_fails {
                            rows.extend([1, 3]);
                            lines.extend(["outer 1", "outer 2"]);
                        }
                        rows.sort_unstable();
                        assert_eq!(corner.numbers(ROWS).await, rows);
                        assert_eq!(calls.lines(), lines);
                    }
                }
            }
        };
    }

    independent!(
        a_pool_inside_a_transaction_is_independent_on_postgres,
        Postgres
    );
    independent!(a_pool_inside_a_transaction_is_independent_on_mariadb, MySql);
}

mod postgres_only {
    use super::*;
    use sqlx::{PgConnection, PgPool};

    /// The transaction that a row was written by: a savepoint has a number of its own.
    const WRITERS: &str = "SELECT xmin::text::bigint FROM item ORDER BY id";

    #[commit_on_success(propagation = required)]
    async fn joins(connection: &mut PgConnection) -> Result<(), AppError> {
        Ok(Postgres::execute(connection, "INSERT INTO item VALUES (2)").await?)
    }

    #[commit_on_success]
    async fn nests(connection: &mut PgConnection) -> Result<(), AppError> {
        Ok(Postgres::execute(connection, "INSERT INTO item VALUES (3)").await?)
    }

    #[commit_on_success(tx = pool)]
    async fn outer(pool: &PgPool) -> Result<Vec<i64>, AppError> {
        Postgres::execute(tx, "INSERT INTO item VALUES (1)").await?;
        joins(tx).await?;
        nests(tx).await?;
        Ok(Postgres::numbers(tx, WRITERS).await?)
    }

    #[commit_on_success_test_macros::server_test]
    async fn a_joined_block_writes_without_a_savepoint_and_a_nested_one_with_it() {
        let corner = with_table::<Postgres>().await;
        let writers = outer(&corner.pool(1).await).await.unwrap();
        assert_eq!(writers[0], writers[1]);
        assert_ne!(writers[0], writers[2]);
    }
}

mod on_rusqlite {
    use super::*;
    use rusqlite::Connection;

    fn insert(connection: &Connection, row: i64) -> Result<(), AppError> {
        connection.execute("INSERT INTO item VALUES (?1)", [row])?;
        Ok(())
    }

    fn rows(connection: &Connection) -> Vec<i64> {
        let mut statement = connection.prepare(ROWS).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    fn database() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        let table = "CREATE TABLE item (id INTEGER PRIMARY KEY)";
        connection.execute_batch(table).unwrap();
        connection
    }

    #[commit_on_success(propagation = required)]
    fn joins(connection: &mut Connection, fail: bool) -> Result<(), AppError> {
        insert(connection, 2)?;
        if fail { Err(AppError::Body) } else { Ok(()) }
    }

    #[commit_on_success(propagation = mandatory)]
    fn mandatory(connection: &mut Connection, _: bool) -> Result<(), AppError> {
        insert(connection, 2)
    }

    #[commit_on_success(propagation = durable)]
    fn durable(connection: &mut Connection, _: bool) -> Result<(), AppError> {
        insert(connection, 2)
    }

    type Block = fn(&mut Connection, bool) -> Result<(), AppError>;

    #[commit_on_success]
    fn outer(
        connection: &mut Connection,
        block: Block,
        fail: bool,
    ) -> Result<Result<(), AppError>, AppError> {
        insert(connection, 1)?;
        let result = block(connection, fail);
        insert(connection, 3)?;
        Ok(result)
    }

    #[test]
    fn a_joining_block_is_part_of_the_transaction_around_it() {
        for block in [joins as Block, mandatory] {
            let mut connection = database();
            outer(&mut connection, block, false).unwrap().unwrap();
            assert_eq!(rows(&connection), [1, 2, 3]);
        }
    }

    #[test]
    fn a_joined_block_that_failed_and_was_caught_makes_the_outer_fail_loudly() {
        let mut connection = database();
        assert_joined(outer(&mut connection, joins, true));
        assert!(rows(&connection).is_empty());
        assert!(connection.is_autocommit());
    }

    #[test]
    fn durable_and_mandatory_are_refused_before_the_body_with_the_name_of_the_driver() {
        let mut connection = database();
        let error = transaction_error(outer(&mut connection, durable, false).unwrap());
        assert_eq!(error.kind(), ErrorKind::Durable, "{error:?}");
        assert!(error.to_string().contains("rusqlite"), "{error}");
        assert_eq!(rows(&connection), [1, 3]);
        let error = transaction_error(mandatory(&mut connection, false));
        assert_eq!(error.kind(), ErrorKind::Mandatory, "{error:?}");
        assert!(error.to_string().contains("rusqlite"), "{error}");
        assert_eq!(rows(&connection), [1, 3]);
    }

    #[test]
    fn required_in_a_transaction_opened_by_hand_is_a_savepoint() {
        #[commit_on_success(by_hand, propagation = required)]
        fn joins_or_not(
            by_hand: &rusqlite::Transaction<'_>,
            row: i64,
            fail: bool,
        ) -> Result<(), AppError> {
            insert(by_hand, row)?;
            if fail { Err(AppError::Body) } else { Ok(()) }
        }

        let mut connection = database();
        let by_hand = connection.transaction().unwrap();
        insert(&by_hand, 1).unwrap();
        joins_or_not(&by_hand, 2, true).unwrap_err();
        joins_or_not(&by_hand, 3, false).unwrap();
        by_hand.commit().unwrap();
        assert_eq!(rows(&connection), [1, 3]);
    }

    #[test]
    fn the_block_form_knows_the_option_as_well() {
        use commit_on_success::transaction;

        for fail in [false, true] {
            let mut connection = database();
            let result: Result<(), AppError> = transaction!(tx = &mut connection => {
                insert(tx, 1)?;
                let inner: Result<(), AppError> = transaction!(tx = &mut *tx, propagation = required => {
                    insert(tx, 2)?;
                    if fail { Err(AppError::Body) } else { Ok(()) }
                });
                assert_eq!(inner.is_err(), fail);
                Ok(())
            });
            assert_eq!(result.is_err(), fail, "{result:?}");
            let expected: &[i64] = if fail { &[] } else { &[1, 2] };
            assert_eq!(rows(&connection), expected);
        }
    }
}
