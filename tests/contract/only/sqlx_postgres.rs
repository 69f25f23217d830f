//! sqlx with PostgreSQL alone: a `COPY` that the body does not finish, after which what is answered belongs to another
//! statement.

use commit_on_success::{Error, Outcome, commit_on_success, defer, set_rollback};
use futures_util::TryStreamExt as _;

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
async fn is_in_step(pool: &Pool, db: &Database) {
    store(pool, 5).await.unwrap();
    store(pool, 5).await.unwrap_err();
    let mut conn = driver::take(pool).await;
    assert_eq!(driver::rows(&mut conn).await.unwrap(), [5]);
    assert_eq!(db.committed().await, [5]);
}

#[tokio::test]
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
            let Some(db) = driver::open().await else {
                return;
            };
            let (pool, journal) = (db.pool(1).await, Journal::default());
            let ended = copies(&pool, direction, end, &journal).await;
            match end {
                End::Fails => assert_eq!(&*ended.unwrap_err().into_body(), "no"),
                End::Succeeds => {
                    let error = ended.unwrap_err().into_transaction();
                    assert_eq!(error.outcome(), Outcome::RolledBack, "{error:?}");
                }
                // Nobody can say that the rollback that was asked for has been answered.
                End::TakesBack => {
                    let error = ended.unwrap_err().into_transaction();
                    assert!(matches!(error, Error::Rollback { .. }), "{error:?}");
                }
            }
            assert!(journal.entries().is_empty());
            is_in_step(&pool, &db).await;
        }
    }
}

#[tokio::test]
async fn a_copy_that_the_body_does_not_finish_stores_nothing_on_a_borrowed_connection() {
    #[commit_on_success]
    async fn copies(conn: &mut Connection, direction: Direction, end: End) -> Result<(), Failure> {
        copy_half(conn, direction, end).await
    }

    for direction in [Direction::In, Direction::Out] {
        for end in ENDS {
            let Some(db) = driver::open().await else {
                return;
            };
            let mut conn = db.connect().await;
            copies(&mut conn, direction, end).await.unwrap_err();
            drop(conn);
            assert!(db.committed().await.is_empty());
        }
    }
}
