//! Functions of every shape, run again: what they take is there again for each attempt.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::time::Duration;

use commit_on_success::{Backoff, Error, commit_on_success, defer};
use commit_on_success_tests::corner::{Corner, Stage};
use commit_on_success_tests::scripted::{Answer, AppError, Connection, Database, Scripted, Step};
use commit_on_success_tests::transient::Contended;
use sqlx::{Sqlite, SqlitePool};

fn failing(times: usize) -> Database {
    (0..times).fold(Database::new(), |database, _| {
        database.on(Step::Insert, Answer::Failed)
    })
}

#[tokio::test]
async fn what_is_lent_mutably_is_lent_again() {
    #[commit_on_success(tx = Contended(connection), attempts = 3, backoff = Duration::ZERO)]
    fn writes(connection: &mut Connection, log: &mut Vec<&'static str>) -> Result<(), AppError> {
        log.push("attempt");
        tx.insert(1)?;
        Ok(())
    }

    #[commit_on_success(tx = Contended(connection), attempts = 3, backoff = Duration::ZERO)]
    async fn writes_later(
        connection: &mut Connection,
        log: &mut Vec<&'static str>,
    ) -> Result<(), AppError> {
        log.push("attempt");
        tx.insert_later(1).await?;
        Ok(())
    }

    let database = failing(2);
    let mut log = Vec::new();
    writes(&mut database.connection(), &mut log).unwrap();
    assert_eq!(log, ["attempt"; 3]);
    assert_eq!(database.durable(), [1]);

    let database = failing(2);
    let mut log = Vec::new();
    let mut connection = database.connection();
    writes_later(&mut connection, &mut log).await.unwrap();
    assert_eq!(log, ["attempt"; 3]);
    assert_eq!(database.durable(), [1]);
}

#[test]
fn arguments_that_are_taken_apart_are_cloned_as_well() {
    struct Order {
        rows: Vec<i64>,
        title: String,
    }

    #[commit_on_success(tx = Contended(connection), attempts = 3, backoff = Duration::ZERO)]
    fn writes(
        connection: &mut Connection,
        (text, mut row): (String, i64),
        Order { rows, title }: Order,
    ) -> Result<String, AppError> {
        row += 1;
        tx.insert(row)?;
        for row in rows {
            tx.insert(row)?;
        }
        let database = tx.database().clone();
        defer!(move || database.note(&title));
        Ok(text + &row.to_string())
    }

    let database = failing(2);
    let order = Order {
        rows: vec![5, 6],
        title: "order".to_owned(),
    };
    let text = writes(&mut database.connection(), ("row ".to_owned(), 1), order);
    assert_eq!(text.unwrap(), "row 2");
    assert_eq!(database.durable(), [2, 5, 6]);
    assert_eq!(database.count("order"), 1);
}

#[derive(Clone)]
struct Service {
    pool: SqlitePool,
    name: String,
}

#[derive(Debug, thiserror::Error)]
enum ServiceError {
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("script: {0}")]
    Scripted(#[from] Scripted),
    #[error("transaction: {0}")]
    Transaction(#[from] Error),
}

const READ: &str = "SELECT n FROM counter";
const WRITE: &str = "UPDATE counter SET n = n + 1";

/// Reads, has somebody else write the first time, and writes.
async fn late(
    tx: &mut sqlx::SqliteConnection,
    corner: &Corner<Sqlite>,
    bodies: &mut usize,
) -> Result<(), ServiceError> {
    *bodies += 1;
    Sqlite::numbers(tx, READ).await?;
    if *bodies == 1 {
        corner.execute(WRITE).await;
    }
    Sqlite::execute(tx, WRITE).await?;
    Ok(())
}

impl Service {
    fn backoff() -> Backoff {
        Backoff::new(Duration::from_micros(10)).limit(Duration::from_millis(1))
    }

    #[commit_on_success(tx = &self.pool, attempts = 2, backoff = Self::backoff())]
    async fn by_reference(
        &self,
        corner: &Corner<Sqlite>,
        bodies: &mut usize,
    ) -> Result<String, ServiceError> {
        late(tx, corner, bodies).await?;
        Ok(self.name.clone())
    }

    #[commit_on_success(tx = &self.pool, attempts = 2, backoff = Duration::ZERO)]
    async fn by_mutable_reference(
        &mut self,
        corner: &Corner<Sqlite>,
        bodies: &mut usize,
    ) -> Result<String, ServiceError> {
        late(tx, corner, bodies).await?;
        Ok(self.name.clone())
    }

    #[commit_on_success(tx = pool, attempts = 2, backoff = Duration::ZERO)]
    async fn on_a_pool_by_value(
        &self,
        pool: SqlitePool,
        corner: &Corner<Sqlite>,
        bodies: &mut usize,
    ) -> Result<String, ServiceError> {
        late(tx, corner, bodies).await?;
        Ok(self.name.clone())
    }
}

#[async_trait::async_trait]
trait Port {
    async fn run(&self, corner: &Corner<Sqlite>) -> Result<usize, ServiceError>;
}

#[async_trait::async_trait]
impl Port for Service {
    #[commit_on_success(tx = &self.pool, attempts = 2, backoff = Duration::ZERO)]
    async fn run(&self, corner: &Corner<Sqlite>) -> Result<usize, ServiceError> {
        let mut bodies = usize::from(Sqlite::numbers(tx, READ).await?[0] != 0);
        late(tx, corner, &mut bodies).await?;
        Ok(bodies)
    }
}

async fn service() -> (Corner<Sqlite>, Service) {
    let corner = Sqlite::corner().await;
    corner.execute("CREATE TABLE counter (n BIGINT)").await;
    corner.execute("INSERT INTO counter VALUES (0)").await;
    let pool = corner.pool(1).await;
    let name = "service".to_owned();
    (corner, Service { pool, name })
}

#[tokio::test]
async fn methods_with_each_kind_of_receiver_run_again() {
    let (corner, mut service) = service().await;
    let mut bodies = 0;
    let name = service.by_reference(&corner, &mut bodies).await;
    assert_eq!((name.unwrap().as_str(), bodies), ("service", 2));
    assert_eq!(corner.numbers(READ).await, [2]);

    let mut bodies = 0;
    let name = service.by_mutable_reference(&corner, &mut bodies).await;
    assert_eq!((name.unwrap().as_str(), bodies), ("service", 2));
    assert_eq!(corner.numbers(READ).await, [4]);

    let mut bodies = 0;
    let pool = service.pool.clone();
    let name = service.on_a_pool_by_value(pool, &corner, &mut bodies).await;
    assert_eq!((name.unwrap().as_str(), bodies), ("service", 2));
    assert_eq!(corner.numbers(READ).await, [6]);
}

#[tokio::test]
async fn a_method_of_an_async_trait_runs_again() {
    let (corner, service) = service().await;
    assert_eq!(service.run(&corner).await.unwrap(), 2);
    assert_eq!(corner.numbers(READ).await, [2]);
}
