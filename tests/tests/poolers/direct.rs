//! A way to the server that nobody stands in.

use std::sync::Arc;
use std::time::Duration;

use commit_on_success_tests::answering::Address;
use commit_on_success_tests::corner::{Corner, Stage as _};
use commit_on_success_tests::servers;
use sqlx::{MySql, Postgres};
use tokio::runtime::Builder;

/// A table in a corner of a server, with a row that others refer to.
#[derive(Clone)]
pub(crate) struct Direct {
    corner: Arc<Kept>,
    pub(crate) address: Address,
    /// The table, with the name of the corner that it is in.
    pub(crate) item: String,
}

enum Kept {
    Postgres(Corner<Postgres>),
    MySql(Corner<MySql>),
}

impl Direct {
    pub(crate) async fn postgres() -> Self {
        let corner = Postgres::corner().await;
        corner
            .execute(
                "CREATE TABLE parent (id BIGINT PRIMARY KEY); INSERT INTO parent VALUES (1);
                CREATE TABLE item (id BIGINT, parent BIGINT REFERENCES parent DEFERRABLE INITIALLY DEFERRED)",
            )
            .await;
        let (_, schema) = corner
            .address
            .get_options()
            .unwrap()
            .rsplit_once('=')
            .unwrap();
        let item = format!("{schema}.item");
        Self {
            corner: Arc::new(Kept::Postgres(corner)),
            address: Address::of(&servers::postgres()),
            item,
        }
    }

    pub(crate) async fn mysql() -> Self {
        let corner = MySql::corner().await;
        corner
            .execute("CREATE TABLE item (id BIGINT, parent BIGINT)")
            .await;
        let item = format!("{}.item", corner.address.get_database().unwrap());
        Self {
            corner: Arc::new(Kept::MySql(corner)),
            address: Address::of(&servers::mysql()),
            item,
        }
    }

    /// Counts each of the two rows of a transaction.
    pub(crate) async fn rows(&self, number: i64) -> [usize; 2] {
        let sql = format!("SELECT id FROM item WHERE id BETWEEN {number} AND {number} + 9");
        let rows = match &*self.corner {
            Kept::Postgres(corner) => corner.numbers(sql).await,
            Kept::MySql(corner) => corner.numbers(sql).await,
        };
        [1, 2].map(|half| rows.iter().filter(|row| **row == number + half).count())
    }

    /// Whether a transaction that has used the table is open a moment later, as far as PostgreSQL tells.
    pub(crate) async fn is_left_open(&self) -> bool {
        let Kept::Postgres(corner) = &*self.corner else {
            return false;
        };
        let locks = "SELECT count(*) FROM pg_locks WHERE relation = 'item'::regclass";
        for _ in 0..100 {
            if corner.numbers(locks).await == [0] {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        true
    }

    /// Ends the session of PostgreSQL that has this lock, and returns when it is gone.
    pub(crate) fn end_session(&self, lock: i64) {
        let Kept::Postgres(corner) = &*self.corner else {
            unreachable!("asked of PostgreSQL only");
        };
        let end = format!(
            "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_locks
            WHERE locktype = 'advisory' AND (classid::bigint << 32 | objid::bigint) = {lock}"
        );
        // A body may be in a runtime, or not.
        let ended = std::thread::scope(|scope| {
            let ending = scope.spawn(|| {
                let runtime = Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(corner.numbers(end))
            });
            ending.join().unwrap()
        });
        assert_eq!(ended, [1], "no session has the lock");
    }
}
