//! Thousands of inner blocks that roll back in one transaction need no more memory in the server than a
//! few.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use commit_on_success::{commit_on_success, defer, pending};
use commit_on_success_tests::corner::{Calls, Stage};
use commit_on_success_tests::faults::{Tally, cases};
use commit_on_success_tests::journal::Failure;
use sqlx::{MySql, MySqlConnection, PgConnection, Postgres};

/// As many as fill caches.
const FEW: u64 = 200;

/// What a server says that one of its connections needs.
trait Weighed: Stage {
    const BYTES: &str;

    /// What may be left of a block until its transaction ends.
    const PER_BLOCK: i64;

    fn outer(
        connection: &mut Self::Connection,
        blocks: u64,
        calls: &Calls,
    ) -> impl Future<Output = Result<i64, Failure>> + Send;

    async fn bytes(connection: &mut Self::Connection) -> Result<i64, sqlx::Error> {
        Ok(Self::numbers(connection, Self::BYTES).await?[0])
    }
}

/// What differs between the databases is only the types.
macro_rules! blocks {
    ($module:ident, $database:ty, $connection:ty, $bytes:literal, $per_block:literal) => {
        mod $module {
            use super::*;

            #[commit_on_success]
            async fn inner(connection: &mut $connection, calls: &Calls) -> Result<(), Failure> {
                <$database>::execute(connection, "INSERT INTO item VALUES (1)").await?;
                defer!(calls.clone().note("lost"));
                Err(Failure::Body("the inner block fails"))
            }

            #[commit_on_success]
            async fn outer(
                connection: &mut $connection,
                blocks: u64,
                calls: &Calls,
            ) -> Result<i64, Failure> {
                defer!(calls.clone().note("kept"));
                <$database>::execute(connection, "INSERT INTO item VALUES (0)").await?;
                let mut few = 0;
                for number in 0..blocks {
                    let ended = inner(connection, calls).await;
                    assert!(matches!(ended, Err(Failure::Body(_))), "{ended:?}");
                    if number == FEW {
                        few = <$database>::bytes(connection).await?;
                    }
                }
                assert_eq!(pending(), 1);
                Ok(<$database>::bytes(connection).await? - few)
            }

            impl Weighed for $database {
                const BYTES: &str = $bytes;
                const PER_BLOCK: i64 = $per_block;

                fn outer(
                    connection: &mut $connection,
                    blocks: u64,
                    calls: &Calls,
                ) -> impl Future<Output = Result<i64, Failure>> + Send {
                    outer(connection, blocks, calls)
                }
            }
        }
    };
}

blocks!(
    postgres,
    Postgres,
    PgConnection,
    "SELECT sum(total_bytes)::BIGINT FROM pg_backend_memory_contexts",
    8
);
// MariaDB takes the memory of a savepoint from what belongs to the transaction.
blocks!(
    mariadb,
    MySql,
    MySqlConnection,
    "SELECT CAST(memory_used AS SIGNED) FROM information_schema.processlist WHERE id = connection_id()",
    128
);

fn is_constant<DB: Weighed>(grown: i64, blocks: u64) -> bool {
    grown < DB::PER_BLOCK * i64::try_from(blocks).unwrap()
}

async fn roll_back<DB: Weighed>(kind: &str) {
    let corner = DB::corner().await;
    let blocks = FEW + cases(2_000);
    let calls = Calls::default();
    corner.execute("CREATE TABLE item (id INTEGER)").await;
    let mut connection = corner.connect().await;
    let grown = DB::outer(&mut connection, blocks, &calls).await.unwrap();
    let mut tally = Tally::new(format!("inner blocks rolled back, {kind}"));
    (0..blocks).for_each(|_| tally.inject());
    let constant = is_constant::<DB>(grown, blocks);
    tally.promise(constant, || format!("{grown} bytes more"));
    tally.measure(
        "bytes more in the server",
        u64::try_from(grown).unwrap_or(0),
    );
    let rows = corner.numbers("SELECT count(*) FROM item").await;
    tally.promise(rows == [1], || format!("{rows:?} rows"));
    tally.promise(calls.lines() == ["kept"], || format!("{calls:?}"));
    tally.publish();
}

#[commit_on_success_test_macros::server_test]
async fn blocks_that_roll_back_leave_no_memory_behind_in_postgresql() {
    roll_back::<Postgres>("sqlx-postgres").await;
}

#[commit_on_success_test_macros::server_test]
async fn blocks_that_roll_back_leave_little_memory_behind_in_mariadb() {
    roll_back::<MySql>("sqlx-mysql").await;
}

// What makes sure that the measure above is one.
#[commit_on_success_test_macros::server_test]
async fn savepoints_that_stay_need_memory_in_postgresql() {
    let corner = Postgres::corner().await;
    let mut connection = corner.connect().await;
    let table = "CREATE TABLE item (id INTEGER); BEGIN";
    Postgres::execute(&mut connection, table).await.unwrap();
    let before = Postgres::bytes(&mut connection).await.unwrap();
    for _ in 0..FEW {
        let kept = "SAVEPOINT s; INSERT INTO item VALUES (1); ROLLBACK TO s";
        Postgres::execute(&mut connection, kept).await.unwrap();
    }
    let grown = Postgres::bytes(&mut connection).await.unwrap() - before;
    assert!(!is_constant::<Postgres>(grown, FEW), "{grown} bytes");
}
