//! sqlx with PostgreSQL alone: a `COPY` that the body does not finish, after which what is answered belongs to another
//! statement, and what the server writes in its log.

use commit_on_success::{ErrorKind, Outcome, commit_on_success, defer, set_rollback};
use commit_on_success_tests::stoppable::{Kind, Server};
use futures_util::TryStreamExt as _;
use sqlx::pool::PoolOptions;
use sqlx::postgres::PgConnectOptions;

use crate::dialect;
use crate::driver::{self, Connection, Database, Pool};
use crate::support::{Failure, Journal};

#[commit_on_success(tx = pool)]
async fn store(pool: &Pool, id: i64) -> Result<(), Failure> {
    Ok(driver::insert(tx, id).await?)
}

/// The end of a body.
#[derive(Clone, Copy, Debug)]
enum End {
    Succeeds,
    Fails,
    TakesBack,
}

const ENDS: [End; 3] = [End::Succeeds, End::Fails, End::TakesBack];

#[derive(Clone, Copy, Debug)]
enum Direction {
    In,
    Out,
}

async fn copy_half(conn: &mut Connection, direction: Direction, end: End) -> Result<(), Failure> {
    driver::insert(conn, 1).await?;
    match direction {
        Direction::In => {
            let mut copy = conn.copy_in_raw("COPY item FROM STDIN").await?;
            copy.send(&b"7\n"[..]).await?;
        }
        Direction::Out => {
            let everything = "COPY (SELECT generate_series(1, 100000)) TO STDOUT";
            let mut copy = conn.copy_out_raw(everything).await?;
            copy.try_next().await?.unwrap();
        }
    }
    match end {
        End::Succeeds => Ok(()),
        End::Fails => Err(Failure::body("no")),
        End::TakesBack => Ok(set_rollback()?),
    }
}

/// Each user of the pool gets the answers to its own statements.
async fn is_in_step(pool: &Pool, db: &Database, mut stored: Vec<i64>) {
    store(pool, 5).await.unwrap();
    store(pool, 5).await.unwrap_err();
    stored.push(5);
    let mut conn = driver::take(pool).await;
    assert_eq!(driver::rows(&mut conn).await.unwrap(), stored);
    assert_eq!(db.committed().await, stored);
}

#[crate::driver::test]
async fn a_copy_that_the_body_does_not_finish_costs_the_pool_its_connection() {
    #[commit_on_success(tx = pool)]
    async fn copies(
        pool: &Pool,
        direction: Direction,
        end: End,
        journal: &Journal,
    ) -> Result<(), Failure> {
        defer!(journal.clone().note("called"));
        copy_half(tx, direction, end).await
    }

    for direction in [Direction::In, Direction::Out] {
        for end in ENDS {
            let db = driver::open().await;
            let (pool, journal) = (db.pool(1).await, Journal::default());
            let ended = copies(&pool, direction, end, &journal).await;
            let mut stored = Vec::new();
            match (end, direction) {
                (End::Fails, _) => assert_eq!(&*ended.unwrap_err().into_body(), "no"),
                (End::Succeeds, Direction::In) => {
                    let error = ended.unwrap_err().into_transaction();
                    assert_eq!(error.outcome(), Outcome::RolledBack, "{error:?}");
                }
                // A copy that is read to its end does no harm, and the answers to the commit follow.
                (End::Succeeds, Direction::Out) => {
                    ended.unwrap();
                    stored.push(1);
                }
                // Nobody can say that the rollback that was asked for has been answered.
                (End::TakesBack, _) => {
                    let error = ended.unwrap_err().into_transaction();
                    assert_eq!(error.kind(), ErrorKind::Rollback, "{error:?}");
                }
            }
            assert_eq!(journal.entries().len(), stored.len());
            is_in_step(&pool, &db, stored).await;
        }
    }
}

#[crate::driver::test]
async fn a_copy_that_the_body_does_not_finish_stores_nothing_on_a_borrowed_connection() {
    #[commit_on_success]
    async fn copies(conn: &mut Connection, direction: Direction, end: End) -> Result<(), Failure> {
        copy_half(conn, direction, end).await
    }

    for direction in [Direction::In, Direction::Out] {
        for end in ENDS {
            let db = driver::open().await;
            let mut conn = db.connect().await;
            copies(&mut conn, direction, end).await.unwrap_err();
            drop(conn);
            assert!(db.committed().await.is_empty());
        }
    }
}

/// The number of warnings in the log of a server of one's own.
async fn warnings(conn: &mut Connection) -> i64 {
    let log =
        "SELECT count(*) FROM regexp_matches(pg_read_file('/proc/self/fd/2'), 'WARNING:', 'g')";
    driver::number(conn, log).await.unwrap()
}

#[crate::driver::test]
async fn the_server_has_nothing_to_warn_of_in_its_log() {
    #[commit_on_success]
    async fn send(conn: &mut Connection, sql: &'static str) -> Result<(), Failure> {
        Ok(driver::execute(conn, sql).await?)
    }

    #[commit_on_success(tx = pool)]
    async fn ends(pool: &Pool, sql: &'static str, end: End) -> Result<(), Failure> {
        let nested = send(tx, sql).await;
        assert!(nested.is_ok() || sql == "COMMIT", "{nested:?}");
        match end {
            End::Succeeds => Ok(()),
            End::Fails => Err(Failure::body("no")),
            End::TakesBack => Ok(set_rollback()?),
        }
    }

    #[commit_on_success(tx = pool)]
    async fn swallows(pool: &Pool) -> Result<(), Failure> {
        driver::execute(tx, "nonsense").await.unwrap_err();
        Ok(())
    }

    #[commit_on_success(tx = pool, attempts = 3)]
    async fn again(pool: &Pool) -> Result<(), Failure> {
        driver::execute(tx, "nonsense").await.unwrap_err();
        Ok(())
    }

    let Some(server) = Server::start(Kind::Postgres) else {
        return;
    };
    let address = PgConnectOptions::new_without_pgpass();
    let address = address.host("127.0.0.1").port(server.port);
    let pool = PoolOptions::new().max_connections(1);
    let pool = pool.connect_with(address.username("postgres"));
    let pool: Pool = pool.await.unwrap();
    let mut conn = driver::take(&pool).await;
    for table in dialect::TABLES {
        driver::execute(&mut conn, table).await.unwrap();
    }
    drop(conn);

    store(&pool, 1).await.unwrap();
    store(&pool, 1).await.unwrap_err();
    for end in ENDS {
        let _ = ends(&pool, "SELECT 1", end).await;
        let _ = ends(&pool, "COMMIT", end).await;
    }
    let refused = ends(&pool, "INSERT INTO child VALUES (7)", End::Succeeds).await;
    let error = refused.unwrap_err().into_transaction();
    assert_eq!(error.kind(), ErrorKind::Commit, "{error:?}");
    swallows(&pool).await.unwrap_err();
    again(&pool).await.unwrap_err();
    store(&pool, 2).await.unwrap();

    let mut conn = driver::take(&pool).await;
    assert_eq!(driver::rows(&mut conn).await.unwrap(), [1, 2]);
    assert_eq!(warnings(&mut conn).await, 0);
    driver::execute(&mut conn, "ROLLBACK").await.unwrap();
    assert_eq!(warnings(&mut conn).await, 1);
}

#[crate::driver::test]
async fn the_next_user_of_the_connection_has_the_options_of_the_session() {
    #[commit_on_success(tx = pool, isolation = serializable, read_only, deferrable)]
    async fn reads(pool: &Pool, end: End) -> Result<i64, Failure> {
        let of_the_block = driver::number(tx, HAS_DEFAULTS).await?;
        match end {
            End::Succeeds => {}
            End::Fails => return Err(Failure::body("no")),
            End::TakesBack => set_rollback()?,
        }
        Ok(of_the_block)
    }

    const HAS_DEFAULTS: &str = "SELECT (current_setting('transaction_isolation') = 'read committed' AND \
        current_setting('transaction_read_only') = 'off' AND \
        current_setting('transaction_deferrable') = 'off')::int::bigint";

    let db = driver::open().await;
    let pool = db.pool(1).await;
    for (end, id) in ENDS.into_iter().zip(1..) {
        let of_the_block = reads(&pool, end).await;
        assert!(matches!(of_the_block, Ok(0) | Err(_)), "{of_the_block:?}");
        let mut conn = driver::take(&pool).await;
        assert_eq!(driver::number(&mut conn, HAS_DEFAULTS).await.unwrap(), 1);
        drop(conn);
        store(&pool, id).await.unwrap();
    }
    assert_eq!(db.committed().await, [1, 2, 3]);
}
