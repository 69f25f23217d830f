//! Blocks in blocks in blocks, thousands of them: what they need of the stack, and that they end well.
//!
//! How deep blocks nest is limited by the stack alone. What a level needs of it is measured here, in a
//! build with or without optimisations, and is printed.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::thread;

use commit_on_success::{commit_on_success, defer, in_transaction};
use commit_on_success_tests::corner::Stage;
use commit_on_success_tests::faults::{Tally, cases};
use commit_on_success_tests::journal::Failure;
use sqlx::{MySql, MySqlConnection, PgConnection, Postgres, Sqlite, SqliteConnection};

/// Reserved, and used as far as it is needed.
const STACK: usize = 2 << 30;

/// How deep to go, and what was seen on the way.
#[derive(Clone)]
struct Dive {
    deepest: i64,
    fails: bool,
    called: Arc<Mutex<Vec<i64>>>,
    /// Where the outermost level and the deepest one have a local variable.
    at: Arc<Mutex<[usize; 2]>>,
}

impl Dive {
    fn to(deepest: i64, fails: bool) -> Self {
        Self {
            deepest,
            fails,
            called: Arc::default(),
            at: Arc::default(),
        }
    }

    /// At each level, on the way in.
    fn enter(&self, level: i64) {
        assert!(in_transaction());
        let local = 0_u8;
        let mut at = self.at.lock().unwrap();
        at[usize::from(level > 1)] = std::ptr::from_ref(&local).addr();
    }

    fn call(&self, level: i64) {
        assert!(!in_transaction());
        self.called.lock().unwrap().push(level);
    }

    /// Whether there is a level below, and how the deepest one ends.
    fn below(&self, level: i64) -> Result<bool, Failure> {
        match (level < self.deepest, self.fails) {
            (true, _) => Ok(true),
            (false, false) => Ok(false),
            (false, true) => Err(Failure::Body("the deepest level fails")),
        }
    }

    fn per_level(&self) -> u64 {
        let [top, bottom] = *self.at.lock().unwrap();
        u64::try_from(top - bottom).unwrap() / (self.deepest.cast_unsigned() - 1)
    }

    /// All of it or nothing, whatever the database says to so many savepoints.
    fn judge(&self, kind: &str, ended: Result<(), Failure>, rows: &[i64]) {
        let all: Vec<_> = (1..=self.deepest).collect();
        let (called, build) = (self.called.lock().unwrap(), build());
        let blocks = if self.fails {
            "blocks that fail"
        } else {
            "blocks"
        };
        let mut tally = Tally::new(format!("deeply nested {blocks}, {kind}, {build}"));
        tally.inject();
        tally.add("levels", self.deepest.cast_unsigned());
        let expected = if ended.is_ok() { &*all } else { &[] };
        tally.promise(*called == expected, || format!("{} calls", called.len()));
        tally.promise(rows == expected, || format!("{} rows", rows.len()));
        match ended {
            Ok(()) => tally.promise(!self.fails, || "the error is lost".to_owned()),
            Err(Failure::Body(_)) if self.fails => {}
            Err(refused) => {
                tally.count("refused by the database");
                println!("{kind}: {refused:?}");
            }
        }
        tally.promise(!in_transaction(), || "a context is left".to_owned());
        tally.measure("bytes of stack per level", self.per_level());
        tally.publish();
    }
}

fn build() -> &'static str {
    if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    }
}

/// Where the stack is large enough.
fn deep_down(dive: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(STACK).spawn(dive);
    thread.unwrap().join().unwrap();
}

const TABLE: &str = "CREATE TABLE item (id BIGINT)";
const ROWS: &str = "SELECT id FROM item ORDER BY id";

#[commit_on_success]
fn level(connection: &mut rusqlite::Connection, number: i64, dive: &Dive) -> Result<(), Failure> {
    dive.enter(number);
    connection.execute("INSERT INTO item VALUES (?1)", [number])?;
    let here = dive.clone();
    defer!(move || here.call(number));
    if dive.below(number)? {
        level(connection, number + 1, dive)?;
    }
    Ok(())
}

#[test]
fn ten_thousand_blocks_nest_in_rusqlite() {
    deep_down(|| {
        for fails in [false, true] {
            let dive = Dive::to(10_000, fails);
            let mut connection = rusqlite::Connection::open_in_memory().unwrap();
            connection.execute_batch(TABLE).unwrap();
            let ended = level(&mut connection, 1, &dive);
            assert!(connection.is_autocommit());
            let mut rows = connection.prepare(ROWS).unwrap();
            let rows = rows.query_map([], |row| row.get(0)).unwrap();
            let rows: Vec<i64> = rows.map(Result::unwrap).collect();
            dive.judge("rusqlite", ended, &rows);
        }
    });
}

type Boxed<'d> = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'd>>;

/// What differs between the databases is only the types.
trait Nesting: Stage {
    fn level<'d>(connection: &'d mut Self::Connection, number: i64, dive: &'d Dive) -> Boxed<'d>;
}

macro_rules! levels {
    ($module:ident, $database:ty, $connection:ty) => {
        mod $module {
            use super::*;

            #[commit_on_success]
            async fn level(
                connection: &mut $connection,
                number: i64,
                dive: &Dive,
            ) -> Result<(), Failure> {
                dive.enter(number);
                let insert = format!("INSERT INTO item VALUES ({number})");
                <$database>::execute(connection, insert).await?;
                let here = dive.clone();
                defer!(async move { here.call(number) });
                if dive.below(number)? {
                    <$database>::level(connection, number + 1, dive).await?;
                }
                Ok(())
            }

            impl Nesting for $database {
                fn level<'d>(
                    connection: &'d mut $connection,
                    number: i64,
                    dive: &'d Dive,
                ) -> Boxed<'d> {
                    Box::pin(level(connection, number, dive))
                }
            }
        }
    };
}

levels!(sqlite, Sqlite, SqliteConnection);
levels!(postgres, Postgres, PgConnection);
levels!(mariadb, MySql, MySqlConnection);

async fn nest<DB: Nesting>(kind: &str) {
    let corner = DB::corner().await;
    corner.execute(TABLE).await;
    // Each poll of the deepest level goes through all the others: fewer than of sync ones.
    let deepest = i64::try_from(cases(500)).unwrap();
    for fails in [true, false] {
        let dive = Dive::to(deepest, fails);
        let mut connection = corner.connect().await;
        let ended = DB::level(&mut connection, 1, &dive).await;
        // Others only see it where no transaction is left open.
        let next = DB::execute(&mut connection, "INSERT INTO item VALUES (0)").await;
        assert!(next.is_ok(), "{next:?}");
        let rows = corner.numbers(ROWS).await;
        let (next, rows) = rows.split_first().unwrap();
        assert_eq!(*next, 0, "a transaction is open");
        dive.judge(kind, ended, rows);
        corner.execute("DELETE FROM item").await;
    }
}

fn nest_deep_down<DB: Nesting>(kind: &'static str) {
    deep_down(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(nest::<DB>(kind));
    });
}

#[test]
fn hundreds_of_async_blocks_nest_in_sqlite() {
    nest_deep_down::<Sqlite>("sqlx-sqlite");
}

#[commit_on_success_test_macros::sync_server_test]
fn hundreds_of_async_blocks_nest_in_postgresql() {
    nest_deep_down::<Postgres>("sqlx-postgres");
}

#[commit_on_success_test_macros::sync_server_test]
fn hundreds_of_async_blocks_nest_in_mariadb() {
    nest_deep_down::<MySql>("sqlx-mysql");
}
