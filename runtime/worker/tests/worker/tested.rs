//! The test support, called alike on both databases.

use std::time::Duration;

use commit_on_success::jobs::{Enqueue, Job as _};
use commit_on_success::sqlx::Db;
use commit_on_success::testing::AsyncTestTransaction;
use commit_on_success::{commit_on_success, enqueue};
use commit_on_success_worker::testing::{Attempts, StoredJob};
use commit_on_success_worker::{Context, Error, Handlers, testing};
use sqlx::{AssertSqlSafe, PgPool, Postgres, Sqlite, SqlitePool};

use crate::scene::{Index, Scene, Store};

/// A number that the database refuses as an effect.
pub(crate) const REFUSED: i64 = 13;

/// A store whose tests have a handle.
pub(crate) trait Tested: Store {
    type Db: Clone + Send + Sync + 'static;

    fn handle(&self) -> Self::Db;

    /// Runs a test in a transaction that is begun with the handle, and asserts that nothing of it is there, before its end and after.
    async fn in_test(&self, db: &Self::Db, test: impl AsyncFnOnce());

    fn enqueue(db: &Self::Db, job: impl Enqueue + Send) -> impl Future<Output = ()> + Send;

    /// Stores an effect of a job and completes it.
    fn credit(
        db: &Self::Db,
        context: &Context,
        id: i64,
    ) -> impl Future<Output = anyhow::Result<()>> + Send;

    /// Asks for one number, where the handle leads to.
    async fn ask(db: &Self::Db, sql: &str) -> i64;

    async fn stored(db: &Self::Db) -> Vec<StoredJob>;

    fn run_due(
        db: &Self::Db,
        handlers: &Handlers,
    ) -> impl Future<Output = Result<Attempts, Error>> + Send;

    fn advance(db: &Self::Db, time: Duration) -> impl Future<Output = ()> + Send;

    /// Counts what waits, what runs and what waits then, on a connection instead of a handle.
    async fn on_a_connection(&self, handlers: &Handlers) -> [usize; 3];
}

macro_rules! tested {
    ($pool:ty, $database:ty) => {
        impl Tested for $pool {
            type Db = Db<$database>;

            fn handle(&self) -> Self::Db {
                Db::new(self.clone())
            }

            async fn in_test(&self, db: &Self::Db, test: impl AsyncFnOnce()) {
                let transaction = AsyncTestTransaction::begin(db).await.unwrap();
                test().await;
                let here = Self::ask(db, "SELECT count(*) FROM river_job").await;
                assert!(here > 0, "the test has stored nothing");
                let rows =
                    "SELECT (SELECT count(*) FROM river_job) + (SELECT count(*) FROM credit)";
                assert_eq!(self.number(rows).await, 0);
                transaction.rollback().await.unwrap();
                assert_eq!(Self::ask(db, rows).await, 0);
            }

            async fn enqueue(db: &Self::Db, job: impl Enqueue + Send) {
                #[commit_on_success(tx = db)]
                async fn store(db: &Db<$database>, job: impl Enqueue + Send) -> anyhow::Result<()> {
                    enqueue!(db, job).await?;
                    Ok(())
                }
                store(db, job).await.unwrap();
            }

            async fn credit(db: &Self::Db, context: &Context, id: i64) -> anyhow::Result<()> {
                #[commit_on_success(tx = db)]
                async fn credit(
                    db: &Db<$database>,
                    context: &Context,
                    id: i64,
                ) -> anyhow::Result<()> {
                    let sql = format!("INSERT INTO credit VALUES ({id}, {})", context.attempt());
                    sqlx::query(AssertSqlSafe(sql)).execute(db).await?;
                    context.complete(&mut *db.acquire().await?).await?;
                    anyhow::ensure!(id >= 0, "after it was completed");
                    Ok(())
                }
                credit(db, context, id).await
            }

            async fn ask(db: &Self::Db, sql: &str) -> i64 {
                let sql = AssertSqlSafe(sql.to_owned());
                sqlx::query_scalar(sql).fetch_one(db).await.unwrap()
            }

            async fn stored(db: &Self::Db) -> Vec<StoredJob> {
                testing::stored(db).await.unwrap()
            }

            fn run_due(
                db: &Self::Db,
                handlers: &Handlers,
            ) -> impl Future<Output = Result<Attempts, Error>> + Send {
                testing::run(db, handlers)
            }

            async fn advance(db: &Self::Db, time: Duration) {
                testing::advance(db, time).await.unwrap();
            }

            async fn on_a_connection(&self, handlers: &Handlers) -> [usize; 3] {
                #[commit_on_success]
                async fn store(
                    conn: &mut <$database as sqlx::Database>::Connection,
                ) -> anyhow::Result<()> {
                    enqueue!(conn, Index { id: 1 }).await?;
                    enqueue!(conn, Index { id: 2 }.after(Duration::from_mins(59))).await?;
                    Ok(())
                }

                let mut conn = self.acquire().await.unwrap();
                let mut test = AsyncTestTransaction::begin(&mut *conn).await.unwrap();
                store(test.connection()).await.unwrap();
                let before = testing::stored(test.connection()).await.unwrap();
                let mut ran = testing::run(test.connection(), handlers)
                    .await
                    .unwrap()
                    .len();
                let hour = Duration::from_hours(1);
                testing::advance(test.connection(), hour).await.unwrap();
                ran += testing::run(test.connection(), handlers)
                    .await
                    .unwrap()
                    .len();
                let after = testing::stored(test.connection()).await.unwrap();
                test.rollback().await.unwrap();
                [before.len(), ran, after.len()]
            }
        }
    };
}

tested!(SqlitePool, Sqlite);
tested!(PgPool, Postgres);

/// The tables of jobs and of effects, and a handle.
pub(crate) async fn with_handle<P: Tested>(scene: Scene<P>) -> (Scene<P>, P::Db) {
    let scene = scene.migrated().await;
    let table = format!("CREATE TABLE credit (id bigint CHECK (id <> {REFUSED}), attempt bigint)");
    scene.pool.run(&table).await;
    let db = scene.pool.handle();
    (scene, db)
}
