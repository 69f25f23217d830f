//! Where a process is killed, and what is found there.

use commit_on_success_tests::corner::{Corner, Stage as _};
use commit_on_success_tests::victims::{Orders, Point, Store, lock_of};
use sqlx::{Connection as _, Postgres};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

const TABLE: &str = "CREATE TABLE pair (number BIGINT, half BIGINT, PRIMARY KEY (number, half))";

/// A row, or a call: the number of the transaction, and which of its two.
pub(crate) type Half = (i64, i64);

/// A database, and a file for the calls.
pub(crate) struct Scene {
    pub(crate) store: Store,
    directory: TempDir,
    server: Option<(Runtime, Corner<Postgres>)>,
}

impl Scene {
    pub(crate) fn of(store: Store) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let server = match store {
            Store::Wal | Store::Journal => None,
            Store::Postgres => {
                let runtime = Builder::new_current_thread().enable_all().build().unwrap();
                let corner = runtime.block_on(Postgres::corner());
                Some((runtime, corner))
            }
        };
        let scene = Self {
            store,
            directory,
            server,
        };
        scene.create();
        scene
    }

    fn create(&self) {
        let Some((runtime, corner)) = &self.server else {
            let connection = rusqlite::Connection::open(self.file("database")).unwrap();
            let mode = match self.store {
                Store::Wal => "WAL",
                _ => "DELETE",
            };
            connection
                .pragma_update(None, "journal_mode", mode)
                .unwrap();
            return connection.execute_batch(TABLE).unwrap();
        };
        runtime.block_on(corner.execute(TABLE));
    }

    fn file(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    pub(crate) fn orders(&self, first: i64, last: i64, halt: Option<(i64, Point)>) -> Orders {
        let address = match &self.server {
            None => self.file("database"),
            Some((_, corner)) => schema(corner).to_owned(),
        };
        Orders {
            store: self.store,
            address,
            calls: self.file("calls"),
            first,
            last,
            halt,
        }
    }

    /// What is stored from a number on, in order.
    pub(crate) fn rows(&self, first: i64) -> Vec<Half> {
        let query =
            format!("SELECT number * 4 + half FROM pair WHERE number >= {first} ORDER BY 1");
        let rows: Vec<i64> = match &self.server {
            None => {
                let connection = rusqlite::Connection::open(self.file("database")).unwrap();
                let mut query = connection.prepare(&query).unwrap();
                let rows = query.query_map([], |row| row.get(0)).unwrap();
                rows.map(Result::unwrap).collect()
            }
            Some((runtime, corner)) => runtime.block_on(after_the_dead(corner, query)),
        };
        rows.into_iter().map(|row| (row / 4, row % 4)).collect()
    }

    /// Which calls were made, in that order.
    pub(crate) fn calls(&self) -> Vec<Half> {
        let Ok(text) = std::fs::read_to_string(self.file("calls")) else {
            return Vec::new();
        };
        assert!(text.is_empty() || text.ends_with('\n'), "a torn line");
        let half = |line: &str| {
            let (number, half) = line.split_once(' ').unwrap();
            (number.parse().unwrap(), half.parse().unwrap())
        };
        text.lines().map(half).collect()
    }

    /// Whether the dead one has left what the next one has to clean up.
    pub(crate) fn is_hot(&self) -> bool {
        let journal = std::fs::metadata(self.file("database-journal"));
        journal.is_ok_and(|journal| journal.len() > 0)
    }

    pub(crate) fn is_sound(&self) -> bool {
        if self.server.is_some() {
            return true;
        }
        let connection = rusqlite::Connection::open(self.file("database")).unwrap();
        let said = connection.pragma_query_value(None, "integrity_check", |row| row.get(0));
        said == Ok("ok".to_owned())
    }
}

fn schema(corner: &Corner<Postgres>) -> &str {
    let options = corner.address.get_options().unwrap();
    options.rsplit_once("search_path=").unwrap().1
}

/// Asks when the server has noticed that its client is dead.
async fn after_the_dead(corner: &Corner<Postgres>, query: String) -> Vec<i64> {
    let mut connection = corner.connect().await;
    let lock = format!("SELECT pg_advisory_lock({})", lock_of(schema(corner)));
    Postgres::execute(&mut connection, lock).await.unwrap();
    let rows = Postgres::numbers(&mut connection, query).await.unwrap();
    connection.close().await.unwrap();
    rows
}
